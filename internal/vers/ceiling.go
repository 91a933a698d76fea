package vers

import "strings"

// upperWords is the number of tokens of the words at i that lead to the upper bound of a range whose lower bound stands
// before them, and the operator of that bound.
func (p *parser) upperWords(i int) (int, Op) {
	if n, op := p.upperSaid(i); n > 0 {
		return n, op
	}
	if n := p.words(i, "through to", "through", "thru", "up to", "to", "until", "till"); n > 0 {
		return n, LessEqual
	}
	if i < len(p.toks) && p.toks[i].kind == tokDash {
		return 1, LessEqual
	}
	return 0, ""
}

// upperSaid is like upperWords for words that say whether the bound itself belongs to the range: "up to, but not
// including,", "up to and including", "through (but not including)".
func (p *parser) upperSaid(i int) (int, Op) {
	from := i
	if p.skipComma(i) > i && p.words(i+1, "up to") > 0 { // "12.0, up to but not including 12.4"
		i++
	}
	n := p.words(i, "up to", "through", "thru", "until", "till", "to", "prior to", "before")
	if n == 0 {
		return 0, ""
	}
	i += n
	if i < len(p.toks) && p.toks[i].kind == tokGroup {
		switch strings.ToLower(p.toks[i].text) {
		case "including", "inclusive", "and including":
			return i + 1 - from, LessEqual
		case "excluding", "exclusive", "but excluding", "not including", "but not including":
			return i + 1 - from, Less
		}
		return 0, ""
	}
	i = p.skipComma(i)
	if n := p.words(i, "and including", "and inclusive of", "including", "inclusive of"); n > 0 {
		return p.skipComma(i+n) - from, LessEqual
	}
	if n := p.words(i, "but not including", "but excluding", "but not", "not including", "and not including", "excluding"); n > 0 {
		return p.skipComma(i+n) - from, Less
	}
	return 0, ""
}

func (p *parser) skipComma(i int) int {
	if i < len(p.toks) && p.toks[i].kind == tokComma {
		return i + 1
	}
	return i
}

// upTo reads the second half of "from 1.0 to 2.0".
func (p *parser) upTo() {
	to, op := p.upperWords(p.i)
	if to == 0 {
		return
	}
	at := len(p.items)
	p.bound(op, p.i+to)
	if !p.fail {
		p.items[at].join = joinAnd
	}
}
