package parquet

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"

	"triward/internal/eventlog"
)

// columns reads the columns of one row group. Rows are named by their numbers in the group, rising; nil names all. Only
// the pages that have them are unpacked.
type columns struct {
	layout *layout
	chunks []parquet.ColumnChunk
	rows   int
}

// pages calls fn with each page of a column that has wanted rows, with those rows counted from the begin of the page.
func (c *columns) pages(leaf int, rows []int32, fn func(p parquet.Page, rows []int32) error) (err error) {
	defer recovered(&err)
	if rows != nil && len(rows) == 0 {
		return nil
	}
	chunk := c.chunks[leaf]
	offsets, err := chunk.OffsetIndex()
	if err != nil {
		return fmt.Errorf("read column: %w", err)
	}
	pages := chunk.Pages()
	defer pages.Close()
	within := make([]int32, 0, 64)
	for p, n := 0, offsets.NumPages(); p < n; p++ {
		first, end := offsets.FirstRowIndex(p), int64(c.rows)
		if p+1 < n {
			end = offsets.FirstRowIndex(p + 1)
		}
		within = within[:0]
		if rows != nil {
			for len(rows) > 0 && int64(rows[0]) < end {
				within = append(within, rows[0]-int32(first))
				rows = rows[1:]
			}
			if len(within) == 0 {
				continue
			}
		}
		if err := pages.SeekToRow(first); err != nil {
			return fmt.Errorf("read column: %w", err)
		}
		page, err := pages.ReadPage()
		if err != nil {
			return fmt.Errorf("read column: %w", err)
		}
		if page.NumRows() != end-first {
			err = errors.New("read column: a page has another number of rows than its index says")
		}
		if err == nil && rows == nil {
			err = fn(page, nil)
		} else if err == nil {
			err = fn(page, within)
		}
		parquet.Release(page)
		if err != nil {
			return err
		}
		if rows != nil && len(rows) == 0 {
			break
		}
	}
	return nil
}

// count is how many rows are named.
func (c *columns) count(rows []int32) int {
	if rows == nil {
		return c.rows
	}
	return len(rows)
}

// numbers reads a column of 64-bit numbers.
func (c *columns) numbers(name string, rows []int32) ([]int64, error) {
	out := make([]int64, 0, c.count(rows))
	err := c.pages(c.layout.leaf[name], rows, func(p parquet.Page, rows []int32) error {
		data := p.Data()
		values := data.Int64()
		if rows == nil {
			out = append(out, values...)
			return nil
		}
		for _, r := range rows {
			out = append(out, values[r])
		}
		return nil
	})
	return out, err
}

// flags reads a column of booleans.
func (c *columns) flags(name string, rows []int32) ([]bool, error) {
	out := make([]bool, 0, c.count(rows))
	err := c.pages(c.layout.leaf[name], rows, func(p parquet.Page, rows []int32) error {
		data := p.Data()
		bits := data.Boolean()
		for i := range wanted(p, rows) {
			out = append(out, bits[i/8]>>(i%8)&1 != 0)
		}
		return nil
	})
	return out, err
}

// wanted goes through the rows of a page that are named.
func wanted(p parquet.Page, rows []int32) func(yield func(int32) bool) {
	return func(yield func(int32) bool) {
		if rows == nil {
			for i := range int32(p.NumRows()) {
				if !yield(i) {
					return
				}
			}
			return
		}
		for _, r := range rows {
			if !yield(r) {
				return
			}
		}
	}
}

// ids reads the ids.
func (c *columns) ids(rows []int32) ([]eventlog.ID, error) {
	out := make([]eventlog.ID, 0, c.count(rows))
	err := c.pages(c.layout.leaf[columnID], rows, func(p parquet.Page, rows []int32) error {
		data := p.Data()
		b, size := data.FixedLenByteArray()
		if size != 16 {
			return errors.New("read column: ids have another size")
		}
		for r := range wanted(p, rows) {
			out = append(out, eventlog.ID(b[16*r:]))
		}
		return nil
	})
	return out, err
}

// bytes reads a column of plain texts, each with memory of its own.
func (c *columns) bytes(name string, rows []int32) ([][]byte, error) {
	out := make([][]byte, 0, c.count(rows))
	err := c.pages(c.layout.leaf[name], rows, func(p parquet.Page, rows []int32) error {
		data := p.Data()
		b, offsets := data.ByteArray()
		for r := range wanted(p, rows) {
			out = append(out, slices.Clone(b[offsets[r]:offsets[r+1]]))
		}
		return nil
	})
	return out, err
}

// coded are the values of a column with a dictionary: row i has words[at[i]].
type coded struct {
	words []string
	at    []int32
}

// cell reads a column of cells. Only the words that a named row has are unpacked; the others are "".
func (c *columns) cell(cell *cell, rows []int32) (coded, error) {
	out := coded{at: make([]int32, 0, c.count(rows))}
	var known []bool
	err := c.pages(cell.leaf, rows, func(p parquet.Page, rows []int32) error {
		dict := p.Dictionary()
		if dict == nil {
			return errors.New("read column: a dictionary is missing")
		}
		data := p.Data()
		from := len(out.at)
		if index := data.Int32(); rows == nil {
			out.at = append(out.at, index...)
		} else {
			for _, r := range rows {
				out.at = append(out.at, index[r])
			}
		}
		if out.words == nil {
			out.words, known = make([]string, dict.Len()), make([]bool, dict.Len())
		}
		for _, i := range out.at[from:] {
			if !known[i] {
				out.words[i], known[i] = dict.Index(i).String(), true
			}
		}
		return nil
	})
	return out, err
}

// skews reads the estimates of clocks, as Event.Value has them.
func (c *columns) skews(rows []int32) (coded, error) {
	skew, err1 := c.numbers(columnSkew, rows)
	known, err2 := c.flags(columnSkewKnown, rows)
	if err := errors.Join(err1, err2); err != nil {
		return coded{}, err
	}
	out := coded{at: make([]int32, len(skew)), words: []string{""}}
	seconds := map[int64]int32{}
	last, at := int64(0), int32(0) // neighbours mostly have the same one
	for i := range skew {
		if !known[i] {
			continue
		}
		if s := eventlog.SkewSeconds(skew[i]); s != last || at == 0 {
			if last, at = s, seconds[s]; at == 0 {
				at = int32(len(out.words))
				seconds[s], out.words = at, append(out.words, strconv.FormatInt(s, 10))
			}
		}
		out.at[i] = at
	}
	return out, nil
}

// lists reads one side of the map of fields: for each row its texts.
func (c *columns) lists(side string, rows []int32) ([][]string, error) {
	out := make([][]string, 0, c.count(rows))
	err := c.pages(c.layout.leaf[columnFields+"."+side], rows, func(p parquet.Page, rows []int32) error {
		value, err := valueOf(p)
		if err != nil {
			return err
		}
		repeats, levels := p.RepetitionLevels(), p.DefinitionLevels()
		row, at, next := int32(-1), 0, 0
		var list []string
		keep := func() {
			if row >= 0 && (rows == nil || next < len(rows) && rows[next] == row) {
				out, next = append(out, list), next+1
			}
			list = nil
		}
		for i := range levels {
			if repeats[i] == 0 {
				keep()
				row++
			}
			if levels[i] == 0 {
				continue
			}
			if rows == nil || next < len(rows) && rows[next] == row {
				list = append(list, value(at))
			}
			at++
		}
		keep()
		return nil
	})
	return out, err
}

// valueOf gives the text at a place of a page.
func valueOf(p parquet.Page) (func(i int) string, error) {
	data := p.Data()
	if dict := p.Dictionary(); dict != nil {
		index := data.Int32()
		words := make([]string, dict.Len())
		return func(i int) string {
			w := &words[index[i]]
			if *w == "" {
				*w = dict.Index(index[i]).String()
			}
			return *w
		}, nil
	}
	if data.Kind() != encoding.ByteArray {
		return nil, errors.New("read column: fields are no texts")
	}
	b, offsets := data.ByteArray()
	return func(i int) string { return string(b[offsets[i]:offsets[i+1]]) }, nil
}

// events reads whole events.
func (c *columns) events(rows []int32) ([]eventlog.Event, error) {
	out := make([]eventlog.Event, c.count(rows))
	for i := range c.layout.cells {
		cell := &c.layout.cells[i]
		v, err := c.cell(cell, rows)
		if err != nil {
			return nil, err
		}
		if cell.number == nil {
			for j, at := range v.at {
				*cell.text(&out[j]) = v.words[at]
			}
			continue
		}
		numbers := whole(v.words)
		for j, at := range v.at {
			*cell.number(&out[j]) = numbers[at]
		}
	}
	if err := c.times(out, rows); err != nil {
		return nil, err
	}
	return out, c.contents(out, rows)
}

// whole reads numbers; a word that nobody needs is "".
func whole(words []string) []int {
	out := make([]int, len(words))
	for i, w := range words {
		n := 0
		for _, d := range []byte(w) {
			n = 10*n + int(d-'0')
		}
		out[i] = n
	}
	return out
}

func (c *columns) times(out []eventlog.Event, rows []int32) error {
	at, err1 := c.numbers(columnAt, rows)
	received, err2 := c.numbers(columnReceived, rows)
	skew, err3 := c.numbers(columnSkew, rows)
	dated, err4 := c.flags(columnDated, rows)
	known, err5 := c.flags(columnSkewKnown, rows)
	ids, err6 := c.ids(rows)
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		return err
	}
	for i := range out {
		e := &out[i]
		e.ID, e.Received, e.Skew, e.SkewKnown = ids[i], received[i], skew[i], known[i]
		if dated[i] {
			e.Time = at[i]
		}
	}
	return nil
}

func (c *columns) contents(out []eventlog.Event, rows []int32) error {
	raw, err1 := c.bytes(columnRaw, rows)
	message, err2 := c.bytes(columnMessage, rows)
	names, err3 := c.lists("key", rows)
	values, err4 := c.lists("value", rows)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return err
	}
	for i := range out {
		e := &out[i]
		e.Raw, e.Message = raw[i], string(message[i])
		for j, name := range names[i] {
			e.Fields = append(e.Fields, eventlog.Field{Name: name, Value: values[i][j]})
		}
	}
	return nil
}
