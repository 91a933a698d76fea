package reading

import (
	"context"
	"slices"

	"triward/internal/eventlog"
	"triward/internal/problem"
)

// errEnough ends a scan.
var errEnough = problem.New(problem.Invalid, "the page is full")

// Onward reads a page of events, the oldest first, behind the mark q.After. That events which concern patients were read
// is recorded as by Search: the pages of one question are one reading.
func (s Desk) Onward(ctx context.Context, q eventlog.Query) (Found, error) {
	if err := q.Validate(); err != nil {
		return Found{}, err
	}
	asked, withheld, err := within(ctx, q)
	if err != nil {
		return Found{}, err
	}
	out := Found{Withheld: withheld}
	if asked.Limit == 0 {
		asked.Limit = 50
	}
	asked.From = max(asked.From, q.After.At)
	if asked.To != 0 && asked.To <= asked.From {
		return out, nil
	}
	patients, more := 0, false
	err = s.Log.Scan(ctx, asked, func(events []eventlog.Event) error {
		for i := range events {
			e := &events[i]
			if e.At() == q.After.At && slices.Compare(e.ID[:], q.After.ID[:]) <= 0 {
				continue
			}
			if len(out.Events) == asked.Limit {
				more = true
				return errEnough
			}
			if ConcernsPatient(e) {
				patients++
			}
			kept := *e // the portion is ours only until we return
			kept.Raw, kept.Fields = slices.Clone(e.Raw), slices.Clone(e.Fields)
			out.Events = append(out.Events, kept)
		}
		return nil
	})
	if err != nil && !more {
		return Found{}, err
	}
	if more {
		out.Next = eventlog.MarkOf(&out.Events[len(out.Events)-1])
	}
	return out, s.readPatients(ctx, q, patients)
}
