package conform

import (
	"bytes"
	"fmt"
	"strings"
)

// Tag is one "Tag: value" of an SPDX tag-value file (SPDX 2.3 clause 5.2).
type Tag struct {
	Name, Value string
	Line        int
}

// ParseTags splits a tag-value file of at most so many tags. Values between <text> and </text> run over lines.
func ParseTags(body []byte, most int) ([]Tag, error) {
	var tags []Tag
	rest, line := body, 0
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
			return nil, fmt.Errorf("line %d: expected \"Tag: value\", found %q", line, Cut(text))
		}
		t := Tag{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value), Line: line}
		if after, ok := strings.CutPrefix(t.Value, "<text>"); ok {
			long, used, closed := textBlock(after, rest)
			if !closed {
				return nil, fmt.Errorf("line %d: the <text> of %s is not closed", t.Line, t.Name)
			}
			t.Value, rest = long, rest[used:]
			line += bytes.Count(body[len(body)-len(rest)-used:len(body)-len(rest)], []byte{'\n'})
		}
		if len(tags) == most {
			return nil, fmt.Errorf("line %d: more than the %d tags allowed", t.Line, most)
		}
		tags = append(tags, t)
	}
	return tags, nil
}

// textBlock is the text up to </text> that starts in the current line and goes on in rest, of which whole lines are used.
func textBlock(start string, rest []byte) (text string, used int, closed bool) {
	if before, _, ok := strings.Cut(start, "</text>"); ok {
		return before, 0, true
	}
	end := bytes.Index(rest, []byte("</text>"))
	if end < 0 {
		return "", 0, false
	}
	used = len(rest)
	if eol := bytes.IndexByte(rest[end:], '\n'); eol >= 0 {
		used = end + eol + 1
	}
	return start + "\n" + string(rest[:end]), used, true
}
