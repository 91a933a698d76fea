package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"triward/internal/cli/terminal"
	"triward/internal/eventlog/source"
	"triward/internal/sigma"
	"triward/internal/sigma/correlate"
	"triward/internal/sigma/engine"
)

const rulesTestAbout = `Try rules on the events of a file: JSON lines, or any text of lines, also compressed (gzip,
zstd) or in a tar archive. Rules and events of any size are streamed.

An event is tried with the rules of its log source: what a record of Windows, Zeek or
Suricata says of itself, and what --product, --category and --service say. An event of
no log source is tried with every rule. Correlations follow the times of the events.`

// rulesTest is the command that tries rules on a file.
func (p *program) rulesTest() *cobra.Command {
	c := &cobra.Command{Use: "test --rules DIR --events FILE", Short: "Try rules on the events of a file", Long: rulesTestAbout, Args: terminal.Exactly(0)}
	rules := c.Flags().String("rules", "", "folder or file of rules")
	events := c.Flags().String("events", "", "file of events; - is the standard input")
	everywhere := c.Flags().Bool("everywhere", false, "try every rule on every event, whatever its log source")
	var given sigma.LogSource
	c.Flags().StringVar(&given.Product, "product", "", "product of the events' log source")
	c.Flags().StringVar(&given.Category, "category", "", "category of the events' log source")
	c.Flags().StringVar(&given.Service, "service", "", "service of the events' log source")
	values := placeholders(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if *rules == "" || *events == "" {
			return terminal.Misused("rules test needs --rules and --events (see --help)")
		}
		start := time.Now()
		l, err := loadRules(*rules, *values)
		if err != nil {
			return err
		}
		e, faults := engine.Compile(l.set, engine.Options{Everywhere: *everywhere, Unsourced: true})
		for _, f := range append(l.faults, faults...) {
			fmt.Fprintf(p.Err, "skipped: %s\n", terminal.Text(f.String()))
		}
		t := trial{engine: e, hits: map[int]*tally{}, show: p.showMatch()}
		if given != (sigma.LogSource{}) {
			t.sources = []sigma.LogSource{given}
		}
		t.stats.Rules, t.stats.Skipped = len(e.Set().Rules)+len(e.Set().Correlations), l.set.Faulty+len(faults)
		t.stats.Load = time.Since(start).Seconds()
		from, err := p.Open(*events)
		if err != nil {
			return err
		}
		defer from.Close()
		start = time.Now()
		if err := t.run(c.Context(), source.Stream{Name: *events, From: from}); err != nil {
			return err
		}
		t.stats.finish(time.Since(start).Seconds())
		return p.showTrial(&t)
	}
	return c
}

// firedOn is a rule that fired on the event of a line, or a correlation that fired with it.
type firedOn struct {
	ID    string  `json:"rule_id"`
	Title string  `json:"title"`
	Line  int64   `json:"line"`
	File  string  `json:"file,omitempty"`  // of an archive
	Lines []int64 `json:"lines,omitempty"` // of a correlation's events

	rule int // in the set; correlations count on behind the rules
}

// trialStats is what rules test says at its end.
type trialStats struct {
	Events     int64   `json:"events"`
	Rules      int     `json:"rules"`
	Skipped    int     `json:"skipped_rules"`
	Matches    int64   `json:"matches"`
	Load       float64 `json:"load_seconds"`
	Seconds    float64 `json:"seconds"`
	Rate       float64 `json:"events_per_second"`
	Candidates float64 `json:"candidates_per_event"`
	Untimed    int64   `json:"untimed_events,omitempty"` // rules of correlations fired on them, and they have no time
	Evicted    int64   `json:"evicted,omitempty"`        // events that correlations dropped for their bounds
	Cut        int64   `json:"cut_events,omitempty"`     // longer than the limit

	candidates int64
}

func (s *trialStats) finish(seconds float64) {
	s.Seconds = seconds
	if s.Events > 0 {
		s.Rate = float64(s.Events) / max(seconds, 1e-9)
		s.Candidates = float64(s.candidates) / float64(s.Events)
	}
}

// tally is what one rule did.
type tally struct {
	hits  int64
	first int64 // line
}

// trial is one run of rules over a file.
type trial struct {
	engine  *engine.Engine
	sources []sigma.LogSource
	show    func(firedOn) error
	hits    map[int]*tally
	stats   trialStats
	state   *correlate.State
}

// batchSize is how many events a worker takes at once.
const batchSize = 256

// batch is a run of events and what they match, in their order.
type batch struct {
	events  []source.Record
	matches []firedOn
	last    bool
	done    chan struct{}
}

// run reads, matches and tells, each beside the others; matches are told in the order of the events. Correlations see
// the events in their order, so with them one worker does it all.
func (t *trial) run(ctx context.Context, from source.Stream) error {
	workers := runtime.GOMAXPROCS(0)
	if len(t.engine.Set().Correlations) > 0 {
		workers = 1
		t.state = correlate.New(t.engine, correlate.Options{})
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	work, told := make(chan *batch, workers), make(chan *batch, 4*workers)
	var all sync.WaitGroup
	stats := make([]trialStats, workers)
	for i := range workers {
		all.Go(func() {
			w := t.engine.Worker()
			for b := range work {
				t.batch(w, b, &stats[i])
				close(b.done)
			}
			stats[i].candidates = w.Stats().Candidates
		})
	}
	failed := make(chan error, 1)
	go func() { failed <- t.tell(told, stop) }()
	err := t.read(ctx, from, func(b *batch) error {
		select {
		case work <- b:
			told <- b
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	close(work)
	close(told)
	all.Wait()
	if failure := <-failed; failure != nil {
		return failure
	}
	for _, s := range stats {
		t.stats.Events += s.Events
		t.stats.candidates += s.candidates
		t.stats.Untimed += s.Untimed
	}
	if t.state != nil {
		t.stats.Evicted = t.state.Stats().Evicted
	}
	return err
}

// read gathers events to batches.
func (t *trial) read(ctx context.Context, from source.Stream, send func(*batch) error) error {
	b := &batch{done: make(chan struct{})}
	stats, err := source.Read(ctx, from, func(r source.Record) error {
		if r.Name == from.Name {
			r.Name = ""
		}
		b.events = append(b.events, r)
		if len(b.events) < batchSize {
			return nil
		}
		full := b
		b = &batch{done: make(chan struct{}), events: make([]source.Record, 0, batchSize)}
		return send(full)
	})
	t.stats.Cut = stats.Cut
	if err != nil {
		return err
	}
	b.last = true
	return send(b)
}

// batch matches the events of one batch.
func (t *trial) batch(w *engine.Worker, b *batch, stats *trialStats) {
	set := t.engine.Set()
	earliest := int64(math.MaxInt64)
	for i := range b.events {
		e := &b.events[i]
		w.Reset()
		w.Read(e.Data)
		hits := w.Match(t.sources...)
		stats.Events++
		for _, h := range hits {
			if !t.engine.Silent(h) {
				b.matches = append(b.matches, firedOn{ID: set.Rules[h].ID, Title: set.Rules[h].Title, Line: e.Line, File: e.Name, rule: h})
			}
		}
		if t.state == nil {
			continue
		}
		at, ok := w.Time()
		if !ok {
			stats.Untimed += int64(min(len(hits), 1))
			continue
		}
		earliest = min(earliest, at.UnixMicro())
		for _, r := range t.state.Observe(w, hits, correlate.Stamp{ID: strconv.FormatInt(e.Line, 10), Time: at.UnixMicro()}) {
			b.matches = append(b.matches, t.correlated(r))
		}
	}
	b.events = nil
	if t.state == nil || earliest == math.MaxInt64 && !b.last {
		return
	}
	// Time has come as far as the earliest event of the batch: one with a wrong clock in the future moves nothing. With
	// the file, windows that are still open end.
	if b.last {
		earliest = math.MaxInt64
	}
	for _, r := range t.state.Advance(earliest) {
		b.matches = append(b.matches, t.correlated(r))
	}
}

func (t *trial) correlated(r correlate.Result) firedOn {
	c := t.engine.Set().Correlations[r.Correlation]
	m := firedOn{ID: c.ID, Title: c.Title, rule: len(t.engine.Set().Rules) + r.Correlation}
	for _, id := range r.Events {
		if n, err := strconv.ParseInt(id, 10, 64); err == nil {
			m.Lines = append(m.Lines, n)
			m.Line = max(m.Line, n)
		}
	}
	return m
}

// tell counts and shows the matches of each batch when it is done.
func (t *trial) tell(from <-chan *batch, stop func()) error {
	var failed error
	for b := range from {
		<-b.done
		for _, m := range b.matches {
			c := t.hits[m.rule]
			if c == nil {
				c = &tally{first: m.Line}
				t.hits[m.rule] = c
			}
			c.hits++
			t.stats.Matches++
			if failed == nil {
				if failed = t.show(m); failed != nil {
					stop()
				}
			}
		}
	}
	return failed
}

// showMatch writes matches as they come where JSON is asked for; people see a table at the end.
func (p *program) showMatch() func(firedOn) error {
	if !p.JSON {
		return func(firedOn) error { return nil }
	}
	before := "{\n  \"matches\": [\n    "
	return func(m firedOn) error {
		text, err := json.Marshal(m)
		if err == nil {
			_, err = io.WriteString(p.Out, before+string(text))
		}
		before = ",\n    "
		return err
	}
}

func (p *program) showTrial(t *trial) error {
	if p.JSON {
		open := ""
		if t.stats.Matches == 0 {
			open = "{\n  \"matches\": ["
		}
		text, err := json.MarshalIndent(t.stats, "  ", "  ")
		if err == nil {
			_, err = fmt.Fprintf(p.Out, "%s\n  ],\n  \"stats\": %s\n}\n", open, text)
		}
		return err
	}
	set := t.engine.Set()
	rules := make([]int, 0, len(t.hits))
	for r := range t.hits {
		rules = append(rules, r)
	}
	slices.SortFunc(rules, func(a, b int) int {
		return cmp.Or(cmp.Compare(t.hits[b].hits, t.hits[a].hits), cmp.Compare(a, b))
	})
	if len(rules) > 0 {
		w := p.Table("HITS", "FIRST LINE", "LEVEL", "RULE", "ID")
		for _, r := range rules {
			var level, title, id string
			if r < len(set.Rules) {
				level, title, id = set.Rules[r].Level, set.Rules[r].Title, set.Rules[r].ID
			} else {
				c := set.Correlations[r-len(set.Rules)]
				level, title, id = c.Level, c.Title, c.ID
			}
			terminal.Row(w, t.hits[r].hits, t.hits[r].first, level, title, id)
		}
		if err := w.Flush(); err != nil {
			return err
		}
		fmt.Fprintln(p.Out)
	}
	s := t.stats
	fmt.Fprintf(p.Out, "%d events, %d rules (%d skipped), %d matches; %.2f s, %.0f events/s, %.2f candidate rules per event\n",
		s.Events, s.Rules, s.Skipped, s.Matches, s.Seconds, s.Rate, s.Candidates)
	if s.Untimed > 0 {
		fmt.Fprintf(p.Out, "%d events have no time, so no correlation saw them\n", s.Untimed)
	}
	if s.Evicted > 0 {
		fmt.Fprintf(p.Out, "correlations dropped %d events for their bounds and may have missed something\n", s.Evicted)
	}
	if s.Cut > 0 {
		fmt.Fprintf(p.Out, "%d events were longer than the limit and were cut\n", s.Cut)
	}
	return nil
}
