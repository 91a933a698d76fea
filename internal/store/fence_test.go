package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/testdb"
)

// A statement that writes and returns rows is a change too.
func TestUpdateCountsReturningStatements(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		const insert = ` INSERT INTO lease (name, owner, until) VALUES ('a', 'b', 1) RETURNING name`
		for name, fn := range map[string]func(tx *store.Tx) error{
			"row": func(tx *store.Tx) error { var s string; return tx.QueryRow(ctx, insert).Scan(&s) },
			"rows": func(tx *store.Tx) error {
				_, err := store.All(ctx, tx, store.Value[string], insert)
				return err
			},
		} {
			if err := db.Update(ctx, fn); err == nil || !strings.Contains(err.Error(), "without recording an event") {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// After a refused statement PostgreSQL commits nothing; the store sees to it that SQLite does not either.
func TestUpdateDoesNotCommitAfterRefusedStatement(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		const insert = `INSERT INTO lease (name, owner, until) VALUES ('a', 'b', 1)`
		err := db.Update(ctx, func(tx *store.Tx) error {
			if _, err := tx.Record(ctx, store.Event{Kind: "test.done"}); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, insert); err != nil {
				return err
			}
			var s string
			if err := tx.QueryRow(ctx, insert+` RETURNING name`).Scan(&s); problem.KindOf(err) != problem.Conflict {
				t.Errorf("second insert: %v", err)
			}
			return nil
		})
		if err == nil {
			t.Error("committed")
		}
		if n := len(journal(t, db)); n != 0 {
			t.Errorf("%d entries", n)
		}
	})
}

func TestJournalTablesRefuseOtherWriters(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		if err := record(ctx, db, "test.done", "a"); err != nil {
			t.Fatal(err)
		}
		statements := []string{
			`INSERT INTO journal (seq) VALUES (2)`,
			"insert\tinto  journal_body (seq, salt, body) SELECT 2, salt, body FROM journal_body",
			`UPDATE journal_head SET seq = 9`,
			`DELETE FROM journal_body WHERE seq = 1`,
			`UPDATE JOURNAL SET kind = ''`,
			`DROP TRIGGER journal_no_UPDATE`,
			`DROP TABLE migration`,
		}
		for _, s := range statements {
			errs := map[string]error{
				"Exec":     db.Update(ctx, func(tx *store.Tx) error { _, err := tx.Exec(ctx, s); return err }),
				"Query":    db.Update(ctx, func(tx *store.Tx) error { _, err := tx.Query(ctx, s); return err }),
				"QueryRow": db.Update(ctx, func(tx *store.Tx) error { return tx.QueryRow(ctx, s).Scan() }),
				"Bulk":     db.Bulk(ctx, func(b *store.Bulk) error { _, err := b.Exec(ctx, s); return err }),
				"BulkRow":  db.Bulk(ctx, func(b *store.Bulk) error { return b.QueryRow(ctx, s).Scan() }),
				"BulkRows": db.Bulk(ctx, func(b *store.Bulk) error { _, err := b.Query(ctx, s); return err }),
				"Each":     db.Bulk(ctx, func(b *store.Bulk) error { _, err := b.Each(ctx, s, nil); return err }),
			}
			for way, err := range errs {
				if err == nil || !strings.Contains(err.Error(), "append-only") {
					t.Errorf("%s: %s: %v", way, s, err)
				}
			}
		}
		err := db.Bulk(ctx, func(b *store.Bulk) error {
			_, err := b.Load(ctx, "journal_body", []string{"seq"}, nil)
			return err
		})
		if err == nil {
			t.Error("loaded the journal")
		}
	})
}

// The triggers hold also against somebody who goes around the store.
func TestTriggersRefuseChangesOfEntries(t *testing.T) {
	check := func(t *testing.T, driver, address string, statements ...string) {
		fill(t, strings.Replace(address, "file:", "sqlite:", 1))
		db := openRaw(t, driver, address)
		for _, s := range statements {
			if _, err := db.Exec(s); err == nil || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s: %v", s, err)
			}
		}
	}
	change := []string{`UPDATE journal SET kind = 'x'`, `DELETE FROM journal WHERE seq = 5`}
	t.Run("sqlite", func(t *testing.T) {
		check(t, "sqlite", "file:"+filepath.Join(t.TempDir(), "a.db"), change...)
	})
	t.Run("postgres", func(t *testing.T) { check(t, "pgx", testdb.Postgres(t), append(change, `TRUNCATE journal`)...) })
}

// Many processes may run the same follower: each entry still counts once.
func TestFollowersOfManyProcessesCountOnce(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		const n = 30
		for range n {
			if err := record(ctx, db, "test.done", "a"); err != nil {
				t.Fatal(err)
			}
		}
		derive := store.Follower{Name: "count", Derive: func(ctx context.Context, b *store.Bulk, es []store.Entry) error {
			_, err := b.Exec(ctx, `INSERT INTO lease (name, owner, until) VALUES ('count', '', $1)
				ON CONFLICT (name) DO UPDATE SET until = lease.until + $1`, len(es))
			return err
		}}
		react := store.Follower{Name: "answer", Kinds: []string{"test.done"}, React: func(ctx context.Context, tx *store.Tx, e store.Entry) error {
			_, err := tx.Record(ctx, store.Event{Kind: "test.answered"})
			return err
		}}
		var wg sync.WaitGroup
		for range 4 {
			for _, f := range []store.Follower{derive, react} {
				wg.Go(func() {
					if err := db.CatchUp(ctx, f); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		for _, f := range []store.Follower{derive, react, derive} {
			if err := db.CatchUp(ctx, f); err != nil {
				t.Fatal(err)
			}
		}
		err := db.View(ctx, func(r store.Reader) error {
			var counted, answers int64
			if err := r.QueryRow(ctx, `SELECT until FROM lease WHERE name = 'count'`).Scan(&counted); err != nil {
				return err
			}
			err := r.QueryRow(ctx, `SELECT count(*) FROM journal WHERE kind = 'test.answered'`).Scan(&answers)
			if counted != 2*n || answers != n {
				t.Errorf("counted %d entries and %d answers, want %d and %d", counted, answers, 2*n, n)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestRecordRefusesTextThatPostgresCannotKeep(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		for _, s := range []string{"\xff", "a\x00b"} {
			if err := record(ctx, db, "test.done", s); problem.KindOf(err) != problem.Invalid {
				t.Errorf("%q: %v", s, err)
			}
		}
	})
}

func TestLoadRefusesRowOfWrongLength(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		err := db.Bulk(ctx, func(b *store.Bulk) error {
			_, err := b.Load(ctx, "lease", []string{"name", "owner", "until"}, func(yield func([]any) bool) { yield([]any{"a", "b"}) })
			return err
		})
		if err == nil {
			t.Error("no error")
		}
	})
}

func TestUpdateDeadline(t *testing.T) {
	db := testdb.SQLite(t)
	ctx, cancel := context.WithTimeout(testdb.System(), time.Millisecond)
	defer cancel()
	err := db.Update(ctx, func(tx *store.Tx) error {
		<-ctx.Done()
		_, err := tx.Record(ctx, store.Event{Kind: "test.done"})
		return err
	})
	if problem.KindOf(err) != problem.Unavailable || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error = %v", err)
	}
}

func TestDatabaseFileIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "triward.db")
	fill(t, "sqlite:"+path)
	for p, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700 | os.ModeDir} {
		if s, err := os.Stat(p); err != nil || s.Mode() != want {
			t.Errorf("%s: %v %v", p, s.Mode(), err)
		}
	}
}
