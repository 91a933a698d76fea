package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// officeSwitch is a switch of the offices: it shuts and opens sockets as signed requests tell it, once for each key, and its log says
// what it did, over syslog, before it answers.
type officeSwitch struct {
	secret, log string // the key of the signatures; address of the syslog door
	mu          sync.Mutex
	done        map[string]bool
	shut        map[string]bool // by socket
	refused     int
}

// newSwitch starts a switch, and lets the program that starts next know it: its log arrives over TCP, its connector stands in the file.
func newSwitch(t *testing.T) *officeSwitch {
	t.Helper()
	o := &officeSwitch{secret: "eleven brown owls at dusk", log: freeAddress(t), done: map[string]bool{}, shut: map[string]bool{}}
	front := httptest.NewServer(o)
	t.Cleanup(front.Close)
	dir := t.TempDir()
	files := map[string]string{"secret": o.secret, "connectors.toml": fmt.Sprintf(`[[connector]]
name = "offices"
title = "Switch of the offices"
kind = "webhook"
levels = [4]
address = %q
secret_file = %q
ask = {socket = "[0-9-]{3,8}", address = "[0-9.]{7,15}"}
run = {}
return = {}
`, front.URL, filepath.Join(dir, "secret"))}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("TRIWARD_CONNECTORS", filepath.Join(dir, "connectors.toml"))
	t.Setenv("TRIWARD_SYSLOG_TCP", o.log)
	return o
}

func (o *officeSwitch) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	var order struct {
		Key, Do string
		Values  map[string]string
	}
	if err == nil {
		err = json.Unmarshal(body, &order)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	stamp, sum, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Triward-Signature"), "t="), ",v1=")
	mac := hmac.New(sha256.New, []byte(o.secret))
	fmt.Fprintf(mac, "%s.%s", stamp, body)
	if err != nil || sum != hex.EncodeToString(mac.Sum(nil)) {
		o.refused++
		http.Error(w, "not signed", http.StatusForbidden)
		return
	}
	if socket := order.Values["socket"]; !o.done[order.Key] {
		o.done[order.Key], o.shut[socket] = true, order.Do == "run"
		word := map[bool]string{true: "down", false: "up"}[o.shut[socket]]
		if err := o.write(fmt.Sprintf("CEF:0|Kestrel|Edge switch|9.1|link|Socket %s is %s|4|src=%s", socket, word, order.Values["address"])); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
	}
	io.WriteString(w, "done") // who asked sees whether it arrived
}

// write sends a line of the log and closes, so that it is known to have arrived.
func (o *officeSwitch) write(line string) error {
	c, err := net.Dial("tcp", o.log)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c, "<133>1 %s edge-4 link - - - %s\n", time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), line)
	if cerr := c.Close(); err == nil {
		err = cerr
	}
	return err
}

// isShut says whether a socket is shut.
func (o *officeSwitch) isShut(socket string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.shut[socket]
}
