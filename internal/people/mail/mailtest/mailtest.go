// Package mailtest runs a small real SMTP server on this machine (RFC 5321, STARTTLS, AUTH PLAIN) and keeps what it takes.
package mailtest

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"io"
	"math/big"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"
)

// Options say how the server behaves. The zero value offers STARTTLS and asks for no login.
type Options struct {
	NoTLS    bool              // does not offer STARTTLS
	Implicit bool              // TLS from the first byte
	Login    string            // AUTH PLAIN is needed with this login and Password
	Password string            //
	Answers  map[string]string // instead of what it would answer, by verb: {"RCPT": "550 no such mailbox"}
	Silent   bool              // never says a word
}

// Taken is a letter that the server accepted.
type Taken struct {
	From, To string
	Body     []byte
	TLS      bool
	Login    string
}

// Server is a running server.
type Server struct {
	Address string // 127.0.0.1:port
	Roots   *x509.CertPool

	o     Options
	tls   *tls.Config
	mu    sync.Mutex
	taken []Taken
	conns map[net.Conn]bool
	done  sync.WaitGroup
}

// Start runs a server until the test ends.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s := &Server{o: o, conns: map[net.Conn]bool{}}
	s.certify(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Address = l.Addr().String()
	s.done.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns[c] = true
			s.mu.Unlock()
			s.done.Go(func() { s.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		s.mu.Lock()
		for c := range s.conns {
			_ = c.Close()
		}
		s.mu.Unlock()
		s.done.Wait()
	})
	return s
}

// Taken is what it accepted so far.
func (s *Server) Taken() []Taken {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Taken(nil), s.taken...)
}

func (s *Server) certify(t testing.TB) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sheet := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC), IsCA: true, BasicConstraintsValid: true,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, sheet, sheet, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	s.Roots = x509.NewCertPool()
	s.Roots.AddCert(cert)
	s.tls = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

// talk is one connection.
type talk struct {
	*Server
	conn net.Conn
	in   *textproto.Reader
	out  io.Writer
	now  Taken
}

func (s *Server) serve(c net.Conn) {
	defer c.Close()
	if s.o.Silent {
		_, _ = io.Copy(io.Discard, c)
		return
	}
	t := &talk{Server: s, conn: c}
	if s.o.Implicit {
		t.encrypt()
	} else {
		t.use(c)
	}
	t.say("220 mailtest ready")
	for {
		line, err := t.in.ReadLine()
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(line, " ")
		if verb = strings.ToUpper(verb); verb == "QUIT" {
			t.say("221 bye")
			return
		}
		if answer, ok := s.o.Answers[verb]; ok {
			t.say(answer)
			continue
		}
		t.answer(verb, rest)
	}
}

func (t *talk) use(c net.Conn) {
	t.conn, t.in, t.out = c, textproto.NewReader(bufio.NewReader(c)), c
}

func (t *talk) encrypt() {
	t.use(tls.Server(t.conn, t.tls))
	t.now.TLS = true
}

func (t *talk) say(line string) { _, _ = io.WriteString(t.out, line+"\r\n") }

func (t *talk) answer(verb, rest string) {
	switch verb {
	case "EHLO":
		t.say("250-mailtest")
		if !t.o.NoTLS && !t.now.TLS {
			t.say("250-STARTTLS")
		}
		if t.o.Login != "" {
			t.say("250-AUTH PLAIN")
		}
		t.say("250 8BITMIME")
	case "STARTTLS":
		t.say("220 go ahead")
		t.encrypt()
	case "AUTH":
		_, secret, _ := strings.Cut(rest, " ")
		plain, err := base64.StdEncoding.DecodeString(secret)
		if parts := strings.Split(string(plain), "\x00"); err != nil || len(parts) != 3 || parts[1] != t.o.Login || parts[2] != t.o.Password {
			t.say("535 5.7.8 wrong login or password")
			return
		}
		t.now.Login = t.o.Login
		t.say("235 welcome")
	case "MAIL":
		if t.o.Login != "" && t.now.Login == "" {
			t.say("530 5.7.0 sign in first")
			return
		}
		t.now.From = bracketed(rest)
		t.say("250 ok")
	case "RCPT":
		t.now.To = bracketed(rest)
		t.say("250 ok")
	case "DATA":
		t.say("354 end with a dot")
		body, err := t.in.ReadDotBytes()
		if err != nil {
			return
		}
		t.now.Body = body
		t.mu.Lock()
		t.taken = append(t.taken, t.now)
		t.mu.Unlock()
		t.say("250 taken")
	default:
		t.say("502 not known")
	}
}

func bracketed(s string) string {
	_, s, _ = strings.Cut(s, "<")
	s, _, _ = strings.Cut(s, ">")
	return s
}
