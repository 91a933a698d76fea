package receive_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"triward/internal/detection"
	"triward/internal/ingest/receive"
	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/stream"
	"triward/internal/stream/streamtest"
)

// desk is an intake in front of a real stream.
type desk struct {
	t      *testing.T
	at     string
	stream *stream.Stream
	in     *receive.Intake
	stop   func() // closes the doors in order and waits

	mu     sync.Mutex
	blinds []detection.Blind
	asked  []receive.Sender
}

func (d *desk) resolve(_ context.Context, s receive.Sender) (receive.Source, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, s)
	if s.Identity == "192.0.2.66" {
		return receive.Source{}, problem.New(problem.Forbidden, "it is refused")
	}
	return receive.Source{ID: "src_" + string(s.Transport) + "_" + s.Identity}, nil
}

func (d *desk) blind(_ context.Context, b detection.Blind) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.blinds = append(d.blinds, b)
	return b.Validate()
}

// lost sums what was lost for a reason.
func (d *desk) lost(why detection.BlindReason) (n int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, b := range d.blinds {
		if b.Reason == why {
			n += b.Lost
		}
	}
	return n
}

// open starts an intake with doors. Its stop ends the doors first and the intake after them.
func open(t *testing.T, doors ...func(ctx context.Context, d *desk) error) *desk {
	t.Helper()
	d := &desk{t: t, at: "dir:" + filepath.Join(t.TempDir(), "stream")}
	return d.start(doors...)
}

func (d *desk) start(doors ...func(ctx context.Context, d *desk) error) *desk {
	d.t.Helper()
	var err error
	if d.stream, err = stream.Open(context.Background(), d.at, streamtest.Quiet()); err != nil {
		d.t.Fatal(err)
	}
	d.in, err = receive.Open(&receive.Intake{Publish: d.stream.Publish, Resolve: d.resolve, Blind: d.blind, Log: streamtest.Quiet()})
	if err != nil {
		d.t.Fatal(err)
	}
	closeDoors, endDoors := context.WithCancel(context.Background())
	ctx, end := context.WithCancel(context.Background())
	var serving, running sync.WaitGroup
	for _, door := range doors {
		serving.Go(func() {
			if err := door(closeDoors, d); err != nil {
				d.t.Error(err)
			}
		})
	}
	running.Go(func() { d.in.Run(ctx) })
	d.stop = sync.OnceFunc(func() {
		endDoors()
		serving.Wait()
		end()
		running.Wait()
	})
	d.t.Cleanup(func() { d.stop(); d.stream.Close() })
	return d
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func tcp(l net.Listener, config *tls.Config) func(context.Context, *desk) error {
	return func(ctx context.Context, d *desk) error {
		return (&receive.Syslog{Intake: d.in, TLS: config}).Serve(ctx, l)
	}
}

// texts closes the doors and gives everything that reached the stream.
func (d *desk) texts(want int) []string {
	d.t.Helper()
	d.stop()
	var out []string
	for _, m := range streamtest.Collect(d.t, d.stream, want) {
		out = append(out, string(m.Payload))
	}
	return out
}

func TestSyslogOverTCPFramesBothWays(t *testing.T) {
	l := listen(t)
	d := open(t, tcp(l, nil))
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	long := "<34>1 - - - - - - " + strings.Repeat("x", stream.MaxPayload-18)
	for _, s := range []string{"<34>line one\n", "13 <34>1 counted", "<34>with return\r\n", fmt.Sprintf("%d %s", len(long), long), long + "\n", "<34>the last, without an end"} {
		if _, err := io.WriteString(c, s); err != nil {
			t.Fatal(err)
		}
	}
	c.Close()
	want := []string{"<34>line one", "<34>1 counted", "<34>with return", long, long, "<34>the last, without an end"}
	got := d.texts(len(want))
	if len(got) != len(want) {
		t.Fatalf("%d records, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("record %d: %.60q, want %.60q", i, got[i], want[i])
		}
	}
	if len(d.asked) != 1 || d.asked[0] != (receive.Sender{Transport: stream.TCP, Identity: "127.0.0.1"}) {
		t.Errorf("asked for %v", d.asked)
	}
}

func TestTooLongRecordsAreCutAndTold(t *testing.T) {
	l := listen(t)
	d := open(t, tcp(l, nil))
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(c, "<34>%s\n<34>next\n", strings.Repeat("y", 3<<20))
	c.Close()
	got := d.texts(2)
	if len(got) != 2 || len(got[0]) != stream.MaxPayload || got[1] != "<34>next" {
		t.Errorf("%d records, the first of %d bytes", len(got), len(got[0]))
	}
	if len(d.blinds) != 1 || d.blinds[0].Reason != detection.BlindRefused {
		t.Errorf("blind intervals: %+v", d.blinds)
	}
}

// A sender that looks whether its connection was closed loses nothing when the door closes, however much is on its way.
func TestOrderlyEndLosesNothing(t *testing.T) {
	l := listen(t)
	d := open(t, tcp(l, nil))
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan struct{})
	go func() { // as rsyslog and syslog-ng do: they read to see the end
		io.Copy(io.Discard, c)
		close(closed)
	}()
	sent := make(chan int)
	go func() {
		n := 0
		for {
			select {
			case <-closed:
				c.Close()
				sent <- n
				return
			default:
			}
			if _, err := fmt.Fprintf(c, "<34>1 - - - - - - message %d\n", n); err != nil {
				t.Error(err)
			}
			n++
		}
	}()
	waitFor(t, "a record waits", func() bool { return d.in.Status().Waiting > 0 })
	got := d.texts(0)
	if n := <-sent; len(got) != n || n == 0 {
		t.Errorf("%d records came of %d that were sent", len(got), n)
	}
	if len(d.blinds) != 0 {
		t.Errorf("blind intervals: %+v", d.blinds)
	}
}

func TestSyslogOverTLSAsksForACertificate(t *testing.T) {
	ca := newAuthority(t)
	l := listen(t)
	d := open(t, tcp(l, &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{ca.issue(t, "triward")}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.pool}))
	pump := ca.issue(t, "pump")
	c, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{RootCAs: ca.pool, ServerName: "triward", Certificates: []tls.Certificate{pump}})
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, "13 <34>1 counted")
	c.Close()
	for name, config := range map[string]*tls.Config{
		"no certificate": {RootCAs: ca.pool, ServerName: "triward"},
		"of another":     {RootCAs: ca.pool, ServerName: "triward", Certificates: []tls.Certificate{newAuthority(t).issue(t, "pump")}},
	} {
		c, err := tls.Dial("tcp", l.Addr().String(), config)
		if err == nil { // TLS 1.3 tells it with the first read
			io.WriteString(c, "<34>not for you\n")
			_, err = c.Read(make([]byte, 1))
			c.Close()
		}
		if err == nil {
			t.Errorf("%s: it may send", name)
		}
	}
	if got := d.texts(1); len(got) != 1 || got[0] != "<34>1 counted" {
		t.Errorf("got %q", got)
	}
	sum := sha256.Sum256(pump.Certificate[0])
	if want := (receive.Sender{Transport: stream.TLS, Identity: hex.EncodeToString(sum[:])}); len(d.asked) != 1 || d.asked[0] != want {
		t.Errorf("asked for %v, want %v", d.asked, want)
	}
}

func TestSyslogOverUDPCountsWhatIsLost(t *testing.T) {
	u, err := receive.ListenUDP(context.Background(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := open(t, func(ctx context.Context, d *desk) error { return (&receive.Datagrams{Intake: d.in}).Serve(ctx, u) })
	c, err := net.Dial("udp", u.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const n = 200_000
	text := strings.Repeat("z", 400)
	for i := range n {
		if _, err := fmt.Fprintf(c, "<34>1 - - - - - - %d %s\n", i, text); err != nil {
			t.Fatal(err)
		}
	}
	// The kernel tells what it dropped with the next datagram that it does not.
	waitFor(t, "everything is taken", func() bool { fmt.Fprint(c, "<34>end"); return d.in.Status().Waiting == 0 })
	got := d.texts(1)
	came := int64(0)
	for _, s := range got {
		if s != "<34>end" {
			came++
		}
	}
	if lost := d.lost(detection.BlindOverload); came+lost < n || came+lost > n+int64(len(got)) {
		t.Errorf("%d came and %d are counted as lost, of %d", came, lost, n)
	}
	t.Logf("%d of %d came, the rest is counted", came, n)
}

func TestPushBackWhenTheStreamRefuses(t *testing.T) {
	d := &desk{t: t, at: "dir:" + filepath.Join(t.TempDir(), "stream") + "?max=2MB"}
	l := listen(t)
	d.start(tcp(l, nil))
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	noise := make([]byte, 30_000)
	sent := make(chan int, 1)
	go func() {
		n := 0
		for ; n < 5000; n++ { // 150 MB: more than all memory for waiting records and the kernel hold
			rand.Read(noise)
			if _, err := fmt.Fprintf(c, "<34>%x\n", noise[:15_000]); err != nil {
				break
			}
		}
		sent <- n
	}()
	waitFor(t, "the stream refuses", func() bool { return !d.in.Status().Stalled.IsZero() })
	waitFor(t, "the memory is full", func() bool { s := d.in.Status(); return s.Waiting > s.Limit-2<<20 })
	select {
	case n := <-sent:
		t.Fatalf("the sender was not held back: it sent %d records", n)
	default:
	}
	if s := d.in.Status(); s.Waiting > s.Limit+2<<20 {
		t.Errorf("%d bytes wait, at most %d", s.Waiting, s.Limit)
	}
	// A batch over HTTP is refused meanwhile.
	post := &receive.Post{Intake: d.in, Actor: sender}
	w := httptest.NewRecorder()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	post.Handler().ServeHTTP(w, httptest.NewRequestWithContext(ctx, "POST", "/ingest/any", bytes.NewReader(noiseLine(900_000))))
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("status %d, %v: %s", w.Code, w.Header(), w.Body)
	}
	// Somebody takes from the stream: everything flows again, and all of it comes.
	seen := 0
	taking, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		d.stream.Consume(taking, 1000, func(_ context.Context, given []stream.Delivery) error {
			for _, g := range given {
				seen += len(g.Messages)
				g.Ack()
			}
			return nil
		})
	})
	n := <-sent
	c.Close()
	d.stop()
	for deadline := time.Now().Add(streamtest.Patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if s, err := d.stream.Stats(context.Background()); err == nil && s.Packs == 0 {
			break
		}
	}
	stop()
	wg.Wait()
	if seen != n {
		t.Errorf("%d records came of %d", seen, n)
	}
	if len(d.blinds) != 0 {
		t.Errorf("blind intervals: %+v", d.blinds)
	}
}

func noiseLine(n int) []byte {
	b := make([]byte, n/2)
	rand.Read(b)
	return []byte(hex.EncodeToString(b))
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(streamtest.Patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func sender(r *http.Request) (store.Actor, error) {
	switch r.Header.Get("Authorization") {
	case "Bearer wrong":
		return store.Actor{}, problem.New(problem.Forbidden, "unknown token")
	case "Bearer reader":
		return store.Actor{ID: "tok_2", Grants: []store.Grant{{Kinds: []string{"event.read"}, All: true}}}, nil
	}
	return store.Actor{ID: "tok_1", Grants: []store.Grant{{Kinds: []string{"event.imported"}, All: true}}}, nil
}

func squeeze(t *testing.T, how, text string) io.Reader {
	var b bytes.Buffer
	var w io.WriteCloser
	switch how {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "zstd":
		z, err := zstd.NewWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		w = z
	default:
		return strings.NewReader(text)
	}
	io.WriteString(w, text)
	w.Close()
	return &b
}

func TestPost(t *testing.T) {
	for _, c := range []struct {
		name, path, kind, encoding, body, token string
		status                                  int
		want                                    []string
	}{
		{name: "lines", path: "any", body: "{\"a\":1}\n\n  \n{\"a\":2}\r\n", status: 200, want: []string{`{"a":1}`, `{"a":2}`}},
		{name: "gzip", path: "json", encoding: "gzip", body: "{\"a\":1}\n", status: 200, want: []string{`{"a":1}`}},
		{name: "zstd", path: "zeek?name=conn", encoding: "zstd", body: "{\"a\":1}", status: 200, want: []string{`{"a":1}`}},
		{name: "array", path: "json", kind: "application/json; charset=utf-8", body: ` [{"a": 1}, {"b":[2]}] `, status: 200, want: []string{`{"a": 1}`, `{"b":[2]}`}},
		{name: "object", path: "json", kind: "application/json", body: "{\"a\":\n1}", status: 200, want: []string{"{\"a\":\n1}"}},
		{name: "one document", path: "atna", kind: "application/xml", body: "<AuditMessage>\n</AuditMessage>", status: 200, want: []string{"<AuditMessage>\n</AuditMessage>"}},
		{name: "array that breaks off", path: "json", kind: "application/json", body: `[{"a":1}, {"b`, status: 400},
		{name: "counted", path: "any", kind: "application/vnd.triward.counted", body: "3\na\nb\n1\n\x00\n", status: 200, want: []string{"a\nb", "\x00"}},
		{name: "counted and squeezed", path: "any", kind: "application/vnd.triward.counted", encoding: "gzip", body: "3\na\nb\n", status: 200, want: []string{"a\nb"}},
		{name: "counted wrong", path: "any", kind: "application/vnd.triward.counted", body: "2\na\nb\n", status: 400},
		{name: "counted and cut off", path: "any", kind: "application/vnd.triward.counted", body: "3\na\n", status: 400},
		{name: "counted without end of length", path: "any", kind: "application/vnd.triward.counted", body: "3", status: 400},
		{name: "counted too long", path: "any", kind: "application/vnd.triward.counted", body: "9999999999\n", status: 400},
		{name: "counted below nothing", path: "any", kind: "application/vnd.triward.counted", body: "-1\n", status: 400},
		{name: "counted without number", path: "any", kind: "application/vnd.triward.counted", body: strings.Repeat("7", 70_000), status: 400},
		{name: "unknown format", path: "paper", body: "x", status: 404},
		{name: "unknown encoding", path: "json", encoding: "br", body: "x", status: 400},
		{name: "damaged gzip", path: "json", encoding: "gzip", body: "", status: 400},
		{name: "a line too long", path: "any", body: strings.Repeat("x", stream.MaxPayload+1), status: 400},
		{name: "a bomb", path: "any", encoding: "gzip", body: strings.Repeat("\n", 300<<20), status: 400},
		{name: "token without the right", path: "any", body: "x", token: "reader", status: 403},
		{name: "no token", path: "any", body: "x", token: "wrong", status: 401},
		{name: "bad first", path: "any?first=-1", body: "x", status: 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := open(t)
			body := squeeze(t, c.encoding, c.body)
			if c.name == "damaged gzip" {
				body = strings.NewReader("no gzip")
			}
			r := httptest.NewRequest("POST", "/ingest/"+c.path, body)
			r.Header.Set("Content-Type", c.kind)
			r.Header.Set("Content-Encoding", c.encoding)
			if c.token != "" {
				r.Header.Set("Authorization", "Bearer "+c.token)
			}
			w := httptest.NewRecorder()
			(&receive.Post{Intake: d.in, Actor: sender}).Handler().ServeHTTP(w, r)
			if w.Code != c.status || w.Code == 200 && w.Body.String() != fmt.Sprintf("{\"accepted\":%d}\n", len(c.want)) {
				t.Fatalf("status %d: %s", w.Code, w.Body)
			}
			if got := d.texts(len(c.want)); fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestSameBatchHasTheSameIDs(t *testing.T) {
	d := open(t)
	h := (&receive.Post{Intake: d.in, Actor: sender}).Handler()
	for _, path := range []string{"/ingest/any?source=capture", "/ingest/any?source=capture", "/ingest/any?source=capture&first=1"} {
		r := httptest.NewRequest("POST", path, strings.NewReader("b\n"))
		r.Header.Set("Idempotency-Key", "file 1")
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != 200 {
			t.Fatal(w.Body)
		}
	}
	d.stop()
	ids := map[[16]byte]bool{}
	for _, m := range streamtest.Collect(t, d.stream, 2) {
		ids[m.ID] = true
		if m.Source != "src_file_capture" {
			t.Errorf("source %q", m.Source)
		}
	}
	if len(ids) != 2 {
		t.Errorf("%d ids, want 2", len(ids))
	}
}

// authority issues certificates for tests.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	pool *x509.CertPool
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return authority{key, cert, pool}
}

func (a authority) issue(t *testing.T, name string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
