package advisory

import (
	"bytes"
	"strings"

	"github.com/valyala/fastjson"
)

// twice is the JSON pointer of the first member that its object names a second time, "" when there is none. The fast
// parser keeps both and gives out the first; other programs take the last (RFC 7493 2.3).
func twice(v *fastjson.Value) string {
	var s repeats
	s.value(v)
	return s.found
}

// repeats walks a document. The names of the objects that it is inside of lie on one stack.
type repeats struct {
	names [][]byte
	path  []step
	found string
}

// manyNames is where looking through the names of an object costs more than a set of them.
const manyNames = 32

func (s *repeats) value(v *fastjson.Value) {
	switch v.Type() {
	case fastjson.TypeObject:
		s.object(v)
	case fastjson.TypeArray:
		list, err := v.Array()
		if err != nil {
			return
		}
		for i, item := range list {
			if t := item.Type(); t == fastjson.TypeObject || t == fastjson.TypeArray {
				s.path = append(s.path, step{index: i})
				s.value(item)
				s.path = s.path[:len(s.path)-1]
			}
		}
	}
}

func (s *repeats) object(v *fastjson.Value) {
	o, err := v.Object()
	if err != nil {
		return
	}
	base := len(s.names)
	var set map[string]bool
	if o.Len() > manyNames {
		set = make(map[string]bool, o.Len())
	}
	o.Visit(func(name []byte, member *fastjson.Value) {
		if s.found != "" {
			return
		}
		if set != nil && set[string(name)] || set == nil && s.named(base, name) {
			c := cursor{path: s.path}
			s.found = c.pointer(strings.ToValidUTF8(string(name), "?"))
			return
		}
		if set != nil {
			set[string(name)] = true
		} else {
			s.names = append(s.names, name)
		}
		if t := member.Type(); t == fastjson.TypeObject || t == fastjson.TypeArray {
			s.path = append(s.path, step{key: string(name)})
			s.value(member)
			s.path = s.path[:len(s.path)-1]
		}
	})
	s.names = s.names[:base]
}

func (s *repeats) named(base int, name []byte) bool {
	for _, n := range s.names[base:] {
		if bytes.Equal(n, name) {
			return true
		}
	}
	return false
}

// deeper is the offset where objects and arrays nest deeper than most, or -1.
func deeper(body []byte, most int) int {
	depth, quoted := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > most {
				return i
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return -1
}
