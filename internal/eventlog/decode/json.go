package decode

import (
	"errors"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Bounds of one JSON document.
const (
	maxDepth = 64
	maxNodes = 100_000
)

type kind uint8

const (
	null kind = iota
	text
	number
	boolean
	object
	array
)

// node is a value of a document. Keys and values are parts of the text as written; escapes are resolved when asked for.
type node struct {
	key, value string
	at, end    int   // of an object or array: where it stands in the text
	next       int32 // the node behind this one and all inside it
	parent     int32
	kind       kind
	escKey     bool
	escaped    bool
}

// tape is a JSON document (RFC 8259) as a list of its values in the order of the text; node 0 is the whole. A tape is
// used again for the next document, and keeps its memory. Raw control characters inside of strings are accepted, because
// emitters write them.
type tape struct {
	nodes []node
	open  [maxDepth]int32
}

var (
	errJSON  = errors.New("it is no JSON")
	errDepth = errors.New("JSON nested deeper than 64 levels")
	errNodes = errors.New("JSON with more than 100,000 values")
	errAfter = errors.New("there is more behind the JSON value")
)

// scan reads one object or array that fills s but for white space.
func (t *tape) scan(s string) error {
	i, err := t.read(s)
	if err != nil {
		return err
	}
	if skip(s, i) < len(s) {
		return errAfter
	}
	return nil
}

// read reads the object or array that s begins with; next is the place behind it.
func (t *tape) read(s string) (next int, err error) {
	t.nodes = t.nodes[:0]
	i := skip(s, 0)
	if i >= len(s) || s[i] != '{' && s[i] != '[' {
		return 0, errJSON
	}
	n := node{parent: -1}
	depth := 0
	for {
		if len(t.nodes) >= maxNodes {
			return 0, errNodes
		}
		if depth > 0 {
			n.parent = t.open[depth-1]
		}
		if i >= len(s) {
			return 0, errJSON
		}
		switch c := s[i]; {
		case c == '"':
			n.kind = text
			if n.value, i, n.escaped, err = quoted(s, i); err != nil {
				return 0, err
			}
		case c == '{' || c == '[':
			n.kind = object
			if c == '[' {
				n.kind = array
			}
			if depth == maxDepth {
				return 0, errDepth
			}
			n.at = i
			t.open[depth] = int32(len(t.nodes))
			depth++
			t.nodes = append(t.nodes, n)
			kind := n.kind
			n = node{}
			i = skip(s, i+1)
			if i < len(s) && (s[i] == '}' && kind == object || s[i] == ']' && kind == array) {
				break
			}
			if kind == object {
				if i, err = n.readKey(s, i); err != nil {
					return 0, err
				}
			}
			continue
		default:
			if i = n.scalar(s, i); i < 0 {
				return 0, errJSON
			}
		}
		if n.kind != null || n.value != "" {
			n.next = int32(len(t.nodes) + 1)
			t.nodes = append(t.nodes, n)
		}
		n = node{}
		for { // behind a value: the next of its container, or the end of it
			i = skip(s, i)
			if depth == 0 {
				return i, nil
			}
			if i >= len(s) {
				return 0, errJSON
			}
			in := &t.nodes[t.open[depth-1]]
			if s[i] == ',' {
				i = skip(s, i+1)
				if in.kind == object {
					if i, err = n.readKey(s, i); err != nil {
						return 0, err
					}
				}
				break
			}
			if s[i] == '}' && in.kind == object || s[i] == ']' && in.kind == array {
				i++
				in.next, in.end = int32(len(t.nodes)), i
				depth--
				continue
			}
			return 0, errJSON
		}
	}
}

func (n *node) readKey(s string, i int) (next int, err error) {
	if i >= len(s) || s[i] != '"' {
		return 0, errJSON
	}
	if n.key, i, n.escKey, err = quoted(s, i); err != nil {
		return 0, err
	}
	i = skip(s, i)
	if i >= len(s) || s[i] != ':' {
		return 0, errJSON
	}
	return skip(s, i+1), nil
}

// scalar reads a number or a literal; -1: it is neither.
func (n *node) scalar(s string, i int) int {
	for _, l := range [...]struct {
		word string
		kind kind
	}{{"true", boolean}, {"false", boolean}, {"null", null}} {
		if strings.HasPrefix(s[i:], l.word) {
			n.kind, n.value = l.kind, l.word
			return i + len(l.word)
		}
	}
	from := i
	if i < len(s) && s[i] == '-' {
		i++
	}
	j := digits(s, i)
	if j == i || s[i] == '0' && j > i+1 {
		return -1
	}
	i = j
	if i < len(s) && s[i] == '.' {
		if j = digits(s, i+1); j == i+1 {
			return -1
		}
		i = j
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		if j = digits(s, i); j == i {
			return -1
		}
		i = j
	}
	n.kind, n.value = number, s[from:i]
	return i
}

func digits(s string, i int) int {
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return i
}

func skip(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\t' || s[i] == '\r') {
		i++
	}
	return i
}

// quoted reads the string whose quote stands at i.
func quoted(s string, i int) (value string, next int, escaped bool, err error) {
	i++
	end := strings.IndexByte(s[i:], '"')
	if end < 0 {
		return "", 0, false, errJSON
	}
	if strings.IndexByte(s[i:i+end], '\\') < 0 {
		return s[i : i+end], i + end + 1, false, nil
	}
	for j := i; j < len(s); j++ {
		switch s[j] {
		case '"':
			return s[i:j], j + 1, true, nil
		case '\\':
			j++
			if j >= len(s) {
				return "", 0, false, errJSON
			}
			switch s[j] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			case 'u':
				if j+4 >= len(s) || hex4(s[j+1:]) < 0 {
					return "", 0, false, errJSON
				}
				j += 4
			default:
				return "", 0, false, errJSON
			}
		}
	}
	return "", 0, false, errJSON
}

func hex4(s string) rune {
	var r rune
	for i := range 4 {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// unquote resolves the escapes of a string that quoted has checked. Half a surrogate pair becomes U+FFFD.
func unquote(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 'b':
			b.WriteByte('\b')
		case 'f':
			b.WriteByte('\f')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'u':
			r := hex4(s[i+1:])
			i += 4
			if utf16.IsSurrogate(r) {
				low := utf8.RuneError
				if strings.HasPrefix(s[i+1:], `\u`) {
					low = utf16.DecodeRune(r, hex4(s[i+3:]))
				}
				if r = low; low != utf8.RuneError {
					i += 6
				}
			}
			b.WriteRune(r)
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// key is the name of a member.
func (t *tape) key(i int32) string {
	if n := &t.nodes[i]; !n.escKey {
		return n.key
	}
	return unquote(t.nodes[i].key)
}

// str is a value as text: strings without escapes, numbers and booleans as written, "" for null and containers. Index -1
// stands for an absent value.
func (t *tape) str(i int32) string {
	if i < 0 {
		return ""
	}
	switch n := &t.nodes[i]; {
	case n.kind == null:
		return ""
	case n.escaped:
		return unquote(n.value)
	default:
		return n.value
	}
}

// first is a value as text, of an array the first that has one.
func (t *tape) first(i int32) string {
	if i < 0 || t.nodes[i].kind != array {
		return t.str(i)
	}
	for c := i + 1; c < t.nodes[i].next; c = t.nodes[c].next {
		if v := t.str(c); v != "" {
			return v
		}
	}
	return ""
}

// get is the member of an object by its name as written; -1: there is none. The last one counts.
func (t *tape) get(in int32, key string) int32 {
	found := int32(-1)
	if in < 0 || t.nodes[in].kind != object {
		return found
	}
	for c := in + 1; c < t.nodes[in].next; c = t.nodes[c].next {
		if t.nodes[c].key == key {
			found = c
		}
	}
	return found
}

// at follows names into the document.
func (t *tape) at(path ...string) int32 {
	i := int32(0)
	for _, key := range path {
		if i = t.get(i, key); i < 0 {
			break
		}
	}
	return i
}

// value is the text at a path.
func (t *tape) value(path ...string) string { return t.first(t.at(path...)) }
