package jsontree

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"triward/internal/problem"
)

// Limits of a document. The size leaves room for the largest VEX documents that vendors publish.
const (
	MaxBytes = 64 << 20
	MaxDepth = 100
	MaxNodes = 2_000_000
)

// parser reads RFC 8259 JSON strictly: UTF-8 without byte order mark, no duplicate member names (RFC 7493 2.3), nothing
// after the value, within limits.
type parser struct {
	src   string
	pos   int
	nodes int
	stack []Value // values of the containers being read; each container copies its own away when it ends
}

// fault is a syntax fault at an offset.
type fault struct {
	off    int
	reason string
}

// Parse reads one document. What is no JSON, and what is beyond the limits, is an Invalid error with line and column.
func Parse(body []byte) (*Value, error) {
	if len(body) > MaxBytes {
		return nil, problem.New(problem.Invalid, "document is larger than %d MB", MaxBytes>>20)
	}
	switch {
	case bytes.HasPrefix(body, []byte("\xef\xbb\xbf")):
		return nil, syntaxError(body, fault{0, "starts with a byte order mark, which JSON forbids (RFC 8259 8.1)"})
	case bytes.HasPrefix(body, []byte("\xff\xfe")), bytes.HasPrefix(body, []byte("\xfe\xff")):
		return nil, syntaxError(body, fault{0, "is UTF-16; JSON must be UTF-8 (RFC 8259 8.1)"})
	}
	p := parser{src: string(body)}
	var root Value
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

func syntaxError(body []byte, f fault) error {
	before := body[:min(f.off, len(body))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	return &problem.Error{Kind: problem.Invalid, Message: "is not valid JSON", Faults: []problem.Fault{
		{Path: "line " + strconv.Itoa(line) + ", column " + strconv.Itoa(column), Reason: f.reason}}}
}

func (p *parser) fault(reason string) *fault { return &fault{p.pos, reason} }

func (p *parser) space() {
	for p.pos < len(p.src) {
		switch p.src[p.pos] {
		case ' ', '\n', '\t', '\r':
			p.pos++
		default:
			return
		}
	}
}

func (p *parser) value(v *Value, depth int) *fault {
	p.space()
	if p.pos >= len(p.src) {
		return p.fault("ends where a value is expected")
	}
	if depth > MaxDepth {
		return p.fault("is nested deeper than " + strconv.Itoa(MaxDepth) + " levels")
	}
	if p.nodes++; p.nodes > MaxNodes {
		return p.fault("holds more than " + strconv.Itoa(MaxNodes) + " values")
	}
	v.off = p.pos
	switch c := p.src[p.pos]; {
	case c == '"':
		v.Kind = String
		return p.stringInto(&v.Text)
	case c == '{':
		v.Kind = Object
		return p.object(v, depth)
	case c == '[':
		v.Kind = Array
		return p.array(v, depth)
	case c == '-' || c >= '0' && c <= '9':
		v.Kind = Number
		return p.number(v)
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if strings.HasPrefix(p.src[p.pos:], word) {
			v.Text = word
			if word != "null" {
				v.Kind = Bool
			}
			p.pos += len(word)
			return nil
		}
	}
	return p.fault("has a character that cannot start a value")
}

func (p *parser) array(v *Value, depth int) *fault {
	p.pos++
	base := len(p.stack)
	for p.space(); ; p.space() {
		if p.pos < len(p.src) && p.src[p.pos] == ']' && len(p.stack) == base {
			break
		}
		var kid Value
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

func (p *parser) object(v *Value, depth int) *fault {
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
		var kid Value
		if f := p.stringInto(&kid.Key); f != nil {
			return f
		}
		if p.known(base, kid.Key, &seen) {
			p.pos = at
			return p.fault("names the member " + strconv.Quote(kid.Key) + " twice in one object")
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
func (p *parser) known(base int, key string, seen *map[string]bool) bool {
	members := p.stack[base:]
	if len(members) < 24 {
		for i := range members {
			if members[i].Key == key {
				return true
			}
		}
		return false
	}
	if *seen == nil {
		*seen = make(map[string]bool, 64)
		for i := range members {
			(*seen)[members[i].Key] = true
		}
	}
	if (*seen)[key] {
		return true
	}
	(*seen)[key] = true
	return false
}

func (p *parser) take(v *Value, base int) {
	if len(p.stack) > base {
		v.Kids = append(make([]Value, 0, len(p.stack)-base), p.stack[base:]...)
		clear(p.stack[base:])
		p.stack = p.stack[:base]
	}
}

func (p *parser) number(v *Value) *fault {
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
	v.Text = p.src[start:p.pos]
	return nil
}
