package parquet

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/parquet-go/parquet-go"

	"triward/internal/eventlog"
)

// segment is a file of events that are on disk. All but its use is constant.
type segment struct {
	id     string
	dir    string
	bytes  int64
	header *header

	mu   sync.Mutex
	uses int         // searches that read it
	gone bool        // to be removed after the last use
	file *openedFile // nil: closed
	idle *idle

	idsMu sync.Mutex
	ids   []eventlog.ID // sorted; nil: not loaded
}

type openedFile struct {
	data  *os.File
	index *os.File
	tree  *parquet.File
}

func newSegment(dir, id string, h *header, bytes int64) *segment {
	return &segment{id: id, dir: dir, header: h, bytes: bytes}
}

func (s *segment) path(suffix string) string { return filepath.Join(s.dir, s.id+suffix) }

// bounds are the least and the greatest Event.At.
func (s *segment) bounds() (first, last int64) {
	first, last = s.header.Groups[0].First, s.header.Groups[0].Last
	for _, g := range s.header.Groups {
		first, last = min(first, g.First), max(last, g.Last)
	}
	return first, last
}

// hold keeps the files until release.
func (s *segment) hold() {
	s.mu.Lock()
	s.uses++
	s.mu.Unlock()
}

// release ends a hold. The last one removes the files when the segment is gone.
func (s *segment) release() {
	s.mu.Lock()
	s.uses--
	last, gone, opened := s.uses == 0, s.gone, s.file != nil
	s.mu.Unlock()
	switch {
	case last && gone:
		s.close()
		removeFiles(s.dir, s.id) //nolint:errcheck // the row in the database still says gone: the next start removes them
	case last && opened && s.idle != nil:
		s.idle.add(s)
	}
}

// close closes the files unless somebody reads them.
func (s *segment) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file != nil && s.uses == 0 {
		s.file.data.Close()
		s.file.index.Close()
		s.file = nil
	}
}

// idle are the segments whose files stay open for the next search, the longest unused first.
type idle struct {
	mu   sync.Mutex
	list []*segment
}

const maxIdle = 256

func (i *idle) add(s *segment) {
	i.mu.Lock()
	if at := slices.Index(i.list, s); at >= 0 {
		i.list = slices.Delete(i.list, at, at+1)
	}
	i.list = append(i.list, s)
	var oldest *segment
	if len(i.list) > maxIdle {
		oldest = i.list[0]
		i.list = slices.Delete(i.list, 0, 1)
	}
	i.mu.Unlock()
	if oldest != nil {
		oldest.close()
	}
}

// remove takes the files away as soon as nobody reads them.
func (s *segment) remove() {
	s.hold()
	s.mu.Lock()
	s.gone = true
	s.mu.Unlock()
	s.release()
}

func removeFiles(dir, id string) error {
	err := errors.Join(os.Remove(filepath.Join(dir, id+dataSuffix)), os.Remove(filepath.Join(dir, id+indexSuffix)))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// open gives the opened files; the caller holds the segment.
func (s *segment) open() (*openedFile, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file != nil {
		return s.file, nil
	}
	index, err := os.Open(s.path(indexSuffix))
	if err != nil {
		return nil, fmt.Errorf("open segment: %w", err)
	}
	data, err := os.Open(s.path(dataSuffix))
	if err != nil {
		index.Close()
		return nil, fmt.Errorf("open segment: %w", err)
	}
	s.file = &openedFile{data: data, index: index}
	return s.file, nil
}

// columns gives a row group ready to read; the caller holds the segment.
func (s *segment) columns(l *layout, group int) (*columns, error) {
	f, err := s.open()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.tree == nil {
		if f.tree, err = openTree(f.data); err != nil {
			return nil, fmt.Errorf("open segment %s: %w", s.id, err)
		}
	}
	groups := f.tree.RowGroups()
	if group >= len(groups) || groups[group].NumRows() != s.header.Groups[group].Rows {
		return nil, fmt.Errorf("open segment %s: the index is of another file", s.id)
	}
	return &columns{layout: l, chunks: groups[group].ColumnChunks(), rows: int(groups[group].NumRows())}, nil
}

func openTree(f *os.File) (tree *parquet.File, err error) {
	defer recovered(&err)
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return parquet.OpenFile(f, info.Size(), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(64<<10))
}

// recovered turns a panic of the library over a damaged file into an error: one bad file must not stop the server.
func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("the file is damaged: %v", r)
	}
}

// covers reports whether an id may be in the segment.
func (s *segment) covers(id eventlog.ID) bool {
	return s.touches(idRange{Key: rangeKey(id), Least: id, Most: id})
}

// touches reports whether ids of a range may be in the segment.
func (s *segment) touches(r idRange) bool {
	i, found := slices.BinarySearchFunc(s.header.IDs, r.Key, func(have idRange, key uint64) int { return cmp.Compare(have.Key, key) })
	return found && compareIDs(s.header.IDs[i].Least, r.Most) <= 0 && compareIDs(r.Least, s.header.IDs[i].Most) <= 0
}

// allIDs are the sorted ids.
func (s *segment) allIDs(l *layout) ([]eventlog.ID, error) {
	s.idsMu.Lock()
	defer s.idsMu.Unlock()
	if s.ids != nil {
		return s.ids, nil
	}
	s.hold()
	defer s.release()
	ids := make([]eventlog.ID, 0, s.header.Events)
	for g := range s.header.Groups {
		c, err := s.columns(l, g)
		if err != nil {
			return nil, err
		}
		part, err := c.ids(nil)
		if err != nil {
			return nil, err
		}
		ids = append(ids, part...)
	}
	slices.SortFunc(ids, compareIDs)
	s.ids = ids
	return ids, nil
}

// forget frees the ids.
func (s *segment) forget() {
	s.idsMu.Lock()
	s.ids = nil
	s.idsMu.Unlock()
}
