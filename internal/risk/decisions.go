package risk

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"triward/internal/problem"
	"triward/internal/store"
)

// GetDecision reads a decision.
func GetDecision(ctx context.Context, r store.Reader, decision string) (Decision, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return Decision{}, err
	}
	d, err := getDecision(ctx, r, decision)
	if err != nil || scope.All {
		return d, err
	}
	sites, err := store.All(ctx, r, store.Value[string], `SELECT DISTINCT site FROM decision_device WHERE decision = $1`, decision)
	if err != nil {
		return Decision{}, err
	}
	if !slices.ContainsFunc(sites, func(s string) bool { return scope.Covers(s, "") }) {
		return Decision{}, problem.New(problem.NotFound, "there is no decision %q", decision)
	}
	return d, nil
}

// DecisionQuery chooses decisions.
type DecisionQuery struct {
	State   State
	Overdue Filter
	Now     time.Time
	Sort    string // of [DecisionSorts]; "" is the newest first
	After   string // next of the page before
	Limit   int
}

// DecisionSorts are the orders of the list of decisions.
func DecisionSorts() store.Sorts {
	id := store.ByText("id")
	return store.Sorts{"at": {id}, "title": {store.ByText("title"), id}, "treatment": {store.ByText("treatment"), id},
		"state": {store.ByText("state"), store.ByNumber("due"), id}, "owner": {store.ByText("owner"), id}, "due": {store.ByNumber("due"), id}}
}

// DecisionPage is a page of decisions.
type DecisionPage = store.Page[DecisionSummary]

// DecisionSummary is a decision and how far it is.
type DecisionSummary struct {
	Decision
	Counts map[Progress]int
}

// Total is how many devices the decision covers.
func (d DecisionSummary) Total() int {
	n := 0
	for _, c := range d.Counts {
		n += c
	}
	return n
}

// Finished is how many devices are verified or excused.
func (d DecisionSummary) Finished() int { return d.Counts[Verified] + d.Counts[Excused] }

// ListDecisions reads a page of decisions that touch the scope of the reader.
func ListDecisions(ctx context.Context, r store.Reader, q DecisionQuery) (DecisionPage, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return DecisionPage{}, err
	}
	var w store.Where
	if q.State != "" {
		w.And("state = ?", string(q.State))
	}
	if q.Overdue == Yes {
		overdue(&w, q.Now)
	}
	touching(&w, scope)
	sort, err := DecisionSorts().Named(q.Sort, "-at")
	if err != nil {
		return DecisionPage{}, err
	}
	all, err := store.List(ctx, r, store.Listing{Columns: decisionColumns, From: "decision", Where: w, Sort: sort, After: q.After, Limit: q.Limit}, scanDecision)
	if err == nil {
		err = readVulnerabilities(ctx, r, all.Items)
	}
	if err != nil {
		return DecisionPage{}, fmt.Errorf("read decisions: %w", err)
	}
	p := DecisionPage{Next: all.Next}
	for _, d := range all.Items {
		counts, err := progressCounts(ctx, r, d.ID)
		if err != nil {
			return p, fmt.Errorf("read decisions: %w", err)
		}
		p.Items = append(p.Items, DecisionSummary{Decision: d, Counts: counts})
	}
	return p, nil
}

// DueOf reads decisions that are not closed, whose owner has one of the names, and which are due or end before an instant:
// at most 100, the earliest first, within the scope of the reader.
func DueOf(ctx context.Context, r store.Reader, owners []string, before time.Time) ([]Decision, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return nil, err
	}
	var w store.Where
	w.And("state <> 'closed'")
	w.In("owner", owners)
	end := store.Micros(before)
	w.And("(due > 0 AND due < ? OR accepted_until > 0 AND accepted_until < ?)", end, end)
	touching(&w, scope)
	return listDecisions(ctx, r, w.SQL()+` ORDER BY due, id`+w.Limit(100), w.Args()...)
}

// Recent reads decisions that were taken since an instant, at most limit, the newest first, within the scope of the reader.
func Recent(ctx context.Context, r store.Reader, since time.Time, limit int) ([]Decision, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return nil, err
	}
	var w store.Where
	w.And("at >= ?", store.Micros(since))
	touching(&w, scope)
	return listDecisions(ctx, r, w.SQL()+` ORDER BY id DESC`+w.Limit(limit), w.Args()...)
}

// overdue restricts to decisions that are past due at an instant with a device that is not finished.
func overdue(w *store.Where, now time.Time) {
	w.And("state <> 'closed'")
	w.And("due > 0")
	w.And("due < ?", store.Micros(now))
	w.And("EXISTS (SELECT 1 FROM decision_device left_over WHERE left_over.decision = decision.id AND left_over.progress NOT IN ('verified', 'excused'))")
}

// DecisionCounts is how many decisions the filters of their list leave.
type DecisionCounts struct {
	States  map[State]int // of a due date or any
	Overdue int           // of a state or any
}

// CountDecisions counts the decisions that touch the scope of the reader: by state under the query's filter of due dates,
// and the overdue ones under its filter of states.
func CountDecisions(ctx context.Context, r store.Reader, q DecisionQuery) (DecisionCounts, error) {
	out := DecisionCounts{States: map[State]int{}}
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return out, err
	}
	var w store.Where
	if q.Overdue == Yes {
		overdue(&w, q.Now)
	}
	touching(&w, scope)
	type row struct {
		state State
		n     int
	}
	all, err := store.All(ctx, r, func(s store.Scanner) (v row, err error) { return v, s.Scan(&v.state, &v.n) },
		`SELECT state, count(*) FROM decision`+w.SQL()+` GROUP BY state`, w.Args()...)
	if err != nil {
		return out, fmt.Errorf("count decisions: %w", err)
	}
	for _, v := range all {
		out.States[v.state] = v.n
	}
	var late store.Where
	overdue(&late, q.Now)
	if q.State != "" {
		late.And("state = ?", string(q.State))
	}
	touching(&late, scope)
	if err := r.QueryRow(ctx, `SELECT count(*) FROM decision`+late.SQL(), late.Args()...).Scan(&out.Overdue); err != nil {
		return out, fmt.Errorf("count decisions: %w", err)
	}
	return out, nil
}

// touching restricts decisions to those about devices within a scope.
func touching(w *store.Where, scope store.Scope) {
	switch {
	case scope.All:
	case len(scope.Sites) == 0:
		w.And("1 = 0")
	default:
		args := make([]any, len(scope.Sites))
		for i, s := range scope.Sites {
			args[i] = s
		}
		w.And("id IN (SELECT decision FROM decision_device WHERE site IN (?"+strings.Repeat(", ?", len(args)-1)+"))", args...)
	}
}

// Item is one device under a decision.
type Item struct {
	Device    string
	Site      string
	Progress  Progress
	Note      string
	Scheduled time.Time
	Done      time.Time
	Verified  time.Time
}

// ItemQuery chooses devices of a decision.
type ItemQuery struct {
	Decision string
	Progress Progress // "" does not restrict
	After    string   // device
	Limit    int
}

// Items reads devices of a decision within the scope of the reader, by id.
func Items(ctx context.Context, r store.Reader, q ItemQuery) ([]Item, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return nil, err
	}
	var w store.Where
	w.And("decision = ?", q.Decision)
	w.And("device > ?", q.After)
	if q.Progress != "" {
		w.And("progress = ?", string(q.Progress))
	}
	w.Scope(scope, "site", "")
	return store.All(ctx, r, func(s store.Scanner) (it Item, err error) {
		var scheduled, done, verified int64
		err = s.Scan(&it.Device, &it.Site, &it.Progress, &it.Note, &scheduled, &done, &verified)
		it.Scheduled, it.Done, it.Verified = store.Time(scheduled), store.Time(done), store.Time(verified)
		return it, err
	}, `SELECT device, site, progress, note, scheduled, done, verified FROM decision_device`+w.SQL()+` ORDER BY device`+w.Limit(q.Limit), w.Args()...)
}

// BurnPoint is how many devices of a decision were still open at the end of a day.
type BurnPoint struct {
	Day  time.Time
	Open int
}

// dayMicros is the length of a day in the unit of the database.
const dayMicros = int64(24 * time.Hour / time.Microsecond)

// BurnDown is the open devices of a decision per day from the decision to now, at most the last 90 days.
func BurnDown(ctx context.Context, r store.Reader, d Decision, now time.Time) ([]BurnPoint, error) {
	type dayDone struct{ day, devices int64 }
	done, err := store.All(ctx, r, func(s store.Scanner) (v dayDone, err error) { return v, s.Scan(&v.day, &v.devices) },
		`SELECT CASE WHEN progress IN ('verified', 'done') AND done > 0 THEN done / `+strconv.FormatInt(dayMicros, 10)+` ELSE -1 END AS at, count(*)
		FROM decision_device WHERE decision = $1 GROUP BY 1 ORDER BY 1`, d.ID)
	if err != nil {
		return nil, fmt.Errorf("read burn-down: %w", err)
	}
	first := startOfDay(d.At)
	if days := int(startOfDay(now).Sub(first).Hours() / 24); days > 89 {
		first = startOfDay(now).AddDate(0, 0, -89)
	}
	var out []BurnPoint
	for day := first; !day.After(now); day = day.AddDate(0, 0, 1) {
		at := store.Micros(day) / dayMicros
		open := 0
		for _, v := range done {
			if v.day < 0 || v.day > at {
				open += int(v.devices)
			}
		}
		out = append(out, BurnPoint{Day: day, Open: open})
	}
	return out, nil
}

// DecisionsOf is the decisions about a vulnerability that touch the scope of the reader, newest first.
func DecisionsOf(ctx context.Context, r store.Reader, vulnerability string) ([]Decision, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return nil, err
	}
	var w store.Where
	w.And("id IN (SELECT decision FROM decision_vuln WHERE vuln = ?)", vulnerability)
	touching(&w, scope)
	return listDecisions(ctx, r, w.SQL()+` ORDER BY at DESC, id DESC LIMIT 200`, w.Args()...)
}

// Why is the derivation of one line, made again from the facts of now.
type Why struct {
	Line       Line
	Assessment Assessment
	Table      Table
}

// Explain derives a line again with all reasons.
func Explain(ctx context.Context, r store.Reader, device, vulnerability string) (Why, error) {
	p, err := Lines(ctx, r, LineQuery{Device: device, Vulnerability: vulnerability, Limit: 1})
	if err != nil {
		return Why{}, err
	}
	if len(p.Lines) == 0 {
		return Why{}, problem.New(problem.NotFound, "this device is not affected by %s as far as is known", vulnerability)
	}
	w := Why{Line: p.Lines[0]}
	in, t, err := inputOf(ctx, r, w.Line)
	if err != nil {
		return w, fmt.Errorf("explain %s on %s: %w", vulnerability, device, err)
	}
	w.Table, w.Assessment = t, Assess(in, t)
	return w, nil
}
