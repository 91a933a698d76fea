package naming

import "strings"

// codeLike says that a bracket holds only part numbers: no words, and four or more digits.
func codeLike(s string) bool {
	digits := 0
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '/' || r == ',' }) {
		d := 0
		for i := range len(w) {
			if isDigit(w[i]) {
				d++
			}
		}
		if d == 0 {
			return false
		}
		digits = max(digits, d)
	}
	return digits >= 4 && !strings.ContainsAny(s, ".")
}

// abbreviation adds "Connex CS" for "Connex Central Station (CS)": the last words are replaced when their first letters
// make the abbreviation, else it stands for the whole.
func (n *Published) abbreviation(in bracket, makers []string) {
	abbr, words := in.text, strings.Fields(in.before)
	after, _ := brackets(in.after)
	letters := strings.ToLower(strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, abbr))
	start := 0
	for k := 2; k <= len(words) && k <= 6; k++ {
		initials := ""
		for _, w := range words[len(words)-k:] {
			initials += strings.ToLower(w[:1])
		}
		if initials == letters {
			start = len(words) - k
			break
		}
	}
	n.alt(ReadPhrase(strings.Join(words[:start], " ")+" "+abbr+" "+after, makers))
}

// bracket is the content of a pair of brackets and the text around it.
type bracket struct{ text, before, after string }

// brackets takes the bracketed parts out of a name. A bracket that is not closed ends with the text.
func brackets(s string) (string, []bracket) {
	var out []bracket
	for {
		i := strings.IndexByte(s, '(')
		if i < 0 {
			return strings.ReplaceAll(s, ")", " "), out
		}
		depth, j := 0, i
		for ; j < len(s); j++ {
			if s[j] == '(' {
				depth++
			} else if s[j] == ')' {
				if depth--; depth == 0 || j+1 < len(s) && s[j+1] == ' ' {
					break
				}
			}
		}
		text := strings.Trim(s[i:min(j+1, len(s))], "() ")
		rest := ""
		if j+1 < len(s) {
			rest = s[j+1:]
		}
		out = append(out, bracket{text, strings.TrimSpace(s[:i]), strings.TrimSpace(rest)})
		s = strings.TrimSpace(s[:i]) + " " + strings.TrimSpace(rest)
	}
}
