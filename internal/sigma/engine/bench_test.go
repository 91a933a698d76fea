package engine_test

import (
	"bytes"
	"encoding/json"
	"syscall"
	"testing"
	"time"

	"triward/internal/sigma"
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

// The pairs are mostly the creation of processes, for which there are the most rules.
func BenchmarkProcesses(b *testing.B) {
	set := sigmaHQ(b).set
	e, _ := engine.Compile(set, engine.Options{})
	w := e.Worker()
	var events [][]byte
	for _, p := range pairs(b) {
		for _, line := range p.events {
			var c bytes.Buffer
			if err := json.Compact(&c, line); err != nil {
				b.Fatal(err)
			}
			events = append(events, c.Bytes())
		}
	}
	before, used := w.Stats(), cpu(b)
	i := 0
	for b.Loop() {
		w.MatchLine(events[i%len(events)])
		i++
	}
	s := w.Stats()
	b.ReportMetric(float64(cpu(b)-used)/float64(s.Events-before.Events), "cpu-ns/event")
	b.ReportMetric(float64(s.Candidates-before.Candidates)/float64(s.Events-before.Events), "candidates/event")
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

// The indexes of a log source are built when its first event comes.
func BenchmarkFirstEvents(b *testing.B) {
	set := sigmaHQ(b).set
	sources := map[sigma.LogSource]bool{}
	for _, r := range set.Rules {
		sources[r.LogSource] = true
	}
	for b.Loop() {
		b.StopTimer()
		e, _ := engine.Compile(set, engine.Options{})
		w := e.Worker()
		b.StartTimer()
		used := cpu(b)
		for s := range sources {
			w.Reset()
			w.Match(s)
		}
		b.ReportMetric(float64(cpu(b)-used)/1e6, "cpu-ms")
	}
}
