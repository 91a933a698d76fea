package web

import (
	"context"
	"net/url"
	"strings"
	"time"

	"triward/internal/detection"
	"triward/internal/device"
	"triward/internal/document"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/risk"
	"triward/internal/sigma"
	"triward/internal/store"
)

// alertPage is one alert: what was seen, why it matters, and what can be done.
type alertPage struct {
	Frame
	Alert    alertRow
	Moves    []alertMove
	Events   []alertEvent
	Rule     *detection.RuleItem
	Text     string // of the rule, as it fired
	About    ruleNotes
	Device   *alertDevice
	SourceOf string // name of the source
	Into     string // address of what it went into
	Merged   []detection.Alert
	Remarks  []detection.Remark
	Note     *Form
	Suppress *Form
	Blind    []detection.Blind // times around it in which something was not seen
	History  []historyRow
	MayRead  bool // events
}

func (alertPage) template() string { return "alert" }

type alertEvent struct {
	detection.Listed
	Tag string // of its device
}

// alertDevice is what a person must know of the device before acting.
type alertDevice struct {
	device.Brief
	Name, Where string
	Harm        []product.Function // what can happen to a patient
	Risk        risk.DeviceRisk
	Ranked      bool
	Worst       []riskRow
}

// ruleNotes is what the author of a rule says of it.
type ruleNotes struct {
	Description, Safety, Rate, Control, Procedure string
	ProcedureTitle                                string // "" when the library does not have it, or the visitor may not read it
	Needs, FalsePositives, References, EMB3D      []string
	Source                                        sigma.LogSource
	Kind                                          string // of a correlation
	Baseline                                      *sigma.Baseline
	Author                                        string
}

// notesOf reads what a rule's text says of one of its rules.
func notesOf(id, path, body string) ruleNotes {
	set, err := sigma.Parse(path, []byte(body), sigma.Options{})
	if err != nil { // it was read when it was loaded; a text of an older version may not be any more
		return ruleNotes{}
	}
	for _, x := range set.Rules {
		if x.ID == id || x.ID == "" {
			return ruleNotes{Description: x.Description, FalsePositives: x.FalsePositives, References: x.References, Source: x.LogSource, Author: x.Author}.with(x.Extension)
		}
	}
	for _, x := range set.Correlations {
		if x.ID == id || x.ID == "" {
			return ruleNotes{Description: x.Description, FalsePositives: x.FalsePositives, References: x.References, Kind: string(x.Type), Author: x.Author}.with(x.Extension)
		}
	}
	return ruleNotes{}
}

func (n ruleNotes) with(e sigma.Extension) ruleNotes {
	n.Safety, n.Rate, n.Control, n.Procedure, n.Needs, n.EMB3D, n.Baseline = e.Safety, e.Rate, e.Control, e.Procedure, e.Needs, e.EMB3D, e.Baseline
	return n
}

// procedureTitle looks the procedure up in the library.
func (v *visit) procedureTitle(ctx context.Context, r store.Reader, code string) string {
	if code == "" || !v.may(document.KindRead) {
		return ""
	}
	d, err := document.ByCode(ctx, r, code)
	if err != nil {
		return ""
	}
	return d.Title
}

func (s *Server) alert(v *visit) error {
	p, err := s.alertOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) alertOf(v *visit) (alertPage, error) {
	p := alertPage{MayRead: v.may(detection.KindEventRead) && s.Events.Log != nil}
	id := v.path("id")
	err := v.view(func(ctx context.Context, r store.Reader) error {
		a, err := detection.GetAlert(ctx, r, id)
		if err != nil {
			return err
		}
		rows, err := s.alertRows(ctx, r, []detection.Alert{a})
		if err != nil {
			return err
		}
		p.Alert = rows[0]
		if err := s.alertRule(ctx, r, v, &p); err != nil {
			return err
		}
		if err := s.alertDevice(ctx, r, v, &p); err != nil {
			return err
		}
		if err := alertEvents(ctx, r, &p); err != nil {
			return err
		}
		if p.Merged, err = detection.MergedInto(ctx, r, id); err != nil {
			return err
		}
		if p.Remarks, err = detection.Remarks(ctx, r, id); err != nil {
			return err
		}
		blind, err := detection.Blinds(ctx, r, detection.BlindQuery{From: a.First.Add(-time.Hour), To: a.Last.Add(time.Hour), Limit: 20})
		if err != nil {
			return err
		}
		p.Blind = blind.Items
		p.History, err = history(ctx, r, id)
		return err
	})
	if err != nil {
		return p, err
	}
	a := p.Alert
	p.Frame = v.frame(a.Title, urlAlerts(), Link{urlAlerts(), "Alerts"})
	p.Moves = v.alertMovesOf(a.State)
	switch {
	case a.State == detection.Merged:
		p.Into = urlAlert(a.Target)
	case strings.HasPrefix(a.Target, "inc_"):
		p.Into = v.subjectURL(a.Target)
	}
	if v.may(detection.KindAlertNoted) {
		f := Form{ID: "note", Action: urlAlert(id) + "/note", Submit: "Add the note"}.with(Field{Name: "note", Label: "Note", Kind: "textarea", Required: true})
		p.Note = &f
	}
	if a.Rule != "" && v.may(detection.KindExceptionAdded) && a.State != detection.Merged {
		f := Form{ID: "suppress", Action: urlAlert(id) + "/suppress", Submit: "Suppress"}.with(
			Field{Name: "until", Label: "Until", Kind: "date", Required: true, Help: "At most 90 days ahead. It ends by itself; hits are still counted."}, Field{Name: "reason", Label: "Reason", Kind: "text", Required: true})
		p.Suppress = &f
	}
	return p, nil
}

func (s *Server) alertRule(ctx context.Context, r store.Reader, v *visit, p *alertPage) error {
	a := p.Alert
	if a.Rule == "" {
		return nil
	}
	rule, err := detection.GetRule(ctx, r, a.Rule, s.now())
	if problem.KindOf(err) == problem.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	p.Rule = &rule
	if p.Text, err = detection.TextOf(ctx, r, a.Rule, a.Digest); err != nil {
		return err
	}
	p.About = notesOf(a.Rule, rule.Path, p.Text)
	p.About.ProcedureTitle = v.procedureTitle(ctx, r, p.About.Procedure)
	return nil
}

func (s *Server) alertDevice(ctx context.Context, r store.Reader, v *visit, p *alertPage) error {
	a := p.Alert
	if a.Source != "" {
		n, err := readNames(ctx, r, nil)
		if err != nil {
			return err
		}
		p.SourceOf = n.sources[a.Source]
	}
	if a.Device == "" {
		return nil
	}
	briefs, err := device.Briefs(ctx, r, []string{a.Device})
	if err != nil || len(briefs) == 0 {
		return err
	}
	b := briefs[0]
	d := &alertDevice{Brief: b, Name: deviceName(b), Where: place(b.SiteName, b.Ward)}
	p.Device = d
	if b.Model != "" {
		m, err := product.Get(store.WithActor(ctx, store.System("web")), r, b.Model)
		if err != nil {
			return err
		}
		d.Harm = m.Functions
	}
	if !v.may(risk.KindRead) {
		return nil
	}
	sums, err := risk.DeviceRisks(ctx, r, []string{a.Device})
	if err != nil {
		return err
	}
	d.Risk, d.Ranked = sums[a.Device]
	page, err := risk.Lines(ctx, r, risk.LineQuery{Device: a.Device, Limit: 5})
	if err != nil {
		return err
	}
	d.Worst, err = riskRows(ctx, r, page.Lines)
	return err
}

func alertEvents(ctx context.Context, r store.Reader, p *alertPage) error {
	all, err := detection.EventsOf(ctx, r, p.Alert.ID)
	if err != nil {
		return err
	}
	var ids []string
	for _, e := range all {
		if e.Device != "" {
			ids = append(ids, e.Device)
		}
	}
	n, err := readNames(ctx, r, ids)
	for _, e := range all {
		row := alertEvent{Listed: e}
		if e.Device != "" {
			row.Tag = n.device(e.Device)
		}
		p.Events = append(p.Events, row)
	}
	return err
}

// IsEvent reports whether an id names an event that can be opened, and not something that did not happen.
func (e alertEvent) IsEvent() bool { return !strings.Contains(e.Event, ":") }

func (s *Server) alertNote(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if err := s.Alerts.Note(v.r.Context(), v.path("id"), f.Get("note")); err != nil {
		p, perr := s.alertOf(v)
		if perr == nil && p.Note != nil && p.Note.blame(err) {
			p.Note.fill(f)
			return v.again(p, err)
		}
		return err
	}
	return v.done(urlAlert(v.path("id")), "The note is added.")
}

func (s *Server) alertSuppress(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	until, err := endOf(f, "until")
	if err == nil {
		err = s.Alerts.Suppress(v.r.Context(), v.path("id"), until, strings.TrimSpace(f.Get("reason")))
	}
	if err != nil {
		p, perr := s.alertOf(v)
		if perr == nil && p.Suppress != nil && p.Suppress.blame(err) {
			p.Suppress.fill(f)
			return v.again(p, err)
		}
		return err
	}
	return v.done(urlAlert(v.path("id")), "Further hits of this rule about the same raise no alert until "+until.Format("2 Jan 2006")+".")
}

// endOf reads a date as the end of that day, UTC; the zero time when it is empty.
func endOf(f url.Values, name string) (time.Time, error) {
	var l problem.List
	t := date(&l, f, name)
	if !t.IsZero() {
		t = t.Add(24*time.Hour - time.Second)
	}
	return t, l.Err("the form is not valid")
}

// alertNew asks for what somebody reports.
func (s *Server) alertNewForm(v *visit) (formPage, error) {
	var sites []Option
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		if sites, err = v.siteOptions(ctx, r); len(sites) > 0 {
			sites = sites[1:]
		}
		return err
	})
	p := formPage{Frame: v.frame("Report an alert", urlAlerts(), Link{urlAlerts(), "Alerts"}), Lead: "For what no rule can see: a telephone call, something that somebody noticed. It gets the same clock as any other alert."}
	p.Form = Form{ID: "report", Action: urlAlert("new"), Submit: "Report", Cancel: urlAlerts()}.with(
		Field{Name: "title", Label: "What is it", Kind: "text", Required: true},
		Field{Name: "level", Label: "Level", Kind: "select", Required: true, Options: options("high", detection.Levels())},
		Field{Name: "said", Label: "What was told, and by whom", Kind: "textarea", Required: true, Help: "No names of patients."},
		Field{Name: "device", Label: "Device", Kind: "text", Value: v.query("device"), Help: "Its asset tag, serial number or address, where one is meant."},
		Field{Name: "site", Label: "Site", Kind: "select", Options: orNone("Not known", sites)}, Field{Name: "ward", Label: "Ward", Kind: "text"},
		Field{Name: "exercise", Label: "This is an exercise", Kind: "checkbox"})
	return p, err
}

func (s *Server) alertNew(v *visit) error {
	p, err := s.alertNewForm(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) alertNewDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	p, err := s.alertNewForm(v)
	if err != nil {
		return err
	}
	rep := detection.Report{Title: strings.TrimSpace(f.Get("title")), Level: detection.Level(f.Get("level")), Said: strings.TrimSpace(f.Get("said")), Site: f.Get("site"), Ward: strings.TrimSpace(f.Get("ward")), Exercise: f.Get("exercise") != ""}
	var id string
	if err = v.named(strings.TrimSpace(f.Get("device")), &rep); err == nil {
		id, err = s.Alerts.Report(v.r.Context(), rep)
	}
	if err != nil {
		p.Form.fill(f)
		if p.Form.blame(err) {
			return v.again(p, err)
		}
		return err
	}
	return v.done(urlAlert(id), "The alert is reported.")
}

// named finds the device that a person names, with its place and use.
func (v *visit) named(name string, rep *detection.Report) error {
	if name == "" {
		return nil
	}
	var found []device.Item
	err := v.view(func(ctx context.Context, r store.Reader) error {
		page, err := device.List(ctx, r, device.Query{Prefix: name, Limit: 10})
		found = page.Items
		return err
	})
	if err != nil {
		return err
	}
	var l problem.List
	exact := found[:0:0]
	for _, d := range found {
		if strings.EqualFold(d.AssetTag, name) || string(d.ID) == name {
			exact = append(exact, d)
		}
	}
	if len(exact) > 0 {
		found = exact
	}
	switch len(found) {
	case 0:
		l.Add("device", "no device of that name is known")
	case 1:
		d := found[0]
		rep.Device, rep.Site, rep.InUse = string(d.ID), string(d.Site), d.InUse
		if rep.Ward == "" {
			rep.Ward = d.Ward
		}
	default:
		l.Add("device", "%d devices fit: give the whole asset tag", len(found))
	}
	return l.Err("the report is not valid")
}
