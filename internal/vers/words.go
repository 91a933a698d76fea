package vers

import "strings"

// words reports the number of tokens that spell one of the phrases at i, longest first as listed.
func (p *parser) words(i int, phrases ...string) int {
	for _, ph := range phrases {
		parts := strings.Fields(ph)
		if i+len(parts) > len(p.toks) {
			continue
		}
		ok := true
		for k, w := range parts {
			t := p.toks[i+k]
			if w == "," && t.kind == tokComma {
				continue
			}
			if t.kind != tokWord && t.kind != tokVersion || t.low != w {
				ok = false
				break
			}
		}
		if ok {
			return len(parts)
		}
	}
	return 0
}

// step reads one bound, value or word; it returns the joiner when it was one.
func (p *parser) step() joiner {
	t := p.toks[p.i]
	switch t.kind {
	case tokOp:
		if t.op == "" {
			p.fail = true
			return joinNone
		}
		p.bound(t.op, p.i+1)
		return joinNone
	case tokStar:
		p.all = true
		p.broken = p.broken || len(p.items) > 0 // "1.2 *" may mean 1.2.* or every version
		p.i++
		return joinNone
	case tokComma:
		p.i++
		return joinComma
	case tokSlash:
		p.i++
		return joinOr
	case tokGroup:
		p.group(t)
		p.i++
		return joinNone
	case tokDate, tokVersion:
		p.plain()
		return joinNone
	case tokDash:
		if p.i++; p.i < len(p.toks) && p.toks[p.i].kind != tokGroup {
			p.fail = true
		}
		return joinNone
	}
	return p.word()
}

// bound reads the value of a bound at a token.
func (p *parser) bound(op Op, at int) { p.limit(item{test: Test{Op: op}}, at) }

// limit reads the value at a token into an item that has its operator.
func (p *parser) limit(b item, at int) {
	v, next, ok := p.value(at)
	if !ok {
		p.fail = true
		return
	}
	v.Op = b.test.Op
	b.test = v
	p.items = append(p.items, b)
	p.i = next
	p.inclusive()
}

// inclusive reads "(inclusive)" and the like behind a bound.
func (p *parser) inclusive() {
	if p.i >= len(p.toks) || len(p.items) == 0 {
		return
	}
	last := &p.items[len(p.items)-1]
	switch t := p.toks[p.i]; strings.ToLower(t.text) {
	case "including", "inclusive", "included":
		if t.kind != tokGroup && p.i+1 < len(p.toks) {
			return
		}
		last.soft = false
		switch last.test.Op {
		case Less:
			last.test.Op = LessEqual
		case Greater:
			last.test.Op = GreaterEqual
		}
		p.i++
	case "excluding", "exclusive", "excluded", "not including", "not inclusive", "non-inclusive", "but not including", "not included":
		if t.kind != tokGroup && p.i+1 < len(p.toks) {
			return
		}
		last.soft = false
		switch last.test.Op {
		case LessEqual:
			last.test.Op = Less
		case GreaterEqual:
			last.test.Op = Greater
		}
		p.i++
	}
}

// plain reads a bare value and what follows it: "and prior", "or newer", "+", "to 2.3", "- 2.3".
func (p *parser) plain() {
	v, next, ok := p.value(p.i)
	if !ok {
		p.fail = true
		return
	}
	p.i = next
	v.Op = Equal
	if strings.HasSuffix(v.Value, "+") {
		v.Value = strings.TrimSuffix(v.Value, "+")
		v.Op = GreaterEqual
		p.add(v)
		return
	}
	p.follow(v)
}

func (p *parser) add(v Test) { p.items = append(p.items, item{test: v}) }

func (p *parser) follow(v Test) {
	if n := p.suffix(olderWords); n > 0 {
		p.i += n
		v.Op = LessEqual
		p.add(v)
		return
	}
	if n := p.suffix(newerWords); n > 0 {
		p.i += n
		v.Op = GreaterEqual
		p.add(v)
		return
	}
	closed := p.closed()
	p.i += closed
	to, op := p.upperWords(p.i)
	if n := p.words(p.i, "and"); closed > 0 && n > 0 { // "3.0.4 (including) and 3.0.6 (excluding)"
		to, op = n, LessEqual
	}
	if to > 0 {
		v.Op = GreaterEqual
		p.add(v)
		at := len(p.items)
		p.bound(op, p.i+to)
		if !p.fail {
			p.items[at].join = joinAnd
			if len(p.items[at-1].test.form.parts) > 0 && p.items[at].test.Axis == AxisRevision { // "Rev J to M"
				p.items[at-1].test.Axis = AxisRevision
			}
		}
		return
	}
	if lo, hi, ok := gluedRange(v.Value); ok && v.Axis == AxisVersion {
		p.items = append(p.items, item{test: lo}, item{test: hi, join: joinAnd})
		return
	}
	if lo, hi, ok := letterRange(v.Value); ok && (p.axis == AxisRevision || v.Axis == AxisRevision) {
		p.pair(lo, hi)
		return
	}
	p.items = append(p.items, item{test: v, plain: true})
}

// closed is the length of a "(including)" behind a value.
func (p *parser) closed() int {
	if p.i < len(p.toks) && p.toks[p.i].kind == tokGroup {
		switch strings.ToLower(p.toks[p.i].text) {
		case "including", "inclusive", "included":
			return 1
		}
	}
	return 0
}

// pair adds a range of two revision letters.
func (p *parser) pair(lo, hi string) {
	a, okA := parseForm(lo)
	b, okB := parseForm(hi)
	if !okA || !okB {
		p.fail = true
		return
	}
	p.items = append(p.items, item{test: Test{Axis: AxisRevision, Op: GreaterEqual, Value: lo, form: a, ok: true}},
		item{test: Test{Axis: AxisRevision, Op: LessEqual, Value: hi, form: b, ok: true}, join: joinAnd})
}

// letterRange splits "J-M".
func letterRange(s string) (lo, hi string, ok bool) {
	if len(s) == 3 && s[1] == '-' && letter(s[0]) && letter(s[2]) && s[0] < s[2] {
		return s[:1], s[2:], true
	}
	return "", "", false
}

var olderWords = []string{"prior", "earlier", "below", "older", "lower", "previous", "before", "under", "lesser"}
var newerWords = []string{"newer", "later", "above", "higher", "greater", "up", "onwards", "onward", "after", "upwards", "subsequent", "beyond"}

// suffix is the number of tokens of "and all prior versions", "or later releases" and the like at the present place.
func (p *parser) suffix(words []string) int {
	i := p.i
	if i < len(p.toks) && p.toks[i].kind == tokComma {
		i++
	}
	n := p.words(i, "and all", "or any", "and any", "and", "or", "and/or")
	if n == 0 && i < len(p.toks) && p.toks[i].kind == tokSlash {
		n = 1
	}
	if n == 0 && i > p.i {
		return 0
	}
	for _, w := range words {
		if m := p.words(i+n, w); m > 0 {
			if n == 0 && i+n+m < len(p.toks) && p.toks[i+n+m].low == "to" { // "1.2 prior to 3"
				return 0
			}
			if i+n+m < len(p.toks) && (p.toks[i+n+m].kind == tokVersion || p.toks[i+n+m].kind == tokDate || p.toks[i+n+m].low == "to" || p.toks[i+n+m].low == "than") {
				return 0
			}
			end := i + n + m
			end += p.words(end, "firmware versions", "software versions", "versions", "version", "releases", "release", "builds", "revisions", "firmware", "models")
			return end - p.i
		}
	}
	return 0
}

// word reads a keyword.
func (p *parser) word() joiner {
	i := p.i
	if n := p.words(i, "and", "plus"); n > 0 {
		p.i += n
		return joinAnd
	}
	if n := p.words(i, "or", "and/or", "as well as"); n > 0 {
		p.i += n
		return joinOr
	}
	if n := p.words(i, "starting with", "beginning with", "that start with", "that begin with", "with prefix"); n > 0 && p.axis == AxisSerial {
		p.bound(Equal, i+n)
		if !p.fail {
			p.items[len(p.items)-1].test.Value += "*"
		}
		return joinNone
	}
	if n, op := p.upperSaid(i); n > 0 {
		p.limit(item{test: Test{Op: op}}, i+n)
		return joinNone
	}
	for _, b := range [...]struct {
		op   Op
		soft bool
		say  []string
	}{
		{LessEqual, false, []string{"up through", "no later than", "at or below", "less than or equal to", "on or before", "equal to or less than", "prior to and including", "before and including"}},
		{GreaterEqual, false, []string{"on or after", "no earlier than", "greater than or equal to", "starting with", "starting from", "beginning with", "since", "at least", "from"}},
		{Less, false, []string{"previous to", "prior to", "earlier than", "older than", "lower than", "less than", "before", "below", "preceding", "prior"}},
		{LessEqual, true, []string{"up to", "until", "till", "through", "to"}},
		{Greater, false, []string{"later than", "newer than", "greater than", "higher than", "above", "after"}},
	} {
		if n := p.words(i, b.say...); n > 0 {
			p.limit(item{test: Test{Op: b.op}, soft: b.soft}, i+n)
			if !p.fail && b.op == GreaterEqual { // "from 1.0 to 2.0"
				p.upTo()
			}
			return joinNone
		}
	}
	if n := p.words(i, "between"); n > 0 {
		p.betweenWords(i + n)
		return joinNone
	}
	if n := p.words(i, "excluding", "but excluding", "except for", "except", "other than", "but not including", "not including"); n > 0 {
		p.except(i + n)
		return joinNone
	}
	if p.axisWord() {
		return joinNone
	}
	if n := p.words(i, "all", "any", "every", "each", "only", "affected", "the", "of", "number", "numbers", "are", "is", "following", "-"); n > 0 {
		switch p.toks[i].low {
		case "all", "any", "every", "each":
			p.all = true
		}
		p.i += n
		return joinNone
	}
	if p.conditionWord() {
		p.condition()
		return joinNone
	}
	if p.axis == AxisSerial && p.said && strings.Contains(p.toks[i].text, "*") || len(p.toks[i].low) == 1 && letter(p.toks[i].low[0]) && p.said && p.axis == AxisRevision {
		p.plain()
		return joinNone
	}
	if p.axis == AxisRevision && p.said {
		if lo, hi, ok := letterRange(p.toks[i].text); ok {
			p.pair(lo, hi)
			p.i++
			return joinNone
		}
	}
	if len(p.items) > 0 {
		p.fail = true
		return joinNone
	}
	p.lead = append(p.lead, p.toks[i].text)
	p.i++
	return joinNone
}

// condition takes the words up to the next parenthesis, or to the end, as a condition. A condition that seems to hold a
// further version ("1.0 on A, 2.0 on B") is not one.
func (p *parser) condition() {
	from, end := p.i, p.i
	for end < len(p.toks) && p.toks[end].kind != tokGroup {
		t := p.toks[end]
		another := t.kind == tokComma || t.kind == tokSlash || end > from && p.words(end, "and", "or") > 0
		if t.kind == tokOp || another && end+1 < len(p.toks) && (p.toks[end+1].kind == tokVersion || p.words(end+1, "version", "versions") > 0) {
			p.broken = true
		}
		end++
	}
	text := p.text[p.toks[from].at:]
	if end < len(p.toks) {
		text = p.text[p.toks[from].at:p.toks[end].at]
	}
	p.conds = append(p.conds, strings.TrimSpace(text))
	p.i = end
}

func (p *parser) betweenWords(i int) {
	p.bound(GreaterEqual, i)
	if p.fail {
		return
	}
	n := p.words(p.i, "and", "through", "thru", "to", "until")
	if n == 0 && p.i < len(p.toks) && p.toks[p.i].kind == tokDash {
		n = 1
	}
	if n == 0 {
		p.fail = true
		return
	}
	at := len(p.items)
	p.bound(LessEqual, p.i+n)
	if !p.fail {
		p.items[at].join = joinAnd
	}
}

// except reads "excluding 9.4.2.6 and 9.5.3.2": values that the clause before does not take in.
func (p *parser) except(i int) {
	p.i = i
	for p.i < len(p.toks) {
		v, next, ok := p.value(p.i)
		if !ok {
			p.fail = true
			return
		}
		v.Op = NotEqual
		p.items = append(p.items, item{test: v, neg: true, join: joinAnd})
		p.i = next
		if p.i < len(p.toks) && (p.toks[p.i].kind == tokComma || p.words(p.i, "and", "or") > 0) {
			p.i++
		} else {
			break
		}
	}
}
