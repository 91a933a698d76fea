package source

import (
	"bytes"
	"compress/zlib"
	"io"
	"regexp"
	"strconv"

	"triward/internal/problem"
)

// The values of a PDF (ISO 32000-1 7.3). Strings are []byte, arrays []any, dictionaries map[string]any, numbers float64.
type (
	pdfName string
	pdfRef  int
	pdfWord string // an operator, true, false or null
)

// lexer reads values out of a text. It gives back nil at the end, and goes on behind what it does not know.
type lexer struct {
	s []byte
	i int
}

const maxNesting = 40

func pdfSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func pdfDelimiter(c byte) bool { return pdfSpace(c) || bytes.IndexByte([]byte("()<>[]{}/%"), c) >= 0 }

func (l *lexer) skip() {
	for l.i < len(l.s) {
		switch c := l.s[l.i]; {
		case pdfSpace(c):
			l.i++
		case c == '%':
			for l.i < len(l.s) && l.s[l.i] != '\n' && l.s[l.i] != '\r' {
				l.i++
			}
		default:
			return
		}
	}
}

// closing ends an array or a dictionary.
type closing byte

func (l *lexer) value(depth int) any {
	l.skip()
	if l.i >= len(l.s) || depth > maxNesting {
		return nil
	}
	c := l.s[l.i]
	switch {
	case c == '/':
		return l.name()
	case c == '(':
		return l.literal()
	case c == '<' && l.i+1 < len(l.s) && l.s[l.i+1] == '<':
		l.i += 2
		return l.dictionary(depth)
	case c == '<':
		return l.hex()
	case c == '[':
		l.i++
		return l.array(depth)
	case c == '>' && l.i+1 < len(l.s) && l.s[l.i+1] == '>':
		l.i += 2
		return closing('>')
	case pdfDelimiter(c):
		l.i++
		if c == ']' {
			return closing(']')
		}
		return pdfWord(string(c))
	}
	from := l.i
	for l.i < len(l.s) && !pdfDelimiter(l.s[l.i]) {
		l.i++
	}
	word := string(l.s[from:l.i])
	n, err := strconv.ParseFloat(word, 64)
	if err != nil {
		return pdfWord(word)
	}
	if m := refTail.FindSubmatch(l.s[l.i:min(len(l.s), l.i+20)]); m != nil && n >= 0 && n == float64(int(n)) {
		l.i += len(m[1])
		return pdfRef(int(n))
	}
	return n
}

var refTail = regexp.MustCompile(`^([ \r\n\t]+[0-9]{1,5}[ \r\n\t]+R)(?:[^A-Za-z0-9]|$)`)

func (l *lexer) name() pdfName {
	from := l.i + 1
	for l.i++; l.i < len(l.s) && !pdfDelimiter(l.s[l.i]); l.i++ {
	}
	return pdfName(l.s[from:l.i])
}

func (l *lexer) array(depth int) any {
	out := []any{}
	for {
		v := l.value(depth + 1)
		if v == nil || v == closing(']') {
			return out
		}
		out = append(out, v)
	}
}

func (l *lexer) dictionary(depth int) any {
	out := map[string]any{}
	for {
		k := l.value(depth + 1)
		if k == nil || k == closing('>') {
			return out
		}
		name, ok := k.(pdfName)
		if !ok {
			continue
		}
		v := l.value(depth + 1)
		if v == nil || v == closing('>') {
			return out
		}
		out[string(name)] = v
	}
}

func (l *lexer) hex() []byte {
	out, half, have := []byte{}, byte(0), false
	for l.i++; l.i < len(l.s) && l.s[l.i] != '>'; l.i++ {
		d, err := strconv.ParseUint(string(l.s[l.i]), 16, 8)
		if err != nil {
			continue
		}
		if have {
			out = append(out, half<<4|byte(d))
		}
		half, have = byte(d), !have
	}
	l.i++
	if have {
		out = append(out, half<<4)
	}
	return out
}

var escapes = map[byte]byte{'n': '\n', 'r': '\r', 't': '\t', 'b': '\b', 'f': '\f'}

// literal reads a string in parentheses (ISO 32000-1 7.3.4.2).
func (l *lexer) literal() []byte {
	out, depth := []byte{}, 0
	for ; l.i < len(l.s); l.i++ {
		c := l.s[l.i]
		switch {
		case c == '\\' && l.i+1 < len(l.s):
			l.i++
			c = l.s[l.i]
			switch {
			case c >= '0' && c <= '7':
				n := 0
				for k := 0; k < 3 && l.i < len(l.s) && l.s[l.i] >= '0' && l.s[l.i] <= '7'; k++ {
					n = n<<3 | int(l.s[l.i]-'0')
					l.i++
				}
				l.i--
				out = append(out, byte(n))
			case escapes[c] != 0:
				out = append(out, escapes[c])
			case c != '\n' && c != '\r':
				out = append(out, c)
			}
			continue
		case c == '(':
			if depth++; depth == 1 {
				continue
			}
		case c == ')':
			if depth--; depth == 0 {
				l.i++
				return out
			}
		}
		out = append(out, c)
	}
	return out
}

// pdfText reads the objects of a file as far as its text needs them.
type pdfText struct {
	data    []byte
	objects map[pdfRef]pdfObject
	budget  *budget
	fonts   map[pdfRef]*pdfFont
	spaced  bool // a font draws spaces: a gap between letters is none
}

type pdfObject struct {
	value  any
	stream []byte // as it lies in the file
}

var objectStart = regexp.MustCompile(`(?:^|[\r\n \t])([0-9]{1,7})[ \t\r\n]+[0-9]{1,5}[ \t\r\n]+obj\b`)

const maxPDFObjects = 200_000

func readPDFObjects(r io.ReaderAt, size int64) (*pdfText, error) {
	data := make([]byte, size)
	if n, err := r.ReadAt(data, 0); int64(n) < size {
		return nil, problem.New(problem.Invalid, "it cannot be read: %v", err)
	}
	if !bytes.Contains(data[:min(len(data), 1024)], []byte("%PDF-")) {
		return nil, problem.New(problem.Invalid, "it is not a PDF")
	}
	p := &pdfText{data: data, objects: map[pdfRef]pdfObject{}, budget: &budget{maxUnpacked}, fonts: map[pdfRef]*pdfFont{}}
	starts := objectStart.FindAllSubmatchIndex(data, maxPDFObjects+1)
	if len(starts) > maxPDFObjects {
		return nil, problem.New(problem.Invalid, "it has more than %d objects", maxPDFObjects)
	}
	for i, at := range starts {
		end := len(data)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		n, err := strconv.Atoi(string(data[at[2]:at[3]]))
		if err == nil {
			p.objects[pdfRef(n)] = readPDFObject(data[at[1]:end])
		}
	}
	if bytes.Contains(data, []byte("/Encrypt ")) {
		return nil, problem.New(problem.Invalid, "it is encrypted: save it without a password")
	}
	return p, p.unpackObjects()
}

func readPDFObject(s []byte) pdfObject {
	l := lexer{s: s}
	o := pdfObject{value: l.value(0)}
	l.skip()
	rest, ok := bytes.CutPrefix(s[min(l.i, len(s)):], []byte("stream"))
	if !ok {
		return o
	}
	rest = bytes.TrimPrefix(bytes.TrimPrefix(rest, []byte("\r")), []byte("\n"))
	if end := bytes.LastIndex(rest, []byte("endstream")); end >= 0 {
		rest = rest[:end]
	}
	o.stream = rest
	return o
}

// dict is the dictionary that a value is or refers to.
func (p *pdfText) dict(v any) map[string]any {
	d, _ := p.deref(v).(map[string]any)
	return d
}

func (p *pdfText) deref(v any) any {
	for range 10 {
		r, ok := v.(pdfRef)
		if !ok {
			return v
		}
		v = p.objects[r].value
	}
	return nil
}

// unpacked is the content of a stream: as it is, or packed by Flate (ISO 32000-1 7.4.4). Others hold pictures.
func (p *pdfText) unpacked(o pdfObject) ([]byte, error) {
	d, _ := o.value.(map[string]any)
	filter := p.deref(d["Filter"])
	if list, ok := filter.([]any); ok && len(list) == 1 {
		filter = p.deref(list[0])
	}
	switch filter {
	case nil:
		return o.stream, nil
	case pdfName("FlateDecode"):
	default:
		return nil, nil
	}
	z, err := zlib.NewReader(bytes.NewReader(o.stream))
	if err != nil {
		return nil, nil //nolint:nilerr // a broken stream has no text
	}
	out, err := io.ReadAll(p.budget.limited(z))
	if problem.KindOf(err) == problem.Invalid {
		return nil, err
	}
	return out, nil // what came before a fault is kept
}

// unpackObjects reads the objects that lie within streams (ISO 32000-1 7.5.7).
func (p *pdfText) unpackObjects() error {
	for _, o := range p.objects {
		d, ok := o.value.(map[string]any)
		if !ok || d["Type"] != pdfName("ObjStm") {
			continue
		}
		body, err := p.unpacked(o)
		if err != nil {
			return err
		}
		first, _ := d["First"].(float64)
		count, _ := d["N"].(float64)
		head := lexer{s: body[:min(max(0, int(first)), len(body))]}
		for range min(int(count), maxPDFObjects) {
			n, ok1 := head.value(0).(float64)
			at, ok2 := head.value(0).(float64)
			if !ok1 || !ok2 {
				break
			}
			from := int(first) + int(at)
			if _, there := p.objects[pdfRef(int(n))]; there || from < 0 || from >= len(body) || len(p.objects) > maxPDFObjects {
				continue
			}
			l := lexer{s: body, i: from}
			p.objects[pdfRef(int(n))] = pdfObject{value: l.value(0)}
		}
	}
	return nil
}
