package detection

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

// Effect is what became of a hit.
type Effect string

// The closed list of effects.
const (
	Alerted  Effect = "alerted"
	Shadow   Effect = "shadow"
	Excepted Effect = "excepted"
	Dropped  Effect = "dropped" // its rule does not run any more
)

// Taken says what [Alerts.Take] did.
type Taken struct{ Opened, Joined, Shadow, Excepted, Dropped int }

// mostListed is how many events an alert lists. Those beyond are counted, so that a storm does not fill the journal.
const mostListed = 100

// keepValue bounds what is kept of a field.
const keepValue = 400

// plan is what is to be done with a batch of hits.
type plan struct {
	effect []Effect
	alert  []string // that the hit belongs to; "" when one is to be opened
	lists  []bool   // the alert is to list it
	rules  map[string]Rule
	listed map[string]int    // by alert
	events map[string]string // alert that lists a rule's event
}

func (p *plan) records() bool { return slices.Contains(p.lists, true) }

// Take makes alerts of hits: those of one rule about one entity belong to one alert until it is closed. An event counts
// once for a rule, whatever was taken before: the caller may hand in the same hits again.
func (s Alerts) Take(ctx context.Context, hits []Hit) (Taken, error) {
	var out Taken
	if len(hits) == 0 {
		return out, nil
	}
	var p *plan
	err := s.DB.View(ctx, func(r store.Reader) (err error) { p, err = planOf(ctx, r, hits, s.DB.Now()); return err })
	if err != nil {
		return out, err
	}
	if p.records() {
		err = s.DB.Update(ctx, func(tx *store.Tx) (err error) {
			if p, err = planOf(ctx, tx, hits, tx.Now); err != nil {
				return err
			}
			out, err = s.carryOut(ctx, tx, p, hits)
			return err
		})
		if err != nil {
			return Taken{}, err
		}
	}
	for _, e := range p.effect {
		switch e {
		case Shadow:
			out.Shadow++
		case Excepted:
			out.Excepted++
		case Dropped:
			out.Dropped++
		}
	}
	return out, s.DB.Bulk(ctx, func(b *store.Bulk) error { return countHits(ctx, b, p, hits) })
}

func planOf(ctx context.Context, r store.Reader, hits []Hit, now time.Time) (*plan, error) {
	p := &plan{effect: make([]Effect, len(hits)), alert: make([]string, len(hits)), lists: make([]bool, len(hits)), listed: map[string]int{}, events: map[string]string{}}
	var ids []string
	for _, h := range hits {
		ids = append(ids, h.Rule)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	var err error
	if p.rules, err = rulesByID(ctx, r, ids); err != nil {
		return nil, err
	}
	exceptions, err := inForce(ctx, r, ids, now)
	if err != nil {
		return nil, err
	}
	if err := p.readListed(ctx, r, hits); err != nil {
		return nil, err
	}
	groups := map[[2]string]string{}
	for i, h := range hits {
		v, ok := p.rules[h.Rule]
		switch {
		case !ok || !v.State.Runs():
			p.effect[i] = Dropped
			continue
		case v.State == Canary:
			p.effect[i] = Shadow
			continue
		case slices.ContainsFunc(exceptions[h.Rule], func(e Exception) bool { return e.fits(h) }):
			p.effect[i] = Excepted
			continue
		}
		p.effect[i] = Alerted
		if of, ok := p.events[h.Rule+" "+h.Event]; ok {
			p.alert[i] = of
			continue
		}
		key := [2]string{h.Rule, h.group()}
		if _, ok := groups[key]; !ok {
			if groups[key], err = groupOf(ctx, r, h.Rule, h.group()); err != nil {
				return nil, err
			}
		}
		p.alert[i] = groups[key]
		if a := p.alert[i]; a != "" {
			if _, ok := p.listed[a]; !ok {
				var n int
				if err := r.QueryRow(ctx, `SELECT listed FROM alert WHERE id = $1`, a).Scan(&n); err != nil {
					return nil, err
				}
				p.listed[a] = n
			}
		}
		p.lists[i] = p.alert[i] == "" || p.listed[p.alert[i]] < mostListed
	}
	return p, nil
}

// readListed finds the events that alerts list already.
func (p *plan) readListed(ctx context.Context, r store.Reader, hits []Hit) error {
	for part := range slices.Chunk(hits, 150) {
		events := make([]string, len(part))
		for i, h := range part {
			events[i] = h.Event
		}
		var w store.Where
		w.In("event", events)
		if _, err := store.All(ctx, r, func(s store.Scanner) (struct{}, error) {
			var rule, event, alert string
			err := s.Scan(&rule, &event, &alert)
			p.events[rule+" "+event] = alert
			return struct{}{}, err
		}, `SELECT rule, event, alert FROM alert_event`+w.SQL()+` AND lead`, w.Args()...); err != nil {
			return err
		}
	}
	return nil
}

func groupOf(ctx context.Context, r store.Reader, rule, entity string) (string, error) {
	all, err := store.All(ctx, r, store.Value[string], `SELECT alert FROM alert_group WHERE rule = $1 AND entity = $2`, rule, entity)
	if err != nil || len(all) == 0 {
		return "", err
	}
	return all[0], nil
}

func rulesByID(ctx context.Context, r store.Reader, ids []string) (map[string]Rule, error) {
	out := own()
	for part := range slices.Chunk(ids, 150) {
		var w store.Where
		w.In("id", part)
		all, err := store.All(ctx, r, scanRule, `SELECT `+ruleColumns+` FROM detection_rule`+w.SQL(), w.Args()...)
		if err != nil {
			return nil, err
		}
		for _, v := range all {
			out[v.ID] = v
		}
	}
	return out, nil
}

// carryOut opens alerts and lists events. Later hits of the batch find what earlier ones opened.
func (s Alerts) carryOut(ctx context.Context, tx *store.Tx, p *plan, hits []Hit) (Taken, error) {
	var out Taken
	opened := map[[2]string]string{}
	joined := map[string][]string{}
	var order []string
	for i, h := range hits {
		if !p.lists[i] || p.events[h.Rule+" "+h.Event] != "" {
			if of := p.events[h.Rule+" "+h.Event]; of != "" && p.effect[i] == Alerted {
				p.alert[i] = of
			}
			continue
		}
		key := [2]string{h.Rule, h.group()}
		if p.alert[i] == "" {
			p.alert[i] = opened[key]
		}
		if p.alert[i] == "" {
			a, err := s.open(ctx, tx, p.rules[h.Rule], h)
			if err != nil {
				return out, err
			}
			p.alert[i], opened[key] = a, a
			out.Opened++
		} else if joined[p.alert[i]] == nil && !slices.Contains(order, p.alert[i]) {
			order = append(order, p.alert[i])
		}
		a := p.alert[i]
		if p.listed[a] >= mostListed {
			continue
		}
		n, err := list(ctx, tx, a, h, mostListed-p.listed[a])
		if err != nil {
			return out, err
		}
		p.listed[a] += n
		p.events[h.Rule+" "+h.Event] = a
		joined[a] = append(joined[a], h.Event)
	}
	for _, a := range order {
		if len(joined[a]) == 0 {
			continue
		}
		out.Joined++
		v, err := alertRow(ctx, tx, a)
		if err != nil {
			return out, err
		}
		if err := recordAlert(ctx, tx, KindAlertJoined, v, AlertNoted{Events: joined[a]}); err != nil {
			return out, err
		}
	}
	return out, nil
}

// list adds a hit's events to an alert, at most as many as there is room for, and returns how many.
func list(ctx context.Context, tx *store.Tx, alert string, h Hit, room int) (int, error) {
	all := append([]Listed{{Rule: h.Rule, Event: h.Event, At: h.At, Device: h.Device, Summary: h.Summary, Matched: h.Fields}}, h.Others...)
	done := 0
	for i, e := range all {
		if done == room {
			break
		}
		matched, err := json.Marshal(short(e.Matched))
		if err != nil {
			return done, err
		}
		n, err := tx.Exec(ctx, `INSERT INTO alert_event (alert, event, lead, rule, at, device, summary, matched) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
			alert, e.Event, i == 0, e.Rule, store.Micros(e.At), e.Device, cut(e.Summary), string(matched))
		if err != nil {
			return done, err
		}
		done += int(n)
	}
	first, last := all[0].At, all[0].At
	for _, e := range all {
		if e.At.Before(first) {
			first = e.At
		}
		last = later(last, e.At)
	}
	_, err := tx.Exec(ctx, `UPDATE alert SET listed = listed + $2, first = CASE WHEN first > $3 THEN $3 ELSE first END, last = CASE WHEN last < $4 THEN $4 ELSE last END, changed = $5 WHERE id = $1`,
		alert, done, store.Micros(first), store.Micros(last), store.Micros(tx.Now))
	return done, err
}

func short(all []Matched) []Matched {
	out := slices.Clone(all[:min(len(all), 40)])
	for i := range out {
		out[i].Value = cut(out[i].Value)
	}
	return out
}

func cut(s string) string {
	if len(s) <= keepValue {
		return s
	}
	for i := range s {
		if i > keepValue {
			return s[:i] + "…"
		}
	}
	return s
}

func (s Alerts) open(ctx context.Context, tx *store.Tx, v Rule, h Hit) (string, error) {
	aid, err := id.New("alr")
	if err != nil {
		return "", err
	}
	before, err := store.All(ctx, tx, store.Value[string], `SELECT id FROM alert WHERE rule = $1 AND entity = $2 AND exercise = $3 ORDER BY opened DESC LIMIT 1`, h.Rule, h.Entity, false)
	if err != nil {
		return "", err
	}
	a := Alert{ID: aid, Rule: h.Rule, Digest: h.Digest, Title: v.Title, Level: v.Level.or(), Entity: h.Entity, Device: h.Device, Source: h.Source, Site: h.Site, Ward: h.Ward, InUse: h.InUse,
		State: New, Exercise: h.Exercise != "", Explanation: h.Explanation, First: h.At, Last: h.At, Opened: tx.Now, Changed: tx.Now}
	a.Explanation.Fields = short(h.Fields)
	if a.Device != "" && a.InUse == "" {
		a.InUse = product.NotKnown
	}
	if len(before) > 0 && !a.Exercise {
		a.Previous = before[0]
	}
	a.Due = s.due(a.Level, tx.Now)
	if err := putAlert(ctx, tx, a); err != nil {
		return "", err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO alert_group (rule, entity, alert) VALUES ($1, $2, $3)`, h.Rule, h.group(), aid); err != nil {
		return "", err
	}
	return aid, recordAlert(ctx, tx, KindAlertOpened, a, AlertNoted{Events: []string{h.Event}, Previous: a.Previous})
}

// countHits keeps every hit once and counts those that were not kept before. Those of exercises say nothing of rules.
func countHits(ctx context.Context, b *store.Bulk, p *plan, hits []Hit) error {
	type key struct {
		rule string
		day  int64
	}
	days := map[key]*[3]int64{}
	alerts := map[string]int64{}
	last := map[string]int64{}
	for i, h := range hits {
		if p.effect[i] == Dropped || h.Exercise != "" {
			continue
		}
		alert := p.alert[i]
		if alert == "" && p.effect[i] == Alerted {
			alert = p.events[h.Rule+" "+h.Event]
		}
		n, err := b.Exec(ctx, `INSERT INTO rule_hit (rule, event, at, digest, entity, device, site, effect, alert) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (rule, event) DO NOTHING`,
			h.Rule, h.Event, store.Micros(h.At), h.Digest, h.Entity, h.Device, h.Site, string(p.effect[i]), alert)
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		k := key{h.Rule, store.Micros(h.At.UTC().Truncate(24 * time.Hour))}
		if days[k] == nil {
			days[k] = &[3]int64{}
		}
		days[k][slices.Index([]Effect{Alerted, Shadow, Excepted}, p.effect[i])]++
		if alert != "" {
			alerts[alert]++
			last[alert] = max(last[alert], store.Micros(h.At))
		}
	}
	for k, n := range days {
		if err := addDay(ctx, b, RuleDay{Rule: k.rule, Day: store.Time(k.day), Hits: n[0], Shadow: n[1], Excepted: n[2]}); err != nil {
			return err
		}
	}
	for a, n := range alerts {
		if _, err := b.Exec(ctx, `INSERT INTO alert_count (alert, hits, last) VALUES ($1, $2, $3) ON CONFLICT (alert) DO UPDATE SET hits = alert_count.hits + excluded.hits,
			last = CASE WHEN excluded.last > alert_count.last THEN excluded.last ELSE alert_count.last END`, a, n, last[a]); err != nil {
			return err
		}
	}
	return nil
}

// RuleDay is what a rule did in a day.
type RuleDay struct {
	Rule       string
	Day        time.Time // its beginning, UTC
	Hits       int64     // that raised or joined alerts
	Shadow     int64
	Excepted   int64
	Candidates int64         // events that were looked at closely
	Spent      time.Duration // on them
}

func addDay(ctx context.Context, b *store.Bulk, d RuleDay) error {
	_, err := b.Exec(ctx, `INSERT INTO rule_day (rule, day, hits, shadow, excepted, candidates, nanos) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (rule, day) DO UPDATE SET hits = rule_day.hits + excluded.hits, shadow = rule_day.shadow + excluded.shadow, excepted = rule_day.excepted + excluded.excepted,
		candidates = rule_day.candidates + excluded.candidates, nanos = rule_day.nanos + excluded.nanos`,
		d.Rule, store.Micros(d.Day.UTC().Truncate(24*time.Hour)), d.Hits, d.Shadow, d.Excepted, d.Candidates, d.Spent.Nanoseconds())
	return err
}

// Spend adds what rules cost; only Rule, Day, Candidates and Spent are read.
func (s Rules) Spend(ctx context.Context, all []RuleDay) error {
	if len(all) == 0 {
		return nil
	}
	return s.DB.Bulk(ctx, func(b *store.Bulk) error {
		for _, d := range all {
			if err := addDay(ctx, b, RuleDay{Rule: d.Rule, Day: d.Day, Candidates: d.Candidates, Spent: d.Spent}); err != nil {
				return err
			}
		}
		return nil
	})
}

func recordAlert(ctx context.Context, tx *store.Tx, kind string, a Alert, n AlertNoted) error {
	n.Title, n.Level, n.Rule, n.Entity, n.Device, n.State, n.Exercise = a.Title, a.Level, a.Rule, a.Entity, a.Device, a.State, a.Exercise
	_, err := tx.Record(ctx, store.Event{Kind: kind, Subject: a.ID, Site: a.Site, Body: n})
	return err
}

func alertRow(ctx context.Context, r store.Reader, aid string) (Alert, error) {
	a, err := scanAlert(r.QueryRow(ctx, `SELECT `+alertColumns+` FROM `+alertTables+` WHERE a.id = $1`, aid))
	if problem.KindOf(err) == problem.NotFound {
		return a, errNoAlert
	}
	return a, err
}
