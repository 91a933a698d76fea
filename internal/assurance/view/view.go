package view

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"triward/internal/assurance/query"
	"triward/internal/problem"
	"triward/internal/store"
)

// AsOf is the instant that a view is about: records stamped until Now and journal entries until Head.
type AsOf struct {
	Now  time.Time
	Head int64
	// Present is an instant of the evaluation itself: others may have written a moment later, which makes it no past.
	Present bool
}

// At finds the journal's newest entry of an instant.
func At(ctx context.Context, r store.Reader, now time.Time) (AsOf, error) {
	a := AsOf{Now: now}
	err := r.QueryRow(ctx, `SELECT coalesce(max(seq), 0) FROM journal WHERE at <= $1`, store.Micros(now)).Scan(&a.Head)
	return a, err
}

// Origin says from what a view is made.
type Origin string

// The closed list of origins.
const (
	Journal Origin = "journal" // folded from the entries until the instant
	Stamped Origin = "stamped" // rows that say when they began and ended, and are not changed otherwise
	Today   Origin = "today"   // derived rows: there are none of the past
)

// View is one list of records.
type View struct {
	Name   string
	About  string // what a row is
	When   string // the instant of a row that a window looks at; "" when rows are states and every window sees them
	Origin Origin
	From   string // tables or kinds of events
	row    query.Row
	load   func(ctx context.Context, r store.Reader, a AsOf) ([]query.Row, error)
}

// counts says how many rows a view has, by a statement that shares nothing with how its rows are read. The placeholder is
// the instant, or for a view of the journal the number of the newest entry.
var counts = map[string]string{
	"documents":     `SELECT count(*) FROM document WHERE at <= $1`,
	"revisions":     `SELECT count(*) FROM revision v WHERE v.at <= $1 AND (v.approved > 0 AND v.approved <= $1 OR EXISTS (SELECT 1 FROM effective_range f WHERE f.revision = v.id AND f.since <= $1))`,
	"reviews":       `SELECT count(*) FROM periodic_review WHERE at <= $1`,
	"changes":       `SELECT count(*) FROM journal WHERE kind = 'document.change_opened' AND seq <= $1`,
	"deviations":    `SELECT count(*) FROM deviation WHERE at <= $1`,
	"runs":          `SELECT count(*) FROM run WHERE started <= $1`,
	"steps":         `SELECT count(*) FROM run_step WHERE at > 0 AND at <= $1`,
	"defeats":       `SELECT count(*) FROM defeat WHERE at <= $1`,
	"training":      `SELECT count(*) FROM training WHERE assigned <= $1`,
	"signatures":    `SELECT count(*) FROM journal WHERE kind = 'self.signed' AND seq <= $1`,
	"holders":       `SELECT count(*) FROM function_holder WHERE since <= $1 AND NOT (until > 0 AND until <= $1) AND NOT (ended > 0 AND ended <= $1)`,
	"accounts":      `SELECT count(DISTINCT subject) FROM journal WHERE kind = 'people.account_created' AND seq <= $1`,
	"sign_ins":      `SELECT count(*) FROM journal WHERE kind IN ('people.signed_in', 'people.sign_in_failed', 'people.sign_in_locked') AND seq <= $1`,
	"rights":        `SELECT count(*) FROM journal WHERE kind IN ('people.granted', 'people.grant_revoked') AND seq <= $1`,
	"trail_reviews": `SELECT count(*) FROM trail_review WHERE planned <= $1`,
	"inquiries":     `SELECT count(*) FROM inquiry WHERE at <= $1`,
	"devices":       `SELECT count(DISTINCT subject) FROM journal WHERE kind = 'device.registered' AND seq <= $1`,
	"models":        `SELECT count(DISTINCT product) FROM journal WHERE kind = 'product.model_added' AND seq <= $1`,
	"releases":      `SELECT count(DISTINCT subject) FROM journal WHERE kind = 'product.release_added' AND seq <= $1`,
	"feeds": `SELECT count(DISTINCT a.subject) FROM journal a WHERE a.kind = 'vuln.feed_added' AND a.seq <= $1
		AND NOT EXISTS (SELECT 1 FROM journal g WHERE g.kind = 'vuln.feed_removed' AND g.subject = a.subject AND g.seq <= $1)`,
	"verdicts":  `SELECT count(*) FROM journal WHERE kind = 'vuln.verdict_recorded' AND seq <= $1`,
	"decisions": `SELECT count(DISTINCT subject) FROM journal WHERE kind IN ('risk.decided', 'risk.accepted') AND seq <= $1`,
	"risks":     `SELECT count(*) FROM line`,
}

// Count counts the rows of the view as of an instant.
func (v View) Count(ctx context.Context, r store.Reader, a AsOf) (int, error) {
	var args []any
	switch {
	case v.Origin == Today:
	case v.Origin == Journal, v.Name == "signatures":
		args = []any{a.Head}
	default:
		args = []any{store.Micros(a.Now)}
	}
	var n int
	err := r.QueryRow(ctx, counts[v.Name], args...).Scan(&n)
	return n, err
}

// Field is a field of a view's rows.
type Field struct {
	Name   string
	Type   string // of CEL
	Person bool   // names a person
}

// Fields lists the fields of a view.
func (v View) Fields() []Field {
	t := reflect.TypeOf(v.row)
	var out []Field
	for f := range t.NumField() {
		x := t.Field(f)
		out = append(out, Field{Name: x.Tag.Get("cel"), Type: typeName(x.Type), Person: x.Tag.Get("class") == "person"})
	}
	return out
}

func typeName(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return "timestamp"
	case t == reflect.TypeFor[time.Duration]():
		return "duration"
	case t.Kind() == reflect.Slice:
		return "list(" + typeName(t.Elem()) + ")"
	case t.Kind() == reflect.Map:
		return "map(" + typeName(t.Key()) + ", " + typeName(t.Elem()) + ")"
	}
	return t.Kind().String()
}

// Views is every view, in the order of reading.
func Views() []View {
	return append(documentViews(), append(peopleViews(), fleetViews()...)...)
}

// Find is the view of a name.
func Find(name string) (View, error) {
	for _, v := range Views() {
		if v.Name == name {
			return v, nil
		}
	}
	return View{}, problem.New(problem.NotFound, "there is no view %q", name)
}

// Queryable are the views as the query engine wants them.
func Queryable() []query.View {
	var out []query.View
	for _, v := range Views() {
		out = append(out, query.View{Name: v.Name, Row: v.row})
	}
	return out
}

// Load reads the rows of a view as of an instant. Invalid when the view has no past and the instant lies in it.
func (v View) Load(ctx context.Context, r store.Reader, a AsOf) ([]query.Row, error) {
	if v.Origin == Today && !a.Present {
		head, _, err := store.JournalHead(ctx, r)
		if err != nil {
			return nil, err
		}
		if a.Head < head {
			return nil, problem.New(problem.Invalid, "the view %s is derived from what is known today and cannot be shown as of the past", v.Name)
		}
	}
	return v.load(ctx, r, a)
}

// all turns rows of one type into rows.
func all[T query.Row](rows []T, err error) ([]query.Row, error) {
	out := make([]query.Row, len(rows))
	for i, r := range rows {
		out[i] = r
	}
	return out, err
}

// from makes a load function of a typed one.
func from[T query.Row](load func(ctx context.Context, r store.Reader, a AsOf) ([]T, error)) func(context.Context, store.Reader, AsOf) ([]query.Row, error) {
	return func(ctx context.Context, r store.Reader, a AsOf) ([]query.Row, error) { return all(load(ctx, r, a)) }
}

// entries calls fn with the entries of some kinds until the instant, oldest first.
func entries(ctx context.Context, r store.Reader, a AsOf, kinds []string, fn func(e store.Entry) error) error {
	after := int64(0)
	for {
		page, err := store.Journal(ctx, r, store.JournalQuery{After: after, Before: a.Head + 1, Kinds: kinds, Limit: 1000})
		if err != nil || len(page) == 0 {
			return err
		}
		for _, e := range page {
			if err := fn(e); err != nil {
				return err
			}
		}
		after = page[len(page)-1].Seq
	}
}

// ended reports whether something that ended at an instant (zero: it has not) had ended as of a.
func (a AsOf) ended(at time.Time) bool { return !at.IsZero() && !at.After(a.Now) }

// past is an instant as it was known then: what lies after it had not happened.
func (a AsOf) past(us int64) time.Time {
	if t := store.Time(us); !t.After(a.Now) {
		return t
	}
	return time.Time{}
}

// fold makes rows of entries, one for each subject.
type fold[T any] map[string]*T

func (f fold[T]) of(id string) *T {
	if f[id] == nil {
		f[id] = new(T)
	}
	return f[id]
}

// rows are the rows by their subject.
func (f fold[T]) rows() []T {
	out := make([]T, 0, len(f))
	for _, id := range slices.Sorted(maps.Keys(f)) {
		out = append(out, *f[id])
	}
	return out
}

// body reads what an entry says. A body that was erased by law says nothing.
func body(e store.Entry, into any) error {
	if e.Body == nil {
		return nil
	}
	if err := json.Unmarshal(e.Body, into); err != nil {
		return fmt.Errorf("read entry %d: %w", e.Seq, err)
	}
	return nil
}
