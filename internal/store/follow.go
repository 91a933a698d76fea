package store

import (
	"context"
	"log/slog"
	"time"
)

// Follower reacts to the journal. Its position commits together with what it wrote, so that each entry counts once,
// also after a crash. Exactly one of Derive and React is set.
type Follower struct {
	Name  string
	Kinds []string // kinds it wants; empty: all
	// Derive writes derived tables for a batch of entries.
	Derive func(ctx context.Context, b *Bulk, entries []Entry) error
	// React changes records in answer to one entry, with events of its own.
	React func(ctx context.Context, tx *Tx, e Entry) error
}

const followBatch = 500

// Step lets a follower handle what waits for it, one batch, and returns how many entries it passed (wanted or not).
// Zero means that it has caught up.
func (db *DB) Step(ctx context.Context, f Follower) (int64, error) {
	var from, head int64
	var entries []Entry
	err := db.View(ctx, func(r Reader) error {
		var err error
		if from, err = Position(ctx, r, f.Name); err != nil {
			return err
		}
		if head, _, err = JournalHead(ctx, r); err != nil || head == from {
			return err
		}
		limit := followBatch
		if f.React != nil {
			limit = 1
		}
		entries, err = Journal(ctx, r, JournalQuery{After: from, Kinds: f.Kinds, Limit: limit})
		if len(entries) == limit {
			head = entries[len(entries)-1].Seq
		}
		return err
	})
	if err != nil || head == from {
		return 0, err
	}
	ctx = WithActor(ctx, System(f.Name))
	if len(entries) == 0 || f.Derive != nil {
		err = db.Bulk(ctx, func(b *Bulk) error {
			if len(entries) > 0 {
				if err := f.Derive(ctx, b, entries); err != nil {
					return err
				}
			}
			_, err := b.Exec(ctx, setPosition, f.Name, head)
			return err
		})
	} else {
		err = db.Update(ctx, func(tx *Tx) error {
			if err := f.React(ctx, tx, entries[0]); err != nil {
				return err
			}
			tx.keep = true // the position moves also when there is nothing to record
			_, err := tx.exec(ctx, setPosition, f.Name, head)
			return err
		})
	}
	if err != nil {
		return 0, err
	}
	return head - from, nil
}

const setPosition = `INSERT INTO follower (name, seq) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET seq = excluded.seq`

// Position is the number of the last entry that a follower has passed.
func Position(ctx context.Context, r Reader, name string) (int64, error) {
	at, err := All(ctx, r, Value[int64], `SELECT seq FROM follower WHERE name = $1`, name)
	if err != nil || len(at) == 0 {
		return 0, err
	}
	return at[0], nil
}

// CatchUp steps a follower until nothing waits for it.
func (db *DB) CatchUp(ctx context.Context, f Follower) error {
	for {
		n, err := db.Step(ctx, f)
		if err != nil || n == 0 {
			return err
		}
	}
}

// Follow runs a follower until ctx ends. A failure is logged and tried again with growing pauses: nothing is skipped.
func (db *DB) Follow(ctx context.Context, log *slog.Logger, f Follower) {
	pause := time.Second
	for ctx.Err() == nil {
		changed := db.Changed()
		if err := db.CatchUp(ctx, f); err != nil {
			if ctx.Err() != nil {
				return
			}
			log.Error("follower failed", "follower", f.Name, "error", err, "again_in", pause)
			wait(ctx, nil, pause)
			pause = min(2*pause, time.Minute)
			continue
		}
		pause = time.Second
		// Other processes commit too: look at least every second.
		wait(ctx, changed, time.Second)
	}
}

func wait(ctx context.Context, changed <-chan struct{}, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-changed:
	case <-t.C:
	}
}

// Lease takes or renews the right to do periodic work under a name until now+d, and reports whether owner has it.
func (db *DB) Lease(ctx context.Context, name, owner string, d time.Duration) (bool, error) {
	now := db.Now()
	var got bool
	err := db.Bulk(ctx, func(b *Bulk) error {
		n, err := b.Exec(ctx, `INSERT INTO lease (name, owner, until) VALUES ($1, $2, $3)
			ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until
			WHERE lease.owner = excluded.owner OR lease.until < $4`, name, owner, Micros(now.Add(d)), Micros(now))
		got = n > 0
		return err
	})
	return got, err
}
