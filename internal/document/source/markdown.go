package source

import (
	"html"
	"regexp"
	"strconv"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// marks are what stands in braces within a text: {{variable}} and {target:id}.
var marks = regexp.MustCompile(`^(?:\{\{([a-z][a-z0-9_]{0,39})\}\}|\{target:([a-z][a-z0-9-]{1,39})\})`)

// markdown is CommonMark with GFM tables, strikethrough, bare links and task lists (GFM 4.10, 6.5, 6.9, 5.3). HTML in the
// text is left out.
func (w writer) markdown() goldmark.Markdown {
	return goldmark.New(
		goldmark.WithExtensions(extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute)),
			extension.Strikethrough, extension.Linkify, extension.TaskList),
		goldmark.WithParserOptions(parser.WithAutoHeadingID(), parser.WithInlineParsers(util.Prioritized(markParser{w}, 50))),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(markRenderer{}, 500))),
	)
}

// parse reads the body with its addresses as the author wrote them.
func (w writer) parse(body []byte) ast.Node {
	context := parser.NewContext(parser.WithIDs(&headingIDs{}))
	return w.markdown().Parser().Parse(text.NewReader(body), parser.WithContext(context))
}

// mark is a variable or a target within a text.
type mark struct {
	ast.BaseInline
	html, text string
}

var kindMark = ast.NewNodeKind("Mark")

func (m *mark) Kind() ast.NodeKind { return kindMark }

func (m *mark) Dump(source []byte, level int) { ast.DumpHelper(m, source, level, nil, nil) }

type markParser struct{ w writer }

func (p markParser) Trigger() []byte { return []byte{'{'} }

func (p markParser) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, _ := block.PeekLine()
	m := marks.FindSubmatch(line)
	if m == nil {
		return nil
	}
	block.Advance(len(m[0]))
	return &mark{html: p.w.mark(string(m[1]), string(m[2])), text: p.w.markText(string(m[1]), string(m[2]))}
}

type markRenderer struct{}

func (markRenderer) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(kindMark, func(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if m, ok := n.(*mark); ok && entering {
			_, err := w.WriteString(m.html)
			return ast.WalkContinue, err
		}
		return ast.WalkContinue, nil
	})
}

// mark writes a variable, which is a fault because nobody filled it, or a target.
func (w writer) mark(variable, target string) string {
	if variable != "" {
		return `<mark class="fault">{{` + html.EscapeString(variable) + `}} is not filled in</mark>`
	}
	for _, t := range w.targets {
		if t.ID != target {
			continue
		}
		words := html.EscapeString(t.Words())
		switch {
		case w.code == TargetsCode:
			return `<a class="target" href="#target-` + target + `">` + words + `</a>`
		case w.link != nil:
			return `<a class="target" href="` + html.EscapeString(w.link(TargetsCode)+"#target-"+target) + `">` + words + `</a>`
		}
		return `<span class="target">` + words + `</span>`
	}
	return `<mark class="fault">` + html.EscapeString(target) + ` is not a target of ` + TargetsCode + `</mark>`
}

// markText is a mark as it is searched for: the time of a target, else the name.
func (w writer) markText(variable, target string) string {
	for _, t := range w.targets {
		if t.ID == target {
			return t.Words()
		}
	}
	if target != "" {
		return "target " + target
	}
	return variable
}

// inline writes one line of plain text in which marks are filled, as the front matter holds it.
func (w writer) inline(s string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '{')
		if i < 0 {
			b.WriteString(html.EscapeString(s))
			return b.String()
		}
		b.WriteString(html.EscapeString(s[:i]))
		s = s[i:]
		m := marks.FindStringSubmatch(s)
		if m == nil {
			b.WriteByte('{')
			s = s[1:]
			continue
		}
		b.WriteString(w.mark(m[1], m[2]))
		s = s[len(m[0]):]
	}
}

var blobForm = regexp.MustCompile(`^blob:([0-9a-f]{64})$`)

// resolve turns doc: links into addresses of documents and blob: images into addresses of images. An image that lies
// elsewhere becomes words: no page of ours loads anything from another place.
func (w writer) resolve(doc ast.Node, body []byte) {
	var foreign []*ast.Image
	// The walk ends without an error: the function gives none.
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link:
			if code, anchor, ok := docLink(string(n.Destination)); ok {
				n.Destination = []byte(w.address(code) + anchor)
			}
		case *ast.Image:
			m := blobForm.FindSubmatch(n.Destination)
			address := ""
			if m != nil && w.image != nil {
				address = w.image(string(m[1]))
			}
			n.Destination = []byte(address)
			if address == "" {
				foreign = append(foreign, n)
			}
		}
		return ast.WalkContinue, nil
	})
	for _, n := range foreign {
		n.Parent().ReplaceChild(n.Parent(), n, &mark{html: "[image: " + html.EscapeString(plain(n, body)) + "]"})
	}
}

// docLink splits the address "doc:SOP-14#declare".
func docLink(address string) (code, anchor string, ok bool) {
	rest, ok := strings.CutPrefix(address, "doc:")
	if !ok {
		return "", "", false
	}
	code, step, found := strings.Cut(rest, "#")
	if !IsCode(code) || found && !stepForm.MatchString(step) {
		return "", "", false
	}
	if found {
		anchor = "#step-" + step
	}
	return code, anchor, true
}

// address is where a document is read; a place on the same page when there is no other.
func (w writer) address(code string) string {
	if w.link == nil {
		return "#"
	}
	return w.link(code)
}

// headingIDs names headings by their words, apart from the ids of steps and targets.
type headingIDs struct{ used map[string]bool }

var notInID = regexp.MustCompile(`[^a-z0-9]+`)

func (h *headingIDs) Generate(value []byte, _ ast.NodeKind) []byte {
	id := "section-" + strings.Trim(notInID.ReplaceAllString(strings.ToLower(string(value)), "-"), "-")
	name := id
	for i := 2; h.used[name]; i++ {
		name = id + "-" + strconv.Itoa(i)
	}
	h.Put([]byte(name))
	return []byte(name)
}

func (h *headingIDs) Put(value []byte) {
	if h.used == nil {
		h.used = map[string]bool{}
	}
	h.used[string(value)] = true
}

// plain is the text below a node, blocks on lines of their own.
func plain(n ast.Node, source []byte) string {
	var b strings.Builder
	line := func() {
		if s := b.String(); s != "" && !strings.HasSuffix(s, "\n") {
			b.WriteByte('\n')
		}
	}
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if n.Type() == ast.TypeBlock {
			line()
		}
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text:
			b.Write(n.Segment.Value(source))
			if n.SoftLineBreak() || n.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(n.Value)
		case *ast.AutoLink:
			b.Write(n.Label(source))
		case *ast.CodeBlock, *ast.FencedCodeBlock:
			for i := range n.Lines().Len() {
				at := n.Lines().At(i)
				b.Write(at.Value(source))
			}
		case *mark:
			b.WriteString(n.text)
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}
