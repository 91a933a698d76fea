package conform

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// ParseJSON builds the tree of one JSON text (RFC 8259). Beyond the grammar it refuses a name that occurs twice in an
// object, because readers disagree on which one counts.
func ParseJSON(body []byte, most Bounds) (*Node, error) {
	p := jsonParser{text: string(body), most: most, line: 1}
	p.skip()
	root, err := p.value(0)
	if err != nil {
		return nil, err
	}
	p.skip()
	if p.at < len(p.text) {
		return nil, p.fail("text after the end of the document")
	}
	return &root, nil
}

type jsonParser struct {
	text  string
	at    int
	line  int32
	most  Bounds
	count int
}

func (p *jsonParser) fail(format string, args ...any) error {
	start := strings.LastIndexByte(p.text[:min(p.at, len(p.text))], '\n')
	return fmt.Errorf("line %d, column %d: %s", p.line, p.at-start, fmt.Sprintf(format, args...))
}

func (p *jsonParser) skip() {
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case '\n':
			p.line++
		case ' ', '\t', '\r':
		default:
			return
		}
		p.at++
	}
}

func (p *jsonParser) value(depth int) (Node, error) {
	if p.at >= len(p.text) {
		return Node{}, p.fail("the file ends in the middle of the document")
	}
	if p.count++; p.count > p.most.Values {
		return Node{}, p.fail("more than the %d values allowed", p.most.Values)
	}
	var n Node
	switch c := p.text[p.at]; {
	case c == '{' || c == '[':
		if depth >= p.most.Depth {
			return n, p.fail("nested deeper than %d levels", p.most.Depth)
		}
		start := p.at
		var err error
		if c == '{' {
			n.kind = Object
			err = p.object(&n, depth)
		} else {
			n.kind = Array
			err = p.array(&n, depth)
		}
		n.text = p.text[start:p.at]
		return n, err
	case c == '"':
		n.kind = String
		var err error
		n.text, err = p.quoted()
		return n, err
	case c == '-' || c >= '0' && c <= '9':
		n.kind = Number
		start := p.at
		for p.at < len(p.text) && strings.IndexByte("+-.eE0123456789", p.text[p.at]) >= 0 {
			p.at++
		}
		n.text = p.text[start:p.at]
		if !json.Valid([]byte(n.text)) {
			p.at = start
			return n, p.fail("%q is not a number", Cut(n.text))
		}
		return n, nil
	}
	for _, w := range [...]struct {
		word string
		kind Kind
	}{{"true", Bool}, {"false", Bool}, {"null", Null}} {
		if strings.HasPrefix(p.text[p.at:], w.word) {
			n.kind, n.text = w.kind, w.word
			p.at += len(w.word)
			return n, nil
		}
	}
	return n, p.fail("a value cannot start with %q", p.text[p.at:p.at+1])
}

func (p *jsonParser) object(n *Node, depth int) error {
	p.at++
	var seen map[string]bool
	for first := true; ; first = false {
		p.skip()
		switch {
		case p.at >= len(p.text):
			return p.fail("the file ends inside an object")
		case p.text[p.at] == '}':
			p.at++
			return nil
		case first:
		case p.text[p.at] == ',':
			p.at++
			p.skip()
		default:
			return p.fail("expected a comma or the end of the object, found %q", p.text[p.at:p.at+1])
		}
		if p.at >= len(p.text) {
			return p.fail("the file ends inside an object")
		}
		if p.text[p.at] != '"' {
			return p.fail("expected a name in double quotes, found %q", p.text[p.at:p.at+1])
		}
		name, err := p.quoted()
		if err != nil {
			return err
		}
		if twice(n, name, &seen) {
			return p.fail("the name %q occurs twice in one object", Cut(name))
		}
		p.skip()
		if p.at >= len(p.text) || p.text[p.at] != ':' {
			return p.fail("expected a colon after the name %q", Cut(name))
		}
		p.at++
		p.skip()
		v, err := p.value(depth + 1)
		if err != nil {
			return err
		}
		v.name = name
		n.items = append(n.items, v)
	}
}

// twice tells whether the object has that name already; large objects get a map so that the test stays linear.
func twice(n *Node, name string, seen *map[string]bool) bool {
	if len(n.items) < 16 {
		return n.Get(name) != nil
	}
	if *seen == nil {
		*seen = make(map[string]bool, 64)
		for i := range n.items {
			(*seen)[n.items[i].name] = true
		}
	}
	if (*seen)[name] {
		return true
	}
	(*seen)[name] = true
	return false
}

func (p *jsonParser) array(n *Node, depth int) error {
	p.at++
	for first := true; ; first = false {
		p.skip()
		switch {
		case p.at >= len(p.text):
			return p.fail("the file ends inside an array")
		case p.text[p.at] == ']':
			p.at++
			return nil
		case first:
		case p.text[p.at] == ',':
			p.at++
			p.skip()
		default:
			return p.fail("expected a comma or the end of the array, found %q", p.text[p.at:p.at+1])
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return err
		}
		n.items = append(n.items, v)
	}
}

// quoted reads a string at its opening quote.
func (p *jsonParser) quoted() (string, error) {
	start := p.at
	p.at++
	escaped := false
	for p.at < len(p.text) {
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			if !escaped {
				return p.text[start+1 : p.at-1], nil
			}
			var s string
			if err := json.Unmarshal([]byte(p.text[start:p.at]), &s); err != nil {
				p.at = start
				return "", p.fail("a string with a wrong escape")
			}
			return s, nil
		case c == '\\':
			escaped = true
			p.at += 2
		case c < ' ':
			return "", p.fail("a control character (0x%02x) inside a string must be escaped", c)
		default:
			p.at++
		}
	}
	p.at = start
	return "", p.fail("the file ends inside a string")
}

// Cut shortens text of a file for a message.
func Cut(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	end := most
	for end > 0 && s[end]&0xC0 == 0x80 {
		end--
	}
	return s[:end] + "..."
}

// Place is the line and column, both from 1, of an offset. Columns count bytes.
func Place(b []byte, at int) (line, col int) {
	at = min(at, len(b))
	return 1 + bytes.Count(b[:at], []byte{'\n'}), at - bytes.LastIndexByte(b[:at], '\n')
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
