package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/testdb"
)

func record(ctx context.Context, db *store.DB, kind, subject string) error {
	return db.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Record(ctx, store.Event{Kind: kind, Subject: subject, Body: map[string]string{"of": subject}})
		return err
	})
}

func TestUpdateRefusesMissingActor(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		err := record(context.Background(), db, "test.done", "a")
		if problem.KindOf(err) != problem.Forbidden {
			t.Errorf("error = %v, want Forbidden", err)
		}
	})
}

func TestUpdateRefusesRowsWithoutEvent(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		err := db.Update(ctx, func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO lease (name, owner, until) VALUES ($1, $2, $3)`, "a", "b", 1)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "without recording an event") {
			t.Errorf("error = %v", err)
		}
	})
}

func TestUpdateRefusesKindOutsideRole(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		a := store.Actor{ID: "usr_1", Grants: []store.Grant{{Kinds: []string{"device.*"}, Sites: []string{"site_1"}}}}
		ctx := store.WithActor(context.Background(), a)
		for _, ev := range []store.Event{
			{Kind: "device.moved", Site: "site_2"}, {Kind: "device.moved"}, {Kind: "risk.accepted", Site: "site_1"}, {Kind: "devices.moved", Site: "site_1"},
		} {
			err := db.Update(ctx, func(tx *store.Tx) error { _, err := tx.Record(ctx, ev); return err })
			if problem.KindOf(err) != problem.Forbidden {
				t.Errorf("%+v: error = %v, want Forbidden", ev, err)
			}
		}
		err := db.Update(ctx, func(tx *store.Tx) error {
			_, err := tx.Record(ctx, store.Event{Kind: "device.moved", Site: "site_1"})
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestReaderCannotWrite(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		err := db.View(context.Background(), func(r store.Reader) error {
			rows, err := r.Query(context.Background(), `INSERT INTO lease (name, owner, until) VALUES ($1, $2, $3) RETURNING name`, "a", "b", 1)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
			}
			return rows.Err()
		})
		if err == nil {
			t.Error("a reader could write")
		}
	})
}

func TestJournalIsAppendOnlyAndVerifies(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		for _, s := range []string{"a", "b", "c"} {
			if err := record(ctx, db, "test.done", s); err != nil {
				t.Fatal(err)
			}
		}
		for _, q := range []string{`UPDATE journal SET kind = 'x' WHERE seq = 2`, `DELETE FROM journal WHERE seq = 3`} {
			err := db.Bulk(ctx, func(b *store.Bulk) error { _, err := b.Exec(ctx, q); return err })
			if err == nil || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s: error = %v, want refusal", q, err)
			}
		}
		var entries []store.Entry
		err := db.View(ctx, func(r store.Reader) (err error) {
			entries, err = store.Journal(ctx, r, store.JournalQuery{})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for i, e := range entries {
			got = append(got, e.Subject)
			if e.Seq != int64(i+1) || !e.At.Equal(testdb.Start) || string(e.Body) != `{"of":"`+e.Subject+`"}` {
				t.Errorf("entry %d = %+v", i, e)
			}
		}
		if d := cmp.Diff([]string{"a", "b", "c"}, got); d != "" {
			t.Error(d)
		}
	})
}

func TestFailedUpdateLeavesNothing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		boom := errors.New("boom")
		err := db.Update(ctx, func(tx *store.Tx) error {
			if _, err := tx.Record(ctx, store.Event{Kind: "test.done"}); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Errorf("error = %v", err)
		}
		db.View(ctx, func(r store.Reader) error {
			seq, _, err := store.JournalHead(ctx, r)
			if seq != 0 || err != nil {
				t.Errorf("head = %d, %v", seq, err)
			}
			return nil
		})
	})
}

func TestFollowerSeesEachEntryOnce(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		var seen []string
		derive := store.Follower{Name: "derive", Kinds: []string{"test.done"}, Derive: func(_ context.Context, _ *store.Bulk, es []store.Entry) error {
			for _, e := range es {
				seen = append(seen, e.Subject)
			}
			return nil
		}}
		react := store.Follower{Name: "react", Kinds: []string{"test.done"}, React: func(ctx context.Context, tx *store.Tx, e store.Entry) error {
			if e.Subject == "b" {
				return nil
			}
			_, err := tx.Record(ctx, store.Event{Kind: "test.answered", Subject: e.Subject})
			return err
		}}
		for _, s := range []string{"a", "b"} {
			record(ctx, db, "test.done", s)
			record(ctx, db, "test.other", s)
		}
		for range 2 {
			if err := db.CatchUp(ctx, derive); err != nil {
				t.Fatal(err)
			}
			if err := db.CatchUp(ctx, react); err != nil {
				t.Fatal(err)
			}
		}
		if d := cmp.Diff([]string{"a", "b"}, seen); d != "" {
			t.Error(d)
		}
		db.View(ctx, func(r store.Reader) error {
			es, err := store.Journal(ctx, r, store.JournalQuery{Kinds: []string{"test.answered"}})
			if err != nil || len(es) != 1 || es[0].Subject != "a" {
				t.Errorf("answers = %v, %v", es, err)
			}
			return nil
		})
	})
}

func TestBulkLoad(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		const n = 1001
		rows := func(yield func([]any) bool) {
			for i := range n {
				if !yield([]any{string(rune('a'+i%26)) + string(rune(0x4e00+i)), "o", int64(i)}) {
					return
				}
			}
		}
		err := db.Bulk(ctx, func(b *store.Bulk) error {
			got, err := b.Load(ctx, "lease", []string{"name", "owner", "until"}, rows)
			if got != n {
				t.Errorf("loaded %d", got)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		db.View(ctx, func(r store.Reader) error {
			var count, sum int64
			err := r.QueryRow(ctx, `SELECT count(*), sum(until) FROM lease`).Scan(&count, &sum)
			if count != n || sum != n*(n-1)/2 || err != nil {
				t.Errorf("count %d sum %d %v", count, sum, err)
			}
			return nil
		})
	})
}

func TestConflict(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		err := db.Update(ctx, func(tx *store.Tx) error {
			for range 2 {
				if _, err := tx.Exec(ctx, `INSERT INTO lease (name, owner, until) VALUES ($1, $2, $3)`, "x", "y", 1); err != nil {
					return err
				}
			}
			return nil
		})
		if problem.KindOf(err) != problem.Conflict {
			t.Errorf("error = %v, want Conflict", err)
		}
	})
}

func TestLease(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		ctx := testdb.System()
		take := func(owner string, want bool) {
			t.Helper()
			got, err := db.Lease(ctx, "feeds", owner, 60e9)
			if got != want || err != nil {
				t.Errorf("Lease(%s) = %v, %v; want %v", owner, got, err, want)
			}
		}
		take("a", true)
		take("b", false)
		take("a", true)
		c.Advance(61e9)
		take("b", true)
		take("a", false)
	})
}

func TestDeriveInParts(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		calls := 0
		f := store.Follower{Name: "parts", Derive: func(ctx context.Context, b *store.Bulk, _ []store.Entry) error {
			calls++
			if _, err := b.Exec(ctx, `INSERT INTO lease (name, owner, until) VALUES ($1, 'x', 1)`, string(rune('a'+calls))); err != nil {
				return err
			}
			if calls < 3 {
				return store.ErrMore
			}
			return nil
		}}
		if err := record(ctx, db, "test.done", "a"); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time there is nothing left
			if err := db.CatchUp(ctx, f); err != nil {
				t.Fatal(err)
			}
		}
		err := db.View(ctx, func(r store.Reader) error {
			parts, err := store.All(ctx, r, store.Value[string], `SELECT name FROM lease WHERE owner = 'x'`)
			if calls != 3 || len(parts) != 3 {
				t.Errorf("%d calls kept %d parts, want 3 and 3", calls, len(parts))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
