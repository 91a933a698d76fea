package web

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"
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
	Wait     *Form // law enforcement asked to wait; nil where no duty allows it
	Waits    []waitRow
	MayTell  bool
	MayRule  bool
	MaySend  bool
}

// waitRow is a span in which law enforcement asked to wait.
type waitRow struct {
	clock.Delay
	TakeBack Form
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
	p.forms(s.now())
	return p, nil
}

func (p *entityPage) forms(now time.Time) {
	at := urlEntity(p.Incident.ID, p.Entity.ID)
	p.Facts = Form{ID: "facts", Action: at + "/facts", Submit: "Keep what is known"}.with(factFields(p.Entity, p.Rows)...)
	duties := make([]Option, 0, len(p.Rows))
	reports := make([]Option, 0, len(p.Rows))
	waits := len(p.Entity.Delays) > 0
	for _, c := range p.Rows {
		if !slices.ContainsFunc(duties, func(o Option) bool { return o.Value == c.Duty.ID }) {
			duties = append(duties, Option{Value: c.Duty.ID, Text: c.Duty.Title + " (" + c.Duty.Instrument + " " + c.Duty.Article + ")"})
		}
		if !slices.Contains([]clock.State{clock.NotApplicable, clock.NotInForce, clock.Waiting}, c.State) {
			reports = append(reports, Option{Value: clock.Key(c.Duty.ID, c.Stage.ID), Text: c.Duty.Title + ": " + c.Stage.Title})
		}
		waits = waits || c.Duty.Delay != ""
	}
	p.Rule = Form{ID: "rule", Action: at + "/rule", Submit: "Rule that it does not apply"}.with(
		Field{Name: "duty", Label: "Duty", Kind: "select", Options: duties},
		Field{Name: "reason", Label: "Why it does not apply", Kind: "textarea", Help: "An empty reason takes a ruling back."})
	p.Sent = Form{ID: "sent", Action: at + "/sent", Submit: "Record the report"}.with(
		Field{Name: "report", Label: "Report", Kind: "select", Options: reports},
		Field{Name: "at", Label: "When it was sent", Kind: "datetime-local", Required: true, Value: inputTime(now)}, zoneField("zone", ""),
		Field{Name: "evidence", Label: "Evidence", Kind: "text", Required: true, Placeholder: "The authority's reference"},
		Field{Name: "reason", Label: "Why it is recorded again", Kind: "text", Help: "Needed when a report is recorded as sent already. What was recorded before stays in the history."})
	if !waits || !p.MayTell {
		return
	}
	f := Form{ID: "wait", Action: at + "/delays", Submit: "Record the delay"}.with(
		Field{Name: "from", Label: "When the statement was made", Kind: "datetime-local", Required: true},
		Field{Name: "to", Label: "Until when to wait", Kind: "datetime-local", Required: true}, zoneField("zone", ""),
		Field{Name: "how", Label: "The statement is", Kind: "select", Options: []Option{{"written", "In writing, and names the time", false}, {"oral", "Spoken: at most 30 days", false}}},
		Field{Name: "evidence", Label: "Agency, official, and where the statement is", Kind: "textarea", Required: true})
	p.Wait = &f
	for _, d := range p.Entity.Delays {
		key := delayKey(d)
		take := Form{ID: "take-" + key, Action: at + "/delays", Submit: "Take back", Danger: true}.with(Field{Name: "take", Kind: "hidden", Value: key}, Field{Name: "reason", Label: "Why it is taken back", Kind: "text", Required: true})
		p.Waits = append(p.Waits, waitRow{d, take})
	}
}

// delayKey names a delay on the page.
func delayKey(d clock.Delay) string {
	return strconv.FormatInt(d.From.Unix(), 36) + "-" + strconv.FormatInt(d.To.Unix(), 36)
}

// zoneField asks for the zone of the times before it.
func zoneField(name, zone string) Field {
	return Field{Name: name, Label: "Time zone", Kind: "text", Value: cmp.Or(zone, "UTC"), Help: "Of the time above, as Europe/Berlin."}
}

// inputTimeIn is an instant as a field for date and time has it, in a zone.
func inputTimeIn(t time.Time, zone string) string {
	if z, err := time.LoadLocation(zone); err == nil && !t.IsZero() {
		return t.In(z).Format("2006-01-02T15:04")
	}
	return inputTime(t)
}

// timeIn reads what a field for date and time says in a zone. A time that comes twice, when clocks go back, is the earlier one;
// one that is left out, when they go forward, is refused.
func timeIn(l *problem.List, path, s, zone string) time.Time {
	t := timeOf(l, path, s)
	z, err := time.LoadLocation(zone)
	if err != nil || zone == "Local" {
		zonePath := "zone"
		if name, ok := strings.CutPrefix(path, "instants."); ok {
			zonePath = "zones." + name
		}
		l.Add(zonePath, "%q is no time zone, as Europe/Berlin", zone)
		return t
	}
	if t.IsZero() {
		return t
	}
	at := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, z)
	const shown = "2006-01-02T15:04:05"
	if at.Format(shown) != t.Format(shown) {
		l.Add(path, "does not exist in %s: clocks go forward", zone)
	}
	if before := at.Add(-time.Hour); before.Format(shown) == t.Format(shown) {
		return before
	}
	return at
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
	starts["discovery"] = starts["discovery"] || starts["discovery_year_end"]
	starts["report_sent"] = starts["report_year_end"]
	var out []Field
	for _, f := range content.DutyFacts() {
		if asked[f.Name] {
			out = append(out, Field{Name: "fact." + f.Name, Label: f.Text, Kind: "select", Options: []Option{{"", "Unknown: counted as the worst", e.Facts[f.Name] == clock.Unknown},
				{"yes", "Yes", e.Facts[f.Name] == clock.Yes}, {"no", "No", e.Facts[f.Name] == clock.No}}})
		}
	}
	for _, name := range content.DutyStarts() {
		if name != "previous_submitted" && !strings.HasSuffix(name, "_year_end") && (starts[name] || name == "became_aware") {
			zone := zoneField("zones."+name, e.Zones[name])
			out = append(out, Field{Name: "instants." + name, Label: title(name), Kind: "datetime-local", Value: inputTimeIn(e.Instants[name], zone.Value)}, zone)
		}
	}
	if later := mayObserve(e, rows); len(later) > 0 {
		out = append(out, Field{Name: "observes", Label: "Kept although not in force", Kind: "checks", Options: later, Help: "Your choice, or your lawyer's: the clock then runs as if the law were in force."})
	}
	return append(out, Field{Name: "reason", Label: "Reason", Kind: "text", Help: "Needed when an instant changes."})
}

// mayObserve are the duties of the entity that are not in force, or were not at some time.
func mayObserve(e incident.Entity, rows []clockRow) []Option {
	var out []Option
	for _, c := range rows {
		on := slices.Contains(e.Observes, c.Duty.ID)
		if (on || c.State == clock.NotInForce) && !slices.ContainsFunc(out, func(o Option) bool { return o.Value == c.Duty.ID }) {
			out = append(out, Option{c.Duty.ID, c.Duty.Title + " (" + c.Duty.Instrument + ", " + word(c.Duty.Status) + ")", on})
		}
	}
	return out
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
	to := map[string]*Form{"facts": &p.Facts, "rule": &p.Rule, "sent": &p.Sent, "wait": p.Wait}[form]
	for n := range p.Waits {
		if f.Has("take") && p.Waits[n].TakeBack.ID == "take-"+f.Get("take") {
			to = &p.Waits[n].TakeBack
		}
	}
	return v.correct(&p, to, f, err)
}

func (s *Server) entityFacts(v *visit) error {
	return s.entityAct(v, "facts", "Kept. The clocks follow.", func(ctx context.Context, f url.Values) error {
		known := incident.EntityFacts{Facts: map[string]clock.Truth{}, Instants: map[string]time.Time{}, Zones: map[string]string{}, Observes: append([]string{}, f["observes"]...), Reason: f.Get("reason")}
		page, err := s.entityPageOf(v)
		if err != nil {
			return err
		}
		var l problem.List
		for name := range f {
			if fact, ok := strings.CutPrefix(name, "fact."); ok {
				known.Facts[fact] = clock.Truth(f.Get(name))
			}
			start, ok := strings.CutPrefix(name, "instants.")
			if !ok {
				continue
			}
			zone, had := strings.TrimSpace(f.Get("zones."+start)), cmp.Or(page.Entity.Zones[start], "UTC")
			if zone != had || f.Get(name) != inputTimeIn(page.Entity.Instants[start], had) {
				known.Instants[start], known.Zones[start] = timeIn(&l, name, f.Get(name), zone), zone
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
		at := timeIn(&l, "at", f.Get("at"), cmp.Or(f.Get("zone"), "UTC"))
		if err := l.Err("the report cannot be recorded"); err != nil {
			return err
		}
		return s.Cases.Discharge(ctx, v.path("id"), v.path("entity"), incident.Sent{Duty: duty, Stage: stage, At: at, Evidence: f.Get("evidence"), Reason: f.Get("reason")})
	})
}

func (s *Server) entityDelay(v *visit) error {
	return s.entityAct(v, "wait", "Kept. The clocks follow.", func(ctx context.Context, f url.Values) error {
		page, err := s.entityPageOf(v)
		if err != nil {
			return err
		}
		known := incident.EntityFacts{Delays: append([]clock.Delay{}, page.Entity.Delays...), Reason: f.Get("reason")}
		if f.Has("take") {
			known.Delays = slices.DeleteFunc(known.Delays, func(d clock.Delay) bool { return delayKey(d) == f.Get("take") })
			return s.Cases.SetFacts(ctx, v.path("id"), v.path("entity"), known)
		}
		var l problem.List
		d := clock.Delay{Oral: f.Get("how") == "oral", Evidence: strings.TrimSpace(f.Get("evidence"))}
		d.From, d.To = timeIn(&l, "from", f.Get("from"), cmp.Or(f.Get("zone"), "UTC")), timeIn(&l, "to", f.Get("to"), cmp.Or(f.Get("zone"), "UTC"))
		if err := l.Err("the delay cannot be kept"); err != nil {
			return err
		}
		known.Delays = append(known.Delays, d)
		return s.Cases.SetFacts(ctx, v.path("id"), v.path("entity"), known)
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
		Field{Name: "aware", Label: "When it became aware", Kind: "datetime-local", Required: true, Value: inputTime(i.Aware)}, zoneField("zone", ""),
		Field{Name: "whose", Label: "Who answers for its duties", Kind: "select", Options: []Option{{"ours", "We do", false}, {"theirs", "It does: its clocks are shown, and keep nobody here waiting", false}}})
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
	zone := cmp.Or(strings.TrimSpace(f.Get("zone")), "UTC")
	e := incident.Entity{Name: f.Get("name"), Entity: clock.Entity{Theirs: f.Get("whose") == "theirs", Jurisdictions: f["jurisdictions"], Roles: f["roles"],
		Instants: map[string]time.Time{"became_aware": timeIn(&l, "aware", f.Get("aware"), zone)}, Zones: map[string]string{"became_aware": zone}}}
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
