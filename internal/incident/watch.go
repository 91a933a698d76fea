package incident

import (
	"context"
	"fmt"
	"time"

	"triward/internal/store"
)

// clockSlack is how much a clock may stand before the greatest instant that was seen without having been set back: what time
// services put right.
const clockSlack = 2 * time.Second

// stillOpen are the actions whose instants a clock that is set back would make longer.
const stillOpen = `state IN ('planned', 'executing', 'verifying', 'holding', 'failed')`

// keepTime notes the greatest instant while actions are planned or in force. Where the clock was set back, nothing becomes
// longer by that: what is in force returns by as much earlier, and checks and sign-offs end by as much earlier. The clock of
// another machine that takes over counts as one that was set. A clock set forward ends everything earlier by itself.
func (c Cases) keepTime(ctx context.Context) error {
	var latest int64
	open := 0
	err := c.DB.View(ctx, func(r store.Reader) (err error) {
		if open, err = store.Value[int](r.QueryRow(ctx, `SELECT count(*) FROM containment WHERE `+stillOpen)); err == nil {
			latest, err = store.Value[int64](r.QueryRow(ctx, `SELECT COALESCE(max(latest), 0) FROM containment_watch`))
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("read the watch of containment: %w", err)
	}
	now := c.DB.Now()
	back := store.Time(latest).Sub(now)
	switch {
	case open == 0 && latest == 0, open > 0 && latest != 0 && back >= 0 && back <= clockSlack:
		return nil
	case open > 0 && latest != 0 && back > clockSlack:
		return c.shorten(ctx)
	}
	return c.DB.Bulk(ctx, func(b *store.Bulk) error {
		if open == 0 { // nothing is compared with what was seen before
			_, err := b.Exec(ctx, `DELETE FROM containment_watch`)
			return err
		}
		_, err := b.Exec(ctx, `INSERT INTO containment_watch (id, latest) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET latest = excluded.latest`, store.Micros(now))
		return err
	})
}

// shorten takes from every action what the clock was set back by.
func (c Cases) shorten(ctx context.Context) error {
	return c.DB.Update(ctx, func(tx *store.Tx) error {
		latest, err := store.Value[int64](tx.QueryRow(ctx, `SELECT COALESCE(max(latest), 0) FROM containment_watch`))
		back := store.Time(latest).Sub(tx.Now)
		if err != nil || back <= clockSlack {
			return err
		}
		all, err := store.All(ctx, tx, scanAction, `SELECT `+actionColumns+` FROM containment WHERE `+stillOpen+` ORDER BY planned, id`)
		if err != nil {
			return err
		}
		for _, a := range all {
			i, err := one(ctx, tx, a.Incident)
			if err != nil {
				return err
			}
			before := a.Return
			if a.State.InForce() {
				a.Return = a.Return.Add(-back)
			}
			if !a.CheckedAt.IsZero() {
				a.CheckedAt = a.CheckedAt.Add(-back)
			}
			if _, err := tx.Exec(ctx, `UPDATE containment_sign_off SET until = until - $2 WHERE containment = $1`, a.ID, back.Microseconds()); err != nil {
				return err
			}
			reason := "the clock was set back by " + back.Round(time.Second).String() + ": it returns, and what was signed ends, by as much earlier"
			if err := (acting{i: i, a: a}).keep(ctx, tx, KindPlanned, Body{Reason: reason, Changes: differing(Change{"returns", instant(before), instant(a.Return)})}); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, `UPDATE containment_watch SET latest = $1 WHERE id = 1`, store.Micros(tx.Now))
		return err
	})
}
