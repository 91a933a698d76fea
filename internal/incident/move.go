package incident

import (
	"context"
	"slices"
	"strings"
	"time"

	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// Move is where an incident is to go.
type Move struct {
	To     State
	Reason string    // of a hold, a false alarm, and of a way back to analysing
	Until  time.Time // of a hold
}

// Move moves an incident. Everything that its guard misses is told at once. To end one that is or was severe takes two people:
// the first call asks for it, the second, by somebody else, does it.
func (c Cases) Move(ctx context.Context, incident string, m Move) error {
	return c.change(ctx, incident, func(tx *store.Tx, i *Incident, me people.Name) error {
		if !slices.Contains(i.Moves(), m.To) {
			return problem.New(problem.Conflict, "an incident that is %s cannot become %s", word(i.State), word(m.To))
		}
		if err := c.guard(ctx, tx, *i, m); err != nil {
			return err
		}
		from, reason := i.State, strings.TrimSpace(m.Reason)
		if !m.To.Open() {
			return i.end(ctx, tx, me, ending{state: m.To, reason: reason})
		}
		i.proceed(m.To)
		if m.To == OnHold {
			i.Resumes, i.HeldTill, i.HeldFor = from, m.Until, reason
		}
		return i.keep(ctx, tx, KindMoved, Body{Changes: []Change{{"state", string(from), string(m.To)}}, Reason: reason})
	})
}

// proceed puts an incident into a state. What was only asked for, or held only where it was, is over.
func (i *Incident) proceed(to State) {
	i.State, i.HeldTill, i.HeldFor, i.Resumes = to, time.Time{}, "", ""
	i.Closer, i.CloserName, i.Asked, i.SameAs, i.Closed = "", "", "", "", time.Time{}
}

// ending is how an incident ends.
type ending struct {
	state  State
	same   Incident // that it is a duplicate of; zero for none
	reason string
}

// key is what a second person has to ask for too.
func (e ending) key() string {
	if e.same.ID != "" {
		return e.same.ID
	}
	return string(e.state)
}

func (e ending) changes(from State) []Change {
	return differing(Change{"state", string(from), string(e.state)}, Change{"same_as", "", e.same.Number})
}

// end ends the incident, or notes who asks for it where a second person has to agree. Who asks for another end than the one
// before asks anew.
func (i *Incident) end(ctx context.Context, tx *store.Tx, me people.Name, e ending) error {
	if i.TakesTwo() {
		if i.Asked != e.key() {
			i.Closer, i.CloserName, i.Asked = me.ID, me.Name, e.key()
			return i.keep(ctx, tx, KindMoved, Body{Changes: append(e.changes(""), Change{"closing", "", me.Name}), Reason: e.reason})
		}
		if i.Closer == me.ID {
			return problem.New(problem.Conflict, "you asked for it; somebody else has to agree")
		}
	}
	from := i.State
	i.proceed(e.state)
	i.SameAs, i.Closed = e.same.ID, tx.Now
	kind := KindMoved
	if e.state == Closed && e.same.ID == "" {
		kind = KindClosed
	}
	return i.keep(ctx, tx, kind, Body{Changes: e.changes(from), Reason: e.reason})
}

// TakesTwo says whether two people have to end the incident: it is severe, or was.
func (i Incident) TakesTwo() bool { return max(i.Worst, i.Severity()) >= Severe }

// SameAs marks an incident as a duplicate of another one, which has to be open and of the same world: what was begun goes on
// there, where it is asked for before the end. Its own number stays, and points there. A severe one takes two people.
func (c Cases) SameAs(ctx context.Context, incident, other string) error {
	return c.open(ctx, incident, func(tx *store.Tx, i *Incident, me people.Name) error {
		to, err := one(ctx, tx, other)
		if err != nil {
			return err
		}
		switch {
		case to.ID == i.ID:
			return problem.New(problem.Conflict, "an incident is no duplicate of itself")
		case to.Exercise != i.Exercise:
			return problem.New(problem.Conflict, "an exercise and what really happens are kept apart")
		case !to.State.Open(): // so that no circle can come about either
			return problem.New(problem.Conflict, "%s is %s: what is open here would go on nowhere", to.Number, word(to.State))
		}
		if err := i.settled(ctx, tx); err != nil {
			return err
		}
		if err := i.end(ctx, tx, me, ending{state: Closed, same: to, reason: "duplicate of " + to.Number}); err != nil || i.State.Open() {
			return err
		}
		return to.takeOver(ctx, tx, *i)
	})
}

// settled refuses while an action may still have an effect: it is let return first.
func (i Incident) settled(ctx context.Context, r store.Reader) error {
	running, err := Actions(ctx, r, ActionQuery{Incident: i.ID, InForce: true})
	if err == nil && len(running) > 0 {
		return problem.New(problem.Conflict, "%s on %s is in force; let it return first", running[0].Level.Words(), running[0].DeviceName)
	}
	return err
}

// takeOver brings the devices and systems of a duplicate into the incident. One that is in both counts as compromised when it
// was found so in either.
func (i Incident) takeOver(ctx context.Context, tx *store.Tx, from Incident) error {
	theirs, err := involved(ctx, tx, from.ID)
	if err != nil {
		return err
	}
	ours, err := involved(ctx, tx, i.ID)
	if err != nil {
		return err
	}
	for _, d := range theirs {
		n := slices.IndexFunc(ours, func(x Involved) bool { return x.ID == d.ID })
		if n >= 0 && (ours[n].State.Hit() || !d.State.Hit()) {
			continue
		}
		if err := putInvolved(ctx, tx, i.ID, d); err != nil {
			return err
		}
		if err := i.record(ctx, tx, KindDeviceInvolved, Body{Of: d.ID, Note: d.Name, Reason: "from " + from.Number, Changes: []Change{{"state", "", string(d.State)}}}); err != nil {
			return err
		}
	}
	return nil
}
