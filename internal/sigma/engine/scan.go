package engine

import "bytes"

// maxDepth is how deep objects and lists may stand inside of each other.
const maxDepth = 32

// read takes the members of a JSON object; anything else is a text that only keywords see. Fields that were set before
// stay.
func (r *record) read(raw []byte) {
	raw = bytes.TrimSpace(raw)
	if len(raw) > 0 && raw[0] == '{' {
		values, every := len(r.values), len(r.every)
		s := scanner{record: r, b: raw}
		if s.object(0) && s.space() == len(raw) {
			r.line = raw
			return
		}
		r.values, r.every = r.values[:values], r.every[:every]
		for i := range r.slots {
			if r.slots[i].rank > rankCaller {
				r.slots[i] = slot{}
			}
		}
	}
	r.text = raw
}

// scanner reads JSON in one pass. It refuses what is not JSON, save that it does not look into strings and numbers.
type scanner struct {
	record *record
	b      []byte
	at     int
	all    bool // gather every value, and no slots
}

// space skips white space and gives the place behind it.
func (s *scanner) space() int {
	for s.at < len(s.b) {
		if c := s.b[s.at]; c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			break
		}
		s.at++
	}
	return s.at
}

// take steps over c when it is next.
func (s *scanner) take(c byte) bool {
	if s.space() < len(s.b) && s.b[s.at] == c {
		s.at++
		return true
	}
	return false
}

// text reads a string behind its opening quote and gives what stands between the quotes.
func (s *scanner) text() ([]byte, bool) {
	from := s.at
	for {
		n := bytes.IndexByte(s.b[s.at:], '"')
		if n < 0 {
			return nil, false
		}
		end := s.at + n
		s.at = end + 1
		back := 0
		for end-back > from && s.b[end-back-1] == '\\' {
			back++
		}
		if back%2 == 0 {
			return s.b[from:end], true
		}
	}
}

// object reads an object whose opening brace is next. The path of the record is that of the object, with a dot behind.
func (s *scanner) object(depth int) bool {
	if depth > maxDepth || !s.take('{') {
		return false
	}
	if s.take('}') {
		return true
	}
	for {
		if !s.take('"') {
			return false
		}
		key, ok := s.text()
		if !ok || !s.take(':') || s.space() == len(s.b) {
			return false
		}
		if !s.member(key, depth) {
			return false
		}
		if s.take(',') {
			continue
		}
		return s.take('}')
	}
}

func (s *scanner) member(key []byte, depth int) bool {
	r := s.record
	outer := len(r.path)
	var p *path
	if !s.all {
		if p = s.find(key); p == nil && (bytes.IndexByte(key, '\\') >= 0 || !ascii(key)) {
			at := len(r.buf)
			r.buf = unescape(r.buf, key)
			key = r.buf[at:len(r.buf):len(r.buf)]
			p = s.find(key)
		}
	}
	ok := s.value(key, p, depth)
	r.path = r.path[:outer]
	return ok
}

// find is the meaning of a member of the object that is being read.
func (s *scanner) find(key []byte) *path {
	r := s.record
	if len(r.path) == 0 {
		return r.fields.find(key)
	}
	outer := len(r.path)
	r.path = append(r.path, key...)
	p := r.fields.find(r.path)
	r.path = r.path[:outer]
	return p
}

// value reads one value; p is where it goes, nil when no rule asks for it.
func (s *scanner) value(key []byte, p *path, depth int) bool {
	r := s.record
	switch c := s.b[s.at]; c {
	case '"':
		s.at++
		raw, ok := s.text()
		if ok {
			s.scalar(p, value{raw: raw, escaped: true})
		}
		return ok
	case '{':
		outer := len(r.path)
		if key != nil && !isUserData(r.path) {
			r.path = append(append(r.path, key...), '.')
		}
		if p != nil {
			r.claim(p.slot, p.rank)
		}
		ok := s.object(depth + 1)
		r.path = r.path[:outer]
		return ok
	case '[':
		return s.list(key, p, depth+1)
	case 't':
		return s.word("true", p)
	case 'f':
		return s.word("false", p)
	case 'n':
		return s.word("null", p)
	default:
		return s.digits(p)
	}
}

func (s *scanner) scalar(p *path, v value) {
	if s.all {
		s.record.every = append(s.record.every, v)
	} else if p != nil {
		s.record.add(p.slot, p.rank, v)
	}
}

// list reads a list: its members are values of the same name.
func (s *scanner) list(key []byte, p *path, depth int) bool {
	s.at++
	if depth > maxDepth {
		return false
	}
	if p != nil {
		s.record.claim(p.slot, p.rank)
	}
	if s.take(']') {
		return true
	}
	for {
		if s.space() == len(s.b) || !s.value(key, p, depth) {
			return false
		}
		if s.take(',') {
			continue
		}
		return s.take(']')
	}
}

func (s *scanner) word(w string, p *path) bool {
	if len(s.b)-s.at < len(w) || string(s.b[s.at:s.at+len(w)]) != w {
		return false
	}
	raw := s.b[s.at : s.at+len(w)]
	s.at += len(w)
	if w != "null" {
		s.scalar(p, value{raw: raw})
	} else if p != nil {
		s.record.claim(p.slot, p.rank)
	}
	return true
}

func (s *scanner) digits(p *path) bool {
	from := s.at
	for s.at < len(s.b) {
		c := s.b[s.at]
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			break
		}
		s.at++
	}
	if s.at == from || s.b[from] != '-' && (s.b[from] < '0' || s.b[from] > '9') {
		return false
	}
	s.scalar(p, value{raw: s.b[from:s.at]})
	return true
}

// all gives every value of the record, for keywords.
func (r *record) all() []value {
	if !r.listed {
		r.listed = true
		if r.line != nil {
			s := scanner{record: r, b: r.line, all: true}
			s.object(0) // it was read once already
		}
		if len(r.text) > 0 {
			r.every = append(r.every, value{raw: r.text})
		}
	}
	return r.every
}
