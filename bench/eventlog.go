package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"triward/internal/eventlog"
	"triward/internal/eventlog/eventlogtest"
	"triward/internal/eventlog/parquet"
)

// eventSizes are how many millions of events are searched: 1, 10 and 50, or what TRIWARD_BENCH_EVENTS says ("1,10"). Fifty
// million take some 7 GB of disk and ten minutes.
func eventSizes() ([]int, error) {
	text := os.Getenv("TRIWARD_BENCH_EVENTS")
	if text == "" {
		text = "1,10,50"
	}
	var out []int
	for _, part := range strings.Split(text, ",") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 1 || n > 1000 {
			return nil, fmt.Errorf("TRIWARD_BENCH_EVENTS: %q is no number of millions", part)
		}
		out = append(out, n)
	}
	return out, nil
}

// What stands once in the whole log, at a third of it.
const (
	rareAddress = "203.0.113.77"
	rareWord    = "zugspitzplatt"
)

// eventLog measures the embedded event log: writing, size, and searches over a month of events, and how they grow.
func (b *bench) eventLog() error {
	sizes, err := eventSizes()
	if err != nil {
		return err
	}
	for _, millions := range sizes {
		dir := filepath.Join(b.dir, fmt.Sprintf("events-%d", millions))
		if err := b.eventsOf(millions, dir); err != nil {
			return err
		}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	return nil
}

// eventsOf measures a log of so many million events.
func (b *bench) eventsOf(millions int, dir string) error {
	l, err := parquet.Open(b.ctx, b.db, dir)
	if err != nil {
		return err
	}
	defer l.Close(b.ctx) //nolint:errcheck // all was flushed
	name := fmt.Sprintf("%d M events: ", millions)
	end, err := b.writeEvents(l, name, millions*1_000_000)
	if err != nil {
		return err
	}
	if err := l.Compact(b.ctx); err != nil {
		return err
	}
	s, err := l.Stats(b.ctx)
	if err != nil {
		return err
	}
	b.note(row{figure: name + "stored, indexes and all", value: float64(s.Bytes) / float64(s.Events), unit: "bytes/event", peer: "target <= 130", than: 130})
	return b.searchEvents(l, name, end)
}

// writeEvents writes n events, as many in a second as make fifty millions in thirty days, and gives when they end. Only
// Append and Flush are measured, with the merging of small segments that goes on meanwhile.
func (b *bench) writeEvents(l *parquet.Log, name string, n int) (int64, error) {
	const portion = 100_000
	m := eventlogtest.NewMaker(1, 19)
	var wall, user time.Duration
	var raw, last int64
	for done := 0; done < n; {
		events := m.Events(min(portion, n-done))
		if at := n/3 - done; at >= 0 && at < len(events) {
			events[at].DstIP = rareAddress
			events[at].Raw = append(events[at].Raw, " "+rareWord...)
		}
		for i := range events {
			raw += int64(len(events[i].Raw))
		}
		last = events[len(events)-1].At()
		w, u := time.Now(), userTime()
		for from := 0; from < len(events); from += 5000 {
			if _, err := l.Append(b.ctx, events[from:min(len(events), from+5000)]); err != nil {
				return 0, err
			}
		}
		if err := l.Flush(b.ctx); err != nil {
			return 0, err
		}
		wall, user = wall+time.Since(w), user+userTime()-u
		done += len(events)
	}
	b.add(name+"original", float64(raw)/float64(n), "bytes/event")
	b.note(row{figure: name + "append and flush, user CPU", value: float64(n) / user.Seconds(), unit: "/s/core", peer: "target >= 150000", than: 150_000, more: true})
	b.add(name+"append and flush, wall", float64(n)/wall.Seconds(), "/s")
	return last, nil
}

// searchEvents measures the questions of an analyst.
func (b *bench) searchEvents(l *parquet.Log, name string, end int64) error {
	is := func(field, value string) []eventlog.Condition {
		return []eventlog.Condition{{Field: field, Op: eventlog.Is, Values: []string{value}}}
	}
	day := 24 * time.Hour.Microseconds()
	found := func(q eventlog.Query, want int) error {
		page, err := l.Search(b.ctx, q)
		if err == nil && (len(page.Events) < want || want == 0 && len(page.Events) > 0) {
			err = fmt.Errorf("%d events, not %d", len(page.Events), want)
		}
		return err
	}
	for _, a := range []struct {
		figure string
		times  int
		limit  float64 // milliseconds
		q      func(i int) eventlog.Query
		want   int // events; 0: none
	}{
		{"a device in the last day", 30, 200, func(i int) eventlog.Query {
			return eventlog.Query{From: end - day, Where: is("any.device", eventlogtest.Device(i*37))}
		}, 1},
		{"the newest page of all", 10, 200, func(int) eventlog.Query { return eventlog.Query{} }, 50},
		{"a rare address over all", 10, 1000, func(int) eventlog.Query { return eventlog.Query{Where: is("any.ip", rareAddress)} }, 1},
		{"an address that is nowhere, as a word, over all", 10, 1000, func(int) eventlog.Query { return eventlog.Query{Text: "203.0.113.78"} }, 0},
		{"a rare word over all", 10, 1000, func(int) eventlog.Query { return eventlog.Query{Text: rareWord} }, 1},
	} {
		if err := b.percentiles(name+a.figure, a.times, a.limit, func(i int) error { return found(a.q(i), a.want) }); err != nil {
			return err
		}
	}
	if err := b.percentiles(name+"count by class and hour", 5, 2000, func(int) error {
		_, err := l.Count(b.ctx, eventlog.Query{}, eventlog.Bucket{Width: 3_600_000_000, By: "class"})
		return err
	}); err != nil {
		return err
	}
	return b.percentiles(name+"count of refused logins by user", 5, 2000, func(int) error {
		q := eventlog.Query{Where: append(is("class", "3002"), is("outcome", "2")...)}
		_, err := l.Count(b.ctx, q, eventlog.Bucket{By: "user"})
		return err
	})
}
