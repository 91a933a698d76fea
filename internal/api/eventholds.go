package api

import (
	"context"
	"net/http"

	"triward/apiv1"
	"triward/internal/detection"
	"triward/internal/detection/reading"
	"triward/internal/eventlog"
	"triward/internal/store"
)

// eventHolds are the operations about legal holds over events.
func (s *Server) eventHolds() {
	holds := eventlog.Holds{DB: s.DB}
	add(s, op{id: "event-holds", route: "GET /event-holds", kind: detection.KindEventRead, summary: "Legal holds over events: of a case, or all that are in force"},
		func(ctx context.Context, in *struct{ apiv1.EventHoldQuery }) (apiv1.List[apiv1.EventHold], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]eventlog.Hold, error) {
				if in.Incident != "" {
					return eventlog.HoldsOf(ctx, r, in.Incident)
				}
				return eventlog.HoldsInForce(ctx, r)
			})
			return list(all, func(h eventlog.Hold) apiv1.EventHold {
				return apiv1.EventHold{ID: h.ID, Incident: h.Incident, Reason: h.Reason, Events: reading.Words(h.Query), PlacedBy: h.PlacedBy, PlacedAt: h.PlacedAt, ReleasedAt: h.ReleasedAt, Release: h.Release}
			}), err
		})
	add(s, op{id: "hold-events", route: "POST /event-holds", kind: eventlog.KindHoldPlaced, status: http.StatusCreated, summary: "Keep events for a case, whatever their age"},
		func(ctx context.Context, in *with[apiv1.EventHoldInput]) (apiv1.Made, error) {
			b := in.Body
			q := eventlog.Query{From: store.Micros(b.From), To: store.Micros(b.To)}
			reading.Ask(b.Q, &q)
			id, err := holds.Place(ctx, eventlog.Hold{Incident: b.Incident, Reason: b.Reason, Query: q})
			return apiv1.Made{ID: id}, err
		})
	act(s, op{id: "release-events", route: "POST /event-holds/{id}/release", kind: eventlog.KindHoldReleased, summary: "Release events that were kept for a case"},
		func(ctx context.Context, in *oneWith[apiv1.Reason]) error {
			return holds.Release(ctx, in.ID, in.Body.Reason)
		})
}
