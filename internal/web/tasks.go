package web

import (
	"context"
	"slices"
	"time"

	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/document/turn"
	"triward/internal/incident"
	"triward/internal/procedure"
	"triward/internal/store"
	"triward/internal/training"
)

// tasksPage is what waits for the visitor: to learn, to decide, to run, to look after.
type tasksPage struct {
	Frame
	Now       time.Time
	Digest    training.Digest
	Trainings []training.Training
	Documents []taskRow
	Runs      []runTask
	Incidents []incident.OpenTask
	Checks    []training.Check
	Functions []source.Function
	Empty     Empty
	Any       bool
}

func (tasksPage) template() string { return "tasks" }

// taskRow is one document that waits for the visitor.
type taskRow struct {
	URL, Text, About string
	Due              time.Time
	Late             bool
}

// runTask is a run that the visitor leads, or in which a step of one of their functions can be done now.
type runTask struct {
	procedure.Summary
	Next  string // the step
	Leads bool
}

// runsLooked bounds how many open runs are looked through for steps of the visitor.
const runsLooked = 50

func (s *Server) tasks(v *visit) error {
	p := tasksPage{Frame: v.frame("My tasks", urlTasks()), Now: s.now(), Empty: Empty{Title: "Nothing waits for you", Text: "Training, reviews, approvals and steps of runs that are yours are shown here."}}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		var err error
		if p.Trainings, err = training.Mine(ctx, r); err != nil {
			return err
		}
		p.Digest = training.DigestOf(p.Trainings, p.Now)
		held, err := document.FunctionsOf(ctx, r, v.actor.ID, p.Now)
		if err != nil {
			return err
		}
		for _, h := range held {
			p.Functions = append(p.Functions, h.Function)
		}
		slices.Sort(p.Functions)
		p.Functions = slices.Compact(p.Functions)
		if err := p.readDocuments(ctx, r, v); err != nil {
			return err
		}
		if err := p.readRuns(ctx, r, v); err != nil {
			return err
		}
		if err := p.readIncidents(ctx, r, v); err != nil {
			return err
		}
		return p.readChecks(ctx, r, v)
	})
	if err != nil {
		return err
	}
	p.Any = len(p.Trainings)+len(p.Documents)+len(p.Runs)+len(p.Incidents)+len(p.Checks) > 0
	return v.show(p)
}

// readDocuments finds what of documents waits for the visitor.
func (p *tasksPage) readDocuments(ctx context.Context, r store.Reader, v *visit) error {
	if !v.may(document.KindRead) {
		return nil
	}
	all, err := turn.Of(ctx, r, v.actor.ID, p.Now)
	for _, t := range all {
		row := taskRow{URL: urlDocument(t.Code) + "/work", Text: t.Code + " " + t.Title, About: title(t.Kind), Due: t.Due, Late: !t.Due.IsZero() && t.Due.Before(p.Now)}
		switch t.Kind {
		case turn.Again, turn.Watch, turn.AfterTheFact:
			row.URL = urlDocument(t.Code) + "/control"
		}
		if t.Function != "" {
			row.About += " as " + t.Function.Word()
		}
		if t.DelegateOf != "" {
			row.About += ", as a delegate"
		}
		p.Documents = append(p.Documents, row)
	}
	return err
}

// readIncidents finds the tasks of incidents that the visitor accepted, or that wait for somebody of their side.
func (p *tasksPage) readIncidents(ctx context.Context, r store.Reader, v *visit) error {
	if !v.may(incident.KindRead) {
		return nil
	}
	all, err := incident.OpenTasks(ctx, r, p.Now)
	p.Incidents = slices.DeleteFunc(all, func(t incident.OpenTask) bool { return !t.Mine && !t.Waits })
	return err
}

func (p *tasksPage) readRuns(ctx context.Context, r store.Reader, v *visit) error {
	if !v.may(procedure.KindRead) {
		return nil
	}
	page, err := procedure.List(ctx, r, procedure.Query{Open: true, Limit: runsLooked})
	if err != nil {
		return err
	}
	for _, x := range page.Items {
		t := runTask{Summary: x, Leads: x.Lead == v.actor.ID}
		run, err := procedure.Get(ctx, r, x.ID)
		if err != nil {
			return err
		}
		for _, st := range run.Ready() {
			if t.Leads || slices.Contains(p.Functions, st.Role) {
				t.Next = st.Do
				break
			}
		}
		if t.Leads || t.Next != "" {
			p.Runs = append(p.Runs, t)
		}
	}
	return nil
}

// readChecks finds the checks of whether training works that are due soon, for who may judge them.
func (p *tasksPage) readChecks(ctx context.Context, r store.Reader, v *visit) error {
	if !v.may(training.KindChecked) || !v.may(training.KindRead) {
		return nil
	}
	all, err := training.Checks(ctx, r, "")
	for _, c := range all {
		if c.Verdict == training.Planned && c.Due.Before(p.Now.AddDate(0, 0, 14)) {
			p.Checks = append(p.Checks, c)
		}
	}
	return err
}
