package parquet

import (
	"slices"
	"testing"

	"triward/internal/eventlog/eventlogtest"
	"triward/internal/testdb"
)

// BenchmarkWrite is Append and Flush of portions of 131,072 events; one operation is one event. Run it with -cpu 1.
func BenchmarkWrite(b *testing.B) {
	const portion = 128 << 10
	l, err := Open(b.Context(), testdb.SQLite(b), b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	m, n := eventlogtest.NewMaker(1, 5000), 0
	b.ResetTimer()
	for n < b.N {
		b.StopTimer()
		events := m.Events(portion)
		b.StartTimer()
		for part := range slices.Chunk(events, 4096) {
			if _, err := l.Append(b.Context(), part); err != nil {
				b.Fatal(err)
			}
		}
		if err := l.Flush(b.Context()); err != nil {
			b.Fatal(err)
		}
		n += portion
	}
	b.StopTimer()
	s, err := l.Stats(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(s.Bytes)/float64(s.Events), "bytes/event")
	if err := l.leave(); err != nil {
		b.Fatal(err)
	}
}
