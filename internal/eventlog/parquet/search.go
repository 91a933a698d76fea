package parquet

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"

	"triward/internal/eventlog"
	"triward/internal/problem"
)

// place is a row group of a segment.
type place struct {
	segment *segment
	group   int
}

func (p place) info() *groupInfo { return &p.segment.header.Groups[p.group] }

// places are the groups that may have what is asked for.
func (q *query) places(s *snapshot) []place {
	var out []place
	for _, seg := range s.segments {
		for g := range seg.header.Groups {
			if q.overlaps(&seg.header.Groups[g]) {
				out = append(out, place{seg, g})
			}
		}
	}
	return out
}

// may asks the filter of a group.
func (q *query) may(p place) (bool, error) {
	if len(q.demand) == 0 {
		return true, nil
	}
	f, err := p.segment.open()
	if err != nil {
		return false, err
	}
	return p.info().may(f.index, q.demand)
}

// find reads which rows of a group fulfil the query; no columns: none can.
func (q *query) find(p place) (*columns, []int32, error) {
	ok, err := q.may(p)
	if err != nil || !ok {
		return nil, nil, err
	}
	c, err := p.segment.columns(q.layout, p.group)
	if err != nil {
		return nil, nil, err
	}
	rows, err := q.rows(c, p.info())
	return c, rows, err
}

// hit is an event that was found: in memory, or a row of a group.
type hit struct {
	mark  eventlog.Mark
	event *eventlog.Event
	at    place
	row   int32
}

// newest puts the later event first.
func newest(a, b hit) int { return compareMarks(b.mark, a.mark) }

func compareMarks(a, b eventlog.Mark) int {
	if c := cmp.Compare(a.At, b.At); c != 0 {
		return c
	}
	return compareIDs(a.ID, b.ID)
}

// Search gives a page of events. See eventlog.Reader.
func (l *Log) Search(ctx context.Context, eq eventlog.Query) (eventlog.Page, error) {
	q, err := l.layout.query(eq)
	if err != nil {
		return eventlog.Page{}, err
	}
	limit := cmp.Or(q.Limit, 50)
	s := l.snapshot()
	defer s.release()
	behind := func(m eventlog.Mark) bool { return q.After == (eventlog.Mark{}) || compareMarks(m, q.After) < 0 }
	var hits []hit
	s.inTail(q, func(e *eventlog.Event) {
		if m := eventlog.MarkOf(e); behind(m) {
			hits = append(hits, hit{mark: m, event: e})
		}
	})
	hits = best(hits, limit+1)
	places := q.places(s)
	slices.SortFunc(places, func(a, b place) int { return cmp.Compare(b.info().Last, a.info().Last) })
	for _, p := range places {
		if len(hits) > limit && p.info().Last < hits[limit].mark.At {
			break // every event of this group and of those to come is older
		}
		if q.After != (eventlog.Mark{}) && p.info().First > q.After.At {
			continue
		}
		if err := ctx.Err(); err != nil {
			return eventlog.Page{}, err
		}
		more, err := q.hits(p, limit+1)
		if err != nil {
			return eventlog.Page{}, err
		}
		for _, h := range more {
			if behind(h.mark) {
				hits = append(hits, h)
			}
		}
		hits = best(hits, limit+1)
	}
	var page eventlog.Page
	if len(hits) > limit {
		hits = hits[:limit]
		page.Next = hits[limit-1].mark
	}
	page.Events, err = l.fetch(hits)
	return page, err
}

func best(hits []hit, most int) []hit {
	slices.SortFunc(hits, newest)
	return hits[:min(len(hits), most)]
}

// hits are the newest events of a group, at least as many as asked for when it has them behind the mark of the query.
func (q *query) hits(p place, most int) ([]hit, error) {
	c, rows, err := q.find(p)
	if err != nil || c == nil || rows != nil && len(rows) == 0 {
		return nil, err
	}
	at, err := c.numbers(columnAt, rows)
	if err != nil {
		return nil, err
	}
	end := len(at)
	if q.After != (eventlog.Mark{}) {
		// Events of the mark's own time stand on both sides of it: all of them are looked at.
		end, _ = slices.BinarySearch(at, q.After.At+1)
		first, _ := slices.BinarySearch(at[:end], q.After.At)
		most += end - first
	}
	from := max(0, end-most)
	picked := make([]int32, 0, end-from)
	for i := from; i < end; i++ {
		if rows == nil {
			picked = append(picked, int32(i))
		} else {
			picked = append(picked, rows[i])
		}
	}
	ids, err := c.ids(picked)
	if err != nil {
		return nil, err
	}
	out := make([]hit, len(picked))
	for i, row := range picked {
		out[i] = hit{mark: eventlog.Mark{At: at[from+i], ID: ids[i]}, at: p, row: row}
	}
	return out, nil
}

// fetch reads the events of hits: each group once.
func (l *Log) fetch(hits []hit) ([]eventlog.Event, error) {
	out := make([]eventlog.Event, len(hits))
	byGroup := map[place][]int{}
	for i, h := range hits {
		if h.event != nil {
			out[i] = *h.event
		} else {
			byGroup[h.at] = append(byGroup[h.at], i)
		}
	}
	for p, at := range byGroup {
		slices.SortFunc(at, func(a, b int) int { return cmp.Compare(hits[a].row, hits[b].row) })
		rows := make([]int32, len(at))
		for i, j := range at {
			rows[i] = hits[j].row
		}
		c, err := p.segment.columns(l.layout, p.group)
		if err != nil {
			return nil, err
		}
		events, err := c.events(rows)
		if err != nil {
			return nil, err
		}
		for i, j := range at {
			out[j] = events[i]
		}
	}
	return out, nil
}

// Get gives one event. See eventlog.Reader.
func (l *Log) Get(ctx context.Context, id eventlog.ID) (eventlog.Event, error) {
	s := l.snapshot()
	defer s.release()
	for _, events := range s.tails {
		for _, e := range events {
			if e.ID == id {
				return *e, nil
			}
		}
	}
	for _, seg := range s.segments {
		if !seg.covers(id) {
			continue
		}
		for g := range seg.header.Groups {
			if err := ctx.Err(); err != nil {
				return eventlog.Event{}, err
			}
			c, err := seg.columns(l.layout, g)
			if err != nil {
				return eventlog.Event{}, err
			}
			ids, err := c.ids(nil)
			if err != nil {
				return eventlog.Event{}, err
			}
			row := slices.Index(ids, id)
			if row < 0 {
				continue
			}
			events, err := c.events([]int32{int32(row)})
			if err != nil {
				return eventlog.Event{}, err
			}
			return events[0], nil
		}
	}
	return eventlog.Event{}, problem.New(problem.NotFound, "there is no event %s", id)
}

const scanPortion = 1024

// cursor goes through what one group, or the memory, has of a scan.
type cursor struct {
	marks  []eventlog.Mark
	rows   []int32 // of the group
	source *columns
	tail   []*eventlog.Event // instead of rows
	next   int
	ready  []eventlog.Event // read ahead, from next on
}

func (c *cursor) mark() eventlog.Mark { return c.marks[c.next] }

// take gives the next event.
func (c *cursor) take() (eventlog.Event, error) {
	if c.tail != nil {
		c.next++
		return *c.tail[c.next-1], nil
	}
	if len(c.ready) == 0 {
		var err error
		if c.ready, err = c.source.events(c.rows[c.next:min(len(c.rows), c.next+scanPortion)]); err != nil {
			return eventlog.Event{}, err
		}
	}
	e := c.ready[0]
	c.ready = c.ready[1:]
	c.next++
	return e, nil
}

// Scan goes through events, oldest first. See eventlog.Reader.
func (l *Log) Scan(ctx context.Context, eq eventlog.Query, fn func([]eventlog.Event) error) error {
	eq.After, eq.Limit = eventlog.Mark{}, 0
	q, err := l.layout.query(eq)
	if err != nil {
		return err
	}
	s := l.snapshot()
	defer s.release()
	return q.scan(ctx, s, fn)
}

// scan merges the groups by time. A group is opened when its first event is due, so that few are in memory at once.
func (q *query) scan(ctx context.Context, s *snapshot, fn func([]eventlog.Event) error) error {
	places := q.places(s)
	slices.SortFunc(places, func(a, b place) int { return cmp.Compare(a.info().First, b.info().First) })
	var open []*cursor
	tail := &cursor{tail: []*eventlog.Event{}}
	s.inTail(q, func(e *eventlog.Event) { tail.tail = append(tail.tail, e) })
	slices.SortFunc(tail.tail, order)
	for _, e := range tail.tail {
		tail.marks = append(tail.marks, eventlog.MarkOf(e))
	}
	if len(tail.marks) > 0 {
		open = append(open, tail)
	}
	portion := make([]eventlog.Event, 0, scanPortion)
	for len(open)+len(places) > 0 {
		least := eventlog.Mark{At: math.MaxInt64}
		if len(open) > 0 {
			least = slices.MinFunc(open, func(a, b *cursor) int { return compareMarks(a.mark(), b.mark()) }).mark()
		}
		if len(places) > 0 && places[0].info().First <= least.At {
			if err := ctx.Err(); err != nil {
				return err
			}
			c, err := q.cursor(places[0])
			if err != nil {
				return err
			}
			places = places[1:]
			if c != nil {
				open = append(open, c)
			}
			continue
		}
		var err error
		if portion, open, err = step(portion, open, places); err != nil {
			return err
		}
		if len(portion) >= scanPortion || len(open)+len(places) == 0 {
			if err := errors.Join(ctx.Err(), fn(portion)); err != nil {
				return err
			}
			portion = portion[:0]
		}
	}
	if len(portion) > 0 {
		return fn(portion)
	}
	return nil
}

// step moves the events of the cursor that is furthest behind into the portion, until another one or a group that is not
// open is due.
func step(portion []eventlog.Event, open []*cursor, places []place) ([]eventlog.Event, []*cursor, error) {
	slices.SortFunc(open, func(a, b *cursor) int { return compareMarks(a.mark(), b.mark()) })
	c, until := open[0], eventlog.Mark{At: math.MaxInt64}
	if len(open) > 1 {
		until = open[1].mark()
	}
	if len(places) > 0 && places[0].info().First < until.At {
		until = eventlog.Mark{At: places[0].info().First}
	}
	for first := true; c.next < len(c.marks) && len(portion) < scanPortion && (first || compareMarks(c.mark(), until) < 0); first = false {
		e, err := c.take()
		if err != nil {
			return portion, open, err
		}
		portion = append(portion, e)
	}
	if c.next == len(c.marks) {
		open = open[1:]
	}
	return portion, open, nil
}

// cursor begins to go through a group; nil when it has nothing.
func (q *query) cursor(p place) (*cursor, error) {
	c, rows, err := q.find(p)
	if err != nil || c == nil || rows != nil && len(rows) == 0 {
		return nil, err
	}
	if rows == nil {
		rows = make([]int32, c.rows)
		for i := range rows {
			rows[i] = int32(i)
		}
	}
	at, err1 := c.numbers(columnAt, rows)
	ids, err2 := c.ids(rows)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	marks := make([]eventlog.Mark, len(rows))
	for i := range marks {
		marks[i] = eventlog.Mark{At: at[i], ID: ids[i]}
	}
	return &cursor{marks: marks, rows: rows, source: c}, nil
}
