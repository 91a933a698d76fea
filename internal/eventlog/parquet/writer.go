package parquet

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"github.com/parquet-go/parquet-go"

	"triward/internal/eventlog"
)

const (
	dataSuffix  = ".parquet"
	indexSuffix = ".idx"
	tempSuffix  = ".tmp"

	// Metadata of a file: what its index cannot learn from the events.
	metaHour     = "triward.hour"
	metaReplaces = "triward.replaces"
)

func compareIDs(a, b eventlog.ID) int { return bytes.Compare(a[:], b[:]) }

// order is how events stand in a segment and in every answer: by time, then by id.
func order(a, b *eventlog.Event) int {
	if c := cmp.Compare(a.At(), b.At()); c != 0 {
		return c
	}
	return compareIDs(a.ID, b.ID)
}

// segmentWriter writes one segment from events that come in order.
type segmentWriter struct {
	layout  *layout
	dir, id string
	file    *os.File
	buffer  *bufio.Writer
	out     *parquet.GenericWriter[any]
	columns []*parquet.ColumnWriter
	values  []parquet.Value
	rows    []*eventlog.Event // of the group that fills
	tally   *tally
}

// newSegmentWriter begins a segment of an hour. A writer of the library is never used twice: it loses the paths of
// columns then, and other readers refuse the file.
func newSegmentWriter(l *layout, dir, id string, hour int64) (*segmentWriter, error) {
	f, err := os.OpenFile(filepath.Join(dir, id+dataSuffix+tempSuffix), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("write segment: %w", err)
	}
	w := &segmentWriter{layout: l, dir: dir, id: id, file: f, buffer: bufio.NewWriterSize(f, 1<<20), tally: newTally(l, hour),
		rows: make([]*eventlog.Event, 0, groupRows), values: make([]parquet.Value, 0, chunkRows)}
	w.out = parquet.NewGenericWriter[any](w.buffer, l.writerOptions()...)
	w.out.SetKeyValueMetadata(metaHour, strconv.FormatInt(hour, 10))
	w.columns = w.out.ColumnWriters()
	return w, nil
}

// add takes the next event. It keeps it until its group is written.
func (w *segmentWriter) add(e *eventlog.Event) error {
	w.rows = append(w.rows, e)
	if len(w.rows) == groupRows {
		return w.flushGroup()
	}
	return nil
}

func (w *segmentWriter) flushGroup() error {
	if len(w.rows) == 0 {
		return nil
	}
	for i := range w.layout.cells {
		if err := w.writeCell(&w.layout.cells[i]); err != nil {
			return err
		}
	}
	if err := w.writeOthers(); err != nil {
		return err
	}
	if err := w.writeFields(); err != nil {
		return err
	}
	if err := w.out.Flush(); err != nil {
		return fmt.Errorf("write segment: %w", err)
	}
	w.tally.group(w.rows)
	clear(w.rows)
	w.rows = w.rows[:0]
	return nil
}

// column hands the values of a column to the file, in portions.
func (w *segmentWriter) column(leaf int, value func(e *eventlog.Event) parquet.Value) error {
	c := w.columns[leaf]
	for rows := range slices.Chunk(w.rows, chunkRows) {
		values := w.values[:0]
		for _, e := range rows {
			values = append(values, value(e))
		}
		if _, err := c.WriteRowValues(values); err != nil {
			return fmt.Errorf("write segment: %w", err)
		}
	}
	return nil
}

func (w *segmentWriter) writeCell(c *cell) error {
	if c.number != nil {
		return w.column(c.leaf, func(e *eventlog.Event) parquet.Value { return parquet.Int32Value(int32(*c.number(e))) })
	}
	return w.column(c.leaf, func(e *eventlog.Event) parquet.Value { return textValue(*c.text(e)) })
}

// bytesOf is a text without a copy. Who gets it never writes to it: the library copies it into its pages.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

func textValue(s string) parquet.Value { return parquet.ByteArrayValue(bytesOf(s)) }

func (w *segmentWriter) writeOthers() error {
	for name, value := range map[string]func(e *eventlog.Event) parquet.Value{
		columnID:        func(e *eventlog.Event) parquet.Value { return parquet.FixedLenByteArrayValue(e.ID[:]) },
		columnAt:        func(e *eventlog.Event) parquet.Value { return parquet.Int64Value(e.At()) },
		columnReceived:  func(e *eventlog.Event) parquet.Value { return parquet.Int64Value(e.Received) },
		columnSkew:      func(e *eventlog.Event) parquet.Value { return parquet.Int64Value(e.Skew) },
		columnDated:     func(e *eventlog.Event) parquet.Value { return parquet.BooleanValue(e.Time != 0) },
		columnSkewKnown: func(e *eventlog.Event) parquet.Value { return parquet.BooleanValue(e.SkewKnown) },
		columnMessage:   func(e *eventlog.Event) parquet.Value { return textValue(e.Message) },
		columnRaw:       func(e *eventlog.Event) parquet.Value { return parquet.ByteArrayValue(e.Raw) },
	} {
		if err := w.column(w.layout.leaf[name], value); err != nil {
			return err
		}
	}
	return nil
}

// writeFields writes the map: a row without fields is one value that is not there (level 0), and each further field
// repeats (level 1).
func (w *segmentWriter) writeFields() error {
	key, value := w.layout.leaf[columnFields+".key"], w.layout.leaf[columnFields+".value"]
	for rows := range slices.Chunk(w.rows, chunkRows) {
		keys, values := w.values[:0], make([]parquet.Value, 0, 8*len(rows))
		for _, e := range rows {
			if len(e.Fields) == 0 {
				keys = append(keys, parquet.NullValue().Level(0, 0, key))
				values = append(values, parquet.NullValue().Level(0, 0, value))
			}
			for i := range e.Fields {
				repeats := min(i, 1)
				keys = append(keys, textValue(e.Fields[i].Name).Level(repeats, 1, key))
				values = append(values, textValue(e.Fields[i].Value).Level(repeats, 1, value))
			}
		}
		if _, err := w.columns[key].WriteRowValues(keys); err != nil {
			return fmt.Errorf("write segment: %w", err)
		}
		if _, err := w.columns[value].WriteRowValues(values); err != nil {
			return fmt.Errorf("write segment: %w", err)
		}
		w.values = keys[:0]
	}
	return nil
}

// close makes the segment durable under its name and gives it. Nothing is left behind when it fails.
func (w *segmentWriter) close(replaces []string) (*segment, error) {
	s, err := w.finish(replaces)
	if err != nil {
		w.abandon()
		return nil, fmt.Errorf("write segment: %w", err)
	}
	return s, nil
}

func (w *segmentWriter) finish(replaces []string) (*segment, error) {
	if err := w.flushGroup(); err != nil {
		return nil, err
	}
	w.out.SetKeyValueMetadata(metaReplaces, strings.Join(replaces, " "))
	if err := errors.Join(w.out.Close(), w.buffer.Flush()); err != nil {
		return nil, err
	}
	size, err := w.file.Seek(0, 1)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(w.file.Sync(), w.file.Close()); err != nil {
		return nil, err
	}
	h := w.tally.done(replaces)
	indexSize, err := writeIndex(filepath.Join(w.dir, w.id+indexSuffix), h, w.tally.filters)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(w.dir, w.id+dataSuffix)
	if err := os.Rename(path+tempSuffix, path); err != nil {
		return nil, err
	}
	if err := syncDir(w.dir); err != nil {
		return nil, err
	}
	return newSegment(w.dir, w.id, h, size+indexSize), nil
}

// abandon removes what was written.
func (w *segmentWriter) abandon() {
	w.file.Close()
	for _, suffix := range []string{dataSuffix + tempSuffix, dataSuffix, indexSuffix + tempSuffix, indexSuffix} {
		os.Remove(filepath.Join(w.dir, w.id+suffix))
	}
}

// writeIndex writes an index file in one step, and gives its size.
func writeIndex(path string, h *header, filters [][]byte) (int64, error) {
	b, err := h.encode()
	if err != nil {
		return 0, err
	}
	at := int64(len(b))
	for i := range h.Groups {
		h.Groups[i].offset = at
		at += int64(h.Groups[i].Filter)
	}
	f, err := os.OpenFile(path+tempSuffix, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, err
	}
	_, err = f.Write(b)
	for _, filter := range filters {
		if err == nil {
			_, err = f.Write(filter)
		}
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return 0, err
	}
	return at, os.Rename(path+tempSuffix, path)
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
