package password

import (
	_ "embed"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"triward/internal/problem"
)

// Lengths of a password in characters. NIST SP 800-63B 5.1.1.2 asks for at least 8 and for room for at least 64; a second
// factor is not forced on anybody here, so the password has to be longer than that.
const (
	Least = 12
	Most  = 256
)

// refusals are words and phrases, one to a line in lower case, that a password must not consist of.
//
//go:embed refusals.txt
var refusals string

// normalise makes the same characters the same bytes whatever keyboard wrote them (SP 800-63B 5.1.1.2: NFKC).
func normalise(password string) string { return norm.NFKC.String(password) }

// Owner is whose password it is: words of theirs are guessed first.
type Owner struct{ Login, Name, Email string }

// Check notes at path what is wrong with a password for its owner: its length, and whether it is one that guessers try
// first. There are no rules of composition.
func Check(l *problem.List, path, password string, a Owner) {
	if !utf8.ValidString(password) {
		l.Add(path, "must be text")
		return
	}
	p := normalise(password)
	switch n := utf8.RuneCountInString(p); {
	case n < Least:
		l.Add(path, "must have at least %d characters; a phrase of several words is easy to keep in mind", Least)
		return
	case n > Most:
		l.Add(path, "must have at most %d characters", Most)
		return
	}
	low := strings.ToLower(p)
	if repeats(low) || runs(low) {
		l.Add(path, "repeats or counts; choose something that others would not guess")
		return
	}
	// What a guesser would strip and add again: digits and signs around the word.
	core := strings.TrimFunc(low, func(r rune) bool { return !unicode.IsLetter(r) })
	squeezed := letters(low)
	for _, word := range append(strings.Fields(refusals), own(a)...) {
		if low == word || core == word || squeezed == word || repeatsOf(squeezed, word) {
			l.Add(path, "is among the first that others would guess; choose something else")
			return
		}
	}
}

// own are the words that belong to an owner: its login, the local part of its address, its names.
func own(a Owner) []string {
	local, _, _ := strings.Cut(strings.ToLower(a.Email), "@")
	words := append(strings.Fields(strings.ToLower(a.Name)), strings.ToLower(a.Login), local, letters(strings.ToLower(a.Login)), letters(strings.ToLower(a.Name)))
	var out []string
	for _, w := range words {
		if len(w) >= 3 {
			out = append(out, w)
		}
	}
	return out
}

func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, s)
}

func repeatsOf(s, word string) bool {
	return len(word) > 0 && len(s) > 0 && len(s)%len(word) == 0 && strings.Repeat(word, len(s)/len(word)) == s
}

// repeats reports whether s is one piece of at most four characters over and over ("abcabcabcabc"), the last time
// perhaps cut short.
func repeats(s string) bool {
	r := []rune(s)
	for piece := 1; piece <= 4; piece++ {
		same := true
		for i := piece; i < len(r) && same; i++ {
			same = r[i] == r[i-piece]
		}
		if same {
			return true
		}
	}
	return false
}

// runs reports whether s only counts up or down ("abcdefghijkl", "987654321098").
func runs(s string) bool {
	r := []rune(s)
	up, down := true, true
	for i := 1; i < len(r); i++ {
		step := r[i] - r[i-1]
		up = up && (step == 1 || r[i-1] == '9' && r[i] == '0')
		down = down && (step == -1 || r[i-1] == '0' && r[i] == '9')
	}
	return up || down
}
