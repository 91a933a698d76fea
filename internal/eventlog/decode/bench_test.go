package decode

import (
	"testing"
	"time"

	"triward/internal/eventlog"
)

func BenchmarkAppend(b *testing.B) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		b.Fatal(err)
	}
	for _, s := range seeds {
		switch s.name {
		case "bundle", "array", "plain", "binary", "empty":
			continue
		}
		b.Run(s.name, func(b *testing.B) {
			d := New([]byte("0123456789abcdef"))
			in := input(s.payload)
			in.Format, in.Name, in.Zone = s.format, "conn.log", berlin
			var events []eventlog.Event
			b.SetBytes(int64(len(s.payload)))
			b.ReportAllocs()
			for b.Loop() {
				events = d.Append(events[:0], in)
			}
		})
	}
}
