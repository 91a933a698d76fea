package api

import (
	"context"
	"net/http"
	"time"

	"triward/apiv1"
	"triward/internal/problem"
	"triward/internal/procedure"
	"triward/internal/signature"
	"triward/internal/store"
)

// oneStep is the input of operations about a step of a run that send a value.
type oneStep[T any] struct {
	ID   string `path:"id" maxLength:"200"`
	Step string `path:"step" maxLength:"60"`
	Body T
}

// runs are the operations about procedures that run. A step or an end that asks for a signature is done on the web pages.
func (s *Server) runs() {
	add(s, op{id: "runs", route: "GET /runs", kind: procedure.KindRead, summary: "Procedures that run or ran, the newest first"},
		func(ctx context.Context, in *struct{ apiv1.RunQuery }) (apiv1.Page[apiv1.Run], error) {
			q := procedure.Query{Code: in.Code, State: procedure.State(in.State), Exercise: in.Exercise, Lead: in.Lead, Subject: in.Subject, Sort: in.Sort, After: in.After, Limit: in.Limit}
			if in.State == "open" {
				q.State, q.Open = "", true
			}
			p, err := read(ctx, s, func(r store.Reader) (procedure.Page, error) { return procedure.List(ctx, r, q) })
			return page(p.Items, p.Next, wireRun), err
		})
	add(s, op{id: "start-run", route: "POST /runs", kind: procedure.KindStarted, status: http.StatusCreated, summary: "Start a procedure; its revision in force is pinned"},
		func(ctx context.Context, in *with[apiv1.RunInput]) (apiv1.Made, error) {
			b := in.Body
			id, err := s.Runs.Start(ctx, procedure.Start{Code: b.Code, Revision: b.Revision, Subject: b.Subject, Site: b.Site, Product: b.Product, Reason: b.Reason, Exercise: b.Exercise, Since: b.Since})
			return apiv1.Made{ID: id}, err
		})
	add(s, op{id: "run", route: "GET /runs/{id}", kind: procedure.KindRead, summary: "One run with its steps, notes and files"}, s.run)
	act(s, op{id: "do-step", route: "POST /runs/{id}/steps/{step}/done", kind: procedure.KindStepRecorded + "|" + procedure.KindStepDeviated,
		summary: "Settle a step as done; otherwise than written, out of order or by somebody else it needs a reason and is a deviation"},
		func(ctx context.Context, in *oneStep[apiv1.StepAct]) error {
			b := in.Body
			return s.Runs.Do(ctx, in.ID, procedure.Act{Step: in.Step, Value: b.Value, Note: b.Note, Instead: b.Instead, Reason: b.Reason}, signature.Factors{})
		})
	act(s, op{id: "skip-step", route: "POST /runs/{id}/steps/{step}/skip", kind: procedure.KindStepDeviated, summary: "Skip a step: a deviation"},
		func(ctx context.Context, in *oneStep[apiv1.Reason]) error {
			return s.Runs.Skip(ctx, in.ID, in.Step, in.Body.Reason)
		})
	act(s, op{id: "step-not-needed", route: "POST /runs/{id}/steps/{step}/not-needed", kind: procedure.KindStepRecorded, summary: "Say that the condition of a step does not hold"},
		func(ctx context.Context, in *oneStep[apiv1.Reason]) error {
			return s.Runs.NotNeeded(ctx, in.ID, in.Step, in.Body.Reason)
		})
	act(s, op{id: "add-step", route: "POST /runs/{id}/steps", kind: procedure.KindStepDeviated, summary: "Add a step that was taken and that the document does not have"},
		func(ctx context.Context, in *oneWith[apiv1.StepExtra]) error {
			return s.Runs.Add(ctx, in.ID, procedure.Extra{After: in.Body.After, Do: in.Body.Do, Note: in.Body.Note, Reason: in.Body.Reason})
		})
	act(s, op{id: "note-run", route: "POST /runs/{id}/notes", kind: procedure.KindNoted, summary: "Add a note to a run"},
		func(ctx context.Context, in *oneWith[apiv1.RunNote]) error {
			return s.Runs.Note(ctx, in.ID, procedure.Note{Step: in.Body.Step, Text: in.Body.Text})
		})
	s.runFiles()
	s.runMoves()
	s.wrongSteps()
}

func (s *Server) runMoves() {
	act(s, op{id: "hand-over-run", route: "POST /runs/{id}/hand-over", kind: procedure.KindHandedOver, summary: "Let somebody else answer for a run"},
		func(ctx context.Context, in *oneWith[apiv1.HandOver]) error {
			return s.Runs.HandOver(ctx, in.ID, in.Body.To, in.Body.Reason)
		})
	act(s, op{id: "pause-run", route: "POST /runs/{id}/pause", kind: procedure.KindPaused, summary: "Pause a run; its clocks go on"},
		func(ctx context.Context, in *oneWith[apiv1.Reason]) error {
			return s.Runs.Pause(ctx, in.ID, in.Body.Reason)
		})
	act(s, op{id: "resume-run", route: "POST /runs/{id}/resume", kind: procedure.KindResumed, summary: "Let a paused run go on"},
		func(ctx context.Context, in *one) error { return s.Runs.Resume(ctx, in.ID) })
	act(s, op{id: "migrate-run", route: "POST /runs/{id}/migrate", kind: procedure.KindMigrated, summary: "Let an open run follow the revision in force"},
		func(ctx context.Context, in *oneWith[apiv1.Reason]) error {
			return s.Runs.Migrate(ctx, in.ID, in.Body.Reason)
		})
	for _, e := range []struct {
		id, route, kind, summary string
		to                       procedure.State
	}{{"finish-run", "finish", procedure.KindFinished, "Finish a run; every step must be settled", procedure.Finished}, {"abort-run", "abort", procedure.KindAborted, "Abort a run", procedure.Aborted}} {
		act(s, op{id: e.id, route: "POST /runs/{id}/" + e.route, kind: e.kind, summary: e.summary}, func(ctx context.Context, in *oneWith[apiv1.Outcome]) error {
			return s.Runs.End(ctx, in.ID, procedure.End{State: e.to, Outcome: in.Body.Outcome})
		})
	}
}

func (s *Server) wrongSteps() {
	add(s, op{id: "defeat-step", route: "POST /runs/{id}/steps/{step}/wrong", kind: procedure.KindStepDefeated, status: http.StatusCreated,
		summary: "Mark a step as wrong: the answer lists everything that relies on it"},
		func(ctx context.Context, in *oneStep[apiv1.DefeatInput]) (apiv1.Defeat, error) {
			d, err := s.Runs.Defeat(ctx, in.ID, procedure.Defeat{Step: in.Step, Wrong: in.Body.Wrong, Instead: in.Body.Instead, Danger: in.Body.Danger})
			return wireDefeat(d), err
		})
	add(s, op{id: "reliance", route: "GET /documents/{id}/reliance", kind: procedure.KindRead, summary: "What relies on a document or on one of its steps"},
		func(ctx context.Context, in *struct {
			ID string `path:"id" maxLength:"20"`
			apiv1.RelianceQuery
		}) (apiv1.List[apiv1.Reliance], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]procedure.Reliance, error) { return s.Runs.Reliance(ctx, r, in.ID, in.Step) })
			return list(all, wireReliance), err
		})
	add(s, op{id: "defeats", route: "GET /documents/{id}/defeats", kind: procedure.KindRead, summary: "Steps of a document that proved wrong, the newest first"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.Defeat], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]procedure.Defeat, error) { return procedure.Defeats(ctx, r, in.ID) })
			return list(all, wireDefeat), err
		})
	add(s, op{id: "step-deviations", route: "GET /documents/{id}/step-deviations", kind: procedure.KindRead, summary: "Steps of a document that were not done as written, the newest first"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.StepDeviation], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]procedure.Deviation, error) {
				return procedure.Deviations(ctx, r, procedure.DeviationQuery{Code: in.ID, Limit: 1000})
			})
			return list(all, func(d procedure.Deviation) apiv1.StepDeviation {
				return apiv1.StepDeviation{Run: d.Run, Label: d.Label, Exercise: d.Exercise, Step: d.Step.ID, State: string(d.Step.State), Name: d.Step.ActorName, At: d.Step.At,
					Instead: d.Step.Instead, Reason: d.Step.Reason}
			}), err
		})
	add(s, op{id: "run-proposal", route: "GET /runs/{id}/proposal", kind: procedure.KindRead, summary: "The text that a run suggests for the next revision"},
		func(ctx context.Context, in *one) (apiv1.RunProposal, error) {
			return read(ctx, s, func(r store.Reader) (apiv1.RunProposal, error) {
				x, err := procedure.Get(ctx, r, in.ID)
				if err != nil {
					return apiv1.RunProposal{}, err
				}
				p, base, err := procedure.Proposed(ctx, r, x)
				return apiv1.RunProposal{Base: string(base.ID), Text: p.Text, Changes: orEmpty(p.Changes)}, err
			})
		})
}

func (s *Server) run(ctx context.Context, in *one) (apiv1.RunShown, error) {
	return read(ctx, s, func(r store.Reader) (apiv1.RunShown, error) {
		x, err := procedure.Get(ctx, r, in.ID)
		if err != nil {
			return apiv1.RunShown{}, err
		}
		newer, ok, err := procedure.Newer(ctx, r, x)
		if err != nil && problem.KindOf(err) != problem.Forbidden {
			return apiv1.RunShown{}, err
		}
		out := apiv1.RunShown{Run: wireRun(procedure.Summary{Run: x, Counts: x.Counts()}), List: []apiv1.RunStep{}}
		if ok {
			out.Newer = newer.Label
		}
		now := s.DB.Now()
		for _, st := range x.Steps {
			out.List = append(out.List, wireStep(x, st, now))
		}
		out.Items = each(x.Items, func(i procedure.Item) apiv1.RunItem {
			return apiv1.RunItem{ID: i.ID, Step: i.Step, Text: i.Text, File: i.File.Name, Digest: i.File.Digest, Size: i.File.Size, Name: i.ActorName, At: i.At}
		})
		return out, nil
	})
}

func wireRun(x procedure.Summary) apiv1.Run {
	return apiv1.Run{ID: x.ID, Code: x.Code, Title: x.Title, Revision: x.Revision, Label: x.Label, Content: x.Content, Subject: x.Subject, Reason: x.Reason, Exercise: x.Exercise,
		State: string(x.State), Site: x.Site, Product: x.Product, Lead: x.Lead, LeadName: x.LeadName, Since: x.Since, Started: x.Started, Ended: x.Ended, Outcome: x.Outcome,
		Steps: x.Total, Settled: x.Settled, Deviations: x.Deviations, Wrong: x.Counts.Wrong, Due: x.Due}
}

func wireStep(x procedure.Run, st procedure.Step, now time.Time) apiv1.RunStep {
	out := apiv1.RunStep{ID: st.ID, Do: st.Do, Role: string(st.Role), Record: string(st.Record), Evidence: string(st.Evidence), When: st.When, State: string(st.State),
		Waits: []string{}, Target: st.Target, Due: st.Due, Extra: st.Extra, Gone: st.Gone, Wrong: st.Wrong, Name: st.ActorName, At: st.At, Value: st.Value, Note: st.Note, Instead: st.Instead,
		Reason: st.Reason, Signature: st.Signature}
	if st.State == procedure.Open && !st.Gone {
		out.Waits = orEmpty(x.Waits(st.ID))
		out.Ready = len(out.Waits) == 0 && x.State == procedure.Running
	}
	if late := x.Late(st, now); late > 0 {
		out.LateBy = late.String()
	}
	return out
}

func wireReliance(x procedure.Reliance) apiv1.Reliance {
	return apiv1.Reliance{Kind: string(x.Kind), ID: x.ID, Code: x.Code, Title: x.Title, Why: x.Why}
}

func wireDefeat(d procedure.Defeat) apiv1.Defeat {
	return apiv1.Defeat{ID: d.ID, Run: d.Run, Step: d.Step, Code: d.Code, Revision: d.Revision, Wrong: d.Wrong, Instead: d.Instead, Danger: d.Danger, Change: d.Change, Name: d.ActorName, At: d.At,
		Reliance: each(d.Reliance, wireReliance)}
}
