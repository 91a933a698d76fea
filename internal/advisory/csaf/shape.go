package csaf

import (
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"triward/internal/advisory/jsontree"
)

// shape is what a JSON value must look like. It is as much of JSON Schema as the CSAF 2.0 schema uses.
type shape struct {
	kind    jsontree.Kind
	members map[string]*shape
	need    []string
	item    *shape
	atLeast int // length of a string, elements of an array, members of an object
	atMost  int // members of an object, 0: any
	unique  bool
	words   []string
	text    func(string) bool
	must    string // what text asks for: "must be ..."
	low     float64
	high    float64 // bounds of a number when high is not 0
}

func object(members map[string]*shape, need ...string) *shape {
	return &shape{kind: jsontree.Object, members: members, need: need}
}

func (s *shape) least(n int) *shape { s.atLeast = n; return s }

func array(item *shape) *shape { return &shape{kind: jsontree.Array, item: item, atLeast: 1} }

func set(item *shape) *shape {
	return &shape{kind: jsontree.Array, item: item, atLeast: 1, unique: true}
}

func words(list ...string) *shape { return &shape{kind: jsontree.String, words: list} }

func matching(must string, text func(string) bool) *shape {
	return &shape{kind: jsontree.String, atLeast: 1, text: text, must: must}
}

// shapeFault receives one deviation; extra members are told apart, because the schema allows them (test 6.2.20).
type shapeFault func(at *jsontree.Value, extra bool, reason string)

func (s *shape) check(v *jsontree.Value, found shapeFault) {
	if v.Kind != s.kind {
		found(v, false, "must be "+s.kind.String()+", is "+v.Kind.String())
		return
	}
	switch v.Kind {
	case jsontree.String:
		s.checkText(v, found)
	case jsontree.Number:
		if n, ok := v.Number(); !ok || s.high != 0 && (n < s.low || n > s.high) {
			found(v, false, "is out of range: "+jsontree.Shorten(v.Text))
		}
	case jsontree.Array:
		if len(v.Kids) < s.atLeast {
			found(v, false, "has too few elements")
		}
		if s.unique {
			checkUnique(v, found)
		}
		for i := range v.Kids {
			s.item.check(&v.Kids[i], found)
		}
	case jsontree.Object:
		s.checkMembers(v, found)
	}
}

func (s *shape) checkText(v *jsontree.Value, found shapeFault) {
	switch {
	case utf8.RuneCountInString(v.Text) < s.atLeast:
		found(v, false, "is too short")
	case s.words != nil && !slices.Contains(s.words, v.Text):
		found(v, false, strconv.Quote(jsontree.Shorten(v.Text))+" is not one of "+strings.Join(s.words, ", "))
	case s.text != nil && !s.text(v.Text):
		found(v, false, strconv.Quote(jsontree.Shorten(v.Text))+" must be "+s.must)
	}
}

func (s *shape) checkMembers(v *jsontree.Value, found shapeFault) {
	for _, name := range s.need {
		if v.Get(name) == nil {
			found(v, false, "lacks "+name)
		}
	}
	if len(v.Kids) < s.atLeast || s.atMost > 0 && len(v.Kids) > s.atMost {
		found(v, false, "has a wrong number of members")
	}
	for i := range v.Kids {
		kid := &v.Kids[i]
		if member := s.members[kid.Key]; member != nil {
			member.check(kid, found)
		} else {
			found(kid, true, "is a property that the schema does not define")
		}
	}
}

func checkUnique(v *jsontree.Value, found shapeFault) {
	seen := make(map[string]bool, len(v.Kids))
	for i := range v.Kids {
		key := canonical(&v.Kids[i])
		if seen[key] {
			found(&v.Kids[i], false, "repeats an element of the array")
		}
		seen[key] = true
	}
}

// canonical is equal for values that JSON Schema holds equal: the order of members does not count.
func canonical(v *jsontree.Value) string {
	switch v.Kind {
	case jsontree.String:
		return strconv.Quote(v.Text)
	case jsontree.Array, jsontree.Object:
		parts := make([]string, len(v.Kids))
		for i := range v.Kids {
			parts[i] = strconv.Quote(v.Kids[i].Key) + ":" + canonical(&v.Kids[i])
		}
		if v.Kind == jsontree.Object {
			sort.Strings(parts)
			return "{" + strings.Join(parts, ",") + "}"
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	return v.Text
}

// isDateTime is RFC 3339 5.6 "date-time"; second 60 (a leap second) is allowed.
func isDateTime(s string) bool {
	s = strings.ToUpper(s)
	if len(s) > 19 && s[16:19] == ":60" {
		s = s[:16] + ":59" + s[19:]
	}
	_, err := time.Parse(time.RFC3339Nano, s)
	return err == nil && !strings.Contains(s, ",")
}

// isURI is RFC 3986 3: a scheme, then only characters that a URI may hold.
func isURI(s string) bool {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || scheme == "" || !letter(scheme[0]) {
		return false
	}
	for _, c := range []byte(scheme) {
		if !letter(c) && (c < '0' || c > '9') && c != '+' && c != '-' && c != '.' {
			return false
		}
	}
	for _, c := range []byte(rest) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte("<>\"{}|\\^`", c) >= 0 {
			return false
		}
	}
	_, err := url.Parse(s)
	return err == nil
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// isCPE is a CPE name 2.2 URI or 2.3 formatted string as CSAF 2.0 3.1.3.3.1 takes them (NISTIR 7695 6.1, 6.2).
func isCPE(s string) bool {
	if rest, ok := strings.CutPrefix(s, "cpe:2.3:"); ok {
		parts := splitCPE(rest)
		if len(parts) != 11 || !slices.Contains([]string{"a", "h", "o", "*", "-"}, parts[0]) {
			return false
		}
		for i, p := range parts[1:] {
			if p != "*" && p != "-" && (i == 5 && !cpeLanguage(p) || i != 5 && !cpeValue(p)) {
				return false
			}
		}
		return true
	}
	if len(s) < 5 || !strings.EqualFold(s[:5], "cpe:/") {
		return false
	}
	parts := strings.Split(s[5:], ":")
	if len(parts) > 7 || len(parts[0]) > 1 || !strings.Contains("ahoAHO", parts[0]) {
		return false
	}
	for _, p := range parts[1:] {
		for _, c := range []byte(p) {
			if !letter(c) && (c < '0' || c > '9') && !strings.ContainsRune("._-~%", rune(c)) {
				return false
			}
		}
	}
	return true
}

func splitCPE(s string) []string {
	var parts []string
	start := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case ':':
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

// cpeValue is an attribute value of a formatted string: wildcards only at its ends, everything special quoted.
func cpeValue(s string) bool {
	switch {
	case strings.HasPrefix(s, "*"):
		s = s[1:]
	default:
		s = strings.TrimLeft(s, "?")
	}
	trimmed := strings.TrimRight(s, "?")
	if t, ok := strings.CutSuffix(s, "*"); ok {
		trimmed = t
	}
	if strings.HasSuffix(trimmed, `\`) && !strings.HasSuffix(trimmed, `\\`) {
		trimmed = s // the wildcard character is quoted
	}
	if trimmed == "" {
		return false
	}
	for i := 0; i < len(trimmed); i++ {
		c := trimmed[i]
		if c == '\\' {
			if i++; i == len(trimmed) || !strings.ContainsRune("\\*?!\"#$%&'()+,/:;<=>@[]^`{|}~", rune(trimmed[i])) {
				return false
			}
		} else if !letter(c) && (c < '0' || c > '9') && c != '-' && c != '.' && c != '_' {
			return false
		}
	}
	return true
}

func cpeLanguage(s string) bool {
	lang, region, has := strings.Cut(s, "-")
	if len(lang) < 2 || len(lang) > 3 || strings.ContainsFunc(lang, func(r rune) bool { return r > 127 || !letter(byte(r)) }) {
		return false
	}
	if !has {
		return true
	}
	return len(region) == 2 && letter(region[0]) && letter(region[1]) || len(region) == 3 && digitsOnly(region)
}
