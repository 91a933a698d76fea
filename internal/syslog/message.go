package syslog

import (
	"errors"
	"strings"
	"time"
)

// Form is how a message was written.
type Form uint8

const (
	Bare    Form = iota // neither of the two: all of it is text
	RFC5424             // <PRI>1 TIME HOST APP PROCID MSGID SD MSG
	RFC3164             // <PRI>Mmm dd hh:mm:ss HOST TAG[PID]: MSG, or any part of it
)

// Guess says what of a time the message did not say.
type Guess uint8

const (
	GuessedYear Guess = 1 << iota // taken from the time of receipt
	AssumedZone                   // neither the message nor the source says one: read as UTC
)

// Message is one syslog message.
type Message struct {
	Form     Form
	Facility int // 0 to 23; -1: the message has no priority
	Severity int // 0 (emergency) to 7 (debug); -1: the message has no priority
	Time     int64
	Guessed  Guess
	Host     string
	App      string // APP-NAME, or the TAG of RFC 3164
	Proc     string // PROCID
	ID       string // MSGID
	Data     []Param
	Text     string // MSG without the byte order mark
	Fault    string // what is wrong with the header, in words; the message is read all the same
}

// Param is one parameter of the structured data (RFC 5424 6.3). An element without parameters is one with an empty Name.
type Param struct{ Element, Name, Value string }

// Source is what is known of the sender.
type Source struct {
	Zone     *time.Location // where its clock stands; nil: not known
	Received int64          // µs UTC; 0: not known
}

// maxParams bounds the structured data of one message.
const maxParams = 1000

// ErrEmpty is given for a message without a byte that is not white space.
var ErrEmpty = errors.New("the message is empty")

// Decode reads one message into m, whose slices are used again.
func Decode(s string, from Source, m *Message) error {
	*m = Message{Facility: -1, Severity: -1, Data: m.Data[:0]}
	s = strings.TrimPrefix(s, bom)
	for s != "" && (s[len(s)-1] == '\n' || s[len(s)-1] == '\r' || s[len(s)-1] == 0) {
		s = s[:len(s)-1]
	}
	if s == "" || s[0] != '<' && strings.TrimSpace(s) == "" {
		return ErrEmpty
	}
	rest, ok := m.priority(s)
	if ok {
		if after, ok := strings.CutPrefix(rest, "1 "); ok {
			m.Form = RFC5424
			m.header(after, from)
			return nil
		}
	}
	m.legacy(rest, from)
	return nil
}

const bom = "\ufeff"

// priority reads <PRI>; without one the whole is what follows.
func (m *Message) priority(s string) (rest string, ok bool) {
	if len(s) < 3 || s[0] != '<' {
		return s, false
	}
	n, i := 0, 1
	for i < len(s) && i < 5 && s[i] >= '0' && s[i] <= '9' {
		n = n*10 + int(s[i]-'0')
		i++
	}
	if i == 1 || i >= len(s) || s[i] != '>' {
		return s, false
	}
	if n > 191 {
		m.Fault = "the priority is above 191"
		return s[i+1:], true
	}
	m.Facility, m.Severity = n/8, n%8
	return s[i+1:], true
}

// header reads what follows "<PRI>1 " (RFC 5424 6).
func (m *Message) header(s string, from Source) {
	at, s := word(s)
	if at != "-" {
		t, rest, ok := ParseTime(at)
		if ok && rest == "" {
			m.Time, m.Guessed = t.instant(from.Zone)
		} else {
			m.Fault = "the time is not one of RFC 5424"
		}
	}
	m.Host, s = value(s)
	m.App, s = value(s)
	m.Proc, s = value(s)
	m.ID, s = value(s)
	rest, fault := m.structured(s)
	if fault != "" {
		m.Fault = fault
		m.Data = m.Data[:0]
		rest = s
	}
	m.Text = strings.TrimPrefix(rest, bom)
}

// word cuts at the next space.
func word(s string) (w, rest string) {
	if i := strings.IndexByte(s, ' '); i >= 0 {
		return s[:i], s[i+1:]
	}
	return s, ""
}

// value is a word, "" for the nil value.
func value(s string) (w, rest string) {
	w, rest = word(s)
	if w == "-" {
		w = ""
	}
	return w, rest
}

// structured reads STRUCTURED-DATA and the space behind it.
func (m *Message) structured(s string) (rest, fault string) {
	if s == "" {
		return "", ""
	}
	if s[0] == '-' && (len(s) == 1 || s[1] == ' ') {
		return strings.TrimPrefix(s[1:], " "), ""
	}
	if s[0] != '[' {
		return s, "there is no structured data"
	}
	for s != "" && s[0] == '[' {
		i := strings.IndexAny(s, " ]")
		if i < 2 {
			return "", "an element of the structured data has no name or no end"
		}
		element := s[1:i]
		s = s[i:]
		if s[0] == ']' {
			m.Data = append(m.Data, Param{Element: element})
		}
		for s != "" && s[0] == ' ' {
			name, after, ok := strings.Cut(strings.TrimLeft(s, " "), `="`)
			if !ok || name == "" || strings.ContainsAny(name, `"] `) {
				return "", "a parameter of the structured data has no name"
			}
			end, escaped := quoted(after)
			if end < 0 {
				return "", "a parameter of the structured data has no end"
			}
			if len(m.Data) >= maxParams {
				return "", "there are more than 1,000 parameters"
			}
			v := after[:end]
			if escaped {
				v = unescape(v)
			}
			m.Data = append(m.Data, Param{element, name, v})
			s = after[end+1:]
		}
		if s == "" || s[0] != ']' {
			return "", "an element of the structured data has no end"
		}
		s = s[1:]
	}
	return strings.TrimPrefix(s, " "), ""
}

// quoted finds the quote that ends a value.
func quoted(s string) (end int, escaped bool) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			return i, escaped
		case '\\':
			if i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\' || s[i+1] == ']') {
				escaped = true
				i++
			}
		}
	}
	return -1, false
}

func unescape(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\' || s[i+1] == ']') {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
