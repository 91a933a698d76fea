package parquet

import (
	"testing"

	"triward/internal/eventlog"
	"triward/internal/eventlog/eventlogtest"
	"triward/internal/testdb"
)

// BenchmarkDevice is a page of a device's newest events among a million of two thousand devices.
func BenchmarkDevice(b *testing.B) {
	l, err := Open(b.Context(), testdb.SQLite(b), b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	m := eventlogtest.NewMaker(1, 19)
	for range 5 {
		if _, err := l.Append(b.Context(), m.Events(100_000)); err != nil {
			b.Fatal(err)
		}
		if err := l.Flush(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	if err := l.Compact(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for i := range b.N {
		q := eventlog.Query{Where: []eventlog.Condition{{Field: "any.device", Op: eventlog.Is, Values: []string{eventlogtest.Device(i * 37)}}}}
		if page, err := l.Search(b.Context(), q); err != nil || len(page.Events) < 50 {
			b.Fatal(len(page.Events), err)
		}
	}
	b.StopTimer()
	if err := l.leave(); err != nil {
		b.Fatal(err)
	}
}
