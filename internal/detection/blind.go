package detection

import (
	"context"
	"slices"
	"strings"
	"time"

	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/store"
)

// BlindReason is why something was not seen.
type BlindReason string

// The closed list of reasons.
const (
	BlindSilence  BlindReason = "silence"  // the source said nothing for longer than it may
	BlindOverload BlindReason = "overload" // records came faster than they could be taken
	BlindDisk     BlindReason = "disk"     // there was no room to keep them
	BlindStopped  BlindReason = "stopped"  // Triward did not run
	BlindSender   BlindReason = "sender"   // the sender says itself that it dropped records
	BlindRefused  BlindReason = "refused"  // records broke a limit, such as their length
	BlindNoRoom   BlindReason = "no_room"  // events are kept, but correlations had no room to count them
)

// BlindReasons lists the reasons.
func BlindReasons() []BlindReason {
	return []BlindReason{BlindSilence, BlindOverload, BlindDisk, BlindStopped, BlindSender, BlindRefused, BlindNoRoom}
}

// LostUnknown stands for a number of lost records that nobody can know.
const LostUnknown = -1

// Blind is a time in which a source was not seen, or records of it were lost.
type Blind struct {
	ID      string // "bld_…"
	Source  string // "" for all of them
	Name    string // of the source, filled by reads
	Site    string
	Reason  BlindReason
	Started time.Time
	Ended   time.Time // zero while it lasts
	Lost    int64     // LostUnknown when nobody can know
	Detail  string
	At      time.Time // when it was noticed
}

// Validate reports every fault.
func (b Blind) Validate() error {
	var l problem.List
	if !slices.Contains(BlindReasons(), b.Reason) {
		l.Add("reason", "is not known")
	}
	if b.Started.IsZero() {
		l.Add("started", "is required")
	}
	if !b.Ended.IsZero() && b.Ended.Before(b.Started) {
		l.Add("ended", "lies before the start")
	}
	if b.Lost < LostUnknown {
		l.Add("lost", "must be a number, or -1 when nobody can know")
	}
	text(&l, "detail", b.Detail, maxText)
	return l.Err("the blind interval is not valid")
}

// joinBlind is how near two intervals of one source and reason must be to be one.
const joinBlind = time.Minute

// NoteBlind keeps a blind interval. One that follows another of the same source and reason within a minute, or falls into
// one that still lasts, lengthens that one and adds to what was lost. Without an end it lasts until [Sources.EndBlind].
func (s Sources) NoteBlind(ctx context.Context, b Blind) (string, error) {
	if err := b.Validate(); err != nil {
		return "", err
	}
	out := ""
	err := s.DB.Update(ctx, func(tx *store.Tx) error {
		if b.Source != "" {
			v, err := source(ctx, tx, b.Source)
			if err != nil {
				return err
			}
			b.Site = v.Site
		}
		near, err := store.All(ctx, tx, scanBlind, `SELECT `+blindColumns+` FROM blind_interval b LEFT JOIN event_source s ON s.id = b.source
			WHERE b.source = $1 AND b.reason = $2 AND (b.ended = 0 OR b.ended >= $3) AND b.started <= $4 ORDER BY b.started DESC LIMIT 1`,
			b.Source, string(b.Reason), store.Micros(b.Started.Add(-joinBlind)), store.Micros(later(b.Started, b.Ended).Add(joinBlind)))
		if err != nil {
			return err
		}
		if len(near) == 1 {
			out = near[0].ID
			return lengthen(ctx, tx, near[0], b)
		}
		if b.ID, err = id.New("bld"); err != nil {
			return err
		}
		b.At, out = tx.Now, b.ID
		if err := insertBlind(ctx, tx, b); err != nil {
			return err
		}
		kind := KindBlindBegun
		if !b.Ended.IsZero() {
			kind = KindBlindEnded
		}
		return recordBlind(ctx, tx, kind, b)
	})
	return out, err
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func lengthen(ctx context.Context, tx *store.Tx, old, b Blind) error {
	if b.Started.Before(old.Started) {
		old.Started = b.Started
	}
	if b.Lost != LostUnknown && old.Lost != LostUnknown {
		old.Lost += b.Lost
	} else {
		old.Lost = LostUnknown
	}
	kind := KindBlindBegun
	switch {
	case b.Ended.IsZero() && !old.Ended.IsZero(): // it goes on
		old.Ended = time.Time{}
	case !b.Ended.IsZero() && !old.Ended.IsZero():
		old.Ended, kind = later(old.Ended, b.Ended), KindBlindEnded
	case b.Ended.IsZero() && b.Lost == 0:
		return nil // nothing new
	}
	if b.Detail != "" {
		old.Detail = b.Detail
	}
	if err := updateBlind(ctx, tx, old); err != nil {
		return err
	}
	return recordBlind(ctx, tx, kind, old)
}

// EndBlind ends the interval of a source and reason that still lasts; it is no fault when there is none.
func (s Sources) EndBlind(ctx context.Context, source string, reason BlindReason, at time.Time) error {
	open := func(r store.Reader) ([]Blind, error) {
		return store.All(ctx, r, scanBlind, `SELECT `+blindColumns+` FROM blind_interval b LEFT JOIN event_source s ON s.id = b.source
			WHERE b.source = $1 AND b.reason = $2 AND b.ended = 0`, source, string(reason))
	}
	var found []Blind
	if err := s.DB.View(ctx, func(r store.Reader) (err error) { found, err = open(r); return err }); err != nil || len(found) == 0 {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		found, err := open(tx)
		if err != nil || len(found) == 0 {
			return err
		}
		b := found[0]
		b.Ended = later(b.Started, at)
		if err := updateBlind(ctx, tx, b); err != nil {
			return err
		}
		return recordBlind(ctx, tx, KindBlindEnded, b)
	})
}

func recordBlind(ctx context.Context, tx *store.Tx, kind string, b Blind) error {
	_, err := tx.Record(ctx, store.Event{Kind: kind, Subject: b.Source, Site: b.Site, Body: BlindNoted{Interval: b.ID, Reason: b.Reason, Started: Instant(b.Started), Ended: Instant(b.Ended), Lost: b.Lost, Detail: b.Detail}})
	return err
}

const blindColumns = `b.id, b.source, coalesce(s.name, ''), b.site, b.reason, b.started, b.ended, b.lost, b.detail, b.at`

func scanBlind(s store.Scanner) (Blind, error) {
	var b Blind
	var started, ended, at int64
	err := s.Scan(&b.ID, &b.Source, &b.Name, &b.Site, &b.Reason, &started, &ended, &b.Lost, &b.Detail, &at)
	b.Started, b.Ended, b.At = store.Time(started), store.Time(ended), store.Time(at)
	return b, err
}

func insertBlind(ctx context.Context, tx *store.Tx, b Blind) error {
	_, err := tx.Exec(ctx, `INSERT INTO blind_interval (id, source, site, reason, started, ended, lost, detail, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		b.ID, b.Source, b.Site, string(b.Reason), store.Micros(b.Started), store.Micros(b.Ended), b.Lost, b.Detail, store.Micros(b.At))
	return err
}

func updateBlind(ctx context.Context, tx *store.Tx, b Blind) error {
	_, err := tx.Exec(ctx, `UPDATE blind_interval SET started = $2, ended = $3, lost = $4, detail = $5 WHERE id = $1`, b.ID, store.Micros(b.Started), store.Micros(b.Ended), b.Lost, b.Detail)
	return err
}

// BlindQuery chooses blind intervals. Zero fields do not restrict.
type BlindQuery struct {
	Source   string
	Reason   BlindReason
	From, To time.Time // those that touch this time
	Open     bool
	Sort     string // of [BlindSorts]
	After    string
	Limit    int
}

// BlindSorts are the orders of the list.
func BlindSorts() store.Sorts {
	id := store.ByText("b.id")
	return store.Sorts{"started": {store.ByNumber("b.started"), id}, "ended": {store.ByNumber("b.ended"), id}}
}

// Blinds reads a page of blind intervals, the latest first. Those of all sources are read by everybody who may read any.
func Blinds(ctx context.Context, r store.Reader, q BlindQuery) (store.Page[Blind], error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return store.Page[Blind]{}, err
	}
	sort, err := BlindSorts().Named(q.Sort, "-started")
	if err != nil {
		return store.Page[Blind]{}, err
	}
	var w store.Where
	if !scope.All {
		sites := make([]any, len(scope.Sites))
		for i, v := range scope.Sites {
			sites[i] = v
		}
		w.And("(b.source = ''"+strings.Repeat(" OR b.site = ?", len(sites))+")", sites...)
	}
	if q.Source != "" {
		w.And("(b.source = ? OR b.source = '')", q.Source)
	}
	if q.Reason != "" {
		w.And("b.reason = ?", string(q.Reason))
	}
	if !q.To.IsZero() {
		w.And("b.started <= ?", store.Micros(q.To))
	}
	if !q.From.IsZero() {
		w.And("(b.ended = 0 OR b.ended >= ?)", store.Micros(q.From))
	}
	if q.Open {
		w.And("b.ended = 0")
	}
	return store.List(ctx, r, store.Listing{Columns: blindColumns, From: "blind_interval b LEFT JOIN event_source s ON s.id = b.source", Where: w, Sort: sort, After: q.After, Limit: q.Limit}, scanBlind)
}
