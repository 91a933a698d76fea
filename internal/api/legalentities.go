package api

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"triward/apiv1"
	"triward/internal/incident"
	"triward/internal/incident/clock"
	"triward/internal/store"
)

func (s *Server) legalEntities() {
	add(s, op{id: "clocks", route: "GET /incidents/{id}/clocks", kind: incident.KindRead, summary: "Reporting clocks of the legal entities of an incident, as they stand now"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.Clock], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]incident.EntityClocks, error) {
				return incident.Clocks(ctx, r, in.ID, s.DB.Now())
			})
			var out []apiv1.Clock
			for _, e := range all {
				for _, c := range e.Clocks {
					out = append(out, wireClock(e.Entity, c))
				}
			}
			return apiv1.List[apiv1.Clock]{Items: orEmpty(out)}, err
		})
	add(s, op{id: "list-legal-entities", route: "GET /incidents/{id}/entities", kind: incident.KindRead, summary: "Legal entities of an incident with what each knows"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.LegalEntity], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]incident.EntityClocks, error) {
				return incident.Clocks(ctx, r, in.ID, s.DB.Now())
			})
			return list(all, func(e incident.EntityClocks) apiv1.LegalEntity { return wireEntity(e.Entity) }), err
		})
	add(s, op{id: "add-legal-entity", route: "POST /incidents/{id}/entities", kind: incident.KindEntitySet, status: http.StatusCreated, summary: "Say that a legal entity is concerned; its duties to report follow"},
		func(ctx context.Context, in *oneWith[apiv1.LegalEntityInput]) (apiv1.Made, error) {
			b := in.Body
			e := incident.Entity{Name: b.Name, Entity: clock.Entity{Theirs: b.Theirs, Jurisdictions: b.Jurisdictions, Roles: b.Roles, Facts: truths(b.Facts), Observes: b.Observes,
				Instants: map[string]time.Time{"became_aware": b.Aware}}}
			if b.Zone != "" {
				e.Zones = map[string]string{"became_aware": b.Zone}
			}
			id, err := s.Cases.AddEntity(ctx, in.ID, e)
			return apiv1.Made{ID: id}, err
		})
	act(s, op{id: "set-legal-facts", route: "POST /incidents/{id}/entities/{part}/facts", kind: incident.KindEntitySet, summary: "Say what a legal entity knows; its clocks follow at once"},
		func(ctx context.Context, in *partWith[apiv1.LegalFacts]) error {
			b := in.Body
			f := incident.EntityFacts{Facts: truths(b.Facts), Instants: b.Instants, Zones: b.Zones, Observes: b.Observes, Reason: b.Reason}
			if b.Delays != nil {
				f.Delays = each(b.Delays, func(d apiv1.LegalDelay) clock.Delay { return clock.Delay(d) })
			}
			return s.Cases.SetFacts(ctx, in.ID, in.Part, f)
		})
	act(s, op{id: "rule-duty", route: "POST /incidents/{id}/entities/{part}/rule", kind: incident.KindClockRuled, summary: "Rule that a duty to report does not apply, and why"},
		func(ctx context.Context, in *partWith[apiv1.DutyRuling]) error {
			return s.Cases.Rule(ctx, in.ID, in.Part, in.Body.Duty, in.Body.Reason)
		})
	act(s, op{id: "report-sent", route: "POST /incidents/{id}/entities/{part}/sent", kind: incident.KindDischarged, summary: "Record that a report was sent, with the evidence of it"},
		func(ctx context.Context, in *partWith[apiv1.ReportSent]) error {
			b := in.Body
			return s.Cases.Discharge(ctx, in.ID, in.Part, incident.Sent{Duty: b.Duty, Stage: b.Stage, At: b.At, Evidence: b.Evidence, Reason: b.Reason})
		})
}

// truths reads answers; what is neither yes nor no is refused below, unknown is the zero value.
func truths(in map[string]string) map[string]clock.Truth {
	out := map[string]clock.Truth{}
	for _, name := range slices.Sorted(maps.Keys(in)) {
		if out[name] = clock.Truth(in[name]); in[name] == "unknown" {
			out[name] = clock.Unknown
		}
	}
	return out
}

func wireEntity(e incident.Entity) apiv1.LegalEntity {
	out := apiv1.LegalEntity{ID: e.ID, Name: e.Name, Theirs: e.Theirs, Jurisdictions: orEmpty(e.Jurisdictions), Roles: orEmpty(e.Roles), Facts: map[string]string{}, Instants: map[string]time.Time{},
		Zones: map[string]string{}, Observes: orEmpty(e.Observes), Ruled: map[string]string{}, Delays: each(e.Delays, func(d clock.Delay) apiv1.LegalDelay { return apiv1.LegalDelay(d) })}
	for name, v := range e.Facts {
		if out.Facts[name] = string(v); v == clock.Unknown {
			out.Facts[name] = "unknown"
		}
	}
	for name := range e.Instants {
		out.Instants[name] = e.In(name)
	}
	maps.Copy(out.Zones, e.Zones)
	maps.Copy(out.Ruled, e.Ruled)
	return out
}

func wireClock(e incident.Entity, c clock.Clock) apiv1.Clock {
	return apiv1.Clock{Entity: e.ID, EntityName: e.Name, Duty: c.Duty.ID, Stage: c.Stage.ID, Title: c.Duty.Title + ": " + c.Stage.Title, Instrument: c.Duty.Instrument + " " + c.Duty.Article, State: string(c.State),
		Reason: c.Reason, Unknown: orEmpty(c.Missing), Start: c.Start, Target: c.Target, Latest: c.Latest, To: orEmpty(c.Duty.Recipients), Theirs: e.Theirs, Unit: c.Stage.Unit, Slack: int64(c.Slack.Seconds()), Late: c.Late, Checked: c.Duty.Checked,
		Answers: each(c.Answers, func(a clock.Answer) apiv1.ReportAnswer {
			return apiv1.ReportAnswer{At: a.At, Evidence: a.Evidence, Reason: a.Reason, By: a.ByName, Recorded: a.Recorded}
		})}
}
