package source

import (
	"io"
	"slices"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"

	"triward/internal/problem"
)

// extractPDF reads the text that the pages of a PDF show (ISO 32000-1 9), as far as its fonts say which letters they draw.
func extractPDF(r io.ReaderAt, size int64) (string, error) {
	p, err := readPDFObjects(r, size)
	if err != nil {
		return "", err
	}
	pages := p.pages()
	if len(pages) == 0 {
		return "", problem.New(problem.Invalid, "the file is not a PDF with pages, or was cut")
	}
	var out strings.Builder
	for _, page := range pages {
		content, err := p.content(page)
		if err != nil {
			return "", err
		}
		fonts := p.dict(p.dict(p.inherited(page, "Resources"))["Font"])
		for _, f := range fonts {
			if _, err := p.font(f); err != nil {
				return "", err
			}
		}
		if err := p.show(content, fonts, &out); err != nil {
			return "", err
		}
		out.WriteByte('\n')
		if out.Len() > maxExtracted {
			break
		}
	}
	return out.String(), nil
}

const maxPages = 10_000

// pages are the pages in their order; in the order of their numbers where the tree is broken.
func (p *pdfText) pages() []map[string]any {
	var out []map[string]any
	seen := map[pdfRef]bool{}
	var walk func(v any, depth int)
	walk = func(v any, depth int) {
		ref, ok := v.(pdfRef)
		if !ok || seen[ref] || depth > maxNesting || len(out) >= maxPages {
			return
		}
		seen[ref] = true
		d := p.dict(ref)
		if d["Type"] == pdfName("Page") {
			out = append(out, d)
			return
		}
		kids, _ := p.deref(d["Kids"]).([]any)
		for _, k := range kids {
			walk(k, depth+1)
		}
	}
	numbers := make([]pdfRef, 0, len(p.objects))
	for n := range p.objects {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		if d := p.dict(n); d["Type"] == pdfName("Catalog") {
			walk(d["Pages"], 0)
		}
	}
	if len(out) > 0 {
		return out
	}
	for _, n := range numbers {
		if d := p.dict(n); d["Type"] == pdfName("Page") && len(out) < maxPages {
			out = append(out, d)
		}
	}
	return out
}

// inherited is an entry of a page or of the nodes above it (ISO 32000-1 7.7.3.4).
func (p *pdfText) inherited(page map[string]any, key string) any {
	for range maxNesting {
		if v, ok := page[key]; ok {
			return v
		}
		if page = p.dict(page["Parent"]); page == nil {
			break
		}
	}
	return nil
}

func (p *pdfText) content(page map[string]any) ([]byte, error) {
	refs := []any{page["Contents"]}
	if list, ok := p.deref(page["Contents"]).([]any); ok {
		refs = list
	}
	var out []byte
	for _, r := range refs {
		ref, ok := r.(pdfRef)
		if !ok {
			continue
		}
		part, err := p.unpacked(p.objects[ref])
		if err != nil {
			return nil, err
		}
		out = append(append(out, part...), '\n')
	}
	return out, nil
}

// show follows the operators of text (ISO 32000-1 9.4): a move begins a line, and a wide gap between letters is a space.
func (p *pdfText) show(content []byte, fonts map[string]any, out *strings.Builder) error {
	l := lexer{s: content}
	var args []any
	var font *pdfFont
	for out.Len() < maxExtracted {
		v := l.value(0)
		if v == nil {
			return nil
		}
		op, ok := v.(pdfWord)
		if !ok {
			if args = append(args, v); len(args) > 64 {
				args = args[1:]
			}
			continue
		}
		last := func() any {
			if len(args) == 0 {
				return nil
			}
			return args[len(args)-1]
		}()
		switch op {
		case "Tf":
			if len(args) >= 2 {
				var err error
				name, _ := args[len(args)-2].(pdfName)
				if font, err = p.font(fonts[string(name)]); err != nil {
					return err
				}
			}
		case "Tj", "'", "\"":
			if op != "Tj" {
				newLine(out)
			}
			s, _ := last.([]byte)
			out.WriteString(font.text(s))
		case "TJ":
			list, _ := last.([]any)
			for _, x := range list {
				switch x := x.(type) {
				case []byte:
					out.WriteString(font.text(x))
				case float64:
					if x < -180 {
						p.gap(out)
					}
				}
			}
		case "Td", "TD", "Tm", "T*", "ET":
			if along(op, args) {
				p.gap(out)
			} else {
				newLine(out)
			}
		case "BI":
			skipImage(&l)
		}
		args = args[:0]
	}
	return nil
}

func newLine(out *strings.Builder) {
	if s := out.String(); s != "" && s[len(s)-1] != '\n' {
		out.WriteByte('\n')
	}
}

// gap is a space between letters, unless the file draws its spaces.
func (p *pdfText) gap(out *strings.Builder) {
	if !p.spaced {
		out.WriteByte(' ')
	}
}

// along tells a step along the line from one to another line.
func along(op pdfWord, args []any) bool {
	if op != "Td" && op != "TD" || len(args) < 2 {
		return false
	}
	y, ok := args[len(args)-1].(float64)
	return ok && y == 0
}

// skipImage goes behind an image that lies within the text.
func skipImage(l *lexer) {
	for i := l.i; i+2 < len(l.s); i++ {
		if l.s[i] == 'E' && l.s[i+1] == 'I' && pdfSpace(l.s[i+2]) && i > 0 && pdfSpace(l.s[i-1]) {
			l.i = i + 2
			return
		}
	}
	l.i = len(l.s)
}

// pdfFont says which letters the codes of a string are.
type pdfFont struct {
	wide    bool // codes of two bytes
	letters map[int]string
}

// maxLetters is how many letters of a font are known.
const maxLetters = 100_000

func (p *pdfText) font(v any) (*pdfFont, error) {
	ref, isRef := v.(pdfRef)
	if f, ok := p.fonts[ref]; ok && isRef {
		return f, nil
	}
	d := p.dict(v)
	f := &pdfFont{wide: d["Subtype"] == pdfName("Type0"), letters: map[int]string{}}
	if to, ok := d["ToUnicode"].(pdfRef); ok {
		cmap, err := p.unpacked(p.objects[to])
		if err != nil {
			return nil, err
		}
		f.read(cmap)
	}
	for _, letter := range f.letters {
		p.spaced = p.spaced || letter == " "
	}
	if isRef {
		p.fonts[ref] = f
	}
	return f, nil
}

// read takes the letters of a CMap (ISO 32000-1 9.10.3).
func (f *pdfFont) read(cmap []byte) {
	l := lexer{s: cmap}
	var args []any
	for len(f.letters) < maxLetters {
		v := l.value(0)
		if v == nil {
			return
		}
		op, ok := v.(pdfWord)
		if !ok {
			if args = append(args, v); len(args) > 3*maxLetters {
				return
			}
			continue
		}
		switch op {
		case "endbfchar":
			for i := 0; i+1 < len(args); i += 2 {
				f.letters[codeOf(args[i])] = unicodeOf(args[i+1], 0)
			}
		case "endbfrange":
			for i := 0; i+2 < len(args); i += 3 {
				f.readRange(codeOf(args[i]), codeOf(args[i+1]), args[i+2])
			}
		}
		args = args[:0]
	}
}

func (f *pdfFont) readRange(from, to int, target any) {
	list, isList := target.([]any)
	for c := from; c <= to && c >= 0 && len(f.letters) < maxLetters; c++ {
		switch {
		case isList && c-from < len(list):
			f.letters[c] = unicodeOf(list[c-from], 0)
		case !isList:
			f.letters[c] = unicodeOf(target, c-from)
		}
	}
}

func codeOf(v any) int {
	b, ok := v.([]byte)
	if !ok || len(b) == 0 || len(b) > 2 {
		return -1
	}
	n := 0
	for _, c := range b {
		n = n<<8 | int(c)
	}
	return n
}

// unicodeOf is a target in UTF-16, its last unit moved on by an offset.
func unicodeOf(v any, offset int) string {
	b, _ := v.([]byte)
	var units []uint16
	for i := 0; i+1 < len(b) && i < 32; i += 2 {
		units = append(units, uint16(b[i])<<8|uint16(b[i+1]))
	}
	if len(units) > 0 {
		units[len(units)-1] += uint16(offset)
	}
	return string(utf16.Decode(units))
}

// text is what a string shows. Without a table of its letters, a font of one byte is taken for WinAnsi (ISO 32000-1 D.2).
func (f *pdfFont) text(s []byte) string {
	var b strings.Builder
	if f != nil && f.wide {
		for i := 0; i+1 < len(s); i += 2 {
			b.WriteString(f.letters[int(s[i])<<8|int(s[i+1])])
		}
		return b.String()
	}
	for _, c := range s {
		if f != nil && f.letters[int(c)] != "" {
			b.WriteString(f.letters[int(c)])
			continue
		}
		if r := charmap.Windows1252.DecodeByte(c); r >= ' ' {
			b.WriteRune(r)
		}
	}
	return b.String()
}
