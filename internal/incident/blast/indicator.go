package blast

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"triward/internal/detection/reading"
	"triward/internal/eventlog"
	"triward/internal/incident"
	"triward/internal/incident/indicator"
	"triward/internal/problem"
	"triward/internal/store"
)

// sightings are the devices that events name with an indicator, and those that have it as a name.
type sightings struct {
	events map[string]int64 // by device
	owners map[string]bool
	window string
}

// sight searches the event log for the devices that are named with the indicator.
func (f Finder) sight(ctx context.Context, v *Radius) (sightings, error) {
	q := v.Query
	s := sightings{events: map[string]int64{}, owners: map[string]bool{}, window: span(q.From, q.To)}
	if f.Events.Log == nil {
		return s, problem.New(problem.Conflict, "this process has no event log to search")
	}
	readings, err := indicator.Readings(q.Kind, q.Indicator)
	if err != nil {
		return s, err
	}
	exercise := false
	err = f.DB.View(ctx, func(r store.Reader) error {
		for _, x := range readings {
			owners, err := x.Owners(ctx, r)
			if err != nil {
				return err
			}
			for _, id := range owners {
				s.owners[id] = true
			}
		}
		if q.Incident == "" {
			return nil
		}
		i, err := incident.Brief(ctx, r, q.Incident)
		exercise = i.Exercise
		return err
	})
	if err != nil {
		return s, err
	}
	for n, ask := range indicator.Queries(readings...) {
		if !q.From.IsZero() {
			ask.From = q.From.UnixMicro()
		}
		if !q.To.IsZero() {
			ask.To = q.To.UnixMicro()
		}
		if !exercise {
			ask.Where = append(ask.Where, eventlog.Real())
		}
		if n == 0 { // what is withheld and what was not seen is the same for all
			page, err := f.Events.Search(ctx, eventlog.Query{From: ask.From, To: ask.To, Where: ask.Where, Limit: 1})
			if err != nil {
				return s, err
			}
			v.Withheld, v.Blind = page.Withheld, len(page.Blind) > 0
		}
		if err := s.count(ctx, f.Events, ask); err != nil {
			return s, err
		}
	}
	named := len(s.events)
	for id := range s.owners {
		if s.events[id] == 0 {
			named++
		}
	}
	if named > indicator.Most {
		return s, problem.New(problem.Invalid, "%s is seen with more than %d devices: ask for a shorter time", q.Indicator, indicator.Most)
	}
	return s, nil
}

// count adds the devices at either end of the events of a query.
func (s sightings) count(ctx context.Context, events reading.Desk, q eventlog.Query) error {
	for _, side := range []string{"dev.id", "peer.id"} {
		found, err := events.Count(ctx, q, eventlog.Bucket{By: side})
		if err != nil {
			return err
		}
		for _, c := range found {
			if c.Value != "" {
				s.events[c.Value] += c.N
			}
		}
		if len(found) == 0 {
			return nil
		}
	}
	return nil
}

func (s sightings) source(w *store.Where) string {
	ids := slices.Sorted(maps.Keys(s.events))
	for id := range s.owners {
		if s.events[id] == 0 {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		ids = []string{""} // no device
	}
	slices.Sort(ids)
	return `(SELECT id AS device, 'affected' AS truth FROM device WHERE id IN (` + marks(w, ids) + `))`
}

func (s sightings) explain(d *Device) {
	d.Events = s.events[string(d.ID)]
	var why []string
	if s.owners[string(d.ID)] {
		why = append(why, "it has, or had, that name on the network")
	}
	switch d.Events {
	case 0:
	case 1:
		why = append(why, "one event names it with the indicator"+s.window)
	default:
		why = append(why, fmt.Sprintf("%d events name it with the indicator%s", d.Events, s.window))
	}
	d.Why = strings.Join(why, "; ")
}
