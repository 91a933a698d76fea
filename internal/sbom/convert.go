package sbom

import (
	"strconv"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// all is the list behind a pointer, nil for a nil pointer.
func all[T any](p *[]T) []T {
	if p == nil {
		return nil
	}
	return *p
}

// first is the first text that is not empty.
func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

func has(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

// moment reads the dates that occur in SBOMs: RFC 3339, the same without a zone (taken as UTC), and a plain date.
// Zero when the text is none of them.
func moment(s string) time.Time {
	s = strings.TrimSpace(s)
	for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", time.DateOnly, "2006-01"} {
		if len(s) < len("2006-01") || s[0] < '0' || s[0] > '9' {
			return time.Time{}
		}
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

func entity(e *cdx.OrganizationalEntity) string {
	if e == nil {
		return ""
	}
	if e.Name == "" {
		return first(all(e.URL)...)
	}
	return e.Name
}

func contact(c cdx.OrganizationalContact) string {
	switch {
	case c.Name != "" && c.Email != "":
		return c.Name + " <" + c.Email + ">"
	case c.Name != "":
		return c.Name
	}
	return first(c.Email, c.Phone)
}

func properties(list *[]cdx.Property) []Property {
	var out []Property
	for _, p := range all(list) {
		out = append(out, Property{Name: p.Name, Value: p.Value})
	}
	return out
}

func hashes(list *[]cdx.Hash) []Hash {
	var out []Hash
	for _, h := range all(list) {
		out = append(out, Hash{Alg: strings.ToUpper(string(h.Algorithm)), Value: strings.ToLower(strings.TrimSpace(h.Value))})
	}
	return out
}

func licences(list *cdx.Licenses) []Licence {
	if list == nil {
		return nil
	}
	var out []Licence
	for _, c := range *list {
		switch l := c.License; {
		case l != nil && l.ID != "":
			out = append(out, Licence{ID: l.ID, Kind: string(l.Acknowledgement)})
		case l != nil && l.Name != "":
			out = append(out, Licence{Name: l.Name, Kind: string(l.Acknowledgement)})
		case c.Expression != "":
			e := Licence{Expression: c.Expression}
			if c.Acknowledgement != nil {
				e.Kind = string(*c.Acknowledgement)
			}
			out = append(out, e)
		}
	}
	return out
}

func tools(t *cdx.ToolsChoice) []string {
	if t == nil {
		return nil
	}
	var out []string
	add := func(name, version string) {
		if name = strings.TrimSpace(name + " " + version); name != "" {
			out = append(out, name)
		}
	}
	for _, x := range all(t.Tools) {
		add(first(x.Name, x.Vendor), x.Version)
	}
	for _, x := range all(t.Components) {
		add(x.Name, x.Version)
	}
	for _, x := range all(t.Services) {
		add(x.Name, x.Version)
	}
	return out
}

// tally counts notes, so that a thing that happens ten thousand times is said once.
type tally struct {
	order []string
	seen  map[string]*Note
}

func (t *tally) left(path, text string, n int) {
	if n == 0 {
		return
	}
	if t.seen == nil {
		t.seen = map[string]*Note{}
	}
	key := path + "\x00" + text
	if t.seen[key] == nil {
		t.seen[key] = &Note{Path: path, Text: text}
		t.order = append(t.order, key)
	}
	t.seen[key].Count += n
}

// leftOut is a part that has no place in a Document, and whether the file has it.
type leftOut struct {
	path, text string
	met        bool
}

func (t *tally) flag(l leftOut) {
	if l.met {
		t.left(l.path, l.text, 1)
	}
}

func (t *tally) list() []Note {
	var out []Note
	for _, k := range t.order {
		n := *t.seen[k]
		if n.Count == 1 {
			n.Count = 0
		}
		out = append(out, n)
	}
	return out
}

// number is the value of a decimal number, 0 for anything else.
func number(s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0
	}
	return f
}
