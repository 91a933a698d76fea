package eventlog

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Value is what an event has under a name, as text; "" when it has nothing there. The names are those of the columns, in
// the words that rules use: id source format fault product category service class activity severity outcome dev.id
// peer.id dev.site dev.ward dev.zone peer.zone user host src.ip dst.ip src.port dst.port proto hash message raw, and the
// names of Fields. A number that is 0 is "" but for the OCSF codes. clock.skew is the estimate of the clock's error in whole
// seconds, rounded down; "" when there is none.
func (e *Event) Value(name string) string {
	switch name {
	case "id":
		return e.ID.String()
	case "source":
		return e.Source
	case "format":
		return e.Format
	case "fault":
		return e.Fault
	case "product":
		return e.Product
	case "category":
		return e.Category
	case "service":
		return e.Service
	case "class":
		return strconv.Itoa(e.Class)
	case "activity":
		return strconv.Itoa(e.Activity)
	case "severity":
		return strconv.Itoa(e.Severity)
	case "outcome":
		return strconv.Itoa(e.Outcome)
	case "dev.id":
		return e.Device
	case "peer.id":
		return e.Peer
	case "dev.site":
		return e.Site
	case "dev.ward":
		return e.Ward
	case "dev.zone":
		return e.Zone
	case "peer.zone":
		return e.PeerZone
	case FieldSkew:
		if e.SkewKnown {
			return strconv.FormatInt(SkewSeconds(e.Skew), 10)
		}
		return ""
	}
	return e.said(name)
}

// FieldSkew is the name of the estimate of the clock's error.
const FieldSkew = "clock.skew"

// SkewSeconds is an estimate in microseconds in whole seconds, rounded down.
func SkewSeconds(skew int64) int64 {
	s := skew / 1_000_000
	if skew%1_000_000 < 0 {
		s--
	}
	return s
}

// said are the values that come from the record itself.
func (e *Event) said(name string) string {
	switch name {
	case "user":
		return e.User
	case "host":
		return e.Host
	case "src.ip":
		return e.SrcIP
	case "dst.ip":
		return e.DstIP
	case "src.port":
		return port(e.SrcPort)
	case "dst.port":
		return port(e.DstPort)
	case "proto":
		return e.Proto
	case "hash":
		return e.Hash
	case "message":
		return e.Message
	case "raw":
		return string(e.Raw)
	}
	return e.Field(name)
}

func port(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// Pivots are the fields of a condition that stand for several, with the names that they stand for.
var Pivots = map[string][]string{
	"any.device": {"dev.id", "peer.id"},
	"any.ip":     {"src.ip", "dst.ip"},
}

// Matcher decides whether events fulfil a query. It is safe for use by many goroutines.
type Matcher struct {
	query Query
	where []Test
	words []Word
}

// Test is a condition made ready: Holds decides over a value.
type Test struct {
	Names []string // the fields that it looks at: the condition holds when one of them does
	Not   bool
	op    Op
	texts []string // folded
	nets  []netip.Prefix
	bound int64
}

// NewMatcher checks a query and makes it ready.
func NewMatcher(q Query) (*Matcher, error) {
	if err := q.Validate(); err != nil {
		return nil, err
	}
	m := &Matcher{query: q, words: Words(q.Text)}
	for _, c := range q.Where {
		t := Test{Names: []string{c.Field}, Not: c.Not, op: c.Op}
		if names := Pivots[c.Field]; names != nil {
			t.Names = names
		}
		for _, v := range c.Values {
			switch c.Op {
			case AtLeast, AtMost:
				t.bound, _ = strconv.ParseInt(v, 10, 64) // Validate read it
			case Within:
				p, _ := ParseNetwork(v)
				t.nets = append(t.nets, p)
			default:
				t.texts = append(t.texts, Fold(v))
			}
		}
		m.where = append(m.where, t)
	}
	return m, nil
}

// Tests are the conditions made ready.
func (m *Matcher) Tests() []Test { return m.where }

// Words are the words of the text.
func (m *Matcher) Words() []Word { return m.words }

// Exact are the folded values one of which a field must equal; nil when the test asks for something else.
func (t *Test) Exact() []string {
	if t.op != Is || t.Not || slices.Contains(t.texts, "") {
		return nil
	}
	return t.texts
}

// Holds decides over one value, without regard to Not.
func (t *Test) Holds(value string) bool {
	switch t.op {
	case Present:
		return value != ""
	case AtLeast, AtMost:
		n, err := strconv.ParseInt(value, 10, 64)
		return err == nil && (t.op == AtLeast && n >= t.bound || t.op == AtMost && n <= t.bound)
	case Within:
		a, err := netip.ParseAddr(value)
		return err == nil && slices.ContainsFunc(t.nets, func(p netip.Prefix) bool { return p.Contains(a) })
	}
	folded := Fold(value)
	return slices.ContainsFunc(t.texts, func(s string) bool {
		switch t.op {
		case Contains:
			return strings.Contains(folded, s)
		case Begins:
			return strings.HasPrefix(folded, s)
		case Ends:
			return strings.HasSuffix(folded, s)
		default:
			return folded == s
		}
	})
}

// InTime reports whether an event at a time is in the window.
func (q *Query) InTime(at int64) bool { return at >= q.From && (q.To == 0 || at < q.To) }

// Fits reports whether the dating of an event is the one that is asked for.
func (d Dating) Fits(dated bool) bool { return d == AnyDating || (d == Dated) == dated }

// Match reports whether an event fulfils the query.
func (m *Matcher) Match(e *Event) bool {
	if !m.query.InTime(e.At()) || !m.query.Dating.Fits(e.Time != 0) {
		return false
	}
	for i := range m.where {
		t := &m.where[i]
		if slices.ContainsFunc(t.Names, func(n string) bool { return t.Holds(e.Value(n)) }) == t.Not {
			return false
		}
	}
	if len(m.words) == 0 {
		return true
	}
	raw, message := slices.Clone(e.Raw), []byte(e.Message)
	FoldBytes(raw)
	FoldBytes(message)
	for _, w := range m.words {
		if !w.In(raw) && !w.In(message) {
			return false
		}
	}
	return true
}
