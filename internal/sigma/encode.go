package sigma

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// dashes begin the flags of Windows programs: hyphen, slash, en dash, em dash, horizontal bar.
var dashes = []rune{'-', '/', '–', '—', '―'}

// maxFlags bounds the flags in one value with windash: each multiplies the patterns by five.
const maxFlags = 4

// windash gives every way to write the flags of a pattern. A flag is a dash that begins a word.
func windash(p Pattern) ([]Pattern, error) {
	out := []Pattern{nil}
	flags := 0
	for _, x := range p {
		if x.Wild != Literal {
			for i := range out {
				out[i] = append(out[i][:len(out[i]):len(out[i])], x)
			}
			continue
		}
		texts := []string{""}
		runes := []rune(x.Text)
		for i, r := range runes {
			variants := []rune{r}
			if isDash(r) && (i == 0 || !isWord(runes[i-1])) && i+1 < len(runes) && isWord(runes[i+1]) {
				if flags++; flags > maxFlags {
					return nil, fmt.Errorf("windash: more than %d flags in one value", maxFlags)
				}
				variants = dashes
			}
			texts = product(texts, variants)
		}
		var next []Pattern
		for _, head := range out {
			for _, t := range texts {
				next = append(next, append(head[:len(head):len(head)], Part{Text: t}))
			}
		}
		out = next
	}
	return out, nil
}

func product(texts []string, variants []rune) []string {
	if len(variants) == 1 {
		for i := range texts {
			texts[i] += string(variants[0])
		}
		return texts
	}
	var out []string
	for _, t := range texts {
		for _, v := range variants {
			out = append(out, t+string(v))
		}
	}
	return out
}

func isDash(r rune) bool { return strings.ContainsRune("-/–—―", r) }

func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// wide is text in UTF-16 with the byte order, and the mark before it when asked for by name.
func wide(s, name string) string {
	var order binary.AppendByteOrder = binary.LittleEndian
	if name == "utf16be" {
		order = binary.BigEndian
	}
	var b []byte
	if name == "utf16" {
		b = order.AppendUint16(b, 0xfeff)
	}
	for _, u := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

// base64Offsets are the three ways in which bytes show inside of a longer text in base64, without the characters at
// either end that depend on the bytes beside them.
func base64Offsets(s string) []string {
	var out []string
	for shift := range 3 {
		text := base64.StdEncoding.EncodeToString(append(make([]byte, shift), s...))
		begin := []int{0, 2, 3}[shift]
		end := len(text) - []int{0, 3, 2}[(len(s)+shift)%3]
		if begin < end {
			out = append(out, text[begin:end])
		}
	}
	return out
}

// encoded applies a modifier that changes text to other text.
func encoded(p Pattern, modifier string) ([]Pattern, error) {
	if modifier == "windash" {
		return windash(p)
	}
	s, ok := p.plain()
	if !ok {
		return nil, fmt.Errorf("%s: a value with wildcards cannot be encoded", modifier)
	}
	if s == "" {
		return nil, fmt.Errorf("%s: the value is empty", modifier)
	}
	var texts []string
	switch modifier {
	case "base64":
		texts = []string{base64.StdEncoding.EncodeToString([]byte(s))}
	case "base64offset":
		if texts = base64Offsets(s); len(texts) < 3 {
			return nil, fmt.Errorf("base64offset: the value is too short")
		}
	default:
		if !utf8.ValidString(s) {
			return nil, fmt.Errorf("%s: the value is not text", modifier)
		}
		texts = []string{wide(s, modifier)}
	}
	var out []Pattern
	for _, t := range texts {
		out = append(out, Pattern{{Text: t}})
	}
	return out, nil
}
