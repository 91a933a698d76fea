package ingest

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/google/go-cmp/cmp"

	"triward/internal/problem"
)

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
	if err := p.Fetch(t.Context(), l, func(Document) error { return stop }); !errors.Is(err, stop) {
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
