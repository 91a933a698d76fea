package claim

import (
	"context"
	"slices"
	"time"

	"triward/internal/detection"
	"triward/internal/detection/hindsight"
	"triward/internal/eventlog"
	"triward/internal/incident"
	"triward/internal/incident/indicator"
	"triward/internal/problem"
	"triward/internal/store"
)

const (
	// Again is how often the kept events are searched again while work on an incident goes on.
	Again = 6 * time.Hour
	// retry is when a search that could not be made is tried again.
	retry      = 15 * time.Minute
	mostAtOnce = 20 // searches of one tick
	mostBlind  = 100
)

// Search looks for an indicator in the kept events and keeps what was found, also that it could not look. It is the
// program that looks, so that what is found does not depend on who asked; who reads the events themselves needs the right.
func (d Desk) Search(ctx context.Context, of string) error {
	ctx = store.WithActor(ctx, store.System("look back"))
	var i Indicator
	var f incident.Incident
	var owners []string
	s := Search{At: d.DB.Now()}
	err := d.DB.View(ctx, func(r store.Reader) error {
		var err error
		if i, f, err = oneIndicator(ctx, r, of); err != nil {
			return err
		}
		if s.In, err = devicesOf(ctx, r, i.Incident); err != nil {
			return err
		}
		if owners, err = i.Reading().Owners(ctx, r); err != nil {
			return err
		}
		page, err := detection.Blinds(ctx, r, detection.BlindQuery{To: s.At, Limit: mostBlind})
		s.Blind, s.More = page.Items, page.Next != ""
		return err
	})
	if err != nil {
		return err
	}
	if err := d.look(ctx, i, f, &s); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.Done, s.Why = false, "the kept events could not be read"
		if problem.KindOf(err) != "" {
			s.Why = problem.Text(err)
		}
	}
	s.own(owners, i.Search)
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		i, f, err := oneIndicator(ctx, tx, of)
		if err != nil {
			return err
		}
		before := i.Search
		if i.Search = s; !s.Done && before.Done { // what was found once is not forgotten because the log is away
			i.Search = before
			i.Search.At, i.Search.Why = s.At, s.Why
		}
		if err := putIndicator(ctx, tx, i); err != nil {
			return err
		}
		return record(ctx, tx, f, KindSearched, Body{Indicator: i.ID, Kind: string(i.Kind), Value: i.Value, Done: s.Done, Events: s.Events, Devices: len(s.Devices), Reason: s.Why})
	})
}

func (d Desk) look(ctx context.Context, i Indicator, f incident.Incident, s *Search) error {
	if d.Log == nil {
		return problem.New(problem.Unavailable, "no events are kept here")
	}
	all := indicator.Queries(i.Reading())
	if !f.Exercise { // an exercise looks at its own events too
		for n := range all {
			all[n].Where = append(all[n].Where, eventlog.Real())
		}
	}
	found, err := hindsight.Seek(ctx, d.Log, hindsight.Find{Kind: string(i.Kind), What: i.Value}, all)
	if err != nil {
		return err
	}
	s.Done, s.Events, s.First, s.Last, s.IDs = true, found.Events, found.First, found.Last, found.IDs
	for _, t := range found.Devices {
		s.Devices = append(s.Devices, Seen{Device: t.Name, Events: t.N})
	}
	return nil
}

// own adds the devices that the indicator is a name of to those that were seen, marks what the search before had not found, and
// bounds the list.
func (s *Search) own(owners []string, before Search) {
	if !s.Done {
		return
	}
	at := map[string]int{}
	for n, x := range s.Devices {
		at[x.Device] = n
	}
	for _, id := range owners {
		if n, ok := at[id]; ok {
			s.Devices[n].Owner = true
			continue
		}
		s.Devices = append(s.Devices, Seen{Device: id, Owner: true})
	}
	s.Others = max(0, len(s.Devices)-indicator.Most)
	s.Devices = s.Devices[:len(s.Devices)-s.Others]
	known := map[string]bool{}
	for _, x := range before.Devices {
		known[x.Device] = true
	}
	for n, x := range s.Devices {
		s.Devices[n].New = before.Done && !known[x.Device]
	}
}

// Tick searches again for the indicators of open incidents: where that could not be done, where devices joined the incident
// since, and where it was done long ago. It gives how many it searched for; where no events are kept, none.
func (d Desk) Tick(ctx context.Context) (int, error) {
	if d.Log == nil {
		return 0, nil
	}
	ctx = store.WithActor(ctx, store.System("look back"))
	now := d.DB.Now()
	var due []string
	err := d.DB.View(ctx, func(r store.Reader) error {
		all, err := ofOpen(ctx, r)
		if err != nil {
			return err
		}
		in := map[string][]string{}
		for _, i := range all {
			if _, ok := in[i.Incident]; !ok {
				if in[i.Incident], err = devicesOf(ctx, r, i.Incident); err != nil {
					return err
				}
			}
			age := now.Sub(i.Search.At)
			if age >= Again || i.Search.Why != "" && age >= retry || i.Search.Why == "" && !slices.Equal(i.Search.In, in[i.Incident]) {
				due = append(due, i.ID)
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	for n, i := range due[:min(len(due), mostAtOnce)] {
		if err := d.Search(ctx, i); err != nil {
			return n, err
		}
	}
	return min(len(due), mostAtOnce), nil
}
