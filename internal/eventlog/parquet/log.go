package parquet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"triward/internal/eventlog"
	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/store"
)

// Log is an event log in a folder. It implements eventlog.Log.
type Log struct {
	db     *store.DB
	dir    string
	lock   *os.File
	layout *layout
	idle   *idle

	appending sync.Mutex // one Append at a time
	writing   sync.Mutex // one Flush at a time
	merging   sync.Mutex // one compaction or expiry at a time; a Flush does not wait for it

	mu       sync.RWMutex // what follows; never held while a file is touched
	segments []*segment   // replaced, never changed
	tail     *tail
	flushing *tail      // on its way to disk, still searched; nil: none
	written  []*segment // of flushing, when the database is not yet told
	damaged  []string   // segments that cannot be read
	removed  []string   // segments whose rows are to be deleted, because their files are gone
	known    []*segment // whose ids are loaded, the longest unused first

	compact   chan struct{}
	closed    chan struct{}
	done      sync.WaitGroup
	unsettled bool // a commit failed in a way that leaves open whether it happened: no segment is replaced until the next start
}

// tail are events in memory.
type tail struct {
	events []*eventlog.Event
	ids    map[eventlog.ID]struct{}
	bytes  int64
}

func newTail() *tail { return &tail{ids: map[eventlog.ID]struct{}{}} }

// Bounds of the tail: over them Append flushes first.
const (
	tailEvents = 512 << 10
	tailBytes  = 512 << 20
	knownIDs   = 8 << 20 // ids kept in memory to find what comes again
)

// Open opens the log in a folder, which it makes when it is not there. Another log on the same folder is refused.
func Open(ctx context.Context, db *store.DB, dir string) (*Log, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open event log: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open event log: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		return nil, problem.New(problem.Conflict, "another process uses the event log in %s", dir)
	}
	l := &Log{db: db, dir: dir, lock: lock, layout: newLayout(), idle: &idle{}, tail: newTail(),
		compact: make(chan struct{}, 1), closed: make(chan struct{})}
	if err := l.recover(ctx); err != nil {
		lock.Close()
		return nil, fmt.Errorf("open event log: %w", err)
	}
	l.done.Add(1)
	go l.compactWhenAsked()
	return l, nil
}

// Close flushes and gives the folder free.
func (l *Log) Close(ctx context.Context) error {
	err := l.Flush(ctx)
	return errors.Join(err, l.leave())
}

// leave gives the folder free without writing what is in memory.
func (l *Log) leave() error {
	close(l.closed)
	l.done.Wait()
	for _, s := range l.segments {
		s.close()
	}
	return l.lock.Close()
}

// Append takes events. See eventlog.Writer.
func (l *Log) Append(ctx context.Context, events []eventlog.Event) (int, error) {
	size := int64(0)
	for i := range events {
		if err := events[i].Validate(); err != nil {
			return 0, err
		}
		size += int64(len(events[i].Raw))
	}
	l.appending.Lock()
	defer l.appending.Unlock()
	if t := l.tailSize(); len(t.events)+len(events) > tailEvents || t.bytes+size > tailBytes {
		if err := l.Flush(ctx); err != nil {
			return 0, err
		}
	}
	fresh, err := l.fresh(events)
	if err != nil {
		return 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	added := 0
	for _, e := range fresh {
		if _, twice := l.tail.ids[e.ID]; twice {
			continue
		}
		l.tail.ids[e.ID] = struct{}{}
		l.tail.events = append(l.tail.events, e)
		l.tail.bytes += int64(len(e.Raw))
		added++
	}
	return added, nil
}

func (l *Log) tailSize() tail {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return *l.tail
}

// fresh are the events that are in no segment and not on their way to one.
func (l *Log) fresh(events []eventlog.Event) ([]*eventlog.Event, error) {
	l.mu.RLock()
	var flushing map[eventlog.ID]struct{}
	if l.flushing != nil {
		flushing = l.flushing.ids
	}
	segments := hold(l.segments)
	l.mu.RUnlock()
	defer releaseAll(segments)

	out := make([]*eventlog.Event, 0, len(events))
	near := l.near(segments, events)
	for i := range events {
		e := &events[i]
		if _, there := flushing[e.ID]; there {
			continue
		}
		there := false
		for _, s := range near {
			if !s.covers(e.ID) {
				continue
			}
			ids, err := l.idsOf(s)
			if err != nil {
				return nil, err
			}
			if _, there = slices.BinarySearchFunc(ids, e.ID, compareIDs); there {
				break
			}
		}
		if !there {
			out = append(out, e)
		}
	}
	return out, nil
}

// near are the segments whose ranges of ids touch those of the events.
func (l *Log) near(segments []*segment, events []eventlog.Event) []*segment {
	ranges := map[uint64]*idRange{}
	for i := range events {
		id := events[i].ID
		key := rangeKey(id)
		r := ranges[key]
		if r == nil {
			ranges[key] = &idRange{Key: key, Least: id, Most: id}
			continue
		}
		if compareIDs(id, r.Least) < 0 {
			r.Least = id
		}
		if compareIDs(id, r.Most) > 0 {
			r.Most = id
		}
	}
	var out []*segment
	for _, s := range segments {
		for _, r := range ranges {
			if s.touches(*r) {
				out = append(out, s)
				break
			}
		}
	}
	return out
}

// idsOf are the sorted ids of a segment. Those of the last segments stay in memory.
func (l *Log) idsOf(s *segment) ([]eventlog.ID, error) {
	ids, err := s.allIDs(l.layout)
	if err != nil {
		return nil, err
	}
	var forget []*segment
	l.mu.Lock()
	if n := len(l.known); n == 0 || l.known[n-1] != s {
		if at := slices.Index(l.known, s); at >= 0 {
			l.known = slices.Delete(l.known, at, at+1)
		}
		l.known = append(l.known, s)
		total := int64(0)
		for i := len(l.known) - 1; i >= 0; i-- {
			if total += l.known[i].header.Events; total > knownIDs && i < len(l.known)-1 {
				forget = slices.Clone(l.known[:i+1])
				l.known = slices.Clone(l.known[i+1:])
				break
			}
		}
	}
	l.mu.Unlock()
	for _, s := range forget {
		s.forget()
	}
	return ids, nil
}

// Flush writes what is in memory. See eventlog.Writer.
func (l *Log) Flush(ctx context.Context) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	// What an earlier Flush could not finish comes first: its events are older, and its files may be there already.
	for range 2 {
		l.mu.Lock()
		if l.flushing == nil && len(l.tail.events) > 0 {
			l.flushing, l.tail = l.tail, newTail()
		}
		flushing, written := l.flushing, l.written
		again := len(l.tail.events) > 0
		l.mu.Unlock()
		if flushing == nil {
			return nil
		}
		if written == nil {
			var err error
			if written, err = l.write(flushing); err != nil {
				return fmt.Errorf("flush events: %w", err)
			}
			l.mu.Lock()
			l.written = written
			l.mu.Unlock()
		}
		err := l.db.Bulk(ctx, func(b *store.Bulk) error {
			for _, s := range written {
				if err := insertSegment(ctx, b, s); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("flush events: %w", err)
		}
		l.mu.Lock()
		l.segments = append(slices.Clone(l.segments), written...)
		l.flushing, l.written = nil, nil
		l.mu.Unlock()
		select {
		case l.compact <- struct{}{}:
		default:
		}
		if !again {
			return nil
		}
	}
	return nil
}

// write makes segments of a tail, one for each hour of receipt.
func (l *Log) write(t *tail) (out []*segment, err error) {
	hours := map[int64][]*eventlog.Event{}
	for _, e := range t.events {
		h := hourOf(e.Received)
		hours[h] = append(hours[h], e)
	}
	defer func() {
		if err != nil {
			for _, s := range out {
				removeFiles(l.dir, s.id) //nolint:errcheck // the next start removes what is left
			}
			out = nil
		}
	}()
	for hour, events := range hours {
		slices.SortFunc(events, order)
		s, err := l.writeSegment(hour, nil, func(add func(*eventlog.Event) error) error {
			for _, e := range events {
				if err := add(e); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return out, err
		}
		out = append(out, s)
	}
	return out, nil
}

func hourOf(us int64) int64 {
	hour := time.Hour.Microseconds()
	return us - us%hour
}

// writeSegment writes what fill adds, in order.
func (l *Log) writeSegment(hour int64, replaces []string, fill func(add func(*eventlog.Event) error) error) (*segment, error) {
	name, err := id.New("seg")
	if err != nil {
		return nil, err
	}
	w, err := newSegmentWriter(l.layout, l.dir, name, hour)
	if err != nil {
		return nil, err
	}
	if err := fill(w.add); err != nil {
		w.abandon()
		return nil, err
	}
	s, err := w.close(replaces)
	if err != nil {
		return nil, err
	}
	s.idle = l.idle
	return s, nil
}

// hold keeps the files of segments until releaseAll.
func hold(segments []*segment) []*segment {
	for _, s := range segments {
		s.hold()
	}
	return segments
}

func releaseAll(segments []*segment) {
	for _, s := range segments {
		s.release()
	}
}

// snapshot is what there is at one moment.
type snapshot struct {
	segments []*segment
	tails    [2][]*eventlog.Event
}

// snapshot holds what there is; the caller releases it.
func (l *Log) snapshot() *snapshot {
	l.mu.RLock()
	defer l.mu.RUnlock()
	s := &snapshot{segments: hold(l.segments)}
	s.tails[0] = l.tail.events
	if l.flushing != nil {
		s.tails[1] = l.flushing.events
	}
	return s
}

func (s *snapshot) release() { releaseAll(s.segments) }

// inTail calls fn with the events in memory that match.
func (s *snapshot) inTail(q *query, fn func(e *eventlog.Event)) {
	for _, events := range s.tails {
		for _, e := range events {
			if q.matcher.Match(e) {
				fn(e)
			}
		}
	}
}

// Stats says how much there is.
func (l *Log) Stats(context.Context) (eventlog.Stats, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var out eventlog.Stats
	see := func(first, last int64) {
		if out.Events == 0 || first < out.Oldest {
			out.Oldest = first
		}
		out.Newest = max(out.Newest, last)
	}
	for _, s := range l.segments {
		see(s.bounds())
		out.Events += s.header.Events
		out.Bytes += s.bytes
		out.Segments++
	}
	for _, t := range []*tail{l.tail, l.flushing} {
		if t == nil {
			continue
		}
		for _, e := range t.events {
			see(e.At(), e.At())
			out.Events++
			out.Pending++
		}
	}
	out.Damaged = slices.Clone(l.damaged)
	return out, nil
}
