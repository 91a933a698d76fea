package web

import (
	"context"
	"io"
	"strconv"
	"strings"

	"triward/internal/detection/reading"
	"triward/internal/eventlog"
	"triward/internal/incident"
	"triward/internal/incident/custody"
	"triward/internal/store"
)

// eventsEvidence takes the events of a search with their manifest as a sealed item of evidence. They go from the event log
// into the vault without lying anywhere in the clear.
func (s *Server) eventsEvidence(v *visit) error {
	if err := s.hasEvents(); err != nil {
		return err
	}
	f, err := v.form()
	if err != nil {
		return err
	}
	q, _, err := s.eventQuery(v)
	if err != nil {
		return err
	}
	q.After, q.Limit = eventlog.Mark{}, 0
	var of incident.Incident
	if err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		of, err = incident.Brief(ctx, r, strings.TrimSpace(f.Get("incident")))
		return err
	}); err != nil {
		return err
	}
	ctx, now := v.r.Context(), s.now()
	out, in := io.Pipe()
	done := make(chan reading.Manifest, 1)
	go func() {
		m, err := s.Events.Export(ctx, q, in)
		in.CloseWithError(err)
		done <- m
	}()
	item, err := s.Vault.Take(ctx, custody.Item{Incident: of.ID, Kind: custody.LogExtract, Description: "Events: " + short(200, reading.Words(q)), Source: "event log of Triward", Authority: strings.TrimSpace(f.Get("authority")),
		Method: "export of a search, with its manifest (Triward " + s.Version + ")", Began: now, Ended: now, Patients: custody.HasPatients, File: of.Number + "-events.zip"}, out)
	out.CloseWithError(err) // ends an export that nobody takes any more
	m := <-done
	if err != nil {
		return err
	}
	return v.done(urlExhibit(item), strconv.Itoa(m.Events)+" events are sealed as evidence.")
}
