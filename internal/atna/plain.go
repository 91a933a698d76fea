package atna

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// plain is a part of the text with entities and the ends of lines resolved (XML 1.0 2.11, 4.1, 4.6).
func (s *scanner) plain(from, to int) (string, error) {
	v := s.lineFeeds(s.text[from:to])
	if s.entity < from {
		if i := strings.IndexByte(s.text[from:], '&'); i >= 0 {
			s.entity = from + i
		} else {
			s.entity = len(s.text)
		}
	}
	if s.entity >= to {
		return v, nil
	}
	var b strings.Builder
	b.Grow(len(v))
	for {
		i := strings.IndexByte(v, '&')
		if i < 0 {
			b.WriteString(v)
			return b.String(), nil
		}
		b.WriteString(v[:i])
		end := strings.IndexByte(v[i:], ';')
		if end < 0 || end > 12 {
			return "", s.fail("an entity without end")
		}
		name := v[i+1 : i+end]
		v = v[i+end+1:]
		switch name {
		case "amp":
			b.WriteByte('&')
		case "lt":
			b.WriteByte('<')
		case "gt":
			b.WriteByte('>')
		case "quot":
			b.WriteByte('"')
		case "apos":
			b.WriteByte('\'')
		default:
			r, ok := reference(name)
			if !ok {
				return "", s.fail("the entity &%s; is not known", name)
			}
			b.WriteRune(r)
		}
	}
}

// reference is the character of "#38" or "#x26".
func reference(name string) (rune, bool) {
	if len(name) < 2 || name[0] != '#' {
		return 0, false
	}
	digits, base := name[1:], 10
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n == 0 || n > utf8.MaxRune || !utf8.ValidRune(rune(n)) {
		return 0, false
	}
	return rune(n), true
}

func (s *scanner) lineFeeds(v string) string {
	if !s.returns {
		return v
	}
	return strings.ReplaceAll(strings.ReplaceAll(v, "\r\n", "\n"), "\r", "\n")
}

// repair reads bytes that are no UTF-8: as Latin-1 when the declaration says so, else each as U+FFFD.
func repair(v string) string {
	head := strings.ToLower(v[:min(len(v), 200)])
	if _, declaration, ok := strings.Cut(head, "<?xml"); ok {
		declaration, _, _ = strings.Cut(declaration, "?>")
		if strings.Contains(declaration, "8859-1") || strings.Contains(declaration, "1252") {
			var b strings.Builder
			for i := range len(v) {
				b.WriteRune(rune(v[i]))
			}
			return b.String()
		}
	}
	return strings.ToValidUTF8(v, "\ufffd")
}
