package assurance

import (
	"bytes"
	_ "embed"
	"html/template"
	"time"

	"triward/internal/assurance/bundle"
)

//go:embed answer.html
var answerText string

var answerPage = template.Must(template.New("answer").Funcs(template.FuncMap{"day": func(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}}).Parse(answerText))

// answerFile is the inquiry as programs read it.
type answerFile struct {
	ID        string       `json:"id"`
	Title     string       `json:"title"`
	Authority string       `json:"authority"`
	Reference string       `json:"reference,omitempty"`
	AsOf      time.Time    `json:"as_of"`
	Lines     []answerLine `json:"lines"`
}

type answerLine struct {
	Number int           `json:"number"`
	Text   string        `json:"text"`
	Answer string        `json:"answer,omitempty"`
	Bound  []answerBound `json:"bound"`
}

type answerBound struct {
	Kind   Kind     `json:"kind"`
	Target string   `json:"target"`
	Title  string   `json:"title"`
	Mark   string   `json:"mark,omitempty"`
	Files  []string `json:"files"`
}

// answer adds the request list with its answers, for people and for programs.
func (c *collection) answer() error {
	a := answerFile{ID: c.inquiry.ID, Title: c.inquiry.Title, Authority: c.inquiry.Authority, Reference: c.inquiry.Reference, AsOf: c.as.Now, Lines: []answerLine{}}
	for _, l := range c.lines {
		line := answerLine{Number: l.Number, Text: l.Text, Answer: l.Answer, Bound: []answerBound{}}
		for _, b := range l.Bindings {
			line.Bound = append(line.Bound, answerBound{b.Kind, b.Target, b.Title, b.Mark, c.filesOf(b)})
		}
		a.Lines = append(a.Lines, line)
	}
	var page bytes.Buffer
	if err := answerPage.Execute(&page, a); err != nil {
		return err
	}
	f := bundle.File{Kind: "inquiry", Record: c.inquiry.ID, Title: c.inquiry.Title}
	f.Path = "answer.html"
	c.add(f, page.Bytes())
	f.Path = "answer.json"
	return c.addJSON(f, a)
}

// filesOf are the files that a binding put into the bundle, whichever line it is bound to.
func (c *collection) filesOf(b Binding) []string {
	out := []string{}
	for _, it := range c.items {
		switch {
		case b.Kind == BoundDocument && it.Kind == "document":
			for _, v := range c.revisions {
				if string(v.ID) == it.Record && v.Code == b.Target && (b.Revision == "" || b.Revision == it.Record) {
					out = append(out, it.Path)
				}
			}
		case b.Kind == BoundList && it.Kind == b.Target && it.Record == "":
			out = append(out, it.Path)
		case b.Kind != BoundDocument && b.Kind != BoundList && it.Kind == string(b.Kind) && it.Record == b.Target:
			out = append(out, it.Path)
		}
	}
	return out
}
