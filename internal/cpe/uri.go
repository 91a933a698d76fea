package cpe

import (
	"fmt"
	"strings"
)

// parseURI unbinds a CPE 2.2 URI (NISTIR 7695 6.1.3). "%01" stands for "?" and "%02" for "*"; an edition that begins with
// "~" packs the five attributes that CPE 2.2 does not have.
func parseURI(s string) (Name, error) {
	var n Name
	parts := strings.Split(s[len("cpe:/"):], ":")
	if len(parts) > 7 {
		return n, fmt.Errorf("cpe URI %q has %d components: at most 7", clip(s), len(parts))
	}
	set := func(a Attribute, text string) error {
		v, err := decode(text)
		if err != nil {
			return fmt.Errorf("cpe URI %q: %s: %w", clip(s), a, err)
		}
		n[a] = v
		return nil
	}
	for i, p := range parts {
		a := Attribute(i)
		if a == Edition && strings.HasPrefix(p, "~") {
			packed := strings.Split(p[1:], "~")
			if len(packed) != 5 {
				return n, fmt.Errorf("cpe URI %q: edition packs %d values instead of 5", clip(s), len(packed))
			}
			for k, b := range [...]Attribute{Edition, SWEdition, TargetSW, TargetHW, Other} {
				if err := set(b, packed[k]); err != nil {
					return n, err
				}
			}
			continue
		}
		if err := set(a, p); err != nil {
			return n, err
		}
	}
	if err := n.check(); err != nil {
		return n, fmt.Errorf("cpe URI %q: %w", clip(s), err)
	}
	return n, nil
}

// decode reads one percent-encoded component.
func decode(s string) (Value, error) {
	switch s {
	case "":
		return Value{}, nil
	case "-":
		return Value{kind: NA}, nil
	}
	v := Value{kind: Text}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c != '%' {
			if c <= ' ' || c == 0x7f {
				return v, fmt.Errorf("has the character %q", c)
			}
			if v.trail != 0 {
				return v, fmt.Errorf("has a wildcard inside %q", s)
			}
			b = append(b, c)
			continue
		}
		if i+2 >= len(s) {
			return v, fmt.Errorf("ends inside of a percent code")
		}
		hi, lo := hex(s[i+1]), hex(s[i+2])
		if hi < 0 || lo < 0 {
			return v, fmt.Errorf("has the bad percent code %q", s[i:i+3])
		}
		i += 2
		switch x := byte(hi<<4 | lo); {
		case x == 1 || x == 2:
			if err := v.wildcard(x, len(b)); err != nil {
				return v, fmt.Errorf("%w in %q", err, s)
			}
		case v.trail != 0:
			return v, fmt.Errorf("has a wildcard inside %q", s)
		case x < 0x20 || x == 0x7f:
			return v, fmt.Errorf("has the bad percent code %q", s[i-2:i+1])
		default:
			b = append(b, x)
		}
	}
	v.text = lower(b)
	if v.text == "" && (v.lead <= 0 || v.trail != 0) {
		return v, fmt.Errorf("%q has wildcards only", s)
	}
	return v, nil
}

// wildcard counts one wildcard code (1 for one character, 2 for any number) before or after the text, of which so many bytes are
// read.
func (v *Value) wildcard(code byte, read int) error {
	many := code == 2
	n := &v.lead
	if read > 0 {
		n = &v.trail
	}
	switch {
	case *n == star || many && *n > 0:
		return fmt.Errorf("has a wildcard after a wildcard")
	case many:
		*n = star
	default:
		*n++
	}
	return nil
}

func hex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// URI binds the name to a CPE 2.2 URI (NISTIR 7695 6.1.2).
func (n Name) URI() string {
	var b strings.Builder
	b.WriteString("cpe:/")
	packed := n[SWEdition].kind != Any || n[TargetSW].kind != Any || n[TargetHW].kind != Any || n[Other].kind != Any
	for a := Part; a <= Language; a++ {
		if a > Part {
			b.WriteByte(':')
		}
		if a != Edition || !packed {
			n[a].encode(&b)
			continue
		}
		for _, p := range [...]Attribute{Edition, SWEdition, TargetSW, TargetHW, Other} {
			b.WriteByte('~')
			n[p].encode(&b)
		}
	}
	return strings.TrimRight(b.String(), ":")
}

func (v Value) encode(b *strings.Builder) {
	switch v.kind {
	case Any:
		return
	case NA:
		b.WriteByte('-')
		return
	}
	wildcards(b, v.lead, "%02", "%01")
	const digits = "0123456789abcdef"
	for i := 0; i < len(v.text); i++ {
		c := v.text[i]
		if c < 0x80 && (plain(c) || c == '.' || c == '-' && (len(v.text) > 1 || v.Wild())) {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	wildcards(b, v.trail, "%02", "%01")
}
