package online

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/client"
	"triward/internal/cli/terminal"
)

// door takes batches as the server does, and loses patience once, in the middle of the first.
type door struct {
	t       *testing.T
	refused bool
	got     []string
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	in, n := bufio.NewReader(r.Body), 0
	first, _ := strconv.Atoi(r.URL.Query().Get("first"))
	for {
		head, err := in.ReadString('\n')
		if errors.Is(err, io.EOF) {
			fmt.Fprintf(w, `{"accepted":%d}`, n)
			return
		}
		size, bad := strconv.Atoi(strings.TrimSpace(head))
		record := make([]byte, size+1)
		if _, err := io.ReadFull(in, record); err != nil || bad != nil {
			d.t.Errorf("batch: %v %v", err, bad)
			return
		}
		if n == 1 && !d.refused {
			d.refused = true
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintf(w, `{"accepted":%d,"error":"busy"}`, n)
			return
		}
		d.got = append(d.got, fmt.Sprintf("%s %d %q", r.URL.Query().Get("name"), first+n, record[:size]))
		n++
	}
}

func TestImportGoesOnWhereTheServerStopped(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a.log": "<13>1\n<13>2\n<13>3\n", "b.json": "{\n\"a\":\n1}\n", "c.zip": "PK\x03\x04"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d := &door{t: t}
	s := httptest.NewServer(d)
	defer s.Close()
	c, err := client.New(s.URL, "", s.Client())
	if err != nil {
		t.Fatal(err)
	}
	var out, told bytes.Buffer
	i := importing{r: &Remote{Terminal: &terminal.Terminal{Out: &out, Err: &told}}, to: c, batch: client.EventBatch{Source: "x"}}
	err = i.paths(context.Background(), []string{dir})
	var e terminal.Exit
	if !errors.As(err, &e) || e.Code != terminal.Negative || !strings.Contains(told.String(), "zip archive") {
		t.Errorf("%v %s", err, told.String())
	}
	want := []string{`a.log 0 "<13>1"`, `a.log 1 "<13>2"`, `a.log 2 "<13>3"`, `b.json 0 "{\n\"a\":\n1}"`}
	if diff := cmp.Diff(want, d.got); diff != "" {
		t.Error(diff)
	}
	if i.Files != 3 || i.Records != 4 || i.Accepted != 4 {
		t.Errorf("%+v", i)
	}
}

func TestLogNames(t *testing.T) {
	for in, want := range map[string]string{"/a/b/conn.log": "conn.log", "x.tar.zst!zeek/dns.json.gz": "dns.json.gz", "a": "a"} {
		if got := logName(in); got != want {
			t.Errorf("%s is %s, want %s", in, got, want)
		}
	}
}
