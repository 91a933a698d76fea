package procedure

import (
	"context"
	"fmt"
	"time"

	"triward/internal/document"
	"triward/internal/problem"
	"triward/internal/store"
)

// Get reads a run with its steps and items.
func Get(ctx context.Context, r store.Reader, rid string) (Run, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return Run{}, err
	}
	x, err := run(ctx, r, rid)
	if err != nil {
		return x, err
	}
	return x, mayRead(ctx, x)
}

// Newer is the revision in force when the run, still open, does not follow it; false when it does or none is in force.
func Newer(ctx context.Context, r store.Reader, x Run) (document.Revision, bool, error) {
	if !x.State.Open() {
		return document.Revision{}, false, nil
	}
	v, err := document.Effective(ctx, r, x.Code)
	if problem.KindOf(err) == problem.NotFound {
		return v, false, nil
	}
	return v, err == nil && string(v.ID) != x.Revision, err
}

// Query chooses runs. Zero fields do not restrict.
type Query struct {
	Code     string
	State    State
	Open     bool   // running or paused
	Exercise string // "yes", "no" or ""
	Lead     string // account
	Subject  string
	Revision string
	Sort     string // of [Sorts]; "" is the newest first
	After    string // Next of the page before
	Limit    int    // at most 1,000; 0 means 50
}

// Sorts are the orders of the list of runs.
func Sorts() store.Sorts {
	id := store.ByText("id")
	return store.Sorts{"started": {store.ByNumber("started"), id}, "code": {store.ByText("code"), id}, "subject": {store.ByText("subject"), id},
		"state": {store.ByText("state"), store.ByNumber("started"), id}, "lead": {store.ByText("lead_name"), id}}
}

// Summary is a run with what happened to its steps.
type Summary struct {
	Run
	Counts
}

// Counts counts the steps of a run that its revision has.
type Counts struct {
	Total      int
	Settled    int
	Deviations int
	Wrong      int
	Due        time.Time // the next target of an open step; zero for none
}

// Counts counts the steps of a run that was read with them.
func (r Run) Counts() Counts {
	var c Counts
	for _, s := range r.Steps {
		if s.Wrong {
			c.Wrong++
		}
		if s.State.Deviates() {
			c.Deviations++
		}
		if s.Gone {
			continue
		}
		c.Total++
		switch {
		case s.State != Open:
			c.Settled++
		case !s.Due.IsZero() && (c.Due.IsZero() || s.Due.Before(c.Due)):
			c.Due = s.Due
		}
	}
	return c
}

// Page is a page of runs.
type Page = store.Page[Summary]

func (q Query) where(scope store.Scope) store.Where {
	var w store.Where
	w.Scope(scope, "site", "product")
	for _, c := range []struct{ column, value string }{{"code", q.Code}, {"state", string(q.State)}, {"lead", q.Lead}, {"subject", q.Subject}, {"revision", q.Revision}} {
		if c.value != "" {
			w.And(c.column+" = ?", c.value)
		}
	}
	if q.Open {
		w.And("state IN (?, ?)", string(Running), string(Paused))
	}
	switch q.Exercise {
	case "yes", "no":
		w.And("exercise = ?", q.Exercise == "yes")
	}
	return w
}

// List reads a page of runs. Steps and items are not filled.
func List(ctx context.Context, r store.Reader, q Query) (Page, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return Page{}, err
	}
	sort, err := Sorts().Named(q.Sort, "-started")
	if err != nil {
		return Page{}, err
	}
	found, err := store.List(ctx, r, store.Listing{Columns: runColumns, From: "run", Where: q.where(scope), Sort: sort, After: q.After, Limit: q.Limit}, scanRun)
	if err != nil {
		return Page{}, fmt.Errorf("read runs: %w", err)
	}
	p := Page{Next: found.Next}
	counts, err := countSteps(ctx, r, found.Items)
	for _, x := range found.Items {
		p.Items = append(p.Items, Summary{x, counts[x.ID]})
	}
	return p, err
}

// Count counts the runs that a query chooses, up to 10,000.
func Count(ctx context.Context, r store.Reader, q Query) (int, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return 0, err
	}
	return store.CountUpTo(ctx, r, "run", q.where(scope), 10_000)
}

func countSteps(ctx context.Context, r store.Reader, runs []Run) (map[string]Counts, error) {
	out := map[string]Counts{}
	if len(runs) == 0 {
		return out, nil
	}
	ids := make([]string, len(runs))
	for i, x := range runs {
		ids[i] = x.ID
	}
	var w store.Where
	w.In("run", ids)
	_, err := store.All(ctx, r, func(s store.Scanner) (Counts, error) {
		var c Counts
		var rid string
		var due int64
		err := s.Scan(&rid, &c.Total, &c.Settled, &c.Deviations, &c.Wrong, &due)
		c.Due = store.Time(due)
		out[rid] = c
		return c, err
	}, `SELECT run, count(*) FILTER (WHERE NOT gone), count(*) FILTER (WHERE NOT gone AND state <> 'open'),
		count(*) FILTER (WHERE state IN ('changed', 'skipped', 'defeated')), count(*) FILTER (WHERE wrong),
		coalesce(min(due) FILTER (WHERE state = 'open' AND NOT gone AND due > 0), 0) FROM run_step`+w.SQL()+` GROUP BY run`, w.Args()...)
	return out, err
}

// Deviation is one step that was not done as written.
type Deviation struct {
	Run      string
	Code     string
	Label    string
	Exercise bool
	Step     Step
}

// DeviationQuery chooses deviations. Zero fields do not restrict.
type DeviationQuery struct {
	Code  string
	Step  string
	Since time.Time
	Limit int // at most 1,000; 0 means 200
}

// Deviations reads what was done otherwise than written, the newest first.
func Deviations(ctx context.Context, r store.Reader, q DeviationQuery) ([]Deviation, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return nil, err
	}
	var w store.Where
	w.And("run_step.state IN (?, ?, ?)", string(Changed), string(Skipped), string(Defeated))
	w.Scope(scope, "r.site", "r.product")
	if q.Code != "" {
		w.And("r.code = ?", q.Code)
	}
	if q.Step != "" {
		w.And("run_step.id = ?", q.Step)
	}
	if !q.Since.IsZero() {
		w.And("run_step.at >= ?", store.Micros(q.Since))
	}
	if q.Limit <= 0 {
		q.Limit = 200
	}
	return store.All(ctx, r, func(s store.Scanner) (Deviation, error) {
		var d Deviation
		var at, due int64
		x := &d.Step
		err := s.Scan(&d.Run, &d.Code, &d.Label, &d.Exercise, &x.ID, &x.Do, &x.Role, &x.Extra, &x.Wrong, &x.State, &x.Actor, &x.ActorName, &at, &x.Value, &x.Note, &x.Instead, &x.Reason, &due)
		x.At, x.Due = store.Time(at), store.Time(due)
		return d, err
	}, `SELECT r.id, r.code, r.label, r.exercise, run_step.id, act, role, extra, wrong, run_step.state, actor, actor_name, at, value, note, instead, run_step.reason, due
		FROM run_step JOIN run r ON r.id = run_step.run`+w.SQL()+` ORDER BY at DESC, r.id, position`+w.Limit(min(q.Limit, 1000)), w.Args()...)
}

// Performance is what one person did with one step.
type Performance struct {
	Step     string
	Account  string
	At       time.Time
	Deviated bool
	Late     bool
}

// Performances reads how the steps of a document were done by whom, oldest first, real runs and exercises.
func Performances(ctx context.Context, r store.Reader, code string) ([]Performance, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return nil, err
	}
	return store.All(ctx, r, func(s store.Scanner) (Performance, error) {
		var p Performance
		var at int64
		err := s.Scan(&p.Step, &p.Account, &at, &p.Deviated, &p.Late)
		p.At = store.Time(at)
		return p, err
	}, `SELECT s.id, s.actor, s.at, s.state IN ('changed', 'skipped', 'defeated'), s.due > 0 AND s.at > s.due FROM run_step s JOIN run r ON r.id = s.run
		WHERE r.code = $1 AND s.state IN ('done', 'changed', 'skipped', 'defeated') ORDER BY s.at, s.run, s.position`, code)
}
