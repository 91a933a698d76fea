package naming

import (
	"slices"
	"strings"
)

// A Token is one word or model number of a published name. A model number may be a range ("MX400-550") or hold the wildcard
// x in its digits ("IGS 5x0").
type Token struct {
	Text   string // letters and digits joined
	Class  Class
	pre    string // of a model number: the letters before its digits
	Digits string
	suf    string
	lo, hi int  // a range of numbers, when hi is not 0
	led    bool // its letters stand before it with a hyphen: "MMT-754"
	small  bool // ends in one small letter: "LOGIQ e" is a product of its own, not the line of the "LOGIQ E9"
}

// A Slot is a place of a name where any one of the alternatives may stand ("FM20/FM30/FM40/FM50").
type Slot []Token

// A Phrase is one way to name a product.
type Phrase []Slot

// expr is a plain name, ready to be compared in both directions.
type expr struct {
	atoms  []Atom
	phrase Phrase
}

func plainExpr(name string) expr {
	a := Atoms(name)
	return expr{a, PhraseOf(a)}
}

// same says that two names are the same name in other words.
func same(a, b expr) bool {
	return Compare(a.phrase, b.atoms, nil) == Exact && Compare(b.phrase, a.atoms, nil) == Exact
}

// PhraseOf makes a phrase of single words; letters and digits that touch make one model number.
func PhraseOf(list []Atom) Phrase {
	var out Phrase
	for i := 0; i < len(list); {
		j := i + 1
		digits := list[i].Class == Number
		for j < len(list) && list[j].glued {
			digits = digits || list[j].Class == Number
			j++
		}
		if !digits {
			j = i + 1
			if list[i].Class != Stop {
				out = append(out, Slot{{Text: list[i].Text, Class: list[i].Class, small: len(list[i].Text) == 1 && !list[i].caps}})
			}
			i = j
			continue
		}
		out = append(out, Slot{unit(list[i:j])})
		i = j
	}
	return out
}

func unit(list []Atom) Token {
	t := Token{Class: Number, led: list[0].led}
	for _, a := range list {
		t.Text += a.Text
		switch {
		case a.Class == Number && t.Digits == "":
			t.Digits = a.Text
		case t.Digits == "":
			t.pre += a.Text
		default:
			t.suf += a.Text
		}
	}
	return t
}

// Relation is how a published name relates to the name of what is judged.
type Relation uint8

const (
	Apart    Relation = iota // another product
	Possible                 // the names agree as far as they go: the exact model would settle it
	Member                   // the published name is a line that the product belongs to
	Exact                    // the same product
)

// strength is how a model number weighs: a bare small number is weak evidence of a product.
func (t *Token) Strong() bool {
	return t.Class == Number && (len(t.Digits) >= 3 || t.pre != "" && len(t.Digits) >= 1 || t.suf != "" && len(t.Text) >= 3)
}

// Alignment is the outcome of laying a phrase over a name.
type Alignment struct {
	used    uint64 // atoms of the name that are accounted for
	Matched []int  // slots that are found, in order
	Open    []int  // slots that are not
	line    bool   // a word of the phrase begins a model number of the name ("MP" and "MP70")
	typed   bool
	coded   bool // a slot was found among the model numbers
}

// Compare relates a published phrase to a name; codes are the bare model numbers recorded beside the name.
func Compare(p Phrase, name []Atom, codes []string) Relation {
	if len(p) == 0 || len(name) > 60 {
		return Apart
	}
	al := Align(p, name, codes)
	return al.decide(p, name, codes)
}

func Align(p Phrase, name []Atom, codes []string) Alignment {
	var al Alignment
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
		if n == 0 && i+1 < len(p) && p[i+1][0].led && len(p[i]) == 1 && slices.Contains(codes, p[i][0].Text+p[i+1][0].Text) { // "MMT-754"
			n, al.coded = 2, true
		}
		if n == 0 {
			al.Open = append(al.Open, i)
			i++
			continue
		}
		for k := range n {
			al.Matched = append(al.Matched, i+k)
		}
		i += n
	}
	al.ordered(p, codes)
	return al
}

// ordered finds numbers among recorded order numbers that lead them with letters: "Paradigm 554/754" and MMT-754. A number
// says that much only beside a brand that agrees.
func (al *Alignment) ordered(p Phrase, codes []string) {
	if len(codes) == 0 || len(al.Open) == 0 || !slices.ContainsFunc(al.Matched, func(i int) bool { return p[i][0].Class == Brand }) {
		return
	}
	al.Open = slices.DeleteFunc(al.Open, func(i int) bool {
		hit := slices.ContainsFunc(p[i], func(t Token) bool {
			return t.Class == Number && t.hi == 0 && t.pre == "" && len(t.Digits) >= 3 && slices.ContainsFunc(codes, func(c string) bool {
				lead, ok := strings.CutSuffix(c, t.Text)
				return ok && len(lead) >= 3 && !strings.ContainsAny(lead, "0123456789")
			})
		})
		if hit {
			al.Matched, al.coded = append(al.Matched, i), true
		}
		return hit
	})
	slices.Sort(al.Matched)
}

func (al *Alignment) code(s Slot, codes []string) bool {
	for i := range s {
		if s[i].Strong() && slices.Contains(codes, s[i].Text) {
			return true
		}
	}
	return false
}

// place finds consecutive atoms for one slot, or for several slots written together in the name or apart.
func (al *Alignment) place(slots []Slot, name []Atom) bool {
	if len(slots) > 1 {
		joined := ""
		for _, s := range slots {
			if len(s) != 1 || s[0].hi != 0 {
				return false
			}
			joined += s[0].Text
		}
		return al.find(&Token{Text: joined, Class: Brand, small: slots[len(slots)-1][0].small}, name, listed)
	}
	as := lone
	if len(slots[0]) > 1 {
		as = listed
	}
	for i := range slots[0] {
		if al.find(&slots[0][i], name, as) {
			return true
		}
	}
	return false
}

// standing is how a token stands in a published name.
type standing uint8

const (
	lone   standing = iota // a word of its own
	listed                 // one of several alternatives, or several words read as one
)

func (al *Alignment) find(t *Token, name []Atom, as standing) bool {
	for start := range name {
		if al.used&(1<<start) != 0 {
			continue
		}
		length := 0
		for end := start; end < len(name) && end < start+5 && al.used&(1<<end) == 0; end++ {
			length += len(name[end].Text)
			if t.hi == 0 && length > len(t.Text) {
				break
			}
			if !t.covers(name[start : end+1]) {
				continue
			}
			left := start > 0 && name[start].glued
			right := end+1 < len(name) && name[end+1].glued
			switch {
			case left && t.Class == Number && name[start-1].Class != Number:
				continue // "E9" is not a 9
			case left && name[start-1].Class == Number && len(t.Text) <= 3:
				continue
			case right && t.small:
				continue
			case right && t.Class == Number:
				continue // "650c" is not a 650
			case right && (as == listed || len(t.Text) > 4):
				if t.Class != Brand || name[end+1].Class != Number {
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
	if t.Class == Brand && as == lone {
		for i := range name {
			if al.used&(1<<i) == 0 && name[i].Class == Brand && typo(name[i].Text, t.Text) {
				al.mark(i, i)
				al.typed = true
				return true
			}
		}
	}
	if other := roman[t.Text]; other != "" && t.Class != Brand {
		for i := range name {
			if al.used&(1<<i) == 0 && name[i].Text == other && !name[i].glued && (i+1 == len(name) || !name[i+1].glued) {
				al.mark(i, i)
				return true
			}
		}
	}
	return false
}

// roman are the numbers of a generation that are written in both ways; I, V and X are letters more often.
var roman = map[string]string{"ii": "2", "iii": "3", "iv": "4", "2": "ii", "3": "iii", "4": "iv"}

func (al *Alignment) mark(start, end int) {
	for i := start; i <= end; i++ {
		al.used |= 1 << i
	}
}

// covers says that consecutive atoms spell the token.
func (t *Token) covers(list []Atom) bool {
	if t.hi != 0 {
		return t.inRange(list)
	}
	rest := t.Text
	for i := range list {
		var ok bool
		if rest, ok = strings.CutPrefix(rest, list[i].Text); !ok {
			if list[i].Class == Number && wildDigits(t, list, i) {
				return true
			}
			return false
		}
	}
	return rest == ""
}

// wildDigits compares digits with a pattern such as "5x0".
func wildDigits(t *Token, list []Atom, i int) bool {
	if !strings.Contains(t.Digits, "x") || i != len(list)-1 || len(list[i].Text) != len(t.Digits) {
		return false
	}
	pre := ""
	for _, a := range list[:i] {
		pre += a.Text
	}
	if pre != t.pre {
		return false
	}
	for k := range len(t.Digits) {
		if t.Digits[k] != 'x' && t.Digits[k] != list[i].Text[k] {
			return false
		}
	}
	return true
}

func (t *Token) inRange(list []Atom) bool {
	if t.pre != "" {
		if len(list) < 2 || list[0].Text != t.pre {
			return false
		}
		list = list[1:]
	}
	if len(list) != 1 || list[0].Class != Number {
		return false
	}
	n := small(list[0].Text)
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

// coded says that letters belong to a number of four or more digits, as in an order number.
func coded(name []Atom, i int) bool {
	before := name[i].glued && i > 0 && len(name[i-1].Text) >= 4 && name[i-1].Class == Number
	after := i+1 < len(name) && name[i+1].glued && len(name[i+1].Text) >= 4 && name[i+1].Class == Number
	return before || after
}

func (al *Alignment) left(name []Atom) rest {
	r := rest{leading: true}
	first := 64
	for i := range name {
		if al.used&(1<<i) != 0 {
			first = min(first, i)
		}
	}
	for i := range name {
		if al.used&(1<<i) != 0 || i+1 < len(name) && name[i+1].led && al.used&(1<<(i+1)) != 0 { // "MMT-754" and "754"
			continue
		}
		switch name[i].Class {
		case Role:
			r.roles++
		case StrongRole:
			r.strong++
		case Variant:
			if coded(name, i) { // "M8007A" beside "MP70"
				continue
			}
			r.variants++
		case Brand:
			if name[i].caps && len(name[i].Text) == 3 { // "Kappa XLT"
				r.variants++
				continue
			}
			r.brands++
			r.leading = r.leading && i < first
		case Number:
			r.numbers++
			r.code = r.code || len(name[i].Text) >= 4
		}
	}
	return r
}
