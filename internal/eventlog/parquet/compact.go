package parquet

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"triward/internal/eventlog"
	"triward/internal/store"
)

// Small segments of an hour become one: each time there are enough of about one size, and what is left when the hour is
// over. When the day is over, its small hours become one. Segments of one group and more are good as they are.
const (
	smallRows  = groupRows
	tierFactor = 8
)

// compactWhenAsked merges small segments behind the back of those who append, until the log is closed.
func (l *Log) compactWhenAsked() {
	defer l.done.Done()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go func() {
		<-l.closed
		stop()
	}()
	for {
		select {
		case <-l.closed:
			return
		case <-l.compact:
		}
		if err := l.Compact(ctx); err != nil && ctx.Err() == nil {
			slog.Error("merge segments of the event log", "error", err)
		}
	}
}

// Compact merges the small segments that are due.
func (l *Log) Compact(ctx context.Context) error {
	for {
		l.merging.Lock()
		more, err := l.compactOnce(ctx)
		l.merging.Unlock()
		if err != nil || !more {
			return err
		}
	}
}

// compactOnce merges one set of segments, and reports whether there was one. The caller holds merging.
func (l *Log) compactOnce(ctx context.Context) (bool, error) {
	due := l.due()
	if len(due) == 0 || l.unsettled {
		return false, nil
	}
	s := &snapshot{segments: hold(due)}
	defer s.release()
	q, err := l.layout.query(eventlog.Query{})
	if err != nil {
		return false, err
	}
	replaces := names(due)
	merged, err := l.writeSegment(due[0].header.Hour, replaces, func(add func(*eventlog.Event) error) error {
		return q.scan(ctx, s, func(events []eventlog.Event) error {
			for i := range events {
				e := events[i] // the portion is used again, the writer keeps the event until its group is full
				if err := add(&e); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		return false, fmt.Errorf("merge segments: %w", err)
	}
	return true, l.replace(ctx, due, merged)
}

func names(segments []*segment) []string {
	out := make([]string, len(segments))
	for i, s := range segments {
		out[i] = s.id
	}
	return out
}

func dayOf(us int64) int64 {
	day := 24 * time.Hour.Microseconds()
	return us - us%day
}

// due are segments of one hour, or of a day that is over, that should become one.
func (l *Log) due() []*segment {
	l.mu.RLock()
	defer l.mu.RUnlock()
	newest := int64(0)
	for _, s := range l.segments {
		newest = max(newest, s.header.Hour)
	}
	spans := map[int64][]*segment{}
	for _, s := range l.segments {
		if s.header.Events >= smallRows {
			continue
		}
		span := s.header.Hour
		if dayOf(span) < dayOf(newest) {
			span = dayOf(span)
		}
		spans[span] = append(spans[span], s)
	}
	for _, span := range slices.Sorted(maps.Keys(spans)) {
		small := spans[span]
		if span < hourOf(newest) {
			if len(small) > 1 {
				return small
			}
			continue
		}
		tiers := map[int][]*segment{}
		for _, s := range small {
			tier := 0
			for n := s.header.Events; n >= tierFactor; n /= tierFactor {
				tier++
			}
			if tiers[tier] = append(tiers[tier], s); len(tiers[tier]) == tierFactor {
				return tiers[tier]
			}
		}
	}
	return nil
}

// replace puts one segment, or none, in the place of others. The caller holds merging.
func (l *Log) replace(ctx context.Context, old []*segment, with *segment) error {
	waiting, removed := l.removals()
	err := l.db.Bulk(ctx, func(b *store.Bulk) error {
		if with != nil {
			if err := insertSegment(ctx, b, with); err != nil {
				return err
			}
		}
		for _, s := range old {
			if err := markGone(ctx, b, s.id); err != nil {
				return err
			}
		}
		for _, name := range removed {
			if err := deleteSegment(ctx, b, name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		// Whether the commit happened may be unknown. The files of both sides stay, and the next start knows.
		l.unsettled = true
		return fmt.Errorf("replace segments: %w", err)
	}
	l.mu.Lock()
	kept := slices.DeleteFunc(slices.Clone(l.segments), func(s *segment) bool { return slices.Contains(old, s) })
	if with != nil {
		kept = append(kept, with)
	}
	l.segments = kept
	l.known = slices.DeleteFunc(l.known, func(s *segment) bool { return slices.Contains(old, s) })
	l.removed = append(waiting, names(old)...)
	l.mu.Unlock()
	for _, s := range old {
		s.forget()
		s.remove()
	}
	return nil
}

// removals parts the segments that were replaced: those that somebody still reads, and those whose files are gone, so that
// the database may forget them.
func (l *Log) removals() (waiting, removed []string) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, name := range l.removed {
		if _, err := os.Stat(filepath.Join(l.dir, name+dataSuffix)); errors.Is(err, fs.ErrNotExist) {
			removed = append(removed, name)
		} else {
			waiting = append(waiting, name)
		}
	}
	return waiting, removed
}

// Expire removes what is too old and under no hold. See eventlog.Keeper. A segment of which nothing stays goes whole; one
// of which something stays is written anew without the rest.
func (l *Log) Expire(ctx context.Context, e eventlog.Expiry) (eventlog.Expired, error) {
	holds := make([]*query, len(e.Holds))
	for i, h := range e.Holds {
		var err error
		if holds[i], err = l.layout.query(h); err != nil {
			return eventlog.Expired{}, err
		}
	}
	if err := l.Flush(ctx); err != nil {
		return eventlog.Expired{}, err
	}
	l.merging.Lock()
	defer l.merging.Unlock()
	s := l.snapshot()
	defer s.release()
	x := expiry{e, holds}
	plan := eventlog.Expired{ByClass: map[int]int64{}}
	left := map[*segment]int64{} // of each segment that loses events, how many stay
	for _, seg := range s.segments {
		if !tooOld(seg, e) {
			continue
		}
		n, err := l.expired(ctx, seg, x, &plan)
		if err != nil {
			return eventlog.Expired{}, err
		}
		if n > 0 {
			left[seg] = seg.header.Events - n
		}
	}
	if plan.Events == 0 {
		return plan, nil
	}
	if l.unsettled {
		return eventlog.Expired{}, fmt.Errorf("expire events: an earlier change is not settled, a new start settles it")
	}
	if e.Record != nil {
		if err := e.Record(plan); err != nil {
			return eventlog.Expired{}, fmt.Errorf("expire events: %w", err)
		}
	}
	for seg, n := range left {
		if err := l.expire(ctx, seg, x, n); err != nil {
			return eventlog.Expired{}, fmt.Errorf("expire events: %w", err)
		}
	}
	return plan, nil
}

// expiry is a run with its holds made ready.
type expiry struct {
	eventlog.Expiry
	holds []*query
}

// stays reports whether an event is kept.
func (x *expiry) stays(e *eventlog.Event) bool {
	before := x.Retention.Before(e.Class, x.Now)
	return before == 0 || e.Received >= before || slices.ContainsFunc(x.holds, func(q *query) bool { return q.matcher.Match(e) })
}

// tooOld reports whether a segment may have events that are too old.
func tooOld(s *segment, e eventlog.Expiry) bool {
	for _, g := range s.header.Groups {
		for _, c := range g.Classes {
			if before := e.Retention.Before(c.Class, e.Now); before != 0 && c.Oldest < before {
				return true
			}
		}
	}
	return false
}

// expired adds to the plan what goes from a segment, and gives how many that are.
func (l *Log) expired(ctx context.Context, s *segment, x expiry, plan *eventlog.Expired) (n int64, err error) {
	err = l.each(ctx, s, func(e *eventlog.Event) error {
		if x.stays(e) {
			return nil
		}
		if plan.Events == 0 || e.Received < plan.Oldest {
			plan.Oldest = e.Received
		}
		n++
		plan.Events++
		plan.ByClass[e.Class]++
		plan.Newest = max(plan.Newest, e.Received)
		return nil
	})
	return n, err
}

// each goes through the events of a segment in order.
func (l *Log) each(ctx context.Context, s *segment, fn func(e *eventlog.Event) error) error {
	q, err := l.layout.query(eventlog.Query{})
	if err != nil {
		return err
	}
	return q.scan(ctx, &snapshot{segments: []*segment{s}}, func(events []eventlog.Event) error {
		for i := range events {
			e := events[i] // the portion is used again
			if err := fn(&e); err != nil {
				return err
			}
		}
		return nil
	})
}

// expire puts in the place of a segment one with the events that stay, when some do.
func (l *Log) expire(ctx context.Context, s *segment, x expiry, stay int64) error {
	var with *segment
	if stay > 0 {
		var err error
		with, err = l.writeSegment(s.header.Hour, []string{s.id}, func(add func(*eventlog.Event) error) error {
			return l.each(ctx, s, func(e *eventlog.Event) error {
				if !x.stays(e) {
					return nil
				}
				return add(e)
			})
		})
		if err != nil {
			return err
		}
	}
	return l.replace(ctx, []*segment{s}, with)
}
