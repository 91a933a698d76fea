package decode

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"triward/internal/eventlog"
	"triward/internal/testdata"
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

// BenchmarkAudit decodes the real audit messages inside of RFC 5424.
func BenchmarkAudit(b *testing.B) {
	files, err := filepath.Glob(filepath.Join(testdata.Path(b, "atna"), "*.xml"))
	if err != nil {
		b.Fatal(err)
	}
	var messages [][]byte
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			b.Fatal(err)
		}
		messages = append(messages, append([]byte("<85>1 2026-03-01T09:00:00.000Z pacs.example.org emitter 77 IHE+RFC-3881 - \ufeff"), text...))
	}
	d := New([]byte("0123456789abcdef"))
	var events []eventlog.Event
	i, in := 0, input("")
	b.ReportAllocs()
	for b.Loop() {
		in.Payload = messages[i%len(messages)]
		i++
		events = d.Append(events[:0], in)
	}
}
