package engine_test

import (
	"syscall"
	"testing"
	"time"

	"triward/internal/sigma/engine"
	"triward/internal/testdata"
)

func BenchmarkMatch(b *testing.B) {
	set := sigmaHQ(b).set
	events := lines(testdata.Zst(b, "events/windows-otrf.jsonl.zst"), 1)
	for name, o := range map[string]engine.Options{"routed": {}, "everywhere": {Everywhere: true}} {
		b.Run(name, func(b *testing.B) {
			e, _ := engine.Compile(set, o)
			w := e.Worker()
			for _, line := range events[:5000] {
				w.MatchLine(line)
			}
			before, used := w.Stats(), cpu(b)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				w.MatchLine(events[i%len(events)])
				i++
			}
			s := w.Stats()
			b.ReportMetric(float64(cpu(b)-used)/float64(s.Events-before.Events), "cpu-ns/event")
			b.ReportMetric(float64(s.Candidates-before.Candidates)/float64(s.Events-before.Events), "candidates/event")
			b.ReportMetric(float64(s.Hits-before.Hits)/float64(s.Events-before.Events), "hits/event")
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	set := sigmaHQ(b).set
	for b.Loop() {
		engine.Compile(set, engine.Options{})
	}
}

// cpu is what the process has used; on a machine that others use too it tells more than the clock.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
