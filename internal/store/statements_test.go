package store_test

import (
	"context"
	"errors"
	"testing"

	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/testdb"
)

// A statement that is used again in one transaction says the same as the first time, also inside of its own loop, after an
// error, after rows that nobody read to their end, and after the table has changed.
func TestStatementsAreUsedAgain(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		err := db.Bulk(ctx, func(b *store.Bulk) error {
			if _, err := b.Exec(ctx, `CREATE TABLE step (n BIGINT PRIMARY KEY)`); err != nil {
				return err
			}
			for n := range 5 {
				if changed, err := b.Exec(ctx, `INSERT INTO step (n) VALUES ($1)`, n); changed != 1 || err != nil {
					t.Errorf("insert of %d changed %d rows, %v", n, changed, err)
				}
			}
			const from = `SELECT n FROM step WHERE n >= $1 ORDER BY n`
			for range 3 {
				outer, err := store.All(ctx, b, store.Value[int], from, 0)
				if err != nil || len(outer) != 5 {
					t.Errorf("outer = %v, %v", outer, err)
				}
			}
			if db.Dialect() == store.SQLite { // PostgreSQL has one result at a time
				if pairs := nested(t, b, from); pairs != 15 {
					t.Errorf("%d pairs, want 15", pairs)
				}
			}
			for range 3 {
				rows, err := b.Query(ctx, from, 3)
				if err != nil {
					return err
				}
				if !rows.Next() {
					t.Error("no row")
				}
				rows.Close()
				rows.Close()
				var n int
				if err := b.QueryRow(ctx, `SELECT n FROM step WHERE n = $1`, 99).Scan(&n); problem.KindOf(err) != problem.NotFound {
					t.Errorf("row 99 = %d, %v", n, err)
				}
				if err := b.QueryRow(ctx, `SELECT n FROM step WHERE n = $1`, 4).Scan(&n); n != 4 || err != nil {
					t.Errorf("row 4 = %d, %v", n, err)
				}
			}
			if _, err := b.Exec(ctx, `ALTER TABLE step ADD COLUMN more BIGINT`); err != nil {
				return err
			}
			if all, err := store.All(ctx, b, store.Value[int], from, 2); err != nil || len(all) != 3 {
				t.Errorf("after a change of the table = %v, %v", all, err)
			}
			return errUndone
		})
		if !errors.Is(err, errUndone) {
			t.Fatal(err)
		}
	})
}

var errUndone = errors.New("undone")

func nested(t *testing.T, r store.Reader, query string) (pairs int) {
	t.Helper()
	ctx := context.Background()
	rows, err := r.Query(ctx, query, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var n int
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
		inner, err := store.All(ctx, r, store.Value[int], query, n)
		if err != nil {
			t.Fatal(err)
		}
		pairs += len(inner)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return pairs
}
