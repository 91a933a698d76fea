package web

import (
	"context"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"triward/internal/incident"
	"triward/internal/incident/room"
	"triward/internal/problem"
	"triward/internal/store"
)

func urlRoom(incident any) string { return path("incidents", text(incident), "room") }

func urlSituation(incident any, number int) string {
	return path("incidents", text(incident), "situation", strconv.Itoa(number))
}

// roomPage is the war room of an incident, for a wall screen and for a phone.
type roomPage struct {
	Frame
	room.View
	Tabs      []Tab
	Urgent    []urgencyRow
	Clinical  string
	MayReport bool
	MaySay    bool
	taskRights
}

func (roomPage) template() string { return "room" }

// urgencyRow is an input of the priority with the form that says otherwise.
type urgencyRow struct {
	room.Fact
	Words string // of what counts
	Say   Form
}

// priorityBadge is how soon an incident is acted upon; one that was not worked out yet counts as the most urgent.
func priorityBadge(rank int) template.HTML {
	words := []string{"act now", "act now", "today", "scheduled", "track"}
	classes := []string{"bad", "bad", "warn", "accent", "plain"}
	if rank < 0 || rank >= len(words) {
		rank = 0
	}
	return tag(classes[rank], words[rank])
}

// left is how much of a clock is left at an instant, or how late it is.
func left(latest, now time.Time) string {
	switch {
	case latest.IsZero():
		return "without delay"
	case now.After(latest):
		return span(now.Sub(latest)) + " late"
	}
	return span(latest.Sub(now)) + " left"
}

func (s *Server) roomPageOf(v *visit) (roomPage, error) {
	p := roomPage{}
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		if p.View, err = room.Look(ctx, r, v.path("id"), s.now()); err != nil {
			return err
		}
		p.taskRights, err = taskRightsOf(ctx, r, v, p.Incident)
		return err
	})
	if err != nil {
		return p, err
	}
	open := p.State.Open()
	p.Frame = v.frame("War room: "+p.Number, urlIncidents(), Link{urlIncidents(), "Incidents"}, Link{urlIncident(p.ID), p.Number})
	p.Tabs = tabsOf(v, p.ID, "room")
	p.Clinical = incident.ClinicalWords()[p.View.Clinical]
	p.MayReport, p.MaySay = v.may(room.KindReported), open && v.may(room.KindSaid)
	for _, f := range p.Urgency.Facts {
		row := urgencyRow{Fact: f, Words: "unknown, counts as the worst"}
		choices := []Option{{Value: "", Text: "what the program knows", On: f.Said == ""}}
		for _, w := range f.Values {
			if w.ID == f.Value() {
				row.Words = w.Text
			}
			choices = append(choices, Option{Value: w.ID, Text: w.Text, On: w.ID == f.Said})
		}
		row.Say = Form{ID: "say-" + f.ID, Action: urlIncident(p.ID) + "/priority", Submit: "Say so"}.with(
			Field{Name: "input", Kind: "hidden", Value: f.ID},
			Field{Name: "value", Label: f.Text, Kind: "select", Options: choices},
			Field{Name: "reason", Label: "Reason", Kind: "text", Required: true})
		p.Urgent = append(p.Urgent, row)
	}
	return p, nil
}

func (s *Server) room(v *visit) error {
	p, err := s.roomPageOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) prioritySay(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	said := room.Saying{Input: f.Get("input"), Value: f.Get("value"), Reason: f.Get("reason")}
	err = room.Desk{DB: s.DB}.Say(v.r.Context(), v.path("id"), said)
	if err == nil {
		return v.done(urlRoom(v.path("id")), "Kept.")
	}
	p, perr := s.roomPageOf(v)
	n := slices.IndexFunc(p.Urgent, func(r urgencyRow) bool { return r.ID == said.Input })
	if perr != nil || n < 0 {
		return err
	}
	return v.correct(&p, &p.Urgent[n].Say, f, err)
}

func (s *Server) situationNew(v *visit) error {
	if _, err := v.form(); err != nil {
		return err
	}
	p, err := room.Desk{DB: s.DB}.Report(v.r.Context(), v.path("id"), time.Time{})
	if err != nil {
		return err
	}
	return v.done(urlSituation(v.path("id"), p.Number), "The report is kept.")
}

// situationPage is a situation report, which prints well.
type situationPage struct {
	Frame
	ID     string // of the incident
	Head   room.Head
	Report room.Report
	Words  [2]string // of both severities
	Others []room.Head
	For    []Option // audiences that its marking allows
}

func (situationPage) template() string { return "situation" }

func (s *Server) situation(v *visit) error {
	p := situationPage{}
	number, err := strconv.Atoi(v.path("number"))
	if err != nil || number < 1 {
		return problem.New(problem.NotFound, "there is no such report")
	}
	err = v.view(func(ctx context.Context, r store.Reader) error {
		i, err := incident.Brief(ctx, r, v.path("id"))
		if err != nil {
			return err
		}
		p.ID, p.For = i.ID, tlpAudiences(i.TLP)
		if p.Head, p.Report, err = room.Read(ctx, r, i.ID, number); err != nil {
			return err
		}
		p.Others, err = room.Heads(ctx, r, i.ID)
		return err
	})
	if err != nil {
		return err
	}
	p.Words = [2]string{incident.CyberWords()[p.Report.Cyber], incident.ClinicalWords()[p.Report.Clinical]}
	p.Frame = v.frame("Situation report "+v.path("number")+": "+p.Report.Incident, urlIncidents(), Link{urlIncidents(), "Incidents"}, Link{urlIncident(p.ID), p.Report.Incident}, Link{urlRoom(p.ID), "War room"})
	return v.show(p)
}

func (s *Server) situationText(v *visit) error {
	var out string
	number, err := strconv.Atoi(v.path("number"))
	if err != nil || number < 1 {
		return problem.New(problem.NotFound, "there is no such report")
	}
	if err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		out, err = room.Text(ctx, r, v.path("id"), number, audience(v))
		return err
	}); err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/markdown; charset=utf-8")
	_, err = io.WriteString(v.w, out)
	return err
}

// calendarsPage shows the days on which authorities do not work, and takes new ones.
type calendarsPage struct {
	Frame
	Days []incident.Holiday
	Set  *act
}

func (calendarsPage) template() string { return "calendars" }

func (s *Server) calendarsPageOf(v *visit) (calendarsPage, error) {
	p := calendarsPage{Frame: v.frame("Calendars of authorities", urlIncidents(), Link{urlIncidents(), "Incidents"})}
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		p.Days, err = incident.Holidays(ctx, r)
		return err
	})
	if err != nil || !v.may(incident.KindCalendarSet) {
		return p, err
	}
	names, err := incident.Calendars()
	p.Set = &act{Title: "Enter the days of a year", First: true, Help: "They replace what was entered for that year, calendar and legal entity. Latest lawful instants follow at once.",
		Form: Form{ID: "days", Action: "/calendars", Submit: "Keep the days"}.with(
			Field{Name: "calendar", Label: "Calendar", Kind: "select", Options: options("eu", names)},
			Field{Name: "year", Label: "Year", Kind: "text", Required: true, Placeholder: strconv.Itoa(s.now().Year())},
			Field{Name: "entity", Label: "Legal entity", Kind: "text", Help: "As it is called in incidents; empty for all."},
			Field{Name: "days", Label: "Days", Kind: "textarea", Help: "One on a line: 2027-05-01 Labour Day."},
			Field{Name: "reason", Label: "Where they were read", Kind: "text", Required: true})}
	return p, err
}

func (s *Server) calendars(v *visit) error {
	p, err := s.calendarsPageOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) calendarSet(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	y := incident.HolidayYear{Entity: f.Get("entity"), Calendar: f.Get("calendar"), Year: strings.TrimSpace(f.Get("year")), Reason: f.Get("reason")}
	for _, l := range lines(f.Get("days")) {
		day, name, _ := strings.Cut(l, " ")
		y.Days = append(y.Days, incident.Day{Day: day, Name: name})
	}
	if err = s.Cases.SetHolidays(v.r.Context(), y); err == nil {
		return v.done("/calendars", "The days are kept.")
	}
	p, perr := s.calendarsPageOf(v)
	if perr != nil || p.Set == nil {
		return err
	}
	return v.correct(&p, &p.Set.Form, f, err)
}
