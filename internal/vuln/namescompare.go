package vuln

import (
	"slices"
	"strings"
)

// A tok is one word or model number of a published name. A model number may be a range ("MX400-550") or hold the wildcard
// x in its digits ("IGS 5x0").
type tok struct {
	s      string // letters and digits joined
	class  class
	pre    string // of a model number: the letters before its digits
	digits string
	suf    string
	lo, hi int // a range of numbers, when hi is not 0
}

// A slot is a place of a name where any one of the alternatives may stand ("FM20/FM30/FM40/FM50").
type slot []tok

// A phrase is one way to name a product.
type phrase []slot

// expr is a plain name, ready to be compared in both directions.
type expr struct {
	atoms  []atom
	phrase phrase
}

func plainExpr(name string) expr {
	a := atoms(name)
	return expr{a, phraseOf(a)}
}

// same says that two names are the same name in other words.
func same(a, b expr) bool {
	return compare(a.phrase, b.atoms, nil) == exact && compare(b.phrase, a.atoms, nil) == exact
}

// phraseOf makes a phrase of single words; letters and digits that touch make one model number.
func phraseOf(list []atom) phrase {
	var out phrase
	for i := 0; i < len(list); {
		j := i + 1
		digits := list[i].class == number
		for j < len(list) && list[j].glued {
			digits = digits || list[j].class == number
			j++
		}
		if !digits {
			j = i + 1
			if list[i].class != stop {
				out = append(out, slot{{s: list[i].s, class: list[i].class}})
			}
			i = j
			continue
		}
		out = append(out, slot{unit(list[i:j])})
		i = j
	}
	return out
}

func unit(list []atom) tok {
	t := tok{class: number}
	for _, a := range list {
		t.s += a.s
		switch {
		case a.class == number && t.digits == "":
			t.digits = a.s
		case t.digits == "":
			t.pre += a.s
		default:
			t.suf += a.s
		}
	}
	return t
}

// relation is how a published name relates to the name of what is judged.
type relation uint8

const (
	apart    relation = iota // another product
	possible                 // the names agree as far as they go: the exact model would settle it
	member                   // the published name is a line that the product belongs to
	exact                    // the same product
)

// strength is how a model number weighs: a bare small number is weak evidence of a product.
func (t *tok) strong() bool {
	return t.class == number && (len(t.digits) >= 3 || t.pre != "" && len(t.digits) >= 1 || t.suf != "" && len(t.s) >= 3)
}

// alignment is the outcome of laying a phrase over a name.
type alignment struct {
	used    uint64 // atoms of the name that are accounted for
	matched []int  // slots that are found, in order
	open    []int  // slots that are not
	near    bool   // a model number agrees but for a letter
	line    bool   // a word of the phrase begins a model number of the name ("MP" and "MP70")
	typed   bool
	coded   bool // a slot was found among the model numbers
}

// compare relates a published phrase to a name; codes are the bare model numbers recorded beside the name.
func compare(p phrase, name []atom, codes []string) relation {
	if len(p) == 0 || len(name) > 60 {
		return apart
	}
	al := align(p, name, codes)
	return al.decide(p, name, codes)
}

func align(p phrase, name []atom, codes []string) alignment {
	var al alignment
	for i := 0; i < len(p); {
		n := 0
		for k := min(3, len(p)-i); k >= 1 && n == 0; k-- {
			if al.place(p[i:i+k], name) {
				n = k
			}
		}
		if n == 0 && al.code(p[i], codes) {
			n, al.coded = 1, true
		}
		if n == 0 {
			al.open = append(al.open, i)
			i++
			continue
		}
		for k := range n {
			al.matched = append(al.matched, i+k)
		}
		i += n
	}
	return al
}

func (al *alignment) code(s slot, codes []string) bool {
	for i := range s {
		if s[i].strong() && slices.Contains(codes, s[i].s) {
			return true
		}
	}
	return false
}

// place finds consecutive atoms for one slot, or for several slots written together in the name or apart.
func (al *alignment) place(slots []slot, name []atom) bool {
	if len(slots) > 1 {
		joined := ""
		for _, s := range slots {
			if len(s) != 1 || s[0].hi != 0 {
				return false
			}
			joined += s[0].s
		}
		return al.find(&tok{s: joined, class: brand}, name, false)
	}
	for i := range slots[0] {
		if al.find(&slots[0][i], name, len(slots[0]) == 1) {
			return true
		}
	}
	return false
}

func (al *alignment) find(t *tok, name []atom, single bool) bool {
	for start := range name {
		if al.used&(1<<start) != 0 {
			continue
		}
		length := 0
		for end := start; end < len(name) && end < start+5 && al.used&(1<<end) == 0; end++ {
			length += len(name[end].s)
			if t.hi == 0 && length > len(t.s) {
				break
			}
			if !t.covers(name[start : end+1]) {
				continue
			}
			left := start > 0 && name[start].glued
			right := end+1 < len(name) && name[end+1].glued
			switch {
			case left && t.class == number && name[start-1].class != number:
				continue // "E9" is not a 9
			case left && name[start-1].class == number && len(t.s) <= 3:
				continue
			case right && t.class == number:
				continue // "650c" is not a 650
			case right && (!single || len(t.s) > 4):
				if t.class != brand || name[end+1].class != number {
					continue
				}
			}
			if right {
				al.line = true
			}
			al.mark(start, end)
			return true
		}
	}
	if t.class == brand && single {
		for i := range name {
			if al.used&(1<<i) == 0 && name[i].class == brand && typo(name[i].s, t.s) {
				al.mark(i, i)
				al.typed = true
				return true
			}
		}
	}
	return false
}

func (al *alignment) mark(start, end int) {
	for i := start; i <= end; i++ {
		al.used |= 1 << i
	}
}

// covers says that consecutive atoms spell the token.
func (t *tok) covers(list []atom) bool {
	if t.hi != 0 {
		return t.inRange(list)
	}
	rest := t.s
	for i := range list {
		var ok bool
		if rest, ok = strings.CutPrefix(rest, list[i].s); !ok {
			if list[i].class == number && wildDigits(t, list, i) {
				return true
			}
			return false
		}
	}
	return rest == ""
}

// wildDigits compares digits with a pattern such as "5x0".
func wildDigits(t *tok, list []atom, i int) bool {
	if !strings.Contains(t.digits, "x") || i != len(list)-1 || len(list[i].s) != len(t.digits) {
		return false
	}
	pre := ""
	for _, a := range list[:i] {
		pre += a.s
	}
	if pre != t.pre {
		return false
	}
	for k := range len(t.digits) {
		if t.digits[k] != 'x' && t.digits[k] != list[i].s[k] {
			return false
		}
	}
	return true
}

func (t *tok) inRange(list []atom) bool {
	if t.pre != "" {
		if len(list) < 2 || list[0].s != t.pre {
			return false
		}
		list = list[1:]
	}
	if len(list) != 1 || list[0].class != number {
		return false
	}
	n := small(list[0].s)
	return n >= t.lo && n <= t.hi
}

// small reads a number of at most nine digits; -1 when it has more.
func small(digits string) int {
	if len(digits) > 9 {
		return -1
	}
	n := 0
	for i := range len(digits) {
		if !isDigit(digits[i]) {
			return -1
		}
		n = n*10 + int(digits[i]-'0')
	}
	return n
}

// rest is what weighs in the atoms that no slot accounts for.
type rest struct {
	brands, variants, numbers, roles, strong int
	leading                                  bool // every brand among them comes before the first matched atom
	code                                     bool // a number of four or more digits, as model and part numbers have
}

func (al *alignment) left(name []atom) rest {
	r := rest{leading: true}
	first := 64
	for i := range name {
		if al.used&(1<<i) != 0 {
			first = min(first, i)
		}
	}
	for i := range name {
		if al.used&(1<<i) != 0 {
			continue
		}
		switch name[i].class {
		case role:
			r.roles++
		case strongRole:
			r.strong++
		case variant:
			r.variants++
		case brand:
			if name[i].caps && len(name[i].s) == 3 { // "Kappa XLT"
				r.variants++
				continue
			}
			r.brands++
			r.leading = r.leading && i < first
		case number:
			r.numbers++
			r.code = r.code || len(name[i].s) >= 4
		}
	}
	return r
}

// sig is a set of two-letter beginnings. A phrase and a name without one in common have no word in common, which spares
// most comparisons between the names of one manufacturer.
type sig [4]uint64

func (s *sig) add(a, b byte) {
	h := uint(a)*37 + uint(b)
	s[h>>6&3] |= 1 << (h & 63)
}

func (s *sig) meets(o *sig) bool {
	return s[0]&o[0]|s[1]&o[1]|s[2]&o[2]|s[3]&o[3] != 0
}

// sigOf is the beginnings of the words of a phrase that weigh; false when one of them could begin in any way.
func sigOf(p phrase) (s sig, ok bool) {
	for _, sl := range p {
		for i := range sl {
			t := &sl[i]
			switch {
			case !t.class.weighs():
			case t.hi != 0 && len(t.pre) >= 2:
				s.add(t.pre[0], t.pre[1])
			case t.hi != 0 || len(t.s) < 2 || strings.Contains(t.digits, "x"):
				return s, false
			default:
				s.add(t.s[0], t.s[1])
			}
		}
	}
	return s, true
}

// sigOfName is the beginnings of everything that a name can be read as, with the recorded numbers.
func sigOfName(name []atom, codes []string) (s sig) {
	for i, a := range name {
		switch {
		case len(a.s) >= 2:
			s.add(a.s[0], a.s[1])
		case i+1 < len(name):
			s.add(a.s[0], name[i+1].s[0])
		}
	}
	for _, c := range codes {
		if len(c) >= 2 {
			s.add(c[0], c[1])
		}
	}
	return s
}
