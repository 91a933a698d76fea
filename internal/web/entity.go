package web

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"triward/internal/content"
	"triward/internal/incident"
	"triward/internal/incident/clock"
	"triward/internal/problem"
	"triward/internal/store"
)

// entityPage is one legal entity of an incident: what it knows, and its clocks.
type entityPage struct {
	Frame
	Incident incident.Incident
	Entity   incident.Entity
	Rows     []clockRow
	Facts    Form
	Rule     Form
	Sent     Form
	MayTell  bool
	MayRule  bool
	MaySend  bool
}

func (entityPage) template() string { return "entity" }

func (s *Server) entityPageOf(v *visit) (entityPage, error) {
	p := entityPage{MayTell: v.may(incident.KindEntitySet), MayRule: v.may(incident.KindClockRuled), MaySend: v.may(incident.KindDischarged)}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		f, err := incident.Get(ctx, r, v.path("id"))
		if err != nil {
			return err
		}
		p.Incident = f.Incident
		all, err := incident.Clocks(ctx, r, f.ID, s.now())
		if err != nil {
			return err
		}
		for _, e := range all {
			if e.ID != v.path("entity") {
				continue
			}
			p.Entity = e.Entity
			for _, c := range e.Clocks {
				p.Rows = append(p.Rows, clockRowOf(e.Entity, c))
			}
			return nil
		}
		return problem.New(problem.NotFound, "there is no such legal entity in this incident")
	})
	if err != nil {
		return p, err
	}
	slices.SortStableFunc(p.Rows, func(a, b clockRow) int { return a.rank() - b.rank() })
	p.Frame = v.frame(p.Entity.Name, urlIncidents(), Link{urlIncidents(), "Incidents"}, Link{urlIncident(p.Incident.ID), p.Incident.Number})
	at := urlEntity(p.Incident.ID, p.Entity.ID)
	p.Facts = Form{ID: "facts", Action: at + "/facts", Submit: "Keep what is known"}.with(factFields(p.Entity, p.Rows)...)
	duties := make([]Option, 0, len(p.Rows))
	reports := make([]Option, 0, len(p.Rows))
	for _, c := range p.Rows {
		if len(duties) == 0 || duties[len(duties)-1].Value != c.Duty.ID {
			duties = append(duties, Option{Value: c.Duty.ID, Text: c.Duty.Title + " (" + c.Duty.Instrument + " " + c.Duty.Article + ")"})
		}
		if c.State != clock.NotApplicable {
			reports = append(reports, Option{Value: clock.Key(c.Duty.ID, c.Stage.ID), Text: c.Duty.Title + ": " + c.Stage.Title})
		}
	}
	p.Rule = Form{ID: "rule", Action: at + "/rule", Submit: "Rule that it does not apply"}.with(
		Field{Name: "duty", Label: "Duty", Kind: "select", Options: duties},
		Field{Name: "reason", Label: "Why it does not apply", Kind: "textarea", Help: "An empty reason takes a ruling back."})
	p.Sent = Form{ID: "sent", Action: at + "/sent", Submit: "Record the report"}.with(
		Field{Name: "report", Label: "Report", Kind: "select", Options: reports},
		Field{Name: "at", Label: "When it was sent", Kind: "datetime-local", Required: true, Value: inputTime(s.now()), Help: "UTC."},
		Field{Name: "evidence", Label: "Evidence", Kind: "text", Required: true, Placeholder: "The authority's reference"})
	return p, nil
}

// factFields ask for the facts that the entity's duties hang on, and for the instants that their stages run from.
func factFields(e incident.Entity, rows []clockRow) []Field {
	asked, starts := map[string]bool{}, map[string]bool{}
	for _, c := range rows {
		for _, f := range c.Duty.When.Facts() {
			asked[f] = true
		}
		starts[c.Stage.Start] = true
	}
	var out []Field
	for _, f := range content.DutyFacts() {
		if asked[f.Name] {
			out = append(out, Field{Name: "fact." + f.Name, Label: f.Text, Kind: "select", Options: []Option{{"", "Unknown: counted as the worst", e.Facts[f.Name] == clock.Unknown},
				{"yes", "Yes", e.Facts[f.Name] == clock.Yes}, {"no", "No", e.Facts[f.Name] == clock.No}}})
		}
	}
	for _, name := range content.DutyStarts() {
		if name != "previous_submitted" && name != "discovery_year_end" && (starts[name] || name == "became_aware") {
			out = append(out, Field{Name: "at." + name, Label: title(name), Kind: "datetime-local", Value: inputTime(e.Instants[name]), Help: "UTC."})
		}
	}
	return append(out, Field{Name: "reason", Label: "Reason", Kind: "text", Help: "Needed when an instant changes."})
}

func (s *Server) entity(v *visit) error {
	p, err := s.entityPageOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) entityAct(v *visit, form, notice string, do func(ctx context.Context, f url.Values) error) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if err = do(v.r.Context(), f); err == nil {
		return v.done(urlEntity(v.path("id"), v.path("entity")), notice)
	}
	p, perr := s.entityPageOf(v)
	if perr != nil {
		return perr
	}
	to := map[string]*Form{"facts": &p.Facts, "rule": &p.Rule, "sent": &p.Sent}[form]
	return v.correct(&p, to, f, err)
}

func (s *Server) entityFacts(v *visit) error {
	return s.entityAct(v, "facts", "Kept. The clocks follow.", func(ctx context.Context, f url.Values) error {
		known := incident.EntityFacts{Facts: map[string]clock.Truth{}, Instants: map[string]time.Time{}, Reason: f.Get("reason")}
		page, err := s.entityPageOf(v)
		if err != nil {
			return err
		}
		var l problem.List
		for name := range f {
			if fact, ok := strings.CutPrefix(name, "fact."); ok {
				known.Facts[fact] = clock.Truth(f.Get(name))
			}
			if start, ok := strings.CutPrefix(name, "at."); ok && f.Get(name) != inputTime(page.Entity.Instants[start]) {
				known.Instants[start] = timeOf(&l, name, f.Get(name))
			}
		}
		if err := l.Err("the facts cannot be kept"); err != nil {
			return err
		}
		return s.Cases.SetFacts(ctx, v.path("id"), v.path("entity"), known)
	})
}

func (s *Server) entityRule(v *visit) error {
	return s.entityAct(v, "rule", "Ruled.", func(ctx context.Context, f url.Values) error {
		return s.Cases.Rule(ctx, v.path("id"), v.path("entity"), f.Get("duty"), f.Get("reason"))
	})
}

func (s *Server) entitySent(v *visit) error {
	return s.entityAct(v, "sent", "Recorded.", func(ctx context.Context, f url.Values) error {
		duty, stage, _ := strings.Cut(f.Get("report"), "/")
		var l problem.List
		at := timeOf(&l, "at", f.Get("at"))
		if err := l.Err("the report cannot be recorded"); err != nil {
			return err
		}
		return s.Cases.Discharge(ctx, v.path("id"), v.path("entity"), incident.Sent{Duty: duty, Stage: stage, At: at, Evidence: f.Get("evidence")})
	})
}

// entityNewPage adds a legal entity to an incident.
func (s *Server) entityNewPage(v *visit) (formPage, error) {
	var i incident.Incident
	err := v.view(func(ctx context.Context, r store.Reader) error {
		f, err := incident.Get(ctx, r, v.path("id"))
		i = f.Incident
		return err
	})
	p := formPage{Frame: v.frame("Add a legal entity", urlIncidents(), Link{urlIncidents(), "Incidents"}, Link{urlIncident(i.ID), i.Number}),
		Lead: "Whom the law says to tell depends on what the entity is, where it is, and when it became aware. Another entity may become aware later."}
	p.Form = Form{ID: "entity", Action: urlIncident(i.ID) + "/entities/new", Submit: "Add the legal entity", Cancel: urlIncident(i.ID)}.with(
		Field{Name: "name", Label: "Name", Kind: "text", Required: true},
		Field{Name: "jurisdictions", Label: "Where", Kind: "checks", Options: jurisdictions()},
		Field{Name: "roles", Label: "What it is there", Kind: "checks", Options: options("", content.DutyRoles())},
		Field{Name: "aware", Label: "When it became aware", Kind: "datetime-local", Required: true, Value: inputTime(i.Aware), Help: "UTC."})
	return p, err
}

func (s *Server) entityNew(v *visit) error {
	p, err := s.entityNewPage(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) entityNewDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	var l problem.List
	e := incident.Entity{Name: f.Get("name"), Entity: clock.Entity{Jurisdictions: f["jurisdictions"], Roles: f["roles"], Instants: map[string]time.Time{"became_aware": timeOf(&l, "aware", f.Get("aware"))}}}
	id := ""
	if err = l.Err("the legal entity is not complete"); err == nil {
		id, err = s.Cases.AddEntity(v.r.Context(), v.path("id"), e)
	}
	if err == nil {
		return v.done(urlEntity(v.path("id"), id), "Added. Say what is known, and the clocks follow.")
	}
	p, perr := s.entityNewPage(v)
	if perr != nil {
		return perr
	}
	return v.correct(&p, &p.Form, f, err)
}
