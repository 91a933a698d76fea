package rendition

import (
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// block is one piece of a text for those forms that do not read HTML.
type block struct {
	kind  blockKind
	level int    // heading: 1 to 6; item: depth from 0
	mark  string // item: "•", "1."
	runs  []run
	rows  []tableRow
}

type blockKind int

const (
	paragraph blockKind = iota
	heading
	item
	code
	quotation
	table
	rule
)

// run is text of one look, or an image.
type run struct {
	text                       string
	bold, italic, mono, struck bool
	fault, newline             bool
	image                      *picture
}

type picture struct {
	mime string // "image/png", "image/jpeg", "image/gif"
	data []byte
	alt  string
}

type tableRow struct {
	head  bool
	cells [][]run
}

// blocks reads the sanitised fragment of a sheet.
func blocks(fragment string) ([]block, error) {
	nodes, err := html.ParseFragment(strings.NewReader(fragment), &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body})
	if err != nil {
		return nil, fmt.Errorf("read text: %w", err)
	}
	var r blockReader
	for _, n := range nodes {
		r.block(n, place{})
	}
	r.flush(place{})
	return r.out, nil
}

// place is where a node stands.
type place struct {
	look   run
	kind   blockKind
	depth  int    // of lists
	mark   string // of the next item
	inItem bool
}

type blockReader struct {
	out  []block
	runs []run
}

// flush ends the paragraph that is being read.
func (r *blockReader) flush(p place) {
	runs := trimmed(r.runs)
	r.runs = nil
	if len(runs) == 0 {
		return
	}
	b := block{kind: p.kind, runs: runs}
	if p.inItem {
		b.kind, b.level, b.mark = item, p.depth-1, p.mark
	}
	r.out = append(r.out, b)
}

func (r *blockReader) children(n *html.Node, p place) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		r.block(c, p)
	}
}

func (r *blockReader) block(n *html.Node, p place) {
	if n.Type == html.TextNode || n.Type == html.ElementNode && !isBlock(n.DataAtom) {
		r.inline(n, p.look)
		return
	}
	if n.Type != html.ElementNode {
		return
	}
	r.flush(p)
	switch n.DataAtom {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		r.children(n, place{look: p.look})
		runs := trimmed(r.runs)
		r.runs = nil
		r.out = append(r.out, block{kind: heading, level: int(n.Data[1] - '0'), runs: runs})
	case atom.Ul, atom.Ol:
		r.list(n, p)
	case atom.Pre:
		q := p
		q.kind, q.look.mono = code, true
		r.children(n, q)
		if runs := r.runs; len(runs) > 0 {
			runs[len(runs)-1].text = strings.TrimSuffix(runs[len(runs)-1].text, "\n")
			r.out = append(r.out, block{kind: code, runs: runs})
		}
		r.runs = nil
	case atom.Blockquote:
		q := p
		q.kind = quotation
		r.children(n, q)
		r.flush(q)
	case atom.Table:
		r.table(n)
	case atom.Hr:
		r.out = append(r.out, block{kind: rule})
	default:
		r.children(n, p)
		r.flush(p)
	}
}

// list reads items. Only the first paragraph of an item has its mark.
func (r *blockReader) list(n *html.Node, p place) {
	number := 1
	for _, a := range n.Attr {
		if a.Key == "start" {
			if _, err := fmt.Sscanf(a.Val, "%d", &number); err != nil {
				number = 1
			}
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.DataAtom != atom.Li {
			continue
		}
		q := place{look: p.look, depth: p.depth + 1, inItem: true, mark: "•"}
		if n.DataAtom == atom.Ol {
			q.mark = fmt.Sprintf("%d.", number)
			number++
		}
		from := len(r.out)
		r.children(c, q)
		r.flush(q)
		for i := from + 1; i < len(r.out); i++ {
			if r.out[i].kind == item && r.out[i].level == q.depth-1 {
				r.out[i].mark = ""
			}
		}
	}
}

func (r *blockReader) table(n *html.Node) {
	var rows []tableRow
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			switch c.DataAtom {
			case atom.Thead, atom.Tbody:
				walk(c)
			case atom.Tr:
				var row tableRow
				for d := c.FirstChild; d != nil; d = d.NextSibling {
					if d.DataAtom != atom.Td && d.DataAtom != atom.Th {
						continue
					}
					row.head = row.head || d.DataAtom == atom.Th
					cell := blockReader{}
					for e := d.FirstChild; e != nil; e = e.NextSibling {
						cell.inline(e, run{bold: d.DataAtom == atom.Th})
					}
					row.cells = append(row.cells, trimmed(cell.runs))
				}
				rows = append(rows, row)
			}
		}
	}
	walk(n)
	r.out = append(r.out, block{kind: table, rows: rows})
}

func (r *blockReader) inline(n *html.Node, look run) {
	switch n.Type {
	case html.TextNode:
		look.text = n.Data
		r.runs = append(r.runs, look)
		return
	case html.ElementNode:
	default:
		return
	}
	switch n.DataAtom {
	case atom.Strong, atom.B:
		look.bold = true
	case atom.Em, atom.I:
		look.italic = true
	case atom.Code:
		look.mono = true
	case atom.Del:
		look.struck = true
	case atom.Mark:
		look.fault = true
	case atom.Br:
		r.runs = append(r.runs, run{newline: true})
	case atom.Input:
		look.text = "[ ] "
		if hasAttr(n, "checked") {
			look.text = "[x] "
		}
		r.runs = append(r.runs, look)
	case atom.Img:
		r.runs = append(r.runs, imageRun(n, look))
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		r.inline(c, look)
	}
}

// imageRun is an image that the page holds itself; any other is shown by its words.
func imageRun(n *html.Node, look run) run {
	p := picture{alt: attr(n, "alt")}
	head, data, ok := strings.Cut(attr(n, "src"), ";base64,")
	mime, isData := strings.CutPrefix(head, "data:")
	bytes, err := base64.StdEncoding.DecodeString(data)
	if ok && isData && err == nil && (mime == "image/png" || mime == "image/jpeg" || mime == "image/gif") {
		p.mime, p.data = mime, bytes
		look.image = &p
		return look
	}
	look.text = "[image: " + p.alt + "]"
	return look
}

func isBlock(a atom.Atom) bool {
	switch a {
	case atom.P, atom.Div, atom.Section, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Ul, atom.Ol, atom.Li, atom.Pre, atom.Blockquote, atom.Table, atom.Hr:
		return true
	}
	return false
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func hasAttr(n *html.Node, key string) bool {
	for _, a := range n.Attr {
		if a.Key == key {
			return true
		}
	}
	return false
}

// trimmed joins white space as HTML does, and drops it at both ends.
func trimmed(runs []run) []run {
	var out []run
	space := true
	for _, r := range runs {
		if r.image != nil || r.newline {
			out = append(out, r)
			space = true
			continue
		}
		var b strings.Builder
		for _, c := range r.text {
			if c == ' ' || c == '\n' || c == '\t' || c == '\r' {
				if !space {
					b.WriteByte(' ')
				}
				space = true
				continue
			}
			b.WriteRune(c)
			space = false
		}
		if r.text = b.String(); r.text != "" {
			out = append(out, r)
		}
	}
	for len(out) > 0 && out[len(out)-1].image == nil {
		last := &out[len(out)-1]
		if last.text = strings.TrimRight(last.text, " \n"); last.text != "" {
			break
		}
		out = out[:len(out)-1]
	}
	return out
}
