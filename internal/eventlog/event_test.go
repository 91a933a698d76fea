package eventlog

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestIDs(t *testing.T) {
	m, err := NewMinter()
	if err != nil {
		t.Fatal(err)
	}
	const received = 1_764_345_600_123_456
	a, b := m.Next(received), m.Next(received)
	if !a.Live() || a.Millis() != received/1000 || a == b || slices.Compare(a[:], b[:]) >= 0 {
		t.Errorf("live ids %s and %s", a, b)
	}
	d := Derive("src_a", "digest")
	if d.At(7).Live() || d.At(7) != Derive("src_a", "digest").At(7) || d.At(7) == d.At(8) || d.At(7) == Derive("src_b", "digest").At(7) {
		t.Error("derived ids do not follow from source, batch and ordinal")
	}
	if Derive("a", "1 b") == Derive("a 1", "b") {
		t.Error("source and batch flow into each other")
	}
	got, err := ParseID(a.String())
	if err != nil || got != a {
		t.Errorf("ParseID(%s) = %s, %v", a, got, err)
	}
	for _, s := range []string{"", "00", strings.Repeat("0", 31) + "g"} {
		if _, err := ParseID(s); err == nil {
			t.Errorf("ParseID(%q) is accepted", s)
		}
	}
}

func TestFitMakesValid(t *testing.T) {
	m, err := NewMinter()
	if err != nil {
		t.Fatal(err)
	}
	e := Event{ID: m.Next(1), Received: 1, Format: "raw", User: "\xff" + strings.Repeat("ü", MaxText), Message: strings.Repeat("x", MaxMessage+1),
		Fields: []Field{{"b", "1"}, {"a", "2"}, {"b", "3"}, {"", "4"}}}
	if e.Validate() == nil {
		t.Error("an event over every limit is valid")
	}
	e.Fit()
	if err := e.Validate(); err != nil {
		t.Error(err)
	}
	if e.Fault == "" || len(e.User) > MaxText || !strings.HasPrefix(e.User, "\uFFFDü") {
		t.Errorf("fault %q, user %q", e.Fault, e.User)
	}
	if diff := cmp.Diff([]Field{{"a", "2"}, {"b", "1"}}, e.Fields); diff != "" {
		t.Error(diff)
	}
	if e.Field("b") != "1" || e.Field("c") != "" {
		t.Error("Field does not find by name")
	}
}

func TestMarkSurvivesAddress(t *testing.T) {
	for _, m := range []Mark{{}, {At: 1, ID: ID{1, '.', 3}}, {At: -5, ID: ID{15: 255}}} {
		got, err := ParseMark(m.String())
		if err != nil || got != m {
			t.Errorf("%v becomes %v, %v", m, got, err)
		}
	}
	for _, s := range []string{"!", "AAAA", Mark{At: 1}.String()[1:]} {
		if _, err := ParseMark(s); err == nil {
			t.Errorf("mark %q is accepted", s)
		}
	}
}

func TestWordsOccurWhole(t *testing.T) {
	const text = `jan 5 ct-2 pacs[311]: login failed for user=alice from 10.1.2.30`
	for words, want := range map[string]bool{
		"login": true, "LOGIN failed": true, "log": false, "10.1.2.3": false, "10.1.2.30": true, `"failed for"`: true, `"for failed"`: false,
		"alice": true, "lice": false, "user=alice": true, "=alice": true, "2": true, "311 ct": true, "": true, `"`: true,
	} {
		got := true
		for _, w := range Words(words) {
			got = got && w.In([]byte(text))
		}
		if got != want {
			t.Errorf("%q found: %v", words, got)
		}
	}
}

func TestQueryRefuses(t *testing.T) {
	for name, q := range map[string]Query{
		"window": {From: 5, To: 5}, "dating": {Dating: "x"}, "limit": {Limit: MaxPage + 1}, "no field": {Where: []Condition{{Op: Is, Values: []string{"a"}}}},
		"no values": {Where: []Condition{{Field: "user", Op: Is}}}, "values": {Where: []Condition{{Field: "user", Op: Present, Values: []string{"a"}}}},
		"comparison": {Where: []Condition{{Field: "user", Op: "like", Values: []string{"a"}}}}, "empty part": {Where: []Condition{{Field: "user", Op: Ends, Values: []string{""}}}},
		"number": {Where: []Condition{{Field: "class", Op: AtLeast, Values: []string{"x"}}}}, "network": {Where: []Condition{{Field: "src.ip", Op: Within, Values: []string{"10/8"}}}},
		"network of a text": {Where: []Condition{{Field: "host", Op: Within, Values: []string{"10.0.0.0/8"}}}}, "words": {Text: strings.Repeat("a ", maxWords+1)},
	} {
		if q.Validate() == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestMatch(t *testing.T) {
	e := Event{Received: 100, Format: "syslog", Class: 3002, Severity: 4, SrcIP: "10.1.2.3", DstPort: 22, User: "Alice", Device: "dev_1",
		Fields: []Field{{"bytes.out", "900"}}, Raw: []byte("LOGIN failed")}
	is := func(field string, op Op, values ...string) Query {
		return Query{Where: []Condition{{Field: field, Op: op, Values: values}}}
	}
	not := func(q Query) Query { q.Where[0].Not = true; return q }
	for name, c := range map[string]struct {
		q    Query
		want bool
	}{
		"all": {Query{}, true}, "before": {Query{To: 100}, false}, "in": {Query{From: 100, To: 101}, true}, "dated": {Query{Dating: Dated}, false}, "undated": {Query{Dating: Undated}, true},
		"user": {is("user", Is, "bob", "ALICE"), true}, "class": {is("class", Is, "3002"), true}, "port": {is("dst.port", Is, "22"), true}, "no port": {is("src.port", Present), false},
		"number": {is("bytes.out", AtLeast, "900"), true}, "number below": {is("bytes.out", AtMost, "899"), false}, "net": {is("src.ip", Within, "10.1.0.0/16"), true},
		"no net": {is("dst.ip", Within, "10.1.0.0/16"), false}, "pivot": {is("any.ip", Is, "10.1.2.3"), true}, "absent is empty": {is("nothing", Is, ""), true},
		"absent": {is("nothing", Present), false}, "not": {not(is("user", Is, "alice")), false}, "not absent": {not(is("nothing", Is, "x")), true},
		"not pivot": {not(is("any.device", Is, "dev_1")), false}, "begins": {is("user", Begins, "al"), true}, "ends": {is("user", Ends, "CE"), true}, "contains": {is("raw", Contains, "in f"), true},
		"text": {Query{Text: "failed login"}, true}, "no text": {Query{Text: "fail"}, false},
	} {
		m, err := NewMatcher(c.q)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if m.Match(&e) != c.want {
			t.Errorf("%s is %v", name, !c.want)
		}
	}
}
