package app

import (
	"context"
	"sync"

	"triward/internal/assurance"
	"triward/internal/content"
	"triward/internal/document"
	"triward/internal/incident/loop"
	"triward/internal/procedure"
	"triward/internal/signature"
	"triward/internal/store"
	"triward/internal/training"
)

// curricula are the seeded ones, read once.
var curricula = sync.OnceValues(func() ([]training.Curriculum, error) { return training.ReadCurricula(content.Curricula()) })

// newDesk is who knows what, with what it asks of the packages beside it.
func newDesk(db *store.DB, s *signature.Signer) training.Desk {
	all, err := curricula()
	if err != nil {
		all = nil // a test reads the embedded list; New refuses to start without it
	}
	return training.Desk{DB: db, Signer: s, Curricula: all, RunOf: observed, Performances: performances}
}

// newRuns is the procedures that run, with what relies on their steps elsewhere.
func newRuns(db *store.DB, s *signature.Signer) procedure.Runs {
	return procedure.Runs{DB: db, Signer: s, Reliers: []procedure.Relier{trainingRelies(newDesk(db, s)), assurance.Relies}}
}

// observed is a run as a practical needs it.
func observed(ctx context.Context, r store.Reader, run string) (training.Observed, error) {
	x, err := procedure.Get(ctx, r, run)
	if err != nil {
		return training.Observed{}, err
	}
	o := training.Observed{Code: x.Code, Revision: x.Revision, Finished: x.State == procedure.Finished}
	for _, s := range x.Steps {
		if s.State != procedure.Open {
			o.People = append(o.People, s.Actor)
		}
	}
	return o, nil
}

// performances is how the steps of a document were done, for the effect of training on it.
func performances(ctx context.Context, r store.Reader, code string) ([]training.Performance, error) {
	all, err := procedure.Performances(ctx, r, code)
	out := make([]training.Performance, len(all))
	for i, p := range all {
		out[i] = training.Performance(p)
	}
	return out, err
}

// trainingRelies lists who learned a step that may be wrong.
func trainingRelies(d training.Desk) procedure.Relier {
	return func(ctx context.Context, r store.Reader, code, step string) ([]procedure.Reliance, error) {
		all, err := d.RelyingOn(ctx, r, code, step)
		out := make([]procedure.Reliance, len(all))
		for i, x := range all {
			out[i] = procedure.Reliance{Kind: procedure.OnTraining, ID: x.ID, Code: x.Code, Title: x.Title, Why: x.Why}
		}
		return out, err
	}
}

// newLoop feeds back what incidents taught.
func newLoop(db *store.DB) loop.Desk {
	return loop.Desk{DB: db, Runs: newRuns(db, nil), Library: document.Library{DB: db}}
}

// learned are the followers that keep training and answer wrong steps.
func learned(db *store.DB) []store.Follower {
	return []store.Follower{newDesk(db, nil).Follower(), newRuns(db, nil).Follower(document.Library{DB: db})}
}
