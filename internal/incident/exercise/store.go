package exercise

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/incident"
	"triward/internal/incident/clock"
	"triward/internal/problem"
	"triward/internal/store"
)

const columns = `id, scenario, incident, number, state, pace, leader, leader_name, site, product, started, stopped, confirmed, first, last`

func scan(s store.Scanner) (Exercise, error) {
	var x Exercise
	var scenario string
	var started, stopped, confirmed int64
	if err := s.Scan(&x.ID, &scenario, &x.Incident, &x.Number, &x.State, &x.Pace, &x.Leader, &x.LeaderName, &x.Site, &x.Product, &started, &stopped, &confirmed, &x.first, &x.last); err != nil {
		return x, err
	}
	x.Started, x.Stopped, x.Confirmed = store.Time(started), store.Time(stopped), store.Time(confirmed)
	return x, json.Unmarshal([]byte(scenario), &x.Scenario)
}

func put(ctx context.Context, tx *store.Tx, x Exercise) error {
	scenario, err := json.Marshal(x.Scenario)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO exercise (`+columns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		ON CONFLICT (id) DO UPDATE SET state = excluded.state, stopped = excluded.stopped, confirmed = excluded.confirmed, last = excluded.last`,
		x.ID, string(scenario), x.Incident, x.Number, string(x.State), x.Pace, x.Leader, x.LeaderName, x.Site, x.Product, store.Micros(x.Started), store.Micros(x.Stopped),
		store.Micros(x.Confirmed), x.first, x.last)
	return err
}

// one reads an exercise, by its id or the number of its incident, that the actor may see.
func one(ctx context.Context, r store.Reader, exercise string) (Exercise, error) {
	s, err := store.ScopeOf(ctx, incident.KindRead)
	if err != nil {
		return Exercise{}, err
	}
	x, err := scan(r.QueryRow(ctx, `SELECT `+columns+` FROM exercise WHERE id = $1 OR number = $1`, exercise))
	if err != nil {
		return x, fmt.Errorf("read exercise %q: %w", exercise, err)
	}
	if !s.Covers(x.Site, x.Product) {
		return Exercise{}, problem.New(problem.Forbidden, "your role does not cover this exercise")
	}
	return x, nil
}

func running(ctx context.Context, r store.Reader) ([]Exercise, error) {
	return store.All(ctx, r, scan, `SELECT `+columns+` FROM exercise WHERE state = 'running' ORDER BY started, id`)
}

func putGiven(ctx context.Context, tx *store.Tx, exercise string, place int, g Given) error {
	_, err := tx.Exec(ctx, `INSERT INTO exercise_inject (exercise, place, due, at, answer, answered, answered_by, answered_name) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (exercise, place) DO UPDATE SET due = excluded.due, at = excluded.at, answer = excluded.answer, answered = excluded.answered, answered_by = excluded.answered_by,
			answered_name = excluded.answered_name`,
		exercise, place, store.Micros(g.Due), store.Micros(g.At), g.Answer, store.Micros(g.Answered), g.By, g.ByName)
	return err
}

// givens reads the injects of an exercise in the order of its scenario.
func givens(ctx context.Context, r store.Reader, x Exercise) ([]Given, error) {
	all, err := store.All(ctx, r, func(s store.Scanner) (Given, error) {
		var g Given
		var place int
		var due, at, answered int64
		err := s.Scan(&place, &due, &at, &g.Answer, &answered, &g.By, &g.ByName)
		g.Due, g.At, g.Answered = store.Time(due), store.Time(at), store.Time(answered)
		if err == nil && place < len(x.Scenario.Injects) {
			g.Inject = x.Scenario.Injects[place]
		}
		return g, err
	}, `SELECT place, due, at, answer, answered, answered_by, answered_name FROM exercise_inject WHERE exercise = $1 ORDER BY place`, x.ID)
	return all, err
}

// Sheet is an exercise with everything about it.
type Sheet struct {
	Exercise
	Case   incident.Incident
	Given  []Given
	Report Report
	Clocks []incident.EntityClocks // those that concern the entities, as they stood at the end
}

// Get reads an exercise as it stands at an instant.
func Get(ctx context.Context, r store.Reader, exercise string, now time.Time) (Sheet, error) {
	x, err := one(ctx, r, exercise)
	if err != nil {
		return Sheet{}, err
	}
	return sheetOf(ctx, r, x, now)
}

func sheetOf(ctx context.Context, r store.Reader, x Exercise, now time.Time) (Sheet, error) {
	s := Sheet{Exercise: x}
	var err error
	if s.Case, err = incident.Brief(ctx, r, x.Incident); err != nil {
		return s, err
	}
	if s.Given, err = givens(ctx, r, x); err != nil {
		return s, err
	}
	acts, err := actsOf(ctx, r, x, s.Case.Run)
	if err != nil {
		return s, err
	}
	s.Report = Score(x, s.Given, acts, now)
	end := now
	if !x.Stopped.IsZero() {
		end = x.Stopped
	}
	if s.Clocks, err = incident.Clocks(ctx, r, x.Incident, end); err != nil {
		return s, err
	}
	s.Clocks = incident.Ours(s.Clocks)
	for n := range s.Clocks {
		s.Clocks[n].Clocks = slices.DeleteFunc(s.Clocks[n].Clocks, func(c clock.Clock) bool { return c.State == clock.NotApplicable || c.State == clock.NotInForce })
	}
	s.Report.count(s.Clocks, end)
	return s, nil
}

// about is what bodies of entries say of an exercise, whichever package wrote them.
type about struct {
	Incident string            `json:"incident"`
	Exercise bool              `json:"exercise"`
	Changes  []incident.Change `json:"changes"`
}

// actsOf reads the entries of the journal that belong to an exercise, in their order: those of its incident and its run,
// those that name the incident, and those of alerts that carry the mark.
func actsOf(ctx context.Context, r store.Reader, x Exercise, run string) ([]Act, error) {
	var out []Act
	q := store.JournalQuery{After: x.first, Limit: 1000}
	if x.last > 0 {
		q.Before = x.last + 1
	}
	for {
		page, err := store.Journal(ctx, r, q)
		if err != nil {
			return nil, err
		}
		for _, e := range page {
			var b about
			ok := e.Subject == x.Incident || e.Subject == run && run != ""
			// An entry whose body is of another form is not about the incident.
			if err := json.Unmarshal(e.Body, &b); err == nil {
				ok = ok || b.Incident == x.Incident || b.Exercise && strings.HasPrefix(e.Kind, "detection.alert_")
			}
			if ok {
				out = append(out, Act{Kind: e.Kind, At: e.At, Actor: e.Actor, ActorName: e.ActorName, Changes: b.Changes})
			}
		}
		if len(page) < q.Limit {
			return out, nil
		}
		q.After = page[len(page)-1].Seq
	}
}

// Query chooses exercises.
type Query struct {
	State State
	Sort  string
	After string
	Limit int
}

// Sorts are the orders of the list.
func Sorts() store.Sorts {
	return store.Sorts{"started": {store.ByNumber("started"), store.ByText("id")}}
}

// List reads the exercises that the actor may see, the last started first.
func List(ctx context.Context, r store.Reader, q Query) (store.Page[Exercise], error) {
	s, err := store.ScopeOf(ctx, incident.KindRead)
	if err != nil {
		return store.Page[Exercise]{}, err
	}
	order, err := Sorts().Named(q.Sort, "-started")
	if err != nil {
		return store.Page[Exercise]{}, err
	}
	var w store.Where
	w.Scope(s, "site", "product")
	if q.State != "" {
		w.And("state = ?", string(q.State))
	}
	return store.List(ctx, r, store.Listing{Columns: columns, From: "exercise", Where: w, Sort: order, After: q.After, Limit: q.Limit}, scan)
}

// Now is the exercise that runs, if one does and the actor may see it.
func Now(ctx context.Context, r store.Reader) (Exercise, bool, error) {
	p, err := List(ctx, r, Query{State: Running, Limit: 1})
	if err != nil || len(p.Items) == 0 {
		return Exercise{}, false, err
	}
	return p.Items[0], true, nil
}
