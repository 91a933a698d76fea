package timeline

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"triward/internal/detection"
	"triward/internal/device"
	"triward/internal/incident"
	"triward/internal/incident/custody"
	"triward/internal/problem"
	"triward/internal/store"
)

// Of is whose timeline it is: an incident, by id or number, or a device.
type Of struct{ Incident, Device string }

// subject is what a timeline is about, with everything that its entries are found by.
type subject struct {
	id            string
	title         string // number of the incident, tag of the device
	site, product string
	exercise      bool
	single        bool // of a device
	tlp           incident.Marking
	devices       []string
	alerts        []string
	from, to      time.Time // window of the devices' events; zero: open

	names map[string]string // of devices
	about map[string]Ref    // things whose entries in the journal belong here
	of    map[string]string // their devices
}

const (
	// before is how long before the awareness of an incident its devices are looked at: what came first is seldom noticed first.
	before = 24 * time.Hour
	// after is how long after it was closed.
	after = 24 * time.Hour
	// mostAlerts bounds the alerts of an incident that are looked at.
	mostAlerts = 200
	// mostIncidents bounds the incidents of a device that are looked at.
	mostIncidents = 100
)

func subjectOf(ctx context.Context, r store.Reader, of Of) (subject, error) {
	s := subject{names: map[string]string{}, about: map[string]Ref{}, of: map[string]string{}}
	switch {
	case of.Incident != "" && of.Device == "":
		err := s.ofIncident(ctx, r, of.Incident)
		return s, err
	case of.Device != "" && of.Incident == "":
		err := s.ofDevice(ctx, r, of.Device)
		return s, err
	}
	return s, problem.New(problem.Invalid, "a timeline is of an incident or of a device")
}

func (s *subject) ofIncident(ctx context.Context, r store.Reader, of string) error {
	f, err := incident.Get(ctx, r, of)
	if err != nil {
		return err
	}
	s.id, s.title, s.site, s.product, s.exercise, s.tlp = f.ID, f.Number, f.Site, f.Product, f.Exercise, f.TLP
	s.about[f.ID] = Ref{"incident", f.ID}
	first := f.Aware
	for _, d := range f.Devices {
		if s.names[d.ID] = d.Name; d.Device != "" {
			s.devices = append(s.devices, d.Device)
		}
	}
	for _, l := range f.Links {
		switch {
		case l.Kind == incident.FromAlert && len(s.alerts) < mostAlerts:
			a, err := detection.GetAlert(ctx, r, l.Target)
			if k := problem.KindOf(err); k == problem.NotFound || k == problem.Forbidden {
				continue // words in place of an id, or what the reader may not see
			} else if err != nil {
				return err
			}
			s.alerts = append(s.alerts, a.ID)
			s.about[a.ID], s.of[a.ID] = Ref{"alert", a.ID}, a.Device
			if !a.First.IsZero() && a.First.Before(first) {
				first = a.First
			}
		case l.Kind == incident.FedDecision:
			s.about[l.Target] = Ref{}
		}
	}
	if f.Run != "" {
		s.about[f.Run] = Ref{"run", f.Run}
	}
	s.contained(f.Actions)
	if err := s.evidence(ctx, r); err != nil {
		return err
	}
	s.from = first.Add(-before)
	if !f.Closed.IsZero() {
		s.to = f.Closed.Add(after)
	}
	return nil
}

func (s *subject) contained(all []incident.Action) {
	for _, a := range all {
		s.about[a.ID], s.of[a.ID] = Ref{"containment", a.ID}, a.Device
	}
}

// evidence adds the items of an incident where the reader may see them.
func (s *subject) evidence(ctx context.Context, r store.Reader) error {
	items, err := custody.List(ctx, r, s.id)
	if problem.KindOf(err) == problem.Forbidden {
		return nil
	}
	for _, i := range items {
		s.about[i.ID], s.of[i.ID] = Ref{"evidence", i.ID}, i.Device
	}
	return err
}

func (s *subject) ofDevice(ctx context.Context, r store.Reader, of string) error {
	d, err := device.Get(ctx, r, device.ID(of))
	if err != nil {
		return err
	}
	s.id, s.site, s.product, s.devices = string(d.ID), string(d.Site), string(d.Model), []string{string(d.ID)}
	s.title = cmp.Or(strings.TrimSpace(d.AssetTag), s.id)
	s.single, s.names[s.id] = true, s.title
	alerts, err := detection.ListAlerts(ctx, r, detection.AlertQuery{Device: s.id, Sort: "-opened", Limit: mostAlerts})
	if err != nil && problem.KindOf(err) != problem.Forbidden {
		return err
	}
	for _, a := range alerts.Items {
		s.about[a.ID], s.of[a.ID] = Ref{"alert", a.ID}, s.id
	}
	if _, err := store.ScopeOf(ctx, incident.KindRead); err != nil {
		return nil //nolint:nilerr // this reader sees no containment
	}
	incidents, err := incident.List(ctx, r, incident.Query{Device: s.id, Limit: mostIncidents})
	if err != nil {
		return err
	}
	mine := map[string]bool{}
	for _, i := range incidents.Items {
		mine[i.ID] = true
		s.tlp = s.tlp.Stricter(i.TLP)
		if i.Withheld {
			continue
		}
		s.about[i.ID] = Ref{"incident", i.ID}
	}
	actions, err := incident.Actions(ctx, r, incident.ActionQuery{Device: s.id})
	s.contained(slices.DeleteFunc(actions, func(a incident.Action) bool { return !mine[a.Incident] }))
	return err
}

// record keeps an event about the timeline.
func (s subject) record(ctx context.Context, tx *store.Tx, kind string, b any) error {
	if body, ok := b.(Body); ok {
		body.Exercise = s.exercise
		b = body
	}
	_, err := tx.Record(ctx, store.Event{Kind: kind, Subject: s.id, Site: s.site, Product: s.product, Body: b})
	return err
}
