package main

import (
	"bytes"
	"fmt"
	"math"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"triward/internal/content"
	"triward/internal/problem"
	"triward/internal/sigma"
	"triward/internal/sigma/engine"
	"triward/internal/testdata"
)

// sigma measures the Sigma engine over real Windows events with the rules of SigmaHQ, the reading of JSON included.
func (b *bench) sigma() error {
	if b.data == "" {
		return nil
	}
	text, err := unzstd(filepath.Join(b.data, "events/windows-otrf.jsonl.zst"))
	if err != nil {
		return err
	}
	events := bytes.Split(bytes.TrimSpace(text), []byte{'\n'})
	var files []content.File
	if err := testdata.ReadTar(filepath.Join(b.data, "sigma/sigmahq-rules.tar.zst"), func(name string, body []byte) error {
		if strings.HasSuffix(name, ".yml") && strings.Contains(name, "rules/") {
			files = append(files, content.File{Name: name, Text: body})
		}
		return nil
	}); err != nil {
		return err
	}
	set, err := b.loadRules(files)
	if err != nil {
		return err
	}
	if err := b.matches(fmt.Sprintf("Sigma engine, %d rules, routed", len(set.Rules)), 150_000, set, events); err != nil {
		return err
	}
	if err := b.unrouted(set, events); err != nil {
		return err
	}
	for _, n := range []int{100, 1000, 3000} {
		some := sigma.Set{Rules: spread(set.Rules, n)}
		e, _ := engine.Compile(some, engine.Options{})
		if err := b.played(fmt.Sprintf("Sigma engine, %d rules, routed", n), 0, e, events); err != nil {
			return err
		}
	}
	return nil
}

// spread takes n rules from all over the list.
func spread(rules []sigma.Rule, n int) []sigma.Rule {
	var out []sigma.Rule
	for i := range min(n, len(rules)) {
		out = append(out, rules[i*len(rules)/n])
	}
	return out
}

// loadRules notes how long it takes to read and compile the rules, on one goroutine.
func (b *bench) loadRules(files []content.File) (sigma.Set, error) {
	var set sigma.Set
	runtime.GC()
	wall, user := time.Now(), userTime()
	for _, f := range files {
		one, err := sigma.Parse(f.Name, f.Text, sigma.Options{})
		if len(problem.FaultsOf(err)) > 1 || err != nil && one.Faulty != 1 {
			return set, err
		}
		set.Add(one)
	}
	parsed := userTime() - user
	e, faults := engine.Compile(set, engine.Options{})
	if len(faults) > 0 {
		return set, fmt.Errorf("rules of SigmaHQ: %v", faults[0])
	}
	compiled := userTime() - user
	w := e.Worker()
	for _, r := range set.Rules { // indexes are built for the first event of a log source
		w.Reset()
		w.Match(r.LogSource)
	}
	what := fmt.Sprintf("load of %d Sigma rules, indexes of every log source included", len(set.Rules))
	b.note(row{figure: what + ", user CPU", value: (userTime() - user).Seconds() * 1000, unit: "ms", peer: "target < 250 ms", than: 250})
	b.add(what+", of it reading YAML, user CPU", parsed.Seconds()*1000, "ms")
	b.add(what+", of it compiling, user CPU", (compiled-parsed).Seconds()*1000, "ms")
	b.add(what+", wall", time.Since(wall).Seconds()*1000, "ms")
	b.add("Sigma rules left out of those", float64(set.Faulty), "rules")
	return set, nil
}

func (b *bench) matches(figure string, target float64, set sigma.Set, events [][]byte) error {
	e, _ := engine.Compile(set, engine.Options{})
	if err := b.played(figure, target, e, events); err != nil {
		return err
	}
	b.slowest(figure, e, events)
	return nil
}

func (b *bench) unrouted(set sigma.Set, events [][]byte) error {
	e, _ := engine.Compile(set, engine.Options{Everywhere: true})
	return b.played(fmt.Sprintf("Sigma engine, %d rules, every rule on every event", len(set.Rules)), 90_000, e, events)
}

// played matches all events on one goroutine, after some that warm up.
func (b *bench) played(figure string, target float64, e *engine.Engine, events [][]byte) error {
	w := e.Worker()
	for _, line := range events {
		w.MatchLine(line)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	first := w.Stats()
	const rounds = 3
	if err := b.rate(figure, target, func() (int, error) {
		for range rounds {
			for _, line := range events {
				w.MatchLine(line)
			}
		}
		return rounds * len(events), nil
	}); err != nil {
		return err
	}
	runtime.ReadMemStats(&after)
	s := w.Stats()
	n := float64(s.Events - first.Events)
	allocated := math.Round(float64(after.Mallocs-before.Mallocs)/n*100) / 100
	b.note(row{figure: figure + ", allocations", value: allocated, unit: "/event", peer: "target 0", than: 1e-9})
	b.add(figure+", candidate rules", float64(s.Candidates-first.Candidates)/n, "/event")
	return nil
}

// slowest notes the 99th percentile of the time for one event. Each is timed several times and its least counts: what
// others do on the machine is not the engine's time.
func (b *bench) slowest(figure string, e *engine.Engine, events [][]byte) {
	w := e.Worker()
	took := make([]float64, len(events))
	for i := range took {
		took[i] = math.Inf(1)
	}
	for range 5 {
		for i, line := range events {
			start := time.Now()
			w.MatchLine(line)
			took[i] = min(took[i], float64(time.Since(start).Nanoseconds())/1000)
		}
	}
	slices.Sort(took)
	b.note(row{figure: figure + ", one event, p99", value: took[len(took)*99/100], unit: "µs", peer: "target < 100 µs", than: 100})
	b.add(figure+", one event, slowest", took[len(took)-1], "µs")
}
