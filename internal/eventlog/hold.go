package eventlog

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/store"
)

// The kinds of events of this package.
const (
	KindHoldPlaced   = "event.hold_placed"   // its subject is the hold
	KindHoldReleased = "event.hold_released" // the same
	KindExpired      = "event.expired"       // recorded before the events go
)

// Hold keeps events whatever their age, because a case needs them (legal hold), until somebody releases it.
type Hold struct {
	ID         string // "hld_…"
	Incident   string // the case: an id or a reference outside
	Reason     string
	Query      Query // which events; it names them by more than nothing
	PlacedBy   string
	PlacedAt   time.Time
	ReleasedBy string
	ReleasedAt time.Time // zero: it is in force
	Release    string    // why it was released
}

// HoldNoted is the body of [KindHoldPlaced] and [KindHoldReleased].
type HoldNoted struct {
	Incident string `json:"incident"`
	Reason   string `json:"reason"`
	Query    Query  `json:"query"`
}

// ExpiredNoted is the body of [KindExpired].
type ExpiredNoted struct {
	Expired
	Holds []string `json:"holds,omitempty"` // that were in force
}

// Holds places and releases holds.
type Holds struct{ DB *store.DB }

const maxReason = 2000

// Place puts a hold in force and gives its id. A hold over everything is refused: then retention is to be changed.
func (h Holds) Place(ctx context.Context, hold Hold) (string, error) {
	var l problem.List
	if hold.Incident == "" || len(hold.Incident) > MaxText {
		l.Add("incident", "say for which case, in at most %d bytes", MaxText)
	}
	if strings.TrimSpace(hold.Reason) == "" || len(hold.Reason) > maxReason {
		l.Add("reason", "say why, in at most %d bytes", maxReason)
	}
	q := hold.Query
	if q.From == 0 && q.To == 0 && len(q.Where) == 0 && q.Text == "" {
		l.Add("query", "say which events: a time, a condition or a word")
	}
	l.Merge("query", q.Validate())
	if err := l.Err("the hold cannot be placed"); err != nil {
		return "", err
	}
	query, err := json.Marshal(q)
	if err != nil {
		return "", fmt.Errorf("place hold: %w", err)
	}
	if hold.ID, err = id.New("hld"); err != nil {
		return "", err
	}
	return hold.ID, h.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO event_hold (id, incident, reason, query, placed_by, placed_at, released_by, released_at, release_reason)
			VALUES ($1, $2, $3, $4, $5, $6, '', 0, '')`, hold.ID, hold.Incident, hold.Reason, string(query), tx.Actor().Name, store.Micros(tx.Now)); err != nil {
			return err
		}
		_, err := tx.Record(ctx, store.Event{Kind: KindHoldPlaced, Subject: hold.ID, Body: HoldNoted{hold.Incident, hold.Reason, q}})
		return err
	})
}

// Release ends a hold. What it kept is removed by the next expiry when it is old enough.
func (h Holds) Release(ctx context.Context, hold, reason string) error {
	if strings.TrimSpace(reason) == "" || len(reason) > maxReason {
		return problem.New(problem.Invalid, "say why the hold is released, in at most %d bytes", maxReason)
	}
	return h.DB.Update(ctx, func(tx *store.Tx) error {
		had, err := HoldByID(ctx, tx, hold)
		if err != nil {
			return err
		}
		if !had.ReleasedAt.IsZero() {
			return problem.New(problem.Conflict, "the hold was released already")
		}
		if _, err := tx.Exec(ctx, `UPDATE event_hold SET released_by = $2, released_at = $3, release_reason = $4 WHERE id = $1`,
			hold, tx.Actor().Name, store.Micros(tx.Now), reason); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindHoldReleased, Subject: hold, Body: HoldNoted{had.Incident, reason, had.Query}})
		return err
	})
}

const holdColumns = `id, incident, reason, query, placed_by, placed_at, released_by, released_at, release_reason`

func scanHold(s store.Scanner) (Hold, error) {
	var h Hold
	var query string
	var placed, released int64
	if err := s.Scan(&h.ID, &h.Incident, &h.Reason, &query, &h.PlacedBy, &placed, &h.ReleasedBy, &released, &h.Release); err != nil {
		return h, err
	}
	h.PlacedAt = store.Time(placed)
	if released != 0 {
		h.ReleasedAt = store.Time(released)
	}
	if err := json.Unmarshal([]byte(query), &h.Query); err != nil {
		return h, fmt.Errorf("read hold %s: %w", h.ID, err)
	}
	return h, nil
}

// HoldByID is one hold.
func HoldByID(ctx context.Context, r store.Reader, hold string) (Hold, error) {
	return scanHold(r.QueryRow(ctx, `SELECT `+holdColumns+` FROM event_hold WHERE id = $1`, hold))
}

// HoldsInForce are the holds that are not released, the oldest first.
func HoldsInForce(ctx context.Context, r store.Reader) ([]Hold, error) {
	return store.All(ctx, r, scanHold, `SELECT `+holdColumns+` FROM event_hold WHERE released_at = 0 ORDER BY placed_at, id`)
}

// HoldsOf are all holds of a case, the oldest first.
func HoldsOf(ctx context.Context, r store.Reader, incident string) ([]Hold, error) {
	return store.All(ctx, r, scanHold, `SELECT `+holdColumns+` FROM event_hold WHERE incident = $1 ORDER BY placed_at, id`, incident)
}

// Remove removes from a log what is older than its retention and under no hold. What goes is in the journal before it
// goes; a hold that was placed meanwhile stops the run.
func (h Holds) Remove(ctx context.Context, log Keeper, r Retention) (Expired, error) {
	var holds []Hold
	err := h.DB.View(ctx, func(r store.Reader) error {
		var err error
		holds, err = HoldsInForce(ctx, r)
		return err
	})
	if err != nil {
		return Expired{}, err
	}
	x := Expiry{Now: h.DB.Now(), Retention: r}
	for _, hold := range holds {
		x.Holds = append(x.Holds, hold.Query)
	}
	x.Record = func(gone Expired) error {
		return h.DB.Update(ctx, func(tx *store.Tx) error {
			now, err := HoldsInForce(ctx, tx)
			if err != nil {
				return err
			}
			if !slices.Equal(holdIDs(now), holdIDs(holds)) {
				return problem.New(problem.Conflict, "the holds changed while events were looked through")
			}
			_, err = tx.Record(ctx, store.Event{Kind: KindExpired, Body: ExpiredNoted{gone, holdIDs(holds)}})
			return err
		})
	}
	return log.Expire(ctx, x)
}

func holdIDs(holds []Hold) []string {
	out := make([]string, len(holds))
	for i, h := range holds {
		out[i] = h.ID
	}
	return out
}
