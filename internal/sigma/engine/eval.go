package engine

import (
	"strconv"

	"triward/internal/sigma"
)

// eval says whether a node of a rule holds for the record.
func (w *Worker) eval(n *node) bool {
	switch n.op {
	case sigma.And:
		for i := range n.kids {
			if !w.eval(&n.kids[i]) {
				return false
			}
		}
		return true
	case sigma.Or:
		for i := range n.kids {
			if w.eval(&n.kids[i]) {
				return true
			}
		}
		return false
	case sigma.Not:
		return !w.eval(&n.kids[0])
	}
	m := w.memo[n.atom]
	if m>>1 == w.record.epoch {
		return m&1 == 1
	}
	holds := w.holds(w.engine.atoms[n.atom])
	w.memo[n.atom] = w.record.epoch<<1 | uint32(bit(holds))
	return holds
}

func (w *Worker) holds(a *atom) bool {
	switch a.kind {
	case sigma.Presence:
		return (w.record.there(a.field) != nil) == a.want
	case sigma.Reference:
		return w.refers(a)
	case sigma.Number:
		return w.compares(a)
	case sigma.Network:
		return w.within(a)
	}
	return w.reads(a)
}

// reads compares text. Inside of the rule's own log source a field that is absent reads as the empty text.
func (w *Worker) reads(a *atom) bool {
	r := &w.record
	w.list = w.list[:0]
	if a.field == everything {
		every := r.all()
		for i := range every {
			w.list = append(w.list, &every[i])
		}
		return w.values(a)
	}
	head := r.head(a.field)
	if head < 0 {
		return a.null || w.own && a.empty
	}
	for i := head; i >= 0; i = r.values[i].next {
		if a.null && w.own && len(r.decode(&r.values[i])) == 0 {
			return true
		}
		w.list = append(w.list, &r.values[i])
	}
	return w.values(a)
}

// values is true when one of the wanted is in one of the listed values; with all, when each wanted is in one of them.
func (w *Worker) values(a *atom) bool {
	if !a.all {
		for _, v := range w.list {
			if a.accepts(w.bytes(a, v)) {
				return true
			}
		}
		return false
	}
	for i := range max(len(a.tests), len(a.regexps)) {
		found := false
		for _, v := range w.list {
			if found = a.one(i, w.bytes(a, v)); found {
				break
			}
		}
		if !found {
			return false
		}
	}
	return len(a.tests)+len(a.regexps) > 0
}

// bytes is the text that an atom compares: never nil, which stands for what is absent.
func (w *Worker) bytes(a *atom, v *value) []byte {
	var b []byte
	if a.cased || a.kind == sigma.Regex {
		b = w.record.decode(v)
	} else {
		b = w.record.folded(v)
	}
	if b == nil {
		return nothing
	}
	return b
}

var nothing = []byte{}

// refers compares the values of a field with those of others.
func (w *Worker) refers(a *atom) bool {
	for _, o := range a.others {
		if w.refersTo(a, o) != a.all {
			return !a.all
		}
	}
	return a.all
}

func (w *Worker) refersTo(a *atom, other int32) bool {
	r := &w.record
	for i := r.head(a.field); i >= 0; i = r.values[i].next {
		for j := r.head(other); j >= 0; j = r.values[j].next {
			t := test{shape: a.shape, text: w.bytes(a, &r.values[j])}
			if t.matches(w.bytes(a, &r.values[i])) {
				return true
			}
		}
	}
	return false
}

// compares compares numbers, or the part of an instant.
func (w *Worker) compares(a *atom) bool {
	r := &w.record
	for i := r.head(a.field); i >= 0; i = r.values[i].next {
		x, ok := 0.0, false
		if text := r.decode(&r.values[i]); a.unit == sigma.NoUnit {
			x, ok = number(text)
		} else if at, good := instant(text); good {
			x, ok = unitOf(at, a.unit), true
		}
		if !ok {
			continue
		}
		for _, n := range a.numbers {
			if a.compare.Holds(x, n) {
				return true
			}
		}
	}
	return false
}

// number reads a decimal number, also with an exponent.
func number(b []byte) (float64, bool) {
	if len(b) == 0 || len(b) > 32 {
		return 0, false
	}
	for _, c := range b {
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return 0, false
		}
	}
	x, err := strconv.ParseFloat(string(b), 64)
	return x, err == nil
}

// within says whether an address of the field is in one of the networks.
func (w *Worker) within(a *atom) bool {
	r := &w.record
	if !a.all {
		for i := r.head(a.field); i >= 0; i = r.values[i].next {
			if x, ok := address(r.decode(&r.values[i])); ok {
				for _, n := range a.networks {
					if n.Contains(x) {
						return true
					}
				}
			}
		}
		return false
	}
	for _, n := range a.networks {
		found := false
		for i := r.head(a.field); i >= 0 && !found; i = r.values[i].next {
			x, ok := address(r.decode(&r.values[i]))
			found = ok && n.Contains(x)
		}
		if !found {
			return false
		}
	}
	return true
}

// ParseNumber reads a number as comparisons do.
func ParseNumber(s string) (float64, bool) { return number([]byte(s)) }
