package procedure

import (
	"context"
	"slices"
	"time"

	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/problem"
	"triward/internal/store"
)

// Compile turns the steps of a document into those of a run that began at an instant. Targets are looked up in those given,
// which are of the standard that is in force (STD-08); a target that is not there is left out, and the step says which.
func Compile(d source.Document, targets source.Document, since time.Time) []Step {
	out := make([]Step, 0, len(d.Steps))
	for _, s := range d.Steps {
		x := Step{ID: s.ID, Do: s.Do, Role: s.Role, Record: s.Record, Evidence: s.Evidence, After: slices.Clone(s.After), When: s.When, Target: s.Target, From: s.From, State: Open}
		if _, id, ok := source.TargetRef(s.Target); ok {
			if t, ok := targets.Target(id); ok {
				x.Within = source.Target{Within: t.Within, Days: t.Days}
				if x.From == "" {
					x.Due = t.Due(since)
				}
			}
		}
		out = append(out, x)
	}
	return out
}

// compile pins a revision: its steps, with the targets of the standard that is in force now.
func compile(ctx context.Context, r store.Reader, v document.Revision, since time.Time) ([]Step, error) {
	d, err := v.Parsed()
	if err != nil {
		return nil, err
	}
	if len(d.Steps) == 0 {
		return nil, problem.New(problem.Invalid, "%s has no steps: there is nothing to run", v.Code)
	}
	targets := d
	if v.Code != source.TargetsCode {
		s, err := document.Effective(ctx, r, source.TargetsCode)
		switch {
		case problem.KindOf(err) == problem.NotFound: // no standard is in force yet: the run has no targets
			targets = source.Document{}
		case err != nil:
			return nil, err
		default:
			if targets, err = s.Parsed(); err != nil {
				return nil, err
			}
		}
	}
	steps := Compile(d, targets, since)
	for i := range steps {
		steps[i].Revision = string(v.ID)
	}
	return steps, nil
}

// pin makes the run follow a revision.
func (r *Run) pin(v document.Revision) {
	r.Document, r.Code, r.Revision, r.Label = string(v.Document), v.Code, string(v.ID), v.Label
	r.Title, r.Content = v.Title, v.ContentHash
	r.Signed = slices.ContainsFunc(r.Steps, func(s Step) bool { return s.Record == source.RecordSignature && !s.Gone })
}

// move lets a run follow another revision: what is settled stays, open steps take the new words, steps that the revision
// does not have are gone, new ones are open.
func (r *Run) move(steps []Step) (added, gone, changed []string) {
	old := r.Steps
	var out []Step
	for _, n := range steps {
		i := slices.IndexFunc(old, func(s Step) bool { return s.ID == n.ID && !s.Extra })
		switch {
		case i < 0:
			added = append(added, n.ID)
		case old[i].State != Open:
			n = old[i]
			n.Gone = false
		default:
			if old[i].Do != n.Do || old[i].Role != n.Role || old[i].Record != n.Record || old[i].When != n.When || !slices.Equal(old[i].After, n.After) {
				changed = append(changed, n.ID)
			}
		}
		out = append(out, n)
	}
	// What the new revision does not have stays behind the step that it followed.
	for i, s := range old {
		if slices.ContainsFunc(out, func(n Step) bool { return n.ID == s.ID }) {
			continue
		}
		if !s.Extra && !s.Gone {
			gone = append(gone, s.ID)
		}
		s.Gone = !s.Extra
		at := 0
		if i > 0 {
			at = 1 + slices.IndexFunc(out, func(n Step) bool { return n.ID == old[i-1].ID })
		}
		out = slices.Insert(out, at, s)
	}
	for i := range out {
		if from, err := r.Step(out[i].From); err == nil && from.State != Open && out[i].State == Open && out[i].Target != "" {
			out[i].Due = out[i].Within.Due(from.At)
		}
	}
	r.Steps = out
	return added, gone, changed
}
