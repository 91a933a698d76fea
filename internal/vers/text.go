package vers

import (
	"net/url"
	"strings"
)

// maxText is the longest version text that is read; anything longer stays unreadable.
const maxText = 2000

// ParseRange reads a version text of an advisory. It never fails: what is not understood is kept in Unreadable.
func ParseRange(text string) Range {
	r := Range{Text: text}
	s := tidy(text)
	if s == "" || len(s) > maxText {
		r.Unreadable = []string{text}
		return r
	}
	if rest, ok := cutVers(s); ok {
		if known, spec := ecosystemSpec(s); known {
			if spec == nil {
				r.Unreadable = []string{text}
				return r
			}
			r.Any = []Clause{{Text: text, Spec: spec}}
			return r
		}
		s = rest
	}
	axis := AxisVersion
	var segs []segment
	for _, piece := range splitPipes(s) {
		p := parser{text: piece, toks: scan(piece), axis: axis}
		seg, ok := p.segment()
		if !ok {
			r.Unreadable = append(r.Unreadable, piece)
			segs = append(segs, segment{})
			continue
		}
		if p.said {
			axis = p.axis
		}
		segs = append(segs, seg)
	}
	for _, c := range join(segs) {
		if c.empty() {
			r.Unreadable = append(r.Unreadable, c.Text)
			continue
		}
		r.Any = append(r.Any, c)
	}
	if len(r.Any) == 0 && len(r.Unreadable) == 0 {
		r.Unreadable = []string{text}
	}
	return r
}

// cutVers takes the prefix off a VERS-like string. CISA writes "vers:all/" before bounds in its own notation.
func cutVers(s string) (string, bool) {
	rest, ok := strings.CutPrefix(s, "vers:")
	if !ok {
		return s, false
	}
	_, rest, ok = strings.Cut(rest, "/")
	if !ok {
		return s, false
	}
	if u, err := url.PathUnescape(rest); err == nil {
		rest = u
	}
	return rest, true
}

// ecosystemSpec reads a true VERS string of a package ecosystem; nil when it is one and is broken.
func ecosystemSpec(s string) (bool, *Spec) {
	name, _, _ := strings.Cut(strings.TrimPrefix(s, "vers:"), "/")
	if scheme, known := SchemeOfPurlType(name); !known || scheme == Generic {
		return false, nil
	}
	spec, err := ParseSpec(s)
	if err != nil {
		return true, nil
	}
	return true, &spec
}

// A segment is what stands between two pipes.
type segment struct {
	clauses []Clause
}

// lone is the clause of a segment that is a single bound, perhaps under conditions.
func (s segment) lone() *Clause {
	if len(s.clauses) == 1 && len(s.clauses[0].Tests) == 1 {
		return &s.clauses[0]
	}
	return nil
}

// join makes alternatives of segments. CISA writes ">= 4.01 | <= 4.34" for both bounds of one range, and "1.1 | 1.2" for
// alternatives: a lone lower bound followed by a lone upper bound is one range. The other order is one range only when
// the bounds overlap.
func join(segs []segment) []Clause {
	var out []Clause
	for i := 0; i < len(segs); i++ {
		a := segs[i].lone()
		if a == nil || a.Tests[0].Op == Equal {
			out = append(out, segs[i].clauses...)
			continue
		}
		if i > 0 && len(segs[i-1].clauses) == 0 || i+1 < len(segs) && len(segs[i+1].clauses) == 0 {
			c := *a // the other bound may be in the part that is not understood
			c.Conditions = append(append([]string(nil), c.Conditions...), "the rest of the text")
			out = append(out, c)
			continue
		}
		if i+1 < len(segs) {
			if b := segs[i+1].lone(); b != nil && pair(&a.Tests[0], &b.Tests[0]) {
				c := Clause{Text: a.Text + " | " + b.Text, Tests: []Test{a.Tests[0], b.Tests[0]}}
				c.Conditions = append(append(c.Conditions, a.Conditions...), b.Conditions...)
				out = append(out, c)
				i++
				continue
			}
		}
		out = append(out, *a)
	}
	return out
}

func pair(a, b *Test) bool {
	if a.Axis != b.Axis {
		return false
	}
	if a.Op.lower() && b.Op.upper() {
		return true
	}
	if a.Op.upper() && b.Op.lower() && a.ok && b.ok {
		c, why := compareForms(&b.form, &a.form)
		return why == "" && c < 0
	}
	return false
}

// empty says that a clause can hold for no version, because its lower bound is above its upper bound.
func (c *Clause) empty() bool {
	for i := range c.Tests {
		for j := range c.Tests {
			lo, hi := &c.Tests[i], &c.Tests[j]
			if lo.Axis != hi.Axis || !lo.Op.lower() || !hi.Op.upper() {
				continue
			}
			switch {
			case !lo.Date.IsZero() && lo.Date.Year != 0 && hi.Date.Year != 0:
				if lo.Date.first() > hi.Date.last() {
					return true
				}
			case lo.ok && hi.ok:
				if t, _ := holds(&lo.form, LessEqual, &hi.form); t == False {
					return true
				}
			}
		}
	}
	return false
}
