package sbom

import (
	"bytes"
	"strings"

	"triward/internal/problem"
)

// tag is one "Tag: value" of an SPDX tag-value file (SPDX 2.3 clause 5.2 and annex on tag-value).
type tag struct {
	name, value string
	line        int
}

// openTagValue splits the file into tags and finds the version. Values between <text> and </text> run over lines.
func (s *source) openTagValue() error {
	s.format = SPDXTagValue
	rest, line := s.body, 0
	for len(rest) > 0 {
		var row []byte
		row, rest, _ = bytes.Cut(rest, []byte{'\n'})
		line++
		text := strings.TrimSpace(string(row))
		if text == "" || text[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(text, ":")
		if !ok {
			return problem.New(problem.Invalid, "read %q: line %d: expected \"Tag: value\", found %q", s.name, line, cut(text))
		}
		t := tag{name: strings.TrimSpace(name), value: strings.TrimSpace(value), line: line}
		if after, ok := strings.CutPrefix(t.value, "<text>"); ok {
			for !strings.Contains(after, "</text>") {
				if len(rest) == 0 {
					return problem.New(problem.Invalid, "read %q: line %d: the <text> of %s is not closed", s.name, t.line, t.name)
				}
				row, rest, _ = bytes.Cut(rest, []byte{'\n'})
				line++
				after += "\n" + string(row)
				if len(after) > len(s.body) {
					break
				}
			}
			t.value, _, _ = strings.Cut(after, "</text>")
		}
		s.tags = append(s.tags, t)
	}
	for _, t := range s.tags {
		if t.name == "SPDXVersion" {
			return s.spdxVersion(t.value)
		}
	}
	return problem.New(problem.Invalid, "read %q: the file has no SPDXVersion tag", s.name)
}
