package web

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"triward/internal/incident"
	"triward/internal/incident/clock"
	"triward/internal/incident/custody"
	"triward/internal/problem"
	"triward/internal/procedure"
	"triward/internal/signature"
	"triward/internal/store"
)

// incidentPage is one incident: how it stands, what runs out, what is to be done.
type incidentPage struct {
	Frame
	incident.File
	Tabs      []Tab
	Now       time.Time
	Clinical  string
	Same      string // number of the incident that this one is a duplicate of
	AskedSame string // number of the incident that it is asked to be a duplicate of
	Run       *procedure.Run
	Steps     procedure.Counts
	Clocks    []clockRow
	Named     []recipientRow // who may read it, when it is marked TLP:RED
	Entities  []incident.Entity
	Exhibits  []custody.Item
	Holds     []holdRow // events that are kept for it
	Acts      []act
	History   []historyRow
	More      bool // of the history
	MayEdit   bool
	MayPlan   bool
	MayTell   bool
	taskRights
	MayKeep   bool
	MayExport bool
	MaySee    bool // evidence
}

func (incidentPage) template() string { return "incident" }

// incidentHistory is how much of the history stands on the first page; the timeline has all of it.
const incidentHistory = 12

// clockRow is a reporting clock that still matters, or was answered.
type clockRow struct {
	clock.Clock
	Entity   string
	EntityID string
	Theirs   bool // nobody here answers for it
	Left     string
}

// SourceURL is where the text of the law stands; "" where its source is more than an address.
func (c clockRow) SourceURL() string {
	if strings.HasPrefix(c.Duty.Source, "https://") && !strings.Contains(c.Duty.Source, " ") {
		return c.Duty.Source
	}
	return ""
}

// rank orders clocks by how pressing they are.
func (c clockRow) rank() int {
	return slices.Index([]clock.State{clock.Overdue, clock.Running, clock.MayRun, clock.Waiting, clock.Discharged, clock.NotInForce, clock.NotApplicable}, c.State)
}

// clockRows are the clocks of all entities that are not ruled out, the most pressing first.
func clockRows(all []incident.EntityClocks) []clockRow {
	var out []clockRow
	for _, e := range all {
		for _, c := range e.Clocks {
			if c.State == clock.NotApplicable || c.State == clock.NotInForce {
				continue
			}
			out = append(out, clockRowOf(e.Entity, c))
		}
	}
	slices.SortStableFunc(out, func(a, b clockRow) int {
		if a.Theirs != b.Theirs {
			return map[bool]int{true: 1, false: -1}[a.Theirs]
		}
		if a.rank() != b.rank() {
			return a.rank() - b.rank()
		}
		return a.Latest.Compare(b.Latest)
	})
	return out
}

func clockRowOf(e incident.Entity, c clock.Clock) clockRow {
	row := clockRow{Clock: c, Entity: e.Name, EntityID: e.ID, Theirs: e.Theirs}
	switch {
	case c.Latest.IsZero():
	case c.Late:
		row.Left = span(-c.Slack) + " late"
	case c.State != clock.Discharged:
		row.Left = span(c.Slack) + " left"
	}
	return row
}

func (s *Server) incidentPageOf(v *visit) (incidentPage, error) {
	p := incidentPage{Now: s.now()}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		var err error
		if p.File, err = incident.Get(ctx, r, v.path("id")); err != nil {
			return err
		}
		if p.taskRights, err = taskRightsOf(ctx, r, v, p.Incident); err != nil {
			return err
		}
		if p.Named, err = recipientRows(ctx, r, v, p.Incident); err != nil {
			return err
		}
		clocks, err := incident.Clocks(ctx, r, p.ID, p.Now)
		if err != nil {
			return err
		}
		p.Clocks = clockRows(clocks)
		for _, c := range clocks {
			p.Entities = append(p.Entities, c.Entity)
		}
		if p.Same, err = numberOf(ctx, r, p.SameAs); err != nil {
			return err
		}
		if strings.HasPrefix(p.Asked, "inc_") {
			if p.AskedSame, err = numberOf(ctx, r, p.Asked); err != nil {
				return err
			}
		}
		if p.Incident.Run != "" {
			run, err := procedure.Get(ctx, r, p.Incident.Run)
			if err != nil {
				return err
			}
			p.Run, p.Steps = &run, run.Counts()
		}
		if p.MaySee = v.may(custody.KindRead); p.MaySee {
			if p.Exhibits, err = custody.List(ctx, r, p.ID); err != nil {
				return err
			}
		}
		if p.Holds, err = holdRows(ctx, r, v, p.ID); err != nil {
			return err
		}
		if p.Acts, err = incidentActs(ctx, r, v, p); err != nil {
			return err
		}
		if p.History, err = history(ctx, r, p.ID); len(p.History) > incidentHistory {
			p.History, p.More = p.History[:incidentHistory], true
		}
		return err
	})
	p.Tabs = tabsOf(v, p.ID, "")
	p.Clinical = incident.ClinicalWords()[p.File.Clinical]
	p.MayEdit = p.State.Open() && v.may(incident.KindChanged)
	p.MayPlan = p.State.Open() && v.may(incident.KindPlanned)
	p.MayTell = v.may(incident.KindEntitySet)
	p.MayKeep, p.MayExport = v.may(custody.KindRegistered), v.may(custody.KindWorked)
	p.Frame = v.frame(p.Number+": "+short(80, p.File.Title), urlIncidents(), Link{urlIncidents(), "Incidents"})
	return p, err
}

// numberOf is the number of an incident; "" of none.
func numberOf(ctx context.Context, r store.Reader, id string) (string, error) {
	if id == "" {
		return "", nil
	}
	i, err := incident.Glance(ctx, r, id)
	return i.Number, err
}

// incidentActs are the forms of an incident page for this visitor.
func incidentActs(ctx context.Context, r store.Reader, v *visit, p incidentPage) ([]act, error) {
	at := urlIncident(p.ID)
	var out []act
	add := func(kind string, a act) {
		if v.may(kind) {
			out = append(out, a)
		}
	}
	add(incident.KindNoted, act{Title: "Note", First: p.State.Open(), Form: Form{ID: "note", Action: at + "/notes", Submit: "Write it down"}.with(
		Field{Name: "kind", Label: "It is", Kind: "select", Options: options("note", incident.NoteKinds())},
		Field{Name: "text", Label: "Words", Kind: "textarea", Required: true, Help: "Kept as written. No names of patients."})})
	if p.TLP == incident.Red && v.may(incident.KindRecipientNamed) {
		a, err := nameAct(ctx, r, v, p.Incident)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	moves := p.Moves()
	if !p.State.Open() {
		add(incident.KindMoved, act{Title: "Open it again", Help: "It was not over, or it was no false alarm after all.", Form: Form{ID: "move", Action: at + "/move", Submit: "Open it again"}.with(
			Field{Name: "to", Kind: "hidden", Value: string(moves[0])}, reasonField("Reason"))})
		return out, nil
	}
	waivers, err := waiverActs(ctx, r, v, p)
	if err != nil {
		return nil, err
	}
	out = append(out, waivers...)
	if len(moves) > 0 {
		add(incident.KindMoved, act{Title: "Move on", Help: p.closing(), Form: Form{ID: "move", Action: at + "/move", Submit: "Move the incident"}.with(
			Field{Name: "to", Label: "To", Kind: "select", Options: options(string(moves[0]), moves)},
			Field{Name: "reason", Label: "Reason", Kind: "text", Help: "Of a hold, a false alarm, and of a way back."},
			Field{Name: "until", Label: "Hold until", Kind: "datetime-local", Help: "UTC. Of a hold only."})})
	}
	if p.Incident.Run == "" {
		codes, err := runnable(ctx, r, "")
		if err != nil {
			return nil, err
		}
		add(incident.KindChanged, act{Title: "Start the plan", Help: "The procedure's revision in force is pinned; its steps become the plan.", Form: Form{ID: "plan", Action: at + "/plan", Submit: "Start the procedure"}.with(
			Field{Name: "code", Label: "Procedure", Kind: "select", Required: true, Options: orNone("Choose one", codes)})})
	}
	add(incident.KindDeviceInvolved, act{Title: "Add devices or systems", Form: Form{ID: "involve", Action: at + "/devices", Submit: "Add"}.with(
		Field{Name: "devices", Label: "Devices", Kind: "textarea", Help: "Asset tags, one on a line."},
		Field{Name: "systems", Label: "Other systems", Kind: "textarea", Help: "One on a line."})})
	add(incident.KindTaskSet, act{Title: "Hand out a task", Help: "Somebody of that side has 15 minutes to accept it.", Form: Form{ID: "task", Action: at + "/tasks", Submit: "Hand it out"}.with(
		Field{Name: "title", Label: "What is to be done", Kind: "text", Required: true},
		Field{Name: "side", Label: "By whom", Kind: "select", Options: options("", incident.Sides())},
		Field{Name: "due", Label: "Until", Kind: "datetime-local", Help: "UTC."})})
	add(incident.KindLinked, act{Title: "Link", Help: "Where it came from, and what it feeds: a decision, a weakness, a step that proved wrong, a change request, a rule.", Form: Form{ID: "link", Action: at + "/links", Submit: "Link it"}.with(
		Field{Name: "kind", Label: "It is", Kind: "select", Options: options("", incident.LinkKinds())},
		Field{Name: "target", Label: "Id or words", Kind: "text", Required: true, Placeholder: "alr_… or SOP-14#s3"},
		Field{Name: "note", Label: "Note", Kind: "text"})})
	add(incident.KindMoved, act{Title: "It is a duplicate", Help: "What is open here goes on there. A severe one takes two people.", Form: Form{ID: "same", Action: at + "/same-as", Submit: "Mark as a duplicate"}.with(
		Field{Name: "other", Label: "Of which incident", Kind: "text", Required: true, Placeholder: "INC-2026-0001"})})
	return out, nil
}

// closing says who has to agree before a severe incident is closed.
func (p incidentPage) closing() string {
	switch {
	case p.Asked == string(incident.Closed):
		return p.CloserName + " asked to close it. Somebody else has to agree."
	case p.Asked == string(incident.FalseAlarm):
		return p.CloserName + " asked to call it a false alarm. Somebody else has to agree."
	case p.Asked != "":
		return p.CloserName + " asked to mark it as a duplicate of " + p.AskedSame + ". Somebody else has to agree."
	case p.TakesTwo():
		return "Two people end an incident that is or was this severe."
	}
	return ""
}

// waiverActs are the signatures of a second person that wait: that no evidence of a device is kept.
func waiverActs(ctx context.Context, r store.Reader, v *visit, p incidentPage) ([]act, error) {
	var out []act
	for _, d := range p.Devices {
		if d.Evidence != incident.Waived || d.Waiver != "" || d.Asker == v.actor.ID || !v.may(incident.KindWaived) {
			continue
		}
		words, digest := d.Statement(p.Incident)
		a := act{Title: "Keep no evidence of " + d.Name, First: true, Help: "You sign: " + words, Form: Form{ID: "waive-" + d.ID, Action: path("incidents", p.ID, "devices", d.ID) + "/waiver", Submit: "I agree"}.with(
			Field{Name: "displayed", Kind: "hidden", Value: digest}, reasonField("Reason"))}
		sign, err := v.signForm(ctx, r, signature.Approval)
		if err != nil {
			return nil, err
		}
		a.Form.Sign = sign
		sign.within(a.Form.ID)
		sign.over(signature.Approval, digest)
		out = append(out, a)
	}
	return out, nil
}

// incidentWaive signs that no evidence of a device is kept.
func (s *Server) incidentWaive(v *visit) error {
	return s.incidentAct(v, "waive-"+v.path("device"), "Signed.", func(ctx context.Context, id string, f url.Values) error {
		return s.Cases.Waive(ctx, id, v.path("device"), incident.Consent{Displayed: f.Get("displayed"), Reason: f.Get("reason"), Factors: v.factors(f)})
	})
}

func (s *Server) incident(v *visit) error {
	p, err := s.incidentPageOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

// incidentAct does something to an incident and comes back to it; form is the one that is filled again when it was refused.
func (s *Server) incidentAct(v *visit, form, notice string, do func(ctx context.Context, id string, f url.Values) error) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if err = do(v.r.Context(), v.path("id"), f); err == nil {
		return v.done(urlIncident(v.path("id")), notice)
	}
	p, perr := s.incidentPageOf(v)
	if perr != nil {
		return perr
	}
	return v.correct(&p, formOf(p.Acts, form), f, err)
}

func (s *Server) incidentMove(v *visit) error {
	return s.incidentAct(v, "move", "Moved.", func(ctx context.Context, id string, f url.Values) error {
		var l problem.List
		m := incident.Move{To: incident.State(f.Get("to")), Reason: f.Get("reason"), Until: timeOf(&l, "until", f.Get("until"))}
		if err := l.Err("the incident cannot be moved"); err != nil {
			return err
		}
		return s.Cases.Move(ctx, id, m)
	})
}

func (s *Server) incidentNote(v *visit) error {
	return s.incidentAct(v, "note", "Written down.", func(ctx context.Context, id string, f url.Values) error {
		return s.Cases.Note(ctx, id, incident.NoteKind(f.Get("kind")), f.Get("text"))
	})
}

func (s *Server) incidentPlan(v *visit) error {
	return s.incidentAct(v, "plan", "The procedure runs.", func(ctx context.Context, id string, f url.Values) error {
		if f.Get("code") == "" {
			var l problem.List
			l.Add("code", "is required")
			return l.Err("choose a procedure")
		}
		return s.Cases.Plan(ctx, id, f.Get("code"))
	})
}

func (s *Server) incidentInvolve(v *visit) error {
	return s.incidentAct(v, "involve", "Added.", func(ctx context.Context, id string, f url.Values) error {
		var devices []string
		err := v.view(func(ctx context.Context, r store.Reader) (err error) {
			devices, err = devicesByTag(ctx, r, lines(f.Get("devices")))
			return err
		})
		if err != nil {
			return err
		}
		return s.Cases.Involve(ctx, id, devices, lines(f.Get("systems")))
	})
}

func (s *Server) incidentTask(v *visit) error {
	return s.incidentAct(v, "task", "Handed out.", func(ctx context.Context, id string, f url.Values) error {
		var l problem.List
		t := incident.Task{Title: f.Get("title"), Side: incident.Side(f.Get("side")), Due: timeOf(&l, "due", f.Get("due"))}
		if err := l.Err("the task is not complete"); err != nil {
			return err
		}
		_, err := s.Cases.AddTask(ctx, id, t)
		return err
	})
}

func (s *Server) incidentLink(v *visit) error {
	return s.incidentAct(v, "link", "Linked.", func(ctx context.Context, id string, f url.Values) error {
		return s.Cases.Link(ctx, id, incident.Link{Kind: incident.LinkKind(f.Get("kind")), Target: f.Get("target"), Note: f.Get("note")})
	})
}

func (s *Server) incidentSame(v *visit) error {
	return s.incidentAct(v, "same", "Marked as a duplicate.", func(ctx context.Context, id string, f url.Values) error {
		return s.Cases.SameAs(ctx, id, strings.TrimSpace(f.Get("other")))
	})
}

// taskMove changes a task: accept, hand over or move.
func (s *Server) taskMove(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	m := incident.TaskMove{Accept: f.Get("do") == "accept", Outcome: f.Get("outcome")}
	if !m.Accept {
		m.State, m.HandTo = incident.TaskState(f.Get("state")), incident.Side(f.Get("hand_to"))
	}
	if err := s.Cases.MoveTask(v.r.Context(), v.path("id"), v.path("task"), m); err != nil {
		return err
	}
	return v.done(urlIncident(v.path("id"))+"#tasks", "The task is changed.")
}

// incidentEditPage changes what is known of an incident.
func (s *Server) incidentEditPage(v *visit) (formPage, incident.Incident, error) {
	var i incident.Incident
	var people []Option
	err := v.view(func(ctx context.Context, r store.Reader) error {
		f, err := incident.Get(ctx, r, v.path("id"))
		if err != nil {
			return err
		}
		i = f.Incident
		people, err = colleagues(ctx, r, v, i.Owner)
		return err
	})
	p := formPage{Frame: v.frame("Change "+i.Number, urlIncidents(), Link{urlIncidents(), "Incidents"}, Link{urlIncident(i.ID), i.Number})}
	fields := incidentFields(i)
	for n := range fields {
		if fields[n].Name == "care" {
			fields[n].Options = stays(i.Care)
		}
	}
	fields = append(fields,
		Field{Name: "changed", Kind: "hidden", Value: mark(i.Changed)},
		Field{Name: "owner", Label: "Owner", Kind: "select", Options: append([]Option{{Value: i.Owner, Text: i.OwnerName, On: true}}, people...)},
		Field{Name: "legal", Label: "Legal", Kind: "select", Options: stays(i.Legal), Help: "Hold: everything is kept. Privileged: kept, and for named people only."},
		Field{Name: "disclosure", Label: "Disclosure", Kind: "select", Options: stays(i.Disclosure), Help: "Under embargo it stays in the organisation."},
		Field{Name: "extent", Label: "What is in it", Kind: "textarea", Value: i.Extent, Help: "Which devices, models and accounts. Needed before eradicating."},
		Field{Name: "no_containment", Label: "Decision to contain nothing, and why", Kind: "textarea", Value: i.NoContainment},
		Field{Name: "root_cause", Label: "Root cause", Kind: "textarea", Value: i.RootCause},
		Field{Name: "looked_at", Label: "What was looked at where no cause was found", Kind: "textarea", Value: i.LookedAt},
		Field{Name: "lessons", Label: "What was learned", Kind: "textarea", Value: i.Lessons},
		Field{Name: "reviewed", Label: "When the review was held", Kind: "datetime-local", Value: inputTime(i.Reviewed), Help: "UTC."},
		Field{Name: "retain_until", Label: "Evidence is kept until", Kind: "datetime-local", Value: inputTime(i.RetainUntil), Help: "UTC."},
		Field{Name: "reason", Label: "Reason", Kind: "text", Help: "Needed when the awareness, the legal state, the disclosure or clinical work changes, and when the severity falls."})
	p.Form = Form{ID: "edit", Action: urlIncident(i.ID) + "/edit", Submit: "Keep", Cancel: urlIncident(i.ID)}.with(fields...)
	return p, i, err
}

// stays are the choices of a machine: that it stays as it is, and what it may become.
func stays[T interface {
	~string
	Moves() []T
}](now T) []Option {
	return options(string(now), append([]T{now}, now.Moves()...))
}

func (s *Server) incidentEdit(v *visit) error {
	p, _, err := s.incidentEditPage(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) incidentEditDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	p, i, err := s.incidentEditPage(v)
	if err != nil {
		return err
	}
	before := i.Aware
	err = incidentOf(f, &i)
	if err == nil {
		if inputTime(before) == inputTime(i.Aware) {
			i.Aware = before // a form has no seconds
		}
		var l problem.List
		i.Changed = unmark(&l, f)
		i.Owner, i.Legal, i.Disclosure = f.Get("owner"), incident.Legal(f.Get("legal")), incident.Disclosure(f.Get("disclosure"))
		i.Extent, i.NoContainment, i.RootCause, i.LookedAt, i.Lessons = f.Get("extent"), f.Get("no_containment"), f.Get("root_cause"), f.Get("looked_at"), f.Get("lessons")
		i.Reviewed, i.RetainUntil = timeOf(&l, "reviewed", f.Get("reviewed")), timeOf(&l, "retain_until", f.Get("retain_until"))
		if err = l.Err("the incident cannot be changed"); err == nil {
			err = s.Cases.Change(v.r.Context(), i.ID, i, f.Get("reason"))
		}
	}
	if err == nil {
		return v.done(urlIncident(i.ID), "Kept.")
	}
	p.Form.fill(f)
	if p.Form.blame(err) {
		return v.again(p, err)
	}
	return err
}

// involvedPage is the form of one device in an incident.
func (s *Server) involvedPage(v *visit) (formPage, error) {
	var f incident.File
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		f, err = incident.Get(ctx, r, v.path("id"))
		return err
	})
	if err != nil {
		return formPage{}, err
	}
	n := slices.IndexFunc(f.Devices, func(d incident.Involved) bool { return d.ID == v.path("device") })
	if n < 0 {
		return formPage{}, problem.New(problem.NotFound, "it is not in this incident")
	}
	d := f.Devices[n]
	checks := make([]Option, len(incident.RevalidationChecks()))
	for i, c := range incident.RevalidationChecks() {
		checks[i] = Option{Value: c, Text: sentence(c), On: slices.Contains(d.Checks, c)}
	}
	p := formPage{Frame: v.frame(d.Name, urlIncidents(), Link{urlIncidents(), "Incidents"}, Link{urlIncident(f.ID), f.Number}), Lead: "It is " + word(d.State) + " in this incident."}
	p.Form = Form{ID: "device", Action: path("incidents", f.ID, "devices", d.ID), Submit: "Keep", Cancel: urlIncident(f.ID)}.with(
		Field{Name: "state", Label: "It becomes", Kind: "select", Options: orNone("Stays "+word(d.State), options("", d.State.Moves()))},
		Field{Name: "reason", Label: "Reason", Kind: "text", Help: "Needed to clear or retire it."},
		Field{Name: "evidence", Label: "Evidence", Kind: "select", Options: options(string(d.Evidence), []incident.Evidence{incident.NoEvidence, incident.Preserved, incident.Waived})},
		Field{Name: "evidence_note", Label: "What was kept and where, or why it is waived", Kind: "textarea", Value: d.EvidenceNote},
		Field{Name: "checks", Label: "Checked before it goes back to patients", Kind: "checks", Options: checks})
	return p, nil
}

func (s *Server) involved(v *visit) error {
	p, err := s.involvedPage(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) involvedDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	to := incident.DeviceChange{State: incident.DeviceState(f.Get("state")), Checks: f["checks"], Reason: f.Get("reason")}
	if e := incident.Evidence(f.Get("evidence")); e != incident.NoEvidence {
		to.Evidence, to.EvidenceNote = e, f.Get("evidence_note")
	}
	err = s.Cases.SetDevice(v.r.Context(), v.path("id"), v.path("device"), to)
	if err == nil {
		return v.done(urlIncident(v.path("id"))+"#devices", "Kept.")
	}
	p, perr := s.involvedPage(v)
	if perr != nil {
		return perr
	}
	return v.correct(&p, &p.Form, f, err)
}
