package web

import (
	"context"
	"slices"

	"triward/internal/incident"
	"triward/internal/store"
)

// taskRights is what the visitor may do with the tasks of an incident.
type taskRights struct {
	Task  bool            // hand tasks out and move them at all
	Sides []incident.Side // on which the visitor stands
	Owns  bool            // the incident
}

func taskRightsOf(ctx context.Context, r store.Reader, v *visit, i incident.Incident) (taskRights, error) {
	t := taskRights{Task: v.may(incident.KindTaskSet) && (i.State.Open() || i.SameAs != ""), Owns: i.Owner == v.actor.ID}
	var err error
	t.Sides, err = incident.SidesOf(ctx, r, i, v.s.now())
	return t, err
}

// Accepts says whether the visitor may accept a task.
func (r taskRights) Accepts(t incident.Task) bool {
	return r.Task && !t.State.Over() && t.Accepted.IsZero() && slices.Contains(r.Sides, t.Side)
}

// MovesTask says whether the visitor may hand a task over, or say how it stands.
func (r taskRights) MovesTask(t incident.Task) bool {
	return r.Task && !t.State.Over() && (r.Owns || slices.Contains(r.Sides, t.Side))
}

// Finishes says whether the visitor may say that a task is done or blocked.
func (r taskRights) Finishes(t incident.Task) bool {
	return r.MovesTask(t) && !t.Accepted.IsZero() && slices.Contains(r.Sides, t.Side)
}
