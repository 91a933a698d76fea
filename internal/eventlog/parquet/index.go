package parquet

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/parquet-go/parquet-go/bloom"

	"triward/internal/eventlog"
)

// header is what is known of a segment without opening its file. The index file is: magic, length of the header, its
// CRC-32C, the header as JSON, then the filters.
type header struct {
	Hour     int64       `json:"hour"` // begin of the hour of receipt, microseconds
	Events   int64       `json:"events"`
	Groups   []groupInfo `json:"groups"`
	IDs      []idRange   `json:"ids"`
	Replaces []string    `json:"replaces,omitempty"` // segments whose events this one has
}

// groupInfo is a row group.
type groupInfo struct {
	Rows    int64        `json:"rows"`
	First   int64        `json:"first"` // least and greatest Event.At
	Last    int64        `json:"last"`
	Filter  int          `json:"filter"` // bytes
	Classes []classCount `json:"classes"`
	offset  int64
}

// idRange is what ids of a kind are in a segment: of live ones those of some nine minutes, of derived ones those of a batch.
type idRange struct {
	Key   uint64      `json:"key"`
	Least eventlog.ID `json:"least"`
	Most  eventlog.ID `json:"most"`
}

// classCount is how many events of a class there are, and when they were received.
type classCount struct {
	Class  int   `json:"class"`
	Events int64 `json:"events"`
	Oldest int64 `json:"oldest"`
	Newest int64 `json:"newest"`
}

const (
	indexMagic   = "TWIX0001"
	maxHeader    = 64 << 20
	maxFilter    = 64 << 20
	indexPrelude = len(indexMagic) + 8
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// rangeKey is the kind that an id belongs to.
func rangeKey(id eventlog.ID) uint64 {
	if id.Live() {
		return uint64(id.Millis() >> 19)
	}
	return binary.BigEndian.Uint64(id[:8])
}

// encode is the index file without its filters.
func (h *header) encode() ([]byte, error) {
	b, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	out := append(make([]byte, 0, indexPrelude+len(b)), indexMagic...)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(b)))
	out = binary.LittleEndian.AppendUint32(out, crc32.Checksum(b, castagnoli))
	return append(out, b...), nil
}

// decodeHeader reads the header of an index file of a size.
func decodeHeader(r io.ReaderAt, size int64) (*header, error) {
	var prelude [indexPrelude]byte
	if _, err := r.ReadAt(prelude[:], 0); err != nil {
		return nil, fmt.Errorf("read index: %w", err)
	}
	n := int64(binary.LittleEndian.Uint32(prelude[len(indexMagic):]))
	if string(prelude[:len(indexMagic)]) != indexMagic || n > maxHeader || n > size {
		return nil, fmt.Errorf("read index: this is no index")
	}
	b := make([]byte, n)
	if _, err := r.ReadAt(b, int64(indexPrelude)); err != nil {
		return nil, fmt.Errorf("read index: %w", err)
	}
	if crc32.Checksum(b, castagnoli) != binary.LittleEndian.Uint32(prelude[len(indexMagic)+4:]) {
		return nil, fmt.Errorf("read index: it is damaged")
	}
	h := &header{}
	if err := json.Unmarshal(b, h); err != nil {
		return nil, fmt.Errorf("read index: %w", err)
	}
	at, rows := int64(indexPrelude)+n, int64(0)
	for i := range h.Groups {
		g := &h.Groups[i]
		if g.Rows <= 0 || g.First > g.Last || g.Filter <= 0 || g.Filter > maxFilter || g.Filter%bloom.BlockSize != 0 {
			return nil, fmt.Errorf("read index: group %d cannot be", i)
		}
		g.offset = at
		at += int64(g.Filter)
		rows += g.Rows
	}
	if at != size || rows != h.Events || rows == 0 {
		return nil, fmt.Errorf("read index: it is cut or does not add up")
	}
	return h, nil
}

// readHeader reads the header of an index file.
func readHeader(path string) (*header, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return decodeHeader(f, info.Size())
}

// may reports whether a row group may have what is demanded. r is the index file.
func (g *groupInfo) may(r io.ReaderAt, d demand) (bool, error) {
	section := io.NewSectionReader(r, g.offset, int64(g.Filter))
	for _, either := range d {
		found := false
		for _, all := range either {
			here := true
			for _, term := range all {
				ok, err := bloom.CheckSplitBlock(section, int64(g.Filter), term)
				if err != nil {
					return false, fmt.Errorf("read index: %w", err)
				}
				if here = ok; !ok {
					break
				}
			}
			if found = here; found {
				break
			}
		}
		if !found {
			return false, nil
		}
	}
	return true, nil
}

// tally collects an index from the groups of a segment, in the order of the file.
type tally struct {
	layout  *layout
	header  header
	filters [][]byte
	terms   *terms
	ids     map[uint64]*idRange
	last    *idRange
	all     []eventlog.ID
}

func newTally(l *layout, hour int64) *tally {
	return &tally{layout: l, header: header{Hour: hour}, terms: newTerms(l), ids: map[uint64]*idRange{}}
}

// group adds the events of a row group.
func (t *tally) group(events []*eventlog.Event) {
	classes := map[int]*classCount{}
	var of *classCount
	for _, e := range events {
		t.id(e.ID)
		t.terms.event(t.layout, e)
		if of == nil || of.Class != e.Class {
			if of = classes[e.Class]; of == nil {
				of = &classCount{Class: e.Class, Oldest: e.Received, Newest: e.Received}
				classes[e.Class] = of
			}
		}
		of.Events++
		of.Oldest, of.Newest = min(of.Oldest, e.Received), max(of.Newest, e.Received)
	}
	g := groupInfo{Rows: int64(len(events)), First: events[0].At(), Last: events[len(events)-1].At()}
	for _, class := range slices.Sorted(maps.Keys(classes)) {
		g.Classes = append(g.Classes, *classes[class])
	}
	filter := t.terms.filter()
	g.Filter = len(filter)
	t.filters = append(t.filters, filter)
	t.header.Groups = append(t.header.Groups, g)
	t.header.Events += g.Rows
}

func (t *tally) id(id eventlog.ID) {
	t.all = append(t.all, id)
	key := rangeKey(id)
	r := t.last
	if r == nil || r.Key != key {
		if r = t.ids[key]; r == nil {
			r = &idRange{Key: key, Least: id, Most: id}
			t.ids[key] = r
		}
		t.last = r
	}
	if compareIDs(id, r.Least) < 0 {
		r.Least = id
	}
	if compareIDs(id, r.Most) > 0 {
		r.Most = id
	}
}

// done gives the header.
func (t *tally) done(replaces []string) *header {
	for _, key := range slices.Sorted(maps.Keys(t.ids)) {
		t.header.IDs = append(t.header.IDs, *t.ids[key])
	}
	t.header.Replaces = replaces
	h := t.header // a copy: a segment keeps its header, and must not keep the terms and ids of the tally with it
	return &h
}
