package rendition

import (
	"bytes"
	"regexp"
	"strconv"

	"triward/internal/problem"
)

// pdfFile is a PDF file with one cross-reference table, as our printers write it (ISO 32000-1 7.5). It is read to add to
// it, never to show it.
type pdfFile struct {
	data    []byte
	offsets map[int]int
	trailer dictionary
	xref    int // where the table begins
}

// dictionary holds the entries of a dictionary in their order, with values as they stand in the file (ISO 32000-1 7.3.7).
type dictionary []entry

type entry struct {
	key   string
	value []byte
}

func (d dictionary) get(key string) []byte {
	for _, e := range d {
		if e.key == key {
			return e.value
		}
	}
	return nil
}

// set returns the dictionary with an entry changed or added.
func (d dictionary) set(key, value string) dictionary {
	out := make(dictionary, 0, len(d)+1)
	for _, e := range d {
		if e.key != key {
			out = append(out, e)
		}
	}
	return append(out, entry{key, []byte(value)})
}

func (d dictionary) bytes() []byte {
	var b bytes.Buffer
	b.WriteString("<<")
	for _, e := range d {
		b.WriteString("/" + e.key + " ")
		b.Write(e.value)
		b.WriteByte('\n')
	}
	b.WriteString(">>")
	return b.Bytes()
}

func unreadable(format string, args ...any) error {
	return problem.New(problem.Invalid, "the PDF cannot be read: "+format, args...)
}

var (
	startForm = regexp.MustCompile(`startxref\s+([0-9]{1,10})\s+%%EOF\s*$`)
	entryForm = regexp.MustCompile(`^([0-9]{10}) ([0-9]{5}) ([nf])[ \r\n]{2}`)
	rangeForm = regexp.MustCompile(`^\s*([0-9]{1,7}) ([0-9]{1,7})[ \r]*\n`)
	objForm   = regexp.MustCompile(`^\s*([0-9]{1,7}) [0-9]{1,5} obj\s*`)
	refForm   = regexp.MustCompile(`^\s*([0-9]{1,7}) 0 R\s*$`)
)

const maxObjects = 200_000

func readPDF(data []byte) (*pdfFile, error) {
	m := startForm.FindSubmatch(data[max(0, len(data)-1024):])
	if !bytes.HasPrefix(data, []byte("%PDF-")) || m == nil {
		return nil, unreadable("it has no beginning or no end")
	}
	at, err := strconv.Atoi(string(m[1]))
	if err != nil || at >= len(data) || !bytes.HasPrefix(data[at:], []byte("xref")) {
		return nil, unreadable("it has no cross-reference table")
	}
	p := &pdfFile{data: data, offsets: map[int]int{}, xref: at}
	rest := data[at+4:]
	for {
		m := rangeForm.FindSubmatch(rest)
		if m == nil {
			break
		}
		rest = rest[len(m[0]):]
		first, _ := strconv.Atoi(string(m[1]))
		count, _ := strconv.Atoi(string(m[2]))
		if count > maxObjects {
			return nil, unreadable("it has too many objects")
		}
		for i := range count {
			e := entryForm.FindSubmatch(rest)
			if e == nil {
				return nil, unreadable("its cross-reference table is broken")
			}
			rest = rest[len(e[0]):]
			if offset, err := strconv.Atoi(string(e[1])); err == nil && string(e[3]) == "n" {
				p.offsets[first+i] = offset
			}
		}
	}
	i := bytes.Index(rest, []byte("<<"))
	if i < 0 || !bytes.HasPrefix(bytes.TrimSpace(rest), []byte("trailer")) {
		return nil, unreadable("it has no trailer")
	}
	if p.trailer, _, err = readDictionary(rest[i:]); err != nil {
		return nil, err
	}
	return p, nil
}

// object is the dictionary of an object.
func (p *pdfFile) object(number int) (dictionary, error) {
	offset, ok := p.offsets[number]
	if !ok || offset >= len(p.data) {
		return nil, unreadable("object %d is not there", number)
	}
	m := objForm.FindSubmatch(p.data[offset:])
	if m == nil || string(m[1]) != strconv.Itoa(number) {
		return nil, unreadable("object %d is not where the table says", number)
	}
	d, _, err := readDictionary(p.data[offset+len(m[0]):])
	return d, err
}

// reference is the number of the object that a value refers to.
func reference(value []byte) (int, bool) {
	m := refForm.FindSubmatch(value)
	if m == nil {
		return 0, false
	}
	n, err := strconv.Atoi(string(m[1]))
	return n, err == nil
}

// firstPage walks down the first branch of the tree of pages.
func (p *pdfFile) firstPage(root dictionary) (int, dictionary, error) {
	n, ok := reference(root.get("Pages"))
	for range 50 {
		if !ok {
			break
		}
		d, err := p.object(n)
		if err != nil {
			return 0, nil, err
		}
		if string(bytes.TrimSpace(d.get("Type"))) == "/Page" {
			return n, d, nil
		}
		kids := bytes.TrimSpace(d.get("Kids"))
		first, _, _ := bytes.Cut(bytes.TrimPrefix(kids, []byte("[")), []byte("R"))
		n, ok = reference(append(bytes.TrimRight(first, " \n"), []byte(" R")...))
	}
	return 0, nil, unreadable("it has no first page")
}

// readDictionary reads the dictionary at the beginning of a text and says where it ends.
func readDictionary(s []byte) (dictionary, int, error) {
	if !bytes.HasPrefix(s, []byte("<<")) {
		return nil, 0, unreadable("a dictionary is missing")
	}
	var out dictionary
	i := 2
	for {
		i = space(s, i)
		switch {
		case i+1 >= len(s):
			return nil, 0, unreadable("a dictionary has no end")
		case s[i] == '>' && s[i+1] == '>':
			return out, i + 2, nil
		case s[i] != '/':
			return nil, 0, unreadable("a dictionary has a value without a name")
		}
		end := i + 1
		for end < len(s) && !delimiter(s[end]) {
			end++
		}
		key := string(s[i+1 : end])
		from := space(s, end)
		to, ok := value(s, from, 0)
		if !ok {
			return nil, 0, unreadable("a dictionary is broken at %s", key)
		}
		out = append(out, entry{key, bytes.TrimSpace(s[from:to])})
		i = to
	}
}

func space(s []byte, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\r' || s[i] == '\t' || s[i] == 0 || s[i] == '\f') {
		i++
	}
	return i
}

func delimiter(c byte) bool { return bytes.IndexByte([]byte(" \n\r\t\x00\f/<>[]()%"), c) >= 0 }

// value is where the value that begins at i ends: a name, number, string, array, dictionary, or a reference.
func value(s []byte, i, depth int) (int, bool) {
	if i >= len(s) || depth > 100 {
		return 0, false
	}
	switch {
	case s[i] == '/':
		for i++; i < len(s) && !delimiter(s[i]); i++ {
		}
		return i, true
	case s[i] == '(':
		return literal(s, i)
	case s[i] == '[':
		i = space(s, i+1)
		for i < len(s) && s[i] != ']' {
			next, ok := value(s, i, depth+1)
			if !ok {
				return 0, false
			}
			i = space(s, next)
		}
		return i + 1, i < len(s)
	case s[i] == '<' && i+1 < len(s) && s[i+1] == '<':
		for i = space(s, i+2); i+1 < len(s) && !(s[i] == '>' && s[i+1] == '>'); {
			next, ok := value(s, i, depth+1)
			if !ok {
				return 0, false
			}
			i = space(s, next)
		}
		return i + 2, i+1 < len(s)
	case s[i] == '<':
		end := bytes.IndexByte(s[i:], '>')
		return i + end + 1, end >= 0
	case delimiter(s[i]):
		return 0, false
	}
	if m := referenceHere.Find(s[i:min(len(s), i+40)]); m != nil {
		return i + len(m), true
	}
	for i < len(s) && !delimiter(s[i]) {
		i++
	}
	return i, true
}

var referenceHere = regexp.MustCompile(`^[0-9]{1,7} [0-9]{1,5} R`)

// literal is where a string in parentheses ends (ISO 32000-1 7.3.4.2).
func literal(s []byte, i int) (int, bool) {
	depth := 0
	for ; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1, true
			}
		}
	}
	return 0, false
}
