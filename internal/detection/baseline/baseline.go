package baseline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"triward/internal/detection"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

// Kind is how what is normal is described.
type Kind string

// The closed list of kinds.
const (
	FirstSeen Kind = "first_seen" // a set of values
	Rate      Kind = "rate"       // the median of each hour of the week, and how far it varies
)

// Baseline is what is learned about a rule and a key, such as the calling AE titles of one device.
type Baseline struct {
	ID         string // "bsl_…", from the rule and the key
	Rule       string
	RuleTitle  string // filled by reads
	Key        string // the values that it is kept for, see [Key]
	Kind       Kind
	Device     string
	Site       string
	Since      time.Time
	Learned    time.Time // when learning ends
	Last       time.Time
	Evicted    int64 // values that had no room any more
	Settled    time.Time
	SettledBy  string
	Values     int // that it holds
	Unexpected int // of them new since it had learned, and undecided
}

// Waits reports whether an owner is asked about the baseline or a value of it.
func (b Baseline) Waits(now time.Time) bool {
	return b.Settled.IsZero() && !b.Learned.After(now) || b.Unexpected > 0
}

// Key joins the values that a baseline is kept for.
func Key(values ...string) string { return strings.Join(values, " · ") }

// ID is the id of the baseline of a rule and a key.
func ID(rule, key string) string {
	sum := sha256.Sum256([]byte(rule + "\x00" + key))
	return "bsl_" + hex.EncodeToString(sum[:13])
}

// maxText bounds what people may say.
const maxText = 4_000

// Value is something that a baseline has seen.
type Value struct {
	Value       string
	First, Last time.Time
	Events      int64
	New         bool   // seen first after learning had ended
	Verdict     string // normal, not_normal, or "" while it waits
	Author      string
	At          time.Time
}

// What an owner says of a value.
const (
	Normal    = "normal"
	NotNormal = "not_normal"
)

// Desk keeps what owners decide about what was learned.
type Desk struct{ DB *store.DB }

// Settlement is a decision about what a baseline has learned (Value is ""), or about one value of it.
type Settlement struct{ Baseline, Value, Verdict, Reason string }

// Settle says that something is normal, or that a value is not.
func (s Desk) Settle(ctx context.Context, v Settlement) error {
	var l problem.List
	if v.Verdict != Normal && v.Verdict != NotNormal {
		l.Add("verdict", "must be normal or not_normal")
	}
	if v.Value == "" && v.Verdict == NotNormal {
		l.Add("verdict", "judge the values one by one: a baseline as a whole is approved, or learned again")
	}
	product.Text(&l, "reason", v.Reason, maxText)
	if v.Verdict == Normal && v.Value != "" && strings.TrimSpace(v.Reason) == "" {
		l.Add("reason", "is required: say why it is normal")
	}
	if err := l.Err("the baseline cannot be settled"); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		b, err := get(ctx, tx, v.Baseline)
		if err != nil {
			return err
		}
		if v.Value == "" && b.Learned.After(tx.Now) {
			return problem.New(problem.Conflict, "it learns until %s", b.Learned.UTC().Format("2 Jan 2006 15:04"))
		}
		if _, err := tx.Exec(ctx, `INSERT INTO baseline_decision (baseline, rule, keyed, value, verdict, reason, author, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (baseline, value) DO UPDATE SET verdict = excluded.verdict, reason = excluded.reason, author = excluded.author, at = excluded.at`,
			b.ID, b.Rule, b.Key, v.Value, v.Verdict, v.Reason, tx.Actor().Name, store.Micros(tx.Now)); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: detection.KindBaselineSettled, Subject: b.Rule, Site: b.Site, Body: detection.RuleNoted{Title: b.RuleTitle, Baseline: b.ID, Verdict: v.Verdict, Reason: v.Reason}})
		return err
	})
}

const baselineColumns = `b.id, b.rule, coalesce(d.title, b.rule), b.keyed, b.kind, b.device, b.site, b.since, b.learned, b.last, b.evicted, coalesce(s.at, 0), coalesce(s.author, ''),
	(SELECT count(*) FROM baseline_value v WHERE v.baseline = b.id),
	(SELECT count(*) FROM baseline_value v WHERE v.baseline = b.id AND v.first >= b.learned AND NOT EXISTS (SELECT 1 FROM baseline_decision o WHERE o.baseline = v.baseline AND o.value = v.value))`

const baselineTables = `baseline b LEFT JOIN detection_rule d ON d.id = b.rule LEFT JOIN baseline_decision s ON s.baseline = b.id AND s.value = ''`

func scanBaseline(s store.Scanner) (Baseline, error) {
	var b Baseline
	var since, learned, last, settled int64
	err := s.Scan(&b.ID, &b.Rule, &b.RuleTitle, &b.Key, &b.Kind, &b.Device, &b.Site, &since, &learned, &last, &b.Evicted, &settled, &b.SettledBy, &b.Values, &b.Unexpected)
	b.Since, b.Learned, b.Last, b.Settled = store.Time(since), store.Time(learned), store.Time(last), store.Time(settled)
	return b, err
}

func get(ctx context.Context, r store.Reader, bid string) (Baseline, error) {
	b, err := scanBaseline(r.QueryRow(ctx, `SELECT `+baselineColumns+` FROM `+baselineTables+` WHERE b.id = $1`, bid))
	if problem.KindOf(err) == problem.NotFound {
		return b, problem.New(problem.NotFound, "there is no such baseline")
	}
	return b, err
}

// Get reads a baseline.
func Get(ctx context.Context, r store.Reader, bid string) (Baseline, error) {
	b, err := get(ctx, r, bid)
	if err != nil {
		return b, err
	}
	return b, detection.MayRead(ctx, detection.KindRead, b.Site)
}

// Query chooses baselines.
type Query struct {
	Rule    string
	Device  string
	Waiting bool   // those that an owner is asked about
	Sort    string // of [Sorts]
	After   string
	Limit   int
	Now     time.Time
}

// Sorts are the orders of the list.
func Sorts() store.Sorts {
	id := store.ByText("b.id")
	return store.Sorts{"learned": {store.ByNumber("b.learned"), id}, "since": {store.ByNumber("b.since"), id}}
}

// List reads a page of baselines.
func List(ctx context.Context, r store.Reader, q Query) (store.Page[Baseline], error) {
	scope, err := store.ScopeOf(ctx, detection.KindRead)
	if err != nil {
		return store.Page[Baseline]{}, err
	}
	sort, err := Sorts().Named(q.Sort, "learned")
	if err != nil {
		return store.Page[Baseline]{}, err
	}
	return store.List(ctx, r, store.Listing{Columns: baselineColumns, From: baselineTables, Where: q.where(scope), Sort: sort, After: q.After, Limit: q.Limit}, scanBaseline)
}

func (q Query) where(scope store.Scope) store.Where {
	var w store.Where
	w.Scope(scope, "b.site", "")
	if q.Rule != "" {
		w.And("b.rule = ?", q.Rule)
	}
	if q.Device != "" {
		w.And("b.device = ?", q.Device)
	}
	if q.Waiting {
		w.And(`b.learned <= ? AND (s.at IS NULL OR EXISTS (SELECT 1 FROM baseline_value v WHERE v.baseline = b.id AND v.first >= b.learned
			AND NOT EXISTS (SELECT 1 FROM baseline_decision o WHERE o.baseline = v.baseline AND o.value = v.value)))`, store.Micros(q.Now))
	}
	return w
}

// Count counts the baselines that fit, and stops at most.
func Count(ctx context.Context, r store.Reader, q Query, most int) (int, error) {
	scope, err := store.ScopeOf(ctx, detection.KindRead)
	if err != nil {
		return 0, err
	}
	return store.CountUpTo(ctx, r, baselineTables, q.where(scope), most)
}

// Values reads what a baseline has seen: what waits first, then the latest.
func Values(ctx context.Context, r store.Reader, bid string) ([]Value, error) {
	if _, err := Get(ctx, r, bid); err != nil {
		return nil, err
	}
	return store.All(ctx, r, func(s store.Scanner) (Value, error) {
		var v Value
		var first, last, at int64
		err := s.Scan(&v.Value, &first, &last, &v.Events, &v.New, &v.Verdict, &v.Author, &at)
		v.First, v.Last, v.At = store.Time(first), store.Time(last), store.Time(at)
		return v, err
	}, `SELECT v.value, v.first, v.last, v.events, v.first >= b.learned, coalesce(o.verdict, ''), coalesce(o.author, ''), coalesce(o.at, 0)
		FROM baseline_value v JOIN baseline b ON b.id = v.baseline LEFT JOIN baseline_decision o ON o.baseline = v.baseline AND o.value = v.value
		WHERE v.baseline = $1 ORDER BY CASE WHEN v.first >= b.learned AND o.verdict IS NULL THEN 0 ELSE 1 END, v.last DESC, v.value LIMIT 500`, bid)
}

// Relearn forgets what a baseline has learned and decided, so that it learns anew.
func (s Desk) Relearn(ctx context.Context, bid, reason string) error {
	var l problem.List
	if strings.TrimSpace(reason) == "" {
		l.Add("reason", "is required")
	}
	product.Text(&l, "reason", reason, maxText)
	if err := l.Err("the baseline cannot be learned again"); err != nil {
		return err
	}
	if err := s.DB.Update(ctx, func(tx *store.Tx) error {
		b, err := get(ctx, tx, bid)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM baseline_decision WHERE baseline = $1`, bid); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: detection.KindBaselineSettled, Subject: b.Rule, Site: b.Site, Body: detection.RuleNoted{Title: b.RuleTitle, Baseline: b.ID, Verdict: "learn_again", Reason: reason}})
		return err
	}); err != nil {
		return err
	}
	return s.DB.Bulk(ctx, func(b *store.Bulk) error {
		for _, q := range []string{`DELETE FROM baseline_value WHERE baseline = $1`, `DELETE FROM baseline_hour WHERE baseline = $1`, `DELETE FROM baseline WHERE id = $1`} {
			if _, err := b.Exec(ctx, q, bid); err != nil {
				return err
			}
		}
		return nil
	})
}

// EvictedSum is how many values had no room in the baselines that the actor may see: what a rule calls new may be old then.
func EvictedSum(ctx context.Context, r store.Reader) (int64, error) {
	scope, err := store.ScopeOf(ctx, detection.KindRead)
	if err != nil {
		return 0, err
	}
	w := Query{}.where(scope)
	return store.Value[int64](r.QueryRow(ctx, `SELECT coalesce(sum(b.evicted), 0) FROM `+baselineTables+w.SQL(), w.Args()...))
}
