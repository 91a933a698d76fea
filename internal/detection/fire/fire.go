package fire

import (
	"context"
	"strings"
	"time"

	"triward/internal/detection"
	"triward/internal/detection/baseline"
	"triward/internal/eventlog"
	"triward/internal/problem"
	"triward/internal/sigma"
	"triward/internal/sigma/correlate"
	"triward/internal/sigma/engine"
)

// Judge says whether what an event shows is unusual for its baseline.
type Judge func(ctx context.Context, o baseline.Observation) (baseline.Judgement, error)

// Rules is a compiled set with its correlations and baselines. Workers share it.
type Rules struct {
	engine *engine.Engine
	set    sigma.Set
	follow *correlate.State
	judge  Judge

	recalled map[eventlog.ID]bool // that correlations have from Recall
}

// Firing is a rule or a correlation that fired.
type Firing struct {
	Rule        string // its id, or its name where it has none
	Title       string
	Level       string
	Correlation bool
	Event       eventlog.ID       // that fired it, or completed it
	At          int64             // of the event, microseconds
	Reasons     []engine.Reason   // of a rule: which fields matched
	Baseline    string            // what was usual and what is not
	Group       []correlate.Pair  // of a correlation: what its events share
	Events      []string          // of a correlation: the ids of its events, as far as they are kept
	Value       float64           // of a correlation: what it counted
	Fields      map[string]string // of a rule: the fields of its baseline
}

// New compiles a set. Faults are what does not resolve; it is left out.
func New(set sigma.Set, judge Judge) (*Rules, []problem.Fault) {
	e, faults := engine.Compile(set, engine.Options{})
	return &Rules{engine: e, set: e.Set(), follow: correlate.New(e, correlate.Options{}), judge: judge, recalled: map[eventlog.ID]bool{}}, faults
}

// Set is what was compiled.
func (r *Rules) Set() sigma.Set { return r.set }

// Reports says whether a rule of the set, by its index, fires for people; else it only feeds correlations.
func (r *Rules) Reports(rule int) bool {
	return !quiet(r.set.Rules[rule].Level) && !r.engine.Silent(rule)
}

// Stats are the counters of the correlations: what was dropped is said, not hidden.
func (r *Rules) Stats() correlate.Stats { return r.follow.Stats() }

// Worker tries events one after the other; each goroutine has its own.
type Worker struct {
	rules  *Rules
	judge  Judge
	worker *engine.Worker
	hits   []int
}

// Worker gives a new worker.
func (r *Rules) Worker() *Worker { return &Worker{rules: r, judge: r.judge, worker: r.engine.Worker()} }

// Stats counts what the worker did.
func (w *Worker) Stats() engine.Stats { return w.worker.Stats() }

// Try gives what an event fires.
func (w *Worker) Try(ctx context.Context, e *eventlog.Event) ([]Firing, error) {
	out, err := w.match(ctx, e)
	if err != nil || w.rules.recalled[e.ID] {
		return out, err
	}
	return append(out, w.rules.joined(w.observe(e))...), nil
}

// Longest is how far back the events are that correlations may still join with new ones.
func (r *Rules) Longest() time.Duration { return r.follow.Longest() }

// Recaller gives a worker for Recall. look judges without learning.
func (r *Rules) Recaller(look Judge) *Worker {
	return &Worker{rules: r, judge: look, worker: r.engine.Worker()}
}

// Recall feeds the correlations with an event that was tried before; events come in the order of time. It reports nothing:
// that was done then. An event that comes again after it was recalled counts once. Recall ends before the first Try.
func (w *Worker) Recall(ctx context.Context, e *eventlog.Event) error {
	if _, err := w.match(ctx, e); err != nil {
		return err
	}
	if len(w.hits) > 0 {
		w.observe(e)
		w.rules.recalled[e.ID] = true
	}
	return nil
}

// observe gives the correlations the event whose rules were just matched.
func (w *Worker) observe(e *eventlog.Event) []correlate.Result {
	if len(w.hits) == 0 || len(w.rules.set.Correlations) == 0 {
		return nil
	}
	// A correlation joins events of several sources by our own clock. What is kept stays as the source said it.
	return w.rules.follow.Observe(w.worker, w.hits, correlate.Stamp{ID: e.ID.String(), Time: e.Ours()})
}

// match gives the rules that an event fires, and leaves all that hit for observe.
func (w *Worker) match(ctx context.Context, e *eventlog.Event) ([]Firing, error) {
	r := w.rules
	sources := Feed(w.worker, e)
	var out []Firing
	w.hits = w.hits[:0]
	for _, hit := range w.worker.Match(sources...) {
		rule := &r.set.Rules[hit]
		f := Firing{Rule: Name(rule.ID, rule.Name), Title: rule.Title, Level: rule.Level, Event: e.ID, At: e.At()}
		if b := rule.Extension.Baseline; b != nil {
			unusual, err := w.unusual(ctx, e, b, &f)
			if err != nil {
				return nil, err
			}
			if !unusual {
				continue
			}
		}
		w.hits = append(w.hits, hit)
		if !r.Reports(hit) {
			continue
		}
		f.Reasons = w.worker.Explain(hit)
		out = append(out, f)
	}
	return out, nil
}

// Advance says how far the time of events has come, in microseconds. It gives the correlations that are over a whole
// window which ended; events that come more than a timespan behind are too late for correlations and counted.
func (r *Rules) Advance(at int64) []Firing {
	return r.joined(r.follow.Advance(at))
}

// quiet is whether a level is for building blocks: no alert is raised for it (Sigma specification, level).
func quiet(level string) bool { return level == "informational" }

// Name is what a rule is called by: its id, or its name where it has none.
func Name(id, name string) string {
	if id == "" {
		return name
	}
	return id
}

// joined makes firings of correlations. The event of one is the last of its events.
func (r *Rules) joined(results []correlate.Result) []Firing {
	var out []Firing
	for _, c := range results {
		rule := &r.set.Correlations[c.Correlation]
		if quiet(rule.Level) {
			continue
		}
		f := Firing{Rule: Name(rule.ID, rule.Name), Title: rule.Title, Level: rule.Level, Correlation: true, At: c.To, Group: c.Group, Events: c.Events, Value: c.Value}
		if n := len(c.Events); n > 0 {
			// The ids are those that Observe was given.
			f.Event, _ = eventlog.ParseID(c.Events[n-1])
		}
		out = append(out, f)
	}
	return out
}

// subjects are the fields that say best what a firing is about, the best first.
var subjects = []string{"dev.id", "user", "src.ip", "ae.calling", "dst.ip", "host", "source"}

// Entity is what a firing is about, for grouping (detection.Entity): of a correlation its group, of a rule the device, else
// the user, the address or the source of the event. e is the event that fired it; nil for the end of a window.
func (f *Firing) Entity(e *eventlog.Event) string {
	if len(f.Group) == 1 {
		return detection.Entity(kind(f.Group[0].Name), f.Group[0].Value)
	}
	if len(f.Group) > 1 {
		var parts []string
		for _, p := range f.Group {
			parts = append(parts, p.Name+"="+p.Value)
		}
		return detection.Entity("group", strings.Join(parts, " "))
	}
	if e != nil && !f.Correlation {
		for _, field := range subjects {
			if v := e.Value(field); v != "" {
				return detection.Entity(kind(field), v)
			}
		}
	}
	return detection.Entity("rule", f.Rule)
}

// kind is what a field names.
func kind(field string) string {
	switch field {
	case "dev.id", "peer.id":
		return "device"
	case "src.ip", "dst.ip":
		return "address"
	case "dev.ward":
		return "ward"
	case "dev.model":
		return "model"
	}
	return field
}

// unusual asks the baseline of a rule about an event.
func (w *Worker) unusual(ctx context.Context, e *eventlog.Event, b *sigma.Baseline, f *Firing) (bool, error) {
	f.Fields = map[string]string{}
	key := make([]string, len(b.By))
	for i, field := range b.By {
		v, ok := w.worker.Value(field)
		if !ok || v == "" {
			return false, nil
		}
		key[i], f.Fields[field] = v, v
	}
	o := baseline.Observation{Rule: f.Rule, Spec: baseline.Spec{Kind: baseline.Kind(b.Kind), Learn: b.Learn, Factor: b.Factor},
		Key: baseline.Key(key...), Device: e.Device, Site: e.Site, At: time.UnixMicro(e.At()).UTC()}
	if b.Value != "" {
		v, ok := w.worker.Value(b.Value)
		if !ok || v == "" {
			return false, nil
		}
		o.Value, f.Fields[b.Value] = v, v
	}
	j, err := w.judge(ctx, o)
	f.Baseline = j.Why
	return j.Unusual, err
}
