package reading

import (
	"context"

	"triward/internal/detection"
	"triward/internal/eventlog"
	"triward/internal/problem"
)

// Past is the kept events as far as one reader may read them, for trying rules on them.
type Past struct {
	Desk     Desk
	Withheld bool // a scan left out events that concern patients, because the reader may not read them
}

// Scan gives the events of a query to fn, oldest first. That events which concern patients were read is recorded.
func (p *Past) Scan(ctx context.Context, q eventlog.Query, fn func([]eventlog.Event) error) error {
	if p.Desk.Log == nil {
		return problem.New(problem.Unavailable, "this process keeps no events")
	}
	asked, withheld, err := within(ctx, q)
	if err != nil {
		return err
	}
	p.Withheld = p.Withheld || withheld
	n := 0
	if err := p.Desk.Log.Scan(ctx, asked, func(events []eventlog.Event) error {
		for i := range events {
			if ConcernsPatient(&events[i]) {
				n++
			}
		}
		return fn(events)
	}); err != nil {
		return err
	}
	return p.Desk.readPatients(ctx, q, n)
}

// Blind are the times within the window of a query in which something was not seen.
func (p *Past) Blind(ctx context.Context, q eventlog.Query) ([]detection.Blind, error) {
	return p.Desk.blind(ctx, q)
}
