package app

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"triward/internal/eventlog"
	"triward/internal/testdata"
)

// certificates are an authority and what it issued, as files.
type certificates struct {
	dir  string
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func newCertificates(t *testing.T) *certificates {
	c := &certificates{dir: t.TempDir()}
	c.issue(t, "ca")
	return c
}

func (c *certificates) file(name string) string { return filepath.Join(c.dir, name) }

// issue writes NAME.pem and NAME.key; "ca" is the authority itself.
func (c *certificates) issue(t *testing.T, name string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		DNSNames: []string{name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	parent, signer := c.cert, c.key
	if name == "ca" {
		tmpl.IsCA, tmpl.KeyUsage, tmpl.ExtKeyUsage, tmpl.DNSNames, tmpl.IPAddresses = true, x509.KeyUsageCertSign, nil, nil, nil
		parent, signer = tmpl, key
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	if name == "ca" {
		c.key = key
		if c.cert, err = x509.ParseCertificate(der); err != nil {
			t.Fatal(err)
		}
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, b := range map[string]*pem.Block{name + ".pem": {Type: "CERTIFICATE", Bytes: der}, name + ".key": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(c.file(file), pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// emitter is a syslog program of others that reads lines from a file and sends them.
type emitter struct {
	name  string
	start func(t *testing.T, dir string, to target) *exec.Cmd
}

type target struct {
	transport string // udp, tcp, octets (TCP with octet counting), tls
	address   string
	certs     *certificates
}

func (to target) port() string { _, p, _ := net.SplitHostPort(to.address); return p }

// missing skips a test, or fails it where nothing may be missing.
func missing(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("TRIWARD_TEST_REQUIRE") != "" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

func rsyslog(t *testing.T, dir string, to target) *exec.Cmd {
	program, err := exec.LookPath("rsyslogd")
	if err != nil {
		if program = "/usr/sbin/rsyslogd"; !exists(program) {
			missing(t, "rsyslogd is not installed")
		}
	}
	send := `protocol="tcp" TCP_Framing="traditional" KeepAlive="on"`
	global := ""
	switch to.transport {
	case "udp":
		send = `protocol="udp"`
	case "octets":
		send = `protocol="tcp" TCP_Framing="octet-counted"`
	case "tls":
		send = `protocol="tcp" TCP_Framing="octet-counted" StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="triward"`
		global = fmt.Sprintf("DefaultNetstreamDriver=\"gtls\" DefaultNetstreamDriverCAFile=%q DefaultNetstreamDriverCertFile=%q DefaultNetstreamDriverKeyFile=%q",
			to.certs.file("ca.pem"), to.certs.file("sender.pem"), to.certs.file("sender.key"))
	}
	conf := fmt.Sprintf(`global(workDirectory=%q maxMessageSize="1m" %s)
module(load="imfile" mode="inotify")
syslog.* action(type="omfile" file="%s/own.log")
input(type="imfile" file=%q tag="pump:" severity="info" facility="local0")
action(type="omfwd" target="127.0.0.1" port=%q %s template="RSYSLOG_SyslogProtocol23Format" queue.type="LinkedList" queue.filename="waiting" queue.saveOnShutdown="on"
  queue.size="100000" queue.timeoutEnqueue="600000" queue.workerThreads="1"
  action.resumeRetryCount="-1" action.resumeInterval="1" action.resumeIntervalMax="1")
`, dir, global, dir, filepath.Join(dir, "in.log"), to.port(), send)
	if err := os.WriteFile(filepath.Join(dir, "conf"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	return exec.Command(program, "-n", "-f", filepath.Join(dir, "conf"), "-i", filepath.Join(dir, "pid"))
}

func exists(file string) bool { _, err := os.Stat(file); return err == nil }

func syslogNG(t *testing.T, dir string, to target) *exec.Cmd {
	root := os.Getenv("TRIWARD_TEST_SYSLOGNG")
	if root == "" {
		missing(t, "TRIWARD_TEST_SYSLOGNG does not name the folder with syslog-ng")
	}
	dest := fmt.Sprintf(`network("127.0.0.1" port(%s) transport("tcp") flags(syslog-protocol)`, to.port())
	switch to.transport {
	case "udp":
		dest = fmt.Sprintf(`syslog("127.0.0.1" port(%s) transport("udp")`, to.port())
	case "octets":
		dest = fmt.Sprintf(`syslog("127.0.0.1" port(%s) transport("tcp")`, to.port())
	case "tls":
		dest = fmt.Sprintf(`syslog("127.0.0.1" port(%s) transport("tls") tls(ca-file(%q) cert-file(%q) key-file(%q) peer-verify(required-trusted))`, to.port(),
			to.certs.file("ca.pem"), to.certs.file("sender.pem"), to.certs.file("sender.key"))
	}
	conf := fmt.Sprintf(`@version: 3.38
options { stats-freq(0); time-reopen(1); use-dns(no); log-msg-size(1048576); };
source s { file(%q follow-freq(0.1) flags(no-parse)); };
destination d { %s disk-buffer(reliable(yes) disk-buf-size(104857600) dir(%q))); };
log { source(s); destination(d); flags(flow-control); };
`, filepath.Join(dir, "in.log"), dest, dir)
	if to.transport == "udp" {
		conf = strings.Replace(conf, fmt.Sprintf(" disk-buffer(reliable(yes) disk-buf-size(104857600) dir(%q))", dir), "", 1)
	}
	if err := os.WriteFile(filepath.Join(dir, "conf"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	in := func(names ...string) string {
		for i := range names {
			names[i] = filepath.Join(root, names[i])
		}
		return strings.Join(names, ":")
	}
	c := exec.Command(in("usr/sbin/syslog-ng"), "-F", "--no-caps", "-f", filepath.Join(dir, "conf"), "-R", filepath.Join(dir, "persist"), "-c", filepath.Join(dir, "ctl"), "-p", filepath.Join(dir, "pid"),
		"--module-path="+in("usr/lib/syslog-ng/3.38"))
	c.Env = append(os.Environ(), "LD_LIBRARY_PATH="+in("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "usr/lib/syslog-ng/3.38", "usr/lib/syslog-ng"))
	return c
}

// lines adds numbered lines to the file that an emitter reads.
func lines(t *testing.T, dir string, first, n int) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, "in.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out bytes.Buffer
	for i := first; i < first+n; i++ {
		fmt.Fprintf(&out, "infusion running, number=%d.\n", i)
	}
	if _, err := f.Write(out.Bytes()); err != nil {
		t.Fatal(err)
	}
}

// numbers counts how often each numbered line is in the event log.
func numbers(t *testing.T, a *App) map[int]int {
	t.Helper()
	out := map[int]int{}
	err := a.events.Scan(context.Background(), eventlog.Query{}, func(all []eventlog.Event) error {
		for i := range all {
			var n int
			if _, after, ok := bytes.Cut(all[i].Raw, []byte("number=")); ok {
				fmt.Sscanf(string(after), "%d", &n)
				out[n]++
			}
			if all[i].Fault != "" || all[i].Format != "syslog" {
				t.Errorf("format %s, fault %q: %.200q", all[i].Format, all[i].Fault, all[i].Raw)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// gaps are the ranges of numbers below n that are not there.
func gaps(got map[int]int, n int) (out []string) {
	for i := 0; i < n; i++ {
		first := i
		for i < n && got[i] == 0 {
			i++
		}
		if i > first {
			out = append(out, fmt.Sprintf("%d to %d", first, i-1))
		}
	}
	return out
}

// Real syslog programs send over every transport. Triward stops under load and starts again: with their queues nothing is
// lost. UDP has no queue that could know, so there only a receiver that stays is asked for.
func TestRealEmitters(t *testing.T) {
	for _, e := range []emitter{{"rsyslog", rsyslog}, {"syslog-ng", syslogNG}} {
		for _, transport := range []string{"udp", "tcp", "octets", "tls"} {
			t.Run(e.name+" over "+transport, func(t *testing.T) { emit(t, e, transport) })
		}
	}
}

func emit(t *testing.T, e emitter, transport string) {
	certs := newCertificates(t)
	certs.issue(t, "triward")
	certs.issue(t, "sender")
	c := DefaultConfig(t.TempDir())
	c.Listen = "127.0.0.1:0"
	address := freePort(t)
	switch transport {
	case "udp":
		c.SyslogUDP = address
	case "tls":
		c.SyslogTLS, c.SyslogClients, c.TLSCertificate, c.TLSKey = address, certs.file("ca.pem"), certs.file("triward.pem"), certs.file("triward.key")
	default:
		c.SyslogTCP = address
	}
	dir := t.TempDir()
	lines(t, dir, 0, 0)
	cmd := e.start(t, dir, target{transport, address, certs})
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	const part = 3000
	complete := func(a *App, n int) bool {
		got := numbers(t, a)
		return len(got) >= n
	}
	serveFor(t, c, func(a *App, _ string) {
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			cmd.Process.Kill()
			cmd.Wait()
			if t.Failed() {
				own, _ := os.ReadFile(filepath.Join(dir, "own.log"))
				t.Logf("%s said:\n%s\n%s", e.name, said.Bytes(), own)
			}
		})
		lines(t, dir, 0, part)
		waitUntil(t, "the first lines", func() bool { return complete(a, part) })
		if transport != "udp" {
			lines(t, dir, part, part) // under way while it stops
			waitUntil(t, "some of the second lines", func() bool { return complete(a, part+1) })
		}
	})
	if transport == "udp" {
		return
	}
	lines(t, dir, 2*part, part) // nobody takes them now
	serveFor(t, c, func(a *App, _ string) {
		lines(t, dir, 3*part, part)
		defer func() {
			if got := numbers(t, a); len(got) < 4*part {
				t.Logf("missing: %v", gaps(got, 4*part))
			}
		}()
		waitUntil(t, "all lines", func() bool { return complete(a, 4*part) })
		twice := 0
		for _, n := range numbers(t, a) {
			if n > 1 {
				twice++
			}
		}
		t.Logf("%d lines, %d of them sent twice by %s", 4*part, twice, e.name)
	})
}

// Audit messages of the public samples come inside RFC 5424 over TLS, and stay byte for byte.
func TestAuditMessagesOverTLS(t *testing.T) {
	dir := testdata.Path(t, "atna")
	certs := newCertificates(t)
	certs.issue(t, "triward")
	certs.issue(t, "sender")
	c := DefaultConfig(t.TempDir())
	c.Listen, c.SyslogTLS = "127.0.0.1:0", freePort(t)
	c.SyslogClients, c.TLSCertificate, c.TLSKey = certs.file("ca.pem"), certs.file("triward.pem"), certs.file("triward.key")
	own, err := tls.LoadX509KeyPair(certs.file("sender.pem"), certs.file("sender.key"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(certs.cert)
	files, err := filepath.Glob(filepath.Join(dir, "*.xml"))
	if err != nil || len(files) == 0 {
		t.Fatal("no samples", err)
	}
	serveFor(t, c, func(a *App, _ string) {
		conn, err := tls.Dial("tcp", c.SyslogTLS, &tls.Config{RootCAs: roots, ServerName: "triward", Certificates: []tls.Certificate{own}})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		sent := map[string]bool{}
		for _, f := range files {
			body, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			m := "<85>1 2026-11-28T10:00:00.000Z archive.example PACS 4711 IHE+RFC-3881 - \ufeff" + strings.TrimRight(string(body), "\r\n\x00")
			fmt.Fprintf(conn, "%d %s", len(m), m)
			sent[m] = true
		}
		waitUntil(t, "all samples", func() bool { return countEvents(t, a) >= len(files) })
		err = a.events.Scan(context.Background(), eventlog.Query{}, func(all []eventlog.Event) error {
			for _, e := range all {
				if !sent[string(e.Raw)] {
					t.Errorf("not byte for byte: %.200q", e.Raw)
				}
				if e.Format != "atna" || e.Fault != "" || e.Field("audit.event") == "" {
					t.Errorf("format %s, event %q, fault %q: %.100q", e.Format, e.Field("audit.event"), e.Fault, e.Raw)
				}
				delete(sent, string(e.Raw))
			}
			return nil
		})
		if err != nil || len(sent) > 0 {
			t.Errorf("%d samples are missing, %v", len(sent), err)
		}
	})
}

// The Zeek logs are taken whole over HTTP, twice; the second time adds nothing.
func TestZeekLogsAreTakenWhole(t *testing.T) {
	if testing.Short() {
		t.Skip("some hundred thousand events")
	}
	logs := map[string][]byte{}
	want := 0
	testdata.Tar(t, "events/zeek-json.tar.zst", func(name string, body []byte) {
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		all, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.SplitSeq(all, []byte("\n")) {
			if len(bytes.TrimSpace(line)) > 0 {
				want++
			}
		}
		logs[filepath.Base(name)] = body
	})
	c := DefaultConfig(t.TempDir())
	c.Listen = "127.0.0.1:0"
	serveFor(t, c, func(a *App, at string) {
		token := ingestToken(t, a)
		var wg sync.WaitGroup
		for range 2 {
			for name, body := range logs {
				wg.Go(func() { postZeek(t, at, token, name, body) })
			}
			wg.Wait()
		}
		waitUntil(t, "everything is worked on", func() bool { return countEvents(t, a) >= want })
		waitUntil(t, "the stream is empty", func() bool { return streamPacks(t, a) == 0 })
		if n := countEvents(t, a); n != want {
			t.Errorf("%d events, want %d", n, want)
		}
	})
}

func postZeek(t *testing.T, at, token, name string, body []byte) {
	for range 100 {
		r, err := http.NewRequest("POST", at+"/ingest/zeek?source=capture&name="+name, bytes.NewReader(body))
		if err != nil {
			t.Error(err)
			return
		}
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Encoding", "gzip")
		r.Header.Set("Idempotency-Key", "zeek "+name)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Error(err)
			return
		}
		text, _ := io.ReadAll(res.Body)
		res.Body.Close()
		switch res.StatusCode {
		case http.StatusOK:
			return
		case http.StatusTooManyRequests, http.StatusServiceUnavailable:
			time.Sleep(50 * time.Millisecond)
		default:
			t.Errorf("%s: status %d: %s", name, res.StatusCode, text)
			return
		}
	}
	t.Errorf("%s: refused for too long", name)
}
