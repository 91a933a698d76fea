package vers

import "strings"

// group decides what a parenthesis means: a note, a limit on a date or serial number, or a condition.
func (p *parser) group(t token) {
	low := strings.ToLower(t.text)
	if low == "excluding" || low == "exclusive" {
		p.broken = true
		return
	}
	for _, note := range [...]string{"end-of-life", "end of life", "eol", "integrated into", "replaced by", "formerly", "also known as", "aka ", "inclusive", "including", "all versions", "end of support"} {
		if strings.HasPrefix(low, note) {
			return
		}
	}
	if strings.HasSuffix(low, "-pack") || strings.Contains(low, "-pack ") || strings.HasSuffix(low, "series)") || low == "" {
		return
	}
	if rest, ok := strings.CutPrefix(low, "excluding "); ok && len(p.items) > 0 && p.depth < 2 {
		inner := parser{text: rest, toks: scan(rest), axis: AxisVersion, depth: p.depth + 1}
		if inner.except(0); !inner.fail && inner.i == len(inner.toks) {
			p.items = append(p.items, inner.items...)
			return
		}
	}
	if p.depth < 2 {
		inner := parser{text: t.text, toks: scan(t.text), axis: AxisVersion, depth: p.depth + 1}
		if seg, ok := inner.segment(); ok && len(seg.clauses) == 1 && len(seg.clauses[0].Conditions) == 0 && dated(seg.clauses[0].Tests) {
			for _, test := range seg.clauses[0].Tests {
				p.items = append(p.items, item{test: test, join: joinAnd})
			}
			return
		}
	}
	for _, more := range [...]string{"or ", "and ", "also ", "excluding ", "except "} { // a second statement, not a condition
		if strings.HasPrefix(low, more) || more == "also " && strings.Contains(low, " also ") {
			p.broken = true
		}
	}
	p.conds = append(p.conds, t.text)
}

func dated(tests []Test) bool {
	for _, t := range tests {
		if t.Axis != AxisMade && t.Axis != AxisShipped && t.Axis != AxisSerial {
			return false
		}
	}
	return len(tests) > 0
}

// finish hangs the items together: bounds of opposite direction and tests of different axes belong to one alternative,
// everything else makes alternatives.
func (p *parser) finish() (segment, bool) {
	if len(p.items) == 0 {
		switch {
		case p.all && len(p.lead) == 0:
			return segment{clauses: []Clause{{Text: p.text, Conditions: p.conds}}}, true
		case p.all: // "all BIOS versions", "all systems": words that were not understood limit it
			return segment{clauses: []Clause{{Text: p.text, Conditions: append([]string{p.text}, p.conds...)}}}, true
		}
		return p.label()
	}
	if !p.bounded() && len(p.lead) > 0 {
		return p.label()
	}
	if len(p.lead) > 0 {
		name := strings.Join(p.lead, " ")
		p.conds = append([]string{name}, p.conds...)
	}
	var out []Clause
	for i := range p.items {
		it := p.items[i]
		first := i+1 < len(p.items) && p.items[i+1].join == joinNone && p.items[i+1].test.Op.upper()
		if it.plain && (p.all && !it.test.form.wild && !first || i > 0 && it.join == joinNone && !p.items[i-1].plain && p.items[i-1].test.Axis == it.test.Axis) {
			return segment{}, false // "all versions 2.0", "<1.69 release 166": how the value hangs on the rest is not said
		}
		if it.plain && (it.test.Axis == AxisVersion || it.test.Axis == AxisRevision) && !it.said && !versionLike(it.test.Value, &it.test.form) {
			it.test.Axis = AxisLabel
		}
		if it.plain && i+1 < len(p.items) && p.items[i+1].test.Op.upper() && p.items[i+1].join == joinNone && p.items[i+1].test.Axis == it.test.Axis && !p.items[i+1].plain {
			// "A.01 <= C.0x": a first version and an upper bound; "NMC2 <= 6.9.6": a name and a bound.
			if why := apart(&it.test.form, &p.items[i+1].test.form); why != "" {
				p.conds = append(p.conds, it.test.Value)
				continue
			}
			it.test.Op, it.plain = GreaterEqual, false
			if p.items[i+1].test.Op == Less {
				p.items[i+1].soft = true
			}
		}
		if it.plain && it.test.Axis == AxisLabel && i+1 < len(p.items) && p.items[i+1].test.Op.upper() && p.items[i+1].join == joinNone && !p.items[i+1].plain {
			if why := apart(&it.test.form, &p.items[i+1].test.form); why == "" {
				it.test.Axis, it.test.Op, it.plain = p.items[i+1].test.Axis, GreaterEqual, false
				p.items[i+1].soft = p.items[i+1].test.Op == Less
			} else {
				p.conds = append(p.conds, it.test.Value)
				continue
			}
		}
		if n := len(out); n > 0 && p.together(&out[n-1], it) {
			out[n-1].Tests = append(out[n-1].Tests, it.test)
		} else {
			out = append(out, Clause{Text: p.text, Tests: []Test{it.test}})
		}
		if it.soft { // whether the bound itself belongs to the range is not said
			edge := it.test
			edge.Op = Equal
			n := len(out) - 1
			last := &out[n].Tests[len(out[n].Tests)-1]
			last.Op = Less
			out = append(out, Clause{Text: p.text, Tests: []Test{edge}, Conditions: []string{"whether " + edge.Value + " itself is meant"}})
		}
	}
	for i := range out {
		out[i].Conditions = append(out[i].Conditions, p.conds...)
	}
	return segment{clauses: out}, len(out) > 0
}

// bounded says that some item is more than a bare value.
func (p *parser) bounded() bool {
	for _, it := range p.items {
		if !it.plain {
			return true
		}
	}
	return false
}

// together says that a test narrows the alternative before it.
func (p *parser) together(c *Clause, it item) bool {
	if it.neg {
		return true
	}
	last := c.Tests[len(c.Tests)-1]
	if last.Axis != it.test.Axis {
		return it.join != joinOr
	}
	if it.join == joinOr {
		return false
	}
	return len(c.Tests) == 1 && pair(&last, &it.test)
}

// label takes the segment as the name or number of a model or variant, when it looks like one and holds no operator.
func (p *parser) label() (segment, bool) {
	if len(p.toks) > 8 {
		return segment{}, false
	}
	for _, t := range p.toks {
		switch t.kind {
		case tokOp, tokDate, tokStar, tokDash:
			return segment{}, false
		}
		switch t.low {
		case "version", "versions", "prior", "before", "and", "or", "earlier", "later", "newer", "all", "any", "between", "from", "to", "through", "release", "releases", "firmware", "software",
			"affected", "may", "be", "system", "systems", "operating", "see", "not", "option", "including":
			return segment{}, false
		}
	}
	var out []Clause
	text := p.text
	if p.said && p.axis == AxisModel && len(p.items) > 0 {
		text = p.text[p.toks[p.i-1].at:]
	}
	axis := AxisLabel
	if p.axis == AxisModel {
		axis = AxisModel
	}
	for _, one := range strings.Split(text, " / ") {
		if one = strings.TrimSpace(one); one == "" {
			continue
		}
		value := one
		if i := strings.Index(one, " ("); i > 0 {
			value = one[:i]
		}
		f, ok := parseForm(value)
		out = append(out, Clause{Text: one, Tests: []Test{{Axis: axis, Op: Equal, Value: value, form: f, ok: ok}}})
	}
	return segment{clauses: out}, len(out) > 0 && strings.ContainsFunc(text, func(r rune) bool { return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' })
}
