package engine

import (
	"bytes"
	"encoding/binary"
	"slices"

	"triward/internal/sigma"
)

// gram is how many bytes of a text are looked up at once.
const gram = 4

// index finds the rules whose witness is in the values of one field.
type index struct {
	field   int32
	present []int32            // rules that ask for the field alone
	whole   map[string][]int32 // by the whole value
	begins  anchors
	ends    anchors
	inside  grams
	short   []entry // texts below the size of a gram
}

// entry is a witness's text with the rules that wait for it.
type entry struct {
	text  []byte
	shape sigma.Shape
	rules []int32
}

// anchors finds texts at one end of a value: for each length that occurs, four bytes at that distance are looked up.
type anchors struct {
	lengths []int
	seen    [64]uint64 // which hashes occur
	entries map[uint64][]entry
}

// grams finds texts anywhere. Of each text, step grams that follow each other are in the table, so that it is enough to
// look at every step-th place of a value: one of them stands there.
type grams struct {
	step  int
	seen  *[1024]uint64 // which hashes occur
	table []bucket      // open addressing by gram
	mask  uint32
}

// maxStep bounds the grams of one text in the table.
const maxStep = 8

type bucket struct {
	gram    uint32
	entries []placed
}

// placed is an entry with the place of its gram.
type placed struct {
	entry
	at int
}

// gramCounts says in how many texts of the rules four bytes stand; those of one hash are counted together.
type gramCounts [1 << 16]uint32

func (c *gramCounts) add(text []byte) { c[hashGram(load(text))>>16]++ }

func (c *gramCounts) of(text []byte) int { return int(c[hashGram(load(text))>>16]) }

func hashGram(g uint32) uint32 { return g * 0x9e3779b1 }

// load reads four bytes without the case of letters. Some other characters become one as well; whoever finds something
// compares the text.
func load(b []byte) uint32 { return binary.LittleEndian.Uint32(b) | 0x20202020 }

// alike compares a text with a folded one of the same length, both of ASCII or the first folded too.
func alike(text, folded []byte) bool {
	for i, c := range folded {
		if lower[text[i]] != c {
			return false
		}
	}
	return true
}

// anchorKey joins four bytes and a length.
func anchorKey(b []byte, length int) uint64 { return uint64(load(b)) | uint64(length)<<32 }

func anchorBit(key uint64) uint32 { return uint32(key*0x9e3779b97f4a7c15>>52) & 4095 }

func (a *anchors) add(b []byte, e entry) {
	if a.entries == nil {
		a.entries = map[uint64][]entry{}
	}
	key := anchorKey(b, len(e.text))
	bit := anchorBit(key)
	a.seen[bit/64] |= 1 << (bit % 64)
	a.entries[key] = append(a.entries[key], e)
	if i, ok := slices.BinarySearch(a.lengths, len(e.text)); !ok {
		a.lengths = slices.Insert(a.lengths, i, len(e.text))
	}
}

// newIndex builds the index of one field from the rules of each witness.
func newIndex(field int32, rules map[witness][]int32, common *gramCounts) *index {
	x := &index{field: field}
	var inside []entry
	for w, list := range rules {
		slices.Sort(list)
		e := entry{[]byte(w.text), w.shape, list}
		switch {
		case w.text == "":
			x.present = list
		case w.shape == sigma.Whole && field != everything:
			if x.whole == nil {
				x.whole = map[string][]int32{}
			}
			x.whole[w.text] = list
		case len(e.text) < gram:
			x.short = append(x.short, e)
		case w.shape == sigma.Prefix:
			x.begins.add(e.text[len(e.text)-gram:], e)
		case w.shape == sigma.Suffix:
			x.ends.add(e.text, e)
		default:
			inside = append(inside, e)
		}
	}
	slices.SortFunc(x.short, func(a, b entry) int { return bytes.Compare(a.text, b.text) })
	slices.SortFunc(inside, func(a, b entry) int { return bytes.Compare(a.text, b.text) })
	x.inside.fill(inside, common)
	return x
}

func (g *grams) fill(entries []entry, common *gramCounts) {
	if len(entries) == 0 {
		return
	}
	g.step = maxStep
	for _, e := range entries {
		g.step = min(g.step, len(e.text)-gram+1)
	}
	size := uint32(16)
	for int(size) < 4*len(entries)*g.step {
		size *= 2
	}
	g.seen, g.table, g.mask = new([1024]uint64), make([]bucket, size), size-1
	for _, e := range entries {
		first := rarestRun(e.text, g.step, common)
		for at := first; at < first+g.step; at++ {
			key := load(e.text[at:])
			h := hashGram(key)
			g.seen[h>>22] |= 1 << (h >> 16 & 63)
			b := g.bucket(key)
			b.gram = key
			b.entries = append(b.entries, placed{e, at})
		}
	}
}

// rarestRun is where the n grams begin that few texts of the rules have.
func rarestRun(text []byte, n int, common *gramCounts) int {
	best, least := 0, -1
	for i := range len(text) - gram - n + 2 {
		sum := 0
		for at := i; at < i+n; at++ {
			sum += common.of(text[at:])
		}
		if least < 0 || sum < least {
			best, least = i, sum
		}
	}
	return best
}

// bucket is the place of a gram in the table; without entries where the gram is unknown.
func (g *grams) bucket(key uint32) *bucket {
	for i := hashGram(key) & g.mask; ; i = (i + 1) & g.mask {
		if b := &g.table[i]; b.gram == key || len(b.entries) == 0 {
			return b
		}
	}
}

// look tries the rules whose witness is in a value of the field.
func (x *index) look(w *Worker, v *value) {
	text := w.record.decode(v)
	if x.whole != nil || v.ready&isASCII == 0 {
		folded := w.record.folded(v)
		for _, r := range x.whole[string(folded)] {
			w.try(r)
		}
		text = folded
	}
	for _, n := range x.begins.lengths {
		if n > len(text) {
			break
		}
		x.begins.at(w, text[:n], text[n-gram:])
	}
	for _, n := range x.ends.lengths {
		if n > len(text) {
			break
		}
		end := text[len(text)-n:]
		x.ends.at(w, end, end)
	}
	if len(x.short) > 0 {
		folded := w.record.folded(v)
		for i := range x.short {
			if e := &x.short[i]; e.in(folded) {
				e.try(w)
			}
		}
	}
	if x.inside.seen != nil {
		x.inside.scan(w, text)
	}
}

// at looks one end of a value up: text is as long as the entries that may be it, b begins with its four bytes.
func (a *anchors) at(w *Worker, text, b []byte) {
	key := anchorKey(b, len(text))
	if bit := anchorBit(key); a.seen[bit/64]>>(bit%64)&1 == 0 {
		return
	}
	for i := range a.entries[key] {
		if e := &a.entries[key][i]; alike(text, e.text) {
			e.try(w)
		}
	}
}

// scan tries the rules of every entry that stands in a text.
func (g *grams) scan(w *Worker, text []byte) {
	for i := g.next(text, 0); i >= 0; i = g.next(text, i+g.step) {
		b := g.bucket(load(text[i:]))
		for j := range b.entries {
			if e := &b.entries[j]; e.stands(text, i) {
				e.try(w)
			}
		}
	}
}

// any says whether some entry stands in a text.
func (g *grams) any(text []byte) bool {
	for i := g.next(text, 0); i >= 0; i = g.next(text, i+g.step) {
		b := g.bucket(load(text[i:]))
		for j := range b.entries {
			if b.entries[j].stands(text, i) {
				return true
			}
		}
	}
	return false
}

// next is the next place, from i on in steps, at which a gram of the table may stand; -1 when there is none.
func (g *grams) next(text []byte, i int) int {
	seen, step := g.seen, g.step
	for ; i+gram <= len(text); i += step {
		if h := hashGram(load(text[i:])); seen[h>>22]>>(h>>16&63)&1 != 0 {
			return i
		}
	}
	return -1
}

// stands says whether the entry is in a text with its gram at i.
func (e *placed) stands(text []byte, i int) bool {
	from := i - e.at
	return from >= 0 && from+len(e.text) <= len(text) && alike(text[from:], e.text)
}

func (e *entry) in(text []byte) bool {
	t := test{shape: e.shape, text: e.text}
	return t.matches(text)
}

func (e *entry) try(w *Worker) {
	for _, r := range e.rules {
		w.try(r)
	}
}
