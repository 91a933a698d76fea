package source

import (
	"regexp"
	"slices"
	"strings"
)

var variableMark = regexp.MustCompile(`\{\{([a-z][a-z0-9_]{0,39})\}\}`)

// Fill puts the values of variables into a document and returns the names that have no value, sorted. A value is text:
// what Markdown or YAML would read as a sign is escaped. A text that is no document is filled as a body.
func Fill(text []byte, vars map[string]string) ([]byte, []string) {
	f := filler{vars: vars}
	d, err := Parse("", text)
	if err != nil {
		return []byte(f.body(string(text))), f.names()
	}
	f.plain(&d.Title)
	for i := range d.Steps {
		f.plain(&d.Steps[i].Do, &d.Steps[i].When)
	}
	for i := range d.Targets {
		f.plain(&d.Targets[i].What)
	}
	for i, q := range d.Quiz {
		f.plain(&d.Quiz[i].Ask)
		for k := range q.Choices {
			f.plain(&d.Quiz[i].Choices[k])
		}
	}
	d.Body = f.body(d.Body)
	return d.Format(), f.names()
}

type filler struct {
	vars    map[string]string
	missing []string
}

func (f *filler) names() []string {
	slices.Sort(f.missing)
	return slices.Compact(f.missing)
}

func (f *filler) replace(s string, escape func(string) string) string {
	return variableMark.ReplaceAllStringFunc(s, func(m string) string {
		name := m[2 : len(m)-2]
		v := strings.Join(strings.Fields(f.vars[name]), " ")
		if v == "" {
			f.missing = append(f.missing, name)
			return m
		}
		return escape(v)
	})
}

func (f *filler) plain(parts ...*string) {
	for _, p := range parts {
		*p = f.replace(*p, func(v string) string { return v })
	}
}

func (f *filler) body(s string) string { return f.replace(s, markdownSigns.Replace) }

// markdownSigns escapes what Markdown would read as a sign (CommonMark 2.4).
var markdownSigns = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", `\<`, ">", `\>`, "|", `\|`, "#", `\#`,
	"~", `\~`, "&", `\&`, "{", `\{`)
