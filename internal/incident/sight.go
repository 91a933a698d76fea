package incident

import (
	"context"
	"slices"
	"strings"

	"triward/internal/incident/ladder"
	"triward/internal/problem"
	"triward/internal/store"
)

// Witness is who saw what was said last of an action.
type Witness string

// The closed list of witnesses.
const (
	Nobody     Witness = ""
	SeenEvents Witness = "events" // events that a source saw show it
	SeenPerson Witness = "person" // a person looked, as was agreed before it ran
	SaidOnly   Witness = "said"   // events were to show it and cannot say: a person says so
)

// Words is the witness as people read it.
func (w Witness) Words() string {
	return map[Witness]string{SeenEvents: "seen in events", SeenPerson: "seen by a person", SaidOnly: "said, not seen"}[w]
}

// Sight is what was answered or observed of an action that ran.
type Sight struct {
	Event ladder.Event // Answered, Observed, NotSeen or Gone
	What  string       // what was seen, and where
	By    Witness
}

// See records what a person says of an action that ran. Where a connector carries it out, its own answer counts, and whether
// it took effect or ended is for the events to show: a person's word stands in only where they cannot say.
func (c Cases) See(ctx context.Context, action string, e ladder.Event, what string) error {
	s := Sight{Event: e, What: what, By: SeenPerson}
	var a Action
	var i Incident
	err := c.DB.View(ctx, func(r store.Reader) (err error) {
		if a, err = actionOf(ctx, r, action); err == nil {
			i, err = one(ctx, r, a.Incident)
		}
		return err
	})
	if err != nil {
		return err
	}
	if a.Way == ByConnector && !i.Exercise && e != ladder.NotSeen && a.State.InForce() {
		if e == ladder.Answered || c.Vouch == nil {
			return problem.New(problem.Conflict, "a connector carries it out: what it answers and what the events show is recorded by itself")
		}
		if s.By, err = c.Vouch(ctx, a, e); err != nil {
			return err
		}
	}
	return c.Saw(ctx, action, s)
}

// Saw records a sight of an action that ran.
func (c Cases) Saw(ctx context.Context, action string, s Sight) error {
	return c.on(ctx, action, func(tx *store.Tx, w acting) error {
		to, ok := w.a.State.Move(s.Event)
		if !ok || !slices.Contains([]ladder.Event{ladder.Answered, ladder.Observed, ladder.NotSeen, ladder.Gone}, s.Event) {
			return problem.New(problem.Conflict, "that cannot be recorded of an action that is %s", w.a.State)
		}
		if strings.TrimSpace(s.What) == "" || len(s.What) > maxText {
			return faultOf("what", "is required: what was seen, and where")
		}
		from := w.a.State
		w.a.State, w.a.Said, w.a.Witness = to, strings.TrimSpace(s.What), s.By
		if s.By == SaidOnly {
			w.a.Said = "Said, not seen: " + w.a.Said
		}
		if to == ladder.Holding {
			w.a.Held = tx.Now
		}
		if to == ladder.Returned {
			w.a.Ended = tx.Now
		}
		return w.keep(ctx, tx, KindSeen, Body{Note: w.a.Said, Reason: string(s.Event), Changes: []Change{{"from", "", string(from)}, {"witness", "", string(s.By)}}})
	})
}

// Noticed says why a planned action may be noticed by the other side although the marking of its incident forbids that. Who
// signs it off reads it.
func (c Cases) Noticed(ctx context.Context, action, reason string) error {
	return c.on(ctx, action, func(tx *store.Tx, w acting) error {
		if w.a.State != ladder.Planned {
			return problem.New(problem.Conflict, "the action is %s", w.a.State)
		}
		if reason = strings.TrimSpace(reason); reason == "" || len(reason) > maxText {
			return faultOf("reason", "is required: why the other side may notice it")
		}
		w.a.Noticed = reason
		return w.keep(ctx, tx, KindPlanned, Body{Reason: reason, Changes: []Change{{"noticed in spite of pap", "", string(w.i.PAP)}}})
	})
}
