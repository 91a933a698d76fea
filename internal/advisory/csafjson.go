package advisory

import (
	"bytes"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"triward/internal/problem"
)

// Limits of a CSAF document. The size leaves room for the largest VEX documents that vendors publish.
const (
	csafMaxBytes = 64 << 20
	csafMaxDepth = 100
	csafMaxNodes = 2_000_000
)

// jkind is the type of a JSON value.
type jkind uint8

const (
	jNull jkind = iota
	jBool
	jNumber
	jString
	jArray
	jObject
)

func (k jkind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "an array", "an object"}[k]
}

// jval is one value of a parsed document. Values keep their offset, so that the JSON pointer of any of them can be told
// without carrying a path along; object members keep the document's order, which CSAF 2.0 test 6.2.13 asks about.
type jval struct {
	kind jkind
	off  int
	key  string // member name, "" in arrays and at the root
	text string // string content, number as written, "true" or "false"
	kids []jval
}

// get is the member named key of an object, nil when v is nil, not an object or has no such member.
func (v *jval) get(key string) *jval {
	if v == nil || v.kind != jObject {
		return nil
	}
	for i := range v.kids {
		if v.kids[i].key == key {
			return &v.kids[i]
		}
	}
	return nil
}

// at follows member names.
func (v *jval) at(keys ...string) *jval {
	for _, k := range keys {
		v = v.get(k)
	}
	return v
}

// str is the content of a string, "" for anything else.
func (v *jval) str() string {
	if v == nil || v.kind != jString {
		return ""
	}
	return v.text
}

// list is the elements of an array, nil for anything else.
func (v *jval) list() []jval {
	if v == nil || v.kind != jArray {
		return nil
	}
	return v.kids
}

// number is the value of a number and whether v is one.
func (v *jval) number() (float64, bool) {
	if v == nil || v.kind != jNumber {
		return 0, false
	}
	f, err := strconv.ParseFloat(v.text, 64)
	return f, err == nil
}

// pointer is the RFC 6901 pointer of target below root; "" is the root itself, and stands for what is not there (nil).
func (root *jval) pointer(target *jval) string {
	if target == nil {
		return ""
	}
	var b strings.Builder
	for v := root; v != target && len(v.kids) > 0; {
		i := sort.Search(len(v.kids), func(i int) bool { return v.kids[i].off > target.off }) - 1
		if i < 0 {
			break
		}
		kid := &v.kids[i]
		b.WriteByte('/')
		if v.kind == jArray {
			b.WriteString(strconv.Itoa(i))
		} else {
			b.WriteString(strings.ReplaceAll(strings.ReplaceAll(kid.key, "~", "~0"), "/", "~1"))
		}
		v = kid
	}
	return b.String()
}

// jparser reads RFC 8259 JSON strictly: UTF-8 without byte order mark, no duplicate member names (RFC 7493 2.3), nothing
// after the value, within limits.
type jparser struct {
	src   string
	pos   int
	nodes int
	stack []jval // values of the containers being read; each container copies its own away when it ends
}

// jfault is a syntax fault at an offset.
type jfault struct {
	off    int
	reason string
}

func parseJSON(body []byte) (*jval, error) {
	if len(body) > csafMaxBytes {
		return nil, problem.New(problem.Invalid, "document is larger than %d MB", csafMaxBytes>>20)
	}
	switch {
	case bytes.HasPrefix(body, []byte("\xef\xbb\xbf")):
		return nil, syntaxError(body, jfault{0, "starts with a byte order mark, which JSON forbids (RFC 8259 8.1)"})
	case bytes.HasPrefix(body, []byte("\xff\xfe")), bytes.HasPrefix(body, []byte("\xfe\xff")):
		return nil, syntaxError(body, jfault{0, "is UTF-16; JSON must be UTF-8 (RFC 8259 8.1)"})
	}
	p := jparser{src: string(body)}
	var root jval
	f := p.value(&root, 1)
	if f == nil {
		p.space()
		if p.pos < len(p.src) {
			f = p.fault("has something after the end of the JSON value")
		}
	}
	if f != nil {
		return nil, syntaxError(body, *f)
	}
	return &root, nil
}

func syntaxError(body []byte, f jfault) error {
	before := body[:min(f.off, len(body))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	return &problem.Error{Kind: problem.Invalid, Message: "is not valid JSON", Faults: []problem.Fault{
		{Path: "line " + strconv.Itoa(line) + ", column " + strconv.Itoa(column), Reason: f.reason}}}
}

func (p *jparser) fault(reason string) *jfault { return &jfault{p.pos, reason} }

func (p *jparser) space() {
	for p.pos < len(p.src) {
		switch p.src[p.pos] {
		case ' ', '\n', '\t', '\r':
			p.pos++
		default:
			return
		}
	}
}

func (p *jparser) value(v *jval, depth int) *jfault {
	p.space()
	if p.pos >= len(p.src) {
		return p.fault("ends where a value is expected")
	}
	if depth > csafMaxDepth {
		return p.fault("is nested deeper than " + strconv.Itoa(csafMaxDepth) + " levels")
	}
	if p.nodes++; p.nodes > csafMaxNodes {
		return p.fault("holds more than " + strconv.Itoa(csafMaxNodes) + " values")
	}
	v.off = p.pos
	switch c := p.src[p.pos]; {
	case c == '"':
		v.kind = jString
		return p.stringInto(&v.text)
	case c == '{':
		v.kind = jObject
		return p.object(v, depth)
	case c == '[':
		v.kind = jArray
		return p.array(v, depth)
	case c == '-' || c >= '0' && c <= '9':
		v.kind = jNumber
		return p.number(v)
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if strings.HasPrefix(p.src[p.pos:], word) {
			v.text = word
			if word != "null" {
				v.kind = jBool
			}
			p.pos += len(word)
			return nil
		}
	}
	return p.fault("has a character that cannot start a value")
}

func (p *jparser) array(v *jval, depth int) *jfault {
	p.pos++
	base := len(p.stack)
	for p.space(); ; p.space() {
		if p.pos < len(p.src) && p.src[p.pos] == ']' && len(p.stack) == base {
			break
		}
		var kid jval
		if f := p.value(&kid, depth+1); f != nil {
			return f
		}
		p.stack = append(p.stack, kid)
		p.space()
		if p.pos >= len(p.src) {
			return p.fault("ends inside an array")
		}
		if p.src[p.pos] == ']' {
			break
		}
		if p.src[p.pos] != ',' {
			return p.fault("expects , or ] in an array")
		}
		p.pos++
	}
	p.pos++
	p.take(v, base)
	return nil
}

func (p *jparser) object(v *jval, depth int) *jfault {
	p.pos++
	base := len(p.stack)
	var seen map[string]bool
	for p.space(); ; p.space() {
		if p.pos >= len(p.src) {
			return p.fault("ends inside an object")
		}
		if p.src[p.pos] == '}' && len(p.stack) == base {
			break
		}
		if p.src[p.pos] != '"' {
			return p.fault("expects a member name in double quotes")
		}
		at := p.pos
		var kid jval
		if f := p.stringInto(&kid.key); f != nil {
			return f
		}
		if p.known(base, kid.key, &seen) {
			p.pos = at
			return p.fault("names the member " + strconv.Quote(kid.key) + " twice in one object")
		}
		p.space()
		if p.pos >= len(p.src) || p.src[p.pos] != ':' {
			return p.fault("expects : after a member name")
		}
		p.pos++
		if f := p.value(&kid, depth+1); f != nil {
			return f
		}
		p.stack = append(p.stack, kid)
		p.space()
		if p.pos >= len(p.src) {
			return p.fault("ends inside an object")
		}
		if p.src[p.pos] == '}' {
			break
		}
		if p.src[p.pos] != ',' {
			return p.fault("expects , or } in an object")
		}
		p.pos++
	}
	p.pos++
	p.take(v, base)
	return nil
}

// known tells whether the object whose members start at base has one named key; past a few members it keeps a set.
func (p *jparser) known(base int, key string, seen *map[string]bool) bool {
	members := p.stack[base:]
	if len(members) < 24 {
		for i := range members {
			if members[i].key == key {
				return true
			}
		}
		return false
	}
	if *seen == nil {
		*seen = make(map[string]bool, 64)
		for i := range members {
			(*seen)[members[i].key] = true
		}
	}
	if (*seen)[key] {
		return true
	}
	(*seen)[key] = true
	return false
}

func (p *jparser) take(v *jval, base int) {
	if len(p.stack) > base {
		v.kids = append(make([]jval, 0, len(p.stack)-base), p.stack[base:]...)
		clear(p.stack[base:])
		p.stack = p.stack[:base]
	}
}

func (p *jparser) number(v *jval) *jfault {
	start := p.pos
	digits := func() bool {
		from := p.pos
		for p.pos < len(p.src) && p.src[p.pos] >= '0' && p.src[p.pos] <= '9' {
			p.pos++
		}
		return p.pos > from
	}
	if p.src[p.pos] == '-' {
		p.pos++
	}
	first := p.pos
	if !digits() || p.src[first] == '0' && p.pos > first+1 {
		return p.fault("has a malformed number")
	}
	if p.pos < len(p.src) && p.src[p.pos] == '.' {
		p.pos++
		if !digits() {
			return p.fault("has a malformed number")
		}
	}
	if p.pos < len(p.src) && (p.src[p.pos] == 'e' || p.src[p.pos] == 'E') {
		p.pos++
		if p.pos < len(p.src) && (p.src[p.pos] == '+' || p.src[p.pos] == '-') {
			p.pos++
		}
		if !digits() {
			return p.fault("has a malformed number")
		}
	}
	v.text = p.src[start:p.pos]
	return nil
}
