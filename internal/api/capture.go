package api

import (
	"context"
	"net/http"

	"triward/apiv1"
	"triward/internal/content"
	"triward/internal/device"
	"triward/internal/incident"
	"triward/internal/incident/capture"
	"triward/internal/incident/custody"
	"triward/internal/product"
	"triward/internal/store"
)

// capture are the operations about what to capture of devices before they lose power.
func (s *Server) capture() {
	add(s, op{id: "capture-of-device", route: "GET /devices/{id}/capture-guide", kind: device.KindRead, summary: "What to capture of a device before it loses power"},
		func(ctx context.Context, in *one) (apiv1.CaptureAdvice, error) {
			a, err := read(ctx, s, func(r store.Reader) (capture.Advice, error) {
				d, err := device.Get(ctx, r, device.ID(in.ID))
				if err != nil {
					return capture.Advice{}, err
				}
				return capture.For(ctx, r, capture.Subject{ID: d.ID, Name: d.RawVendor + " " + d.RawModel})
			})
			return apiv1.CaptureAdvice{Model: a.ModelName, General: a.General, Guides: each(a.Guides, func(g content.Guide) apiv1.CaptureGuide {
				return apiv1.CaptureGuide{ID: g.ID, Title: g.Title, CaptureLines: apiv1.CaptureLines{First: orEmpty(g.First), Then: g.Then, Never: g.Never}}
			})}, err
		})
	add(s, op{id: "capture-of-model", route: "GET /models/{id}/capture-guide", kind: product.KindRead, summary: "What this house says to capture of devices of a model"},
		func(ctx context.Context, in *one) (apiv1.CaptureOfModel, error) {
			g, err := read(ctx, s, func(r store.Reader) (capture.Guide, error) {
				m, err := product.Get(ctx, r, product.ModelID(in.ID))
				if err != nil {
					return capture.Guide{}, err
				}
				return capture.Of(ctx, r, m.ID)
			})
			return apiv1.CaptureOfModel{By: g.ActorName, Made: g.Made, CaptureInput: apiv1.CaptureInput{Alone: g.Alone, Version: g.Version, Reason: g.Reason,
				CaptureLines: apiv1.CaptureLines{First: orEmpty(g.First), Then: g.Then, Never: g.Never}}}, err
		})
	add(s, op{id: "take-events", route: "POST /incidents/{id}/evidence/from-events", kind: custody.KindRegistered, status: http.StatusCreated, summary: "Take the events of a search with their manifest as a sealed item of evidence"},
		func(ctx context.Context, in *oneWith[apiv1.EventsTaken]) (apiv1.Made, error) {
			b := in.Body
			q, err := s.eventQuery(apiv1.EventQuery{Q: b.Q, From: b.From, To: b.To})
			if err != nil {
				return apiv1.Made{}, err
			}
			of, err := read(ctx, s, func(r store.Reader) (incident.Incident, error) { return incident.Brief(ctx, r, in.ID) })
			if err != nil {
				return apiv1.Made{}, err
			}
			id, _, err := s.Vault.TakeEvents(ctx, s.Events, q, custody.Item{Incident: of.ID, Authority: b.Authority, Method: "export of a search, with its manifest", File: of.Number + "-events.zip"})
			return apiv1.Made{ID: id}, err
		})
	act(s, op{id: "write-capture", route: "PUT /models/{id}/capture-guide", kind: capture.KindWritten, summary: "Write what to capture of devices of a model: another version; without lines it is taken back"},
		func(ctx context.Context, in *oneWith[apiv1.CaptureInput]) error {
			b := in.Body
			return capture.Desk{DB: s.DB}.Write(ctx, capture.Guide{Model: product.ModelID(in.ID), Version: b.Version, First: b.First, Then: b.Then, Never: b.Never, Alone: b.Alone, Reason: b.Reason})
		})
}
