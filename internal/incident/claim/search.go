package claim

import (
	"context"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"triward/internal/detection"
	"triward/internal/detection/hindsight"
	"triward/internal/eventlog"
	"triward/internal/incident"
	"triward/internal/problem"
	"triward/internal/store"
)

const (
	// Again is how often the kept events are searched again while work on an incident goes on.
	Again = 6 * time.Hour
	// retry is when a search that could not be made is tried again.
	retry       = 15 * time.Minute
	mostAtOnce  = 20 // searches of one tick
	mostBlind   = 100
	mostDevices = 50
)

// queries are the searches for an indicator; their results add up.
func queries(k Kind, value string) []eventlog.Query {
	is := func(op eventlog.Op, value string, fields ...string) (out []eventlog.Query) {
		for _, f := range fields {
			out = append(out, eventlog.Query{Where: []eventlog.Condition{{Field: f, Op: op, Values: []string{value}}}})
		}
		return out
	}
	names := []string{"dns.query", "http.host", "tls.sni"}
	switch k {
	case Address:
		if _, err := netip.ParsePrefix(value); err == nil {
			return is(eventlog.Within, value, "any.ip")
		}
		return is(eventlog.Is, value, "any.ip")
	case Domain:
		return append(is(eventlog.Is, value, names...), is(eventlog.Ends, "."+value, names...)...)
	case Hash:
		return is(eventlog.Is, value, "hash")
	case User:
		return is(eventlog.Is, value, "user")
	case AETitle:
		return is(eventlog.Is, value, "ae.calling", "ae.called", "ae.destination")
	case File:
		return append(is(eventlog.Is, value, "file.name"), append(is(eventlog.Ends, "/"+value, "file.name"), is(eventlog.Ends, `\`+value, "file.name")...)...)
	case URL:
		u, err := url.Parse(value)
		if err != nil {
			return nil
		}
		path := u.RequestURI()
		host := is(eventlog.Is, u.Hostname(), "http.host", "dst.ip")
		for n := range host {
			host[n].Where = append(host[n].Where, eventlog.Condition{Field: "http.uri", Op: eventlog.Is, Values: []string{path}})
		}
		return append(host, is(eventlog.Is, value, "http.uri")...)
	case Device:
		return is(eventlog.Is, value, "any.device")
	}
	return nil
}

// Search looks for an indicator in the kept events and keeps what was found, also that it could not look. It is the
// program that looks, so that what is found does not depend on who asked; who reads the events themselves needs the right.
func (d Desk) Search(ctx context.Context, indicator string) error {
	ctx = store.WithActor(ctx, store.System("look back"))
	var i Indicator
	var f incident.Incident
	s := Search{At: d.DB.Now()}
	err := d.DB.View(ctx, func(r store.Reader) error {
		var err error
		if i, f, err = oneIndicator(ctx, r, indicator); err != nil {
			return err
		}
		if s.In, err = devicesOf(ctx, r, i.Incident); err != nil {
			return err
		}
		page, err := detection.Blinds(ctx, r, detection.BlindQuery{To: s.At, Limit: mostBlind})
		s.Blind, s.More = page.Items, page.Next != ""
		return err
	})
	if err != nil {
		return err
	}
	all := queries(i.Kind, i.Value)
	if !f.Exercise { // an exercise looks at its own events too
		for n := range all {
			all[n].Where = append(all[n].Where, eventlog.Real())
		}
	}
	if err := d.look(ctx, i, all, &s); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.Done, s.Why = false, "the kept events could not be read"
		if problem.KindOf(err) != "" {
			s.Why = problem.Text(err)
		}
	}
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		i, f, err := oneIndicator(ctx, tx, indicator)
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

func (d Desk) look(ctx context.Context, i Indicator, all []eventlog.Query, s *Search) error {
	if d.Log == nil {
		return problem.New(problem.Unavailable, "no events are kept here")
	}
	found, err := hindsight.Seek(ctx, d.Log, hindsight.Find{Kind: string(i.Kind), What: i.Value}, all)
	if err != nil {
		return err
	}
	s.Done, s.Events, s.First, s.Last, s.IDs = true, found.Events, found.First, found.Last, found.IDs
	for _, t := range found.Devices[:min(len(found.Devices), mostDevices)] {
		known := slices.ContainsFunc(i.Search.Devices, func(x Seen) bool { return x.Device == t.Name })
		s.Devices = append(s.Devices, Seen{Device: t.Name, Events: t.N, New: i.Search.Done && !known})
	}
	return nil
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
