package web

import (
	"context"
	"slices"
	"strings"

	"triward/internal/document"
	"triward/internal/procedure"
	"triward/internal/store"
)

// wrongPage marks a step as wrong, or shows what was found when somebody did.
type wrongPage struct {
	Frame
	Run       procedure.Run
	Step      procedure.Step
	Groups    []relianceGroup
	Count     int
	Form      *Form
	Defeat    *procedure.Defeat // set when it is marked already
	Caution   bool              // stands on the document
	Temporary *Form
}

func (wrongPage) template() string { return "wrong" }

type relianceGroup struct {
	Name string
	Rows []relianceRow
}

type relianceRow struct {
	procedure.Reliance
	URL string
}

func (s *Server) wrongPageOf(v *visit) (wrongPage, error) {
	var p wrongPage
	err := v.view(func(ctx context.Context, r store.Reader) error {
		var err error
		if p.Run, err = procedure.Get(ctx, r, v.path("id")); err != nil {
			return err
		}
		if p.Step, err = p.Run.Step(v.path("step")); err != nil {
			return err
		}
		found, err := procedure.DefeatsOf(ctx, r, p.Run.ID)
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(found, func(d procedure.Defeat) bool { return d.Step == p.Step.ID }); i >= 0 {
			p.Defeat = &found[i]
			p.group(found[i].Reliance)
			return p.after(ctx, r, v)
		}
		all, err := s.Runs.Reliance(ctx, r, p.Run.Code, p.Step.ID)
		p.group(all)
		return err
	})
	if p.Defeat == nil {
		p.Form = &Form{ID: "wrong", Action: urlRunStep(p.Run.ID, p.Step.ID) + "/wrong", Submit: "Mark the step as wrong", Danger: true, Cancel: urlRun(p.Run.ID)}
		*p.Form = p.Form.with(
			Field{Name: "wrong", Label: "What is wrong with it", Kind: "textarea", Required: true},
			Field{Name: "danger", Label: "What happens to who follows it", Kind: "textarea", Help: "Stands in the caution."},
			Field{Name: "instead", Label: "What to do instead", Kind: "textarea", Help: "One plain sentence, when you know it. Trained people read it at once."})
	}
	p.Frame = v.frame("Step "+p.Step.ID+" is wrong", urlRuns(), Link{urlDocuments(), "Documents"}, Link{urlRuns(), "Runs"}, Link{urlRun(p.Run.ID), p.Run.Code + ": " + short(60, p.Run.Subject)})
	return p, err
}

// after reads what came of a step that was marked, and offers the temporary instruction.
func (p *wrongPage) after(ctx context.Context, r store.Reader, v *visit) error {
	all, err := document.Cautions(ctx, r, document.ID(p.Run.Document))
	if err != nil {
		return err
	}
	p.Caution = slices.ContainsFunc(all, func(c document.Caution) bool { return c.Source == p.Run.ID && c.Step == p.Step.ID && c.Lifted.IsZero() })
	if v.may(document.KindRevisionOpened) {
		p.Temporary = &Form{ID: "temporary", Action: urlRunStep(p.Run.ID, p.Step.ID) + "/temporary", Submit: "Prepare a temporary instruction"}
	}
	return nil
}

var relianceWords = []struct {
	kind procedure.RelianceKind
	name string
}{{procedure.OnDocument, "Documents"}, {procedure.OnTraining, "Training"}, {procedure.OnRun, "Runs that go on"}, {procedure.OnClause, "Clauses"}, {procedure.OnEvidence, "Evidence"},
	{procedure.OnRisk, "Risks"}, {procedure.OnIncident, "Incidents"}}

func (p *wrongPage) group(all []procedure.Reliance) {
	p.Count = len(all)
	for _, w := range relianceWords {
		g := relianceGroup{Name: w.name}
		for _, x := range all {
			if x.Kind == w.kind {
				g.Rows = append(g.Rows, relianceRow{x, urlReliance(x)})
			}
		}
		if len(g.Rows) > 0 {
			p.Groups = append(p.Groups, g)
		}
	}
}

// urlReliance is the page of what relies, "" when it has none.
func urlReliance(x procedure.Reliance) string {
	switch x.Kind {
	case procedure.OnDocument:
		return urlDocument(x.Code)
	case procedure.OnRun:
		return urlRun(x.ID)
	case procedure.OnTraining:
		if code, _, ok := strings.Cut(x.Code, " "); ok {
			return urlTrainingOf("code", code)
		}
	}
	return ""
}

func (s *Server) stepWrong(v *visit) error {
	p, err := s.wrongPageOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) stepWrongDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	_, err = s.Runs.Defeat(v.r.Context(), v.path("id"), procedure.Defeat{Step: v.path("step"), Wrong: f.Get("wrong"), Instead: f.Get("instead"), Danger: f.Get("danger")})
	if err == nil {
		return v.done(urlRunStep(v.path("id"), v.path("step"))+"/wrong", "The step is marked as wrong. The caution goes onto the document now.")
	}
	p, perr := s.wrongPageOf(v)
	if perr != nil {
		return perr
	}
	if p.Form == nil {
		return err
	}
	p.Form.fill(f)
	if p.Form.blame(err) {
		return v.again(p, err)
	}
	return err
}

// stepTemporary prepares a temporary instruction with what the run taught.
func (s *Server) stepTemporary(v *visit) error {
	var t document.Temporary
	err := v.view(func(ctx context.Context, r store.Reader) error {
		run, err := procedure.Get(ctx, r, v.path("id"))
		if err != nil {
			return err
		}
		step, err := run.Step(v.path("step"))
		if err != nil {
			return err
		}
		p, _, err := procedure.Proposed(ctx, r, run)
		t = document.Temporary{Code: run.Code, Source: p.Text, Reason: "Step " + step.ID + " proved wrong in a run: " + short(200, run.Subject)}
		return err
	})
	if err != nil {
		return err
	}
	rid, err := s.Library.PrepareTemporary(v.r.Context(), t)
	if err != nil {
		return err
	}
	var label string
	err = v.view(func(ctx context.Context, r store.Reader) error {
		rev, err := document.RevisionOf(ctx, r, rid)
		label = rev.Label
		return err
	})
	if err != nil {
		return err
	}
	return v.done(queryURL(urlDocument(t.Code)+"/work", pairsOf([]any{"revision", label}).Encode()), "The temporary instruction is a draft. Somebody who did not write it signs it into force.")
}
