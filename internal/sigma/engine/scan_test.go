package engine_test

import (
	"encoding/json"
	"strings"
	"testing"

	"triward/internal/sigma"
	"triward/internal/sigma/engine"
	"triward/internal/sigma/sigmatest"
	"triward/internal/testdata"
)

// everyMeaning is one rule of each row of the table.
func everyMeaning(t testing.TB) sigma.Set {
	var set sigma.Set
	for _, m := range meanings {
		set.Add(ruleOf(t, m.detection))
	}
	return set
}

// The engine takes any bytes; on JSON it agrees with the interpreter. Where encoding/json reads something else than one
// object, both see a text, save that the engine does not look into numbers.
func FuzzRecord(f *testing.F) {
	for _, m := range meanings {
		for _, line := range m.yes {
			f.Add([]byte(line))
		}
	}
	set, workers := workersOf(f, everyMeaning(f))
	own := sigma.LogSource{Product: "p"}
	f.Fuzz(func(t *testing.T, line []byte) {
		w := workers[0]
		w.Reset()
		w.Read(line)
		hits := map[int]bool{}
		for _, h := range w.Match(own) {
			hits[h] = true
			w.Explain(h)
		}
		if !json.Valid(line) || deep(line) {
			return
		}
		event := sigmatest.Parse(line)
		for i, r := range set.Rules {
			if want := sigmatest.Fires(r, event, []sigma.LogSource{own}); want != hits[i] {
				t.Errorf("%s: the engine says %v on %q", meanings[i].detection, hits[i], line)
			}
		}
	})
}

// deep says whether a record is nested deeper than the engine reads.
func deep(line []byte) bool {
	return strings.Count(string(line), "{")+strings.Count(string(line), "[") > 30
}

func TestRecordCutAtEveryByte(t *testing.T) {
	set, workers := workersOf(t, everyMeaning(t))
	w := workers[0]
	line := `{"A":["x",1.5,{"B":null}],"C":"a\\\"b\u00e9","winlog":{"event_data":{"Image":true}}}`
	for i := range len(line) + 1 {
		w.Reset()
		w.Read([]byte(line[:i]))
		for _, h := range w.Match(sigma.LogSource{Product: "p"}) {
			if want := sigmatest.Fires(set.Rules[h], sigmatest.Parse([]byte(line[:i])), []sigma.LogSource{{Product: "p"}}); !want {
				t.Errorf("%s fires on %s", meanings[h].detection, line[:i])
			}
		}
	}
}

func TestNothingIsAllocated(t *testing.T) {
	events := lines(testdata.Zst(t, "events/windows-otrf.jsonl.zst"), 37)
	for name, o := range map[string]engine.Options{"routed": {}, "everywhere": {Everywhere: true}} {
		t.Run(name, func(t *testing.T) {
			e, _ := engine.Compile(sigmaHQ(t).set, o)
			w := e.Worker()
			run := func() {
				for _, line := range events {
					w.Reset()
					w.Set("dev.id", "dev_1")
					w.Read(line)
					w.Match()
				}
			}
			run()
			if n := testing.AllocsPerRun(1, run); n/float64(len(events)) > 0.01 {
				t.Errorf("%v allocations for %d events", n, len(events))
			}
		})
	}
}

// A rule and an event made to be slow take time in proportion to the event, not more.
func TestNoRuleStopsTheEngine(t *testing.T) {
	var stars strings.Builder
	for range 200 {
		stars.WriteString("*a")
	}
	set := ruleOf(t, "s: {A|re: '(a+)+(a+)+(a|aa)+b'}\nt: {A|contains: '"+stars.String()+"b'}\nk: ['"+stars.String()+"b']\ncondition: s or t or k")
	e, _ := engine.Compile(set, engine.Options{})
	w := e.Worker()
	w.Reset()
	w.Read([]byte(`{"A":"` + strings.Repeat("a", 1<<20) + `"}`))
	if hits := w.Match(sigma.LogSource{Product: "p"}); len(hits) != 0 {
		t.Error("it fires")
	}
	if _, err := sigma.Parse("f", []byte("title: T\nlogsource: {}\ndetection: {s: {A|re: '((a{100}){100}){100}'}, condition: s}"), sigma.Options{}); err == nil {
		t.Error("an expression of a million steps compiles")
	}
}
