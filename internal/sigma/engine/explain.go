package engine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/sigma"
)

// Reason is one comparison that made a rule fire.
type Reason struct {
	Search string // the rule's name of its part
	Field  string // "" for keywords
	Value  string // of the event; cut after 500 bytes
	Wanted string // as the rule writes it
}

// Explain names what made a rule fire on the current event: the comparisons outside of any "not" that hold.
func (w *Worker) Explain(rule int) []Reason {
	var out []Reason
	w.explain(w.engine.set.Rules[rule].Condition, &out)
	return out
}

func (w *Worker) explain(n *sigma.Node, out *[]Reason) {
	switch n.Op {
	case sigma.Match:
		if r, ok := w.reason(n); ok && !slices.Contains(*out, r) {
			*out = append(*out, r)
		}
	case sigma.And, sigma.Or:
		for _, k := range n.Kids {
			if n.Op == sigma.And || w.true(k) {
				w.explain(k, out)
			}
		}
	}
}

// true evaluates a part of a rule as it was written.
func (w *Worker) true(n *sigma.Node) bool {
	switch n.Op {
	case sigma.And:
		return !slices.ContainsFunc(n.Kids, func(k *sigma.Node) bool { return !w.true(k) })
	case sigma.Or:
		return slices.ContainsFunc(n.Kids, w.true)
	case sigma.Not:
		return !w.true(n.Kids[0])
	}
	return w.holds(newAtom(&w.engine.fields, n.Item))
}

// reason finds the value and the wish that met.
func (w *Worker) reason(n *sigma.Node) (Reason, bool) {
	a := newAtom(&w.engine.fields, n.Item)
	if !w.holds(a) {
		return Reason{}, false
	}
	r := Reason{Search: n.Search, Field: n.Item.Field, Wanted: wanted(n.Item)}
	for i := range a.tests {
		one := *a
		one.all, one.tests, one.null = false, a.tests[i:i+1], false
		if one.empty = one.accepts(nil); w.holds(&one) {
			r.Value, r.Wanted = w.found(&one), n.Item.Patterns[i].String()
			return r, true
		}
	}
	r.Value = w.found(a)
	return r, true
}

// found is the value of the event that an atom accepts.
func (w *Worker) found(a *atom) string {
	list := w.record.every
	if a.field != everything {
		list = nil
		for i := w.record.head(a.field); i >= 0; i = w.record.values[i].next {
			list = append(list, w.record.values[i])
		}
	}
	textual := a.kind == sigma.Text || a.kind == sigma.Regex
	for i := range list {
		if !textual || a.accepts(w.bytes(a, &list[i])) || a.all {
			text := w.record.decode(&list[i])
			return strings.ToValidUTF8(string(text[:min(len(text), 500)]), "")
		}
	}
	return ""
}

// wanted writes an item's values shortly.
func wanted(t *sigma.Item) string {
	var out []string
	switch t.Kind {
	case sigma.Presence:
		return fmt.Sprintf("exists: %t", t.Want)
	case sigma.Reference:
		return "fieldref: " + strings.Join(t.Others, ", ")
	case sigma.Number:
		order := map[sigma.Comparison]string{sigma.Equal: "=", sigma.Less: "<", sigma.LessEqual: "<=", sigma.Greater: ">", sigma.GreaterEqual: ">="}
		for _, n := range t.Numbers {
			out = append(out, fmt.Sprintf("%s %v", order[t.Compare], n))
		}
	}
	for _, p := range t.Patterns {
		out = append(out, p.String())
	}
	for _, r := range t.Regexps {
		out = append(out, r.String())
	}
	for _, n := range t.Networks {
		out = append(out, n.String())
	}
	if t.Null {
		out = append(out, "null")
	}
	return strings.Join(out[:min(len(out), 10)], ", ")
}

// times are the names under which records say when they were made, the most exact first.
var times = []string{"ts", "timestamp", "UtcTime", "Event.System.TimeCreated.#attributes.SystemTime", "@timestamp", "EventTime",
	"TimeCreated", "eventTime", "_time", "datetime", "time"}

// Time is when the record says that it was made; false when it does not say.
func (w *Worker) Time() (time.Time, bool) {
	for _, n := range times {
		if s, ok := w.engine.fields.slots[n]; ok {
			if text, ok := w.record.first(s); ok {
				if t, ok := instant(text); ok {
					return t, true
				}
			}
		}
	}
	return time.Time{}, false
}
