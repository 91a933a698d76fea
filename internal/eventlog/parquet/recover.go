package parquet

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"triward/internal/eventlog"
	"triward/internal/id"
	"triward/internal/store"
)

// recover reads which segments there are, and clears away what a crash left.
func (l *Log) recover(ctx context.Context) error {
	var records []record
	err := l.db.View(ctx, func(r store.Reader) error {
		var err error
		records, err = listSegments(ctx, r)
		return err
	})
	if err != nil {
		return err
	}
	files, err := l.files()
	if err != nil {
		return err
	}
	live, gone := map[string]bool{}, []string{}
	for _, r := range records {
		if r.state == stateLive {
			live[r.id] = true
		} else {
			gone = append(gone, r.id)
		}
	}
	for _, name := range gone {
		delete(files, name)
		if err := removeFiles(l.dir, name); err != nil {
			return err
		}
	}
	for name := range live {
		l.admit(name, files[name])
		delete(files, name)
	}
	adopted, err := l.adopt(files, live)
	if err != nil {
		return err
	}
	if len(gone)+len(adopted) == 0 {
		return nil
	}
	return l.db.Bulk(ctx, func(b *store.Bulk) error {
		for _, name := range gone {
			if err := deleteSegment(ctx, b, name); err != nil {
				return err
			}
		}
		for _, s := range adopted {
			if err := insertSegment(ctx, b, s); err != nil {
				return err
			}
		}
		return nil
	})
}

// files are the whole segments in the folder by name, with their sizes. What has no name yet is removed.
func (l *Log) files() (map[string]int64, error) {
	entries, err := os.ReadDir(l.dir)
	if err != nil {
		return nil, err
	}
	data, index := map[string]int64{}, map[string]int64{}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		name, suffix, _ := strings.Cut(e.Name(), ".")
		switch "." + suffix {
		case dataSuffix:
			data[name] = info.Size()
		case indexSuffix:
			index[name] = info.Size()
		case dataSuffix + tempSuffix, indexSuffix + tempSuffix:
			if err := os.Remove(filepath.Join(l.dir, e.Name())); err != nil {
				return nil, err
			}
		}
	}
	for name, size := range index {
		if _, whole := data[name]; whole {
			data[name] += size
		} else if err := os.Remove(filepath.Join(l.dir, name+indexSuffix)); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// admit takes a segment that the database knows. One that cannot be read is named as damaged.
func (l *Log) admit(name string, size int64) {
	s, err := l.load(name, size)
	if err != nil {
		l.damaged = append(l.damaged, name+": "+err.Error())
		return
	}
	l.segments = append(l.segments, s)
}

// load reads the index of a segment, and makes it anew from the events when it is not to be read.
func (l *Log) load(name string, size int64) (*segment, error) {
	path := filepath.Join(l.dir, name)
	h, err := readHeader(path + indexSuffix)
	if err != nil {
		if h, err = l.reindex(path); err != nil {
			return nil, err
		}
	}
	s := newSegment(l.dir, name, h, size)
	s.idle = l.idle
	return s, nil
}

// reindex makes the index of a segment from its events.
func (l *Log) reindex(path string) (*header, error) {
	f, err := os.Open(path + dataSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("the file is missing")
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	tree, err := openTree(f)
	if err != nil {
		return nil, err
	}
	hourText, _ := tree.Lookup(metaHour)
	hour, err := strconv.ParseInt(hourText, 10, 64)
	if err != nil {
		return nil, errors.New("the file is no segment")
	}
	t := newTally(l.layout, hour)
	for _, g := range tree.RowGroups() {
		c := &columns{layout: l.layout, chunks: g.ColumnChunks(), rows: int(g.NumRows())}
		events, err := c.events(nil)
		if err != nil {
			return nil, err
		}
		if len(events) == 0 {
			return nil, errors.New("the file has an empty group")
		}
		t.group(pointers(events))
	}
	replaces, _ := tree.Lookup(metaReplaces)
	h := t.done(strings.Fields(replaces))
	if _, err := writeIndex(path+indexSuffix, h, t.filters); err != nil {
		return nil, err
	}
	return h, nil
}

func pointers(events []eventlog.Event) []*eventlog.Event {
	out := make([]*eventlog.Event, len(events))
	for i := range events {
		out[i] = &events[i]
	}
	return out
}

// adopt takes whole segments that the database does not know: a crash came before the commit, or the database is another
// one. One that replaces segments that are known is half of a change that did not happen, and goes; so does one that
// another unknown one replaces. The caller writes the rest to the database.
func (l *Log) adopt(files map[string]int64, live map[string]bool) ([]*segment, error) {
	var found []*segment
	replaced := map[string]bool{}
	for _, s := range l.segments {
		for _, r := range s.header.Replaces {
			replaced[r] = true
		}
	}
	for name, size := range files {
		if !id.Valid("seg", name) {
			continue // nothing of ours
		}
		s, err := l.load(name, size)
		if err != nil {
			l.damaged = append(l.damaged, name+": "+err.Error())
			continue
		}
		found = append(found, s)
		if !slices.ContainsFunc(s.header.Replaces, func(r string) bool { return live[r] }) {
			for _, r := range s.header.Replaces {
				replaced[r] = true
			}
		}
	}
	var out []*segment
	for _, s := range found {
		if replaced[s.id] || slices.ContainsFunc(s.header.Replaces, func(r string) bool { return live[r] }) {
			if err := removeFiles(l.dir, s.id); err != nil {
				return nil, fmt.Errorf("remove what a crash left: %w", err)
			}
			continue
		}
		out = append(out, s)
	}
	l.segments = append(l.segments, out...)
	return out, nil
}
