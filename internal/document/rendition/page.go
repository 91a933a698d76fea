package rendition

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"
)

//go:embed page.css
var css string

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// page is what the template shows. Body is a sanitised fragment, and the style is built in.
type page struct {
	Sheet
	Lang, Policy, Uncontrolled string
	Style                      template.CSS
	Body                       template.HTML
	QR                         template.URL
	Header                     []Field
	Blocks                     [][]Field
}

// Policy is the content security policy under which a page of HTML shows as it was made: nothing is loaded or run.
func Policy() string {
	sum := sha256.Sum256([]byte(css))
	return "default-src 'none'; img-src data:; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
}

// HTML writes a sheet as one page that stands for itself. These are the bytes that are displayed and signed.
func HTML(s Sheet) ([]byte, error) {
	p := page{Sheet: s, Lang: s.language(), Policy: Policy(), Uncontrolled: uncontrolled, Style: template.CSS(css), Body: template.HTML(s.HTML), Header: s.header()}
	for _, b := range s.Signatures {
		p.Blocks = append(p.Blocks, b.Fields())
	}
	if s.StatusURL != "" {
		code, err := QR(s.StatusURL)
		if err != nil {
			return nil, err
		}
		p.QR = template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(code))
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("write page of %s: %w", s.Code, err)
	}
	return b.Bytes(), nil
}

// Body is the fragment that a page of HTML was made of: what was displayed, for other forms of the same revision.
func Body(page []byte) (string, bool) {
	_, rest, ok := strings.Cut(string(page), "<main>\n")
	body, _, end := strings.Cut(rest, "</main>")
	return body, ok && end
}
