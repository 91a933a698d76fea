package web

import (
	"context"

	"triward/internal/incident"
	"triward/internal/incident/ladder"
	"triward/internal/store"
)

// standingRow is an action on the page of its device.
type standingRow struct {
	incident.Standing
	Signing ladder.Role // in which the visitor may sign now; "" for none
	MayLift bool
	MayOpen bool // its incident, not the action alone
}

// standingRows reads what is planned or in force on a device, what is in force first.
func (s *Server) standingRows(ctx context.Context, r store.Reader, v *visit, device string) ([]standingRow, error) {
	if !v.may(incident.KindRead) {
		return nil, nil
	}
	now := s.now()
	all, err := incident.StandingOn(ctx, r, device, now)
	var force, planned []standingRow
	for _, x := range all {
		row := standingRow{Standing: x, MayOpen: v.covers(x.Of)}
		row.Signing, _ = x.MaySign(v.actor, now)
		if x.State == ladder.Planned {
			planned = append(planned, row)
			continue
		}
		row.MayLift = v.actor.Scope(incident.KindLifted).Covers(x.Site, x.Of.Product)
		force = append(force, row)
	}
	return append(force, planned...), err
}

// covers says whether the visitor may see an incident whole.
func (v *visit) covers(i incident.Incident) bool {
	return v.actor.Scope(incident.KindRead).Covers(i.Site, i.Product)
}

// crumbsTo are the way to what belongs to an incident: to the incident itself only for who may see it whole.
func (v *visit) crumbsTo(i incident.Incident) []Link {
	out := []Link{{urlIncidents(), "Incidents"}}
	if v.covers(i) {
		out = append(out, Link{urlIncident(i.ID), i.Number})
	}
	return out
}
