package detection

import (
	"context"
	"strconv"
	"strings"
	"time"

	"triward/internal/problem"
	"triward/internal/store"
)

const sourceColumns = `id, name, transport, identity, format, zone, site, hourly, silence, state, until, reason, owner, note, at, changed`

func scanSource(s store.Scanner) (Source, error) {
	var v Source
	var silence, until, at, changed int64
	err := s.Scan(&v.ID, &v.Name, &v.Transport, &v.Identity, &v.Format, &v.Zone, &v.Site, &v.Hourly, &silence, &v.State, &until, &v.Reason, &v.Owner, &v.Note, &at, &changed)
	v.Silence, v.Until, v.At, v.Changed = time.Duration(silence)*time.Second, store.Time(until), store.Time(at), store.Time(changed)
	return v, err
}

func insertSource(ctx context.Context, tx *store.Tx, v Source) error {
	_, err := tx.Exec(ctx, `INSERT INTO event_source (id, name, transport, identity, format, zone, site, hourly, silence, state, until, reason, owner, note, at, changed, sort_name)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`, v.ID, v.Name, string(v.Transport), v.Identity, v.Format, v.Zone, v.Site, v.Hourly, int64(v.Silence/time.Second),
		string(v.State), store.Micros(v.Until), v.Reason, v.Owner, v.Note, store.Micros(v.At), store.Micros(v.Changed), strings.ToLower(v.Name))
	return err
}

func updateSource(ctx context.Context, tx *store.Tx, v Source) error {
	_, err := tx.Exec(ctx, `UPDATE event_source SET name = $2, transport = $3, identity = $4, format = $5, zone = $6, site = $7, hourly = $8, silence = $9, state = $10, until = $11,
		reason = $12, owner = $13, note = $14, changed = $15, sort_name = $16 WHERE id = $1`, v.ID, v.Name, string(v.Transport), v.Identity, v.Format, v.Zone, v.Site, v.Hourly, int64(v.Silence/time.Second),
		string(v.State), store.Micros(v.Until), v.Reason, v.Owner, v.Note, store.Micros(v.Changed), strings.ToLower(v.Name))
	return err
}

func sourceRow(ctx context.Context, r store.Reader, where string, args ...any) (Source, error) {
	return scanSource(r.QueryRow(ctx, `SELECT `+sourceColumns+` FROM event_source `+where, args...))
}

func source(ctx context.Context, r store.Reader, sid string) (Source, error) {
	v, err := sourceRow(ctx, r, `WHERE id = $1`, sid)
	if problem.KindOf(err) == problem.NotFound {
		return v, problem.New(problem.NotFound, "there is no source %q", sid)
	}
	return v, err
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

// MayRead checks that the actor may read what belongs to a site; what belongs to none is for those who may read all.
func MayRead(ctx context.Context, kind, site string) error {
	scope, err := store.ScopeOf(ctx, kind)
	if err == nil && !scope.Covers(site, "") {
		return problem.New(problem.NotFound, "it is not there, or outside of what you may see")
	}
	return err
}

// GetSource reads a source and what was last seen of it.
func GetSource(ctx context.Context, r store.Reader, sid string) (SourceItem, error) {
	v, err := source(ctx, r, sid)
	if err != nil {
		return SourceItem{}, err
	}
	if err := MayRead(ctx, KindRead, v.Site); err != nil {
		return SourceItem{}, err
	}
	items, err := withNow(ctx, r, []Source{v})
	if err != nil {
		return SourceItem{}, err
	}
	return items[0], nil
}

// SourceItem is a source with what was last seen of it.
type SourceItem struct {
	Source
	Now
	Blind int // blind intervals that are open
}

// SourceQuery chooses sources. Zero fields do not restrict.
type SourceQuery struct {
	State     SourceState // "": all but the retired
	Transport Transport
	Site      string
	Text      string // beginning of the name
	Sort      string // of [SourceSorts]
	After     string
	Limit     int
}

// SourceSorts are the orders of the list.
func SourceSorts() store.Sorts {
	id, name := store.ByText("id"), store.ByText("sort_name")
	return store.Sorts{"name": {name, id}, "state": {store.ByText("state"), name, id}, "added": {store.ByNumber("at"), id}}
}

// ListSources reads a page of sources.
func ListSources(ctx context.Context, r store.Reader, q SourceQuery) (store.Page[SourceItem], error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return store.Page[SourceItem]{}, err
	}
	sort, err := SourceSorts().Named(q.Sort, "name")
	if err != nil {
		return store.Page[SourceItem]{}, err
	}
	var w store.Where
	w.Scope(scope, "site", "")
	if q.State != "" {
		w.And("state = ?", string(q.State))
	} else {
		w.And("state <> 'retired'")
	}
	if q.Transport != "" {
		w.And("transport = ?", string(q.Transport))
	}
	if q.Site != "" {
		w.And("site = ?", q.Site)
	}
	if t := strings.ToLower(strings.TrimSpace(q.Text)); t != "" {
		w.And("sort_name >= ? AND sort_name < ?", t, t+"\U0010ffff")
	}
	p, err := store.List(ctx, r, store.Listing{Columns: sourceColumns, From: "event_source", Where: w, Sort: sort, After: q.After, Limit: q.Limit}, scanSource)
	if err != nil {
		return store.Page[SourceItem]{}, err
	}
	items, err := withNow(ctx, r, p.Items)
	return store.Page[SourceItem]{Items: items, Next: p.Next}, err
}

// Known reads every source that is not retired. It checks no permission: it is for the doors that take events.
func Known(ctx context.Context, r store.Reader) ([]Source, error) {
	return store.All(ctx, r, scanSource, `SELECT `+sourceColumns+` FROM event_source WHERE state <> 'retired' ORDER BY id`)
}

// CountSources counts the sources that the reader may see by state.
func CountSources(ctx context.Context, r store.Reader) (map[SourceState]int, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return nil, err
	}
	var w store.Where
	w.Scope(scope, "site", "")
	return counts[SourceState](ctx, r, `SELECT state, count(*) FROM event_source`+w.SQL()+` GROUP BY state`, w.Args()...)
}

func counts[K ~string](ctx context.Context, r store.Reader, query string, args ...any) (map[K]int, error) {
	out := map[K]int{}
	_, err := store.All(ctx, r, func(s store.Scanner) (struct{}, error) {
		var k string
		var n int
		err := s.Scan(&k, &n)
		out[K(k)] = n
		return struct{}{}, err
	}, query, args...)
	return out, err
}

func withNow(ctx context.Context, r store.Reader, all []Source) ([]SourceItem, error) {
	if len(all) == 0 {
		return nil, nil
	}
	ids := make([]string, len(all))
	for i, v := range all {
		ids[i] = v.ID
	}
	var w store.Where
	w.In("source", ids)
	seen, err := nows(ctx, r, w)
	if err != nil {
		return nil, err
	}
	w.And("ended = 0")
	blind, err := counts[string](ctx, r, `SELECT source, count(*) FROM blind_interval`+w.SQL()+` GROUP BY source`, w.Args()...)
	out := make([]SourceItem, len(all))
	for i, v := range all {
		out[i] = SourceItem{v, seen[v.ID], blind[v.ID]}
	}
	return out, err
}

func nows(ctx context.Context, r store.Reader, w store.Where) (map[string]Now, error) {
	out := map[string]Now{}
	_, err := store.All(ctx, r, func(s store.Scanner) (struct{}, error) {
		var v Now
		var source string
		var seen, event, lag, skew int64
		err := s.Scan(&source, &seen, &event, &lag, &skew, &v.SkewKnown, &v.Accepted, &v.Stored, &v.Faults, &v.Lost, &v.Bytes)
		v.Seen, v.Event, v.Lag, v.Skew = store.Time(seen), store.Time(event), micros(lag), micros(skew)
		out[source] = v
		return struct{}{}, err
	}, `SELECT source, seen, event, lag, skew, skew_known, accepted, stored, faults, lost, bytes FROM event_source_now`+w.SQL(), w.Args()...)
	return out, err
}

func micros(n int64) time.Duration { return time.Duration(n) * time.Microsecond }
