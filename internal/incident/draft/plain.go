package draft

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"triward/internal/content"
)

// MaxLIX is the highest readability index of a letter in plain words. Below 40 is the language of newspapers for everybody
// and easier (Björnsson 1968).
const MaxLIX = 40

// Reading is how hard a text is to read.
type Reading struct {
	Words, Sentences, Long int // Long: words of more than six letters
	LIX                    int // words per sentence plus long words in 100; 0 without words
	Jargon                 []Jargon
}

// Jargon is a word that the readers do not know.
type Jargon struct{ Word, Plainer string }

// Easy says whether people without knowledge of the field can read it.
func (r Reading) Easy() bool { return r.LIX <= MaxLIX && len(r.Jargon) == 0 }

// Read measures a text.
func Read(text string, jargon map[string]string) Reading {
	var r Reading
	seen := map[string]bool{}
	for _, w := range strings.FieldsFunc(text, func(c rune) bool { return !unicode.IsLetter(c) && c != '\'' && c != '-' && !unicode.IsDigit(c) }) {
		r.Words++
		if utf8.RuneCountInString(w) > 6 {
			r.Long++
		}
		low := strings.ToLower(w)
		plain, ok := jargon[low]
		if !ok {
			low = strings.TrimSuffix(low, "s")
			plain, ok = jargon[low]
		}
		if ok && !seen[low] {
			seen[low] = true
			r.Jargon = append(r.Jargon, Jargon{low, plain})
		}
	}
	open := false // a sentence that has a letter
	for _, c := range text {
		switch {
		case unicode.IsLetter(c) || unicode.IsDigit(c):
			open = true
		case open && strings.ContainsRune(".!?:\n", c):
			open = false
			r.Sentences++
		}
	}
	if open {
		r.Sentences++
	}
	if r.Words > 0 {
		r.LIX = (r.Words*100/r.Sentences + r.Long*10_000/r.Words + 50) / 100
	}
	return r
}

// Reading measures what a draft says; labels are not measured.
func (d Draft) Reading() (Reading, error) {
	all, err := content.DraftTemplates()
	if err != nil {
		return Reading{}, err
	}
	var b strings.Builder
	for _, v := range d.Values {
		b.WriteString(v.Text + "\n")
	}
	return Read(b.String(), all.Jargon), nil
}
