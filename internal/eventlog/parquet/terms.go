package parquet

import (
	"bytes"
	"encoding/binary"

	"github.com/parquet-go/parquet-go/bloom"

	"triward/internal/eventlog"
)

// A term is the hash of something that can be looked for: a word (a run of letters and digits, of two and more), a dotted
// quad of numbers such as an IPv4 address, or the whole value of a pivot. Letters of both cases have the same hash. Two
// words may share one: a filter then says "perhaps" once more.

const (
	seedWord  = 0x9e3779b97f4a7c15
	seedWhole = 0xc2b2ae3d27d4eb4f
	seedQuad  = 0x165667b19e3779f9
	prime     = 0xff51afd7ed558ccd
	small     = 0x2020202020202020 // makes letters small, and leaves digits as they are
	bloomBits = 16                 // of the filter for each different term: one of 700 that are not there seems to be
)

var inWord = func() (t [256]bool) {
	for c := range t {
		t[c] = eventlog.InWord(byte(c))
	}
	return t
}()

// hash is the hash of text[start:end], eight bytes at a time.
func hash(seed uint64, text []byte, start, end int) uint64 {
	h := seed ^ uint64(end-start)
	for ; end-start >= 8; start += 8 {
		h = (h ^ (binary.LittleEndian.Uint64(text[start:]) | small)) * prime
		h ^= h >> 32
	}
	if n := end - start; n > 0 {
		var last uint64
		if start+8 <= len(text) {
			last = binary.LittleEndian.Uint64(text[start:]) & (1<<(8*n) - 1)
		} else {
			for i, c := range text[start:end] {
				last |= uint64(c) << (8 * i)
			}
		}
		h = (h ^ (last | small)) * prime
	}
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// wholeTerm is the term of a whole value.
func wholeTerm(value []byte) uint64 { return hash(seedWhole, value, 0, len(value)) }

// words appends the terms of a text: each word, and each dotted quad.
func words(out []uint64, text []byte) []uint64 {
	var quad [3]uint64 // the numbers before, while one dot each parts them
	run, before := 0, -1
	for i := 0; i < len(text); i++ {
		if !inWord[text[i]] {
			continue
		}
		start := i
		for i++; i < len(text) && inWord[text[i]]; i++ {
		}
		h := hash(seedWord, text, start, i)
		if i-start > 1 {
			out = append(out, h)
		}
		if i-start > 3 || !digits(text[start:i]) {
			run = 0
			continue
		}
		if start == 0 || start-1 != before || text[before] != '.' {
			run = 0
		}
		if run >= 3 {
			q := (seedQuad ^ quad[0]) * prime
			q = (q ^ q>>32 ^ quad[1]) * prime
			q = (q ^ q>>32 ^ quad[2]) * prime
			out = append(out, (q^q>>32^h)*prime)
		}
		quad[0], quad[1], quad[2] = quad[1], quad[2], h
		run, before = run+1, i
	}
	return out
}

func digits(text []byte) bool {
	for _, c := range text {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// terms collects the different terms of a row group.
type terms struct {
	slots []uint64 // open addressing; 0 is free
	n     int
	some  [2048]uint64 // terms that were met lately: most are
	found []uint64
	last  []string // of each cell, the whole value that was added last
}

func newTerms(l *layout) *terms {
	return &terms{slots: make([]uint64, 1<<16), last: make([]string, len(l.cells))}
}

func (t *terms) add(term uint64) {
	if term == 0 {
		term = 1
	}
	lately := &t.some[term>>53]
	if *lately == term {
		return
	}
	*lately = term
	mask := uint64(len(t.slots) - 1)
	for i := term & mask; ; i = (i + 1) & mask {
		switch t.slots[i] {
		case term:
			return
		case 0:
			t.slots[i] = term
			if t.n++; t.n > len(t.slots)/2 {
				t.grow()
			}
			return
		}
	}
}

func (t *terms) grow() {
	old := t.slots
	t.slots, t.n = make([]uint64, 2*len(old)), 0
	for _, term := range old {
		if term != 0 {
			t.add(term)
		}
	}
}

// event adds the terms of an event.
func (t *terms) event(l *layout, e *eventlog.Event) {
	found := words(t.found[:0], e.Raw)
	if message := bytesOf(e.Message); !bytes.HasSuffix(e.Raw, message) { // as it is in syslog
		found = words(found, message)
	}
	for i := range l.cells {
		c := &l.cells[i]
		if !c.pivot {
			continue
		}
		if v := *c.text(e); v != "" && t.last[i] != v {
			t.last[i] = v
			found = append(found, wholeTerm(bytesOf(v)))
		}
	}
	for i := range e.Fields {
		found = words(found, bytesOf(e.Fields[i].Value))
	}
	for _, term := range found {
		t.add(term)
	}
	t.found = found
}

// filter makes the filter of what was collected, and begins anew.
func (t *terms) filter() []byte {
	f := make(bloom.SplitBlockFilter, bloom.NumSplitBlocksOf(int64(t.n), bloomBits))
	for _, term := range t.slots {
		if term != 0 {
			f.Insert(term)
		}
	}
	clear(t.slots)
	clear(t.last)
	clear(t.some[:])
	t.n = 0
	return f.Bytes()
}

// demand is what a row group must have: all of it, each one of several alternatives, and each of those all of its terms.
type demand [][][]uint64

// demandOf is what a query asks of the filters.
func demandOf(m *eventlog.Matcher, l *layout) demand {
	var out demand
	for _, w := range m.Words() {
		if all := words(nil, []byte(w)); len(all) > 0 {
			out = append(out, [][]uint64{all})
		}
	}
	for _, t := range m.Tests() {
		var either [][]uint64
		for _, v := range t.Exact() {
			either = append(either, exactTerms(l, t.Names[0], v))
		}
		if len(either) > 0 && !hasEmpty(either) {
			out = append(out, either)
		}
	}
	return out
}

// exactTerms are the terms that a group has when a field of it has a value: of a pivot the value itself, of a field that
// is no column its words. Other columns are not in the filter.
func exactTerms(l *layout, field, value string) []uint64 {
	c := l.cellOf(field)
	switch {
	case c != nil && c.pivot:
		return []uint64{wholeTerm([]byte(value))}
	case c == nil && field != "id" && field != eventlog.FieldSkew:
		return words(nil, []byte(value))
	default:
		return nil
	}
}

func hasEmpty(either [][]uint64) bool {
	for _, all := range either {
		if len(all) == 0 {
			return true
		}
	}
	return false
}
