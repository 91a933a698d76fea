package detection

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"triward/internal/store"
)

const alertColumns = `a.id, a.rule, a.digest, a.title, a.level, a.entity, a.device, a.source, a.site, a.ward, a.in_use, a.state, a.reason, a.feedback, a.note, a.target, a.assignee, a.previous,
	a.exercise, a.explanation, a.listed, coalesce(n.hits, a.listed), a.first, coalesce(n.last, a.last), a.opened, a.opener, a.due, a.acknowledged, a.acknowledged_by, a.closed, a.changed`

const alertTables = `alert a LEFT JOIN alert_count n ON n.alert = a.id`

func scanAlert(s store.Scanner) (Alert, error) {
	var a Alert
	var first, last, opened, due, acked, closed, changed int64
	var why string
	err := s.Scan(&a.ID, &a.Rule, &a.Digest, &a.Title, &a.Level, &a.Entity, &a.Device, &a.Source, &a.Site, &a.Ward, &a.InUse, &a.State, &a.Reason, &a.Feedback, &a.Note, &a.Target, &a.Assignee,
		&a.Previous, &a.Exercise, &why, &a.Listed, &a.Hits, &first, &last, &opened, &a.Opener, &due, &acked, &a.AckedBy, &closed, &changed)
	a.First, a.Last, a.Opened, a.Due, a.Acked, a.Closed, a.Changed = store.Time(first), store.Time(last), store.Time(opened), store.Time(due), store.Time(acked), store.Time(closed), store.Time(changed)
	a.Hits = max(a.Hits, int64(a.Listed))
	if err == nil {
		err = json.Unmarshal([]byte(why), &a.Explanation)
	}
	return a, err
}

// putAlert writes an alert; what grows with its hits (listed, first, last) only when it is new.
func putAlert(ctx context.Context, tx *store.Tx, a Alert) error {
	why, err := json.Marshal(a.Explanation)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO alert (id, rule, digest, title, level, urgency, entity, device, source, site, ward, in_use, state, reason, feedback, note, target, assignee, previous, exercise,
		explanation, listed, first, last, opened, opener, due, acknowledged, acknowledged_by, closed, changed, waiting)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, 0, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31)
		ON CONFLICT (id) DO UPDATE SET state = excluded.state, reason = excluded.reason, feedback = excluded.feedback, note = excluded.note, target = excluded.target, assignee = excluded.assignee,
		due = excluded.due, acknowledged = excluded.acknowledged, acknowledged_by = excluded.acknowledged_by, closed = excluded.closed, changed = excluded.changed, waiting = excluded.waiting`,
		a.ID, a.Rule, a.Digest, a.Title, string(a.Level), a.Level.urgency(), a.Entity, a.Device, a.Source, a.Site, a.Ward, string(a.InUse), string(a.State), a.Reason, string(a.Feedback), a.Note, a.Target,
		a.Assignee, a.Previous, a.Exercise, string(why), store.Micros(a.First), store.Micros(a.Last), store.Micros(a.Opened), a.Opener, store.Micros(a.Due), store.Micros(a.Acked), a.AckedBy,
		store.Micros(a.Closed), store.Micros(a.Changed), a.State.waits())
	return err
}

// GetAlert reads an alert. A merged one is read too; its Target names the other.
func GetAlert(ctx context.Context, r store.Reader, aid string) (Alert, error) {
	a, err := alertRow(ctx, r, aid)
	if err != nil {
		return Alert{}, err
	}
	if MayRead(ctx, KindRead, a.Site) != nil {
		return Alert{}, errNoAlert
	}
	return a, nil
}

// Resolve is the alert that an id leads to after all merges.
func Resolve(ctx context.Context, r store.Reader, aid string) (string, error) {
	for range mostAtOnce {
		a, err := GetAlert(ctx, r, aid)
		if err != nil || a.State != Merged {
			return aid, err
		}
		aid = a.Target
	}
	return aid, nil
}

// EventsOf reads the events that an alert lists, the earliest first.
func EventsOf(ctx context.Context, r store.Reader, alert string) ([]Listed, error) {
	if _, err := GetAlert(ctx, r, alert); err != nil {
		return nil, err
	}
	return store.All(ctx, r, func(s store.Scanner) (Listed, error) {
		var e Listed
		var at int64
		var matched string
		err := s.Scan(&e.Rule, &e.Event, &at, &e.Device, &e.Summary, &matched)
		e.At = store.Time(at)
		if err == nil {
			err = json.Unmarshal([]byte(matched), &e.Matched)
		}
		return e, err
	}, `SELECT rule, event, at, device, summary, matched FROM alert_event WHERE alert = $1 AND (lead OR NOT EXISTS (SELECT 1 FROM alert_event o WHERE o.alert = alert_event.alert AND o.event = alert_event.event AND o.lead))
		ORDER BY at, event LIMIT 300`, alert)
}

// Remark is a note of a person on an alert.
type Remark struct {
	Body, Author string
	At           time.Time
}

// Remarks reads the notes of an alert, the earliest first.
func Remarks(ctx context.Context, r store.Reader, alert string) ([]Remark, error) {
	if _, err := GetAlert(ctx, r, alert); err != nil {
		return nil, err
	}
	return store.All(ctx, r, func(s store.Scanner) (Remark, error) {
		var v Remark
		var at int64
		err := s.Scan(&v.Body, &v.Author, &at)
		v.At = store.Time(at)
		return v, err
	}, `SELECT body, author, at FROM alert_note WHERE alert = $1 ORDER BY at, id`, alert)
}

// MergedInto reads the alerts that were merged into one.
func MergedInto(ctx context.Context, r store.Reader, alert string) ([]Alert, error) {
	return store.All(ctx, r, scanAlert, `SELECT `+alertColumns+` FROM `+alertTables+` WHERE a.target = $1 AND a.state = 'merged' ORDER BY a.opened, a.id`, alert)
}

// AlertQuery chooses alerts. Zero fields do not restrict.
type AlertQuery struct {
	State    State
	Waiting  bool // those that people are asked to look at
	Level    Level
	Site     string
	Device   string
	Rule     string
	Entity   string
	Assignee string
	Nobody   bool // those that nobody has
	InUse    bool // those whose device counts as in use
	Overdue  bool
	Real     bool // leaves out those of exercises
	Reason   Reason
	Text     string // words of the title
	From, To time.Time
	Sort     string // of [AlertSorts]; "" the most urgent first, the oldest of them first
	After    string
	Limit    int
	Now      time.Time // for Overdue
}

// AlertSorts are the orders of the queue.
func AlertSorts() store.Sorts {
	id, opened := store.ByText("a.id"), store.ByNumber("a.opened")
	return store.Sorts{"urgency": {store.ByNumber("a.urgency"), opened, id}, "opened": {opened, id}, "changed": {store.ByNumber("a.changed"), id}, "state": {store.ByText("a.state"), store.ByNumber("a.urgency"), opened, id},
		"site": {store.ByText("a.site"), store.ByNumber("a.urgency"), opened, id}}
}

func (q AlertQuery) where(scope store.Scope) store.Where {
	var w store.Where
	w.Scope(scope, "a.site", "")
	for _, c := range []struct{ column, value string }{{"a.state", string(q.State)}, {"a.level", string(q.Level)}, {"a.site", q.Site}, {"a.device", q.Device}, {"a.rule", q.Rule}, {"a.entity", q.Entity}, {"a.assignee", q.Assignee}, {"a.reason", string(q.Reason)}} {
		if c.value != "" {
			w.And(c.column+" = ?", c.value)
		}
	}
	if q.Waiting {
		w.And("a.waiting")
	}
	if q.Nobody {
		w.And("a.assignee = ''")
	}
	if q.Real {
		w.And("a.exercise = ?", false)
	}
	if q.InUse {
		w.And("a.device <> '' AND a.in_use <> 'no'")
	}
	if q.Overdue {
		w.And("a.waiting AND a.acknowledged = 0 AND a.due < ?", store.Micros(q.Now))
	}
	for _, word := range strings.Fields(q.Text) {
		w.And("lower(a.title) LIKE ?", "%"+strings.NewReplacer("%", "", "_", "").Replace(strings.ToLower(word))+"%")
	}
	if !q.From.IsZero() {
		w.And("a.opened >= ?", store.Micros(q.From))
	}
	if !q.To.IsZero() {
		w.And("a.opened < ?", store.Micros(q.To))
	}
	return w
}

// ListAlerts reads a page of the queue.
func ListAlerts(ctx context.Context, r store.Reader, q AlertQuery) (store.Page[Alert], error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return store.Page[Alert]{}, err
	}
	sort, err := AlertSorts().Named(q.Sort, "urgency")
	if err != nil {
		return store.Page[Alert]{}, err
	}
	return store.List(ctx, r, store.Listing{Columns: alertColumns, From: alertTables, Where: q.where(scope), Sort: sort, After: q.After, Limit: q.Limit}, scanAlert)
}

// CountAlerts counts the alerts that fit, and stops at most.
func CountAlerts(ctx context.Context, r store.Reader, q AlertQuery, most int) (int, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return 0, err
	}
	return store.CountUpTo(ctx, r, "alert a", q.where(scope), most)
}

// Precision is how often a rule was right, by what people said when they closed its alerts and judged its hits.
type Precision struct{ True, False int64 }

// N is how many were said.
func (p Precision) N() int64 { return p.True + p.False }

// Share is the true ones among all, and false when nobody has said anything.
func (p Precision) Share() (float64, bool) {
	if p.N() == 0 {
		return 0, false
	}
	return float64(p.True) / float64(p.N()), true
}

// precisions reads the precision of rules. An alert that became part of a case or is benign was what its rule looks for.
func precisions(ctx context.Context, r store.Reader, rules []string) (map[string]Precision, error) {
	out := map[string]Precision{}
	add := func(s store.Scanner) (struct{}, error) {
		var rule string
		var right, wrong int64
		err := s.Scan(&rule, &right, &wrong)
		p := out[rule]
		out[rule] = Precision{p.True + right, p.False + wrong}
		return struct{}{}, err
	}
	for part := range slices.Chunk(rules, 150) {
		var w store.Where
		w.In("rule", part)
		if _, err := store.All(ctx, r, add, `SELECT rule, coalesce(sum(CASE WHEN state = 'escalated' OR reason = 'benign_true_positive' THEN 1 ELSE 0 END), 0), coalesce(sum(CASE WHEN reason = 'false_positive' THEN 1 ELSE 0 END), 0)
			FROM alert`+w.SQL()+` GROUP BY rule`, w.Args()...); err != nil {
			return nil, err
		}
		if _, err := store.All(ctx, r, add, `SELECT rule, coalesce(sum(CASE WHEN verdict = 'true_positive' THEN 1 ELSE 0 END), 0), coalesce(sum(CASE WHEN verdict = 'false_positive' THEN 1 ELSE 0 END), 0)
			FROM rule_judgement`+w.SQL()+` GROUP BY rule`, w.Args()...); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// PrecisionOver is how often rules were right, by the alerts that were closed or escalated and the hits that were judged in a
// time. Exercises do not count.
func PrecisionOver(ctx context.Context, r store.Reader, from, to time.Time) (Precision, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return Precision{}, err
	}
	var p Precision
	var w store.Where
	w.Scope(scope, "site", "")
	w.And("rule <> '' AND NOT exercise AND changed >= ? AND changed < ?", store.Micros(from), store.Micros(to))
	if err := r.QueryRow(ctx, `SELECT coalesce(sum(CASE WHEN state = 'escalated' OR reason = 'benign_true_positive' THEN 1 ELSE 0 END), 0), coalesce(sum(CASE WHEN reason = 'false_positive' THEN 1 ELSE 0 END), 0)
		FROM alert`+w.SQL(), w.Args()...).Scan(&p.True, &p.False); err != nil || !scope.All {
		return p, err // judged hits belong to no site
	}
	var right, wrong int64
	err = r.QueryRow(ctx, `SELECT coalesce(sum(CASE WHEN verdict = 'true_positive' THEN 1 ELSE 0 END), 0), coalesce(sum(CASE WHEN verdict = 'false_positive' THEN 1 ELSE 0 END), 0)
		FROM rule_judgement WHERE at >= $1 AND at < $2`, store.Micros(from), store.Micros(to)).Scan(&right, &wrong)
	return Precision{p.True + right, p.False + wrong}, err
}

// AlertsOfEvent reads the alerts that list an event, within what the reader may see.
func AlertsOfEvent(ctx context.Context, r store.Reader, event string) ([]Alert, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return nil, err
	}
	var w store.Where
	w.Scope(scope, "a.site", "")
	w.And("a.id IN (SELECT e.alert FROM alert_event e WHERE e.event = ?)", event)
	return store.All(ctx, r, scanAlert, `SELECT `+alertColumns+` FROM `+alertTables+w.SQL()+` ORDER BY a.opened, a.id LIMIT 50`, w.Args()...)
}
