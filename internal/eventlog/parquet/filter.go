package parquet

import (
	"slices"
	"sort"

	"github.com/parquet-go/parquet-go"

	"triward/internal/eventlog"
)

// query is a search made ready for this store.
type query struct {
	eventlog.Query
	matcher *eventlog.Matcher
	demand  demand
	layout  *layout
}

func (l *layout) query(q eventlog.Query) (*query, error) {
	m, err := eventlog.NewMatcher(q)
	if err != nil {
		return nil, err
	}
	return &query{Query: q, matcher: m, demand: demandOf(m, l), layout: l}, nil
}

// plain reports whether the query asks for nothing but a window of time.
func (q *query) plain() bool {
	return q.Dating == eventlog.AnyDating && len(q.matcher.Tests()) == 0 && len(q.matcher.Words()) == 0
}

// overlaps reports whether the window may have events of a group.
func (q *query) overlaps(g *groupInfo) bool { return g.Last >= q.From && (q.To == 0 || g.First < q.To) }

// inside reports whether the window has every event of a group.
func (q *query) inside(g *groupInfo) bool { return g.First >= q.From && (q.To == 0 || g.Last < q.To) }

// rows are the rows of a group that fulfil the query; nil is all of them. Cheap columns decide first, and only pages
// that have rows left are unpacked.
func (q *query) rows(c *columns, g *groupInfo) ([]int32, error) {
	var rows []int32
	if !q.inside(g) {
		at, err := c.numbers(columnAt, nil) // rises: the file is sorted by it
		if err != nil {
			return nil, err
		}
		from := sort.Search(len(at), func(i int) bool { return at[i] >= q.From })
		to := len(at)
		if q.To != 0 {
			to = sort.Search(len(at), func(i int) bool { return at[i] >= q.To })
		}
		rows = make([]int32, 0, max(to-from, 0))
		for i := from; i < to; i++ {
			rows = append(rows, int32(i))
		}
	}
	if q.Dating != eventlog.AnyDating {
		dated, err := c.flags(columnDated, rows)
		if err != nil {
			return nil, err
		}
		rows = keep(c, rows, func(i int) bool { return q.Dating.Fits(dated[i]) })
	}
	tests := q.matcher.Tests()
	for _, cells := range []bool{true, false} {
		for i := range tests {
			if q.onCells(&tests[i]) != cells || rows != nil && len(rows) == 0 {
				continue
			}
			var err error
			if rows, err = q.test(c, rows, &tests[i]); err != nil {
				return nil, err
			}
		}
	}
	return q.words(c, rows)
}

// keep are the rows of a selection whose place in it fulfils a condition.
func keep(c *columns, rows []int32, ok func(i int) bool) []int32 {
	out := make([]int32, 0, min(c.count(rows), 1024))
	for i := range c.count(rows) {
		if !ok(i) {
			continue
		}
		if rows == nil {
			out = append(out, int32(i))
		} else {
			out = append(out, rows[i])
		}
	}
	return out
}

func (q *query) onCells(t *eventlog.Test) bool {
	return !slices.ContainsFunc(t.Names, func(n string) bool { return q.layout.cellOf(n) == nil })
}

// test keeps the rows for which a condition holds.
func (q *query) test(c *columns, rows []int32, t *eventlog.Test) ([]int32, error) {
	holds := make([]bool, c.count(rows))
	for _, name := range t.Names {
		if err := q.mark(c, rows, holdsFor{name, t, holds}); err != nil {
			return nil, err
		}
	}
	return keep(c, rows, func(i int) bool { return holds[i] != t.Not }), nil
}

// holdsFor is where the answers of a test on a field go.
type holdsFor struct {
	name  string
	test  *eventlog.Test
	holds []bool
}

func (q *query) mark(c *columns, rows []int32, h holdsFor) error {
	if cell := q.layout.cellOf(h.name); cell != nil {
		v, err := c.cell(cell, rows)
		if err != nil {
			return err
		}
		marks := make([]bool, len(v.words))
		for i, w := range v.words {
			if cell.number != nil && w == "0" && isPort(cell) {
				w = "" // as Event.Value has it
			}
			marks[i] = h.test.Holds(w)
		}
		for i, at := range v.at {
			h.holds[i] = h.holds[i] || marks[at]
		}
		return nil
	}
	switch h.name {
	case eventlog.FieldSkew:
		v, err := c.skews(rows)
		for i, at := range v.at {
			h.holds[i] = h.holds[i] || h.test.Holds(v.words[at])
		}
		return err
	case columnID:
		ids, err := c.ids(rows)
		for i := range ids {
			h.holds[i] = h.holds[i] || h.test.Holds(ids[i].String())
		}
		return err
	case columnMessage, columnRaw:
		texts, err := c.bytes(h.name, rows)
		for i := range texts {
			h.holds[i] = h.holds[i] || h.test.Holds(string(texts[i]))
		}
		return err
	}
	return q.markFields(c, rows, h)
}

func isPort(c *cell) bool { return c.name == "src_port" || c.name == "dst_port" }

// markFields tests a field of the map. Values are read only where the name is.
func (q *query) markFields(c *columns, rows []int32, h holdsFor) error {
	names, err := c.lists("key", rows)
	if err != nil {
		return err
	}
	absent := h.test.Holds("")
	var there []int32
	var place, at []int
	for i, list := range names {
		j, found := slices.BinarySearch(list, h.name)
		if !found {
			h.holds[i] = h.holds[i] || absent
			continue
		}
		row := int32(i)
		if rows != nil {
			row = rows[i]
		}
		there, place, at = append(there, row), append(place, i), append(at, j)
	}
	if len(there) == 0 {
		return nil
	}
	values, err := c.lists("value", there)
	for k := range values {
		i := place[k]
		h.holds[i] = h.holds[i] || h.test.Holds(values[k][at[k]])
	}
	return err
}

// words keeps the rows that have every word of the text, in the original or in the message.
func (q *query) words(c *columns, rows []int32) ([]int32, error) {
	for _, w := range q.matcher.Words() {
		if rows != nil && len(rows) == 0 {
			return rows, nil
		}
		found := make([]bool, c.count(rows))
		for _, name := range []string{columnRaw, columnMessage} {
			if err := findWord(c, rows, wordIn{name, w, found}); err != nil {
				return nil, err
			}
		}
		rows = keep(c, rows, func(i int) bool { return found[i] })
	}
	return rows, nil
}

// wordIn is where the answers of a look for a word in a column go.
type wordIn struct {
	column string
	word   eventlog.Word
	found  []bool
}

// findWord looks through whole pages at once: the texts of a page lie one behind the other.
func findWord(c *columns, rows []int32, w wordIn) error {
	done := 0
	f := newFinder([]byte(w.word))
	return c.pages(c.layout.leaf[w.column], rows, func(p parquet.Page, rows []int32) error {
		data := p.Data()
		text, offsets := data.ByteArray()
		row, last := 0, len(offsets)-1
		hits := make([]bool, max(last, 0))
		for at := f.next(text, 0); at >= 0; {
			row += sort.Search(last-row, func(k int) bool { return int(offsets[row+k+1]) > at })
			if row >= last {
				break
			}
			from, end := int(offsets[row]), int(offsets[row+1])
			after := at + 1
			if at+len(f.needle) <= end && w.word.Stands(text[from:end], at-from) {
				hits[row], after = true, end
			}
			at = f.next(text, after)
		}
		for r := range wanted(p, rows) {
			w.found[done] = w.found[done] || hits[r]
			done++
		}
		return nil
	})
}

// finder finds a folded text in texts that are not, by the last byte first (Horspool): most bytes are never looked at.
type finder struct {
	needle []byte
	skip   [256]int // how far to go when a byte stands under the end of the needle
}

func newFinder(needle []byte) *finder {
	f := &finder{needle: needle}
	for c := range f.skip {
		f.skip[c] = len(needle)
	}
	for i, c := range needle[:len(needle)-1] {
		f.skip[c] = len(needle) - 1 - i
		if c >= 'a' && c <= 'z' {
			f.skip[c-'a'+'A'] = len(needle) - 1 - i
		}
	}
	return f
}

// next is where the needle begins at a place or behind it; -1: nowhere.
func (f *finder) next(text []byte, from int) int {
	n := len(f.needle)
	last := f.needle[n-1]
	for i := from + n - 1; i < len(text); i += f.skip[text[i]] {
		if folded(text[i]) == last && f.stands(text[i-n+1:i]) {
			return i - n + 1
		}
	}
	return -1
}

// stands compares all but the last byte.
func (f *finder) stands(text []byte) bool {
	for i, c := range text {
		if folded(c) != f.needle[i] {
			return false
		}
	}
	return true
}

func folded(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
