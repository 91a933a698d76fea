package product

import (
	"fmt"
	"strings"
	"unicode"
)

// Fold is a name as it is compared: lower case, letters and digits kept, everything else one space.
func Fold(s string) string {
	var b strings.Builder
	gap := false
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			gap = b.Len() > 0
			continue
		}
		if gap {
			b.WriteByte(' ')
			gap = false
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// legalForms are words at the end of a company's name that say how it is registered, not who it is.
func legalForm(word string) bool {
	switch word {
	case "ab", "ag", "as", "bv", "co", "company", "corp", "corporation", "gmbh", "inc", "incorporated", "kg", "kgaa", "limited", "llc",
		"lp", "ltd", "nv", "oy", "plc", "pty", "sa", "sarl", "sas", "se", "spa", "srl":
		return true
	}
	return false
}

// FoldMaker is [Fold] without the legal form of a company: "Acme Medical, Inc." and "ACME Medical GmbH & Co. KG" give
// "acme medical".
func FoldMaker(s string) string {
	// Dotted abbreviations are one word: "S.p.A.", "B.V.".
	words := strings.Fields(Fold(strings.ReplaceAll(s, ".", "")))
	for len(words) > 1 && legalForm(words[len(words)-1]) {
		words = words[:len(words)-1]
	}
	return strings.Join(words, " ")
}

// foldVersion is a version as it is compared for identity: case and outer blanks do not count.
func foldVersion(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

func index(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }
