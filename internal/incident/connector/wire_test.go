package connector_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"

	"triward/internal/detection/notify"
	"triward/internal/incident/connector"
)

var at = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

const key = "a key of sixteen letters"

// secretFile writes a secret that only its path is told of.
func secretFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(content+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func order(c connector.Connector) connector.Order {
	return connector.Order{Connector: c, Incident: "INC-2026-0001", Action: "cnt_1", Level: 3, Until: at.Add(time.Hour), Values: map[string]string{"mac": "00:00:5e:00:53:11", "ip": "192.0.2.17", "port": "Gi1/0/12", "asset_tag": "ICU 17; it's $(x)"}}
}

const goodBook = `
[[connector]]
name = "nac"
title = "Network access control"
kind = "radius"
levels = [3, 4]
address = "127.0.0.1:3799"
secret_file = "/etc/triward/nac.secret"
[connector.ask]
mac = "[0-9a-f:]{17}"
[connector.run]
request = "coa"
attributes = [{name = "Calling-Station-Id", value = "{mac}"}, {name = "Filter-Id", value = "clinical-only"}]
[connector.return]
request = "coa"
attributes = [{name = "Calling-Station-Id", value = "{mac}"}, {name = "Filter-Id", value = "normal"}]

[[connector]]
name = "port-off"
title = "Port of a switch"
kind = "command"
levels = [4]
run = {argv = ["/usr/local/sbin/port", "off", "{port}", "--key={key}"]}
return = {argv = ["/usr/local/sbin/port", "on", "{port}", "--key={key}"]}
ask = {port = "[A-Za-z0-9/]{1,20}"}
`

func TestBookIsRefusedWithItsFaults(t *testing.T) {
	all, err := connector.Parse([]byte(goodBook))
	if err != nil || len(all) != 2 {
		t.Fatalf("%d connectors, %v", len(all), err)
	}
	for name, c := range map[string]struct{ from, to, says string }{
		"unknown key":          {`kind = "radius"`, "kind = \"radius\"\nshell = true", "shell"},
		"unknown kind":         {`kind = "radius"`, `kind = "telnet"`, "kind"},
		"a shell":              {`"/usr/local/sbin/port", "off"`, `"/bin/sh", "-c"`, "shell"},
		"a value as program":   {`"/usr/local/sbin/port", "off"`, `"{port}", "off"`, "without a value"},
		"relative program":     {`"/usr/local/sbin/port", "off"`, `"port", "off"`, "path"},
		"unknown value":        {`"{port}", "--key={key}"]}` + "\nreturn", `"{vlan}"]}` + "\nreturn", "vlan"},
		"lone brace":           {`"off", "{port}"`, `"off", "{port"`, "braces"},
		"unknown attribute":    {`"Filter-Id", value = "normal"`, `"User-Password", value = "normal"`, "User-Password"},
		"no secret":            {`secret_file = "/etc/triward/nac.secret"`, "", "secret_file"},
		"twice the same name":  {`name = "port-off"`, `name = "nac"`, "twice"},
		"no return":            {`return = {argv = ["/usr/local/sbin/port", "on", "{port}", "--key={key}"]}`, "", "return"},
		"a level that is none": {`levels = [4]`, `levels = [9]`, "levels"},
		"a bad pattern":        {`"[A-Za-z0-9/]{1,20}"`, `"("`, "pattern"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(goodBook, c.from, c.to, 1)
			if text == goodBook {
				t.Fatal("the case changes nothing")
			}
			if _, err := connector.Parse([]byte(text)); err == nil || !strings.Contains(fmt.Sprintf("%+v %v", err, faults(err)), c.says) {
				t.Errorf("got %v %v, want something with %q", err, faults(err), c.says)
			}
		})
	}
	a, _ := connector.Parse([]byte(goodBook))
	b, _ := connector.Parse([]byte(strings.Replace(goodBook, "clinical-only", "clinical_only", 1)))
	if a[0].Hash() == b[0].Hash() || a[1].Hash() != b[1].Hash() {
		t.Error("the hash does not name the definition")
	}
}

// What the dry run shows is what arrives, and its signature is that of notifications.
func TestWebhookSendsWhatTheDryRunShows(t *testing.T) {
	var body []byte
	var sign, message string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
		sign, message = r.Header.Get("Triward-Signature"), r.Header.Get("Triward-Message")
		fmt.Fprint(w, "done\x1b[31m, "+key)
	}))
	defer s.Close()
	o := order(connector.Connector{Name: "fw", Kind: connector.Webhook, Address: s.URL, Secret: secretFile(t, key)})
	shown, err := o.Show(connector.Run)
	if err != nil {
		t.Fatal(err)
	}
	said, err := o.Send(context.Background(), connector.Run, at)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(shown, "\n\n"+string(body)+"\n") || strings.Contains(shown, key) {
		t.Errorf("shown:\n%s\nsent:\n%s", shown, body)
	}
	if message != "cnt_1-run" || sign != notify.Sign(key, at, body) {
		t.Errorf("message %q, signature %q", message, sign)
	}
	if strings.Contains(said, key) || strings.Contains(said, "\x1b") || !strings.Contains(said, "done") {
		t.Errorf("the answer is kept as %q", said)
	}
}

// What contains tells the other side until when, so that it ends also while the program is away; what takes it back does not.
func TestContainmentEndsWithoutTheProgram(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nprintf '%s ' \"$@\" >"+out+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	o := order(connector.Connector{Kind: connector.Command, Run: connector.Step{Argv: []string{script, "{until}", "{seconds}"}}})
	if _, err := o.Send(context.Background(), connector.Run, at.Add(10*time.Minute)); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(out); err != nil || string(got) != "2026-11-28T13:00:00Z 3000 " {
		t.Errorf("it got %q, %v", got, err)
	}
	if shown, err := o.Show(connector.Run); err != nil || !strings.Contains(shown, "2026-11-28T13:00:00Z") || !strings.Contains(shown, "(seconds left when it is sent)") {
		t.Errorf("shown %q, %v", shown, err)
	}
	coa := connector.Step{Request: "coa", Attributes: []connector.Attribute{{"Calling-Station-Id", "{mac}"}}}
	lasting, own, off := coa, coa, coa
	lasting.Lasting = "the switch refuses the attribute"
	own.Attributes = append(own.Attributes[:1:1], connector.Attribute{"Session-Timeout", "600"})
	off.Request = "disconnect"
	for name, c := range map[string]struct {
		run  connector.Step
		says string
	}{"by itself": {coa, "Session-Timeout = (seconds left when it is sent)\nTermination-Action = 1\n"}, "lasting": {lasting, ""}, "its own": {own, "Session-Timeout = 600\n"}, "disconnect": {off, ""}} {
		o := order(connector.Connector{Kind: connector.Radius, Run: c.run, Return: coa})
		run, err := o.Show(connector.Run)
		back, err2 := o.Show(connector.Return)
		if err != nil || err2 != nil || !strings.Contains(run, c.says) || strings.Contains(run, "Session-Timeout") != (c.says != "") || strings.Contains(back, "Session-Timeout") {
			t.Errorf("%s: contains by %q, takes back by %q (%v, %v)", name, run, back, err, err2)
		}
		if got := o.Connector.EndsByItself(); got != (name == "by itself") {
			t.Errorf("%s ends by itself: %v", name, got)
		}
	}
}

func TestWhatHangsOrRedirectsIsAFailure(t *testing.T) {
	stop := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/moved" {
			http.Redirect(w, r, "/other", http.StatusTemporaryRedirect)
			return
		}
		if r.URL.Path == "/half" { // says OK, and breaks off
			w.Header().Set("Content-Length", "100")
			w.WriteHeader(http.StatusOK)
			return
		}
		<-stop
	}))
	defer s.Close()
	defer close(stop)
	for _, path := range []string{"/hang", "/moved", "/half"} {
		o := order(connector.Connector{Kind: connector.Webhook, Address: s.URL + path, Secret: secretFile(t, key), Seconds: 1})
		if said, err := o.Send(context.Background(), connector.Run, at); err == nil {
			t.Errorf("%s is taken for done: %q", path, said)
		}
	}
	c := connector.Connector{Kind: connector.Command, Seconds: 1, Run: connector.Step{Argv: []string{"/bin/sleep", "600"}}}
	if _, err := order(c).Send(context.Background(), connector.Run, at); err == nil || !strings.Contains(err.Error(), "in its time") {
		t.Errorf("a command that hangs: %v", err)
	}
	c.Run.Argv = []string{"/usr/bin/yes"}
	if said, err := order(c).Send(context.Background(), connector.Run, at); err == nil || len(said)+len(err.Error()) > 2_000 {
		t.Errorf("a command that never stops talking: %d bytes, %v", len(said), err)
	}
}

func TestCommandGetsItsArgumentsAsTheyAre(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nprintf '%s\\n' \"$@\" >"+out+"\nenv >>"+out+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TRIWARD_DATABASE", "postgres://secret")
	o := order(connector.Connector{Kind: connector.Command, Run: connector.Step{Argv: []string{script, "isolate", "{asset_tag}", "--key={key}"}}})
	if _, err := o.Send(context.Background(), connector.Run, at); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(got), "isolate\nICU 17; it's $(x)\n--key=cnt_1-run\n") || strings.Contains(string(got), "TRIWARD_DATABASE") {
		t.Errorf("it got %q", got)
	}
	o.Values["asset_tag"] = "-rf"
	if _, err := o.Show(connector.Run); err == nil {
		t.Error("a value is taken for an option")
	}
}

// radiusServer is a server of RFC 5176 that checks requests by its own arithmetic.
func radiusServer(t *testing.T, secret string, answer func(request []byte) (code byte, attributes []byte)) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		buf := make([]byte, 4096)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			req := bytes.Clone(buf[:n])
			zero := bytes.Clone(req)
			copy(zero[4:20], make([]byte, 16))
			sum := md5.Sum(append(bytes.Clone(zero), secret...))
			if !bytes.Equal(sum[:], req[4:20]) || int(binary.BigEndian.Uint16(req[2:])) != n {
				continue // RFC 5176 2.3: discard silently
			}
			i := bytes.LastIndex(zero, []byte{80, 18})
			mac := bytes.Clone(zero[i+2 : i+18])
			copy(zero[i+2:], make([]byte, 16))
			h := hmac.New(md5.New, []byte(secret))
			h.Write(zero)
			if !hmac.Equal(h.Sum(nil), mac) {
				continue
			}
			code, attributes := answer(req)
			if code == 0 {
				continue
			}
			out := append([]byte{code, req[1], 0, byte(20 + len(attributes))}, req[4:20]...)
			out = append(out, attributes...)
			sum = md5.Sum(append(bytes.Clone(out), secret...))
			copy(out[4:], sum[:])
			conn.WriteTo(out, from)
		}
	}()
	return conn.LocalAddr().String()
}

func TestRadius(t *testing.T) {
	c := connector.Connector{Kind: connector.Radius, Seconds: 3, Secret: secretFile(t, key), Run: connector.Step{Request: "coa", Attributes: []connector.Attribute{{"Calling-Station-Id", "{mac}"}, {"NAS-Port", "12"}, {"NAS-IP-Address", "192.0.2.1"}, {"vendor:9:1", "subscriber:command=bounce-host-port"}}},
		Return: connector.Step{Request: "disconnect", Attributes: []connector.Attribute{{"Calling-Station-Id", "{mac}"}}}}
	t.Run("acknowledged", func(t *testing.T) {
		var got []byte
		c := c
		c.Address = radiusServer(t, key, func(r []byte) (byte, []byte) { got = r; return 44, nil })
		if said, err := order(c).Send(context.Background(), connector.Run, at); err != nil || said != "acknowledged" {
			t.Fatalf("%q, %v", said, err)
		}
		want := append([]byte{31, 19}, "00:00:5e:00:53:11"...)
		want = append(want, 5, 6, 0, 0, 0, 12, 4, 6, 192, 0, 2, 1, 26, 43, 0, 0, 0, 9, 1, 37)
		want = append(want, "subscriber:command=bounce-host-port"...)
		want = append(want, 27, 6, 0, 0, 14, 16, 29, 6, 0, 0, 0, 1) // an hour, then the server is asked again
		want = append(want, 55, 6)
		want = binary.BigEndian.AppendUint32(want, uint32(at.Unix()))
		if d := cmp.Diff(want, got[20:len(got)-18]); d != "" || got[0] != 43 {
			t.Errorf("code %d, attributes (-want +got):\n%s", got[0], d)
		}
	})
	t.Run("refused with its cause", func(t *testing.T) {
		c := c
		c.Address = radiusServer(t, key, func([]byte) (byte, []byte) { return 42, []byte{101, 6, 0, 0, 1, 247} })
		if _, err := order(c).Send(context.Background(), connector.Return, at); err == nil || !strings.Contains(err.Error(), "session context not found") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("lost and sent again", func(t *testing.T) {
		var n atomic.Int32
		c := c
		c.Address = radiusServer(t, key, func([]byte) (byte, []byte) {
			if n.Add(1) == 1 {
				return 0, nil
			}
			return 44, nil
		})
		if _, err := order(c).Send(context.Background(), connector.Run, at); err != nil {
			t.Error(err)
		}
	})
	t.Run("another secret is no answer", func(t *testing.T) {
		c := c
		c.Seconds = 1
		c.Address = radiusServer(t, "another secret altogether", func([]byte) (byte, []byte) { return 44, nil })
		if said, err := order(c).Send(context.Background(), connector.Run, at); err == nil {
			t.Errorf("taken for %q", said)
		}
	})
}

// sshServer takes one user's key and runs what it is told in a real shell, as sshd does.
func sshServer(t *testing.T, host ssh.Signer, user ssh.PublicKey, ran *atomic.Value) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	conf := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, k ssh.PublicKey) (*ssh.Permissions, error) {
		if !bytes.Equal(k.Marshal(), user.Marshal()) {
			return nil, fmt.Errorf("unknown key")
		}
		return nil, nil
	}}
	conf.AddHostKey(host)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, channels, requests, err := ssh.NewServerConn(conn, conf)
				if err != nil {
					return
				}
				go ssh.DiscardRequests(requests)
				for c := range channels {
					ch, reqs, err := c.Accept()
					if err != nil {
						return
					}
					for r := range reqs {
						if r.Type != "exec" {
							continue
						}
						line := string(r.Payload[4:])
						ran.Store(line)
						r.Reply(true, nil)
						out, err := exec.Command("/bin/sh", "-c", line).CombinedOutput()
						ch.Write(out)
						code := []byte{0, 0, 0, 0}
						if err != nil {
							code[3] = 1
						}
						ch.SendRequest("exit-status", false, code)
						ch.Close()
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

func newKey(t *testing.T) (ssh.Signer, string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	return s, string(pem.EncodeToMemory(block))
}

func TestSSH(t *testing.T) {
	host, _ := newKey(t)
	other, _ := newKey(t)
	user, text := newKey(t)
	var ran atomic.Value
	c := connector.Connector{Kind: connector.SSH, Seconds: 5, User: "triward", Secret: secretFile(t, text), HostKey: string(ssh.MarshalAuthorizedKey(host.PublicKey())),
		Address: sshServer(t, host, user.PublicKey(), &ran), Run: connector.Step{Argv: []string{"printf", "%s|", "{asset_tag}", "{port}"}}, Return: connector.Step{Argv: []string{"false"}}}
	said, err := order(c).Send(context.Background(), connector.Run, at)
	if err != nil || said != "ended well: ICU 17; it's $(x)|Gi1/0/12|" {
		t.Errorf("%q, %v", said, err)
	}
	if shown, err := order(c).Show(connector.Run); err != nil || !strings.Contains(shown, "\n"+ran.Load().(string)+"\n") {
		t.Errorf("shown %q, sent %q (%v)", shown, ran.Load(), err)
	}
	if _, err := order(c).Send(context.Background(), connector.Return, at); err == nil {
		t.Error("a command that failed is taken for done")
	}
	ran.Store("")
	c.HostKey = string(ssh.MarshalAuthorizedKey(other.PublicKey()))
	if _, err := order(c).Send(context.Background(), connector.Run, at); err == nil || ran.Load() != "" {
		t.Errorf("another host key is taken: %v", err)
	}
}

// A shell takes the line apart into exactly the arguments, whatever they hold.
func FuzzLine(f *testing.F) {
	for _, s := range []string{"ICU 17", "it's", "$(touch /tmp/x)", "`x`", "a\"b\\", "!*?[~", "{mac}", "é", "-rf", "a\nb", "'; exit 1; '"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, v string) {
		o := order(connector.Connector{Kind: connector.SSH, Run: connector.Step{Argv: []string{"printf", "%s|", "x{asset_tag}y", "{asset_tag}"}}})
		o.Values["asset_tag"] = v
		shown, err := o.Show(connector.Run)
		if err != nil {
			return // refused: nothing is sent
		}
		_, line, _ := strings.Cut(strings.TrimSuffix(shown, "\n"), "\n")
		out, err := exec.Command("/bin/sh", "-c", line).CombinedOutput()
		if err != nil || string(out) != "x"+v+"y|"+v+"|" {
			t.Errorf("%q became %q (%v)", v, out, err)
		}
	})
}

func FuzzBook(f *testing.F) {
	f.Add([]byte(goodBook))
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := connector.Parse(text)
		if err != nil {
			return
		}
		for _, c := range all {
			if err := c.Validate(); err != nil {
				t.Errorf("parsed, and not valid: %v", err)
			}
		}
	})
}
