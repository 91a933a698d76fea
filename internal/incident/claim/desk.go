package claim

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/detection"
	"triward/internal/detection/reading"
	"triward/internal/eventlog"
	"triward/internal/id"
	"triward/internal/incident"
	"triward/internal/incident/custody"
	"triward/internal/incident/indicator"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// Desk keeps indicators and claims.
type Desk struct {
	DB  *store.DB
	Log eventlog.Reader // nil where no events are kept
}

// open lets somebody change what is said in an incident that is not closed.
func (d Desk) open(ctx context.Context, of string, fn func(*store.Tx, incident.Incident, people.Name) error) error {
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		f, err := incident.Brief(ctx, tx, of)
		if err != nil {
			return err
		}
		if !f.State.Open() {
			return problem.New(problem.Conflict, "%s is closed", f.Number)
		}
		me, err := people.Person(ctx, tx, tx.Actor())
		if err != nil {
			return err
		}
		return fn(tx, f, me)
	})
}

func record(ctx context.Context, tx *store.Tx, f incident.Incident, kind string, b Body) error {
	b.Number, b.Exercise = f.Number, f.Exercise
	_, err := tx.Record(ctx, store.Event{Kind: kind, Subject: f.ID, Site: f.Site, Product: f.Product, Body: b})
	return err
}

// Add keeps an indicator and searches the kept events for it. One that is there already keeps its id. A search that cannot
// be made now is no failure: it is made later, see [Desk.Tick].
func (d Desk) Add(ctx context.Context, of string, i Indicator) (string, error) {
	var err error
	if i.Kind, i.Value, err = indicator.Parse(i.Kind, i.Value); err != nil {
		return "", err
	}
	if i.Note = strings.TrimSpace(i.Note); len(i.Note) > maxText {
		return "", problem.New(problem.Invalid, "the note is longer than %d characters", maxText)
	}
	if i.ID, err = id.New("ind"); err != nil {
		return "", err
	}
	err = d.open(ctx, of, func(tx *store.Tx, f incident.Incident, me people.Name) error {
		have, err := known(ctx, tx, f.ID, i.Kind, i.Value)
		if err == nil {
			return problem.New(problem.Conflict, "%s is in %s already (%s)", have.Shown(), f.Number, have.ID)
		}
		if problem.KindOf(err) != problem.NotFound {
			return err
		}
		i.Incident, i.ActorName, i.At, i.Search, i.LookUps = f.ID, me.Name, tx.Now, Search{Why: "it was not searched yet"}, nil
		if err := putIndicator(ctx, tx, i); err != nil {
			return fmt.Errorf("add an indicator to %s: %w", f.Number, err)
		}
		return record(ctx, tx, f, KindAdded, Body{Indicator: i.ID, Kind: string(i.Kind), Value: i.Value, Reason: i.Note})
	})
	if err != nil {
		return "", err
	}
	return i.ID, d.Search(ctx, i.ID)
}

// LookUp records that somebody asked outside about an indicator, and what came of it. Forbidden under PAP:RED, because the
// other side could notice: ask [MayLookUp] before.
func (d Desk) LookUp(ctx context.Context, of, where, found string) error {
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		i, f, err := oneIndicator(ctx, tx, of)
		if err != nil {
			return err
		}
		if err := MayLookUp(f); err != nil {
			return err
		}
		var l problem.List
		for _, x := range []struct{ path, text string }{{"where", strings.TrimSpace(where)}, {"found", strings.TrimSpace(found)}} {
			if x.text == "" || len(x.text) > maxText {
				l.Add(x.path, "is required, at most %d characters", maxText)
			}
		}
		if err := l.Err("the look-up cannot be recorded"); err != nil {
			return err
		}
		me, err := people.Person(ctx, tx, tx.Actor())
		if err != nil {
			return err
		}
		i.LookUps = append(i.LookUps, LookUp{strings.TrimSpace(where), strings.TrimSpace(found), me.Name, tx.Now})
		if err := putIndicator(ctx, tx, i); err != nil {
			return err
		}
		return record(ctx, tx, f, KindLookedUp, Body{Indicator: i.ID, Where: strings.TrimSpace(where), Found: strings.TrimSpace(found)})
	})
}

// MayLookUp refuses to ask somebody outside about an indicator of an incident whose PAP label forbids it.
func MayLookUp(f incident.Incident) error {
	return f.PAP.Act("looking it up outside", incident.Passive)
}

// Make keeps a claim. It takes the place of the one that it names.
func (d Desk) Make(ctx context.Context, of string, c Claim) (string, error) {
	var err error
	if c.ID, err = id.New("clm"); err != nil {
		return "", err
	}
	c.Says, c.Source, c.Reason = strings.TrimSpace(c.Says), strings.TrimSpace(c.Source), strings.TrimSpace(c.Reason)
	if c.About == Technique {
		c.Value = strings.ToUpper(strings.TrimSpace(c.Value))
	}
	if _, err := TechniqueName(c.Value); c.About != Technique || err == nil {
		c.Newer = false
	}
	// Reading an event that concerns patients is recorded by itself, so that it stands before this transaction.
	events, err := d.events(ctx, c.Evidence)
	if err != nil {
		return "", err
	}
	return c.ID, d.open(ctx, of, func(tx *store.Tx, f incident.Incident, me people.Name) error {
		var l problem.List
		l.Merge("", c.validate(tx.Now))
		var err error
		if c.Evidence, err = resolve(ctx, tx, f, c.Evidence, events); err != nil {
			l.Add("evidence", "%s", problem.Text(err))
		}
		if err := l.Err("the claim cannot be kept"); err != nil {
			return err
		}
		c.Incident, c.Hypothesis, c.ActorName, c.Made = f.ID, len(c.Evidence) == 0, me.Name, tx.Now
		c.Ended, c.EndedBy, c.EndReason, c.EndName = time.Time{}, "", "", ""
		if err := putClaim(ctx, tx, c); err != nil {
			return err
		}
		if c.Replaces != "" {
			old, err := oneClaim(ctx, tx, f.ID, c.Replaces)
			if err != nil {
				return err
			}
			if old.About != c.About {
				return problem.New(problem.Conflict, "the other claim is about the %s", old.About)
			}
			if err := end(ctx, tx, old, Claim{ID: c.ID, Reason: c.Reason, ActorName: me.Name}); err != nil {
				return err
			}
		}
		return record(ctx, tx, f, KindMade, Body{Claim: c.ID, Replaces: c.Replaces, Kind: string(c.About), Value: c.Value, Says: c.Says, Source: c.Source, Grade: c.Grade.String(), Likely: c.Likelihood, Newer: c.Newer, Evidence: c.Evidence, Reason: c.Reason})
	})
}

// Withdraw takes a claim back without another one in its place.
func (d Desk) Withdraw(ctx context.Context, of, claim, reason string) error {
	return d.open(ctx, of, func(tx *store.Tx, f incident.Incident, me people.Name) error {
		c, err := oneClaim(ctx, tx, f.ID, claim)
		if err != nil {
			return err
		}
		reason = strings.TrimSpace(reason)
		if reason == "" || len(reason) > maxText {
			var l problem.List
			l.Add("reason", "is required, at most %d characters", maxText)
			return l.Err("say why")
		}
		if err := end(ctx, tx, c, Claim{Reason: reason, ActorName: me.Name}); err != nil {
			return err
		}
		return record(ctx, tx, f, KindWithdrawn, Body{Claim: c.ID, Kind: string(c.About), Reason: reason})
	})
}

// end lets a claim stand no more, because of another one or of a reason alone.
func end(ctx context.Context, tx *store.Tx, c, by Claim) error {
	if !c.Stands() {
		return problem.New(problem.Conflict, "the claim does not stand any more since %s", c.Ended.UTC().Format(time.DateTime))
	}
	c.Ended, c.EndedBy, c.EndReason, c.EndName = tx.Now, by.ID, by.Reason, by.ActorName
	return putClaim(ctx, tx, c)
}

// events reads the events among the evidence, as far as the actor may see them, and gives a line for each.
func (d Desk) events(ctx context.Context, refs []Ref) (map[string]string, error) {
	out := map[string]string{}
	for _, r := range refs {
		if r.Kind != Event {
			continue
		}
		if d.Log == nil {
			return nil, problem.New(problem.Unavailable, "no events are kept here, so that %s cannot be found", r.ID)
		}
		eid, err := eventlog.ParseID(r.ID)
		if err != nil {
			return nil, err
		}
		e, err := reading.Desk{DB: d.DB, Log: d.Log}.Get(ctx, eid)
		switch problem.KindOf(err) {
		case problem.NotFound: // told with the other faults
			continue
		case "":
			if err != nil {
				return nil, err
			}
		default:
			return nil, err
		}
		out[r.ID] = strings.Join(slices.DeleteFunc([]string{time.UnixMicro(e.At()).UTC().Format(time.DateTime), e.Category, e.SrcIP, e.DstIP}, func(s string) bool { return s == "" }), " ")
	}
	return out, nil
}

// resolve finds the evidence of a claim; what is not there, or is not of the incident, is refused.
func resolve(ctx context.Context, r store.Reader, f incident.Incident, refs []Ref, events map[string]string) ([]Ref, error) {
	out := make([]Ref, 0, len(refs))
	missing := func(x Ref) error {
		return problem.New(problem.Invalid, "there is no %s %s that you may see in %s", x.Kind, x.ID, f.Number)
	}
	for _, x := range refs {
		switch x.Kind {
		case Event:
			var ok bool
			if x.Title, ok = events[x.ID]; !ok {
				return nil, missing(x)
			}
		case Alert:
			a, err := detection.GetAlert(ctx, r, x.ID)
			if err != nil {
				return nil, missing(x)
			}
			x.Title = a.Title
		case Note:
			file, err := incident.Get(ctx, r, f.ID)
			if err != nil {
				return nil, err
			}
			n := slices.IndexFunc(file.Notes, func(n incident.Note) bool { return n.ID == x.ID })
			if n < 0 {
				return nil, missing(x)
			}
			x.Title = "note of " + file.Notes[n].ActorName
		case Exhibit:
			all, err := custody.List(ctx, r, f.ID)
			if err != nil {
				return nil, err
			}
			n := slices.IndexFunc(all, func(i custody.Item) bool { return i.ID == x.ID || i.Exhibit == x.ID })
			if n < 0 {
				return nil, missing(x)
			}
			x.ID, x.Title = all[n].ID, all[n].Exhibit+" "+all[n].Description
		default:
			return nil, problem.New(problem.Invalid, "%q is no kind of evidence", x.Kind)
		}
		if !slices.ContainsFunc(out, func(y Ref) bool { return y.ID == x.ID }) {
			out = append(out, x)
		}
	}
	return out, nil
}
