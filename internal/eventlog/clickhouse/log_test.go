package clickhouse

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"triward/internal/eventlog"
	"triward/internal/eventlog/eventlogtest"
)

func openLog(t *testing.T, address string) *Log {
	t.Helper()
	l, err := Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestSuite(t *testing.T) {
	for name, start := range map[string]func(*testing.T) *eventlogtest.ClickHouse{"shards": eventlogtest.Shards, "replicas": eventlogtest.Replicas} {
		t.Run(name, func(t *testing.T) {
			cluster := start(t)
			eventlogtest.Run(t, func(t *testing.T) eventlogtest.Place {
				address := cluster.Fresh()
				return eventlogtest.Place{
					Late: true,
					Open: func(t *testing.T) eventlog.Log { return openLog(t, address) },
					Kill: func(t *testing.T, l eventlog.Log) {
						if err := l.(*Log).disconnect(); err != nil {
							t.Fatal(err)
						}
					},
				}
			})
		})
	}
}

// Both shards have a part, and two processes that write the same at the same moment leave nothing twice in any answer.
func TestTwoProcessesOnTwoShards(t *testing.T) {
	address := eventlogtest.Shards(t).Fresh()
	a, b := openLog(t, address), openLog(t, address)
	events := eventlogtest.NewMaker(1, 1000).Events(2000)
	var group sync.WaitGroup
	for _, l := range []*Log{a, b} {
		if _, err := l.Append(t.Context(), slices.Clone(events)); err != nil {
			t.Fatal(err)
		}
	}
	for _, l := range []*Log{a, b} {
		group.Go(func() {
			if err := l.Flush(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for _, c := range a.each {
		var n uint64
		if err := c.QueryRow(t.Context(), "SELECT uniqExact(id) FROM "+a.options.table("event_local")).Scan(&n); err != nil || n < 800 || n > 1200 {
			t.Errorf("a shard has %d of %d events, %v", n, len(events), err)
		}
	}
	counts, err := b.Count(t.Context(), eventlog.Query{}, eventlog.Bucket{})
	if err != nil || len(counts) != 1 || counts[0].N != int64(len(events)) {
		t.Errorf("counts %v, %v", counts, err)
	}
	seen := map[eventlog.ID]int{}
	if err := b.Scan(t.Context(), eventlog.Query{}, func(events []eventlog.Event) error {
		for i := range events {
			seen[events[i].ID]++
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	q := eventlog.Query{Limit: 999}
	for {
		page, err := a.Search(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for i := range page.Events {
			seen[page.Events[i].ID]++
		}
		if q.After = page.Next; q.After == (eventlog.Mark{}) {
			break
		}
	}
	for _, e := range events {
		if seen[e.ID] != 2 {
			t.Fatalf("event %s is %d times in a scan and pages", e.ID, seen[e.ID])
		}
	}
	for _, l := range []*Log{a, b} {
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// After a Flush whose end nobody knows, what is there already is not written again.
func TestFlushIsTriedAgain(t *testing.T) {
	l := openLog(t, eventlogtest.Shards(t).Fresh())
	if _, err := l.Append(t.Context(), eventlogtest.NewMaker(1, 1000).Events(300)); err != nil {
		t.Fatal(err)
	}
	waiting := slices.Clone(l.waiting)
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.waiting, l.unsure = waiting, true // as if the answer had been lost
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	var n uint64
	if err := l.all.QueryRow(t.Context(), "SELECT count() FROM "+l.options.table("event")).Scan(&n); err != nil || n != 300 {
		t.Errorf("%d rows, %v", n, err)
	}
	dead, stop := context.WithCancel(t.Context())
	stop()
	if _, err := l.Append(dead, eventlogtest.NewMaker(2, 1000).Events(3)); err == nil {
		t.Error("events are taken without a server that can be asked")
	}
	if err := l.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAddressIsRefused(t *testing.T) {
	for _, address := range []string{"clickhouse://u:secret@127.0.0.1:1/a-b", "clickhouse://u:secret@127.0.0.1:1/d?cluster=a'b", "clickhouse://u:secret@127.0.0.1:1/d?dial_timeout=secret", "http://[::1"} {
		_, err := Open(t.Context(), address)
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s gives %v", address, err)
		}
	}
}
