package detection

import (
	"context"
	"strings"
	"time"

	"triward/internal/store"
)

// RuleItem is a rule with what it did.
type RuleItem struct {
	Rule
	Hits      int64 // of the last 30 days that raised or joined alerts
	Shadow    int64
	Excepted  int64
	Precision Precision
	Cost      time.Duration // spent on events of the last 30 days
	Looked    int64         // events of the last 30 days that it looked at closely
	Waiting   int           // alerts that wait
	Holds     int           // exceptions in force
}

// ruleWindow is the time over which hits and cost are shown.
const ruleWindow = 30 * 24 * time.Hour

// RuleQuery chooses rules. Zero fields do not restrict.
type RuleQuery struct {
	State     RuleState // "": all but the retired
	Origin    Origin
	Level     Level
	Technique string
	Text      string // words of the title, path or catalogue
	Sort      string // of [RuleSorts]
	After     string
	Limit     int
	Now       time.Time
}

// RuleSorts are the orders of the list.
func RuleSorts() store.Sorts {
	id, title := store.ByText("id"), store.ByText("sort_title")
	return store.Sorts{"title": {title, id}, "state": {store.ByText("state"), title, id}, "level": {store.ByNumber("urgency"), title, id}, "changed": {store.ByNumber("changed"), id}}
}

// ListRules reads a page of rules.
func ListRules(ctx context.Context, r store.Reader, q RuleQuery) (store.Page[RuleItem], error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return store.Page[RuleItem]{}, err
	}
	sort, err := RuleSorts().Named(q.Sort, "title")
	if err != nil {
		return store.Page[RuleItem]{}, err
	}
	var w store.Where
	if q.State != "" {
		w.And("state = ?", string(q.State))
	} else {
		w.And("state <> 'retired'")
	}
	if q.Origin != "" {
		w.And("origin = ?", string(q.Origin))
	}
	if q.Level != "" {
		w.And("level = ?", string(q.Level))
	}
	if q.Technique != "" {
		w.And("' ' || techniques || ' ' LIKE ?", "% "+strings.NewReplacer("%", "", "_", "").Replace(q.Technique)+" %")
	}
	for _, word := range strings.Fields(q.Text) {
		w.And("sort_title || ' ' || lower(path) || ' ' || lower(catalogue) LIKE ?", "%"+strings.NewReplacer("%", "", "_", "").Replace(strings.ToLower(word))+"%")
	}
	p, err := store.List(ctx, r, store.Listing{Columns: ruleColumns, From: "detection_rule", Where: w, Sort: sort, After: q.After, Limit: q.Limit}, scanRule)
	if err != nil {
		return store.Page[RuleItem]{}, err
	}
	items, err := withFigures(ctx, r, p.Items, q.Now)
	return store.Page[RuleItem]{Items: items, Next: p.Next}, err
}

// CountRules counts rules by state.
func CountRules(ctx context.Context, r store.Reader) (map[RuleState]int, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return nil, err
	}
	return counts[RuleState](ctx, r, `SELECT state, count(*) FROM detection_rule GROUP BY state`)
}

// GetRule reads a rule.
func GetRule(ctx context.Context, r store.Reader, rid string, now time.Time) (RuleItem, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return RuleItem{}, err
	}
	v, ok := own()[rid]
	if !ok {
		var err error
		if v, err = rule(ctx, r, rid); err != nil {
			return RuleItem{}, err
		}
	}
	items, err := withFigures(ctx, r, []Rule{v}, now)
	if err != nil {
		return RuleItem{}, err
	}
	return items[0], nil
}

func withFigures(ctx context.Context, r store.Reader, all []Rule, now time.Time) ([]RuleItem, error) {
	if len(all) == 0 {
		return nil, nil
	}
	ids := make([]string, len(all))
	out := make([]RuleItem, len(all))
	at := map[string]*RuleItem{}
	for i, v := range all {
		out[i].Rule, ids[i] = v, v.ID
		at[v.ID] = &out[i]
	}
	right, err := precisions(ctx, r, ids)
	if err != nil {
		return nil, err
	}
	var w store.Where
	w.In("rule", ids)
	waiting, err := counts[string](ctx, r, `SELECT rule, count(*) FROM alert`+w.SQL()+` AND waiting GROUP BY rule`, w.Args()...)
	if err != nil {
		return nil, err
	}
	holds := w
	holds.And("ended = 0 AND expires > ?", store.Micros(now))
	excepted, err := counts[string](ctx, r, `SELECT rule, count(*) FROM rule_exception`+holds.SQL()+` GROUP BY rule`, holds.Args()...)
	if err != nil {
		return nil, err
	}
	for _, v := range at {
		v.Precision, v.Waiting, v.Holds = right[v.ID], waiting[v.ID], excepted[v.ID]
	}
	w.And("day >= ?", store.Micros(now.Add(-ruleWindow)))
	_, err = store.All(ctx, r, func(s store.Scanner) (struct{}, error) {
		var rule string
		var hits, shadow, held, looked, nanos int64
		err := s.Scan(&rule, &hits, &shadow, &held, &looked, &nanos)
		v := at[rule]
		v.Hits, v.Shadow, v.Excepted, v.Looked, v.Cost = hits, shadow, held, looked, time.Duration(nanos)
		return struct{}{}, err
	}, `SELECT rule, CAST(sum(hits) AS BIGINT), CAST(sum(shadow) AS BIGINT), CAST(sum(excepted) AS BIGINT), CAST(sum(candidates) AS BIGINT), CAST(sum(nanos) AS BIGINT)
		FROM rule_day`+w.SQL()+` GROUP BY rule`, w.Args()...)
	return out, err
}

// Days reads what a rule did in each day since an instant, the oldest first; days without anything have no row.
func Days(ctx context.Context, r store.Reader, rid string, since time.Time) ([]RuleDay, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return nil, err
	}
	return store.All(ctx, r, func(s store.Scanner) (RuleDay, error) {
		d := RuleDay{Rule: rid}
		var day, nanos int64
		err := s.Scan(&day, &d.Hits, &d.Shadow, &d.Excepted, &d.Candidates, &nanos)
		d.Day, d.Spent = store.Time(day), time.Duration(nanos)
		return d, err
	}, `SELECT day, hits, shadow, excepted, candidates, nanos FROM rule_day WHERE rule = $1 AND day >= $2 ORDER BY day`, rid, store.Micros(since))
}

// Revision is a text that a rule had.
type Revision struct {
	ID, Digest, Body, Author string
	Number                   int
	At                       time.Time
}

// Revisions reads the texts of a rule, the newest first.
func Revisions(ctx context.Context, r store.Reader, rid string) ([]Revision, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return nil, err
	}
	return store.All(ctx, r, func(s store.Scanner) (Revision, error) {
		var v Revision
		var at int64
		err := s.Scan(&v.ID, &v.Number, &v.Digest, &v.Body, &at, &v.Author)
		v.At = store.Time(at)
		return v, err
	}, `SELECT id, number, digest, body, at, author FROM rule_revision WHERE rule = $1 ORDER BY number DESC LIMIT 50`, rid)
}

// TextOf reads the text of a rule with a digest: what an alert was raised by.
func TextOf(ctx context.Context, r store.Reader, rid, digest string) (string, error) {
	all, err := store.All(ctx, r, store.Value[string], `SELECT body FROM rule_revision WHERE rule = $1 AND digest = $2 ORDER BY number DESC LIMIT 1`, rid, digest)
	if err != nil || len(all) == 0 {
		return "", err
	}
	return all[0], nil
}

// HitItem is a hit of a rule and what was said about it.
type HitItem struct {
	Event, Entity, Device, Alert string
	At                           time.Time
	Effect                       Effect
	Verdict                      Truth // "" when nobody judged it
	Judge                        string
}

// Hits reads the latest hits of a rule, within the sites that the reader may see.
func Hits(ctx context.Context, r store.Reader, rid string, limit int) ([]HitItem, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return nil, err
	}
	var w store.Where
	w.And("h.rule = ?", rid)
	w.Scope(scope, "h.site", "")
	query := `SELECT h.event, h.entity, h.device, h.alert, h.at, h.effect, coalesce(j.verdict, ''), coalesce(j.author, '')
		FROM rule_hit h LEFT JOIN rule_judgement j ON j.rule = h.rule AND j.event = h.event` + w.SQL() + ` ORDER BY h.at DESC, h.event DESC` + w.Limit(limit)
	return store.All(ctx, r, func(s store.Scanner) (HitItem, error) {
		var v HitItem
		var at int64
		err := s.Scan(&v.Event, &v.Entity, &v.Device, &v.Alert, &at, &v.Effect, &v.Verdict, &v.Judge)
		v.At = store.Time(at)
		return v, err
	}, query, w.Args()...)
}

// Tried reads what a rule showed since it came into its state.
func Tried(ctx context.Context, r store.Reader, v Rule, now time.Time) (Trial, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return Trial{}, err
	}
	return trialOf(ctx, r, v, now)
}

// Written is a rule with its text, and whether its makers or a back-test tried that text.
type Written struct {
	Rule
	Body   string
	Tested bool
}

// RuleTexts reads every rule that is not retired with its text, by id.
func RuleTexts(ctx context.Context, r store.Reader) ([]Written, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return nil, err
	}
	bodies := map[string]Written{}
	if _, err := store.All(ctx, r, func(s store.Scanner) (struct{}, error) {
		var id string
		var w Written
		err := s.Scan(&id, &w.Body, &w.Tested)
		bodies[id] = w
		return struct{}{}, err
	}, `SELECT d.id, t.body, d.origin = 'pack' OR EXISTS (SELECT 1 FROM rule_backtest b WHERE b.rule = d.id AND b.digest = d.digest)
		FROM detection_rule d JOIN rule_revision t ON t.id = d.revision WHERE d.state <> 'retired'`); err != nil {
		return nil, err
	}
	all, err := store.All(ctx, r, scanRule, `SELECT `+ruleColumns+` FROM detection_rule WHERE state <> 'retired' ORDER BY id`)
	out := make([]Written, len(all))
	for i, v := range all {
		out[i] = bodies[v.ID]
		out[i].Rule = v
	}
	return out, err
}
