package web

import (
	"context"
	"net/url"
	"slices"
	"strconv"

	"triward/internal/content"
	"triward/internal/incident"
	"triward/internal/incident/clock"
	"triward/internal/incident/draft"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/store"
)

func draftRoutes() []route {
	return []route{
		{"GET", "/incidents/{id}/reports", "incident.read", (*Server).reports},
		{"POST", "/incidents/{id}/reports", draft.KindStarted, (*Server).reportStart},
		{"GET", "/incidents/{id}/reports/{draft}", "incident.read", (*Server).draft},
		{"GET", "/incidents/{id}/reports/{draft}/print", "incident.read", (*Server).draftPrint},
		{"GET", "/incidents/{id}/reports/{draft}/pdf", "incident.read", (*Server).draftPDF},
		{"POST", "/incidents/{id}/reports/{draft}/{act}", draft.KindEdited + "|" + draft.KindApproved + "|" + draft.KindReopened + "|" + draft.KindSent, (*Server).draftAct},
	}
}

func urlReports(incident any) string { return path("incidents", text(incident), "reports") }

func urlDraft(incident, id any) string { return path("incidents", text(incident), "reports", text(id)) }

// reportsPage is what is due to be told in writing, and the drafts.
type reportsPage struct {
	Frame
	Tabs     []Tab
	Incident incident.Incident
	Dues     []dueRow
	Free     []draft.Draft // that answer no clock
	Start    *Form
	MayStart bool
}

func (reportsPage) template() string { return "reports" }

// dueRow is a report that is due.
type dueRow struct {
	draft.Due
	Left string // until the latest instant
}

func (s *Server) reportsPageOf(v *visit) (reportsPage, error) {
	p := reportsPage{MayStart: v.may(draft.KindStarted)}
	var who []incident.EntityClocks
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		if p.Incident, err = incident.Brief(ctx, r, v.path("id")); err != nil {
			return err
		}
		dues, err := draft.Dues(ctx, r, p.Incident.ID, s.now())
		if err != nil {
			return err
		}
		for _, d := range dues {
			p.Dues = append(p.Dues, dueRow{d, clockRowOf(incident.Entity{}, d.Clock).Left})
		}
		if who, err = incident.Clocks(ctx, r, p.Incident.ID, s.now()); err != nil {
			return err
		}
		p.Free, err = draft.List(ctx, r, p.Incident.ID)
		p.Free = slices.DeleteFunc(p.Free, func(d draft.Draft) bool {
			return slices.ContainsFunc(dues, func(x draft.Due) bool { return x.Draft != nil && x.Draft.ID == d.ID })
		})
		return err
	})
	if err != nil {
		return p, err
	}
	p.Frame = v.frame("Drafts: "+p.Incident.Number, urlIncidents(), Link{urlIncidents(), "Incidents"}, Link{urlIncident(p.Incident.ID), p.Incident.Number})
	p.Tabs = tabsOf(v, p.Incident.ID, "reports")
	if !p.MayStart {
		return p, nil
	}
	all, err := content.DraftTemplates()
	if err != nil {
		return p, err
	}
	templates, entities := make([]Option, len(all.Templates)), []Option{{Value: "", Text: "None"}}
	for n, t := range all.Templates {
		templates[n] = Option{Value: t.ID, Text: t.Title, On: t.ID == "holding-statement"}
	}
	for n, e := range who {
		entities = append(entities, Option{Value: e.ID, Text: e.Name, On: n == 0})
	}
	f := Form{ID: "draft", Action: urlReports(p.Incident.ID), Submit: "Begin"}.with(Field{Name: "template", Label: "Template", Kind: "select", Options: templates}, Field{Name: "entity", Label: "For the legal entity", Kind: "select", Options: entities})
	p.Start = &f
	return p, nil
}

func (s *Server) reports(v *visit) error {
	p, err := s.reportsPageOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) reportStart(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	id, err := s.Drafts.Start(v.r.Context(), draft.Start{Incident: v.path("id"), Template: f.Get("template"), Entity: f.Get("entity"), Duty: f.Get("duty"), Stage: f.Get("stage")})
	if err == nil {
		return v.done(urlDraft(v.path("id"), id), "Filled in from what is known. Look at every field.")
	}
	p, perr := s.reportsPageOf(v)
	if perr != nil || p.Start == nil {
		return err
	}
	return v.correct(&p, p.Start, f, err)
}

// draftPage is one report or letter.
type draftPage struct {
	Frame
	Draft      draft.Draft
	Incident   incident.Incident
	Law        string
	Reading    draft.Reading
	MaxLIX     int
	Missing    []string
	Versions   []draft.Version
	Signatures []signature.Signature
	Fields     []draftField
	Edit       *Form // its fields are those of Fields
	MayRefresh bool
	Shut       string // why the marking keeps it inside
	Acts       []act
}

func (draftPage) template() string { return "draft" }

// draftField is a field with what helps to fill it in, and its box; Kind of the box is "" where it is only read.
type draftField struct {
	draft.Value
	Help string
	Box  Field
}

func (s *Server) draftPageOf(v *visit) (draftPage, error) {
	p := draftPage{MaxLIX: draft.MaxLIX}
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		if p.Draft, err = draft.Get(ctx, r, v.path("draft")); err != nil {
			return err
		}
		if p.Incident, err = incident.Brief(ctx, r, v.path("id")); err != nil {
			return err
		}
		if p.Incident.ID != p.Draft.Incident {
			return problem.New(problem.NotFound, "there is no such draft in %s", p.Incident.Number)
		}
		if p.Versions, err = draft.Versions(ctx, r, p.Draft.ID); err != nil {
			return err
		}
		if p.Signatures, err = signature.Of(ctx, r, p.Draft.ID); err != nil {
			return err
		}
		return p.acts(ctx, v, r)
	})
	if err != nil {
		return p, err
	}
	d := p.Draft
	p.Frame = v.frame(d.Title, urlIncidents(), Link{urlIncidents(), "Incidents"}, Link{urlIncident(p.Incident.ID), p.Incident.Number}, Link{urlReports(p.Incident.ID), "Drafts"})
	p.Missing = d.Missing()
	if err := d.MayGo(p.Incident); err != nil {
		p.Shut = problem.Text(err)
	}
	if p.Reading, err = d.Reading(); err != nil {
		return p, err
	}
	all, err := content.DraftTemplates()
	if err != nil {
		return p, err
	}
	t, _ := all.Template(d.Template)
	p.Law = t.Law
	edits := d.State == draft.Open && v.may(draft.KindEdited)
	for _, x := range d.Values {
		f := draftField{Value: x}
		if n := slices.IndexFunc(t.Fields, func(e content.Entry) bool { return e.ID == x.Field }); n >= 0 {
			f.Help = t.Fields[n].Help
		}
		if edits {
			f.Box = Field{ID: "f-" + x.Field, Name: x.Field, Label: x.Label, Kind: "textarea", Value: x.Text, Help: f.Help, Placeholder: draft.Unknown, Required: x.Required}
		}
		p.Fields = append(p.Fields, f)
	}
	if edits {
		p.MayRefresh = true
		p.Edit = &Form{ID: "edit", Action: urlDraft(d.Incident, d.ID) + "/edit", Submit: "Keep as a new version"}
	}
	return p, nil
}

// acts are what can be done with the draft as it stands.
func (p *draftPage) acts(ctx context.Context, v *visit, r store.Reader) error {
	d := p.Draft
	at := urlDraft(d.Incident, d.ID)
	switch {
	case d.State == draft.Open && v.may(draft.KindApproved):
		a := act{Title: "Approve it", First: true, Help: "You sign this version as it stands here. Whoever wrote in it cannot.", Form: Form{ID: "approve", Action: at + "/approve", Submit: "Approve"}.with(
			Field{Name: "version", Kind: "hidden", Value: text(d.Version)}, Field{Name: "reason", Label: "Remark", Kind: "textarea", Help: "Needed where something required is unknown, or where a letter is hard to read."})}
		var err error
		if a.Form.Sign, err = v.signForm(ctx, r, signature.Approval); err != nil {
			return err
		}
		a.Form.Sign.over(signature.Approval, d.Digest)
		p.Acts = append(p.Acts, a)
	case d.State == draft.Approved:
		if v.may(draft.KindSent) {
			p.Acts = append(p.Acts, act{Title: "It was sent", First: true, Help: "The clock that it answers is discharged with this record as evidence.", Form: Form{ID: "send", Action: at + "/send", Submit: "Record it"}.with(
				Field{Name: "at", Label: "When", Kind: "datetime-local", Required: true, Value: inputTime(v.s.now()), Help: "UTC."}, Field{Name: "whom", Label: "To whom", Kind: "text", Required: true},
				Field{Name: "channel", Label: "How", Kind: "text", Required: true, Placeholder: "portal"}, Field{Name: "reference", Label: "Reference that the receiver gave", Kind: "text"})})
		}
		if v.may(draft.KindReopened) {
			p.Acts = append(p.Acts, act{Title: "Take it back", Help: "To change it before it is sent. It has to be approved again.", Form: Form{ID: "reopen", Action: at + "/reopen", Submit: "Take it back"}.with(reasonField("Reason"))})
		}
	}
	return nil
}

func (s *Server) draft(v *visit) error {
	p, err := s.draftPageOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

// draftPrintPage is a draft on paper.
type draftPrintPage struct{ draftPage }

func (draftPrintPage) template() string { return "draftprint" }

func (s *Server) draftPrint(v *visit) error {
	p, err := s.draftPageOf(v)
	if err != nil {
		return err
	}
	return v.show(draftPrintPage{p})
}

// draftPDF gives the file of a draft.
func (s *Server) draftPDF(v *visit) error {
	p, err := s.draftPageOf(v)
	if err != nil {
		return err
	}
	f, err := s.Drafts.PDF(v.r.Context(), p.Draft.ID)
	if err != nil {
		return err
	}
	return v.sendFile(f)
}

// draftAct does what the last part of the address names, and comes back to the draft.
func (s *Server) draftAct(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if err = s.draftDo(v, f); err == nil {
		return v.done(urlDraft(v.path("id"), v.path("draft")), "Recorded.")
	}
	p, perr := s.draftPageOf(v)
	if perr != nil {
		return perr
	}
	if v.path("act") == "edit" && p.Edit != nil {
		for n := range p.Fields {
			p.Edit.Fields = append(p.Edit.Fields, p.Fields[n].Box)
		}
		p.Edit.fill(f)
		if !p.Edit.blame(err) {
			return err
		}
		for n := range p.Fields {
			p.Fields[n].Box = p.Edit.Fields[n]
		}
		return v.again(p, err)
	}
	return v.correct(&p, formOf(p.Acts, v.path("act")), f, err)
}

func (s *Server) draftDo(v *visit, f url.Values) error {
	ctx, id := v.r.Context(), v.path("draft")
	version, bad := strconv.Atoi(f.Get("version"))
	switch v.path("act") {
	case "edit":
		if bad != nil {
			return problem.New(problem.Invalid, "say which version you changed")
		}
		texts := map[string]string{}
		for name := range f {
			if name != "version" {
				texts[name] = f.Get(name)
			}
		}
		return s.Drafts.Edit(ctx, id, version, texts)
	case "refresh":
		return s.Drafts.Refresh(ctx, id)
	case "approve":
		if bad != nil {
			return problem.New(problem.Invalid, "say which version you read")
		}
		return s.Drafts.Approve(ctx, id, draft.Approval{Version: version, Reason: f.Get("reason"), Factors: v.factors(f)})
	case "reopen":
		return s.Drafts.Reopen(ctx, id, f.Get("reason"))
	case "send":
		var l problem.List
		at := timeOf(&l, "at", f.Get("at"))
		if err := l.Err("it cannot be recorded as sent"); err != nil {
			return err
		}
		return s.Drafts.Send(ctx, id, draft.Sending{At: at, Whom: f.Get("whom"), Channel: f.Get("channel"), Reference: f.Get("reference")})
	}
	return problem.New(problem.NotFound, "there is no such page")
}

// DraftState is how a report that is due stands, in a word.
func (d dueRow) DraftState() string {
	switch {
	case d.Draft != nil:
		return string(d.Draft.State)
	case d.State == clock.Discharged:
		return "sent elsewhere"
	}
	return "not begun"
}
