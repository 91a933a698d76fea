package web

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"triward/internal/device"
	"triward/internal/incident"
	"triward/internal/incident/blast"
	"triward/internal/incident/claim"
	"triward/internal/incident/indicator"
	"triward/internal/problem"
	"triward/internal/store"
)

func claimRoutes() []route {
	return []route{
		{"GET", "/incidents/{id}/who", "incident.read", (*Server).who},
		{"GET", "/incidents/{id}/who.md", "incident.read", (*Server).whoText},
		{"POST", "/incidents/{id}/indicators", "claim.indicator_added", (*Server).indicatorAdd},
		{"POST", "/incidents/{id}/indicators/{indicator}/look-ups", "claim.looked_up", (*Server).indicatorLookUp},
		{"GET", "/incidents/{id}/claims/new", "claim.made", (*Server).claimNew},
		{"POST", "/incidents/{id}/claims/new", "claim.made", (*Server).claimNewDone},
		{"GET", "/incidents/{id}/evidence/export", "custody.worked", (*Server).evidenceExport},
		{"POST", "/incidents/{id}/evidence/export", "custody.worked", (*Server).evidenceExportDone},
		{"POST", "/incidents/{id}/claims/{claim}/withdraw", "claim.withdrawn", (*Server).claimWithdraw},
		{"GET", "/incidents/{id}/threads/step", "claim.chained", (*Server).stepNew},
		{"POST", "/incidents/{id}/threads/step", "claim.chained", (*Server).stepNewDone},
		{"POST", "/incidents/{id}/threads/{thread}/remove", "claim.chained", (*Server).stepRemove},
	}
}

func urlWho(incident any) string { return path("incidents", text(incident), "who") }

func urlClaimNew(incident, about any, replaces string) string {
	q := url.Values{"about": {text(about)}}
	if replaces != "" {
		q.Set("replaces", replaces)
	}
	return queryURL(path("incidents", text(incident), "claims", "new"), q.Encode())
}

// urlRef is where a piece of evidence is shown.
func urlRef(r claim.Ref, incident string) string {
	switch r.Kind {
	case claim.Exhibit:
		return urlExhibit(r.ID)
	case claim.Event:
		return urlEvent(r.ID)
	case claim.Alert:
		return urlAlert(r.ID)
	}
	return urlIncident(incident)
}

// whoPage is who did what and how, with what is not known.
type whoPage struct {
	Frame
	claim.Report
	Tabs       []Tab
	Audiences  []Option // for whom its marking allows the report
	Said       []saidPart
	Found      []foundRow
	Near       []nearRow         // devices on which an indicator was seen and that are not in the incident
	NearTags   string            // their asset tags, one on a line
	Devices    map[string]string // names
	Add        act
	MayAdd     bool
	MayClaim   bool
	MayTake    bool // back
	MayChain   bool
	NoOutside  string
	MayLookUp  bool
	MayInvolve bool
}

func (whoPage) template() string { return "who" }

// saidPart is what is said about one thing.
type saidPart struct {
	About  claim.About
	Claims []claimRow
}

// claimRow is a claim with what its reader may do.
type claimRow struct {
	claim.Claim
	Technique         string // its name
	MayClaim, MayTake bool
}

// nearRow is a device that may belong to the incident.
type nearRow struct{ ID string }

// foundRow is an indicator with the form that records what was asked outside.
type foundRow struct {
	claim.Indicator
	LookUp Form
	Blast  string // address of its blast radius
}

func (s *Server) whoPageOf(v *visit) (whoPage, error) {
	var p whoPage
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		if p.Report, err = claim.Of(ctx, r, v.path("id"), s.now()); err != nil {
			return err
		}
		return p.names(ctx, r)
	})
	if err != nil {
		return p, err
	}
	f := p.Incident
	p.Audiences = tlpAudiences(f.TLP)
	open := f.State.Open()
	p.Frame = v.frame("Who and how: "+f.Number, urlIncidents(), Link{urlIncidents(), "Incidents"}, Link{urlIncident(f.ID), f.Number})
	p.Tabs = tabsOf(v, f.ID, "who")
	p.MayAdd, p.MayClaim, p.MayTake = open && v.may(claim.KindAdded), open && v.may(claim.KindMade), open && v.may(claim.KindWithdrawn)
	p.MayChain = open && v.may(claim.KindChained)
	p.MayLookUp, p.MayInvolve = v.may(claim.KindLookedUp), open && v.may(incident.KindDeviceInvolved)
	if err := claim.MayLookUp(f); err != nil {
		p.NoOutside, p.MayLookUp = problem.Text(err), false
	}
	names := p.Techniques()
	for _, s := range p.Sections {
		part := saidPart{About: s.About}
		for _, c := range s.Claims {
			part.Claims = append(part.Claims, claimRow{c, names[c.Value], p.MayClaim, p.MayTake})
		}
		p.Said = append(p.Said, part)
	}
	p.Add = act{Title: "Add an indicator", Help: "It is searched in everything that is kept, at once and again while work goes on.", Form: Form{ID: "indicator", Action: urlIncident(f.ID) + "/indicators", Submit: "Add and search"}.with(
		Field{Name: "value", Label: "Address, name, hash, user, AE title, file, web address or device", Kind: "text", Required: true, Placeholder: "203.0.113[.]9", Help: "Also as 203.0.113[.]9 or hxxp://."},
		Field{Name: "kind", Label: "It is", Kind: "select", Options: orNone("What it looks like", options("", indicator.Kinds()))},
		Field{Name: "note", Label: "Where it was found", Kind: "text"})}
	for _, i := range p.Indicators {
		p.Found = append(p.Found, foundRow{i, Form{ID: "look-up-" + i.ID, Action: urlIncident(f.ID) + "/indicators/" + i.ID + "/look-ups", Submit: "Record"}.with(
			Field{ID: "where-" + i.ID, Name: "where", Label: "Asked where", Kind: "text", Required: true}, Field{ID: "found-" + i.ID, Name: "found", Label: "What came of it", Kind: "text", Required: true}),
			urlBlastOf(blast.Query{Indicator: i.Value, Kind: i.Kind, Incident: f.ID})})
	}
	return p, nil
}

// names adds what devices are called that indicators were seen on.
func (p *whoPage) names(ctx context.Context, r store.Reader) error {
	p.Devices = map[string]string{}
	var ids []string
	for _, i := range p.Indicators {
		for _, d := range i.Search.Devices {
			ids = append(ids, d.Device)
			p.Devices[d.Device] = d.Device
		}
	}
	tags := map[string]string{}
	scope, err := store.ScopeOf(ctx, device.KindRead)
	if err != nil {
		ids = nil
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	found, err := device.Briefs(ctx, r, ids[:min(len(ids), 1000)])
	if err != nil {
		return err
	}
	for _, b := range found {
		if !scope.Covers(string(b.Site), "") {
			continue
		}
		tags[string(b.ID)], p.Devices[string(b.ID)] = b.AssetTag, strings.TrimSpace(b.AssetTag+" "+b.ModelName)
	}
	for _, id := range p.Beyond {
		p.Near = append(p.Near, nearRow{id})
		if tags[id] != "" {
			p.NearTags += tags[id] + "\n"
		}
	}
	return nil
}

func (s *Server) who(v *visit) error {
	p, err := s.whoPageOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) whoText(v *visit) error {
	p, err := s.whoPageOf(v)
	if err != nil {
		return err
	}
	text, err := p.Markdown(audience(v))
	if err != nil {
		return err
	}
	v.attach("text/markdown; charset=utf-8", p.Incident.Number+"-who.md")
	_, err = v.w.Write(text)
	return ignoreGone(err)
}

func (s *Server) indicatorAdd(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	_, err = s.Claims.Add(v.r.Context(), v.path("id"), claim.Indicator{Kind: indicator.Kind(f.Get("kind")), Value: f.Get("value"), Note: f.Get("note")})
	if err == nil {
		return v.done(urlWho(v.path("id")), "Added.")
	}
	p, perr := s.whoPageOf(v)
	if perr != nil {
		return perr
	}
	return v.correct(&p, &p.Add.Form, f, err)
}

func (s *Server) indicatorLookUp(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if err = s.Claims.LookUp(v.r.Context(), v.path("indicator"), f.Get("where"), f.Get("found")); err == nil {
		return v.done(urlWho(v.path("id")), "Recorded.")
	}
	p, perr := s.whoPageOf(v)
	if perr != nil {
		return perr
	}
	n := slices.IndexFunc(p.Found, func(r foundRow) bool { return r.ID == v.path("indicator") })
	if n < 0 {
		return err
	}
	return v.correct(&p, &p.Found[n].LookUp, f, err)
}

func (s *Server) claimWithdraw(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if err := s.Claims.Withdraw(v.r.Context(), v.path("id"), v.path("claim"), f.Get("reason")); err != nil {
		return err
	}
	return v.done(urlWho(v.path("id")), "Withdrawn.")
}

// gradeOptions are the steps of one half of an Admiralty grade.
func gradeOptions(all []claim.Term, chosen string) []Option {
	var out []Option
	for _, x := range all {
		out = append(out, Option{Value: x.Key, Text: fmt.Sprintf("%s: %s (%d)", x.Key, x.Words, x.Value), On: x.Key == chosen})
	}
	return out
}

// likelyOptions are how likely something is.
func likelyOptions(chosen string) []Option {
	out := []Option{{Value: "", Text: "Not said"}}
	for _, x := range claim.Likelihoods() {
		out = append(out, Option{Value: x.Key, Text: x.Words, On: x.Key == chosen})
	}
	return out
}

// claimNewPage says who did what or how. It begins with the claim whose place the new one takes.
func (s *Server) claimNewPage(v *visit) (formPage, error) {
	var f incident.Incident
	old := claim.Claim{About: claim.About(v.query("about")), Grade: claim.Grade{Source: "C", Information: "3"}}
	replaces := v.query("replaces")
	err := v.view(func(ctx context.Context, r store.Reader) error {
		var err error
		if f, err = incident.Brief(ctx, r, v.path("id")); err != nil || replaces == "" {
			return err
		}
		all, err := claim.Claims(ctx, r, f.ID)
		n := slices.IndexFunc(all, func(c claim.Claim) bool { return c.ID == replaces })
		if err == nil && n < 0 {
			return problem.New(problem.NotFound, "there is no such claim")
		}
		if n >= 0 {
			old = all[n]
		}
		return err
	})
	if err != nil {
		return formPage{}, err
	}
	if !slices.Contains(claim.Abouts(), old.About) {
		return formPage{}, problem.New(problem.NotFound, "there is no such page")
	}
	p := formPage{Frame: v.frame(old.About.Question(), urlIncidents(), Link{urlIncidents(), "Incidents"}, Link{urlIncident(f.ID), f.Number}, Link{urlWho(f.ID), "Who and how"}),
		Lead: "Say what you think, who says so, and what shows it. A claim is never changed: another one takes its place, and both stay."}
	var fields []Field
	switch choices := old.About.Choices(); {
	case choices != nil:
		fields = append(fields, Field{Name: "value", Label: title(old.About), Kind: "select", Options: options(old.Value, choices)})
	case old.About == claim.Technique:
		fields = append(fields, Field{Name: "value", Label: "Technique of MITRE ATT&CK", Kind: "text", Required: true, Value: old.Value, Placeholder: "T0811", Help: "Its id, of the matrix for ICS or Enterprise."},
			Field{Name: "newer", Label: "The technique is newer than the list that is kept here", Kind: "checkbox", Value: map[bool]string{true: "yes"}[old.Newer]})
	}
	var evidence []string
	for _, e := range old.Evidence {
		evidence = append(evidence, e.ID)
	}
	fields = append(fields, Field{Name: "says", Label: "What is said", Kind: "textarea", Required: true, Value: old.Says},
		Field{Name: "source", Label: "Who says so", Kind: "text", Required: true, Value: old.Source},
		Field{Name: "grade_source", Label: "How reliable they are", Kind: "select", Options: gradeOptions(claim.Sources(), old.Grade.Source)},
		Field{Name: "grade_information", Label: "How credible it is", Kind: "select", Options: gradeOptions(claim.Informations(), old.Grade.Information)},
		Field{Name: "likelihood", Label: "How likely it is", Kind: "select", Options: likelyOptions(old.Likelihood)},
		Field{Name: "evidence", Label: "Evidence", Kind: "textarea", Value: strings.Join(evidence, "\n"), Help: "One id a line: of an exhibit (also its number), an event, an alert or a note."},
		Field{Name: "hypothesis", Label: "There is no evidence: it is a hypothesis", Kind: "checkbox", Value: map[bool]string{true: "yes"}[old.Hypothesis]},
		Field{Name: "happened", Label: "When it happened", Kind: "datetime-local", Value: inputTime(old.Happened), Help: "UTC, where it is known."})
	if replaces != "" {
		fields = append(fields, reasonField("Why it takes the place of the other one"))
	}
	p.Form = Form{ID: "claim", Action: urlClaimNew(f.ID, old.About, replaces), Submit: "Claim it", Cancel: urlWho(f.ID)}.with(fields...)
	return p, nil
}

func (s *Server) claimNew(v *visit) error {
	p, err := s.claimNewPage(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) claimNewDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	var l problem.List
	c := claim.Claim{About: claim.About(v.query("about")), Value: f.Get("value"), Says: f.Get("says"), Source: f.Get("source"), Grade: claim.Grade{Source: f.Get("grade_source"), Information: f.Get("grade_information")},
		Likelihood: f.Get("likelihood"), Newer: f.Get("newer") != "", Hypothesis: f.Get("hypothesis") != "", Replaces: v.query("replaces"), Reason: f.Get("reason")}
	if f.Get("happened") != "" {
		c.Happened = timeOf(&l, "happened", f.Get("happened"))
	}
	for _, e := range strings.Fields(f.Get("evidence")) {
		ref, err := claim.ParseRef(e)
		if err != nil {
			l.Add("evidence", "%s", problem.Text(err))
			continue
		}
		c.Evidence = append(c.Evidence, ref)
	}
	if err = l.Err("the claim cannot be kept"); err == nil {
		_, err = s.Claims.Make(v.r.Context(), v.path("id"), c)
	}
	if err == nil {
		return v.done(urlWho(v.path("id")), "Kept.")
	}
	p, perr := s.claimNewPage(v)
	if perr != nil {
		return perr
	}
	return v.correct(&p, &p.Form, f, err)
}
