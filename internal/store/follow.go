package store

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// Follower reacts to the journal. Its position commits together with what it wrote, so that each entry counts once,
// also after a crash. Exactly one of Derive and React is set.
type Follower struct {
	Name  string
	Kinds []string // kinds it wants; empty: all
	// Derive writes derived tables for a batch of entries. It may return [ErrMore] after a part of the work: the part is
	// kept, others may write, and Derive is called again with the same entries and those that came after them; see
	// [Portion].
	Derive func(ctx context.Context, b *Bulk, entries []Entry) error
	// React changes records in answer to one entry, with events of its own.
	React func(ctx context.Context, tx *Tx, e Entry) error
}

// ErrMore says that a follower did a part of what a batch asks for and must be called again. A long derivation is cut so,
// because the transaction holds the only writer on SQLite.
var ErrMore = errors.New("more of the same batch is to be derived")

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
	if f.Derive != nil {
		err = db.derive(ctx, f, pass{from, head, entries})
	} else {
		err = db.react(ctx, f, pass{from, head, entries})
	}
	if err != nil && !errors.Is(err, errPassed) {
		return 0, err
	}
	db.followed()
	return head - from, nil
}

// pass is what a follower is about to pass: the entries that it wants in (from, to].
type pass struct {
	from, to int64
	entries  []Entry
}

// errPassed says that another process ran the same follower and has passed these entries.
var errPassed = errors.New("another process has passed these entries")

func (db *DB) derive(ctx context.Context, f Follower, p pass) error {
	return db.Bulk(ctx, func(b *Bulk) error {
		if err := claim(ctx, b.Exec, derivePosition, f.Name, p); err != nil || len(p.entries) == 0 {
			return err
		}
		err := f.Derive(ctx, b, p.entries)
		if errors.Is(err, ErrMore) {
			_, err = b.Exec(ctx, derivePosition.move, p.from, f.Name, p.to)
		}
		return err
	})
}

func (db *DB) react(ctx context.Context, f Follower, p pass) error {
	return db.Update(ctx, func(tx *Tx) error {
		tx.keep = true // the position moves also when there is nothing to record
		if err := claim(ctx, tx.exec, reactPosition, f.Name, p); err != nil || len(p.entries) == 0 {
			return err
		}
		return f.React(ctx, tx, p.entries[0])
	})
}

// A position has two statements: one makes the row, one moves it from where it was read.
type position struct{ make, move string }

// What a follower derived is rebuilt after a restore, so its position is derived data too; what it reacted to stays done.
var (
	derivePosition = position{`INSERT INTO derivation (name, seq) VALUES ($1, 0) ON CONFLICT (name) DO NOTHING`,
		`UPDATE derivation SET seq = $1 WHERE name = $2 AND seq = $3`}
	reactPosition = position{`INSERT INTO follower (name, seq) VALUES ($1, 0) ON CONFLICT (name) DO NOTHING`,
		`UPDATE follower SET seq = $1 WHERE name = $2 AND seq = $3`}
)

// claim moves a follower's position before its work is done, in the same transaction. The moved row is locked until the
// transaction ends: a second process that runs the same follower waits here, then finds the position moved.
func claim(ctx context.Context, exec func(context.Context, string, ...any) (int64, error), at position, name string, p pass) error {
	if _, err := exec(ctx, at.make, name); err != nil {
		return err
	}
	n, err := exec(ctx, at.move, p.to, name, p.from)
	if err == nil && n == 0 {
		err = errPassed
	}
	return err
}

// Position is the number of the last entry that a follower has passed.
func Position(ctx context.Context, r Reader, name string) (int64, error) {
	at, err := All(ctx, r, Value[int64], `SELECT seq FROM follower WHERE name = $1 UNION ALL SELECT seq FROM derivation WHERE name = $1`, name)
	if err != nil || len(at) == 0 {
		return 0, err
	}
	return at[0], nil
}

// Restart lets a follower that derives begin again with the first entry; what it derived is to be deleted in the same Bulk.
func (b *Bulk) Restart(ctx context.Context, follower string) error {
	if _, err := b.Exec(ctx, `DELETE FROM derivation_portion WHERE name = $1`, follower); err != nil {
		return err
	}
	_, err := b.Exec(ctx, `DELETE FROM derivation WHERE name = $1`, follower)
	return err
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

// Settled returns when followers have passed every entry that stood in the journal when it was called, or when ctx ends. It
// says whether they have.
func (db *DB) Settled(ctx context.Context, followers ...string) (bool, error) {
	var until int64
	if err := db.View(ctx, func(r Reader) (err error) {
		until, _, err = JournalHead(ctx, r)
		return err
	}); err != nil {
		return false, err
	}
	for ctx.Err() == nil {
		passed, behind := db.Passed(), false
		if err := db.View(ctx, func(r Reader) error {
			for _, f := range followers {
				at, err := Position(ctx, r, f)
				if err != nil {
					return err
				}
				behind = behind || at < until
			}
			return nil
		}); err != nil && ctx.Err() == nil {
			return false, err
		}
		if ctx.Err() == nil && !behind {
			return true, nil
		}
		wait(ctx, passed, time.Second) // another process may follow
	}
	return false, nil
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
