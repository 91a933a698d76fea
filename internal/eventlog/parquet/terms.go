package parquet

import (
	"bytes"

	"github.com/parquet-go/parquet-go/bloom"

	"triward/internal/eventlog"
)

// A term is the hash of something that can be looked for: a word (a run of letters and digits, of two and more), a dotted
// quad of numbers such as an IPv4 address, or the whole value of a pivot. All are folded.

const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
	bloomBits = 10 // of the filter for each different term
)

// folded maps a byte to what it is in a word: itself, its small letter, or 0 when it is not in one.
var folded = func() (t [256]byte) {
	for c := range t {
		if eventlog.InWord(byte(c)) {
			b := []byte{byte(c)}
			eventlog.FoldBytes(b)
			t[c] = b[0]
		}
	}
	return t
}()

// mix spreads the bits of a hash, which a filter needs.
func mix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// wholeTerm is the term of a whole value.
func wholeTerm(value string) uint64 {
	h := uint64(fnvOffset) ^ '='
	for i := range len(value) {
		c := value[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		h = (h ^ uint64(c)) * fnvPrime
	}
	return mix(h)
}

// words calls add with the terms of a text: each word, and each dotted quad.
func words[T string | []byte](text T, add func(term uint64)) {
	var quad [3]uint64 // hashes of the numbers before, while dots alone part them
	run, h, start, digits := 0, uint64(fnvOffset), 0, true
	for i := 0; i <= len(text); i++ {
		if i < len(text) {
			if c := folded[text[i]]; c != 0 {
				h = (h ^ uint64(c)) * fnvPrime
				digits = digits && c <= '9'
				continue
			}
		}
		n := i - start
		if n > 1 {
			add(mix(h))
		}
		if n > 0 && n <= 3 && digits {
			if run >= 3 {
				add(mix((((quad[0]*31+quad[1])*31 + quad[2]) * 31) ^ h))
			}
			quad[0], quad[1], quad[2] = quad[1], quad[2], h
			run++
		}
		if n == 0 || n > 3 || !digits || i < len(text) && text[i] != '.' {
			run = 0
		}
		h, start, digits = fnvOffset, i+1, true
	}
}

// terms collects the different terms of a row group.
type terms struct {
	slots []uint64 // open addressing; 0 is free
	n     int
	last  map[*cell]string // the whole value that was added last for a pivot
}

func newTerms() *terms { return &terms{slots: make([]uint64, 1<<16), last: map[*cell]string{}} }

func (t *terms) add(term uint64) {
	if term == 0 {
		term = 1
	}
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
	words(e.Raw, t.add)
	if !bytes.HasSuffix(e.Raw, []byte(e.Message)) { // as it is in syslog
		words(e.Message, t.add)
	}
	for i := range l.cells {
		c := &l.cells[i]
		if !c.pivot {
			continue
		}
		if v := *c.text(e); v != "" && t.last[c] != v {
			t.last[c] = v
			t.add(wholeTerm(v))
		}
	}
	for i := range e.Fields {
		words(e.Fields[i].Value, t.add)
	}
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
	t.n = 0
	return f.Bytes()
}

// demand is what a row group must have: all of it, each one of several alternatives, and each of those all of its terms.
type demand [][][]uint64

// demandOf is what a query asks of the filters.
func demandOf(m *eventlog.Matcher, l *layout) demand {
	var out demand
	for _, w := range m.Words() {
		var all []uint64
		words(string(w), func(term uint64) { all = append(all, term) })
		if len(all) > 0 {
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
		return []uint64{wholeTerm(value)}
	case c == nil && field != "id":
		var all []uint64
		words(value, func(term uint64) { all = append(all, term) })
		return all
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
