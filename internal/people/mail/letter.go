package mail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"triward/internal/problem"
)

// Letter is one text to one reader.
type Letter struct {
	To      string    // one address, without a name: who@hospital.example
	Subject string    // one line
	Text    string    // plain text; lines end with "\n"
	At      time.Time // when it was written, for the header Date
	Key     string    // says the same of the same: two letters with one key and one reader have one Message-ID; "" is of the content
}

// Bounds of a letter.
const (
	mostSubject = 200       // characters
	mostText    = 256 << 10 // bytes
	mostAddress = 254       // RFC 5321 section 4.5.3.1.3
)

// sender is who letters come from.
type sender mail.Address

func (s sender) domain() string {
	_, domain, _ := strings.Cut(s.Address, "@")
	return domain
}

func readSender(text string) (sender, error) {
	a, err := mail.ParseAddress(text)
	if err != nil || hasControl(text) {
		return sender{}, problem.New(problem.Invalid, "must be an address such as triward@hospital.example")
	}
	if err := CheckAddress(a.Address); err != nil {
		return sender{}, err
	}
	return sender(*a), nil
}

// CheckAddress tells whether letters can be sent to an address: ASCII, one "@", nothing that a header or an SMTP command
// would read otherwise. Errors: Invalid.
func CheckAddress(address string) error {
	a, err := mail.ParseAddress(address)
	if err != nil || a.Address != address || len(address) > mostAddress || hasControl(address) || strings.ContainsAny(address, "<>\" ") || !ascii(address) {
		return problem.New(problem.Invalid, "%q is not an address that mail can be sent to", plain(address))
	}
	return nil
}

func hasControl(s string) bool { return strings.ContainsFunc(s, unicode.IsControl) }

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

// render is the letter as RFC 5322 asks, and its reader.
func (l Letter) render(from sender) (body []byte, to string, err error) {
	var faults problem.List
	if err := CheckAddress(l.To); err != nil {
		faults.Merge("to", err)
	}
	if n := utf8.RuneCountInString(l.Subject); n == 0 || n > mostSubject || hasControl(l.Subject) || !utf8.ValidString(l.Subject) {
		faults.Add("subject", "must be one line of 1 to %d characters", mostSubject)
	}
	if len(l.Text) > mostText || !utf8.ValidString(l.Text) {
		faults.Add("text", "must be text of at most %d KiB", mostText>>10)
	}
	if strings.ContainsFunc(l.Text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
		faults.Add("text", "must not hold control characters")
	}
	if l.At.IsZero() {
		faults.Add("at", "is required")
	}
	if err := faults.Err("the letter is not valid"); err != nil {
		return nil, "", err
	}
	var b bytes.Buffer
	header := func(name, value string) { b.WriteString(name + ": " + value + "\r\n") }
	header("From", (*mail.Address)(&from).String())
	header("To", "<"+l.To+">")
	header("Subject", mime.QEncoding.Encode("utf-8", l.Subject))
	header("Date", l.At.Format(time.RFC1123Z))
	header("Message-ID", "<"+l.id()+"@"+from.domain()+">")
	header("MIME-Version", "1.0")
	header("Content-Type", "text/plain; charset=utf-8")
	header("Content-Transfer-Encoding", "quoted-printable")
	header("Auto-Submitted", "auto-generated") // RFC 3834: no machine answers it
	b.WriteString("\r\n")
	w := quotedprintable.NewWriter(&b)
	if _, err := w.Write([]byte(strings.ReplaceAll(l.Text, "\n", "\r\n"))); err != nil {
		return nil, "", err
	}
	if err := w.Close(); err != nil {
		return nil, "", err
	}
	return b.Bytes(), l.To, nil
}

// id is the left side of the Message-ID.
func (l Letter) id() string {
	key := l.Key
	if key == "" {
		key = l.Subject + "\x00" + l.Text + "\x00" + l.At.Format(time.RFC3339Nano)
	}
	sum := sha256.Sum256([]byte(l.To + "\x00" + key))
	return hex.EncodeToString(sum[:16])
}
