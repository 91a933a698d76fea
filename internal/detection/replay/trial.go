package replay

import (
	"context"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"triward/internal/detection/baseline"
	"triward/internal/detection/fire"
	"triward/internal/eventlog"
	"triward/internal/problem"
	"triward/internal/sigma"
)

// Bounds of what a trial keeps of each rule. What is over them is counted, not kept.
const (
	mostExamples = 20
	mostNames    = 10_000 // different devices or subjects that are told apart
	mostTop      = 10
	mostDays     = 3_700
)

// step is how often correlations are told how far time has come, in microseconds.
const step = int64(time.Minute / time.Microsecond)

// Trial is a set of rules under way over events, which come in the order of their time.
type Trial struct {
	rules   *fire.Rules
	worker  *fire.Worker
	learner *baseline.Learner
	faults  []problem.Fault
	learns  map[string]time.Time // rule and key: when learning ends
	early   map[string]int64     // by rule: matches while learning
	seen    map[string]int64     // events by category
	out     map[string]*outcome
	events  int64
	first   int64
	last    int64
	told    int64 // how far the correlations know time to be
}

type outcome struct {
	Outcome
	days     map[int64]int64
	devices  map[string]int64
	subjects map[string]int64
	needs    []string
}

// New prepares a trial. A set that cannot be resolved in part is tried without that part, and the report names it.
func New(set sigma.Set) *Trial {
	t := &Trial{learner: baseline.NewLearner(nil), learns: map[string]time.Time{}, early: map[string]int64{}, seen: map[string]int64{}, out: map[string]*outcome{}}
	t.rules, t.faults = fire.New(set, t.judge)
	t.worker = t.rules.Worker()
	for i, r := range t.rules.Set().Rules {
		if !t.rules.Reports(i) {
			continue
		}
		t.expect(Outcome{Rule: fire.Name(r.ID, r.Name), Title: r.Title, Level: r.Level}, r.Extension.Needs)
	}
	for _, c := range t.rules.Set().Correlations {
		if c.Level == "informational" {
			continue
		}
		t.expect(Outcome{Rule: fire.Name(c.ID, c.Name), Title: c.Title, Level: c.Level, Correlation: true}, c.Extension.Needs)
	}
	return t
}

func (t *Trial) expect(o Outcome, needs []string) {
	t.out[o.Rule] = &outcome{Outcome: o, needs: needs, days: map[int64]int64{}, devices: map[string]int64{}, subjects: map[string]int64{}}
}

// judge lets the window's own baseline judge, and counts what it has to let pass because it still learns.
func (t *Trial) judge(ctx context.Context, o baseline.Observation) (baseline.Judgement, error) {
	key := o.Rule + "\x00" + o.Key
	ends, ok := t.learns[key]
	if !ok && len(t.learns) < 20*mostNames {
		ends = o.At.Add(o.Spec.Learn)
		t.learns[key] = ends
	}
	if o.At.Before(ends) || !ok {
		t.early[o.Rule]++
	}
	return t.learner.Judge(ctx, o)
}

// Add tries events.
func (t *Trial) Add(ctx context.Context, events []eventlog.Event) error {
	for i := range events {
		e := &events[i]
		if err := ctx.Err(); err != nil {
			return err
		}
		t.events++
		t.seen[e.Category]++
		if at := e.At(); t.events == 1 {
			t.first, t.last = at, at
		} else {
			t.first, t.last = min(t.first, at), max(t.last, at)
		}
		if t.last-t.told > step {
			t.told = t.last
			t.note(nil, t.rules.Advance(t.last))
		}
		firings, err := t.worker.Try(ctx, e)
		if err != nil {
			return err
		}
		t.note(e, firings)
	}
	return nil
}

func (t *Trial) note(e *eventlog.Event, firings []fire.Firing) {
	for i := range firings {
		f := &firings[i]
		o := t.out[f.Rule]
		if o == nil { // of two rules with one id the later one counts
			continue
		}
		at := time.UnixMicro(f.At).UTC()
		if o.Firings == 0 || at.Before(o.First) {
			o.First = at
		}
		if at.After(o.Last) {
			o.Last = at
		}
		o.Firings++
		if day := at.Unix() / 86400; len(o.days) < mostDays || o.days[day] > 0 {
			o.days[day]++
		}
		if device := deviceOf(e, f); device != "" {
			count(o.devices, device, &o.OtherDevices)
		}
		count(o.subjects, f.Entity(e), &o.OtherSubjects)
		if len(o.Examples) < mostExamples {
			o.Examples = append(o.Examples, exampleOf(e, f))
		}
	}
}

func count(names map[string]int64, name string, other *int64) {
	if _, ok := names[name]; ok || len(names) < mostNames {
		names[name]++
	} else {
		*other++
	}
}

// deviceOf is the device of the event, or the one that a correlation's events share.
func deviceOf(e *eventlog.Event, f *fire.Firing) string {
	for _, p := range f.Group {
		if p.Name == "dev.id" {
			return p.Value
		}
	}
	if e == nil {
		return ""
	}
	return e.Device
}

func exampleOf(e *eventlog.Event, f *fire.Firing) Example {
	x := Example{Event: f.Event.String(), At: time.UnixMicro(f.At).UTC(), Device: deviceOf(e, f), Baseline: f.Baseline, Events: f.Events, Value: f.Value}
	if e != nil {
		x.Message = e.Message
	}
	for _, r := range f.Reasons {
		x.Matched = append(x.Matched, Pair{r.Field, r.Value})
	}
	for _, p := range f.Group {
		x.Matched = append(x.Matched, Pair{p.Name, p.Value})
	}
	return x
}

// Report is what came out, over a window that was asked for; without one (zero) that of the events.
func (t *Trial) Report(from, to time.Time) Report {
	if from.IsZero() && t.events > 0 {
		from = time.UnixMicro(t.first).UTC()
	}
	if to.IsZero() && t.events > 0 {
		to = time.UnixMicro(t.last).UTC()
	}
	if t.events > 0 {
		t.note(nil, t.rules.Advance(max(to.UnixMicro(), t.last)))
	}
	stats := t.rules.Stats()
	r := Report{From: from, To: to, Events: t.events, Faults: t.faults, Evicted: stats.Evicted, Late: stats.Late, Forgotten: t.learner.Evicted(), Kinds: map[string]int64{}}
	maps.Copy(r.Kinds, t.seen)
	for _, o := range t.out {
		r.Rules = append(r.Rules, o.close(r, t.early[o.Rule]))
	}
	slices.SortFunc(r.Rules, func(a, b Outcome) int {
		if a.Firings != b.Firings {
			if a.Firings > b.Firings {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Title+a.Rule, b.Title+b.Rule)
	})
	return r
}

func (o *outcome) close(r Report, early int64) Outcome {
	out := o.Outcome
	out.Learning = early
	for _, n := range o.needs {
		if r.Kinds[n] == 0 {
			out.Missing = append(out.Missing, n)
		}
	}
	for _, day := range slices.Sorted(maps.Keys(o.days)) {
		out.Days = append(out.Days, Day{time.Unix(day*86400, 0).UTC(), o.days[day]})
	}
	out.Devices, out.Subjects = len(o.devices), len(o.subjects)
	out.TopDevices, out.TopSubjects = top(o.devices), top(o.subjects)
	if days := r.To.Sub(r.From).Hours() / 24; days > 0 {
		out.PerDay = math.Round(100*float64(out.Firings)/max(days, 1)) / 100
	}
	return out
}

func top(names map[string]int64) []Top {
	out := make([]Top, 0, len(names))
	for name, n := range names {
		out = append(out, Top{name, n})
	}
	slices.SortFunc(out, func(a, b Top) int {
		if a.N != b.N {
			if a.N > b.N {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out[:min(len(out), mostTop)]
}
