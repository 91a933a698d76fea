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
	short  []entry // below the size of a gram
	hard   bool    // some keyword has no such part
}

func newKeywords(values *index, rules map[witness][]int32, common map[uint32]int) *keywords {
	k := &keywords{values: values}
	var long []entry
	for w, list := range rules {
		e := entry{text: unescapedRun([]byte(w.text)), rules: list}
		switch {
		case len(e.text) >= gram:
			long = append(long, e)
		case len(e.text) > 0:
			k.short = append(k.short, e)
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
		for i := range k.short {
			if e := &k.short[i]; holdsShort(raw, e.text) {
				e.try(w)
			}
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

// holdsShort says whether at most three folded bytes, or what looks like them, stand in a text without regard to case.
func holdsShort(raw, text []byte) bool {
	first, n := uint64(text[0])*ones|space, len(text)
	second, third := uint64(text[n/2])*ones|space, uint64(text[n-1])*ones|space
	i := 0
	for ; i+7+n < len(raw); i += 8 {
		x := (binary.LittleEndian.Uint64(raw[i:]) | space) ^ first
		x |= (binary.LittleEndian.Uint64(raw[i+n/2:]) | space) ^ second
		x |= (binary.LittleEndian.Uint64(raw[i+n-1:]) | space) ^ third
		if (x-ones)&^x&tops != 0 {
			return true
		}
	}
	for ; i+n <= len(raw); i++ {
		if alike(raw[i:], text) {
			return true
		}
	}
	return false
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
		x, y := here|next^u, here|next^slash
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
