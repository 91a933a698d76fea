package source

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"triward/internal/problem"
)

// Limits of an uploaded file. What is read out of it counts before it is kept, so that a small file cannot ask for much.
const (
	maxFileSize  = 50 << 20
	maxUnpacked  = 96 << 20
	maxExtracted = 2 << 20 // of text; what is behind is not searched
	maxParts     = 5000
	maxXMLDepth  = 200
)

// Extract is the text of an uploaded file, for search: a DOCX (ECMA-376), an XLSX or a PDF (ISO 32000-1), told by its name's
// ending. What cannot be read is Invalid; a file without text, such as a scan, gives "".
func Extract(name string, r io.ReaderAt, size int64) (string, error) {
	if size > maxFileSize {
		return "", problem.New(problem.Invalid, "the file has %d bytes, at most %d", size, maxFileSize)
	}
	var text string
	var err error
	switch kind := strings.ToLower(path.Ext(name)); kind {
	case ".docx", ".xlsx":
		text, err = extractOffice(kind, r, size)
	case ".pdf":
		text, err = extractPDF(r, size)
	default:
		return "", problem.New(problem.Invalid, "only DOCX, XLSX and PDF files can be uploaded, not %q", path.Ext(name))
	}
	if err != nil {
		return "", problem.About(err, "read %s", path.Base(name))
	}
	return strings.ToValidUTF8(strings.TrimSpace(text), "�"), nil
}

// budget is what may still be unpacked.
type budget struct{ left int64 }

var errTooLarge = problem.New(problem.Invalid, "the file unpacks to more than %d MiB", maxUnpacked>>20)

// limited reads at most what the budget has left.
func (b *budget) limited(r io.Reader) io.Reader { return budgetReader{r, b} }

type budgetReader struct {
	r io.Reader
	b *budget
}

func (l budgetReader) Read(p []byte) (int, error) {
	if l.b.left <= 0 {
		return 0, errTooLarge
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.b.left)])
	l.b.left -= int64(n)
	return n, err
}

func extractOffice(kind string, r io.ReaderAt, size int64) (string, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return "", problem.New(problem.Invalid, "it is not an Office file")
	}
	if len(z.File) > maxParts {
		return "", problem.New(problem.Invalid, "it has more than %d parts", maxParts)
	}
	o := office{z: z, budget: &budget{maxUnpacked}}
	if kind == ".docx" {
		return o.document()
	}
	return o.workbook()
}

type office struct {
	z      *zip.Reader
	budget *budget
	out    strings.Builder
}

// part calls fn with each start and end of an element of a part, and with its text. A part that is not there has none.
func (o *office) part(name string, fn func(t xml.Token)) error {
	i := slices.IndexFunc(o.z.File, func(f *zip.File) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	f, err := o.z.File[i].Open()
	if err != nil {
		return problem.New(problem.Invalid, "%s cannot be unpacked", name)
	}
	defer f.Close()
	d := xml.NewDecoder(o.budget.limited(f))
	depth := 0
	for o.out.Len() < maxExtracted {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if problem.KindOf(err) == problem.Invalid {
			return err
		}
		if err != nil {
			return problem.New(problem.Invalid, "%s is broken", name)
		}
		switch t.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		}
		if depth > maxXMLDepth {
			return problem.New(problem.Invalid, "%s is nested too deep", name)
		}
		fn(t)
	}
	return nil
}

// named are the parts below a folder in the order of their names and numbers.
func (o *office) named(prefix string) []string {
	var out []string
	for _, f := range o.z.File {
		if strings.HasPrefix(f.Name, prefix) && strings.HasSuffix(f.Name, ".xml") && !strings.Contains(f.Name[len(prefix):], "/") {
			out = append(out, f.Name)
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	return out
}

// document reads the text of a DOCX: its body, then notes, headers and footers (ECMA-376 Part 1, 17.3.3.31).
func (o *office) document() (string, error) {
	parts := []string{"word/document.xml"}
	for _, p := range []string{"word/footnotes", "word/endnotes", "word/header", "word/footer"} {
		parts = append(parts, o.named(p)...)
	}
	for _, p := range parts {
		inText := false
		err := o.part(p, func(t xml.Token) {
			switch t := t.(type) {
			case xml.StartElement:
				inText = t.Name.Local == "t"
				if t.Name.Local == "tab" || t.Name.Local == "br" {
					o.out.WriteByte(' ')
				}
			case xml.EndElement:
				inText = false
				if t.Name.Local == "p" {
					o.out.WriteByte('\n')
				}
			case xml.CharData:
				if inText {
					o.out.Write(t)
				}
			}
		})
		if err != nil {
			return "", err
		}
	}
	return o.out.String(), nil
}

// workbook reads the cells of an XLSX, a line for each row (ECMA-376 Part 1, 18.3.1.4 and 18.4.9).
func (o *office) workbook() (string, error) {
	shared, err := o.shared()
	if err != nil {
		return "", err
	}
	for _, p := range o.named("xl/worksheets/sheet") {
		kind, inValue, value := "", false, strings.Builder{}
		err := o.part(p, func(t xml.Token) {
			switch t := t.(type) {
			case xml.StartElement:
				switch t.Name.Local {
				case "c":
					kind = attribute(t, "t")
				case "v", "t":
					inValue = true
					value.Reset()
				}
			case xml.EndElement:
				switch t.Name.Local {
				case "v", "t":
					inValue = false
					o.cell(kind, value.String(), shared)
				case "row":
					o.out.WriteByte('\n')
				}
			case xml.CharData:
				if inValue && value.Len() < maxExtracted {
					value.Write(t)
				}
			}
		})
		if err != nil {
			return "", err
		}
	}
	return o.out.String(), nil
}

func (o *office) cell(kind, value string, shared []string) {
	if kind == "s" {
		i, err := strconv.Atoi(value)
		if err != nil || i < 0 || i >= len(shared) {
			return
		}
		value = shared[i]
	}
	o.out.WriteString(value + " ")
}

// shared are the texts that cells refer to by number.
func (o *office) shared() ([]string, error) {
	var out []string
	var text strings.Builder
	size, inText := 0, false
	err := o.part("xl/sharedStrings.xml", func(t xml.Token) {
		switch t := t.(type) {
		case xml.StartElement:
			inText = t.Name.Local == "t"
		case xml.EndElement:
			inText = false
			if t.Name.Local == "si" {
				out = append(out, text.String())
				text.Reset()
			}
		case xml.CharData:
			if inText && size < maxExtracted {
				size += len(t)
				text.Write(t)
			}
		}
	})
	return out, err
}

func attribute(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
