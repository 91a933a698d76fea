package vers

import (
	"strings"
)

// A form is a version of no known scheme, taken apart: numbers and letters in order, then words such as "SP1" or "rc2".
type form struct {
	text  string // normalised: upper case, one space
	code  string // product code before the version, with its separator dropped ("GEH" of "GEH-1.1")
	parts []part
	tail  []step
	wild  bool // ends in a wildcard: everything that begins so
}

type partKind uint8

const (
	partNumber partKind = iota
	partLetters
)

// A part is a number or a run of letters. glued says that a number follows a run of letters without a separator.
type part struct {
	kind   partKind
	n      uint64
	top    uint64 // the largest number meant: n, but 9 for "0x" and 19 for "1x"
	s      string
	padded bool // written with leading zeros
	digits int
	glued  bool
}

// A step is a word after the version that moves it back (rc, beta) or on (SP, patch, hot fix).
type step struct {
	word string
	rank int // below zero: before the release
	nums []uint64
}

// Words that may follow a version, in the spelling used here. The rank orders those before a release.
var stepWords = map[string]step{
	"DEV": {"dev", -6, nil}, "SNAPSHOT": {"dev", -6, nil}, "NIGHTLY": {"dev", -6, nil},
	"ALPHA": {"alpha", -5, nil}, "BETA": {"beta", -4, nil}, "PREVIEW": {"preview", -3, nil}, "PRE": {"preview", -3, nil},
	"PRERELEASE": {"preview", -3, nil}, "RC": {"rc", -2, nil},
	"SP": {"service pack", 2, nil}, "SERVICEPACK": {"service pack", 2, nil},
	"PATCH": {"patch", 1, nil}, "PATCHES": {"patch", 1, nil}, "HF": {"hot fix", 1, nil}, "HOTFIX": {"hot fix", 1, nil},
	"HOTFIXES": {"hot fix", 1, nil}, "UPDATE": {"update", 1, nil}, "UPD": {"update", 1, nil}, "CU": {"cumulative update", 1, nil},
	"MR": {"maintenance release", 1, nil}, "SR": {"service release", 1, nil}, "QU": {"quality update", 1, nil},
	"MP": {"maintenance pack", 1, nil}, "FIX": {"fix", 1, nil},
	"BUILD": {"build", 0, nil}, "BLD": {"build", 0, nil},
}

// leadWords say "version" in many ways; they are dropped before a number.
var leadWords = []string{"VERSIONS", "VERSION", "VERS", "VER", "REVISIONS", "REVISION", "REV", "RELEASES", "RELEASE", "REL",
	"FIRMWARE", "SOFTWARE", "FW", "SW", "V", "R"}

const maxParts = 24

// parseForm reads a version text; false when it holds words or signs that the generic order does not know.
func parseForm(text string) (form, bool) {
	s := normalForm(text)
	f := form{text: s}
	if s == "" || len(s) > 128 {
		return f, false
	}
	s = trimLead(s)
	if code, rest, ok := cutCode(s); ok {
		f.code, s = code, trimLead(rest)
	}
	for i := 0; i < len(s); {
		if len(f.parts)+len(f.tail) > maxParts {
			return f, false
		}
		switch c := s[i]; {
		case digit(c):
			j := i
			for j < len(s) && digit(s[j]) {
				j++
			}
			p := part{n: decimal(s[i:j]), padded: c == '0' && j-i > 1, digits: j - i, glued: i > 0 && letter(s[i-1])}
			if j-i > 18 {
				return f, false
			}
			p.top = p.n
			if j < len(s) && (s[j] == 'X' || s[j] == '*') && ends(s, j+1) { // "0x": any last digit
				if len(f.tail) > 0 {
					return f, false
				}
				p.top = p.n*10 + 9
				f.parts = append(f.parts, p)
				f.wild = true
				return f, true
			}
			if n := len(f.tail); n > 0 {
				f.tail[n-1].nums = append(f.tail[n-1].nums, p.n)
			} else {
				f.parts = append(f.parts, p)
			}
			i = j
		case letter(c):
			j := i
			for j < len(s) && letter(s[j]) {
				j++
			}
			word := s[i:j]
			if word == "X" && ends(s, j) && len(f.tail) == 0 && (i == 0 || !letter(s[i-1])) && len(f.parts) > 0 {
				f.wild = true // what follows a wildcard cannot be told apart
				return f, true
			}
			if word == "SERVICE" && strings.HasPrefix(s[j:], " PACK") {
				word, j = "SP", j+len(" PACK")
			} else if word == "HOT" && strings.HasPrefix(s[j:], " FIX") {
				word, j = "HF", j+len(" FIX")
			}
			if st, ok := stepWords[word]; ok && len(f.parts) > 0 {
				f.tail = append(f.tail, st)
				i = j
				continue
			}
			if len(word) > 3 || len(f.tail) > 0 && len(word) > 1 {
				return f, false
			}
			if n := len(f.tail); n > 0 { // "SP1 a", "Update 3a"
				f.tail[n-1].nums = append(f.tail[n-1].nums, uint64(word[0]))
			} else {
				f.parts = append(f.parts, part{kind: partLetters, s: word})
			}
			i = j
		case c == '*':
			if len(f.parts) == 0 || len(f.tail) > 0 {
				return f, false
			}
			f.wild = true
			return f, true
		case strings.IndexByte(" ._-+()~:,", c) >= 0:
			i++
		default:
			return f, false
		}
	}
	return f, len(f.parts) > 0
}

func normalForm(s string) string {
	return strings.Trim(strings.ToUpper(strings.Join(strings.Fields(s), " ")), ".,;:")
}

func ends(s string, i int) bool { return i >= len(s) || !digit(s[i]) && !letter(s[i]) }

func decimal(s string) uint64 {
	var n uint64
	for i := 0; i < len(s); i++ {
		n = n*10 + uint64(s[i]-'0')
	}
	return n
}

// trimLead drops words such as "Version" or "v" when a number follows, and the long ones when a lone letter follows.
func trimLead(s string) string {
	for {
		cut := false
		for _, w := range leadWords {
			if !strings.HasPrefix(s, w) {
				continue
			}
			rest := strings.TrimLeft(s[len(w):], " .:_#-")
			separated := len(rest) < len(s)-len(w)
			if rest == "" {
				continue
			}
			if digit(rest[0]) || len(w) > 1 && separated && (hasLead(rest) || ends(rest, 1) || len(rest) > 1 && digit(rest[1])) {
				s, cut = rest, true
				break
			}
		}
		if !cut {
			return s
		}
	}
}

func hasLead(s string) bool {
	for _, w := range leadWords {
		if strings.HasPrefix(s, w) {
			return true
		}
	}
	return false
}

// cutCode splits "GEH-1.1" and "LPI 3.5.12.P30" into a product code and a version of at least two numbers.
func cutCode(s string) (code, rest string, ok bool) {
	i := 0
	for i < len(s) && letter(s[i]) {
		i++
	}
	if i < 2 || i+1 >= len(s) || s[i] != '-' && s[i] != ' ' && s[i] != '_' {
		return "", s, false
	}
	if _, word := stepWords[s[:i]]; word {
		return "", s, false
	}
	rest = trimLead(s[i+1:])
	if !digit(rest[0]) || !strings.Contains(rest, ".") {
		return "", s, false
	}
	return s[:i], rest, true
}

// year says that a form begins with a year, as in "2018-1" or "2020 R2".
func (f *form) year() bool {
	return len(f.parts) > 0 && f.parts[0].kind == partNumber && f.parts[0].digits == 4 && f.parts[0].n >= 1980 && f.parts[0].n < 2100
}

// line is the letters of a form like "L81" or "BT06": letters glued to a number at its start.
func (f *form) line() string {
	if len(f.parts) > 1 && f.parts[0].kind == partLetters && f.parts[1].glued {
		return f.parts[0].s
	}
	return ""
}

// compareForms orders two forms; why is not empty when they have no order.
func compareForms(a, b *form) (c int, why string) {
	if a.text == b.text {
		return 0, ""
	}
	if why := apart(a, b); why != "" {
		return 0, why
	}
	c, why = compareParts(a.parts, b.parts)
	if c != 0 || why != "" {
		if why == "" && decimalsDisagree(a, b, c) {
			return 0, "read as decimal fractions and as dotted numbers they order differently"
		}
		return c, why
	}
	return compareTails(a.tail, b.tail)
}

// apart says why two forms cannot be ordered at all.
func apart(a, b *form) string {
	if a.code != "" && b.code != "" && a.code != b.code {
		return "the product codes " + a.code + " and " + b.code + " differ"
	}
	if len(a.parts) == 0 || len(b.parts) == 0 {
		return "there is no version number"
	}
	p, q := a.parts[0], b.parts[0]
	if p.kind != q.kind {
		return "one begins with a letter and the other with a number"
	}
	if p.kind == partNumber && a.year() != b.year() {
		return "one begins with a year and the other does not"
	}
	if p.kind == partLetters {
		la, lb := a.line(), b.line()
		if la != lb {
			return "they are of different lines (" + p.s + " and " + q.s + ")"
		}
	}
	// "012U000040": a padded number glued to a letter is an identifier and orders only within itself.
	if p.kind == partNumber && (identifier(a) || identifier(b)) && (identifier(a) != identifier(b) || p.n != q.n) {
		return "they are of different item numbers"
	}
	return ""
}

func identifier(f *form) bool {
	return len(f.parts) == 3 && f.parts[0].padded && f.parts[1].kind == partLetters && f.parts[2].glued && f.parts[2].padded
}

func compareParts(a, b []part) (int, string) {
	for i := 0; ; i++ {
		switch {
		case i >= len(a) && i >= len(b):
			return 0, ""
		case i >= len(a):
			return -remains(b[i:]), ""
		case i >= len(b):
			return remains(a[i:]), ""
		}
		p, q := a[i], b[i]
		if p.kind != q.kind {
			return 0, "a letter stands where the other has a number"
		}
		if p.kind == partNumber {
			if p.n != q.n {
				if p.n < q.n {
					return -1, ""
				}
				return 1, ""
			}
			continue
		}
		if p.s == q.s {
			continue
		}
		glued := i+1 < len(a) && a[i+1].glued || i+1 < len(b) && b[i+1].glued
		if len(p.s) != 1 || len(q.s) != 1 || glued {
			return 0, "the letters " + p.s + " and " + q.s + " have no order"
		}
		return strings.Compare(p.s, q.s), ""
	}
}

// remains is 0 when only zeros are left, else 1: a longer version is a later one.
func remains(parts []part) int {
	for _, p := range parts {
		if p.kind == partLetters || p.n != 0 {
			return 1
		}
	}
	return 0
}

// decimalsDisagree handles two-number versions of which one has a padded fraction ("1.003"): c is their order as dotted
// numbers, and the order as decimal fractions may be the other one.
func decimalsDisagree(a, b *form, c int) bool {
	if len(a.parts) != 2 || len(b.parts) != 2 {
		return false
	}
	p, q := a.parts[1], b.parts[1]
	if p.kind != partNumber || q.kind != partNumber || !p.padded && !q.padded || a.parts[0].n != b.parts[0].n || p.digits == q.digits || p.digits > 9 || q.digits > 9 {
		return false
	}
	x, y := p.n, q.n
	for d := p.digits; d < q.digits; d++ {
		x *= 10
	}
	for d := q.digits; d < p.digits; d++ {
		y *= 10
	}
	return x < y && c > 0 || x > y && c < 0
}

func compareTails(a, b []step) (int, string) {
	for i := 0; ; i++ {
		switch {
		case i >= len(a) && i >= len(b):
			return 0, ""
		case i >= len(a):
			c, why := beside(b[i])
			return -c, why
		case i >= len(b):
			return beside(a[i])
		}
		p, q := a[i], b[i]
		switch {
		case p.word == q.word:
			if c := compareNumbers(p.nums, q.nums); c != 0 {
				return c, ""
			}
		case p.rank < 0 || q.rank < 0 || p.rank == 2 || q.rank == 2: // before a release, or a service pack, which outranks fixes
			if p.rank < q.rank {
				return -1, ""
			}
			return 1, ""
		default:
			return 0, "a " + p.word + " and a " + q.word + " have no order"
		}
	}
}

// beside is the order of a version with a further step against the one without it.
func beside(s step) (int, string) {
	switch {
	case s.rank < 0:
		return -1, ""
	case s.rank == 0:
		return 0, "only one of them gives a " + s.word
	}
	return 1, ""
}

func compareNumbers(a, b []uint64) int {
	for i := 0; i < len(a) || i < len(b); i++ {
		var x, y uint64
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			if x < y {
				return -1
			}
			return 1
		}
	}
	return 0
}
