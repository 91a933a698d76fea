package source

import (
	"strings"
	"unicode"

	udiff "github.com/aymanbagabas/go-udiff"
)

// Change is what happened to a line.
type Change string

// The closed list of changes.
const (
	Same    Change = "same"
	Removed Change = "removed"
	Added   Change = "added"
)

// DiffLine is one line of a comparison. Old and New are its numbers in the two texts, counted from 1; 0 where it is not.
type DiffLine struct {
	Change   Change
	Old, New int
	Parts    []Part
}

// Part is a piece of a line; Marked when it differs from the line that it stands against.
type Part struct {
	Text   string
	Marked bool
}

// Text is the line without marks.
func (l DiffLine) Text() string {
	var b strings.Builder
	for _, p := range l.Parts {
		b.WriteString(p.Text)
	}
	return b.String()
}

// Lines compares two texts line by line. Within lines that were replaced, the words that differ are marked.
func Lines(before, after string) []DiffLine {
	old := splitLines(before)
	whole := joinLines(old)
	var out []DiffLine
	i, k, at := 0, 0, 0 // lines passed in each text, bytes passed in the first
	for _, e := range udiff.Lines(whole, joinLines(splitLines(after))) {
		for from := i + strings.Count(whole[at:e.Start], "\n"); i < from; i, k = i+1, k+1 {
			out = append(out, DiffLine{Same, i + 1, k + 1, []Part{{Text: old[i]}}})
		}
		removed := old[i : i+strings.Count(whole[e.Start:e.End], "\n")]
		at = e.End
		added := splitLines(e.New)
		marksOld, marksNew := words(removed, added)
		for n, parts := range marksOld {
			out = append(out, DiffLine{Removed, i + n + 1, 0, parts})
		}
		for n, parts := range marksNew {
			out = append(out, DiffLine{Added, 0, k + n + 1, parts})
		}
		i, k = i+len(removed), k+len(added)
	}
	for ; i < len(old); i, k = i+1, k+1 {
		out = append(out, DiffLine{Same, i + 1, k + 1, []Part{{Text: old[i]}}})
	}
	return out
}

func splitLines(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(s, "\n"), "\n")
}

func joinLines(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

// words compares the lines that were replaced with those that replace them, pair by pair. A line without a partner, or
// with hardly a word in common, is marked nowhere: its colour says enough.
func words(removed, added []string) (old, now [][]Part) {
	for i := range max(len(removed), len(added)) {
		switch {
		case i >= len(removed):
			now = append(now, []Part{{Text: added[i]}})
		case i >= len(added):
			old = append(old, []Part{{Text: removed[i]}})
		default:
			a, b := pair(removed[i], added[i])
			old, now = append(old, a), append(now, b)
		}
	}
	return old, now
}

func pair(before, after string) (old, now []Part) {
	a, b := joinLines(tokens(before)), joinLines(tokens(after))
	edits := udiff.Lines(a, b)
	at, kept := 0, 0
	for _, e := range edits {
		kept += e.Start - at
		old = add(add(old, a[at:e.Start], false), a[e.Start:e.End], true)
		now = add(add(now, a[at:e.Start], false), e.New, true)
		at = e.End
	}
	kept += len(a) - at
	old, now = add(old, a[at:], false), add(now, a[at:], false)
	if 3*kept < max(len(a), len(b)) {
		return []Part{{Text: before}}, []Part{{Text: after}}
	}
	return old, now
}

type marked bool

func add(to []Part, tokens string, m marked) []Part {
	text := strings.ReplaceAll(tokens, "\n", "")
	if text == "" {
		return to
	}
	return append(to, Part{text, bool(m)})
}

// tokens cuts a line into words and what stands between them.
func tokens(s string) []string {
	var out []string
	from, before := 0, -1
	for i, r := range s {
		class := 0
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_':
			class = 1
		case unicode.IsSpace(r):
			class = 2
		}
		if i > 0 && (class != before || class == 0) {
			out = append(out, s[from:i])
			from = i
		}
		before = class
	}
	if s != "" {
		out = append(out, s[from:])
	}
	return out
}
