package incident

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/content"
	"triward/internal/id"
	"triward/internal/incident/clock"
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

// Move moves an incident. Everything that its guard misses is told at once. To close one that is severe takes two people: the
// first call asks for it, the second, by somebody else, closes it.
func (c Cases) Move(ctx context.Context, incident string, m Move) error {
	return c.change(ctx, incident, func(tx *store.Tx, i *Incident, me people.Name) error {
		if !slices.Contains(i.Moves(), m.To) {
			return problem.New(problem.Conflict, "an incident that is %s cannot become %s", word(i.State), word(m.To))
		}
		if err := i.guard(ctx, tx, m); err != nil {
			return err
		}
		from, reason := i.State, strings.TrimSpace(m.Reason)
		if m.To == Closed {
			return i.closeBy(ctx, tx, me, reason)
		}
		i.HeldTill, i.HeldFor, i.Closer, i.CloserName = time.Time{}, "", "", ""
		if m.To == OnHold {
			i.Resumes, i.HeldTill, i.HeldFor = i.State, m.Until, reason
		}
		if m.To == FalseAlarm {
			i.Closed = tx.Now
		}
		i.State = m.To
		return i.keep(ctx, tx, KindMoved, Body{Changes: []Change{{"state", string(from), string(m.To)}}, Reason: reason})
	})
}

// closeBy closes the incident, or notes who asks for it where a second person has to.
func (i *Incident) closeBy(ctx context.Context, tx *store.Tx, me people.Name, reason string) error {
	if i.Severity() >= Severe && i.Closer == "" {
		i.Closer, i.CloserName = me.ID, me.Name
		return i.keep(ctx, tx, KindMoved, Body{Changes: []Change{{"closing", "", me.Name}}, Reason: reason})
	}
	if i.Closer == me.ID {
		return problem.New(problem.Conflict, "you asked to close it; somebody else has to agree")
	}
	i.State, i.Closed = Closed, tx.Now
	return i.keep(ctx, tx, KindClosed, Body{Changes: []Change{{"state", string(Monitoring), string(Closed)}}, Reason: reason})
}

// guard lists what an incident misses before it may move (reference incidents.md 4.2).
func (i Incident) guard(ctx context.Context, r store.Reader, m Move) error {
	var l problem.List
	needs := func(ok bool, path, format string, args ...any) {
		if !ok {
			l.Add(path, format, args...)
		}
	}
	devices, err := involved(ctx, r, i.ID)
	if err != nil {
		return err
	}
	switch m.To {
	case OnHold:
		needs(strings.TrimSpace(m.Reason) != "", "reason", "is required")
		needs(!m.Until.IsZero(), "until", "is required: a hold has an end")
	case FalseAlarm:
		needs(strings.TrimSpace(m.Reason) != "", "reason", "is required")
		for _, d := range devices {
			needs(!d.State.Hit(), "devices", "%s was found compromised", d.Name)
		}
	case Analysing:
		needs(i.State == Declared || i.State == OnHold || strings.TrimSpace(m.Reason) != "", "reason", "is required: what widened the extent")
	case Containing:
		actions, err := Actions(ctx, r, ActionQuery{Incident: i.ID})
		if err != nil {
			return err
		}
		needs(len(actions) > 0 || i.NoContainment != "", "containment", "plan an action with what it does to patients, or record the decision to contain nothing")
	case Eradicating:
		needs(i.Extent != "", "extent", "say which devices, models and accounts are in it")
		for _, d := range devices {
			needs(!d.State.Hit() || d.Evidence != NoEvidence, "evidence", "%s was found compromised: its evidence is neither kept nor waived", d.Name)
			needs(d.State != DeviceUnknown && d.State != Suspected, "devices", "%s is still %s", d.Name, word(d.State))
		}
	case Recovering, Monitoring:
		for _, d := range devices {
			ok := !d.State.Hit() || slices.Contains([]DeviceState{Revalidated, BackInUse, DeviceRetired}, d.State)
			needs(ok, "devices", "%s is %s: it was not checked before it goes back to patients", d.Name, word(d.State))
			needs(m.To == Recovering || d.State != Revalidated, "devices", "%s is checked but not back in use", d.Name)
		}
	case Closed:
		if err := i.closing(ctx, r, &l); err != nil {
			return err
		}
	}
	return l.Err("%s cannot become %s", i.Number, word(m.To))
}

// closing lists what keeps an incident from being closed.
func (i Incident) closing(ctx context.Context, r store.Reader, l *problem.List) error {
	needs := func(ok bool, path, format string, args ...any) {
		if !ok {
			l.Add(path, format, args...)
		}
	}
	needs(i.RootCause != "" || i.LookedAt != "", "root_cause", "say the cause, or what was looked at when none was found")
	needs(!i.Reviewed.IsZero() && i.Lessons != "", "lessons", "hold the review and write down what was learned")
	needs(!i.RetainUntil.IsZero(), "retain_until", "say until when the evidence is kept")
	fed, err := links(ctx, r, i.ID)
	if err != nil {
		return err
	}
	has := func(kinds ...LinkKind) bool {
		return slices.ContainsFunc(fed, func(x Link) bool { return slices.Contains(kinds, x.Kind) })
	}
	needs(has(FedDecision, FedVulnerability, FedControl, FeedbackNoRisk), "risk", "link the decision or weakness that was looked at again, or say why there is none")
	needs(has(FedStep, FedChange, FeedbackNoProcess), "procedure", "link the step or change request of the procedure, or say why there is none")
	actions, err := Actions(ctx, r, ActionQuery{Incident: i.ID})
	if err != nil {
		return err
	}
	for _, a := range actions {
		needs(!a.State.InForce(), "containment", "%s on %s is still in force", a.Level.Words(), a.DeviceName)
	}
	who, err := entities(ctx, r, i.ID)
	if err != nil {
		return err
	}
	same, err := Duplicates(ctx, r, i.ID)
	if err != nil {
		return err
	}
	for _, d := range same { // duties that began in a duplicate are duties of this one
		more, err := entities(ctx, r, d.ID)
		if err != nil {
			return err
		}
		who = append(who, more...)
	}
	who = slices.DeleteFunc(who, func(e Entity) bool { return e.Theirs }) // whom we told answers for its own duties
	needs(len(who) > 0, "clocks", "say which legal entity is concerned, so that its duties to report are decided")
	if who, err = withHolidays(ctx, r, who); err != nil {
		return err
	}
	duties, err := content.Duties()
	if err != nil {
		return err
	}
	for _, e := range who {
		clocks, err := clock.Evaluate(duties, e.Entity, i.Changed)
		if err != nil {
			return err
		}
		for _, k := range clocks {
			ok := slices.Contains([]clock.State{clock.NotApplicable, clock.NotInForce, clock.Discharged}, k.State)
			needs(ok, "clocks", "%s: %s, %s is %s", e.Name, k.Duty.Title, k.Stage.Title, word(k.State))
		}
	}
	return nil
}

// SameAs marks an incident as a duplicate of another one: its number keeps pointing there.
func (c Cases) SameAs(ctx context.Context, incident, other string) error {
	return c.open(ctx, incident, func(tx *store.Tx, i *Incident, me people.Name) error {
		to, err := one(ctx, tx, other)
		if err != nil {
			return err
		}
		if to.ID == i.ID || to.SameAs != "" {
			return problem.New(problem.Conflict, "%s is itself, or a duplicate", to.Number)
		}
		actions, err := Actions(ctx, tx, ActionQuery{Incident: i.ID})
		if err != nil {
			return err
		}
		if slices.ContainsFunc(actions, func(a Action) bool { return a.State.InForce() }) {
			return problem.New(problem.Conflict, "an action of %s is in force; let it return first", i.Number)
		}
		from := i.State
		i.SameAs, i.State, i.Closed = to.ID, Closed, tx.Now
		return i.keep(ctx, tx, KindMoved, Body{Changes: []Change{{"state", string(from), string(Closed)}, {"same_as", "", to.Number}}, Reason: "duplicate of " + to.Number})
	})
}

func (l Link) validate() error {
	var f problem.List
	oneOf(&f, "kind", l.Kind, LinkKinds())
	if strings.TrimSpace(l.Target) == "" || len(l.Target) > maxTitle {
		f.Add("target", "must have 1 to %d characters", maxTitle)
	}
	if (l.Kind == FeedbackNoRisk || l.Kind == FeedbackNoProcess) && strings.TrimSpace(l.Note) == "" {
		f.Add("note", "is required: why nothing changes")
	}
	within(&f, "note", l.Note, maxText)
	return f.Err("the link is not complete")
}

func (i Incident) link(ctx context.Context, tx *store.Tx, l Link) error {
	if err := l.validate(); err != nil {
		return err
	}
	me, err := people.Person(ctx, tx, tx.Actor())
	if err != nil {
		return err
	}
	l.Target, l.Note, l.ActorName, l.At = strings.TrimSpace(l.Target), strings.TrimSpace(l.Note), me.Name, tx.Now
	if err := l.leads(ctx, tx, i); err != nil {
		return err
	}
	if err := insertLink(ctx, tx, i.ID, l); err != nil {
		return err
	}
	return i.record(ctx, tx, KindLinked, Body{Of: l.Target, Note: l.Note, Changes: []Change{{"kind", "", string(l.Kind)}}})
}

// Link connects an incident with where it came from, or with what it feeds.
func (c Cases) Link(ctx context.Context, incident string, l Link) error {
	return c.open(ctx, incident, func(tx *store.Tx, i *Incident, _ people.Name) error { return i.link(ctx, tx, l) })
}

// LinkTx is [Cases.Link] within a transaction, of an incident that the actor may read. Feedback is linked after the incident
// was closed too: what was changed may prove not to work.
func LinkTx(ctx context.Context, tx *store.Tx, incident string, l Link) error {
	i, err := one(ctx, tx, incident)
	if err != nil {
		return err
	}
	if !i.State.Open() && !l.Kind.Feeds() {
		return problem.New(problem.Conflict, "%s is closed", i.Number)
	}
	return i.link(ctx, tx, l)
}

// NoteKind is what a note is.
type NoteKind string

// The kinds of notes.
const (
	Remark   NoteKind = "note"
	Decision NoteKind = "decision"
	Told     NoteKind = "told" // to whom something was said
)

// NoteKinds lists them.
func NoteKinds() []NoteKind { return []NoteKind{Remark, Decision, Told} }

// Note is what somebody wrote down. It is never changed.
type Note struct {
	ID               string
	Kind             NoteKind
	Text             string
	Actor, ActorName string
	At               time.Time
}

// Note writes something down.
func (c Cases) Note(ctx context.Context, incident string, kind NoteKind, text string) error {
	return c.change(ctx, incident, func(tx *store.Tx, i *Incident, me people.Name) error {
		var l problem.List
		oneOf(&l, "kind", kind, NoteKinds())
		if strings.TrimSpace(text) == "" {
			l.Add("text", "is required")
		}
		within(&l, "text", text, maxText)
		if err := l.Err("the note cannot be kept"); err != nil {
			return err
		}
		nid, err := id.New("not")
		if err != nil {
			return err
		}
		n := Note{ID: nid, Kind: kind, Text: strings.TrimSpace(text), Actor: me.ID, ActorName: me.Name, At: tx.Now}
		if err := insertNote(ctx, tx, i.ID, n); err != nil {
			return fmt.Errorf("note in %s: %w", i.Number, err)
		}
		return i.record(ctx, tx, KindNoted, Body{Of: n.ID, Note: n.Text, Changes: []Change{{"kind", "", string(kind)}}})
	})
}
