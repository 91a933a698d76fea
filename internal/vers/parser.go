package vers

import (
	"strings"
)

// A parser reads one segment: bounds and values in the order written, with the axis that the last word announced.
type parser struct {
	text  string
	toks  []token
	i     int
	axis  Axis
	said  bool // a word named the axis
	first int  // "first five digits of serial number"
	depth int

	all   bool
	lead  []string // words before anything is understood
	items []item
	conds []string
	fail  bool // not understood as bounds; it may still be a name
	// broken: holds a second statement that was not understood, so that a no would be a guess
	broken bool
}

// An item is one test and how it hangs on the one before.
type item struct {
	test  Test
	plain bool // a bare value: no operator and no word such as "prior"
	soft  bool // an upper bound of which it is not clear whether it belongs to the range
	join  joiner
	neg   bool
	said  bool // a word before it named its axis
}

type joiner uint8

const (
	joinNone joiner = iota
	joinComma
	joinAnd
	joinOr
)

// segment reads all tokens; false when something is not understood.
func (p *parser) segment() (segment, bool) {
	if nothing(p.text) {
		return segment{}, false
	}
	if len(p.toks) == 1 && p.toks[0].kind == tokGroup && p.depth < 2 { // the whole text in parentheses
		inner := parser{text: p.toks[0].text, toks: scan(p.toks[0].text), axis: p.axis, depth: p.depth + 1}
		seg, ok := inner.segment()
		p.axis, p.said = inner.axis, inner.said
		return seg, ok
	}
	if c, ok := p.whole(); ok {
		return c, true
	}
	if c, ok := p.named(); ok {
		return c, true
	}
	pending := joinNone
	for p.i < len(p.toks) && !p.fail {
		before := len(p.items)
		next := p.step()
		if len(p.items) > before {
			p.items[before].join = pending
			pending = joinNone
			for k := before; k < len(p.items); k++ {
				p.items[k].said = p.said
			}
		}
		if next != joinNone {
			pending = max(pending, next)
		}
	}
	switch {
	case p.broken:
		return segment{}, false
	case p.fail:
		if c, ok := p.datedTail(); ok {
			return c, true
		}
		return p.label()
	}
	return p.finish()
}

// named reads "<variant> for Rev M only" and "<variant> with Software 04.00.00 or newer": a variant and what holds for it.
func (p *parser) named() (segment, bool) {
	for i := 1; i+1 < len(p.toks) && p.depth < 2; i++ {
		t := p.toks[i-1]
		if t.kind == tokOp || t.kind == tokStar || t.kind == tokDate || t.kind == tokGroup {
			return segment{}, false
		}
		if p.words(i, "for rev", "for revision", "for version", "for versions", "with software", "with firmware", "with version", "with versions") == 0 {
			continue
		}
		name, rest := strings.TrimSpace(p.text[:p.toks[i].at]), p.text[p.toks[i+1].at:]
		if f, ok := parseForm(name); ok && versionLike(name, &f) {
			return segment{}, false
		}
		inner := parser{text: rest, toks: scan(rest), axis: AxisVersion, depth: p.depth + 1}
		seg, ok := inner.segment()
		if !ok {
			return segment{}, false
		}
		for j := range seg.clauses {
			c := &seg.clauses[j]
			c.Text = p.text
			if strings.Contains(name, "/") { // several names: which of them is meant must be looked up
				c.Conditions = append([]string{name}, c.Conditions...)
				continue
			}
			c.Tests = append(c.Tests, Test{Axis: AxisLabel, Op: Equal, Value: name})
		}
		return seg, true
	}
	return segment{}, false
}

// datedTail reads "<words>, between November 2017 and November 2018": the words are a condition on a range of dates.
func (p *parser) datedTail() (segment, bool) {
	for i := len(p.toks) - 1; i > 0 && p.depth < 2; i-- {
		if p.toks[i].kind != tokComma {
			continue
		}
		rest := strings.TrimSpace(p.text[p.toks[i].at+1:])
		inner := parser{text: rest, toks: scan(rest), axis: AxisVersion, depth: p.depth + 1}
		seg, ok := inner.segment()
		head := p.text[:p.toks[i].at]
		if !ok || len(seg.clauses) != 1 || !dated(seg.clauses[0].Tests) || strings.ContainsAny(head, "<>=*") {
			return segment{}, false
		}
		seg.clauses[0].Text = p.text
		seg.clauses[0].Conditions = append(seg.clauses[0].Conditions, head)
		return seg, true
	}
	return segment{}, false
}

// nothing says that the text names no version.
func nothing(s string) bool {
	switch strings.Trim(strings.ToLower(s), " .-") {
	case "", "unknown", "n/a", "na", "none", "unspecified", "not specified", "undefined", "tbd", "no version", "not applicable", "not available", "see advisory", "?":
		return true
	}
	return false
}

// whole takes a text that is one plain version with a dot or a wildcard, possibly with words after it ("LPI 3.5.12.P30",
// "1.3.1 Build 13").
func (p *parser) whole() (segment, bool) {
	for _, t := range p.toks {
		if t.kind != tokWord && t.kind != tokVersion {
			return segment{}, false
		}
		if _, _, pair := letterRange(t.text); pair {
			return segment{}, false
		}
		if _, _, pair := gluedRange(t.text); pair {
			return segment{}, false
		}
	}
	f, ok := parseForm(p.text)
	if !ok || p.axis == AxisModel || p.axis == AxisSerial || !versionLike(p.text, &f) {
		return segment{}, false
	}
	axis := AxisVersion
	if f.letters() || strings.HasPrefix(strings.ToLower(p.text), "rev") {
		axis, p.axis, p.said = AxisRevision, AxisRevision, true
	}
	if len(f.tail) == 0 && len(p.toks) > 2 { // "1.3.2 1.4.0" are several
		return segment{}, false
	}
	if len(p.toks) == 2 && p.toks[0].kind == tokVersion && len(f.tail) == 0 && digit(p.toks[1].text[0]) {
		return segment{}, false
	}
	return segment{clauses: []Clause{{Text: p.text, Tests: []Test{{Axis: axis, Op: Equal, Value: p.text, form: f, ok: true}}}}}, true
}

// versionLike tells a version from a model number: it has a dot with a number, a wildcard, a lead word, a word such as SP,
// or is a number of at most two digits.
func versionLike(text string, f *form) bool {
	switch {
	case f.wild || len(f.tail) > 0:
		return true
	case len(f.parts) == 1 && f.parts[0].kind == partNumber:
		return f.parts[0].digits <= 2 || f.text != trimLead(f.text) && f.parts[0].digits <= 3
	case len(f.parts) == 1:
		return f.text != trimLead(f.text) // "Rev J", but a lone letter says nothing
	}
	return strings.Contains(text, ".") || f.text != trimLead(f.text) && f.line() == "" || f.year()
}

// value reads a version, date, letter or serial at i and says where it ends.
func (p *parser) value(i int) (Test, int, bool) {
	i = p.serialDigits(i)
	if n := p.words(i, "production date", "manufacture date", "date of manufacture", "manufacturing date"); n > 0 {
		p.axis, p.said = AxisMade, true
		i += n
	}
	i = p.skipNoise(i)
	if i >= len(p.toks) {
		return Test{}, i, false
	}
	t := p.toks[i]
	switch t.kind {
	case tokGroup: // "<=(R4.10)"
		if f, ok := parseForm(t.text); ok && p.axis == AxisVersion {
			return Test{Axis: p.axis, Value: t.text, form: f, ok: true}, i + 1, true
		}
	case tokDate:
		axis := p.axis
		if axis != AxisMade && axis != AxisShipped {
			axis = AxisMade
		}
		return Test{Axis: axis, Value: t.text, Date: t.date}, i + 1, true
	case tokVersion:
		if p.axis == AxisMade || p.axis == AxisShipped {
			if len(t.low) == 4 && (strings.HasPrefix(t.low, "19") || strings.HasPrefix(t.low, "20")) {
				return Test{Axis: p.axis, Value: t.text, Date: Date{Year: decimalOf(t.low)}}, i + 1, true
			}
			return Test{}, i, false
		}
		if p.axis == AxisSerial || p.axis == AxisModel {
			return Test{Axis: p.axis, Value: t.text, First: p.first}, i + 1, true
		}
		text, next := p.extend(i)
		f, ok := parseForm(text)
		return Test{Axis: p.axis, Value: text, form: f, ok: ok}, next, ok
	case tokWord:
		if p.axis == AxisSerial && p.said {
			return Test{Axis: p.axis, Value: t.text, First: p.first}, i + 1, true
		}
		if len(t.low) == 1 && letter(t.low[0]) {
			if i+1 < len(p.toks) && p.toks[i+1].kind == tokVersion { // "S 4.1"
				return Test{}, i, false
			}
			f, ok := parseForm(t.text)
			axis := p.axis
			if axis == AxisVersion {
				axis = AxisRevision
			}
			return Test{Axis: axis, Value: t.text, form: f, ok: ok}, i + 1, ok
		}
		if i+1 < len(p.toks) && p.toks[i+1].kind == tokVersion && (p.axis == AxisVersion || p.axis == AxisRevision) { // "LPI 3.5", "SP 3"
			text, next := p.extend(i + 1)
			if f, ok := parseForm(t.text + " " + text); ok && f.code != "" {
				return Test{Axis: p.axis, Value: t.text + " " + text, form: f, ok: true}, next, true
			}
		}
	}
	return Test{}, i, false
}

// extend joins what belongs to one version across spaces: "4.8 SP2 HF10", "3.1 Service Pack 1A", "3.0 D15", "2020 R2 P01",
// "S4 A.07.107".
func (p *parser) extend(i int) (string, int) {
	end := i + 1
	for end < len(p.toks) {
		t := p.toks[end]
		if t.at > 0 && p.text[t.at-1] != ' ' {
			break
		}
		switch {
		case t.kind == tokVersion && letter(t.text[0]) && t.low[0] != 'v' && shortLead(t.low):
			end++
			continue
		case t.kind == tokWord:
			n := p.stepWord(end)
			if n > 0 {
				end += n
				if end < len(p.toks) && p.toks[end].kind == tokVersion && digit(p.toks[end].text[0]) {
					end++
				}
				continue
			}
		}
		break
	}
	last := p.toks[end-1]
	return p.text[p.toks[i].at : last.at+len(last.text)], end
}

// shortLead says that at most three letters stand before the first digit, or a step word.
func shortLead(s string) bool {
	n := 0
	for n < len(s) && letter(s[n]) {
		n++
	}
	_, word := stepWords[strings.ToUpper(s[:n])]
	return word || n <= 2
}

// stepWord is the number of tokens of a word such as "SP", "service pack" or "build" at i.
func (p *parser) stepWord(i int) int {
	up := strings.ToUpper(p.toks[i].low)
	if (up == "SERVICE" || up == "HOT") && i+1 < len(p.toks) && (p.toks[i+1].low == "pack" || p.toks[i+1].low == "fix") {
		return 2
	}
	if _, ok := stepWords[up]; ok {
		return 1
	}
	return 0
}

// skipNoise passes words that may stand between an operator and its value.
func (p *parser) skipNoise(i int) int {
	for i < len(p.toks) && p.toks[i].kind == tokWord {
		switch p.toks[i].low {
		case "version", "versions", "ver", "vers", "v", "number", "numbers", "the", "firmware", "software", "release", "releases", "but", "#", "no", "bios", "fw", "sw", "revision", "revisions", "rev", "date", "of", "on", "approximately", "build":
			if p.toks[i].low == "v" && (i+1 >= len(p.toks) || p.toks[i+1].kind != tokVersion) { // the letter V
				return i
			}
			if p.toks[i].low == "on" && (i+1 >= len(p.toks) || p.toks[i+1].kind != tokDate) {
				return i
			}
			if i+1 >= len(p.toks) {
				return i
			}
			i++
		default:
			return i
		}
	}
	return i
}
