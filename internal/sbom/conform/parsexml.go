package conform

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ParseXML builds the tree of one XML document. Document type declarations are refused: CycloneDX has none, and
// without them there are no entities to expand and no external text to fetch.
func ParseXML(body []byte, most Bounds) (*Node, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	d.CharsetReader = sameText
	var open []Node
	var text [][]byte
	var root *Node
	count := 0
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			if root == nil {
				return nil, errors.New("the file has no XML element")
			}
			return root, nil
		}
		line, col := d.InputPos()
		if err != nil {
			var syntax *xml.SyntaxError
			if errors.As(err, &syntax) {
				return nil, fmt.Errorf("line %d, column %d: %s", syntax.Line, col, syntax.Msg)
			}
			return nil, fmt.Errorf("line %d, column %d: %w", line, col, err)
		}
		switch t := t.(type) {
		case xml.Directive:
			return nil, fmt.Errorf("line %d, column %d: document type declarations (<!%s...) are not read", line, col, Cut(strings.TrimSpace(string(t))))
		case xml.StartElement:
			switch {
			case len(open) >= most.Depth:
				return nil, fmt.Errorf("line %d, column %d: nested deeper than %d levels", line, col, most.Depth)
			case root != nil:
				return nil, fmt.Errorf("line %d, column %d: a second root element <%s>", line, col, t.Name.Local)
			}
			if count += 1 + len(t.Attr); count > most.Values {
				return nil, fmt.Errorf("line %d, column %d: more than the %d elements and attributes allowed", line, col, most.Values)
			}
			n := Node{kind: Element, name: t.Name.Local, xml: &markup{space: t.Name.Space}}
			for _, a := range t.Attr {
				if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" {
					n.xml.attrs = append(n.xml.attrs, xattr{a.Name.Space, a.Name.Local, a.Value})
				}
			}
			open = append(open, n)
			text = append(text, nil)
		case xml.EndElement:
			n := open[len(open)-1]
			n.text = string(text[len(text)-1])
			open, text = open[:len(open)-1], text[:len(text)-1]
			if len(open) == 0 {
				root = &n
				break
			}
			up := &open[len(open)-1]
			up.items = append(up.items, n)
		case xml.CharData:
			if len(open) > 0 {
				text[len(text)-1] = append(text[len(text)-1], t...)
			} else if len(bytes.TrimSpace(t)) > 0 {
				return nil, fmt.Errorf("line %d, column %d: text outside the root element", line, col)
			}
		}
	}
}

// sameText lets a file declare the encodings that UTF-8 text, which it was found to be, may honestly carry. Any other
// declaration contradicts the bytes.
func sameText(charset string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(charset) {
	case "utf-8", "utf8", "us-ascii", "ascii":
		return in, nil
	}
	return nil, fmt.Errorf("the file declares the encoding %q; only UTF-8 is read", charset)
}

// attr is the value of an attribute without namespace and whether it is there.
func (n *Node) attr(name string) (string, bool) {
	if n.xml == nil {
		return "", false
	}
	for _, a := range n.xml.attrs {
		if a.space == "" && a.name == name {
			return a.value, true
		}
	}
	return "", false
}
