package jsontree

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// stringInto reads a string (RFC 8259 7); p.pos is at its opening quote. Text without escapes is a part of the source.
func (p *parser) stringInto(out *string) *fault {
	p.pos++
	start := p.pos
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; {
		case c == '"':
			*out = p.src[start:p.pos]
			p.pos++
			return nil
		case c == '\\':
			return p.escaped(start, out)
		case c < 0x20:
			return p.fault("has an unescaped control character in a string")
		case c < utf8.RuneSelf:
			p.pos++
		default:
			r, n := utf8.DecodeRuneInString(p.src[p.pos:])
			if r == utf8.RuneError && n == 1 {
				return p.fault("is not valid UTF-8")
			}
			p.pos += n
		}
	}
	return p.fault("ends inside a string")
}

// escaped goes on with a string that has an escape at p.pos and began at start.
func (p *parser) escaped(start int, out *string) *fault {
	var b strings.Builder
	b.WriteString(p.src[start:p.pos])
	for p.pos < len(p.src) {
		c := p.src[p.pos]
		switch {
		case c == '"':
			*out = b.String()
			p.pos++
			return nil
		case c < 0x20:
			return p.fault("has an unescaped control character in a string")
		case c == '\\':
			if f := p.escape(&b); f != nil {
				return f
			}
		default:
			r, n := utf8.DecodeRuneInString(p.src[p.pos:])
			if r == utf8.RuneError && n == 1 {
				return p.fault("is not valid UTF-8")
			}
			b.WriteString(p.src[p.pos : p.pos+n])
			p.pos += n
		}
	}
	return p.fault("ends inside a string")
}

func (p *parser) escape(b *strings.Builder) *fault {
	if p.pos+1 >= len(p.src) {
		return p.fault("ends inside a string")
	}
	c := p.src[p.pos+1]
	if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
		b.WriteByte("\"\\/\b\f\n\r\t"[i])
		p.pos += 2
		return nil
	}
	if c != 'u' {
		return p.fault("has an unknown escape in a string")
	}
	r, ok := p.hex4(p.pos + 2)
	if !ok {
		return p.fault("has a malformed \\u escape in a string")
	}
	p.pos += 6
	if utf16.IsSurrogate(r) {
		low, ok := rune(0), false
		if strings.HasPrefix(p.src[p.pos:], `\u`) {
			low, ok = p.hex4(p.pos + 2)
		}
		if full := utf16.DecodeRune(r, low); ok && full != utf8.RuneError {
			r = full
			p.pos += 6
		} else {
			return p.fault("has half of a surrogate pair in a string")
		}
	}
	b.WriteRune(r)
	return nil
}

func (p *parser) hex4(at int) (rune, bool) {
	if at+4 > len(p.src) {
		return 0, false
	}
	n, err := strconv.ParseUint(p.src[at:at+4], 16, 32)
	return rune(n), err == nil
}
