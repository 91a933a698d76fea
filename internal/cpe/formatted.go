package cpe

import (
	"fmt"
	"strings"
)

// parseFormatted unbinds a formatted string (NISTIR 7695 6.2.3).
func parseFormatted(s string) (Name, error) {
	var n Name
	rest := s[len("cpe:2.3:"):]
	for a := Attribute(0); a < attributes; a++ {
		end := component(rest)
		if end == len(rest) != (a == attributes-1) {
			return n, fmt.Errorf("cpe name %q does not have 11 components", clip(s))
		}
		v, err := unbind(rest[:end])
		if err != nil {
			return n, fmt.Errorf("cpe name %q: %s: %w", clip(s), a, err)
		}
		n[a] = v
		rest = rest[min(end+1, len(rest)):]
	}
	if err := n.check(); err != nil {
		return n, fmt.Errorf("cpe name %q: %w", clip(s), err)
	}
	return n, nil
}

// component is the length of the text up to the next colon that is not quoted.
func component(s string) int {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case ':':
			return i
		}
	}
	return len(s)
}

// unbind reads one component: "*" and "-" are the logical values, wildcards may stand only at the ends.
func unbind(s string) (Value, error) {
	switch s {
	case "*":
		return Value{}, nil
	case "-":
		return Value{kind: NA}, nil
	case "":
		return Value{}, fmt.Errorf("is empty")
	}
	v := Value{kind: Text}
	i := 0
	if s[0] == '*' {
		v.lead, i = star, 1
	} else {
		for i < len(s) && s[i] == '?' {
			v.lead, i = v.lead+1, i+1
		}
	}
	b := make([]byte, 0, len(s))
	for i < len(s) {
		c := s[i]
		switch {
		case c == '\\':
			if i+1 == len(s) {
				return v, fmt.Errorf("ends in a backslash")
			}
			if s[i+1] < ' ' || s[i+1] == 0x7f {
				return v, fmt.Errorf("has the character %q", s[i+1])
			}
			b = append(b, s[i+1])
			i += 2
			continue
		case c == '*' && i == len(s)-1:
			v.trail = star
		case c == '?' && strings.Trim(s[i:], "?") == "":
			v.trail = int16(len(s) - i)
			i = len(s)
			continue
		case c == '*' || c == '?':
			return v, fmt.Errorf("has a wildcard inside %q", s)
		case c <= ' ' || c == 0x7f:
			return v, fmt.Errorf("has the character %q unquoted", c)
		default:
			b = append(b, c)
		}
		i++
	}
	v.text = lower(b)
	if v.text == "" && (v.lead <= 0 || v.trail != 0) { // "**"
		return v, fmt.Errorf("%q has wildcards only", s)
	}
	return v, nil
}

// String binds the name to a formatted string (NISTIR 7695 6.2.2).
func (n Name) String() string {
	var b strings.Builder
	b.WriteString("cpe:2.3")
	for _, v := range n {
		b.WriteByte(':')
		v.bind(&b)
	}
	return b.String()
}

// String is the value as in a formatted string.
func (v Value) String() string {
	var b strings.Builder
	v.bind(&b)
	return b.String()
}

func (v Value) bind(b *strings.Builder) {
	switch v.kind {
	case Any:
		b.WriteByte('*')
		return
	case NA:
		b.WriteByte('-')
		return
	}
	wildcards(b, v.lead, "*", "?")
	for i := 0; i < len(v.text); i++ {
		c := v.text[i]
		if !plain(c) && (c != '.' && c != '-' || v.text == "-" && !v.Wild()) {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	wildcards(b, v.trail, "*", "?")
}

func wildcards(b *strings.Builder, n int16, many, one string) {
	if n == star {
		b.WriteString(many)
	}
	for ; n > 0; n-- {
		b.WriteString(one)
	}
}

// plain says that a character needs no quoting anywhere. Bytes outside of ASCII are kept as they are.
func plain(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' || c >= 0x80
}
