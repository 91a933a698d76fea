package vers

import "strings"

// The orders of dpkg and rpm are turned into byte strings whose plain order is the version order, so that a comparison is
// one memory compare instead of two parses.

// debOrder follows deb-version(7): epoch, upstream version, Debian revision, each compared as alternating runs of
// non-digits (where "~" is before the end and letters before other signs) and numbers.
func debOrder(text string) string {
	var b strings.Builder
	epoch, rest, ok := strings.Cut(text, ":")
	if !ok {
		epoch, rest = "0", text
	}
	number(&b, strings.TrimSpace(epoch))
	upstream, revision := rest, ""
	if i := strings.LastIndexByte(rest, '-'); i >= 0 {
		upstream, revision = rest[:i], rest[i+1:]
	}
	debRuns(&b, upstream)
	debRuns(&b, revision)
	return b.String()
}

func debRuns(b *strings.Builder, s string) {
	for first := true; first || s != ""; first = false { // an absent part equals "0"
		i := 0
		for i < len(s) && !digit(s[i]) {
			switch c := s[i]; {
			case c == '~':
				b.WriteByte(1)
			case letter(c):
				b.WriteByte(c)
			default:
				b.WriteByte(0x80 | c&0x7f)
			}
			i++
		}
		b.WriteByte(2) // the end of a run: after "~", before everything else
		s = s[i:]
		i = 0
		for i < len(s) && digit(s[i]) {
			i++
		}
		number(b, s[:i])
		s = s[i:]
	}
	b.WriteByte(2)
	b.WriteByte(0)
}

// rpmOrder follows rpm-version(7): epoch, version, release, each split into runs of digits or letters, separators ignored;
// "~" is before the end, "^" after the end but before any further run, letters before numbers.
func rpmOrder(text string) string {
	var b strings.Builder
	epoch, rest, ok := strings.Cut(text, ":")
	if !ok {
		epoch, rest = "0", text
	}
	number(&b, strings.TrimLeft(epoch, " "))
	version, release := rest, ""
	if i := strings.LastIndexByte(rest, '-'); i >= 0 {
		version, release = rest[:i], rest[i+1:]
	}
	rpmRuns(&b, version)
	rpmRuns(&b, release)
	return b.String()
}

func rpmRuns(b *strings.Builder, s string) {
	for i := 0; i < len(s); {
		j := i
		switch c := s[i]; {
		case c == '~':
			b.WriteByte(1)
			i++
		case c == '^':
			b.WriteByte(3)
			i++
		case digit(c):
			for j < len(s) && digit(s[j]) {
				j++
			}
			b.WriteByte(5)
			number(b, s[i:j])
			i = j
		case letter(c):
			for j < len(s) && letter(s[j]) {
				j++
			}
			b.WriteByte(4)
			b.WriteString(s[i:j])
			b.WriteByte(0)
			i = j
		default:
			i++
		}
	}
	b.WriteByte(2)
}

// apkOrder follows apk-package(5): numbers, a letter, suffixes (_alpha to _rc before the version, _cvs to _p after it) and
// the package revision; a number with leading zeros is before one without. The text is well formed.
func apkOrder(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		c := text[i]
		j := i + 1
		switch {
		case c == '.' && j < len(text) && text[j] == '0': // fewer zeros first is later
			for j < len(text) && text[j] == '0' {
				j++
			}
			b.WriteByte(0x70)
			b.WriteByte(0)
			b.WriteByte(byte(255 - min(j-i, 254)))
		case c == '.':
			j = digitsEnd(text, j)
			b.WriteByte(0x70)
			b.WriteByte(1)
			number(&b, text[i+1:j])
		case digit(c):
			j = digitsEnd(text, i)
			b.WriteByte(0x60)
			number(&b, text[i:j])
		case c == '-': // "-r1"
			j = digitsEnd(text, i+2)
			b.WriteByte(0x20)
			number(&b, text[i+2:j])
		case c == '_':
			for j < len(text) && letter(text[j]) {
				j++
			}
			rank := byte(0x40)
			for k, name := range [...]string{"alpha", "beta", "pre", "rc", "cvs", "svn", "git", "hg", "p"} {
				if text[i+1:j] == name {
					rank = byte(1 + k)
					if k >= 4 {
						rank = byte(0x40 + k)
					}
				}
			}
			b.WriteByte(rank)
			if n := digitsEnd(text, j); n > j {
				b.WriteByte(0x30)
				number(&b, text[j:n])
				j = n
			}
		case letter(c):
			b.WriteByte(0x50)
			b.WriteByte(c)
		}
		i = j
	}
	b.WriteByte(0x10) // the end: after _alpha, before everything else
	return b.String()
}

func digitsEnd(s string, i int) int {
	for i < len(s) && digit(s[i]) {
		i++
	}
	return min(i, len(s))
}

// number writes a decimal number so that byte order is numeric order: its length without leading zeros, then its digits.
func number(b *strings.Builder, digits string) {
	digits = strings.TrimLeft(digits, "0")
	for n := len(digits); ; n -= 254 {
		if n < 255 {
			b.WriteByte(byte(n))
			break
		}
		b.WriteByte(255)
	}
	b.WriteString(digits)
}

func digit(c byte) bool  { return c >= '0' && c <= '9' }
func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
