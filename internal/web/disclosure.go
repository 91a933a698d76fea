package web

import (
	"context"
	"slices"

	"triward/internal/device"
	"triward/internal/incident"
	"triward/internal/incident/disclosure"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

func disclosureRoutes() []route {
	return []route{
		{"GET", "/incidents/{id}/disclosures", "incident.read", (*Server).disclosures},
		{"POST", "/incidents/{id}/disclosures", disclosure.KindOpened, (*Server).disclosureOpen},
		{"POST", "/incidents/{id}/disclosures/{disclosure}/move", disclosure.KindMoved, (*Server).disclosureMove},
		{"POST", "/incidents/{id}/disclosures/{disclosure}/join", disclosure.KindParticipantAdded, (*Server).disclosureJoin},
	}
}

func urlDisclosures(incident any) string { return path("incidents", text(incident), "disclosures") }

// disclosuresPage is how the weaknesses that an incident revealed are told.
type disclosuresPage struct {
	Frame
	Tabs     []Tab
	Incident incident.Incident
	Rows     []disclosureRow
	Open     *act
}

func (disclosuresPage) template() string { return "disclosures" }

// disclosureRow is a disclosure with what is true of its weakness and what may be done.
type disclosureRow struct {
	disclosure.Disclosure
	Bits []bitRow
	Acts []act
}

// bitRow is a bit of a case.
type bitRow struct {
	disclosure.Bit
	Set bool
}

func (s *Server) disclosuresPageOf(v *visit) (disclosuresPage, error) {
	var p disclosuresPage
	var models []Option
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		f, err := incident.Get(ctx, r, v.path("id"))
		if err != nil {
			return err
		}
		p.Incident = f.Incident
		if models, err = modelsOf(ctx, r, f.Devices); err != nil {
			return err
		}
		all, err := disclosure.List(ctx, r, p.Incident.ID)
		for _, d := range all {
			row := disclosureRow{Disclosure: d, Acts: disclosureActs(v, d)}
			for _, b := range disclosure.Bits() {
				row.Bits = append(row.Bits, bitRow{b, d.Case.Has(b)})
			}
			p.Rows = append(p.Rows, row)
		}
		return err
	})
	if err != nil {
		return p, err
	}
	p.Frame = v.frame("Disclosures: "+p.Incident.Number, urlIncidents(), Link{urlIncidents(), "Incidents"}, Link{urlIncident(p.Incident.ID), p.Incident.Number}, Link{urlTelling(p.Incident.ID), "Telling"})
	p.Tabs = tabsOf(v, p.Incident.ID, "telling")
	if v.may(disclosure.KindOpened) {
		p.Open = &act{Title: "A weakness was found", First: len(p.Rows) == 0, Help: "One disclosure for each weakness, or for each product while the weakness has no number.",
			Form: Form{ID: "disclose", Action: urlDisclosures(p.Incident.ID), Submit: "Begin its disclosure"}.with(
				Field{Name: "title", Label: "What it is", Kind: "text", Required: true, Help: "Without names of patients."},
				Field{Name: "weakness", Label: "Number", Kind: "text", Placeholder: "CVE-2026-1234", Help: "Empty while it has none."},
				Field{Name: "model", Label: "Product", Kind: "select", Options: orNone("None", models), Help: "Of the devices in the incident. Needed while the weakness has no number."})}
	}
	return p, nil
}

// modelsOf are the models of devices in an incident.
func modelsOf(ctx context.Context, r store.Reader, all []incident.Involved) ([]Option, error) {
	var ids []string
	for _, d := range all {
		ids = append(ids, d.Device)
	}
	found, err := device.Briefs(ctx, r, slices.DeleteFunc(ids, func(id string) bool { return id == "" }))
	if err != nil {
		return nil, err
	}
	seen := map[product.ModelID]int{}
	for _, b := range found {
		seen[b.Model]++
	}
	return modelOptions(ctx, r, seen, "")
}

// disclosureActs are the moves that the machines allow, and who joins.
func disclosureActs(v *visit, d disclosure.Disclosure) []act {
	at := urlDisclosures(d.Incident) + "/" + d.ID
	why := Field{Name: "reason", Label: "Reason", Kind: "text", Required: true}
	var out []act
	add := func(title, word string, fields ...Field) {
		out = append(out, act{Title: title, Form: Form{ID: word + "-" + d.ID, Action: at + "/move", Submit: "Record it"}.with(append(fields, why)...)})
	}
	if v.may(disclosure.KindMoved) {
		if to := d.Report.Moves(); len(to) > 0 {
			add("Move the report", "report", Field{Name: "report", Label: "The report is now", Kind: "select", Required: true, Options: options("", to)})
		}
		acts := d.Embargo.Acts()
		if d.Case.Loud() {
			acts = slices.DeleteFunc(acts, func(a disclosure.Act) bool { return a == disclosure.Propose })
		}
		if len(acts) > 0 {
			add("Embargo", "embargo", Field{Name: "act", Label: "What is done", Kind: "select", Required: true, Options: options("", acts)},
				Field{Name: "until", Label: "It ends (UTC)", Kind: "datetime-local", Help: "Of a proposal."})
		}
		if bits := d.Case.Open(); len(bits) > 0 {
			add("Something became true", "case", Field{Name: "bit", Label: "What", Kind: "select", Required: true, Options: options("", bits), Help: "It cannot be taken back. What is public or attacked ends the embargo."})
		}
	}
	if v.may(disclosure.KindParticipantAdded) {
		out = append(out, act{Title: "Somebody takes part", Form: Form{ID: "join-" + d.ID, Action: at + "/join", Submit: "Add"}.with(
			Field{Name: "role", Label: "As", Kind: "select", Required: true, Options: options("", disclosure.Roles())}, Field{Name: "name", Label: "Name", Kind: "text", Required: true},
			Field{Name: "aware", Label: "A vendor: aware since (UTC)", Kind: "datetime-local"})})
	}
	return out
}

func (s *Server) disclosures(v *visit) error {
	p, err := s.disclosuresPageOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) disclosureOpen(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	_, err = s.Disclosures.Open(v.r.Context(), v.path("id"), disclosure.Disclosure{Title: f.Get("title"), Weakness: f.Get("weakness"), Model: f.Get("model")})
	if err == nil {
		return v.done(urlDisclosures(v.path("id")), "Recorded.")
	}
	p, perr := s.disclosuresPageOf(v)
	if perr != nil || p.Open == nil {
		return err
	}
	return v.correct(&p, &p.Open.Form, f, err)
}

func (s *Server) disclosureMove(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	word := map[bool]string{f.Has("report"): "report", f.Has("act"): "embargo", f.Has("bit"): "case"}[true]
	return s.disclosureDo(v, word, func(ctx context.Context, id string) error {
		var l problem.List
		step := disclosure.Step{Report: disclosure.Report(f.Get("report")), Act: disclosure.Act(f.Get("act")), Bit: disclosure.Bit(f.Get("bit")), Reason: f.Get("reason")}
		if f.Get("until") != "" {
			step.Until = timeOf(&l, "until", f.Get("until"))
		}
		if err := l.Err("the move is not complete"); err != nil {
			return err
		}
		return s.Disclosures.Move(ctx, id, step)
	})
}

func (s *Server) disclosureJoin(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	return s.disclosureDo(v, "join", func(ctx context.Context, id string) error {
		var l problem.List
		who := disclosure.Participant{Role: disclosure.Role(f.Get("role")), Name: f.Get("name")}
		if f.Get("aware") != "" {
			who.Aware = timeOf(&l, "aware", f.Get("aware"))
		}
		if err := l.Err("the participant is not complete"); err != nil {
			return err
		}
		return s.Disclosures.Join(ctx, id, who)
	})
}

// disclosureDo does something with a disclosure and shows what was wrong in the form that it came from.
func (s *Server) disclosureDo(v *visit, word string, do func(ctx context.Context, disclosure string) error) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	id := v.path("disclosure")
	if err = do(v.r.Context(), id); err == nil {
		return v.done(urlDisclosures(v.path("id"))+"#"+id, "Recorded.")
	}
	p, perr := s.disclosuresPageOf(v)
	if perr != nil {
		return err
	}
	for _, row := range p.Rows {
		for n := range row.Acts {
			if row.Acts[n].Form.ID == word+"-"+id {
				return v.correct(&p, &row.Acts[n].Form, f, err)
			}
		}
	}
	return err
}
