package replay

import (
	"context"
	"slices"
	"time"

	"triward/internal/detection"
	"triward/internal/eventlog"
	"triward/internal/problem"
	"triward/internal/sigma"
)

// Past is where kept events are read: eventlog.Log fulfils it.
type Past interface {
	Scan(ctx context.Context, q eventlog.Query, fn func([]eventlog.Event) error) error
}

// Order is what to try on which past.
type Order struct {
	Set   sigma.Set
	From  time.Time
	To    time.Time
	Where []eventlog.Condition // narrows the events further, such as to one site
	Blind []detection.Blind    // intervals of the window in which a source was not seen
}

// Run tries rules on a window of the past. It is one scan: events that no rule can fire on are left out by the event log.
func Run(ctx context.Context, past Past, o Order) (Report, error) {
	if !o.To.After(o.From) {
		return Report{}, problem.New(problem.Invalid, "the window ends before it begins")
	}
	t := New(o.Set)
	q := eventlog.Query{From: o.From.UnixMicro(), To: o.To.UnixMicro(), Where: slices.Concat(o.Where, []eventlog.Condition{eventlog.Real()}, Narrow(t.rules.Set()))}
	if err := past.Scan(ctx, q, func(events []eventlog.Event) error { return t.Add(ctx, events) }); err != nil {
		return Report{}, err
	}
	r := t.Report(o.From, o.To)
	r.Blind = o.Blind
	return r, nil
}
