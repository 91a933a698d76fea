package exercise

import (
	"context"
	"fmt"
	"slices"
	"time"

	"triward/internal/content"
	"triward/internal/incident"
	"triward/internal/incident/clock"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// Record is a record of a source that is replayed.
type Record struct {
	File   string // of the set
	Line   int    // within the file, from 0
	Source string // how its source calls itself
	Format string
	New    bool // it happens now; else it only teaches what is usual, or came with an inject before
	At     time.Time
	Text   []byte
}

// Records are what a set of events holds up to the end of an inject, in the order of time, moved so that the last of it is
// written at an instant. All of a set moves together, so that rules see what lies between its records.
func Records(x content.Exercise, name string, at time.Time) ([]Record, error) {
	from, until, err := span(x, name)
	if err != nil {
		return nil, err
	}
	sets, err := content.Scenarios()
	if err != nil {
		return nil, err
	}
	n := slices.IndexFunc(sets, func(s content.Scenario) bool { return s.ID == x.Set })
	if n < 0 {
		return nil, problem.New(problem.NotFound, "there is no set of events %q", x.Set)
	}
	if from == "" {
		from = sets[n].Begins
	}
	day := content.Demo{Now: at}
	all, err := read(sets[n], day)
	if err != nil {
		return nil, err
	}
	begin, err := day.Instant(from)
	if err != nil {
		return nil, err
	}
	end := all[len(all)-1].At
	if until != "" {
		if end, err = day.Instant(until); err != nil {
			return nil, err
		}
	}
	all = slices.DeleteFunc(all, func(r Record) bool { return r.At.After(end) })
	if len(all) == 0 {
		return nil, problem.New(problem.Invalid, "the inject %q holds no record", name)
	}
	// What is new is told by the times of the set; what is given is the set moved.
	moved, err := read(sets[n], content.Demo{Now: at, Shift: at.Sub(all[len(all)-1].At)})
	if err != nil {
		return nil, err
	}
	moved = moved[:len(all)]
	for i := range moved {
		moved[i].New = all[i].At.After(begin)
	}
	return moved, nil
}

// span is which part of its set an inject plays: after one date token, up to another; "" is where the attack begins, and
// where the set ends.
func span(x content.Exercise, name string) (from, until string, err error) {
	for _, in := range x.Injects {
		if in.Kind != Events {
			continue
		}
		if in.ID == name {
			return from, in.Until, nil
		}
		from = in.Until
	}
	return "", "", problem.New(problem.NotFound, "there are no events %q", name)
}

// read gives all records of a set in the order of time.
func read(s content.Scenario, as content.Demo) ([]Record, error) {
	var out []Record
	for _, f := range s.Files {
		lines, err := as.Records(f.Name)
		if err != nil {
			return nil, err
		}
		for i, l := range lines {
			out = append(out, Record{File: f.Name, Line: i, Source: f.Source, Format: f.Format, At: l.At, Text: l.Text})
		}
	}
	if len(out) == 0 {
		return nil, problem.New(problem.Invalid, "the set %q holds no record", s.ID)
	}
	slices.SortStableFunc(out, func(a, b Record) int { return a.At.Compare(b.At) })
	return out, nil
}

// player is the part of the program that lets things happen: what it records is nobody's doing.
const player = "exercises"

// Tick lets happen what is due. It runs again and again in one process; what it did before it was stopped is not done
// twice.
func (d Drills) Tick(ctx context.Context) error {
	var all []Exercise
	var due [][]Given
	now := d.DB.Now()
	ctx = store.WithActor(ctx, store.System(player))
	err := d.DB.View(ctx, func(r store.Reader) error {
		var err error
		if all, err = running(ctx, r); err != nil {
			return err
		}
		due = make([][]Given, len(all))
		for n, x := range all {
			if due[n], err = givens(ctx, r, x); err != nil {
				return err
			}
			due[n] = slices.DeleteFunc(due[n], func(g Given) bool { return !g.At.IsZero() || g.Due.IsZero() || g.Due.After(now) })
			slices.SortStableFunc(due[n], func(a, b Given) int { return a.Due.Compare(b.Due) })
		}
		return nil
	})
	if err != nil {
		return err
	}
	for n, x := range all {
		for _, g := range due[n] {
			if err := d.give(ctx, x, g); err != nil {
				return fmt.Errorf("exercise %s, %s: %w", x.Number, g.ID, err)
			}
		}
	}
	return nil
}

// give lets one inject happen: its events first, then that it happened.
func (d Drills) give(ctx context.Context, x Exercise, g Given) error {
	if g.Kind == Events {
		records, err := Records(x.Scenario, g.ID, g.Due)
		if err != nil {
			return err
		}
		if err := d.Play(ctx, x.Number, g.Due, records); err != nil {
			return err
		}
	}
	err := d.on(ctx, x.ID, Running, func(tx *store.Tx, x Exercise, _ people.Name) error {
		n, g, err := inject(ctx, tx, x, g.ID)
		if err != nil || !g.At.IsZero() {
			return err
		}
		g.At = tx.Now
		if err := putGiven(ctx, tx, x.ID, n, g); err != nil {
			return err
		}
		if err := x.record(ctx, tx, KindInjected, Body{Inject: g.ID, Text: g.Text}); err != nil {
			return err
		}
		return x.tell(ctx, tx, g.Inject)
	})
	if problem.KindOf(err) == problem.Conflict { // it was stopped meanwhile
		return nil
	}
	return err
}

// tell changes the incident of the exercise by what an inject brings: facts on each legal entity that somebody here answers
// for, and the severity. Where nobody named an entity yet, the one of the story is added, aware since the exercise began:
// its clocks began then too, and become known late. Nothing outside of the incident is touched.
func (x Exercise) tell(ctx context.Context, tx *store.Tx, in content.Inject) error {
	why := "exercise: " + in.Text
	if len(in.Facts) > 0 {
		who, err := x.concerned(ctx, tx)
		if err != nil {
			return err
		}
		facts := map[string]clock.Truth{}
		for name, v := range in.Facts {
			facts[name] = clock.Truth(v)
			if v == "unknown" {
				facts[name] = clock.Unknown
			}
		}
		for _, e := range who {
			if err := incident.SetFactsTx(ctx, tx, x.Incident, e, incident.EntityFacts{Facts: facts, Reason: why}); err != nil {
				return fmt.Errorf("tell the facts: %w", err)
			}
		}
	}
	i, err := incident.Brief(ctx, tx, x.Incident)
	if err != nil || !i.State.Open() || in.Cyber+in.Clinical == 0 {
		return err
	}
	if in.Cyber > 0 {
		i.Cyber = in.Cyber
	}
	if in.Clinical > 0 {
		i.Clinical = in.Clinical
	}
	return incident.ChangeTx(ctx, tx, x.Incident, i, why)
}

// concerned gives the ids of the legal entities that facts are told of.
func (x Exercise) concerned(ctx context.Context, tx *store.Tx) ([]string, error) {
	all, err := incident.Clocks(ctx, tx, x.Incident, tx.Now)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range incident.Ours(all) {
		out = append(out, e.ID)
	}
	if len(out) > 0 {
		return out, nil
	}
	of := x.Scenario.Entity
	e, err := incident.AddEntityTx(ctx, tx, x.Incident, incident.Entity{Name: of.Name, Entity: clock.Entity{Jurisdictions: of.Jurisdictions, Roles: of.Roles, Instants: map[string]time.Time{"became_aware": x.Started}}})
	return []string{e}, err
}
