package vers

import (
	"regexp"
	"strings"
)

type tokenKind uint8

const (
	tokWord    tokenKind = iota // letters only, or signs
	tokVersion                  // holds a digit
	tokOp
	tokStar
	tokComma
	tokSlash
	tokDash
	tokDate
	tokGroup // text in parentheses
)

type token struct {
	kind tokenKind
	text string // as written, without parentheses
	low  string // lower case, without trailing signs
	op   Op
	date Date
	at   int // place in the segment
}

// underscores that stand for spaces between words, as in "firmware_65"
var snakeCase = regexp.MustCompile(`[A-Za-z]{2,}_|_[A-Za-z]{2,}`)

var unicodeSigns = strings.NewReplacer("≤", "<=", "≥", ">=", "≠", "!=", "–", "-", "—", " - ", "‐", "-", "‑", "-", "−", "-",
	"\u00a0", " ", "\u202f", " ", "\u2009", " ", "\u200b", "", "“", `"`, "”", `"`, "’", "'", "™", "", "®", "")

// tidy brings a text into the signs that the lexer knows.
func tidy(s string) string {
	s = unicodeSigns.Replace(s)
	if snakeCase.MatchString(s) {
		s = strings.ReplaceAll(s, "_", " ")
	}
	return strings.Join(strings.Fields(s), " ")
}

// splitPipes cuts at "|" outside of parentheses; a parenthesis that is never closed runs to the end.
func splitPipes(s string) []string {
	var out []string
	depth, from := 0, 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '(':
			depth++
		case ')':
			depth = max(0, depth-1)
		case '|':
			if depth == 0 {
				out = append(out, strings.TrimSpace(s[from:i]))
				from = i + 1
			}
		}
	}
	out = append(out, strings.TrimSpace(s[from:]))
	kept := out[:0]
	for _, p := range out {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return kept
}

// scan cuts one segment into tokens.
func scan(s string) []token {
	var out []token
	low := strings.ToLower(s)
	if len(low) != len(s) { // letters whose lower case has another length
		low = s
	}
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == ' ' || c == '"' || c == '\'' || (c == '.' || c == ':') && (i+1 == len(s) || s[i+1] == ' '):
			i++
		case strings.IndexByte("<>=!", c) >= 0:
			j := i
			for j < len(s) && strings.IndexByte("<>=!", s[j]) >= 0 {
				j++
			}
			out = append(out, token{kind: tokOp, text: s[i:j], op: opOf(s[i:j]), at: i})
			i = j
		case c == ',' || c == ';':
			out = append(out, token{kind: tokComma, text: ",", at: i})
			i++
		case c == '(' || c == '[':
			j := closing(s, i)
			out = append(out, token{kind: tokGroup, text: strings.TrimSpace(strings.Trim(s[i:j], "()[] ")), at: i})
			i = j
		case c == ')' || c == ']':
			i++
		case c == '*' && (i+1 == len(s) || s[i+1] == ' ' || s[i+1] == ','):
			out = append(out, token{kind: tokStar, text: "*", at: i})
			i++
		case c == '/' || c == '&' || c == '|':
			out = append(out, token{kind: tokSlash, text: string(c), at: i})
			i++
		case c == '-' && (i+1 == len(s) || s[i+1] == ' '):
			out = append(out, token{kind: tokDash, text: "-", at: i})
			i++
		default:
			if d, n := scanDate(low[i:]); n > 0 {
				out = append(out, token{kind: tokDate, text: s[i : i+n], low: low[i : i+n], date: d, at: i})
				i += n
				continue
			}
			if n := yearBeforeDate(low[i:]); n > 0 { // "2016-August 2018"
				out = append(out, token{kind: tokDate, text: s[i : i+4], low: low[i : i+4], date: Date{Year: decimalOf(s[i : i+4])}, at: i},
					token{kind: tokDash, text: "-", at: i + 4})
				i += n
				continue
			}
			j := max(wordEnd(s, i), i+1)
			t := token{text: s[i:j], low: strings.TrimRight(low[i:j], ".:"), at: i}
			if strings.ContainsAny(t.text, "0123456789") {
				t.kind = tokVersion
			}
			out = append(out, t)
			i = j
		}
	}
	return out
}

func opOf(s string) Op {
	switch s {
	case "<", ">", "<=", ">=", "=", "!=":
		return Op(s)
	case "=<":
		return LessEqual
	case "=>":
		return GreaterEqual
	case "==":
		return Equal
	case "<>":
		return NotEqual
	}
	return ""
}

func closing(s string, i int) int {
	depth := 0
	for ; i < len(s); i++ {
		switch s[i] {
		case '(', '[':
			depth++
		case ')', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

func yearBeforeDate(s string) int {
	if len(s) < 8 || s[4] != '-' || !digit(s[0]) || !digit(s[1]) || !digit(s[2]) || !digit(s[3]) || s[0] != '1' && s[0] != '2' {
		return 0
	}
	if d, n := scanDate(s[5:]); n > 0 && letter(s[5]) && d.Year != 0 {
		return 5
	}
	return 0
}

// wordEnd is the end of a word. A short parenthesis glued to it belongs to it: "15.2(4)EA7", "02.07.07(10)", "523(K)".
func wordEnd(s string, i int) int {
	start := i
	for i < len(s) {
		switch c := s[i]; {
		case strings.IndexByte(" <>=,;|\"", c) >= 0:
			return i
		case c == '/' && !(i == start+1 && (s[start] == 'w' || s[start] == 'W')) && !glueSlash(s, start, i):
			return i
		case c == '(' || c == '[':
			n := strings.IndexByte(s[i:], ')')
			if i == start || n < 2 || n > 5 || strings.ContainsAny(s[i:i+n], " |,") {
				return i
			}
			i += n + 1
		case c == ')' || c == ']':
			return i
		default:
			i++
		}
	}
	return i
}

// glueSlash keeps the slash of "s/n", "p/n" and "n/a" inside the word.
func glueSlash(s string, start, i int) bool {
	return i == start+1 && i+1 < len(s) && (i+2 == len(s) || !letter(s[i+2]) && !digit(s[i+2])) && letter(s[start])
}
