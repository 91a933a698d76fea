package engine

import (
	"bytes"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"triward/internal/sigma"
)

// everything stands for the field of keywords: all values of a record.
const everything int32 = -1

// maxSearched bounds how much of a value a regular expression looks at, so that no rule and no event stop the engine.
const maxSearched = 64 << 10

// atom is a compiled sigma.Item. Items that are the same are one atom, evaluated once for an event.
type atom struct {
	field    int32
	kind     sigma.Kind
	all      bool
	cased    bool
	null     bool // true where the field is absent
	empty    bool // what the patterns or expressions say of the empty text
	tests    []test
	set      map[string]struct{} // of whole texts, in place of many tests
	many     *grams              // of texts inside, in place of many tests
	regexps  []*regexp.Regexp
	networks []netip.Prefix
	compare  sigma.Comparison
	numbers  []float64
	unit     sigma.Unit
	want     bool
	others   []int32
	shape    sigma.Shape
	cost     int
	item     *sigma.Item
}

// test is one pattern: a text at one place of the value, or a walk through parts.
type test struct {
	shape sigma.Shape
	text  []byte
	parts []part // when set, shape and text do not count
	some  bool   // only *: the field has to have a value
}

type part struct {
	wild sigma.Wild
	text []byte
}

// manyTests is from how many tests on a table is quicker than one test after the other.
const manyTests = 8

func newAtom(f *fields, t *sigma.Item) *atom {
	a := &atom{field: everything, kind: t.Kind, all: t.All, cased: t.Cased, null: t.Null, regexps: t.Regexps,
		networks: t.Networks, compare: t.Compare, numbers: t.Numbers, unit: t.Unit, want: t.Want, shape: t.Shape, item: t}
	if t.Field != "" {
		a.field = f.slot(t.Field)
	}
	for _, o := range t.Others {
		a.others = append(a.others, f.slot(o))
	}
	for _, p := range t.Patterns {
		a.tests = append(a.tests, newTest(t, p))
	}
	a.empty = a.accepts(nil)
	a.cost = a.weight()
	return a
}

// quicken puts tables in the place of many tests.
func (a *atom) quicken(common *gramCounts) {
	if a.all || a.cased {
		return
	}
	var whole, inside, rest []test
	for _, t := range a.tests {
		switch {
		case t.parts == nil && t.shape == sigma.Whole:
			whole = append(whole, t)
		case t.parts == nil && t.shape == sigma.Inside && len(t.text) >= gram:
			inside = append(inside, t)
		default:
			rest = append(rest, t)
		}
	}
	if len(whole) >= manyTests {
		a.set = make(map[string]struct{}, len(whole))
		for _, t := range whole {
			a.set[string(t.text)] = struct{}{}
		}
	} else {
		rest = append(rest, whole...)
	}
	if len(inside) >= manyTests {
		var entries []entry
		for _, t := range inside {
			entries = append(entries, entry{text: t.text})
		}
		a.many = &grams{}
		a.many.fill(entries, common)
	} else {
		rest = append(rest, inside...)
	}
	a.tests = rest
}

func newTest(item *sigma.Item, p sigma.Pattern) test {
	var parts []part
	literals, text := 0, ""
	for _, x := range p {
		s := x.Text
		if !item.Cased {
			s = sigma.Fold(s)
		}
		if x.Wild == sigma.Literal {
			literals++
			text = s
		}
		parts = append(parts, part{x.Wild, []byte(s)})
	}
	is := func(i int, w sigma.Wild) bool { return p[i].Wild == w }
	t := test{text: []byte(text)}
	switch n := len(p); {
	case n == 0:
	case n == 1 && is(0, sigma.Literal):
	case n == 1 && is(0, sigma.Any):
		t.some = true
		t.parts = parts
	case n == 2 && literals == 1 && is(1, sigma.Any):
		t.shape = sigma.Prefix
	case n == 2 && literals == 1 && is(0, sigma.Any):
		t.shape = sigma.Suffix
	case n == 3 && literals == 1 && is(0, sigma.Any) && is(2, sigma.Any):
		t.shape = sigma.Inside
	default:
		t.parts = parts
	}
	return t
}

func (t *test) matches(b []byte) bool {
	if t.parts != nil {
		return walk(t.parts, b)
	}
	switch t.shape {
	case sigma.Prefix:
		return bytes.HasPrefix(b, t.text)
	case sigma.Suffix:
		return bytes.HasSuffix(b, t.text)
	case sigma.Inside:
		return bytes.Contains(b, t.text)
	}
	return bytes.Equal(b, t.text)
}

// walk matches parts with the whole of b. It goes back to the last Any only, so it takes at most len(parts)·len(b) steps.
func walk(parts []part, b []byte) bool {
	p, at, anyP, anyAt := 0, 0, -1, 0
	for {
		switch {
		case p == len(parts) && at == len(b):
			return true
		case p < len(parts) && parts[p].wild == sigma.Any:
			p++
			if p == len(parts) {
				return true
			}
			anyP, anyAt = p, at
			continue
		case p < len(parts) && parts[p].wild == sigma.One && at < len(b):
			_, n := utf8.DecodeRune(b[at:])
			p, at = p+1, at+n
			continue
		case p < len(parts) && parts[p].wild == sigma.Literal && bytes.HasPrefix(b[at:], parts[p].text):
			at += len(parts[p].text)
			p++
			continue
		}
		if anyP < 0 || anyAt >= len(b) {
			return false
		}
		step := 1
		if first := parts[anyP]; first.wild == sigma.Literal {
			n := bytes.Index(b[anyAt+1:], first.text)
			if n < 0 {
				return false
			}
			step += n
		} else {
			_, step = utf8.DecodeRune(b[anyAt:])
		}
		anyAt += step
		p, at = anyP, anyAt
	}
}

// accepts says whether the patterns or expressions hold for one value alone. nil is the value that is absent.
func (a *atom) accepts(b []byte) bool {
	if a.kind == sigma.Regex {
		for _, re := range a.regexps {
			if re.Match(b[:min(len(b), maxSearched)]) != a.all {
				return !a.all
			}
		}
		return a.all
	}
	if a.set != nil {
		if _, ok := a.set[string(b)]; ok {
			return true
		}
	}
	if a.many != nil && a.many.any(b) {
		return true
	}
	for i := range a.tests {
		t := &a.tests[i]
		if (t.matches(b) && !(t.some && b == nil)) != a.all {
			return !a.all
		}
	}
	return a.all && len(a.tests) > 0
}

// one says whether one of the wanted holds for a value.
func (a *atom) one(i int, b []byte) bool {
	if a.kind == sigma.Regex {
		return a.regexps[i].Match(b[:min(len(b), maxSearched)])
	}
	return a.tests[i].matches(b)
}

// weight orders atoms: what is quick and rarely true comes first.
func (a *atom) weight() int {
	switch a.kind {
	case sigma.Presence:
		return 1
	case sigma.Reference:
		return 20
	case sigma.Number, sigma.Network:
		return 15
	case sigma.Regex:
		return 1000 * len(a.regexps)
	}
	cost := 5
	for i := range a.tests {
		switch t := &a.tests[i]; {
		case t.parts != nil:
			cost += 40
		case t.shape == sigma.Inside:
			cost += 25
		default:
			cost += 2
		}
	}
	if a.field == everything {
		cost *= 40
	}
	return cost
}

// identity tells atoms that mean the same.
func identity(t *sigma.Item) string {
	var b strings.Builder
	field := func(s string) { b.WriteString(strconv.Itoa(len(s))); b.WriteByte(':'); b.WriteString(s) }
	field(t.Field)
	for _, n := range []int{int(t.Kind), int(t.Compare), int(t.Unit), int(t.Shape), bit(t.All) | bit(t.Cased)<<1 | bit(t.Null)<<2 | bit(t.Want)<<3} {
		b.WriteByte(byte('A' + n))
	}
	for _, p := range t.Patterns {
		for _, x := range p {
			b.WriteByte(byte('a' + x.Wild))
			field(x.Text)
		}
		b.WriteByte('.')
	}
	for _, r := range t.Regexps {
		field(r.String())
	}
	for _, n := range t.Networks {
		field(n.String())
	}
	for _, n := range t.Numbers {
		field(strconv.FormatFloat(n, 'g', -1, 64))
	}
	for _, o := range t.Others {
		field(o)
	}
	return b.String()
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
