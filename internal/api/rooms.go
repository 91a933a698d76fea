package api

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"strconv"

	"triward/apiv1"
	"triward/internal/detection"
	"triward/internal/incident"
	"triward/internal/incident/blast"
	"triward/internal/incident/indicator"
	"triward/internal/incident/room"
	"triward/internal/problem"
	"triward/internal/risk"
	"triward/internal/store"
)

// rooms are the operations about blast radii, war rooms, situation reports and calendars.
func (s *Server) rooms() {
	add(s, op{id: "blast-radius", route: "GET /blast-radius", kind: risk.KindRead, summary: "What a weakness, component, advisory or indicator reaches: models, devices, wards, patients, and what could take over"},
		func(ctx context.Context, in *struct{ apiv1.BlastQuery }) (apiv1.BlastRadius, error) {
			v, err := blast.Finder{DB: s.DB, Events: s.Events}.Find(ctx, blastQuery(in.BlastQuery))
			return wireBlast(v), err
		})
	add(s, op{id: "keep-blast-radius", route: "POST /incidents/{id}/blast-radius", kind: blast.KindKept, status: http.StatusCreated, summary: "Keep a blast radius with an incident and take devices of it in"},
		func(ctx context.Context, in *oneWith[apiv1.BlastKeep]) (apiv1.Made, error) {
			id, err := blast.Finder{DB: s.DB, Events: s.Events}.Keep(ctx, s.Cases, in.ID, blastQuery(in.Body.BlastQuery), in.Body.Devices)
			return apiv1.Made{ID: id}, err
		})
	add(s, op{id: "room", route: "GET /incidents/{id}/room", kind: incident.KindRead, summary: "The war room of an incident: state, priority with its reasons, clocks, tasks, devices by ward, people"},
		func(ctx context.Context, in *one) (apiv1.Room, error) {
			v, err := read(ctx, s, func(r store.Reader) (room.View, error) { return room.Look(ctx, r, in.ID, s.DB.Now()) })
			return wireRoom(v), err
		})
	act(s, op{id: "say-priority", route: "POST /incidents/{id}/priority", kind: room.KindSaid, summary: "Say otherwise than the program knows how urgent an incident is"},
		func(ctx context.Context, in *oneWith[apiv1.PrioritySaying]) error {
			return room.Desk{DB: s.DB}.Say(ctx, in.ID, room.Saying{Input: in.Body.Input, Value: in.Body.Value, Reason: in.Body.Reason})
		})
	add(s, op{id: "make-situation", route: "POST /incidents/{id}/situations", kind: room.KindReported, status: http.StatusCreated, summary: "Make the next situation report and keep it"},
		func(ctx context.Context, in *oneWith[apiv1.SituationInput]) (apiv1.Situation, error) {
			p, err := room.Desk{DB: s.DB}.Report(ctx, in.ID, in.Body.Next)
			return wireSituation(room.Head{}, p), err
		})
	add(s, op{id: "situations", route: "GET /incidents/{id}/situations", kind: incident.KindRead, summary: "Situation reports of an incident, the newest first"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.Situation], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]apiv1.Situation, error) { return situations(ctx, r, in.ID) })
			return apiv1.List[apiv1.Situation]{Items: orEmpty(all)}, err
		})
	stream(s, op{id: "situation-text", route: "GET /incidents/{id}/situations/{part}/report.md", kind: incident.KindRead, summary: "A situation report as Markdown; last is the newest"}, "text/markdown; charset=utf-8",
		func(ctx context.Context, in *struct {
			ID   string `path:"id" maxLength:"200"`
			Part string `path:"part" maxLength:"10"`
			apiv1.AudienceQuery
		}, w io.Writer) error {
			number, err := strconv.Atoi(in.Part)
			if in.Part != "last" && (err != nil || number < 1) {
				return problem.New(problem.NotFound, "there is no situation report %q", in.Part)
			}
			text, err := read(ctx, s, func(r store.Reader) (string, error) {
				return room.Text(ctx, r, in.ID, number, audienceOf(in.AudienceQuery))
			})
			if err != nil {
				return err
			}
			_, err = io.WriteString(w, text)
			return err
		})
	add(s, op{id: "holidays", route: "GET /holidays", kind: incident.KindRead, summary: "Days on which authorities do not work, as they were entered"},
		func(ctx context.Context, _ *struct{}) (apiv1.List[apiv1.Holiday], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]incident.Holiday, error) { return incident.Holidays(ctx, r) })
			return list(all, func(h incident.Holiday) apiv1.Holiday {
				return apiv1.Holiday{Day: h.Day, Name: h.Name, Calendar: h.Calendar, Entity: h.Entity}
			}), err
		})
	act(s, op{id: "set-holidays", route: "PUT /holidays", kind: incident.KindCalendarSet, summary: "Replace the days of a year of a calendar; latest lawful instants follow"},
		func(ctx context.Context, in *with[apiv1.HolidayYear]) error {
			b := in.Body
			return s.Cases.SetHolidays(ctx, incident.HolidayYear{Entity: b.Entity, Calendar: b.Calendar, Year: b.Year, Reason: b.Reason,
				Days: each(b.Days, func(d apiv1.HolidayDay) incident.Day { return incident.Day(d) })})
		})
}

// audienceOf is for whom a report is asked for.
func audienceOf(q apiv1.AudienceQuery) incident.Audience {
	return cmp.Or(incident.Audience(q.For), incident.Organisation)
}

func blastQuery(q apiv1.BlastQuery) blast.Query {
	return blast.Query{Weakness: q.Weakness, Component: q.Component, Versions: q.Versions, Advisory: q.Advisory, Indicator: q.Indicator, Kind: indicator.Kind(q.Kind), Incident: q.Incident, From: q.From, To: q.To, Site: q.Site, Ward: q.Ward, Model: q.Model}
}

func wireBlast(v blast.Radius) apiv1.BlastRadius {
	return apiv1.BlastRadius{At: v.At, Title: v.Title, Sum: apiv1.BlastSum(v.Sum), Sites: v.Sites, More: v.More, Silent: v.Silent, Unnamed: v.Unnamed, Withheld: v.Withheld, Blind: v.Blind,
		Models: each(v.Models, func(m blast.Model) apiv1.BlastModel {
			return apiv1.BlastModel{ID: string(m.ID), Name: m.Name, Class: string(m.Class), BlastSum: apiv1.BlastSum(m.Sum)}
		}),
		Places: each(v.Places, func(p blast.Place) apiv1.BlastPlace {
			return apiv1.BlastPlace{Site: string(p.Site), SiteName: p.SiteName, Ward: p.Ward, BlastSum: apiv1.BlastSum(p.Sum)}
		}),
		Alternatives: each(v.Alternatives, func(a blast.Alternative) apiv1.BlastAlternative {
			return apiv1.BlastAlternative{SiteName: a.SiteName, Function: a.Function, Model: a.Model, Needed: a.Needed, Spares: a.Spares, Busy: a.Busy}
		}),
		Devices: each(v.Devices, func(d blast.Device) apiv1.BlastDevice {
			return apiv1.BlastDevice{ID: string(d.ID), Tag: d.Tag, ModelName: d.ModelName, Version: d.Version, SiteName: d.SiteName, Ward: d.Ward, Class: string(d.Class), InUse: string(d.InUse), Ways: d.Ways,
				Stage: string(d.Stage), Truth: string(d.Truth), Why: d.Why, Finding: d.Finding, SBOM: d.SBOM, Events: d.Events}
		})}
}

func wireRoom(v room.View) apiv1.Room {
	out := apiv1.Room{Number: v.Number, Title: v.Title, State: string(v.State), At: v.Now, Cyber: v.Cyber, Clinical: v.Clinical, Care: string(v.Care), Priority: v.Urgency.Result, Because: v.Urgency.Why,
		Devices: []apiv1.RoomDevice{}}
	out.Facts = each(v.Urgency.Facts, func(f room.Fact) apiv1.UrgencyFact {
		return apiv1.UrgencyFact{Input: f.ID, Text: f.Text, Value: f.Value(), Because: f.Because, Said: f.Said, Reason: f.Reason, By: f.By}
	})
	out.Clocks = each(v.Clocks, func(c room.Running) apiv1.RoomClock {
		return apiv1.RoomClock{Incident: c.Incident, Entity: c.Entity, Duty: c.Duty.ID, Stage: c.Stage.ID, Title: c.Duty.Title + ": " + c.Stage.Title, State: string(c.State), Latest: c.Latest, Left: int64(c.Slack.Seconds())}
	})
	out.Tasks = each(v.Tasks, func(t room.Task) apiv1.RoomTask {
		return apiv1.RoomTask{Incident: t.Incident, ID: t.ID, Title: t.Title, Side: string(t.Side), State: string(t.State), Assignee: t.AssigneeName, AcceptBy: t.AcceptBy, Unaccepted: t.Unaccepted(v.Now), Due: t.Due, Late: t.Late(v.Now)}
	})
	for _, w := range v.Wards {
		for _, d := range w.Devices {
			x := apiv1.RoomDevice{Site: w.Site, Ward: w.Name, Name: d.Name, State: string(d.State), InUse: string(d.InUse)}
			if d.Action != nil {
				x.Action = "L" + strconv.Itoa(int(d.Action.Level)) + " " + d.Action.Level.Words()
			}
			out.Devices = append(out.Devices, x)
		}
	}
	out.People = each(v.People, func(p room.Person) apiv1.RoomPerson {
		return apiv1.RoomPerson{Name: p.Name, Why: p.Why, Present: p.Present}
	})
	out.Same = each(v.Same, func(i incident.Incident) string { return i.Number })
	out.Blind = each(v.Blind, func(b detection.Blind) apiv1.BlindTime {
		return apiv1.BlindTime{Source: b.Source, Reason: string(b.Reason), Started: b.Started, Ended: b.Ended, Lost: b.Lost}
	})
	if len(v.Reports) > 0 {
		out.Reports = v.Reports[0].Number
	}
	return out
}

// situations reads the reports of an incident, the newest first.
func situations(ctx context.Context, r store.Reader, of string) ([]apiv1.Situation, error) {
	i, err := incident.Brief(ctx, r, of)
	if err != nil {
		return nil, err
	}
	heads, err := room.Heads(ctx, r, i.ID)
	if err != nil {
		return nil, err
	}
	out := make([]apiv1.Situation, len(heads))
	for n, h := range heads {
		_, p, err := room.Read(ctx, r, i.ID, h.Number)
		if err != nil {
			return nil, err
		}
		out[n] = wireSituation(h, p)
	}
	return out, nil
}

func wireSituation(h room.Head, p room.Report) apiv1.Situation {
	return apiv1.Situation{Number: p.Number, At: p.At, By: p.By, Next: p.Next, Digest: h.Digest, Changed: orEmpty(p.Changed), Known: orEmpty(p.Known), Unknown: orEmpty(p.Unknown)}
}
