package eventlog

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"triward/internal/problem"
)

// Exercise begins the source of events that an exercise made; the number of its incident follows. No record can say so of
// itself: we name sources.
const Exercise = "exercise:"

// Real leaves out the events of exercises.
func Real() Condition {
	return Condition{Field: "source", Op: Begins, Values: []string{Exercise}, Not: true}
}

// Op is how a condition compares. Text is compared without regard to the case of ASCII letters.
type Op string

// The closed list of comparisons.
const (
	Is       Op = "is"       // equal to one of the values
	Contains Op = "contains" // has one of the values in it
	Begins   Op = "begins"   // begins with one of the values
	Ends     Op = "ends"     // ends with one of the values
	AtLeast  Op = "atleast"  // a whole number, not below the value
	AtMost   Op = "atmost"   // a whole number, not above the value
	Within   Op = "within"   // an address in one of the networks (CIDR); of src.ip, dst.ip and any.ip
	Present  Op = "present"  // there and not empty; no values
)

var addresses = []string{"src.ip", "dst.ip", "any.ip"}

var ops = []Op{Is, Contains, Begins, Ends, AtLeast, AtMost, Within, Present}

// Condition is one demand on a field. A field is a name that Event.Value knows, or a pivot: "any.device" is the device or
// the peer, "any.ip" the source or the destination address. A field that is not there is "": Is with the value "" finds it.
type Condition struct {
	Field  string   `json:"field"`
	Op     Op       `json:"op"`
	Values []string `json:"values,omitempty"` // any of them
	Not    bool     `json:"not,omitempty"`    // the opposite
}

// Dating says whether events without a time of their own are meant.
type Dating string

// The closed list of datings.
const (
	AnyDating Dating = ""
	Dated     Dating = "dated"
	Undated   Dating = "undated"
)

// Query is which events are asked for: all demands hold. The zero Query asks for all events.
type Query struct {
	From   int64       `json:"from,omitempty"` // microseconds of Event.At, inclusive; 0: from the first
	To     int64       `json:"to,omitempty"`   // exclusive; 0: to the last
	Dating Dating      `json:"dating,omitempty"`
	Where  []Condition `json:"where,omitempty"`
	Text   string      `json:"text,omitempty"` // words that all occur, whole, in the original or the message; "two words" in quotes stand together
	After  Mark        `json:"-"`              // Search: continue behind this event
	Limit  int         `json:"-"`              // Search: events of a page, 1 to MaxPage; 0: 50
}

// MaxPage is how many events one page of a search has at most.
const MaxPage = 1000

// Limits of a query.
const (
	maxConditions = 32
	maxValues     = 1000
	maxWords      = 32
)

// Page is a part of what a search finds, newest first: by At, then by id, both falling.
type Page struct {
	Events []Event
	Next   Mark // where the next page begins; the zero Mark: there is no more
}

// Mark is a place in the order of events. The zero Mark is before the first.
type Mark struct {
	At int64
	ID ID
}

// MarkOf is the place of an event.
func MarkOf(e *Event) Mark { return Mark{At: e.At(), ID: e.ID} }

// String is the mark as it stands in an address; "" for the zero Mark.
func (m Mark) String() string {
	if m == (Mark{}) {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(append(strconv.AppendInt(nil, m.At, 36), append([]byte{'.'}, m.ID[:]...)...))
}

// ParseMark reads what String gives.
func ParseMark(s string) (Mark, error) {
	if s == "" {
		return Mark{}, nil
	}
	bad := problem.New(problem.Invalid, "the mark of the page cannot be read")
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) < 18 || b[len(b)-17] != '.' {
		return Mark{}, bad
	}
	at, err := strconv.ParseInt(string(b[:len(b)-17]), 36, 64)
	if err != nil {
		return Mark{}, bad
	}
	return Mark{At: at, ID: ID(b[len(b)-16:])}, nil
}

// Bucket is how events are counted: by time, by a field, or by both.
type Bucket struct {
	Width int64  // microseconds of a bucket, counted from 1970 in UTC; 0: time does not matter
	By    string // a name that Event.Value knows; "": no field
}

// Count is how many events fall in a bucket. At is its begin, Value the folded value of the field.
type Count struct {
	At    int64
	Value string
	N     int64
}

// MaxCounts is how many rows a Count gives at most; more is Invalid, and asks for wider buckets or a field with fewer values.
const MaxCounts = 100_000

// Validate checks a query and its words.
func (q Query) Validate() error {
	var faults []problem.Fault
	wrong := func(path, format string, args ...any) {
		faults = append(faults, problem.Fault{Path: path, Reason: fmt.Sprintf(format, args...)})
	}
	if q.From < 0 || q.To < 0 || q.To != 0 && q.To <= q.From {
		wrong("to", "the window ends before it begins")
	}
	if q.Dating != AnyDating && q.Dating != Dated && q.Dating != Undated {
		wrong("dating", "%q is not dated or undated", q.Dating)
	}
	if q.Limit < 0 || q.Limit > MaxPage {
		wrong("limit", "a page has 1 to %d events", MaxPage)
	}
	if len(q.Where) > maxConditions {
		wrong("where", "at most %d conditions", maxConditions)
	}
	for i, c := range q.Where {
		if err := c.check(); err != "" {
			wrong(fmt.Sprintf("where[%d]", i), "%s", err)
		}
	}
	if len(q.Text) > MaxValue || len(Words(q.Text)) > maxWords {
		wrong("text", "at most %d words", maxWords)
	}
	if len(faults) > 0 {
		return &problem.Error{Kind: problem.Invalid, Message: "the search cannot be run", Faults: faults}
	}
	return nil
}

// check says what is wrong with a condition; "" when nothing is.
func (c Condition) check() string {
	if c.Field == "" || len(c.Field) > MaxName {
		return "a condition names a field"
	}
	if len(c.Values) > maxValues {
		return fmt.Sprintf("at most %d values", maxValues)
	}
	if !slices.Contains(ops, c.Op) {
		return fmt.Sprintf("%q is not a comparison", c.Op)
	}
	if (c.Op == Present) != (len(c.Values) == 0) {
		return "present has no values, every other comparison at least one"
	}
	for _, v := range c.Values {
		if len(v) > MaxValue {
			return "a value is too long"
		}
		switch c.Op {
		case Contains, Begins, Ends:
			if v == "" {
				return "a part of a text cannot be empty"
			}
		case AtLeast, AtMost:
			if _, err := strconv.ParseInt(v, 10, 64); err != nil || len(c.Values) > 1 {
				return "at least and at most have one whole number"
			}
		case Within:
			if !slices.Contains(addresses, c.Field) {
				return "only src.ip, dst.ip and any.ip have networks"
			}
			if _, err := ParseNetwork(v); err != nil {
				return fmt.Sprintf("%q is not a network (10.0.0.0/8) or an address", v)
			}
		}
	}
	return ""
}

// ParseNetwork reads a network in CIDR form, or one address.
func ParseNetwork(s string) (netip.Prefix, error) {
	if !strings.Contains(s, "/") {
		a, err := netip.ParseAddr(s)
		if err != nil {
			return netip.Prefix{}, err
		}
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err
}

// Word is a part of a search text: it occurs whole, so that a letter or a digit stands neither right before nor right
// behind it. It may hold other characters, even spaces when it was in quotes.
type Word string

// Words takes a search text apart, folded.
func Words(text string) []Word {
	var out []Word
	for i, part := range strings.Split(Fold(text), `"`) {
		if i%2 == 0 {
			for _, w := range strings.Fields(part) {
				out = append(out, Word(w))
			}
		} else if part = strings.TrimSpace(part); part != "" {
			out = append(out, Word(part))
		}
	}
	return out
}

// Fold makes the ASCII letters of a text small.
func Fold(s string) string {
	for i := range len(s) {
		if s[i] >= 'A' && s[i] <= 'Z' {
			b := []byte(s)
			FoldBytes(b[i:])
			return string(b)
		}
	}
	return s
}

// FoldBytes makes the ASCII letters of b small, in place.
func FoldBytes(b []byte) {
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
}

// InWord reports whether a byte belongs to a word: letters, digits, and everything that is not ASCII.
func InWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// In reports whether the word occurs in a folded text.
func (w Word) In(folded []byte) bool {
	for from := 0; ; from++ {
		i := bytes.Index(folded[from:], []byte(w))
		if i < 0 {
			return false
		}
		if from += i; w.Stands(folded, from) {
			return true
		}
	}
}

// Stands reports whether the word, which a folded text has at a place, is whole there.
func (w Word) Stands(folded []byte, at int) bool {
	end := at + len(w)
	return (at == 0 || !InWord(folded[at-1]) || !InWord(w[0])) &&
		(end == len(folded) || !InWord(folded[end]) || !InWord(w[len(w)-1]))
}
