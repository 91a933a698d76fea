package web

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"triward/internal/device"
	"triward/internal/incident"
	"triward/internal/incident/capture"
	"triward/internal/incident/ladder"
	"triward/internal/problem"
	"triward/internal/store"
)

// containmentPage is one containment action, made for a phone at the bedside.
type containmentPage struct {
	Frame
	Incident incident.Incident
	incident.Sheet
	Now   time.Time
	InUse string
	Life  string
	Acts  []act
	Lift  *Form

	Capture *capture.Advice // what to capture of the device first; nil below the swap of a device

	Carried *carried // nil: by hand
	Choose  bool     // another way may be chosen
}

func (containmentPage) template() string { return "containment" }

// Signed says whether a sign-off counts on the device as it is now.
func (p containmentPage) Signed(s ladder.SignOff) bool { return s.Holds(p.Sheet.Now.Revision, p.Now) }

func (s *Server) containmentPageOf(v *visit) (containmentPage, error) {
	p := containmentPage{Now: s.now()}
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		if p.Sheet, p.Incident, err = s.Cases.SheetOf(ctx, r, v.path("id"), p.Now); err != nil || p.Level < ladder.Swap {
			return err
		}
		a, err := capture.For(ctx, r, capture.Subject{ID: device.ID(p.Device), Name: p.DeviceName})
		p.Capture = &a
		return err
	})
	if err != nil {
		return p, err
	}
	p.InUse = map[ladder.Answer]string{ladder.Yes: "The device is in use.", ladder.No: "The device is not in use.", ladder.Unknown: "Nobody knows whether it is in use: it counts as in use."}[p.Sheet.Now.InUse]
	p.Life = map[ladder.Answer]string{ladder.Yes: "It sustains or supports life.", ladder.No: "It does not sustain or support life.", ladder.Unknown: "Whether it sustains life is not known: it counts as if it did."}[p.Sheet.Now.Critical]
	p.Frame = v.frame("L"+strconv.Itoa(int(p.Level))+" "+p.DeviceName, urlIncidents(), v.crumbsTo(p.Incident)...)
	p.acts(v)
	p.Choose = mayChoose(v, p.Action)
	p.Carried, err = s.carriedOut(v, p.Action)
	return p, err
}

// acts are the forms that fit the state of the action and the visitor.
func (p *containmentPage) acts(v *visit) {
	at := urlContainment(p.ID)
	may := func(kind string) bool { return v.actor.Scope(kind).Covers(p.Site, p.Incident.Product) }
	add := func(kind string, a act) {
		if may(kind) {
			p.Acts = append(p.Acts, a)
		}
	}
	what := func(label string) Field {
		return Field{Name: "what", Label: label, Kind: "textarea", Required: true}
	}
	see := func(e ladder.Event, title, label string) act {
		return act{Title: title, Form: Form{ID: string(e), Action: at + "/see", Submit: title}.with(Field{Name: "event", Kind: "hidden", Value: string(e)}, what(label))}
	}
	if p.State == ladder.Planned {
		add(incident.KindChecked, act{Title: "Check the device", First: p.CheckedOn != p.Sheet.Now.Revision, Help: "Look at the device as it is now. A check holds for 15 minutes, and only while the device stays as it is.",
			Form: Form{ID: "check", Action: at + "/check", Submit: "I looked at it"}.with(what("What it does now, and for whom (no names)"))})
		for _, role := range []ladder.Role{ladder.ClinicalOwner, ladder.Biomed, ladder.Attending, ladder.Commander} {
			if slices.Contains(p.Needs, role) || slices.Contains(p.Needs, ladder.Approver) {
				add(incident.SignKinds(role)[0], act{Title: "Sign off: " + role.Words(), First: true, Help: "Holds for at most 30 minutes and ends when the state of the device changes.", Form: Form{ID: "sign-" + string(role), Action: at + "/sign", Submit: "I agree"}.with(
					Field{Name: "role", Kind: "hidden", Value: string(role)}, Field{Name: "minutes", Label: "For how many minutes", Kind: "number", Value: "30"}, Field{Name: "conditions", Label: "Under which conditions", Kind: "text"})})
			}
		}
		if p.Level >= ladder.FarSide && p.Noticed == "" && !p.Incident.PAP.MayAct(incident.Active) {
			add(incident.KindPlanned, act{Title: "Run it although it will be noticed", Help: "The marking PAP:" + strings.ToUpper(string(p.Incident.PAP)) + " forbids what the other side can notice. Patients come first: say why. It stays in the journal.",
				Form: Form{ID: "noticed", Action: at + "/noticed", Submit: "It may be noticed"}.with(Field{Name: "reason", Label: "Why", Kind: "textarea", Required: true})})
		}
		if len(p.Refusals) == 0 {
			add(incident.KindRan, act{Title: "Run it", First: true, Help: p.Target, Form: Form{ID: "run", Action: at + "/run", Submit: "Run it now", Danger: true}})
		}
		add(incident.KindCancelled, act{Title: "Cancel", Form: Form{ID: "cancel", Action: at + "/cancel", Submit: "Cancel the plan"}.with(Field{Name: "reason", Label: "Reason", Kind: "text"})})
		return
	}
	for _, e := range p.State.May() {
		switch e {
		case ladder.Answered:
			add(incident.KindSeen, see(e, "It is done", "What was done, and what answered"))
		case ladder.Observed:
			add(incident.KindSeen, see(e, "It took effect", "What was observed, and where: not an answer, but what the network or the device shows"))
		case ladder.NotSeen:
			add(incident.KindSeen, see(e, "It took no effect", "What was looked at"))
		case ladder.Gone:
			add(incident.KindSeen, see(e, "It is gone", "What shows that the device works as before"))
		case ladder.Return:
			if p.State != ladder.Returning {
				add(incident.KindReturned, act{Title: "Return it now", Form: Form{ID: "return", Action: at + "/return", Submit: "Return it"}.with(Field{Name: "reason", Label: "Reason", Kind: "text"})})
			}
		}
	}
	if p.State.InForce() && may(incident.KindLifted) {
		f := Form{ID: "lift", Action: at + "/lift", Submit: "Lift it now", Danger: true}.with(Field{Name: "reason", Label: "Reason, if there is time for it", Kind: "text"})
		p.Lift = &f
	}
	if len(p.Acts) > 0 {
		p.Acts[0].First = true
	}
}

func (s *Server) containment(v *visit) error {
	p, err := s.containmentPageOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) containmentAct(v *visit, notice string, do func(ctx context.Context, id string, f url.Values) error) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if err = do(v.r.Context(), v.path("id"), f); err == nil {
		return v.done(urlContainment(v.path("id")), notice)
	}
	p, perr := s.containmentPageOf(v)
	if perr != nil {
		return perr
	}
	for i := range p.Acts {
		to := &p.Acts[i].Form
		same := len(to.Fields) == 0 || to.Fields[0].Kind != "hidden" || f.Get(to.Fields[0].Name) == to.Fields[0].Value
		if to.Action == v.r.URL.Path && same {
			to.fill(f)
			if to.blame(err) {
				return v.again(p, err)
			}
		}
	}
	return err
}

func (s *Server) containmentCheck(v *visit) error {
	return s.containmentAct(v, "Checked.", func(ctx context.Context, id string, f url.Values) error { return s.Cases.Check(ctx, id, f.Get("what")) })
}

func (s *Server) containmentSign(v *visit) error {
	return s.containmentAct(v, "Signed off.", func(ctx context.Context, id string, f url.Values) error {
		n, err := strconv.Atoi(f.Get("minutes"))
		if err != nil || n < 1 || n > 30 {
			var l problem.List
			l.Add("minutes", "must be 1 to 30")
			return l.Err("the sign-off cannot be given")
		}
		return s.Cases.SignOff(ctx, id, ladder.Role(f.Get("role")), time.Duration(n)*time.Minute, f.Get("conditions"))
	})
}

func (s *Server) containmentNoticed(v *visit) error {
	return s.containmentAct(v, "Noted, for everybody who signs.", func(ctx context.Context, id string, f url.Values) error {
		return s.Cases.Noticed(ctx, id, f.Get("reason"))
	})
}

func (s *Server) containmentRun(v *visit) error {
	return s.containmentAct(v, "It runs.", func(ctx context.Context, id string, _ url.Values) error { return s.Cases.Run(ctx, id) })
}

func (s *Server) containmentSee(v *visit) error {
	return s.containmentAct(v, "Recorded.", func(ctx context.Context, id string, f url.Values) error {
		return s.Cases.See(ctx, id, ladder.Event(f.Get("event")), f.Get("what"))
	})
}

func (s *Server) containmentReturn(v *visit) error {
	return s.containmentAct(v, "It returns.", func(ctx context.Context, id string, f url.Values) error {
		return s.Cases.Return(ctx, id, f.Get("reason"))
	})
}

func (s *Server) containmentLift(v *visit) error {
	return s.containmentAct(v, "It is lifted. Undo it at the device now, and note why when there is time.", func(ctx context.Context, id string, f url.Values) error {
		return s.Cases.Lift(ctx, id, f.Get("reason"))
	})
}

func (s *Server) containmentCancel(v *visit) error {
	return s.containmentAct(v, "Cancelled.", func(ctx context.Context, id string, f url.Values) error {
		return s.Cases.Cancel(ctx, id, f.Get("reason"))
	})
}

// containPage plans an action on a device of an incident.
func (s *Server) containPage(v *visit) (formPage, error) {
	var f incident.File
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		f, err = incident.Get(ctx, r, v.path("id"))
		return err
	})
	p := formPage{Frame: v.frame("Plan containment", urlIncidents(), Link{urlIncidents(), "Incidents"}, Link{urlIncident(f.ID), f.Number}),
		Lead: "The mildest level that is enough. Nothing runs before the device was checked and the sign-offs of its level are given."}
	devices := make([]Option, len(f.Devices))
	for i, d := range f.Devices {
		devices[i] = Option{Value: d.ID, Text: d.Name, On: d.ID == v.query("device")}
	}
	p.Form = Form{ID: "contain", Action: urlIncident(f.ID) + "/contain", Submit: "Plan it", Cancel: urlIncident(f.ID)}.with(
		Field{Name: "device", Label: "On", Kind: "select", Required: true, Options: devices},
		Field{Name: "level", Label: "Level", Kind: "select", Options: levelOptions()},
		Field{Name: "target", Label: "What exactly is done", Kind: "text", Required: true, Placeholder: "Shut port 12 of switch ICU-2"},
		Field{Name: "impact", Label: "What it does to patients", Kind: "textarea", Required: true, Placeholder: "No central alarm, no documentation by itself"},
		Field{Name: "alternative", Label: "What takes over the work of the device", Kind: "text", Help: "From level 4."},
		Field{Name: "compensating", Label: "What is done at the bedside meanwhile", Kind: "text", Help: "At level 4."},
		Field{Name: "observe", Label: "How its effect will be seen", Kind: "text", Required: true, Placeholder: "No packet of the device for a minute"},
		Field{Name: "undo", Label: "How a person at the bedside undoes it without Triward", Kind: "text", Placeholder: "Plug the cable from socket 14 into socket 15", Help: "From level 2. It is printed on the card for the bedside."},
		Field{Name: "returns", Label: "It returns by itself", Kind: "datetime-local", Required: true, Value: inputTime(s.now().Add(4 * time.Hour)), Help: "UTC, at most seven days from now."})
	return p, err
}

func (s *Server) contain(v *visit) error {
	p, err := s.containPage(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) containDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	var l problem.List
	level, err := strconv.Atoi(f.Get("level"))
	if err != nil {
		l.Add("level", "must be 0 to 7")
	}
	a := incident.Action{Device: f.Get("device"), Target: f.Get("target"), Plan: ladder.Plan{Level: ladder.Level(level), Impact: f.Get("impact"), Alternative: f.Get("alternative"),
		Compensating: f.Get("compensating"), Observe: f.Get("observe"), Undo: f.Get("undo"), Return: timeOf(&l, "returns", f.Get("returns"))}}
	id := ""
	if err = l.Err("the action is not complete"); err == nil {
		id, err = s.Cases.PlanAction(v.r.Context(), v.path("id"), a)
	}
	if err == nil {
		return v.done(urlContainment(id), "Planned. It runs only when it is checked and signed off.")
	}
	p, perr := s.containPage(v)
	if perr != nil {
		return perr
	}
	return v.correct(&p, &p.Form, f, err)
}

// levelOptions are the rungs of the ladder.
func levelOptions() []Option {
	var out []Option
	for l := ladder.Watch; l <= ladder.ServiceLine; l++ {
		out = append(out, Option{Value: strconv.Itoa(int(l)), Text: "L" + strconv.Itoa(int(l)) + " " + l.Words()})
	}
	return out
}
