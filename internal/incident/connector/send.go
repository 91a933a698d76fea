package connector

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"

	"triward/internal/detection/notify"
	"triward/internal/problem"
)

// Do is a direction.
type Do string

// The directions.
const (
	Run    Do = "run"
	Return Do = "return"
)

// Order is what an action will send, fixed when its connector was chosen: the definition and every value.
type Order struct {
	Connector Connector         `json:"connector"`
	Incident  string            `json:"incident"` // number
	Action    string            `json:"action"`
	Level     int               `json:"level"`
	Until     time.Time         `json:"until"` // when it returns by itself
	Values    map[string]string `json:"values"`
	Undo      string            `json:"undo,omitempty"` // how a person undoes it by hand, from the definition
}

// secondsLeft stands for the seconds in what is shown: they are counted when it is sent.
const secondsLeft = "(seconds left when it is sent)"

// call is something that is ready to be sent but for its secret.
type call interface {
	show() string
	send(ctx context.Context, secret []byte, now time.Time) (answer string, err error)
}

// key says the same of the same: what drives the network does a thing once, however often it is told.
func (o Order) key(d Do) string { return o.Action + "-" + string(d) }

// timed is values with when the action returns. A zero now is for what is only shown.
func (o Order) timed(values map[string]string, now time.Time) map[string]string {
	out := maps.Clone(values)
	if out == nil {
		out = map[string]string{}
	}
	out["until"], out["seconds"] = o.Until.UTC().Format(time.RFC3339), secondsLeft
	if !now.IsZero() {
		out["seconds"] = strconv.Itoa(max(0, int(o.Until.Sub(now)/time.Second)))
	}
	return out
}

// call prepares one direction at an instant; zero: only to be shown. A webhook tells everything, and the others fill their
// templates.
func (o Order) call(d Do, now time.Time) (call, error) {
	c, s := o.Connector, o.Connector.step(d)
	if s.Nothing != "" {
		return nothing(s.Nothing), nil
	}
	values := o.timed(o.Values, now)
	values["key"], values["action"], values["incident"] = o.key(d), o.Action, o.Incident
	switch c.Kind {
	case Webhook:
		body, err := json.MarshalIndent(struct {
			Key      string            `json:"key"`
			Do       Do                `json:"do"`
			Incident string            `json:"incident"`
			Action   string            `json:"action"`
			Level    int               `json:"level"`
			Until    time.Time         `json:"until"`
			Values   map[string]string `json:"values"`
		}{o.key(d), d, o.Incident, o.Action, o.Level, o.Until, o.Values}, "", "  ")
		return webhookCall{to: c.Address, roots: c.Roots, key: o.key(d), body: body}, err
	case Radius:
		return newRadius(c, s, values)
	}
	argv, err := fillAll(s.Argv, values)
	if err != nil {
		return nil, err
	}
	if c.Kind == Command {
		return commandCall{argv}, nil
	}
	return sshCall{to: c.Address, user: c.User, hostKey: c.HostKey, line: quoted(argv)}, nil
}

// Show is what one direction would send, exactly, but for secrets and what depends on the instant.
func (o Order) Show(d Do) (string, error) {
	c, err := o.call(d, time.Time{})
	if err != nil {
		return "", err
	}
	return c.show(), nil
}

// maxAnswer is how much of an answer is read, and maxSaid how much of it is kept.
const (
	maxAnswer = 64 << 10
	maxSaid   = 500
	maxSecret = 64 << 10
)

// Send sends one direction once. What it gives is what the other side said, which is no proof of an effect.
func (o Order) Send(ctx context.Context, d Do, now time.Time) (string, error) {
	c, err := o.call(d, now)
	if err != nil {
		return "", err
	}
	if n, ok := c.(nothing); ok {
		return n.show(), nil
	}
	var secret []byte
	if o.Connector.Secret != "" {
		if secret, err = readFile(o.Connector.Secret); err != nil {
			return "", problem.New(problem.Unavailable, "the secret of the connector cannot be read")
		}
	}
	ctx, cancel := context.WithTimeout(ctx, o.Connector.Limit())
	defer cancel()
	said, err := c.send(ctx, secret, now)
	if err != nil {
		return "", problem.New(problem.KindOf(err), "%s", clean(problem.Text(err), secret))
	}
	return clean(said, secret), nil
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err == nil && (len(b) > maxSecret || len(bytes.TrimSpace(b)) == 0) {
		err = errors.New("it is empty or too large")
	}
	return bytes.TrimSpace(b), err
}

// clean is one short line without control characters and without the secret.
func clean(s string, secret []byte) string {
	if len(secret) > 0 {
		s = strings.ReplaceAll(s, string(secret), "[secret]")
	}
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "?"), func(r rune) bool { return control(r) || r == ' ' }), " ")
	if len(s) > maxSaid {
		s = strings.ToValidUTF8(s[:maxSaid], "") + "…"
	}
	return s
}

// nothing is a return that needs nothing sent.
type nothing string

func (n nothing) show() string { return "Nothing is sent: " + string(n) }

func (n nothing) send(context.Context, []byte, time.Time) (string, error) { return n.show(), nil }

type webhookCall struct {
	to, roots, key string
	body           []byte
}

func (w webhookCall) show() string {
	return fmt.Sprintf("POST %s\nContent-Type: application/json\nTriward-Message: %s\nTriward-Signature: t=(when it is sent),v1=(HMAC-SHA-256 under the secret)\n\n%s\n", w.to, w.key, w.body)
}

func (w webhookCall) send(ctx context.Context, secret []byte, now time.Time) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.to, bytes.NewReader(w.body))
	if err != nil {
		return "", problem.New(problem.Invalid, "the address cannot be used")
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Triward")
	r.Header.Set("Triward-Message", w.key)
	r.Header.Set("Triward-Signature", notify.Sign(string(secret), now, w.body))
	trust := &tls.Config{MinVersion: tls.VersionTLS12}
	if w.roots != "" {
		pem, err := readFile(w.roots)
		if trust.RootCAs = x509.NewCertPool(); err != nil || !trust.RootCAs.AppendCertsFromPEM(pem) {
			return "", problem.New(problem.Unavailable, "the certificates of the connector cannot be read")
		}
	}
	c := http.Client{Transport: &http.Transport{TLSClientConfig: trust, DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := c.Do(r)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) { // without the address, which may hold a secret
			err = u.Err
		}
		return "", problem.New(problem.Unavailable, "the receiver was not reached: %v", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return "", problem.New(problem.Unavailable, "the answer of the receiver broke off")
	}
	if resp.StatusCode/100 != 2 {
		return "", problem.New(problem.Unavailable, "the receiver answered %s", resp.Status)
	}
	return resp.Status + " " + string(text), nil
}

// commandCall runs a program with its arguments as they are: no shell sees them.
type commandCall struct{ argv []string }

func (c commandCall) show() string {
	lines := make([]string, len(c.argv))
	for i, a := range c.argv {
		lines[i] = fmt.Sprintf("%d: %s", i, a)
	}
	return "Program and arguments, one a line, handed over without a shell\n" + strings.Join(lines, "\n") + "\n"
}

// bounded keeps the beginning of what is written and takes the rest without keeping it.
type bounded struct{ b []byte }

func (w *bounded) Write(p []byte) (int, error) {
	w.b = append(w.b, p[:min(len(p), maxAnswer-len(w.b))]...)
	return len(p), nil
}

func (c commandCall) send(ctx context.Context, _ []byte, _ time.Time) (string, error) {
	var out bounded
	cmd := exec.CommandContext(ctx, c.argv[0], c.argv[1:]...)
	cmd.Env, cmd.Dir = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"}, "/"
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &out, time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what it starts ends with it
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	err := cmd.Run()
	if ctx.Err() != nil {
		return "", problem.New(problem.Unavailable, "the command did not end in its time, and was stopped")
	}
	if err != nil {
		return "", problem.New(problem.Unavailable, "the command failed (%v): %s", err, out.b)
	}
	return "ended well: " + string(out.b), nil
}

type sshCall struct{ to, user, hostKey, line string }

func (s sshCall) show() string {
	print := "unreadable"
	if k, _, _, _, err := ssh.ParseAuthorizedKey([]byte(s.hostKey)); err == nil {
		print = ssh.FingerprintSHA256(k)
	}
	return fmt.Sprintf("SSH to %s as %s, whose host key is %s\n%s\n", s.to, s.user, print, s.line)
}

func (s sshCall) send(ctx context.Context, secret []byte, _ time.Time) (string, error) {
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(s.hostKey))
	if err != nil {
		return "", problem.New(problem.Invalid, "the host key of the connector cannot be read")
	}
	signer, err := ssh.ParsePrivateKey(secret)
	if err != nil {
		return "", problem.New(problem.Invalid, "the private key of the connector cannot be read") // without the error, which may quote the key
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.to)
	if err != nil {
		return "", problem.New(problem.Unavailable, "the other side was not reached: %v", err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })() // ends whatever waits
	c, channels, requests, err := ssh.NewClientConn(conn, s.to, &ssh.ClientConfig{User: s.user, Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)},
		HostKeyCallback: ssh.FixedHostKey(key), HostKeyAlgorithms: algorithms(key)})
	if err != nil {
		return "", problem.New(problem.Unavailable, "no SSH connection: %v", err)
	}
	client := ssh.NewClient(c, channels, requests)
	defer func() { _ = client.Close() }() // what it held is done with
	session, err := client.NewSession()
	if err != nil {
		return "", problem.New(problem.Unavailable, "no SSH session: %v", err)
	}
	defer func() { _ = session.Close() }() // it may have ended already
	var out bounded
	session.Stdout = &out // one of both: they are written from two goroutines
	err = session.Run(s.line)
	if ctx.Err() != nil {
		return "", problem.New(problem.Unavailable, "the command did not end in its time")
	}
	if err != nil {
		return "", problem.New(problem.Unavailable, "the command failed (%v): %s", err, out.b)
	}
	return "ended well: " + string(out.b), nil
}

// algorithms are those that a host key can sign with.
func algorithms(key ssh.PublicKey) []string {
	if key.Type() == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{key.Type()}
}
