package connector

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"triward/internal/incident"
	"triward/internal/incident/ladder"
	"triward/internal/problem"
	"triward/internal/store"
)

// Bounds of the work.
const (
	maxTries  = 5 // of a run; a return never gives up
	firstGap  = 5 * time.Second
	runGap    = time.Minute
	returnGap = 5 * time.Minute
	atOnce    = 32
)

// Tick carries on every action that has a connector and is in force: sends what is to be sent, and looks whether what was
// sent took effect. It runs again and again, in one process at a time. What one connector does not answer keeps no other
// waiting: they are worked on side by side.
func (d Desk) Tick(ctx context.Context) error {
	var all []incident.Action
	err := d.DB.View(ctx, func(r store.Reader) (err error) {
		all, err = incident.Actions(ctx, r, incident.ActionQuery{InForce: true})
		return err
	})
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var faults []error
	room := make(chan struct{}, atOnce)
	for _, a := range all {
		if a.Way != incident.ByConnector {
			continue
		}
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			// Somebody may act on it at the same time: then the next tick sees what is.
			if err := d.carryOn(ctx, a); err != nil && problem.KindOf(err) != problem.Conflict {
				mu.Lock()
				faults = append(faults, err)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return errors.Join(faults...)
}

func (d Desk) carryOn(ctx context.Context, a incident.Action) error {
	var j Job
	err := d.DB.View(ctx, func(r store.Reader) (err error) {
		j, err = jobOf(ctx, r, a.ID)
		return err
	})
	if err != nil {
		return err
	}
	switch a.State {
	case ladder.Executing:
		if j.Answered.IsZero() {
			return d.try(ctx, a, Run)
		}
		return d.saw(ctx, a.ID, ladder.Answered, "the connector "+j.Connector.Name+" answered") // a crash came between
	case ladder.Verifying, ladder.Holding:
		return d.verify(ctx, a, j)
	case ladder.Returning:
		if j.Tries == 0 {
			return d.saw(ctx, a.ID, ladder.Gone, "it had never been sent")
		}
		if j.BackAnswered.IsZero() {
			return d.try(ctx, a, Return)
		}
		return d.verifyGone(ctx, a, j)
	}
	return nil
}

// try sends one direction once. Before it sends, the database says so: after a crash it is sent again under the same key.
func (d Desk) try(ctx context.Context, a incident.Action, way Do) error {
	j, i, due, err := d.begin(ctx, a.ID, way)
	if err != nil || !due {
		return err
	}
	answer, fault := "exercise: nothing was sent", error(nil)
	if !i.Exercise {
		answer, fault = j.Send(ctx, way, d.DB.Now())
	}
	if ctx.Err() != nil {
		return nil //nolint:nilerr // the program ends: what the other side did with it is not known, and it will be sent again
	}
	return d.settle(ctx, sending{a.ID, way, i}, answer, fault)
}

type sending struct {
	action string
	way    Do
	i      incident.Incident
}

// begin records that an order is sent now, when it is due and the action still stands where it needs it. What keeps an action
// from running keeps its run from being sent too, each time: an outage, a change of the device or the end of a sign-off may
// lie between. Such an action is withdrawn.
func (d Desk) begin(ctx context.Context, action string, way Do) (j Job, i incident.Incident, due bool, err error) {
	err = d.DB.Update(ctx, func(tx *store.Tx) error {
		var sheet incident.Sheet
		if sheet, i, err = d.Cases.SheetOf(ctx, tx, action, tx.Now); err != nil {
			return err
		}
		if j, err = jobOf(ctx, tx, action); err != nil {
			return err
		}
		needs, tries, done, gap := ladder.Executing, &j.Tries, j.Answered, runGap
		if way == Return {
			needs, tries, done, gap = ladder.Returning, &j.BackTries, j.BackAnswered, returnGap
		}
		// A pause that would be longer than any is from before somebody set the clock back.
		waits := j.Next.After(tx.Now) && !j.Next.After(tx.Now.Add(returnGap)) && (way == Run || j.BackTries > 0)
		if sheet.State != needs || !done.IsZero() || waits {
			return nil
		}
		if way == Run && len(sheet.Refusals) > 0 {
			return d.Cases.Withdraw(ctx, tx, sheet, i)
		}
		due = true
		gap = min(firstGap<<min(*tries, 10), gap) + j.Connector.Limit()
		*tries++
		if _, err := tx.Exec(ctx, `UPDATE containment_order SET tries = $2, back_tries = $3, next = $4, changed = $5 WHERE action = $1`,
			action, j.Tries, j.BackTries, store.Micros(tx.Now.Add(gap)), store.Micros(tx.Now)); err != nil {
			return err
		}
		return record(ctx, tx, KindSent, i, j.said(way))
	})
	return j, i, due, err
}

func (j Job) said(way Do) SentBody {
	b := SentBody{Action: j.Action, Connector: j.Connector.Name, Hash: j.Hash, Do: way, Try: j.Tries, Key: j.key(way)}
	if way == Return {
		b.Try = j.BackTries
	}
	return b
}

func record(ctx context.Context, tx *store.Tx, kind string, i incident.Incident, b SentBody) error {
	b.Number, b.Exercise = i.Number, i.Exercise
	_, err := tx.Record(ctx, store.Event{Kind: kind, Subject: i.ID, Site: i.Site, Product: i.Product, Body: b})
	return err
}

// settle records what became of a try, and moves the action on.
func (d Desk) settle(ctx context.Context, s sending, answer string, fault error) error {
	var j Job
	err := d.DB.Update(ctx, func(tx *store.Tx) (err error) {
		if j, err = jobOf(ctx, tx, s.action); err != nil {
			return err
		}
		b := j.said(s.way)
		b.Answer = answer
		if j.Fault = ""; fault != nil {
			j.Fault = problem.Text(fault)
		} else if s.way == Run {
			j.Answered = tx.Now
		} else {
			j.BackAnswered = tx.Now
		}
		b.Fault = j.Fault
		if _, err := tx.Exec(ctx, `UPDATE containment_order SET answered = $2, back_answered = $3, fault = $4, changed = $5 WHERE action = $1`,
			s.action, store.Micros(j.Answered), store.Micros(j.BackAnswered), j.Fault, store.Micros(tx.Now)); err != nil {
			return err
		}
		return record(ctx, tx, KindAnswered, s.i, b)
	})
	if err != nil || s.way == Return {
		return err
	}
	if fault == nil {
		return d.saw(ctx, s.action, ladder.Answered, "the connector "+j.Connector.Name+" answered: "+answer)
	}
	if j.Tries >= maxTries {
		return d.saw(ctx, s.action, ladder.NotSeen, "the connector "+j.Connector.Name+" failed: "+j.Fault)
	}
	return nil
}

// verify looks whether an action took effect, or still has it.
func (d Desk) verify(ctx context.Context, a incident.Action, j Job) error {
	f, err := d.look(ctx, a, j)
	if err != nil {
		return err
	}
	switch {
	case a.State == ladder.Verifying && f.effect:
		return d.Cases.Saw(ctx, a.ID, incident.Sight{Event: ladder.Observed, What: f.words, By: incident.SeenEvents})
	case a.State == ladder.Verifying && d.DB.Now().After(j.Answered.Add(j.Proof.Patience())):
		return d.saw(ctx, a.ID, ladder.NotSeen, "its effect was not seen in its time: "+f.words)
	case a.State == ladder.Holding && f.broken:
		return d.saw(ctx, a.ID, ladder.NotSeen, "it does not hold any more: "+f.words)
	}
	return nil
}

// verifyGone looks whether a return took effect. What is not seen in its time is sent back once more.
func (d Desk) verifyGone(ctx context.Context, a incident.Action, j Job) error {
	f, err := d.look(ctx, a, j)
	if err != nil {
		return err
	}
	if f.effect {
		return d.Cases.Saw(ctx, a.ID, incident.Sight{Event: ladder.Gone, What: f.words, By: incident.SeenEvents})
	}
	now := d.DB.Now()
	if j.Proof.Means == ByPerson || !now.After(j.BackAnswered.Add(j.Proof.Patience())) && !j.BackAnswered.After(now.Add(time.Minute)) {
		return nil
	}
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		_, i, err := d.Cases.SheetOf(ctx, tx, a.ID, tx.Now)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE containment_order SET back_answered = 0, fault = $2, changed = $3 WHERE action = $1`, a.ID, f.words, store.Micros(tx.Now)); err != nil {
			return err
		}
		b := j.said(Return)
		b.Fault = "its return is not seen: " + f.words
		return record(ctx, tx, KindAnswered, i, b)
	})
}

// saw records what the desk itself knows of an action, without a witness of its effect.
func (d Desk) saw(ctx context.Context, action string, e ladder.Event, what string) error {
	return d.Cases.Saw(ctx, action, incident.Sight{Event: e, What: what})
}

// Vouch says what a person's word counts for of an action, for [incident.Cases.Vouch]: all that was agreed where a person
// looks, and what is said but not seen where the events cannot say. Where they can, they decide. That an action is gone a person
// may also say once its return was sent more than once: a device that stays silent, as it is switched off, never stirs again.
func (d Desk) Vouch(ctx context.Context, a incident.Action, e ladder.Event) (incident.Witness, error) {
	var j Job
	err := d.DB.View(ctx, func(r store.Reader) (err error) {
		j, err = jobOf(ctx, r, a.ID)
		return err
	})
	switch {
	case err != nil:
		return incident.Nobody, err
	case a.State == ladder.Executing:
		return incident.Nobody, problem.New(problem.Conflict, "the connector has not answered yet: nothing can be said of its effect")
	case j.Proof.Means == ByPerson, e == ladder.Gone && j.Proof.Means == Blocked && j.Proof.Gone == "":
		return incident.SeenPerson, nil
	}
	f, err := d.look(store.WithActor(ctx, store.System("containment")), a, j)
	if err != nil {
		return incident.Nobody, err
	}
	if strings.HasPrefix(f.words, cannotSay) || e == ladder.Gone && j.BackTries > 1 {
		return incident.SaidOnly, nil
	}
	return incident.Nobody, problem.New(problem.Conflict, "the events decide it (%s), and they say: %s", j.Proof.Words(), f.words)
}

// look looks into the events for what counts in the state of an action.
func (d Desk) look(ctx context.Context, a incident.Action, j Job) (f found, err error) {
	if j.Proof.Means == ByPerson {
		return found{words: "a person looks and says so"}, nil
	}
	if d.Log == nil {
		return found{words: "cannot say: there are no events here"}, nil
	}
	err = d.DB.View(ctx, func(r store.Reader) error {
		w, err := d.witness(ctx, r, j, a.Device)
		if err != nil {
			return err
		}
		switch {
		case a.State == ladder.Returning && j.Proof.Means == Quiet:
			f, err = w.stirs(ctx, earlier(j.BackAnswered, w.now))
		case a.State == ladder.Returning && j.Proof.Gone != "": // what said so while it held would have ended the holding
			f, err = w.said(ctx, earlier(later(a.Ran, a.Held), w.now), j.Proof.Gone)
		case a.State == ladder.Returning:
			f = found{words: "a person looks and says so"}
		case a.State == ladder.Holding && j.Proof.Means == Quiet:
			f, err = w.quiet(ctx, r, earlier(a.Held, w.now))
		case a.State == ladder.Holding && j.Proof.Gone != "":
			f, err = w.said(ctx, earlier(a.Held, w.now), j.Proof.Gone)
			f.broken = f.effect
		case a.State == ladder.Holding:
		case j.Proof.Means == Quiet:
			f, err = w.quiet(ctx, r, earlier(j.Answered, w.now))
		default: // a switch may write its log before it answers
			f, err = w.said(ctx, earlier(a.Ran, w.now), j.Proof.Text)
		}
		return err
	})
	if problem.KindOf(err) == problem.NotFound || problem.KindOf(err) == problem.Invalid {
		return found{words: unable(err)}, nil // the source was removed, or there is nothing to look for
	}
	return f, err
}

// earlier is an instant that does not lie in the future, whatever the clock did.
func earlier(t, now time.Time) time.Time {
	if t.After(now) {
		return now
	}
	return t
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Look says what the events show of an action now, for the page that shows it.
func (d Desk) Look(ctx context.Context, a incident.Action, j Job) (string, error) {
	if !a.State.InForce() || a.State == ladder.Executing || a.State == ladder.Failed {
		return "", nil
	}
	// Who sees the action may not see every source: these words tell a time and which event.
	f, err := d.look(store.WithActor(ctx, store.System("containment")), a, j)
	return f.words, err
}
