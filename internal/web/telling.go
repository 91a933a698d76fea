package web

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"triward/internal/content"
	"triward/internal/incident"
	"triward/internal/incident/clock"
	"triward/internal/incident/draft"
	"triward/internal/incident/telling"
	"triward/internal/problem"
	"triward/internal/store"
)

func tellingRoutes() []route {
	return []route{
		{"GET", "/incidents/{id}/telling", "incident.read", (*Server).telling},
		{"POST", "/incidents/{id}/telling", telling.KindTold, (*Server).tellingDone},
		{"POST", "/incidents/{id}/telling/{telling}/answer", telling.KindAnswered, (*Server).tellingAnswer},
		{"GET", "/stakeholders", "incident.read", (*Server).stakeholders},
		{"POST", "/stakeholders", telling.KindAdded, (*Server).stakeholderAdd},
		{"POST", "/stakeholders/{id}/change", telling.KindChanged, (*Server).stakeholderChange},
		{"POST", "/stakeholders/{id}/retire", telling.KindRetired, (*Server).stakeholderRetire},
	}
}

func urlTelling(incident any) string { return path("incidents", text(incident), "telling") }

func urlStakeholders() string { return "/stakeholders" }

// tellingPage is whom to tell, in which order, and what was told.
type tellingPage struct {
	Frame
	Tabs     []Tab
	Incident incident.Incident
	Plan     []telling.Item
	Told     []toldRow
	Tell     *act
}

func (tellingPage) template() string { return "telling" }

// toldRow is a telling with the form for an answer; nil where the reader may not record one.
type toldRow struct {
	telling.Telling
	Reply *Form
}

func (s *Server) tellingPageOf(v *visit) (tellingPage, error) {
	var p tellingPage
	var c tellChoices
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		if p.Incident, err = incident.Brief(ctx, r, v.path("id")); err != nil {
			return err
		}
		if p.Plan, err = telling.Plan(ctx, r, p.Incident.ID, s.now()); err != nil {
			return err
		}
		told, err := telling.List(ctx, r, p.Incident.ID)
		if err != nil {
			return err
		}
		for _, t := range told {
			row := toldRow{Telling: t}
			if v.may(telling.KindAnswered) {
				f := Form{ID: "answer-" + t.ID, Action: urlTelling(p.Incident.ID) + "/" + t.ID + "/answer", Submit: "Record the answer"}.with(Field{ID: "from-" + t.ID, Name: "from", Label: "Who answered", Kind: "text"},
					Field{ID: "text-" + t.ID, Name: "text", Label: "What", Kind: "text", Required: true}, Field{ID: "at-" + t.ID, Name: "at", Label: "When (UTC)", Kind: "datetime-local", Value: inputTime(s.now())})
				row.Reply = &f
			}
			p.Told = append(p.Told, row)
		}
		if c.list, err = telling.Stakeholders(ctx, r); err != nil {
			return err
		}
		if c.papers, err = draft.List(ctx, r, p.Incident.ID); err != nil {
			return err
		}
		c.clocks, err = incident.Clocks(ctx, r, p.Incident.ID, s.now())
		return err
	})
	if err != nil {
		return p, err
	}
	p.Frame = v.frame("Telling: "+p.Incident.Number, urlIncidents(), Link{urlIncidents(), "Incidents"}, Link{urlIncident(p.Incident.ID), p.Incident.Number})
	p.Tabs = tabsOf(v, p.Incident.ID, "telling")
	if !v.may(telling.KindTold) {
		return p, nil
	}
	if c.roles, err = tellingRoles(""); err != nil {
		return p, err
	}
	p.Tell = &act{Title: "Record that somebody was told", First: true, Form: Form{ID: "tell", Action: urlTelling(p.Incident.ID), Submit: "Record it"}.with(c.fields(inputTime(s.now()))...)}
	return p, nil
}

// tellChoices are what a telling is chosen from.
type tellChoices struct {
	list   []telling.Stakeholder
	papers []draft.Draft
	clocks []incident.EntityClocks
	roles  []Option
}

func (c tellChoices) fields(now string) []Field {
	who, written, duties := []Option{{Value: "", Text: "Somebody who is not on the list"}}, []Option{{Value: "", Text: "Nothing in writing"}}, []Option{{Value: "", Text: "None"}}
	for _, x := range c.list {
		who = append(who, Option{Value: x.ID, Text: x.Name + " (" + word(x.Role) + ")"})
	}
	for _, d := range c.papers {
		if d.State != draft.Open {
			written = append(written, Option{Value: d.ID, Text: d.Title})
		}
	}
	for _, e := range c.clocks {
		for _, x := range e.Clocks {
			if x.State != clock.NotApplicable && x.State != clock.NotInForce {
				duties = append(duties, Option{Value: e.ID + "/" + x.Duty.ID + "/" + x.Stage.ID, Text: x.Duty.Title + ": " + x.Stage.Title + ", " + e.Name})
			}
		}
	}
	return []Field{{Name: "stakeholder", Label: "Whom", Kind: "select", Options: who}, {Name: "role", Label: "If not on the list: what they are", Kind: "select", Options: c.roles}, {Name: "whom", Label: "If not on the list: name", Kind: "text"},
		{Name: "person", Label: "Who there", Kind: "text"}, {Name: "channel", Label: "How", Kind: "select", Options: options(string(telling.Phone), telling.Channels())},
		{Name: "at", Label: "When", Kind: "datetime-local", Required: true, Value: now, Help: "UTC."}, {Name: "what", Label: "What was said", Kind: "textarea", Help: "Without names of patients."},
		{Name: "draft", Label: "Or the report or letter", Kind: "select", Options: written}, {Name: "duty", Label: "The duty that asks for it", Kind: "select", Options: duties, Help: "What a duty asks for is told whatever the marking."},
		{Name: "reason", Label: "Why before others", Kind: "text", Help: "Needed when others come first who were not told."}}
}

func tellingRoles(chosen string) ([]Option, error) {
	all, err := content.Tolds()
	if err != nil {
		return nil, err
	}
	out := make([]Option, len(all))
	for n, t := range all {
		out[n] = Option{Value: t.Role, Text: t.Title, On: t.Role == chosen}
	}
	return out, nil
}

func (s *Server) telling(v *visit) error {
	p, err := s.tellingPageOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) tellingDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	var l problem.List
	t := telling.Telling{Stakeholder: f.Get("stakeholder"), Role: f.Get("role"), Whom: f.Get("whom"), Person: f.Get("person"), Channel: telling.Channel(f.Get("channel")), At: timeOf(&l, "at", f.Get("at")), What: f.Get("what"),
		Draft: f.Get("draft"), Reason: f.Get("reason")}
	if parts := strings.Split(f.Get("duty"), "/"); len(parts) == 3 {
		t.Entity, t.Duty, t.Stage = parts[0], parts[1], parts[2]
	}
	if err = l.Err("the telling cannot be recorded"); err == nil {
		_, err = s.Telling.Tell(v.r.Context(), v.path("id"), t)
	}
	if err == nil {
		return v.done(urlTelling(v.path("id")), "Recorded.")
	}
	p, perr := s.tellingPageOf(v)
	if perr != nil || p.Tell == nil {
		return err
	}
	return v.correct(&p, &p.Tell.Form, f, err)
}

func (s *Server) tellingAnswer(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	var l problem.List
	a := telling.Answer{Telling: v.path("telling"), From: f.Get("from"), Text: f.Get("text"), At: timeOf(&l, "at", f.Get("at"))}
	if err := l.Err("the answer cannot be recorded"); err != nil {
		return err
	}
	if err := s.Telling.Answer(v.r.Context(), a); err != nil {
		return err
	}
	return v.done(urlTelling(v.path("id")), "Recorded.")
}

// stakeholdersPage is the list of those whom the organisation tells.
type stakeholdersPage struct {
	Frame
	Rows  []stakeholderRow
	Roles []content.Told
	Add   *Form
}

func (stakeholdersPage) template() string { return "stakeholders" }

// stakeholderRow is a stakeholder with what its reader may do.
type stakeholderRow struct {
	telling.Stakeholder
	Change, Retire *Form
}

func (s *Server) stakeholdersPageOf(v *visit) (stakeholdersPage, error) {
	p := stakeholdersPage{Frame: v.frame("Stakeholders", urlStakeholders())}
	var err error
	if p.Roles, err = content.Tolds(); err != nil {
		return p, err
	}
	var all []telling.Stakeholder
	if err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		all, err = telling.Stakeholders(ctx, r)
		return err
	}); err != nil {
		return p, err
	}
	for _, x := range all {
		row := stakeholderRow{Stakeholder: x}
		at := urlStakeholders() + "/" + x.ID
		if v.may(telling.KindChanged) {
			f := Form{ID: "change-" + x.ID, Action: at + "/change", Submit: "Keep"}.with(stakeholderFields(x)...)
			row.Change = &f
		}
		if v.may(telling.KindRetired) {
			f := Form{ID: "retire-" + x.ID, Action: at + "/retire", Submit: "Take off the list", Danger: true}.with(Field{ID: "why-" + x.ID, Name: "reason", Label: "Why it is taken off", Kind: "text", Required: true})
			row.Retire = &f
		}
		p.Rows = append(p.Rows, row)
	}
	if v.may(telling.KindAdded) {
		roles, err := tellingRoles("ward")
		if err != nil {
			return p, err
		}
		f := Form{ID: "stakeholder", Action: urlStakeholders(), Submit: "Put on the list"}.with(append([]Field{{Name: "role", Label: "What they are", Kind: "select", Options: roles}}, stakeholderFields(telling.Stakeholder{Channel: telling.Phone})...)...)
		p.Add = &f
	}
	return p, nil
}

func stakeholderFields(x telling.Stakeholder) []Field {
	order := ""
	if x.Order > 0 {
		order = strconv.Itoa(x.Order)
	}
	out := []Field{{Name: "name", Label: "Name", Kind: "text", Required: true, Value: x.Name}, {Name: "contact", Label: "Contact", Kind: "text", Required: true, Value: x.Contact, Help: "Telephone, address, portal. No contacts of patients."},
		{Name: "channel", Label: "Told by", Kind: "select", Options: options(string(x.Channel), telling.Channels())}, {Name: "order", Label: "Order", Kind: "number", Value: order, Help: "1 is told first; empty: as usual for what they are."},
		{Name: "places", Label: "For", Kind: "text", Value: strings.Join(x.Places, ", "), Help: "Wards, or places of the law such as eu, us; empty: all."}, {Name: "note", Label: "Note", Kind: "text", Value: x.Note}}
	for n := range out {
		if x.ID != "" {
			out[n].ID = out[n].Name + "-" + x.ID
		}
	}
	return out
}

// stakeholderOf reads what was filled in.
func stakeholderOf(f url.Values) (telling.Stakeholder, error) {
	x := telling.Stakeholder{Role: f.Get("role"), Name: f.Get("name"), Contact: f.Get("contact"), Channel: telling.Channel(f.Get("channel")), Note: f.Get("note")}
	for p := range strings.SplitSeq(f.Get("places"), ",") {
		if p = strings.TrimSpace(p); p != "" {
			x.Places = append(x.Places, p)
		}
	}
	if f.Get("order") == "" {
		return x, nil
	}
	var l problem.List
	var err error
	if x.Order, err = strconv.Atoi(f.Get("order")); err != nil || x.Order < 1 {
		l.Add("order", "must be a number, 1 to 99")
	}
	return x, l.Err("the stakeholder is not complete")
}

func (s *Server) stakeholders(v *visit) error {
	p, err := s.stakeholdersPageOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

// stakeholderDo does something with the list and shows what was wrong in the form of the page that it came from.
func (s *Server) stakeholderDo(v *visit, form func(*stakeholdersPage) *Form, do func(context.Context, url.Values) error) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if err = do(v.r.Context(), f); err == nil {
		return v.done(urlStakeholders(), "Recorded.")
	}
	p, perr := s.stakeholdersPageOf(v)
	if perr != nil {
		return err
	}
	to := form(&p)
	if to == nil {
		return err
	}
	return v.correct(&p, to, f, err)
}

func (s *Server) stakeholderAdd(v *visit) error {
	return s.stakeholderDo(v, func(p *stakeholdersPage) *Form { return p.Add }, func(ctx context.Context, f url.Values) error {
		x, err := stakeholderOf(f)
		if err == nil {
			_, err = s.Telling.Add(ctx, x)
		}
		return err
	})
}

// rowOf is the row in the address; an empty one where it is gone.
func (p *stakeholdersPage) rowOf(id string) stakeholderRow {
	for _, x := range p.Rows {
		if x.ID == id {
			return x
		}
	}
	return stakeholderRow{}
}

func (s *Server) stakeholderChange(v *visit) error {
	return s.stakeholderDo(v, func(p *stakeholdersPage) *Form { return p.rowOf(v.path("id")).Change }, func(ctx context.Context, f url.Values) error {
		x, err := stakeholderOf(f)
		if err != nil {
			return err
		}
		x.ID = v.path("id")
		return s.Telling.Change(ctx, x)
	})
}

func (s *Server) stakeholderRetire(v *visit) error {
	return s.stakeholderDo(v, func(p *stakeholdersPage) *Form { return p.rowOf(v.path("id")).Retire }, func(ctx context.Context, f url.Values) error {
		return s.Telling.Retire(ctx, v.path("id"), f.Get("reason"))
	})
}
