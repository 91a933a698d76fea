package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/netip"
	"net/smtp"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"time"

	"triward/internal/problem"
)

// Config is where letters are handed in, and by whom.
type Config struct {
	// URL is smtp://[login@]host[:587] (STARTTLS is demanded) or smtps://[login@]host[:465] (TLS from the first byte).
	// smtp://host:25?tls=off sends in the clear, for a relay inside; a login is refused then. On this machine
	// STARTTLS is used where the server has it.
	URL      string
	From     string         // address of the sender: triward@hospital.example or "Triward <triward@hospital.example>"
	Password string         // of the login; from a file, never from the URL
	Roots    *x509.CertPool // nil is the system's
}

// Server is a mail server that takes letters.
type Server struct {
	address  string // host:port
	host     string
	login    string
	password string
	security security
	from     sender
	roots    *x509.CertPool
}

type security string

const (
	fromStart  security = "tls"      // RFC 8314 section 3.3
	demanded   security = "starttls" // RFC 3207; refused without it
	ifOffered  security = "offered"  // this machine
	inTheClear security = "off"
)

// Times and sizes of one delivery.
const (
	deliveryTime = 2 * time.Minute // RFC 5321 section 4.5.3.2 allows more; nobody waits so long for a notice
	mostReplies  = 256 << 10       // bytes that a server may answer
)

// Open reads a configuration; it makes no connection. Errors: Invalid with all faults.
func Open(c Config) (*Server, error) {
	var l problem.List
	s := &Server{password: c.Password, roots: c.Roots}
	s.readURL(c.URL, &l)
	var err error
	if s.from, err = readSender(c.From); err != nil {
		l.Merge("smtp_from", err)
	}
	switch {
	case s.login != "" && c.Password == "":
		l.Add("smtp_password_file", "is required, because smtp_url names a login")
	case s.login == "" && c.Password != "":
		l.Add("smtp_url", "must name the login that the password belongs to: smtp://login@host")
	case s.login != "" && s.security == inTheClear:
		l.Add("smtp_url", "must not send a password without TLS")
	}
	if err := l.Err("the mail server is not configured well"); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Server) readURL(text string, l *problem.List) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Opaque != "" || u.Path != "" && u.Path != "/" || u.Fragment != "" {
		l.Add("smtp_url", "must be smtp://host:587 or smtps://host:465")
		return
	}
	if _, has := u.User.Password(); has {
		l.Add("smtp_url", "must not hold the password; name a file in smtp_password_file")
	}
	s.host, s.login = u.Hostname(), u.User.Username()
	port := "587"
	switch u.Scheme {
	case "smtps":
		s.security, port = fromStart, "465"
	case "smtp":
		if s.security = demanded; thisMachine(s.host) {
			s.security = ifOffered
		}
	default:
		l.Add("smtp_url", "must begin with smtp:// or smtps://")
	}
	for k, v := range u.Query() {
		if k != "tls" || u.Scheme != "smtp" || !slices.Equal(v, []string{"off"}) {
			l.Add("smtp_url", "knows no option but tls=off, for smtp:// only")
			return
		}
		s.security = inTheClear
	}
	if u.Port() != "" {
		port = u.Port()
	}
	s.address = net.JoinHostPort(s.host, port)
}

func thisMachine(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Unmap().IsLoopback()
	}
	return strings.EqualFold(host, "localhost")
}

// Send hands a letter to the server. Errors: Invalid for a letter that cannot be sent as it is, or that the server
// refuses for good (5xx); Unavailable for everything that may pass: send it again later.
func (s *Server) Send(ctx context.Context, letter Letter) error {
	body, to, err := letter.render(s.from)
	if err != nil {
		return problem.About(err, "send mail")
	}
	ctx, cancel := context.WithTimeout(ctx, deliveryTime)
	defer cancel()
	if err := s.deliver(ctx, to, body); err != nil {
		return problem.About(classify(ctx, err), "send mail through %s", s.address)
	}
	return nil
}

func (s *Server) deliver(ctx context.Context, to string, body []byte) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.address)
	if err != nil {
		return err
	}
	// Whatever waits for the server ends with ctx.
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	conn = bounded{conn, &io.LimitedReader{R: conn, N: mostReplies}}
	if s.security == fromStart {
		conn = tls.Client(conn, s.tls())
	}
	c, err := smtp.NewClient(conn, s.host)
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	err = s.talk(c, to, body)
	if err == nil {
		// The letter is accepted: a server that does not answer the farewell takes nothing back.
		_ = c.Quit()
	}
	_ = c.Close()
	return err
}

func (s *Server) talk(c *smtp.Client, to string, body []byte) error {
	if err := c.Hello(s.from.domain()); err != nil {
		return err
	}
	if offered, _ := c.Extension("STARTTLS"); s.security == demanded || s.security == ifOffered && offered {
		if !offered {
			return problem.New(problem.Unavailable, "the server does not offer STARTTLS, and nothing is sent in the clear")
		}
		if err := c.StartTLS(s.tls()); err != nil {
			return err
		}
	}
	if s.login != "" {
		if err := s.authenticate(c); err != nil {
			return err
		}
	}
	if err := c.Mail(s.from.Address); err != nil {
		return err
	}
	if err := c.Rcpt(to); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(body); err != nil {
		return err
	}
	return w.Close()
}

func (s *Server) authenticate(c *smtp.Client) error {
	if _, ok := c.TLSConnectionState(); !ok {
		return problem.New(problem.Unavailable, "the connection is not encrypted, and a password is not sent in the clear")
	}
	if ok, mechanisms := c.Extension("AUTH"); !ok || !slices.Contains(strings.Fields(mechanisms), "PLAIN") {
		return problem.New(problem.Unavailable, "the server does not offer AUTH PLAIN")
	}
	err := c.Auth(smtp.PlainAuth("", s.login, s.password, s.host))
	var reply *textproto.Error
	if errors.As(err, &reply) { // no fault of the letter
		return problem.New(problem.Unavailable, "the server does not let %q in: %d %s", s.login, reply.Code, plain(reply.Msg))
	}
	return err
}

func (s *Server) tls() *tls.Config {
	return &tls.Config{ServerName: s.host, RootCAs: s.roots, MinVersion: tls.VersionTLS12}
}

// bounded is a connection whose peer may answer only so much.
type bounded struct {
	net.Conn
	in io.Reader
}

func (b bounded) Read(p []byte) (int, error) { return b.in.Read(p) }

// classify tells what may pass from what will not. A server's own words are cut short and stripped of control characters.
func classify(ctx context.Context, err error) error {
	var reply *textproto.Error
	var known *problem.Error
	switch {
	case errors.As(err, &known):
		return known
	case ctx.Err() != nil:
		return problem.New(problem.Unavailable, "the server did not answer in time")
	case errors.As(err, &reply) && reply.Code/100 == 5:
		return problem.New(problem.Invalid, "the server refuses it: %d %s", reply.Code, plain(reply.Msg))
	case errors.As(err, &reply):
		return problem.New(problem.Unavailable, "the server cannot take it now: %d %s", reply.Code, plain(reply.Msg))
	}
	return problem.New(problem.Unavailable, "%s", plain(err.Error()))
}

// plain is text of somebody else in one short line.
func plain(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if r := []rune(text); len(r) > 200 {
		return string(r[:200]) + "…"
	}
	return text
}
