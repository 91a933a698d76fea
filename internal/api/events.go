package api

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"triward/apiv1"
	"triward/internal/detection"
	"triward/internal/detection/reading"
	"triward/internal/eventlog"
	"triward/internal/problem"
	"triward/internal/store"
)

func (s *Server) events() {
	add(s, op{id: "events", route: "GET /events", kind: detection.KindEventRead, summary: "Search security events, the newest first; reading of patients is recorded"}, s.searchEvents)
	add(s, op{id: "event", route: "GET /events/{id}", kind: detection.KindEventRead, summary: "One event with its original"}, func(ctx context.Context, in *one) (apiv1.Event, error) {
		if err := s.hasEvents(); err != nil {
			return apiv1.Event{}, err
		}
		id, err := eventlog.ParseID(in.ID)
		if err != nil {
			return apiv1.Event{}, problem.New(problem.NotFound, "there is no such event")
		}
		e, err := s.Events.Get(ctx, id)
		return wireEvent(&e), err
	})
	stream(s, op{id: "export-events", route: "GET /event-exports", kind: detection.KindEventsExported, summary: "Events as a zip archive with their manifest and digest"}, "application/zip", s.exportEvents)
	add(s, op{id: "blind-intervals", route: "GET /blind-intervals", kind: detection.KindRead, summary: "Times in which sources were not seen or records were lost, the latest first"},
		func(ctx context.Context, in *struct{ apiv1.BlindQuery }) (apiv1.Page[apiv1.BlindInterval], error) {
			p, err := read(ctx, s, func(r store.Reader) (store.Page[detection.Blind], error) {
				return detection.Blinds(ctx, r, detection.BlindQuery{Source: in.Source, Reason: detection.BlindReason(in.Reason), From: in.From, To: in.To, After: in.After, Limit: in.Limit})
			})
			return page(p.Items, p.Next, wireBlind), err
		})
	s.sources()
	s.eventHolds()
}

func (s *Server) hasEvents() error {
	if s.Events.Log == nil {
		return problem.New(problem.Unavailable, "this process has no place for events")
	}
	return nil
}

func (s *Server) eventQuery(in apiv1.EventQuery) (eventlog.Query, error) {
	q := eventlog.Query{Limit: in.Limit}
	to := in.To
	if to.IsZero() {
		to = s.DB.Now()
	} else {
		q.To = store.Micros(to)
	}
	if in.From.IsZero() {
		in.From = to.Add(-24 * time.Hour)
	}
	q.From = store.Micros(in.From)
	reading.Ask(in.Q, &q)
	var err error
	q.After, err = eventlog.ParseMark(in.After)
	return q, err
}

func (s *Server) searchEvents(ctx context.Context, in *struct{ apiv1.EventQuery }) (apiv1.EventPage, error) {
	out := apiv1.EventPage{Items: []apiv1.Event{}, Blind: []apiv1.BlindInterval{}}
	if err := s.hasEvents(); err != nil {
		return out, err
	}
	q, err := s.eventQuery(in.EventQuery)
	if err != nil {
		return out, err
	}
	found, err := s.Events.Search(ctx, q)
	for i := range found.Events {
		out.Items = append(out.Items, wireEvent(&found.Events[i]))
	}
	out.Next, out.Blind, out.Withheld = found.Next.String(), each(found.Blind, wireBlind), found.Withheld
	return out, err
}

// exportEvents writes the archive to a file first, so that it is recorded before a byte of it leaves.
func (s *Server) exportEvents(ctx context.Context, in *struct{ apiv1.EventQuery }, w io.Writer) error {
	if err := s.hasEvents(); err != nil {
		return err
	}
	q, err := s.eventQuery(in.EventQuery)
	if err != nil {
		return err
	}
	q.After, q.Limit = eventlog.Mark{}, 0
	f, err := os.CreateTemp("", "triward-events-*.zip")
	if err != nil {
		return fmt.Errorf("export events: %w", err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if _, err := s.Events.Export(ctx, q, f); err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("export events: %w", err)
	}
	_, err = io.Copy(w, f)
	return err
}

func wireEvent(e *eventlog.Event) apiv1.Event {
	return apiv1.Event(reading.WireOf(e))
}

func wireBlind(b detection.Blind) apiv1.BlindInterval {
	return apiv1.BlindInterval{ID: b.ID, Source: b.Source, Name: b.Name, Reason: string(b.Reason), Started: b.Started, Ended: b.Ended, Lost: b.Lost, Detail: b.Detail}
}

func (s *Server) sources() {
	add(s, op{id: "sources", route: "GET /sources", kind: detection.KindRead, summary: "Sources of events and what was last seen of them"},
		func(ctx context.Context, in *struct{ apiv1.SourceQuery }) (apiv1.Page[apiv1.Source], error) {
			p, err := read(ctx, s, func(r store.Reader) (store.Page[detection.SourceItem], error) {
				return detection.ListSources(ctx, r, detection.SourceQuery{State: detection.SourceState(in.State), Transport: detection.Transport(in.Transport), Site: in.Site, Text: in.Q, Sort: in.Sort, After: in.After, Limit: in.Limit})
			})
			return page(p.Items, p.Next, wireSource), err
		})
	add(s, op{id: "source", route: "GET /sources/{id}", kind: detection.KindRead, summary: "One source"}, func(ctx context.Context, in *one) (apiv1.Source, error) {
		v, err := read(ctx, s, func(r store.Reader) (detection.SourceItem, error) { return detection.GetSource(ctx, r, in.ID) })
		return wireSource(v), err
	})
	add(s, op{id: "add-source", route: "POST /sources", kind: detection.KindSourceAdded, summary: "Add a source before its first event", status: http.StatusCreated}, func(ctx context.Context, in *with[apiv1.SourceInput]) (apiv1.Made, error) {
		id, err := s.Sources.Add(ctx, sourceOf("", in.Body))
		return apiv1.Made{ID: id}, err
	})
	act(s, op{id: "change-source", route: "PUT /sources/{id}", kind: detection.KindSourceChanged, summary: "Change what is said of a source"}, func(ctx context.Context, in *oneWith[apiv1.SourceInput]) error {
		return s.Sources.Change(ctx, sourceOf(in.ID, in.Body))
	})
	act(s, op{id: "move-source", route: "POST /sources/{id}/state", kind: detection.KindSourceConfirmed + "|" + detection.KindSourceMuted + "|" + detection.KindSourceRetired, summary: "Confirm, mute or retire a source"},
		func(ctx context.Context, in *oneWith[apiv1.SourceMove]) error {
			switch in.Body.State {
			case "active":
				return s.Sources.Confirm(ctx, in.ID)
			case "muted":
				return s.Sources.Mute(ctx, in.ID, endOfDay(in.Body.Until), in.Body.Reason)
			}
			return s.Sources.Retire(ctx, in.ID, in.Body.Reason)
		})
}

func sourceOf(id string, in apiv1.SourceInput) detection.Source {
	return detection.Source{ID: id, Name: strings.TrimSpace(in.Name), Transport: detection.Transport(in.Transport), Identity: in.Identity, Format: in.Format, Zone: in.Zone, Site: in.Site, Hourly: in.Hourly,
		Silence: time.Duration(in.Silence) * time.Minute, Owner: in.Owner, Note: in.Note}
}

func wireSource(v detection.SourceItem) apiv1.Source {
	out := apiv1.Source{ID: v.ID, State: string(v.State), Until: v.Until, Reason: v.Reason, Seen: v.Seen, Lag: v.Lag.Microseconds(), Accepted: v.Accepted, Stored: v.Stored, Faults: v.Faults, Lost: v.Lost, Blind: v.Blind, At: v.At,
		Says: apiv1.SourceInput{Name: v.Name, Transport: string(v.Transport), Identity: v.Identity, Format: v.Format, Zone: v.Zone, Site: v.Site, Hourly: v.Hourly, Silence: int(v.Silence.Minutes()), Owner: v.Owner, Note: v.Note}}
	if v.SkewKnown {
		us := v.Skew.Microseconds()
		out.Skew = &us
	}
	return out
}
