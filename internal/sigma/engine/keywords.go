package engine

import (
	"bytes"
	"encoding/binary"
)

// keywords finds the rules whose keyword may be in a record. Where a record is plain JSON, its bytes are looked at as
// they are, for a part of the keyword that JSON never escapes; else each value is.
type keywords struct {
	values *index
	raw    grams
	short  []short
	hard   bool // some keyword has no such part
}

func newKeywords(values *index, rules map[witness][]int32, common *gramCounts) *keywords {
	k := &keywords{values: values}
	var long []entry
	for w, list := range rules {
		e := entry{text: unescapedRun([]byte(w.text)), rules: list}
		switch {
		case len(e.text) >= gram:
			long = append(long, e)
		case len(e.text) > 0:
			k.short = append(k.short, newShort(e))
		default:
			k.hard = true
		}
	}
	k.raw.fill(long, common)
	return k
}

// unescapedRun is the longest part of a text that stands in JSON as it is. Writers who escape more than they have to are
// told by plain.
func unescapedRun(text []byte) []byte {
	var best, run []byte
	for i, c := range text {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			run = nil
			continue
		}
		run = text[i-len(run) : i+1]
		if len(run) > len(best) {
			best = run
		}
	}
	return best
}

func (k *keywords) look(w *Worker) {
	r := &w.record
	given := len(r.every) // by the caller; all adds those of the record
	if r.listed {
		given = 0
	}
	raw := r.line
	if raw == nil {
		raw = r.text
	}
	if k.hard || r.listed || !plain(raw) {
		r.all()
		given = len(r.every)
	} else {
		if k.raw.seen != nil {
			k.raw.scan(w, raw)
		}
		if len(k.short) > 0 {
			k.scanShort(w, raw)
		}
	}
	for i := range given {
		k.values.look(w, &r.every[i])
	}
}

// Constants of looking at eight bytes at once.
const (
	ones  = 0x0101010101010101
	tops  = 0x80 * ones
	space = ' ' * ones // makes letters lower case
)

// short is a text below the size of a gram: its first, middle and last byte, each eight times, and where the latter two
// stand.
type short struct {
	entry
	first, middle, last    uint64
	middlePlace, lastPlace int
}

func newShort(e entry) short {
	m, l := len(e.text)/2, len(e.text)-1
	return short{e, uint64(e.text[0])*ones | space, uint64(e.text[m])*ones | space, uint64(e.text[l])*ones | space, m, l}
}

// scanShort looks for short texts, eight places of the record at once.
func (k *keywords) scanShort(w *Worker, raw []byte) {
	i := 0
	for ; i+8+gram-2 <= len(raw); i += 8 {
		x := [gram - 1]uint64{binary.LittleEndian.Uint64(raw[i:]) | space, binary.LittleEndian.Uint64(raw[i+1:]) | space, binary.LittleEndian.Uint64(raw[i+2:]) | space}
		for j := range k.short {
			t := &k.short[j]
			if y := (x[0] ^ t.first) | (x[t.middlePlace] ^ t.middle) | (x[t.lastPlace] ^ t.last); (y-ones)&^y&tops != 0 {
				t.find(w, raw[i:i+8+gram-2])
			}
		}
	}
	for j := range k.short {
		k.short[j].find(w, raw[i:])
	}
}

// find tries the rules when the text stands in a piece of the record.
func (t *short) find(w *Worker, piece []byte) {
	for i := 0; i+len(t.text) <= len(piece); i++ {
		if alike(piece[i:], t.text) {
			t.try(w)
			return
		}
	}
}

// plain says whether ASCII text stands in a record as it is: without \u00XX and \/, and without characters beyond ASCII
// that fold to a letter of it (İ, ſ and the Kelvin sign), in UTF-8 or as \u0130, \u017f and \u212a.
func plain(raw []byte) bool {
	for _, lead := range []byte{0xc4, 0xc5, 0xe2} {
		if bytes.IndexByte(raw, lead) >= 0 {
			return false
		}
	}
	const backslash, u, slash = '\\' * ones, 'u' * ones, '/' * ones
	i := 0
	for ; i+9 <= len(raw); i += 8 {
		// A byte of x or y is zero where a backslash stands before a u or a slash.
		here := binary.LittleEndian.Uint64(raw[i:]) ^ backslash
		next := binary.LittleEndian.Uint64(raw[i+1:])
		x, y := here|(next^u), here|(next^slash)
		if ((x-ones)&^x|(y-ones)&^y)&tops != 0 && escaped(raw, i, i+8) {
			return false
		}
	}
	return !escaped(raw, i, len(raw))
}

// escaped says whether \/, \u0 or \u2 begins between two places; behind an odd number of backslashes none does.
func escaped(raw []byte, from, to int) bool {
	for i := from; i < to && i+2 < len(raw); i++ {
		if raw[i] != '\\' || raw[i+1] != '/' && (raw[i+1] != 'u' || raw[i+2] != '0' && raw[i+2] != '2') {
			continue
		}
		back := 0
		for i > back && raw[i-back-1] == '\\' {
			back++
		}
		if back%2 == 0 {
			return true
		}
	}
	return false
}
