package web

import (
	"context"
	"strings"

	"triward/internal/detection"
	"triward/internal/detection/reading"
	"triward/internal/eventlog"
	"triward/internal/incident"
	"triward/internal/store"
)

// eventsHold keeps the events of a search for a case.
func (s *Server) eventsHold(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	q, _, err := s.eventQuery(v)
	if err != nil {
		return err
	}
	q.After, q.Limit = eventlog.Mark{}, 0
	of := ""
	err = v.view(func(ctx context.Context, r store.Reader) error {
		i, err := incident.Brief(ctx, r, strings.TrimSpace(f.Get("incident")))
		of = i.ID
		return err
	})
	if err != nil {
		return err
	}
	if _, err := (eventlog.Holds{DB: s.DB}).Place(v.r.Context(), eventlog.Hold{Incident: of, Reason: f.Get("reason"), Query: q}); err != nil {
		return err
	}
	return v.done(urlIncident(of)+"#events", "These events are kept for the incident, whatever their age.")
}

// eventsRelease releases events that were kept for an incident.
func (s *Server) eventsRelease(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	of := ""
	err = v.view(func(ctx context.Context, r store.Reader) error {
		h, err := eventlog.HoldByID(ctx, r, v.path("id"))
		of = h.Incident
		return err
	})
	if err != nil {
		return err
	}
	if err := (eventlog.Holds{DB: s.DB}).Release(v.r.Context(), v.path("id"), f.Get("reason")); err != nil {
		return err
	}
	return v.done(urlIncident(of)+"#events", "Released. Their retention counts again.")
}

// holdRow is a legal hold over events.
type holdRow struct {
	eventlog.Hold
	Words   string
	Release *Form
}

// holdRows are the holds of an incident, for who may read events.
func holdRows(ctx context.Context, r store.Reader, v *visit, of string) ([]holdRow, error) {
	if !v.may(detection.KindEventRead) {
		return nil, nil
	}
	all, err := eventlog.HoldsOf(ctx, r, of)
	out := make([]holdRow, len(all))
	for i, h := range all {
		out[i] = holdRow{Hold: h, Words: reading.Words(h.Query)}
		if h.ReleasedAt.IsZero() && v.may(eventlog.KindHoldReleased) {
			f := Form{ID: "release-" + h.ID, Action: path("event-holds", h.ID, "release"), Submit: "Release"}.with(Field{Name: "reason", Label: "Why it is released", Kind: "text", Required: true})
			out[i].Release = &f
		}
	}
	return out, err
}
