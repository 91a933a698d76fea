package engine

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"triward/internal/sigma"
)

// record holds the values of one event. It is used again for the next one, so that in the steady state nothing is
// allocated; what it gives out is good until then.
type record struct {
	fields *fields
	epoch  uint32
	slots  []slot
	values []value
	line   []byte // of a JSON record
	text   []byte // of a record that is none
	buf    []byte // decoded and folded text
	path   []byte // of the member that is being read
	every  []value
	listed bool // every is filled
}

// slot is what the record has under a name that rules use.
type slot struct {
	epoch       uint32
	rank        uint8
	first, last int32 // in values; -1: the field is there, but null or an empty list
}

// value is a scalar. Text and fold are made when a rule asks for them.
type value struct {
	raw     []byte // a string without its quotes, a number, true or false
	text    []byte
	fold    []byte
	next    int32
	escaped bool // raw may hold escapes of JSON
	ready   uint8
}

const (
	haveText = 1 << iota
	haveFold
	isASCII // of the text
)

func newRecord(f *fields) record {
	return record{fields: f, slots: make([]slot, len(f.names)), values: make([]value, 0, 64), buf: make([]byte, 0, 8192)}
}

func (r *record) reset() {
	r.epoch++
	r.values, r.buf, r.path, r.every = r.values[:0], r.buf[:0], r.path[:0], r.every[:0]
	r.line, r.text, r.listed = nil, nil, false
}

// there gives the slot when the record has the field, null or not.
func (r *record) there(s int32) *slot {
	if x := &r.slots[s]; x.epoch == r.epoch {
		return x
	}
	return nil
}

// head is the index of the first value of a field, -1 without one.
func (r *record) head(s int32) int32 {
	if x := &r.slots[s]; x.epoch == r.epoch {
		return x.first
	}
	return -1
}

// claim makes room for a value of a name of that rank, unless a better name has been seen.
func (r *record) claim(s int32, rank uint8) *slot {
	x := &r.slots[s]
	if x.epoch != r.epoch || rank < x.rank {
		*x = slot{epoch: r.epoch, rank: rank, first: -1, last: -1}
	}
	if rank > x.rank {
		return nil
	}
	return x
}

func (r *record) add(s int32, rank uint8, v value) {
	x := r.claim(s, rank)
	if x == nil {
		return
	}
	v.next = -1
	i := int32(len(r.values))
	r.values = append(r.values, v)
	if x.last >= 0 {
		r.values[x.last].next = i
	} else {
		x.first = i
	}
	x.last = i
}

// set takes a field that the caller normalised.
func (r *record) set(name, text string) {
	at := len(r.buf)
	r.buf = append(r.buf, text...)
	raw := r.buf[at:len(r.buf):len(r.buf)]
	if s, ok := r.fields.slots[name]; ok {
		r.add(s, rankCaller, value{raw: raw})
	}
	r.every = append(r.every, value{raw: raw})
}

// decode makes the text of a value.
func (r *record) decode(v *value) []byte {
	if v.ready&haveText != 0 {
		return v.text
	}
	v.ready |= haveText
	v.text = v.raw
	plain := ascii(v.raw)
	at := len(r.buf)
	switch {
	case v.escaped && bytes.IndexByte(v.raw, '\\') >= 0:
		r.buf = unescape(r.buf, v.raw)
		v.text = r.buf[at:len(r.buf):len(r.buf)]
		plain = plain && ascii(v.text)
	case !plain:
		r.buf = appendValid(r.buf, v.raw)
		v.text = r.buf[at:len(r.buf):len(r.buf)]
	}
	if plain {
		v.ready |= isASCII
	}
	return v.text
}

// folded makes the text of a value without the case of letters, as sigma.Fold does.
func (r *record) folded(v *value) []byte {
	if v.ready&haveFold == 0 {
		text := r.decode(v)
		v.ready |= haveFold
		at := len(r.buf)
		r.buf = appendFold(r.buf, text)
		v.fold = r.buf[at:len(r.buf):len(r.buf)]
	}
	return v.fold
}

func ascii(b []byte) bool {
	for ; len(b) >= 8; b = b[8:] {
		if binary.LittleEndian.Uint64(b)&0x8080808080808080 != 0 {
			return false
		}
	}
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func appendFold(dst, text []byte) []byte {
	at := len(dst)
	dst = append(dst, text...)
	b := dst[at:]
	for i, c := range b {
		if c >= utf8.RuneSelf {
			return foldRunes(dst[:at+i], text[i:])
		}
		b[i] = lower[c]
	}
	return dst
}

func foldRunes(dst, text []byte) []byte {
	for len(text) > 0 {
		c, n := utf8.DecodeRune(text)
		dst = utf8.AppendRune(dst, sigma.FoldRune(c))
		text = text[n:]
	}
	return dst
}

// lower maps ASCII to lower case.
var lower = func() (t [256]byte) {
	for i := range t {
		t[i] = byte(i)
		if 'A' <= i && i <= 'Z' {
			t[i] += 'a' - 'A'
		}
	}
	return t
}()

// unescape appends the text of a JSON string. Half surrogates become U+FFFD.
func unescape(dst, s []byte) []byte {
	for {
		i := bytes.IndexByte(s, '\\')
		if i < 0 || i+1 == len(s) {
			return appendValid(dst, s)
		}
		dst = appendValid(dst, s[:i])
		s = s[i:]
		n := 2
		switch e := s[1]; e {
		case 'n':
			dst = append(dst, '\n')
		case 't':
			dst = append(dst, '\t')
		case 'r':
			dst = append(dst, '\r')
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'u':
			var x rune
			x, n = unicodeEscape(s)
			dst = utf8.AppendRune(dst, x)
		default:
			dst = append(dst, e)
		}
		s = s[n:]
	}
}

// appendValid appends text; each byte that is not UTF-8 becomes U+FFFD.
func appendValid(dst, s []byte) []byte {
	if ascii(s) {
		return append(dst, s...)
	}
	for len(s) > 0 {
		x, n := utf8.DecodeRune(s)
		dst = utf8.AppendRune(dst, x)
		s = s[n:]
	}
	return dst
}

// unicodeEscape reads \uXXXX, and the second half of a surrogate pair behind it.
func unicodeEscape(s []byte) (rune, int) {
	x, ok := hex4(s)
	if !ok {
		return utf8.RuneError, min(2, len(s))
	}
	if utf16.IsSurrogate(x) {
		if y, ok := hex4(s[6:]); ok {
			if both := utf16.DecodeRune(x, y); both != utf8.RuneError {
				return both, 12
			}
		}
		return utf8.RuneError, 6
	}
	return x, 6
}

func hex4(s []byte) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	var x rune
	for _, c := range s[2:6] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		x = x<<4 | rune(c)
	}
	return x, true
}

// first gives the text of the first value of a field.
func (r *record) first(s int32) ([]byte, bool) {
	i := r.head(s)
	if i < 0 {
		return nil, false
	}
	return r.decode(&r.values[i]), true
}

// number is the first value of a field as a whole number, -1 when it is none.
func (r *record) number(s int32) int {
	text, ok := r.first(s)
	if !ok || len(text) > 9 {
		return -1
	}
	n, err := strconv.Atoi(string(text))
	if err != nil {
		return -1
	}
	return n
}
