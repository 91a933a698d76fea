package naming

import (
	"regexp"
	"slices"
	"strings"
)

// compounds are words that a stroke joins into one.
var compounds = setOf("pet/ct spect/ct nm/ct tcp/ip xq/i mp/i i/o pn/dp e/ip and/or n/a a/d d/a ac/dc udp/ip")

// ReadPhrase makes slots of plain text: words, model numbers, lists and ranges of model numbers.
func ReadPhrase(s string, makers []string) Phrase {
	var out Phrase
	joinNext := false
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' || r == ';' || r == ':' || r == '"' }) {
		low := strings.ToLower(w)
		if low == "and" || low == "or" || w == "&" || w == "/" {
			joinNext = len(out) > 0 && out[len(out)-1][0].Class == Number
			continue
		}
		var slots Phrase
		switch {
		case compounds[low]:
			if low == "xq/i" || low == "mp/i" {
				slots = Phrase{{{Text: strings.ReplaceAll(low, "/", ""), Class: Brand}}}
			} else {
				slots = PhraseOf(Atoms(w))
			}
		case strings.Contains(strings.Trim(w, "/"), "/"):
			slots = strokes(w)
		default:
			if t, ok := span(w); ok {
				slots = Phrase{{t}}
			} else if t, ok := openDigits(w); ok {
				slots = Phrase{{t}}
			} else {
				slots = PhraseOf(Atoms(w))
			}
		}
		for i, sl := range slots {
			last := len(out) - 1
			if i == 0 && last >= 0 && sl[0].Class == Number && out[last][0].Class == Number &&
				(joinNext || sl[0].pre != "" && sl[0].pre == out[last][0].pre && sl[0].suf == out[last][0].suf) {
				out[last] = append(slices.Clone(out[last]), sl...) // "TC10 TC20", "2131 and 2141"
				continue
			}
			out = append(out, sl)
		}
		joinNext = false
	}
	return dropVendor(out, makers)
}

// strokes reads "FM20/FM30", "MX800/700/600", "M8001A/2A/10A", "EPIQ/Affiniti" and "Fetal/Maternal".
func strokes(w string) Phrase {
	list := slashed(w)
	if len(list) == 0 {
		return nil
	}
	numbers, names := 0, 0
	for _, t := range list {
		if t.Class == Number {
			numbers++
		} else if t.Class.Weighs() {
			names++
		}
	}
	if numbers == len(list) || names == len(list) || numbers+names == len(list) && numbers > 0 {
		return Phrase{Slot(list)}
	}
	var out Phrase
	for _, t := range list {
		if t.Class != Stop {
			out = append(out, Slot{t})
		}
	}
	return out
}

// slashed is the elements of a stroke list. An element of fewer digits than the one before stands for its last digits; one
// without letters before its number takes those of the one before.
func slashed(w string) []Token {
	var out []Token
	for part := range strings.SplitSeq(w, "/") {
		p := PhraseOf(Atoms(part))
		if len(p) == 0 {
			continue
		}
		t := p[0][0]
		for _, s := range p[1:] { // "8713-142U" is one code
			t.Text += s[0].Text
			t.Class = max(t.Class, s[0].Class)
			t.suf += s[0].Text
		}
		if n := len(out); n > 0 && t.Class == Number && t.pre == "" && out[n-1].Class == Number && t.Digits != "" {
			prev := out[n-1]
			switch {
			case len(t.Digits) < len(prev.Digits) && len(prev.Digits) >= 4:
				t.Digits = prev.Digits[:len(prev.Digits)-len(t.Digits)] + t.Digits
				t.pre = prev.pre
			case prev.pre != "":
				t.pre = prev.pre
			}
			t.Text = t.pre + t.Digits + t.suf
		}
		out = append(out, t)
	}
	return out
}

// span reads "MX400-550" and "MP20-MP90"; "S7-300" is no span.
func span(w string) (Token, bool) {
	m := spanOf.FindStringSubmatch(w)
	if m == nil {
		return Token{}, false
	}
	pre, again := strings.ToLower(m[1]), strings.ToLower(m[3])
	lo, hi := small(m[2]), small(m[4])
	if again != "" && again != pre || again == "" && len(m[2]) != len(m[4]) || len(m[2]) < 2 && again == "" || lo < 0 || hi <= lo {
		return Token{}, false
	}
	return Token{Text: strings.ToLower(w), Class: Number, pre: pre, lo: lo, hi: hi, Digits: m[2]}, true
}

// dropVendor takes the manufacturer's name out of a product name, when something that names a product is left.
func dropVendor(p Phrase, makers []string) Phrase {
	if len(makers) == 0 {
		return p
	}
	out := slices.Clone(p)
	for i := 0; i < len(out); {
		n := 0
		joined := ""
		for k := i; k < len(out) && k < i+3 && len(out[k]) == 1; k++ {
			joined += out[k][0].Text
			if isMaker(joined, makers) {
				n = k - i + 1
			}
		}
		if n == 0 {
			i++
			continue
		}
		left := slices.Concat(out[:i], out[i+n:])
		if !slices.ContainsFunc(left, func(s Slot) bool {
			return s[0].Class > Stop && (len(s[0].Text) > 1 || s[0].Class == Number)
		}) {
			i += n
			continue
		}
		out = left
	}
	return out
}

// DropMaker does the same for the name of what is judged.
func DropMaker(list []Atom, makers []string) []Atom {
	out := list
	for i := 0; i < len(out); {
		n := 0
		joined := ""
		for k := i; k < len(out) && k < i+3; k++ {
			joined += out[k].Text
			if isMaker(joined, makers) {
				n = k - i + 1
			}
		}
		if n == 0 {
			i++
			continue
		}
		left := slices.Concat(out[:i], out[i+n:])
		if !slices.ContainsFunc(left, func(a Atom) bool { return a.Class > Stop && (len(a.Text) > 1 || a.Class == Number) }) {
			i += n
			continue
		}
		out = left
	}
	return out
}

// isMaker says that letters are a name of one of the manufacturers that is not a product's name too.
func isMaker(joined string, makers []string) bool {
	if len(joined) < 2 {
		return false
	}
	id, ok := vendorIDs()[joined]
	if ok {
		return slices.Contains(makers, id) && !keptNames()[joined]
	}
	return slices.Contains(makers, joined)
}

var openDigit = regexp.MustCompile(`^([A-Za-z]{0,4})(\d+[xX]+\d+|\d+[xX]{2,})$`)

// openDigits reads a model number with open digits: "5x0", "VMT50xx".
func openDigits(w string) (Token, bool) {
	m := openDigit.FindStringSubmatch(w)
	if m == nil {
		return Token{}, false
	}
	t := Token{Class: Number, pre: strings.ToLower(m[1]), Digits: strings.ToLower(m[2])}
	t.Text = t.pre + t.Digits
	return t, true
}
