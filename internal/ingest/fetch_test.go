package ingest

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/problem"
)

// site is a real HTTPS server with files; handlers stand in front of the files.
type site struct {
	*httptest.Server
	mu       sync.Mutex
	files    map[string][]byte
	handlers map[string]http.HandlerFunc
	asked    map[string]int
}

func newSite(t *testing.T) *site {
	s := &site{files: map[string][]byte{}, handlers: map[string]http.HandlerFunc{}, asked: map[string]int{}}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked[r.URL.Path]++
		h, body, ok := s.handlers[r.URL.Path], s.files[r.URL.Path], s.files[r.URL.Path] != nil
		s.mu.Unlock()
		switch {
		case h != nil:
			h(w, r)
		case !ok:
			http.NotFound(w, r)
		default:
			tag := fmt.Sprintf("%q", hex.EncodeToString(hash256(body))[:8])
			w.Header().Set("ETag", tag)
			if r.Header.Get("If-None-Match") == tag {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			w.Write(body)
		}
	}))
	s.Config.ErrorLog = nil
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func hash256(b []byte) []byte { h := sha256.Sum256(b); return h[:] }

// fetcher makes a Fetcher that trusts the site, waits for nothing and tells how long it would have waited.
func (s *site) fetcher(t *testing.T, waits *[]time.Duration) Fetcher {
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return Fetcher{
		HTTP:   NewClient(&tls.Config{RootCAs: roots}),
		Random: func() float64 { return 0.5 },
		Dir:    t.TempDir(),
		Wait: func(ctx context.Context, d time.Duration) error {
			if waits != nil {
				*waits = append(*waits, d)
			}
			return ctx.Err()
		},
	}
}

func read(t *testing.T, b *Body) string {
	t.Helper()
	data, err := io.ReadAll(b)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestFetchGivesContentOnceAndThenNotModified(t *testing.T) {
	s := newSite(t)
	s.files["/kev.json"] = []byte(`{"a": 1}`)
	f := s.fetcher(t, nil)
	resp, err := f.Fetch(t.Context(), Request{URL: s.URL + "/kev.json"})
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, resp.Body); got != `{"a": 1}` || resp.SHA256 != hex.EncodeToString(hash256([]byte(got))) || resp.ETag == "" {
		t.Errorf("content %q, response %+v", got, resp)
	}
	again, err := f.Fetch(t.Context(), Request{URL: s.URL + "/kev.json", ETag: resp.ETag})
	if err != nil || !again.NotModified || again.Body != nil || again.ETag != resp.ETag {
		t.Errorf("response %+v, error %v", again, err)
	}
}

func TestFetchTriesAgain(t *testing.T) {
	s := newSite(t)
	n := 0
	s.handlers["/feed"] = func(w http.ResponseWriter, r *http.Request) {
		switch n++; n {
		case 1:
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
		case 2:
			w.Header().Set("Date", "Mon, 02 Mar 2026 10:00:00 GMT")
			w.Header().Set("Retry-After", "Mon, 02 Mar 2026 10:00:30 GMT")
			w.WriteHeader(http.StatusServiceUnavailable)
		case 3: // breaks off
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "part")
		default:
			io.WriteString(w, "whole")
		}
	}
	var waits []time.Duration
	f := s.fetcher(t, &waits)
	resp, err := f.Fetch(t.Context(), Request{URL: s.URL + "/feed"})
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, resp.Body); got != "whole" || resp.SHA256 != hex.EncodeToString(hash256([]byte("whole"))) {
		t.Errorf("content %q", got)
	}
	want := []time.Duration{7500 * time.Millisecond, 30500 * time.Millisecond, 4 * time.Second}
	if d := cmp.Diff(want, waits); d != "" {
		t.Errorf("pauses (-want +got):\n%s", d)
	}
}

func TestFetchRefuses(t *testing.T) {
	s := newSite(t)
	s.files["/big"] = bytes.Repeat([]byte("x"), 1001)
	s.handlers["/endless"] = func(w http.ResponseWriter, r *http.Request) { // no Content-Length
		for range 100 {
			w.Write(make([]byte, 1000))
			w.(http.Flusher).Flush()
		}
	}
	to := func(target string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, target, http.StatusFound) }
	}
	s.handlers["/loop"] = to("/loop")
	s.handlers["/file"] = to("file:///etc/passwd")
	s.handlers["/plain"] = to("http://vendor.example/x")
	s.handlers["/metadata"] = to("https://169.254.169.254/latest")
	s.handlers["/busy"] = func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }
	s.handlers["/later"] = func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "86400")
		w.WriteHeader(http.StatusTooManyRequests)
	}
	s.handlers["/secret"] = func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusUnauthorized) }
	s.handlers["/cut"] = func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "part")
	}
	s.handlers["/bomb"] = func(w http.ResponseWriter, r *http.Request) { // small on the way, large when unpacked
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		z.Write(make([]byte, 10<<20))
		z.Close()
	}
	s.handlers["/slow"] = func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "part")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}
	f := s.fetcher(t, nil)
	f.Timeout, f.Attempts = 300*time.Millisecond, 4
	for _, test := range []struct {
		url  string
		kind problem.Kind
		asks int
	}{
		{s.URL + "/big", problem.Invalid, 1}, {s.URL + "/endless", problem.Invalid, 1}, {s.URL + "/loop", problem.Forbidden, 6},
		{s.URL + "/file", problem.Invalid, 1}, {s.URL + "/plain", problem.Invalid, 1}, {s.URL + "/metadata", problem.Forbidden, 1},
		{s.URL + "/busy", problem.Unavailable, 4}, {s.URL + "/later", problem.Unavailable, 1}, {s.URL + "/secret", problem.Forbidden, 1},
		{s.URL + "/none", problem.NotFound, 1}, {s.URL + "/cut", problem.Unavailable, 4},
		{s.URL + "/bomb", problem.Invalid, 1}, {s.URL + "/slow", problem.Unavailable, 4},
		{"file:///etc/passwd", problem.Invalid, 0}, {"http://vendor.example/", problem.Invalid, 0}, {"https://a:b@vendor.example/", problem.Invalid, 0}, {"%", problem.Invalid, 0},
	} {
		_, err := f.Fetch(t.Context(), Request{URL: test.url, Limit: 1000})
		path := strings.TrimPrefix(test.url, s.URL)
		if problem.KindOf(err) != test.kind || s.asked[path] != test.asks {
			t.Errorf("%s: error %v of kind %q after %d requests, want %q after %d", test.url, err, problem.KindOf(err), s.asked[path], test.kind, test.asks)
		}
	}
	left, err := os.ReadDir(f.Dir)
	if err != nil || len(left) > 0 {
		t.Errorf("temporary files left: %v, error %v", left, err)
	}
}

func TestFetchDoesNotLeadInside(t *testing.T) {
	s := newSite(t)
	f := s.fetcher(t, nil)
	// The certificate of httptest is for example.com, which stands for a server on the internet here.
	f.HTTP.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, s.Listener.Addr().String())
	}
	f.Lookup = func(_ context.Context, host string) ([]netip.Addr, error) {
		switch host {
		case "example.com":
			return []netip.Addr{netip.MustParseAddr("93.184.216.34")}, nil
		case "inside.example.com":
			return []netip.Addr{netip.MustParseAddr("93.184.216.34"), netip.MustParseAddr("::ffff:10.1.2.3")}, nil
		}
		return nil, fmt.Errorf("unknown host %s", host)
	}
	for i, target := range []string{s.URL + "/x", "https://localhost/x", "https://10.0.0.1/x", "https://[::1]/x", "https://[fe80::1]/x", "https://inside.example.com/x", "https://0.0.0.0/", "https://100.64.1.1/"} {
		path := fmt.Sprintf("/to%d", i)
		s.handlers[path] = func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, target, http.StatusFound) }
		if _, err := f.Fetch(t.Context(), Request{URL: "https://example.com" + path}); problem.KindOf(err) != problem.Forbidden {
			t.Errorf("redirect to %s: error %v, want it forbidden", target, err)
		}
	}
	s.files["/public"] = []byte("ok")
	s.handlers["/hop"] = func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://example.com/public", http.StatusFound)
	}
	resp, err := f.Fetch(t.Context(), Request{URL: "https://example.com/hop"})
	if err != nil || read(t, resp.Body) != "ok" {
		t.Errorf("redirect on the internet: error %v", err)
	}
	// What a document on the internet names is bound in the same way.
	s.files["/.well-known/csaf/provider-metadata.json"] = []byte(`{"publisher": {"name": "x"}, "distributions": [{"directory_url": "https://10.0.0.1/"}]}`)
	p := Provider{Fetcher: f}
	if _, err := p.List(t.Context(), "https://example.com/.well-known/csaf/provider-metadata.json", time.Time{}); problem.KindOf(err) != problem.Forbidden {
		t.Errorf("directory inside: error %v, want it forbidden", err)
	}
}

func TestDialLooksAtTheAddressItself(t *testing.T) {
	ctx := context.WithValue(t.Context(), routeKey{}, &route{origin: public})
	for address, ok := range map[string]bool{"127.0.0.1:443": false, "10.0.0.1:443": false, "169.254.169.254:80": false, "[::1]:443": false, "93.184.216.34:443": true} {
		if err := checkDial(ctx, address); (err == nil) != ok {
			t.Errorf("%s: error %v", address, err)
		}
	}
	inside := context.WithValue(t.Context(), routeKey{}, &route{origin: internal})
	if checkDial(inside, "10.0.0.1:443") != nil || checkDial(inside, "127.0.0.1:443") == nil || checkDial(inside, "169.254.169.254:80") == nil {
		t.Error("an internal start must reach internal addresses, not this machine and not link-local ones")
	}
}
