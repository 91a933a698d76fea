package replay

import (
	"fmt"
	"strings"
	"time"

	"triward/internal/detection"
	"triward/internal/problem"
)

// Report is what a set of rules would have found in a window.
type Report struct {
	From      time.Time         `json:"from"`
	To        time.Time         `json:"to"`
	Events    int64             `json:"events"` // that were tried
	Kinds     map[string]int64  `json:"kinds"`  // events by category
	Rules     []Outcome         `json:"rules"`  // those that report, the noisiest first; also those that found nothing
	Faults    []problem.Fault   `json:"faults,omitempty"`
	Blind     []detection.Blind `json:"blind,omitempty"` // times in which a source was not seen
	Evicted   int64             `json:"evicted"`         // events that correlations had no room for
	Late      int64             `json:"late"`            // events that came too far out of order for correlations
	Forgotten int64             `json:"forgotten"`       // baselines that had no room and learned anew
}

// Outcome is what one rule would have found.
type Outcome struct {
	Rule          string    `json:"rule"`
	Title         string    `json:"title"`
	Level         string    `json:"level"`
	Correlation   bool      `json:"correlation,omitempty"`
	Firings       int64     `json:"firings"`
	PerDay        float64   `json:"per_day"`
	First         time.Time `json:"first,omitzero"`
	Last          time.Time `json:"last,omitzero"`
	Days          []Day     `json:"days,omitempty"` // those with firings, UTC
	Devices       int       `json:"devices"`
	TopDevices    []Top     `json:"top_devices,omitempty"`
	OtherDevices  int64     `json:"other_devices,omitempty"` // firings on devices that were not told apart any more
	Subjects      int       `json:"subjects"`                // what firings group by: as many alerts at least
	TopSubjects   []Top     `json:"top_subjects,omitempty"`
	OtherSubjects int64     `json:"other_subjects,omitempty"`
	Examples      []Example `json:"examples,omitempty"`
	Learning      int64     `json:"learning,omitempty"` // matches that its baseline let pass because it still learned
	Missing       []string  `json:"missing,omitempty"`  // kinds of events that it needs and the window has none of
}

// Day is how often a rule fired on a day.
type Day struct {
	Day time.Time `json:"day"`
	N   int64     `json:"n"`
}

// Top is a name with how often it comes.
type Top struct {
	Name string `json:"name"`
	N    int64  `json:"n"`
}

// Pair is a field and its value.
type Pair struct {
	Field string `json:"field"`
	Value string `json:"value"`
}

// Example is one firing.
type Example struct {
	Event    string    `json:"event"`
	At       time.Time `json:"at"`
	Device   string    `json:"device,omitempty"`
	Message  string    `json:"message,omitempty"`
	Matched  []Pair    `json:"matched,omitempty"`
	Baseline string    `json:"baseline,omitempty"`
	Events   []string  `json:"events,omitempty"` // of a correlation
	Value    float64   `json:"value,omitempty"`
}

// BlindTime is how much of the window some source was not seen, counted once where intervals overlap.
func (r Report) BlindTime() time.Duration { return union(r.From, r.To, r.Blind) }

// Of is the outcome of a rule.
func (r Report) Of(rule string) (Outcome, bool) {
	for _, o := range r.Rules {
		if o.Rule == rule {
			return o, true
		}
	}
	return Outcome{}, false
}

// Backtest is the outcome of a rule as it is kept with it; false when the report has nothing about the rule.
func (r Report) Backtest(rule, digest string) (detection.Backtest, bool) {
	b := detection.Backtest{Rule: rule, Digest: digest, From: r.From, To: r.To, Events: r.Events, Blind: r.BlindTime()}
	o, ok := r.Of(rule)
	if ok {
		b.Hits, b.Devices, b.First, b.Last, b.Detail = o.Firings, int64(o.Devices), o.First, o.Last, r.Doubt(o)
	}
	return b, ok
}

// Doubt says in words why an outcome without firings is no proof; "" when nothing speaks against it.
func (r Report) Doubt(o Outcome) string {
	var out []string
	if len(o.Missing) > 0 {
		out = append(out, "the window has no events of the kind "+strings.Join(o.Missing, ", "))
	}
	if o.Learning > 0 {
		out = append(out, fmt.Sprintf("%d events matched while its baseline still learned", o.Learning))
	}
	if d := r.BlindTime(); d > 0 {
		out = append(out, "a source was not seen for "+d.Round(time.Minute).String())
	}
	if o.Correlation && r.Evicted > 0 {
		out = append(out, fmt.Sprintf("correlations had no room for %d events", r.Evicted))
	}
	if r.Events == 0 {
		out = append(out, "there are no events in the window")
	}
	return strings.Join(out, "; ")
}

// union is how long a window is covered by intervals; one without an end lasts.
func union(from, to time.Time, all []detection.Blind) time.Duration {
	covered := time.Duration(0)
	at := from
	for {
		next, end := time.Time{}, time.Time{}
		for _, b := range all {
			begin, stop := b.Started, b.Ended
			if stop.IsZero() || stop.After(to) {
				stop = to
			}
			if begin.Before(at) {
				begin = at
			}
			if stop.After(begin) && begin.Before(to) && (next.IsZero() || begin.Before(next) || begin.Equal(next) && stop.After(end)) {
				next, end = begin, stop
			}
		}
		if next.IsZero() {
			return covered
		}
		covered += end.Sub(next)
		at = end
	}
}
