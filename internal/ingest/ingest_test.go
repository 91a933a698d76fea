package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
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
	f := s.fetcher(t, nil)
	for _, test := range []struct {
		url  string
		kind problem.Kind
		asks int
	}{
		{s.URL + "/big", problem.Invalid, 1}, {s.URL + "/endless", problem.Invalid, 1}, {s.URL + "/loop", problem.Forbidden, 6},
		{s.URL + "/file", problem.Invalid, 1}, {s.URL + "/plain", problem.Invalid, 1}, {s.URL + "/metadata", problem.Forbidden, 1},
		{s.URL + "/busy", problem.Unavailable, 4}, {s.URL + "/later", problem.Unavailable, 1}, {s.URL + "/secret", problem.Forbidden, 1},
		{s.URL + "/none", problem.NotFound, 1}, {s.URL + "/cut", problem.Unavailable, 4},
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

// signer is an OpenPGP key made for a test.
type signer struct{ *openpgp.Entity }

func newSigner(t *testing.T) signer {
	t.Helper()
	e, err := openpgp.NewEntity("Nordlys PSIRT", "", "psirt@nordlys.example", &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA, Time: func() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }})
	if err != nil {
		t.Fatal(err)
	}
	return signer{e}
}

func (s signer) fingerprint() string {
	return strings.ToUpper(hex.EncodeToString(s.PrimaryKey.Fingerprint))
}

func (s signer) public(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := armor.Encode(&b, openpgp.PublicKeyType, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serialize(w); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (s signer) sign(t *testing.T, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := openpgp.ArmoredDetachSign(&b, s.Entity, bytes.NewReader(body), &packet.Config{Time: func() time.Time { return time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC) }}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// publish puts an advisory with its side files on the site.
func (s *site) publish(t *testing.T, key signer, path, body string) {
	sum512 := sha512.Sum512([]byte(body))
	s.files[path] = []byte(body)
	s.files[path+".sha256"] = []byte(hex.EncodeToString(hash256([]byte(body))) + "  " + path[strings.LastIndex(path, "/")+1:] + "\n")
	s.files[path+".sha512"] = []byte(hex.EncodeToString(sum512[:]) + "\n")
	s.files[path+".asc"] = key.sign(t, []byte(body))
}

func (s *site) provider(t *testing.T) *Provider {
	return &Provider{Fetcher: s.fetcher(t, nil), Now: func() time.Time { return time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC) }}
}

// outcome is what a test looks at of a Document.
type outcome struct {
	Hash, Signature Check
	Body, Fails     bool
}

func fetchAll(t *testing.T, p *Provider, l Listing, base string) map[string]outcome {
	t.Helper()
	got := map[string]outcome{}
	if err := p.Fetch(t.Context(), l, func(d Document) error {
		got[strings.TrimPrefix(d.URL, base)] = outcome{d.Hash, d.Signature, len(d.Body) > 0, d.Err != nil}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestProviderReadsDirectoriesAndVerifies(t *testing.T) {
	s := newSite(t)
	key, other := newSigner(t), newSigner(t)
	s.files["/.well-known/csaf/provider-metadata.json"] = fmt.Appendf(nil, `{"metadata_version": "2.0", "publisher": {"name": "Nordlys"},
	 "distributions": [{"directory_url": "%s/white"}],
	 "public_openpgp_keys": [{"fingerprint": "%s", "url": "%s/key.asc"}, {"fingerprint": "%s", "url": "%s/key.asc"}, {"fingerprint": "AA", "url": "/gone.asc"}]}`,
		s.URL, key.fingerprint(), s.URL, other.fingerprint(), s.URL)
	s.files["/key.asc"] = key.public(t)
	for _, name := range []string{"good", "badsig", "foreign", "wronghash", "nohash", "nothing", "cut", "huge", "emptysig", "old"} {
		s.publish(t, key, "/white/2026/"+name+".json", `{"name": "`+name+`"}`)
	}
	s.files["/white/2026/badsig.json.asc"] = key.sign(t, []byte("something else"))
	s.files["/white/2026/foreign.json.asc"] = other.sign(t, s.files["/white/2026/foreign.json"])
	s.files["/white/2026/wronghash.json.sha256"] = []byte(strings.Repeat("0", 64))
	delete(s.files, "/white/2026/nohash.json.sha256")
	delete(s.files, "/white/2026/nohash.json.sha512")
	for _, suffix := range []string{".sha256", ".sha512", ".asc"} {
		delete(s.files, "/white/2026/nothing.json"+suffix)
	}
	s.files["/white/2026/emptysig.json.asc"] = []byte{}
	s.handlers["/white/2026/cut.json"] = func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		io.WriteString(w, "{")
	}
	s.handlers["/white/2026/huge.json"] = func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(maxAdvisory+1))
	}
	s.files["/white/changes.csv"] = []byte(`"2026/good.json","2026-02-10T00:00:00Z"
"2026/badsig.json","2026-02-10T00:00:00Z"
"2026/old.json","2025-02-10T00:00:00Z"
"../../secret.json","2026-02-10T00:00:00Z"
"2026/good.json","yesterday"
`)
	s.files["/white/index.txt"] = []byte("2026/good.json\n2026/old.json\n2026/foreign.json\n2026/wronghash.json\n2026/nohash.json\n2026/nothing.json\n2026/cut.json\n2026/huge.json\n2026/emptysig.json\n2026/missing.json\n")
	p := s.provider(t)
	l, err := p.List(t.Context(), strings.TrimPrefix(s.URL, "https://"), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	var faults []string
	for _, f := range l.Faults {
		faults = append(faults, strings.ReplaceAll(f.Path, s.URL, ""))
	}
	if d := cmp.Diff([]string{"/key.asc", "/gone.asc", "/white/changes.csv line 4", "/white/changes.csv line 5"}, faults); d != "" || l.Publisher != "Nordlys" {
		t.Errorf("publisher %q, faults (-want +got):\n%s", l.Publisher, d)
	}
	want := map[string]outcome{
		"good":      {Verified, Verified, true, false},
		"badsig":    {Verified, Failed, true, true},
		"foreign":   {Verified, NoKey, true, true},
		"wronghash": {Failed, Missing, true, true},
		"nohash":    {Missing, Verified, true, false},
		"nothing":   {Missing, Missing, true, false},
		"emptysig":  {Verified, Failed, true, true},
		"cut":       {Missing, Missing, false, true},
		"huge":      {Missing, Missing, false, true},
		"missing":   {Missing, Missing, false, true},
	}
	got := map[string]outcome{}
	for name, o := range fetchAll(t, p, l, s.URL+"/white/2026/") {
		got[strings.TrimSuffix(name, ".json")] = o
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("documents (-want +got):\n%s", d)
	}
}

func TestProviderReadsROLIEFeeds(t *testing.T) {
	s := newSite(t)
	key := newSigner(t)
	s.publish(t, key, "/a/one.json", `{"name": "one"}`)
	s.publish(t, key, "/a/two.json", `{"name": "two"}`)
	s.files["/sums/one.sha512"] = s.files["/a/one.json.sha512"]
	s.files["/feed.json"] = []byte(`{"feed": {"id": "f", "title": "Nordlys white", "entry": [
	 {"id": "1", "updated": "2026-02-10T00:00:00Z", "content": {"src": "/a/one.json"}, "link": [{"rel": "hash", "href": "/sums/one.sha512"}]},
	 {"id": "1 again", "updated": "2026-02-10T00:00:00Z", "link": [{"rel": "self", "href": "/a/one.json"}]},
	 {"id": "2", "updated": "2026-01-10T00:00:00Z", "link": [{"rel": "self", "href": "/a/two.json"}]},
	 {"id": "3", "updated": "2026-02-10T00:00:00Z", "link": [{"rel": "self", "href": "file:///etc/passwd"}]},
	 {"id": "4"}]}}`)
	s.files["/service.json"] = []byte(`{"service": {"workspace": [{"title": "x", "collection": [{"title": "white", "href": "/feed.json"}, {"title": "gone", "href": "/gone.json"}]}]}}`)
	s.files["/pm.json"] = fmt.Appendf(nil, `{"publisher": {"name": "Nordlys"}, "public_openpgp_keys": [{"fingerprint": %q, "url": "/key.asc"}],
	 "distributions": [{"rolie": {"feeds": [{"tlp_label": "WHITE", "url": "/feed.json"}, {"tlp_label": "AMBER", "url": "/amber.json"}]}}]}`, strings.ToLower(key.fingerprint()))
	s.files["/key.asc"] = key.public(t)
	s.handlers["/amber.json"] = func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusUnauthorized) }
	p := s.provider(t)
	since := time.Date(2026, 1, 15, 0, 0, 0, 0, time.UTC)
	for source, want := range map[string]struct {
		faults    int
		signature Check
	}{"/feed.json": {2, NoKey}, "/service.json": {3, NoKey}, "/pm.json": {3, Verified}} {
		l, err := p.List(t.Context(), s.URL+source, since)
		if err != nil {
			t.Fatal(err)
		}
		if len(l.Faults) != want.faults {
			t.Errorf("%s: faults %v, want %d", source, l.Faults, want.faults)
		}
		got := fetchAll(t, p, l, s.URL)
		if d := cmp.Diff(map[string]outcome{"/a/one.json": {Verified, want.signature, true, false}}, got); d != "" {
			t.Errorf("%s: documents (-want +got):\n%s", source, d)
		}
	}
	l, err := p.List(t.Context(), s.URL+"/pm.json", since)
	if err != nil {
		t.Fatal(err)
	}
	collect := func() (docs []Document) {
		if err := p.Fetch(t.Context(), l, func(d Document) error { docs = append(docs, d); return nil }); err != nil {
			t.Fatal(err)
		}
		return docs
	}
	l.Items[0].ETag = collect()[0].ETag
	if again := collect(); !again[0].NotModified || again[0].Err != nil {
		t.Errorf("second fetch %+v, want not modified", again[0])
	}
}

func TestProviderIsFoundBySecurityTxt(t *testing.T) {
	s := newSite(t)
	s.files["/.well-known/security.txt"] = []byte("Contact: mailto:x@nordlys.example\nCSAF: " + s.URL + "/pm.json\n")
	s.files["/pm.json"] = []byte(`{"publisher": {"name": "Nordlys"}, "distributions": [{"directory_url": "white/"}]}`)
	s.files["/white/index.txt"] = []byte("2026/a.json\n")
	p := s.provider(t)
	l, err := p.List(t.Context(), strings.TrimPrefix(s.URL, "https://"), time.Time{})
	if err != nil || len(l.Items) != 1 || l.Items[0].URL != s.URL+"/white/2026/a.json" {
		t.Errorf("listing %+v, error %v", l, err)
	}
	stop := fmt.Errorf("stop")
	if err := p.Fetch(t.Context(), l, func(Document) error { return stop }); err != stop {
		t.Errorf("error %v, want the one of the caller", err)
	}
	delete(s.files, "/.well-known/security.txt")
	if _, err := p.List(t.Context(), strings.TrimPrefix(s.URL, "https://"), time.Time{}); problem.KindOf(err) != problem.NotFound {
		t.Errorf("error %v, want not found", err)
	}
	for _, source := range []string{"", "a b", "dom.example/path", "://x"} {
		if _, err := p.List(t.Context(), source, time.Time{}); problem.KindOf(err) != problem.Invalid {
			t.Errorf("%q: error %v, want it invalid", source, err)
		}
	}
}

// answer is a transport that gives the same content for every address.
type answer []byte

func (a answer) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(a)), ContentLength: int64(len(a)), Request: r, Header: http.Header{}}, nil
}

func FuzzProviderList(f *testing.F) {
	f.Add([]byte(`{"publisher": {"name": "x"}, "distributions": [{"directory_url": "w/", "rolie": {"feeds": [{"url": "f"}]}}], "public_openpgp_keys": [{"url": "k"}]}`))
	f.Add([]byte(`{"feed": {"entry": [{"updated": "2026-01-01T00:00:00Z", "content": {"src": "a.json"}, "link": [{"rel": "hash", "href": "%"}]}]}}`))
	f.Add([]byte("\"2026/a.json\",\"2026-01-01T00:00:00Z\"\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		p := Provider{Fetcher: Fetcher{HTTP: &http.Client{Transport: answer(body)}, Random: func() float64 { return 0 }, Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}}
		l, err := p.List(t.Context(), "https://127.0.0.1/x", time.Time{})
		for _, item := range l.Items {
			if err != nil || !strings.HasPrefix(item.URL, "http") {
				t.Errorf("item %+v, error %v", item, err)
			}
		}
		dir, err := url.Parse("https://127.0.0.1/white/")
		if err != nil {
			t.Fatal(err)
		}
		d := lister{p: &p, seen: map[string]bool{}}
		if err := d.directory(t.Context(), dir, "https://127.0.0.1/white"); err != nil {
			t.Fatal(err)
		}
		for _, item := range d.out.Items {
			if !strings.HasPrefix(item.URL, dir.String()) {
				t.Errorf("%q leaves the directory", item.URL)
			}
		}
	})
}
