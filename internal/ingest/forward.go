package ingest

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"triward/internal/detection"
	"triward/internal/detection/notify"
	"triward/internal/people/mail"
	"triward/internal/problem"
)

// Forward sends notifications of alerts.
type Forward struct {
	Mail    *mail.Server // nil: no letters are sent
	URL     string       // of the pages, for links; "" for none
	Version string
	Roots   *tls.Config // nil: the system's
	Now     func() time.Time
}

const forwardTime = 10 * time.Second

// Carry sends one message to one target.
func (f Forward) Carry(ctx context.Context, t notify.Target, m notify.Message) error {
	ctx, cancel := context.WithTimeout(ctx, forwardTime)
	defer cancel()
	switch t.Way {
	case notify.Mail:
		return f.letter(ctx, t, m)
	case notify.Webhook:
		return f.post(ctx, t, m)
	}
	return f.line(ctx, t, m)
}

func (f Forward) link(m notify.Message) string {
	if f.URL == "" {
		return ""
	}
	return strings.TrimSuffix(f.URL, "/") + "/alerts/" + m.Alert
}

func (f Forward) letter(ctx context.Context, t notify.Target, m notify.Message) error {
	if f.Mail == nil {
		return problem.New(problem.Unavailable, "no mail server is configured")
	}
	subject := strings.ToUpper(string(m.Level)) + ": " + m.Title
	text := fmt.Sprintf("%s\n\nLevel: %s\nWhat: the alert was %s\nWhen: %s\n", m.Title, m.Level, m.What, m.At.UTC().Format("2 Jan 2006, 15:04 UTC"))
	if l := f.link(m); l != "" {
		text += "\n" + l + "\n"
	}
	return f.Mail.Send(ctx, mail.Letter{To: t.Address, Subject: subject, Text: text, At: m.At, Key: m.Key})
}

// dialer makes connections to public addresses only, or to the own network where the target allows it; never to a
// link-local address. The address is checked after the name was looked up, so that a name cannot lead elsewhere.
func dialer(t notify.Target) *net.Dialer {
	return &net.Dialer{Timeout: forwardTime, Control: func(_, address string, _ syscall.RawConn) error {
		a, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		switch reachOf(a.Addr()) {
		case public:
			return nil
		case internal, loopback:
			if t.Inside {
				return nil
			}
		}
		return problem.New(problem.Forbidden, "%s lies in the own network, which this target does not allow", a.Addr())
	}}
}

func (f Forward) post(ctx context.Context, t notify.Target, m notify.Message) error {
	body, err := json.Marshal(struct {
		notify.Message
		URL string `json:"url,omitempty"`
	}{m, f.link(m)})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.Address, bytes.NewReader(body))
	if err != nil {
		return problem.New(problem.Invalid, "the address cannot be used")
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Triward/"+f.Version)
	r.Header.Set("Triward-Message", m.Key)
	r.Header.Set("Triward-Signature", notify.Sign(t.Secret, f.Now(), body))
	c := http.Client{Transport: &http.Transport{DialContext: dialer(t).DialContext, TLSClientConfig: f.tls(""), DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := c.Do(r)
	if err != nil {
		return problem.New(problem.Unavailable, "the receiver was not reached: %s", reason(err))
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return problem.New(problem.Unavailable, "the receiver answered %s", resp.Status)
	}
	return nil
}

// reason is an error without the address, which may hold a secret.
func reason(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return err.Error()
}

func (f Forward) tls(host string) *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if f.Roots != nil {
		c = f.Roots.Clone()
	}
	c.ServerName = host
	return c
}

// severities of CEF by level, and of syslog (RFC 5424 6.2.1).
func severities(l detection.Level) (cef, syslog int) {
	switch l {
	case detection.Critical:
		return 10, 2
	case detection.High:
		return 8, 3
	case detection.Medium:
		return 5, 4
	case detection.Low:
		return 3, 5
	}
	return 1, 6
}

// CEF is a message as a line of the Common Event Format inside RFC 5424, facility 10 (security).
func (f Forward) CEF(m notify.Message) string {
	cef, severity := severities(m.Level)
	head := strings.NewReplacer(`\`, `\\`, `|`, `\|`, "\n", " ", "\r", " ")
	value := strings.NewReplacer(`\`, `\\`, `=`, `\=`, "\n", " ", "\r", " ")
	line := fmt.Sprintf("<%d>1 %s triward triward - alert - CEF:0|Triward|Triward|%s|alert.%s|%s|%d|externalId=%s rt=%d cs1Label=level cs1=%s msg=%s", 10*8+severity, m.At.UTC().Format("2006-01-02T15:04:05.000Z"),
		head.Replace(f.Version), head.Replace(m.What), head.Replace(m.Title), cef, value.Replace(m.Alert), m.At.UnixMilli(), m.Level, value.Replace(m.Key))
	if l := f.link(m); l != "" {
		line += " request=" + value.Replace(l)
	}
	return line
}

func (f Forward) line(ctx context.Context, t notify.Target, m notify.Message) error {
	u, err := url.Parse(t.Address)
	if err != nil {
		return problem.New(problem.Invalid, "the address cannot be used")
	}
	network := "tcp"
	if u.Scheme == "udp" {
		network = "udp"
	}
	c, err := dialer(t).DialContext(ctx, network, u.Host)
	if err != nil {
		return problem.New(problem.Unavailable, "the receiver was not reached: %s", reason(err))
	}
	defer c.Close()
	if end, ok := ctx.Deadline(); ok {
		if err := c.SetDeadline(end); err != nil {
			return err
		}
	}
	if u.Scheme == "tls" {
		c = tls.Client(c, f.tls(u.Hostname()))
	}
	line := f.CEF(m)
	if network == "tcp" { // octet counting, RFC 6587 3.4.1 and RFC 5425 4.3
		line = strconv.Itoa(len(line)) + " " + line
	}
	if _, err := c.Write([]byte(line)); err != nil {
		return problem.New(problem.Unavailable, "the receiver did not take it: %s", reason(err))
	}
	return nil
}
