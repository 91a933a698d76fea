package incident

import (
	"context"
	"fmt"
	"strings"
	"time"

	"triward/internal/id"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

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
