package match

import (
	"slices"
	"strings"

	"triward/internal/vers"
	"triward/internal/vuln/naming"
)

// withoutModel takes the subject's model out of version values that begin with it: "VS4 A.07.107", which some publishers
// write, and "S4 A.07.107", which is left of it where letters are taken for the mark of a version. It returns the words
// that it took out, "" when there are none.
func (s *subject) withoutModel(r vers.Range) (out vers.Range, model string) {
	out = r
	out.Any = slices.Clone(r.Any)
	for i := range out.Any {
		c := &out.Any[i]
		for k := range c.Tests {
			t := &c.Tests[k]
			if t.Axis != vers.AxisVersion {
				continue
			}
			lead, version := cutVersion(t.Value)
			if lead == "" || !s.designated(lead) {
				continue
			}
			c.Tests = slices.Clone(c.Tests)
			c.Tests[k], model = t.With(version), lead
		}
	}
	return out, model
}

// cutVersion splits off the last word of a value when it holds a digit.
func cutVersion(value string) (lead, version string) {
	i := strings.LastIndexByte(strings.TrimSpace(value), ' ')
	if i < 0 || !strings.ContainsAny(value[i+1:], "0123456789") {
		return "", value
	}
	return strings.TrimSpace(value[:i]), value[i+1:]
}

// designated says that words are the subject's model: whole words or numbers of its name, a recorded number, or the end of
// the name from within its last model number on.
func (s *subject) designated(words string) bool {
	b := naming.Bare(words)
	if len(b) < 2 {
		return false
	}
	if slices.Contains(s.Codes, b) {
		return true
	}
	want := naming.Significant(naming.PhraseOf(naming.Atoms(words)))
	for _, name := range s.Names {
		if len(want) > 0 && len(naming.Align(want, name, s.Codes).Open) == 0 {
			return true
		}
		if strings.ContainsAny(b, "0123456789") && strings.HasSuffix(naming.Joined(name), b) {
			return true
		}
	}
	return false
}
