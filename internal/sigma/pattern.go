package sigma

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Wild is what a Part stands for.
type Wild uint8

// The closed list of parts.
const (
	Literal Wild = iota // Text
	Any                 // any characters, also none: *
	One                 // exactly one character: ?
)

// Part is a piece of a Pattern.
type Part struct {
	Wild Wild
	Text string
}

// Pattern is a text with wildcards; two Any never stand side by side, nor do two literals. Without parts it is the empty
// text.
type Pattern []Part

// parsePattern reads a value of a rule. A backslash takes the meaning from a wildcard or a backslash behind it; before
// anything else it is itself. So `\\*` is a backslash and then anything.
func parsePattern(s string) Pattern {
	var p Pattern
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			p = append(p, Part{Text: text.String()})
			text.Reset()
		}
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && strings.IndexByte(`*?\`, s[i+1]) >= 0:
			i++
			text.WriteByte(s[i])
		case c == '*':
			flush()
			if len(p) == 0 || p[len(p)-1].Wild != Any {
				p = append(p, Part{Wild: Any})
			}
		case c == '?':
			flush()
			p = append(p, Part{Wild: One})
		default:
			text.WriteByte(c)
		}
	}
	flush()
	return p
}

// shaped widens a pattern to a part of the value.
func (p Pattern) shaped(s Shape) Pattern {
	if (s == Suffix || s == Inside) && (len(p) == 0 || p[0].Wild != Any) {
		p = append(Pattern{{Wild: Any}}, p...)
	}
	if (s == Prefix || s == Inside) && (len(p) == 0 || p[len(p)-1].Wild != Any) {
		p = append(p[:len(p):len(p)], Part{Wild: Any})
	}
	return p
}

// plain is the text of a pattern without wildcards.
func (p Pattern) plain() (string, bool) {
	switch {
	case len(p) == 0:
		return "", true
	case len(p) == 1 && p[0].Wild == Literal:
		return p[0].Text, true
	}
	return "", false
}

// String is the pattern as a rule would write it.
func (p Pattern) String() string {
	var b strings.Builder
	for _, x := range p {
		switch x.Wild {
		case Any:
			b.WriteByte('*')
		case One:
			b.WriteByte('?')
		default:
			b.WriteString(strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`).Replace(x.Text))
		}
	}
	return b.String()
}

// Fold maps text so that texts which differ in the case of letters become one: each character to its lower case, and
// the long s and the Kelvin sign to their letters. What is not UTF-8 becomes U+FFFD.
func Fold(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return strings.Map(FoldRune, s)
		}
	}
	return s
}

// FoldRune is Fold of one character.
func FoldRune(r rune) rune {
	switch {
	case r < utf8.RuneSelf:
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	case r == 'ſ':
		return 's'
	}
	return unicode.ToLower(r)
}
