package exercise

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/content"
	"triward/internal/device"
	"triward/internal/document"
	"triward/internal/id"
	"triward/internal/incident"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/training"
)

// State is where an exercise stands.
type State string

// The states of an exercise.
const (
	Running   State = "running"
	Stopped   State = "stopped"
	Confirmed State = "confirmed" // its leader said who took part
)

// The kinds of injects.
const (
	Events   = "events"
	Message  = "message"
	Fact     = "fact"
	Question = "question"
)

// Exercise is one run of a scenario.
type Exercise struct {
	ID         string // "exr_…"
	Scenario   content.Exercise
	Incident   string
	Number     string // of the incident
	State      State
	Pace       int // how many times faster than the day things happen; 0: when the leader calls them
	Leader     string
	LeaderName string
	Site       string
	Product    string
	Started    time.Time
	Stopped    time.Time // zero: it runs
	Confirmed  time.Time

	first, last int64 // entries of the journal in between
}

// Given is an inject as it stands in an exercise.
type Given struct {
	content.Inject
	Due      time.Time // zero: when the leader calls it
	At       time.Time // when it happened; zero: not yet
	Answer   string
	By       string // account of who answered
	ByName   string
	Answered time.Time
}

// Drills keeps exercises.
type Drills struct {
	DB    *store.DB
	Cases incident.Cases
	Desk  training.Desk
	// Play lets rules see the records of an inject, at an instant, under the number of the incident.
	Play func(ctx context.Context, number string, at time.Time, all []Record) error
}

// Start is how an exercise begins.
type Start struct {
	Scenario string // id of content.Exercises
	Pace     int    // 1 to 60; 0: when the leader calls
	Site     string
}

const maxPace = 60

// Start starts a scenario: an incident with the mark of an exercise, led by the actor, with the procedure as its plan where
// one is in force.
func (d Drills) Start(ctx context.Context, s Start) (string, error) {
	scenario, err := scenarioOf(s.Scenario)
	if err != nil {
		return "", err
	}
	var l problem.List
	if s.Pace < 0 || s.Pace > maxPace {
		l.Add("pace", "must be 0 to %d", maxPace)
	}
	if err := l.Err("the exercise cannot be started"); err != nil {
		return "", err
	}
	x := Exercise{Scenario: scenario, State: Running, Pace: s.Pace, Site: s.Site}
	if x.ID, err = id.New("exr"); err != nil {
		return "", err
	}
	return x.ID, d.DB.Update(ctx, func(tx *store.Tx) error {
		if err := noneRuns(ctx, tx); err != nil {
			return err
		}
		if x.first, _, err = store.JournalHead(ctx, tx); err != nil {
			return err
		}
		me, err := people.Person(ctx, tx, tx.Actor())
		if err != nil {
			return err
		}
		i, err := d.declare(ctx, tx, x, me)
		if err != nil {
			return err
		}
		x.Incident, x.Number, x.Leader, x.LeaderName, x.Started = i.ID, i.Number, me.ID, me.Name, tx.Now
		if err := put(ctx, tx, x); err != nil {
			return err
		}
		for n, in := range scenario.Injects {
			g := Given{Inject: in}
			if x.Pace > 0 {
				g.Due = tx.Now.Add(in.After / time.Duration(x.Pace))
			}
			if err := putGiven(ctx, tx, x.ID, n, g); err != nil {
				return err
			}
		}
		return x.record(ctx, tx, KindStarted, Body{Scenario: scenario.ID, Pace: x.Pace})
	})
}

func scenarioOf(name string) (content.Exercise, error) {
	all, err := content.Exercises()
	if err != nil {
		return content.Exercise{}, err
	}
	n := slices.IndexFunc(all, func(x content.Exercise) bool { return x.ID == name })
	if n < 0 {
		return content.Exercise{}, problem.New(problem.NotFound, "there is no scenario %q", name)
	}
	return all[n], nil
}

func noneRuns(ctx context.Context, r store.Reader) error {
	all, err := running(ctx, r)
	if err == nil && len(all) > 0 {
		err = problem.New(problem.Conflict, "the exercise %s runs; stop it first", all[0].Number)
	}
	return err
}

// declare opens the incident of an exercise.
func (d Drills) declare(ctx context.Context, tx *store.Tx, x Exercise, me people.Name) (incident.Incident, error) {
	s := x.Scenario
	in := incident.Declaration{Systems: s.Systems, Incident: incident.Incident{Title: s.Title, Exercise: true, Site: x.Site, Cyber: s.Cyber, Clinical: s.Clinical, TLP: incident.Amber, PAP: incident.Green,
		Care: incident.Normal, Legal: incident.NoLegal, Disclosure: incident.Undisclosed, Aware: tx.Now, AwareWho: me.Name, AwareHow: "exercise", Summary: "This is an exercise. " + s.Title + "."}}
	for _, tag := range s.Devices {
		page, err := device.List(ctx, tx, device.Query{Prefix: tag, Limit: 5})
		if err != nil {
			return incident.Incident{}, err
		}
		for _, b := range page.Items {
			if strings.EqualFold(b.AssetTag, tag) {
				in.Devices = append(in.Devices, string(b.ID))
				break
			}
		}
	}
	if len(in.Devices)+len(in.Systems) == 0 {
		in.Systems = []string{s.Title}
	}
	_, err := document.Effective(ctx, tx, s.Procedure)
	switch {
	case err == nil:
		in.Plan = s.Procedure
	case problem.KindOf(err) != problem.NotFound: // a house without the procedure exercises all the same
		return incident.Incident{}, err
	}
	i, err := d.Cases.DeclareTx(ctx, tx, in)
	if err != nil {
		return i, fmt.Errorf("open the incident of the exercise: %w", err)
	}
	return i, nil
}

func (x Exercise) record(ctx context.Context, tx *store.Tx, kind string, b Body) error {
	b.Number, b.Exercise, b.ID = x.Number, true, x.ID
	_, err := tx.Record(ctx, store.Event{Kind: kind, Subject: x.Incident, Site: x.Site, Product: x.Product, Body: b})
	return err
}

// on lets somebody change an exercise that is in a state.
func (d Drills) on(ctx context.Context, exercise string, in State, fn func(tx *store.Tx, x Exercise, me people.Name) error) error {
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		x, err := one(ctx, tx, exercise)
		if err != nil {
			return err
		}
		if x.State != in {
			return problem.New(problem.Conflict, "the exercise is %s", x.State)
		}
		me, err := people.Person(ctx, tx, tx.Actor())
		if err != nil {
			return err
		}
		return fn(tx, x, me)
	})
}

// inject finds an inject of an exercise and its place.
func inject(ctx context.Context, r store.Reader, x Exercise, name string) (int, Given, error) {
	all, err := givens(ctx, r, x)
	if err != nil {
		return 0, Given{}, err
	}
	n := slices.IndexFunc(all, func(g Given) bool { return g.ID == name })
	if n < 0 {
		return 0, Given{}, problem.New(problem.NotFound, "the exercise has no inject %q", name)
	}
	return n, all[n], nil
}

// Inject calls an inject before its time: it happens with the next [Drills.Tick].
func (d Drills) Inject(ctx context.Context, exercise, name string) error {
	return d.on(ctx, exercise, Running, func(tx *store.Tx, x Exercise, _ people.Name) error {
		n, g, err := inject(ctx, tx, x, name)
		if err != nil {
			return err
		}
		if !g.At.IsZero() || !g.Due.IsZero() && !g.Due.After(tx.Now) {
			return problem.New(problem.Conflict, "it happened, or happens now")
		}
		g.Due = tx.Now
		if err := putGiven(ctx, tx, x.ID, n, g); err != nil {
			return err
		}
		return x.record(ctx, tx, KindInjected, Body{Inject: name, Called: true})
	})
}

const maxAnswer = 4_000

// Answer answers a question. An answer is given once.
func (d Drills) Answer(ctx context.Context, exercise, name, text string) error {
	text = strings.TrimSpace(text)
	var l problem.List
	if text == "" || len(text) > maxAnswer {
		l.Add("answer", "must have 1 to %d characters", maxAnswer)
	}
	if err := l.Err("the answer cannot be kept"); err != nil {
		return err
	}
	return d.on(ctx, exercise, Running, func(tx *store.Tx, x Exercise, me people.Name) error {
		n, g, err := inject(ctx, tx, x, name)
		if err != nil {
			return err
		}
		switch {
		case g.Kind != Question:
			return problem.New(problem.Conflict, "it is no question")
		case g.At.IsZero():
			return problem.New(problem.Conflict, "it was not asked yet")
		case !g.Answered.IsZero():
			return problem.New(problem.Conflict, "%s answered it", g.ByName)
		}
		g.Answer, g.By, g.ByName, g.Answered = text, me.ID, me.Name, tx.Now
		if err := putGiven(ctx, tx, x.ID, n, g); err != nil {
			return err
		}
		return x.record(ctx, tx, KindAnswered, Body{Inject: name, Text: text})
	})
}

// Stop ends an exercise. Its records stay; its incident goes on as people leave it.
func (d Drills) Stop(ctx context.Context, exercise string) error {
	return d.on(ctx, exercise, Running, func(tx *store.Tx, x Exercise, _ people.Name) error {
		if err := x.record(ctx, tx, KindStopped, Body{}); err != nil {
			return err
		}
		var err error
		if x.last, _, err = store.JournalHead(ctx, tx); err != nil {
			return err
		}
		x.State, x.Stopped = Stopped, tx.Now
		return put(ctx, tx, x)
	})
}

// Confirm says who took part in an exercise that was stopped, by account. Each gets a record of training on the procedure
// where it is in force.
func (d Drills) Confirm(ctx context.Context, exercise string, accounts []string) error {
	accounts = slices.Compact(slices.Sorted(slices.Values(accounts)))
	var l problem.List
	if len(accounts) == 0 || len(accounts) > 500 {
		l.Add("people", "say who took part: 1 to 500 people")
	}
	if err := l.Err("it cannot be confirmed"); err != nil {
		return err
	}
	return d.on(ctx, exercise, Stopped, func(tx *store.Tx, x Exercise, _ people.Name) error {
		sheet, err := sheetOf(ctx, tx, x, tx.Now)
		if err != nil {
			return err
		}
		_, err = document.Effective(ctx, tx, x.Scenario.Procedure)
		if err != nil && problem.KindOf(err) != problem.NotFound {
			return err
		}
		if err == nil {
			for _, who := range accounts {
				if err := d.Desk.AttendTx(ctx, tx, training.Attendance{Account: who, Code: x.Scenario.Procedure, Run: sheet.Case.Run,
					Exercise: x.Number + " " + x.Scenario.Title, Result: sheet.Report.resultOf(who)}); err != nil {
					return fmt.Errorf("record who took part: %w", err)
				}
			}
		}
		x.State, x.Confirmed = Confirmed, tx.Now
		if err := put(ctx, tx, x); err != nil {
			return err
		}
		return x.record(ctx, tx, KindConfirmed, Body{People: accounts})
	})
}
