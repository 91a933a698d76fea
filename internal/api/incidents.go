package api

import (
	"context"
	"net/http"

	"triward/apiv1"
	"triward/internal/incident"
	"triward/internal/incident/ladder"
	"triward/internal/store"
)

// partWith is the input of operations that send a value about a part of a record.
type partWith[T any] struct {
	ID   string `path:"id" maxLength:"200"`
	Part string `path:"part" maxLength:"200"`
	Body T
}

// incidents are the operations about incidents. Sign-offs of containment are given on the web pages by people.
func (s *Server) incidents() {
	add(s, op{id: "incidents", route: "GET /incidents", kind: incident.KindRead, summary: "Incidents, the last changed first"},
		func(ctx context.Context, in *struct{ apiv1.IncidentQuery }) (apiv1.Page[apiv1.Incident], error) {
			q := incident.Query{State: incident.State(in.State), Device: in.Device, Link: in.Link, Sort: in.Sort, After: in.After, Limit: in.Limit}
			if in.State == "open" {
				q.State, q.Open = "", true
			}
			p, err := read(ctx, s, func(r store.Reader) (store.Page[incident.Incident], error) { return incident.List(ctx, r, q) })
			return page(p.Items, p.Next, wireIncident), err
		})
	add(s, op{id: "declare-incident", route: "POST /incidents", kind: incident.KindDeclared, status: http.StatusCreated, summary: "Declare an incident"},
		func(ctx context.Context, in *with[apiv1.IncidentInput]) (apiv1.Made, error) {
			b := in.Body
			d := incident.Declaration{Devices: b.Devices, Systems: b.Systems, Plan: b.Plan}
			takeIncident(b.IncidentFacts, &d.Incident)
			d.Exercise, d.Site, d.Product = b.Exercise, b.Site, b.Product
			for _, l := range b.From {
				d.From = append(d.From, incident.Link{Kind: incident.LinkKind(l.Kind), Target: l.Target, Note: l.Note})
			}
			id, err := s.Cases.Declare(ctx, d)
			return apiv1.Made{ID: id}, err
		})
	add(s, op{id: "incident", route: "GET /incidents/{id}", kind: incident.KindRead, summary: "One incident with its devices, links, notes, tasks and containment"},
		func(ctx context.Context, in *one) (apiv1.IncidentShown, error) {
			f, err := read(ctx, s, func(r store.Reader) (incident.File, error) { return incident.Get(ctx, r, in.ID) })
			return wireFile(f), err
		})
	act(s, op{id: "change-incident", route: "POST /incidents/{id}", kind: incident.KindChanged, summary: "Change what is known of an incident"},
		func(ctx context.Context, in *oneWith[apiv1.IncidentChange]) error {
			var to incident.Incident
			takeIncident(in.Body.IncidentFacts, &to)
			to.Changed = in.Body.IfChanged
			return s.Cases.Change(ctx, in.ID, to, in.Body.Reason)
		})
	act(s, op{id: "move-incident", route: "POST /incidents/{id}/move", kind: incident.KindMoved + "|" + incident.KindClosed, summary: "Move an incident on; everything that its guard misses is told at once"},
		func(ctx context.Context, in *oneWith[apiv1.IncidentMove]) error {
			return s.Cases.Move(ctx, in.ID, incident.Move{To: incident.State(in.Body.To), Reason: in.Body.Reason, Until: in.Body.Until})
		})
	act(s, op{id: "same-incident", route: "POST /incidents/{id}/same-as", kind: incident.KindMoved, summary: "Mark an incident as a duplicate of another one"},
		func(ctx context.Context, in *oneWith[apiv1.OtherIncident]) error {
			return s.Cases.SameAs(ctx, in.ID, in.Body.Other)
		})
	act(s, op{id: "plan-incident", route: "POST /incidents/{id}/plan", kind: incident.KindChanged, summary: "Start the procedure by which an incident is worked"},
		func(ctx context.Context, in *oneWith[apiv1.Code]) error {
			return s.Cases.Plan(ctx, in.ID, in.Body.Code)
		})
	act(s, op{id: "note-incident", route: "POST /incidents/{id}/notes", kind: incident.KindNoted, summary: "Write something down"},
		func(ctx context.Context, in *oneWith[apiv1.IncidentNoteInput]) error {
			return s.Cases.Note(ctx, in.ID, incident.NoteKind(in.Body.Kind), in.Body.Text)
		})
	act(s, op{id: "link-incident", route: "POST /incidents/{id}/links", kind: incident.KindLinked, summary: "Connect an incident with where it came from or what it feeds"},
		func(ctx context.Context, in *oneWith[apiv1.IncidentLink]) error {
			return s.Cases.Link(ctx, in.ID, incident.Link{Kind: incident.LinkKind(in.Body.Kind), Target: in.Body.Target, Note: in.Body.Note})
		})
	act(s, op{id: "involve", route: "POST /incidents/{id}/devices", kind: incident.KindDeviceInvolved, summary: "Add devices and systems to an incident"},
		func(ctx context.Context, in *oneWith[apiv1.IncidentInvolve]) error {
			return s.Cases.Involve(ctx, in.ID, in.Body.Devices, in.Body.Systems)
		})
	act(s, op{id: "set-incident-device", route: "POST /incidents/{id}/devices/{part}", kind: incident.KindDeviceMoved, summary: "Say how a device in an incident stands"},
		func(ctx context.Context, in *partWith[apiv1.IncidentDeviceChange]) error {
			b := in.Body
			return s.Cases.SetDevice(ctx, in.ID, in.Part, incident.DeviceChange{State: incident.DeviceState(b.State), Evidence: incident.Evidence(b.Evidence), EvidenceNote: b.EvidenceNote, Checks: b.Checks, Reason: b.Reason})
		})
	add(s, op{id: "add-task", route: "POST /incidents/{id}/tasks", kind: incident.KindTaskSet, status: http.StatusCreated, summary: "Hand out a task; somebody of that side has 15 minutes to accept it"},
		func(ctx context.Context, in *oneWith[apiv1.IncidentTaskInput]) (apiv1.Made, error) {
			id, err := s.Cases.AddTask(ctx, in.ID, incident.Task{Title: in.Body.Title, Side: incident.Side(in.Body.Side), Due: in.Body.Due})
			return apiv1.Made{ID: id}, err
		})
	act(s, op{id: "move-task", route: "POST /incidents/{id}/tasks/{part}", kind: incident.KindTaskSet, summary: "Accept, hand over or finish a task"},
		func(ctx context.Context, in *partWith[apiv1.IncidentTaskMove]) error {
			b := in.Body
			return s.Cases.MoveTask(ctx, in.ID, in.Part, incident.TaskMove{Accept: b.Accept, HandTo: incident.Side(b.HandTo), State: incident.TaskState(b.State), Outcome: b.Outcome})
		})
	s.recipients()
	s.legalEntities()
	s.containments()
	s.timelines()
}

func (s *Server) containments() {
	add(s, op{id: "plan-containment", route: "POST /incidents/{id}/containments", kind: incident.KindPlanned, status: http.StatusCreated, summary: "Plan a containment action; it runs only when it is checked and signed off"},
		func(ctx context.Context, in *oneWith[apiv1.ContainmentInput]) (apiv1.Made, error) {
			b := in.Body
			id, err := s.Cases.PlanAction(ctx, in.ID, incident.Action{Device: b.Device, Target: b.Target, Plan: ladder.Plan{Level: ladder.Level(b.Level), Impact: b.Impact,
				Alternative: b.Alternative, Compensating: b.Compensating, Observe: b.Observe, Undo: b.Undo, Return: b.Returns}})
			return apiv1.Made{ID: id}, err
		})
	add(s, op{id: "containment", route: "GET /containments/{id}", kind: incident.KindRead, summary: "One containment action with its sign-offs and what keeps it from running now"},
		func(ctx context.Context, in *one) (apiv1.ContainmentShown, error) {
			return read(ctx, s, func(r store.Reader) (apiv1.ContainmentShown, error) {
				sheet, _, err := s.Cases.SheetOf(ctx, r, in.ID, s.DB.Now())
				out := apiv1.ContainmentShown{Containment: wireAction(sheet.Action), Refusals: orEmpty(sheet.Refusals), Needs: []string{}}
				for _, n := range sheet.Needs {
					out.Needs = append(out.Needs, string(n))
				}
				return out, err
			})
		})
	add(s, op{id: "device-containments", route: "GET /devices/{id}/containments", kind: incident.KindRead, summary: "What is planned or in force on a device, with who signed it and what it does to patients"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.ContainmentOnDevice], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]incident.Standing, error) {
				return incident.ContainedOn(ctx, r, in.ID, s.DB.Now())
			})
			return list(all, func(x incident.Standing) apiv1.ContainmentOnDevice {
				out := apiv1.ContainmentOnDevice{Containment: wireAction(x.Action), Number: x.Of.Number, Exercise: x.Of.Exercise, Wanted: []string{}}
				for _, role := range x.Wanted {
					out.Wanted = append(out.Wanted, string(role))
				}
				return out
			}), err
		})
	act(s, op{id: "check-containment", route: "POST /containments/{id}/check", kind: incident.KindChecked, summary: "Record that the device was looked at as it is now"},
		func(ctx context.Context, in *oneWith[apiv1.Seen]) error {
			return s.Cases.Check(ctx, in.ID, in.Body.What)
		})
	act(s, op{id: "containment-noticed", route: "POST /containments/{id}/noticed", kind: incident.KindPlanned, summary: "Say why the other side may notice an action although the marking (PAP) of its incident forbids that"},
		func(ctx context.Context, in *oneWith[apiv1.Reason]) error {
			return s.Cases.Noticed(ctx, in.ID, in.Body.Reason)
		})
	act(s, op{id: "run-containment", route: "POST /containments/{id}/run", kind: incident.KindRan, summary: "Run an action; refused with everything that keeps it from running"},
		func(ctx context.Context, in *one) error { return s.Cases.Run(ctx, in.ID) })
	act(s, op{id: "containment-seen", route: "POST /containments/{id}/see", kind: incident.KindSeen, summary: "Record what was answered or observed of an action that ran"},
		func(ctx context.Context, in *oneWith[apiv1.ContainmentSeen]) error {
			return s.Cases.See(ctx, in.ID, ladder.Event(in.Body.Event), in.Body.What)
		})
	for _, e := range []struct {
		id, route, kind, summary string
		do                       func(context.Context, string, string) error
	}{{"return-containment", "return", incident.KindReturned, "Return an action before its time", s.Cases.Return},
		{"lift-containment", "lift", incident.KindLifted, "Lift an action at the bedside: one step, from whatever state", s.Cases.Lift},
		{"cancel-containment", "cancel", incident.KindCancelled, "Take back a plan that never ran", s.Cases.Cancel}} {
		act(s, op{id: e.id, route: "POST /containments/{id}/" + e.route, kind: e.kind, summary: e.summary},
			func(ctx context.Context, in *oneWith[apiv1.MaybeReason]) error {
				return e.do(ctx, in.ID, in.Body.Reason)
			})
	}
}

func takeIncident(b apiv1.IncidentFacts, to *incident.Incident) {
	to.Title, to.Summary, to.Cyber, to.Clinical, to.Owner = b.Title, b.Summary, b.Cyber, b.Clinical, b.Owner
	to.TLP, to.PAP, to.Care, to.Legal, to.Disclosure = incident.Marking(b.TLP), incident.Marking(b.PAP), incident.Care(b.Care), incident.Legal(b.Legal), incident.Disclosure(b.Disclosure)
	if to.Legal == "" {
		to.Legal = incident.NoLegal
	}
	if to.Disclosure == "" {
		to.Disclosure = incident.Undisclosed
	}
	to.Aware, to.AwareWho, to.AwareHow, to.NoContainment, to.Extent = b.Aware, b.AwareWho, b.AwareHow, b.NoContainment, b.Extent
	to.RootCause, to.LookedAt, to.Lessons, to.Reviewed, to.RetainUntil = b.RootCause, b.LookedAt, b.Lessons, b.Reviewed, b.RetainUntil
}

func wireIncident(i incident.Incident) apiv1.Incident {
	return apiv1.Incident{ID: i.ID, Number: i.Number, State: string(i.State), Exercise: i.Exercise, Withheld: i.Withheld, OwnerName: i.OwnerName, Site: i.Site, Product: i.Product, Declared: i.Declared, Run: i.Run,
		SameAs: i.SameAs, HeldUntil: i.HeldTill, HeldFor: i.HeldFor, Closer: i.CloserName, Asked: i.Asked, Worst: i.Worst, Closed: i.Closed, Changed: i.Changed,
		IncidentFacts: apiv1.IncidentFacts{Title: i.Title, Summary: i.Summary, Cyber: i.Cyber, Clinical: i.Clinical, TLP: string(i.TLP), PAP: string(i.PAP), Care: string(i.Care), Legal: string(i.Legal),
			Disclosure: string(i.Disclosure), Owner: i.Owner, Aware: i.Aware, AwareWho: i.AwareWho, AwareHow: i.AwareHow, NoContainment: i.NoContainment, Extent: i.Extent, RootCause: i.RootCause,
			LookedAt: i.LookedAt, Lessons: i.Lessons, Reviewed: i.Reviewed, RetainUntil: i.RetainUntil}}
}

func wireFile(f incident.File) apiv1.IncidentShown {
	out := apiv1.IncidentShown{Incident: wireIncident(f.Incident), Moves: []string{}}
	for _, m := range f.Moves() {
		out.Moves = append(out.Moves, string(m))
	}
	out.Devices = list(f.Devices, func(d incident.Involved) apiv1.IncidentDevice {
		return apiv1.IncidentDevice{ID: d.ID, Device: d.Device, Name: d.Name, State: string(d.State), Evidence: string(d.Evidence), EvidenceNote: d.EvidenceNote, WaivedBy: d.WaiverName, Checks: orEmpty(d.Checks), Changed: d.Changed}
	}).Items
	out.Links = list(f.Links, func(l incident.Link) apiv1.IncidentLink {
		return apiv1.IncidentLink{Kind: string(l.Kind), Target: l.Target, Note: l.Note, Name: l.ActorName, At: l.At}
	}).Items
	out.Notes = list(f.Notes, func(n incident.Note) apiv1.IncidentNote {
		return apiv1.IncidentNote{ID: n.ID, Kind: string(n.Kind), Text: n.Text, Name: n.ActorName, At: n.At}
	}).Items
	out.Tasks = list(f.Tasks, func(t incident.Task) apiv1.IncidentTask {
		return apiv1.IncidentTask{ID: t.ID, Title: t.Title, Side: string(t.Side), Assignee: t.AssigneeName, State: string(t.State), Due: t.Due, AcceptBy: t.AcceptBy, Accepted: t.Accepted, Outcome: t.Outcome}
	}).Items
	out.Actions = list(f.Actions, wireAction).Items
	return out
}

func wireAction(a incident.Action) apiv1.Containment {
	return apiv1.Containment{ID: a.ID, Incident: a.Incident, DeviceName: a.DeviceName, State: string(a.State), Human: a.Human, Checked: a.CheckedAt, Said: a.Said, Ran: a.Ran, Ended: a.Ended,
		ContainmentInput: apiv1.ContainmentInput{Device: a.Device, Level: int(a.Level), Target: a.Target, Impact: a.Impact, Alternative: a.Alternative, Compensating: a.Compensating, Observe: a.Observe, Undo: a.Undo, Returns: a.Return},
		Noticed:          a.Noticed, Witness: string(a.Witness),
		SignOffs: list(a.SignOffs, func(x ladder.SignOff) apiv1.SignOff {
			return apiv1.SignOff{Role: string(x.Role), Name: x.Name, At: x.At, Until: x.Until, Conditions: x.Conditions}
		}).Items}
}
