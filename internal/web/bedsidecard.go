package web

import (
	"context"
	"strconv"

	"triward/internal/incident"
	"triward/internal/incident/connector"
	"triward/internal/store"
)

// bedsideCard is one containment action on paper, which hangs at the device: it helps when this program is away.
type bedsideCard struct {
	Frame
	Incident incident.Incident
	incident.Sheet
	Order *connector.Shown // nil: by hand
}

func (bedsideCard) template() string { return "bedsidecard" }

func urlBedsideCard(id any) string { return urlContainment(id) + "/card" }

func (s *Server) bedsideCard(v *visit) error {
	var p bedsideCard
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		if p.Sheet, p.Incident, err = s.Cases.SheetOf(ctx, r, v.path("id"), s.now()); err != nil || p.Way != incident.ByConnector {
			return err
		}
		o, err := connector.Of(ctx, r, p.ID)
		p.Order = &o
		return err
	})
	if err != nil {
		return err
	}
	p.Frame = v.frame("Card for the bedside", urlIncidents(), Link{urlIncidents(), "Incidents"}, Link{urlIncident(p.Incident.ID), p.Incident.Number}, Link{urlContainment(p.ID), "L" + strconv.Itoa(int(p.Level)) + " " + p.DeviceName})
	return v.show(p)
}
