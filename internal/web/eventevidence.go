package web

import (
	"context"
	"strconv"
	"strings"

	"triward/internal/incident"
	"triward/internal/incident/custody"
	"triward/internal/store"
)

// eventsEvidence takes the events of a search as a sealed item of evidence.
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
	var of incident.Incident
	if err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		of, err = incident.Brief(ctx, r, strings.TrimSpace(f.Get("incident")))
		return err
	}); err != nil {
		return err
	}
	item, m, err := s.Vault.TakeEvents(v.r.Context(), s.Events, q, custody.Item{Incident: of.ID, Authority: strings.TrimSpace(f.Get("authority")),
		Method: "export of a search, with its manifest (Triward " + s.Version + ")", File: of.Number + "-events.zip"})
	if err != nil {
		return err
	}
	return v.done(urlExhibit(item), strconv.Itoa(m.Events)+" events are sealed as evidence.")
}
