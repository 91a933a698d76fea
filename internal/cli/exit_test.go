package cli

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestExitCodes(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusNotFound)
		if _, err := w.Write([]byte(`{"title":"Not Found","status":404,"detail":"there is no such device","errors":[{"location":"body.site","message":"does not exist"}]}`)); err != nil {
			t.Error(err)
		}
	}))
	defer s.Close()
	dir := t.TempDir()
	token := filepath.Join(dir, "token")
	if err := os.WriteFile(token, []byte("trw_x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	server := []string{"--server", s.URL, "--token-file", token}
	for _, c := range []struct {
		args string
		more []string
		want int
		says string
	}{
		{"version", nil, exitDone, ""},
		{"device show dev_1", server, exitNegative, "site: does not exist"},
		{"device show", server, exitUsage, "needs 1 arguments"},
		{"device frobnicate", server, exitUsage, "unknown command"},
		{"frobnicate", nil, exitUsage, "unknown command"},
		{"device list --nothing", server, exitUsage, "unknown flag"},
		{"device list --token-file x", nil, exitUsage, "needs --server"},
		{"device merge dev_1 dev_2", server, exitUsage, "needs --reason"},
		{"device list", nil, exitUnreachable, "cannot be reached"},
		{"device list --server http://127.0.0.1:1 --token-file " + token, nil, exitUnreachable, "cannot be reached"},
	} {
		var out, problems bytes.Buffer
		args := append(strings.Fields("--data "+dir+" "+c.args), c.more...)
		if got := Main(args, strings.NewReader(""), &out, &problems); got != c.want || !strings.Contains(problems.String(), c.says) {
			t.Errorf("%s: exit code %d, want %d: %s", c.args, got, c.want, problems.String())
		}
	}
}
