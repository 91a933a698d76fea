package source

import (
	"bytes"
	"html/template"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"

	"triward/internal/problem"
)

// HTMLOptions say what a document's text refers to.
type HTMLOptions struct {
	Targets []Target                   // of the effective STD-08; its own when the document is STD-08
	Link    func(code string) string   // address of a document, "" or nil: links stay on the page
	Image   func(digest string) string // address of an image by its SHA-256 in hex, or a data: URI; "" when it is not there
}

// writer turns one document into HTML or text.
type writer struct {
	code    string
	targets []Target
	link    func(string) string
	image   func(string) string
}

func newWriter(d Document, o HTMLOptions) writer {
	w := writer{code: d.Code, targets: o.Targets, link: o.Link, image: o.Image}
	if len(d.Targets) > 0 {
		w.targets = d.Targets
	}
	return w
}

// HTML writes the body, then the steps and the targets as tables; the quiz is not shown. Anchors are "section-…",
// "step-ID" and "target-ID". The result is a fragment without scripts, styles or anything from elsewhere.
func HTML(d Document, o HTMLOptions) (string, error) {
	if n, reason := tooMuch(d.Body); reason != "" {
		return "", problem.New(problem.Invalid, "show document %s: line %d: %s", d.Code, n, reason)
	}
	w := newWriter(d, o)
	var b bytes.Buffer
	body := []byte(d.Body)
	tree := w.parse(body)
	w.resolve(tree, body)
	if err := w.markdown().Renderer().Render(&b, body, tree); err != nil {
		return "", err
	}
	if err := lists.Execute(&b, w.lists(d)); err != nil {
		return "", err
	}
	return policy().Sanitize(b.String()), nil
}

type stepRow struct {
	Number                 int
	ID, Who, Record, After string
	From                   int // number of the step from which the time counts; 0: the beginning
	Do, When, Time         template.HTML
}

type targetRow struct {
	ID, Words string
	What      template.HTML
}

// stepTable is the table of steps. A column is shown when any step has something in it.
type stepTable struct {
	Rows                     []stepRow
	Who, Time, Record, After bool
}

type listRows struct {
	Steps   stepTable
	Targets []targetRow
}

func (w writer) lists(d Document) listRows {
	var out listRows
	number := map[string]int{}
	for i, s := range d.Steps {
		number[s.ID] = i + 1
		row := stepRow{Number: i + 1, ID: s.ID, Who: s.Role.Word(), Record: recordWords(s), Do: template.HTML(w.inline(s.Do)), When: template.HTML(w.inline(s.When))}
		if _, id, ok := TargetRef(s.Target); ok {
			row.Time = template.HTML(w.mark("", id))
		}
		out.Steps.Rows = append(out.Steps.Rows, row)
	}
	for i, s := range d.Steps {
		row := &out.Steps.Rows[i]
		row.After, row.From = afterWords(s.After, number), number[s.From]
		t := &out.Steps
		t.Who, t.Time, t.Record, t.After = t.Who || row.Who != "", t.Time || row.Time != "" || row.From > 0, t.Record || row.Record != "", t.After || row.After != ""
	}
	for _, t := range d.Targets {
		out.Targets = append(out.Targets, targetRow{t.ID, t.Words(), template.HTML(w.inline(t.What))})
	}
	return out
}

func recordWords(s Step) string {
	words := ""
	if s.Record != RecordNone {
		words = string(s.Record)
	}
	switch s.Evidence {
	case Required:
		words += ", evidence required"
	case Optional:
		words += ", evidence if there is any"
	}
	return strings.TrimPrefix(words, ", ")
}

func afterWords(after []string, number map[string]int) string {
	var out []string
	for _, a := range after {
		if n, ok := number[a]; ok {
			out = append(out, strconv.Itoa(n))
		}
	}
	return strings.Join(out, ", ")
}

// lists are the tables below the body. The words in them were escaped by writer.inline.
var lists = template.Must(template.New("lists").Parse(`{{with .Steps}}{{$t := .}}{{if .Rows}}
<h2 id="section-steps">Steps</h2>
<table class="steps">
<thead><tr><th scope="col">No.</th><th scope="col">Step</th>{{if .Who}}<th scope="col">Who</th>{{end}}{{if .Time}}<th scope="col">Within</th>{{end}}{{if .Record}}<th scope="col">Record</th>{{end}}{{if .After}}<th scope="col">After</th>{{end}}</tr></thead>
<tbody>
{{range .Rows}}<tr id="step-{{.ID}}"><td>{{.Number}}</td><td>{{with .When}}<em>If {{.}}:</em> {{end}}{{.Do}}</td>{{if $t.Who}}<td>{{.Who}}</td>{{end}}{{if $t.Time}}<td>{{.Time}}{{with .From}} after step {{.}}{{end}}</td>{{end}}{{if $t.Record}}<td>{{.Record}}</td>{{end}}{{if $t.After}}<td>{{.After}}</td>{{end}}</tr>
{{end}}</tbody>
</table>
{{end}}{{end}}{{with .Targets}}
<h2 id="section-targets">Targets</h2>
<table class="targets">
<thead><tr><th scope="col">Target</th><th scope="col">Within</th><th scope="col">What</th></tr></thead>
<tbody>
{{range .}}<tr id="target-{{.ID}}"><td>{{.ID}}</td><td>{{.Words}}</td><td>{{.What}}</td></tr>
{{end}}</tbody>
</table>
{{end}}`))

// policy is what may stand in the HTML of a document: the elements that Markdown makes, and nothing that acts.
var policy = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("h1", "h2", "h3", "h4", "h5", "h6", "p", "ul", "ol", "li", "em", "strong", "del", "code", "pre", "blockquote", "hr", "br",
		"table", "thead", "tbody", "tr", "th", "td", "span", "mark")
	p.AllowAttrs("id").Matching(regexp.MustCompile(`^(section|step|target)-[a-z0-9-]*$`)).OnElements("h1", "h2", "h3", "h4", "h5", "h6", "tr")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^(fault|target|steps|targets)$`)).OnElements("mark", "span", "a", "table")
	p.AllowAttrs("align").Matching(regexp.MustCompile(`^(left|center|right)$`)).OnElements("th", "td")
	p.AllowAttrs("scope").Matching(regexp.MustCompile(`^col$`)).OnElements("th")
	p.AllowAttrs("start").Matching(regexp.MustCompile(`^[0-9]{1,9}$`)).OnElements("ol")
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("src").OnElements("img")
	p.AllowAttrs("alt", "title").Matching(regexp.MustCompile(`^[^<>]*$`)).OnElements("img", "a")
	p.AllowAttrs("type").Matching(regexp.MustCompile(`^checkbox$`)).OnElements("input")
	p.AllowAttrs("checked", "disabled").Matching(regexp.MustCompile(`^$`)).OnElements("input")
	p.AllowURLSchemes("http", "https", "mailto")
	p.AllowRelativeURLs(true)
	p.RequireParseableURLs(true)
	p.AllowDataURIImages()
	p.RequireNoReferrerOnLinks(true)
	return p
})

// Text is the plain text of a document: what people search for. A target that is not given, and a variable that nobody
// filled, stand in it by their names.
func Text(d Document, targets []Target) string {
	w := newWriter(d, HTMLOptions{Targets: targets})
	var b strings.Builder
	if _, reason := tooMuch(d.Body); reason != "" {
		b.WriteString(d.Body)
	} else {
		body := []byte(d.Body)
		b.WriteString(plain(w.parse(body), body))
	}
	line := func(s string) { b.WriteString(s + "\n") }
	for _, s := range d.Steps {
		line(plainInline(w, s.Do))
		if s.When != "" {
			line(plainInline(w, s.When))
		}
	}
	for _, t := range d.Targets {
		line(t.ID + " " + t.Words() + " " + plainInline(w, t.What))
	}
	return b.String()
}

var markInside = regexp.MustCompile(`\{\{([a-z][a-z0-9_]{0,39})\}\}|\{target:([a-z][a-z0-9-]{1,39})\}`)

func plainInline(w writer, s string) string {
	return markInside.ReplaceAllStringFunc(s, func(m string) string {
		parts := markInside.FindStringSubmatch(m)
		return w.markText(parts[1], parts[2])
	})
}
