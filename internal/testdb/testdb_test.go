package testdb

import (
	"context"
	"database/sql"
	"testing"

	"triward/internal/store"
)

func rows(t *testing.T, db *store.DB) (n int) {
	t.Helper()
	if err := db.View(context.Background(), func(r store.Reader) error {
		return r.QueryRow(context.Background(), `SELECT (SELECT count(*) FROM journal) + (SELECT count(*) FROM site) + (SELECT seq FROM journal_head)`).Scan(&n)
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func addSite(t *testing.T, db *store.DB) {
	t.Helper()
	if err := db.Update(System(), func(tx *store.Tx) error {
		if _, err := tx.Exec(context.Background(), `INSERT INTO site (id, name, name_key, at) VALUES ('site_1', 'North', 'north', 0)`); err != nil {
			return err
		}
		_, err := tx.Record(context.Background(), store.Event{Kind: "site.added", Subject: "site_1"})
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func TestEachTestBeginsEmpty(t *testing.T) {
	for range 3 {
		Each(t, func(t *testing.T, db *store.DB) {
			if n := rows(t, db); n != 0 {
				t.Errorf("a new database holds %d rows", n)
			}
			addSite(t, db)
		})
	}
}

// What a test did to its database is gone for the next one, also when it left a session in the middle of a transaction.
func TestDatabasesAreReusedSafely(t *testing.T) {
	for name, statement := range map[string]string{
		"rows":    `SELECT 1`,
		"trigger": `ALTER TABLE journal DISABLE TRIGGER ALL`,
		"table":   `CREATE TABLE more (id TEXT)`,
		"column":  `ALTER TABLE site ADD COLUMN more TEXT`,
		"index":   `CREATE INDEX more ON site (name)`,
		"large":   `INSERT INTO import_row (import_id, position, body) SELECT 'i', g, repeat(md5(g::text), 30) FROM generate_series(1, 20000) g`,
	} {
		t.Run(name, func(t *testing.T) {
			var address string
			t.Run("change", func(t *testing.T) {
				address = Postgres(t)
				raw, err := sql.Open("pgx", address)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := raw.Exec(statement); err != nil {
					t.Fatal(err)
				}
				tx, err := raw.Begin() // and never ends
				if err != nil {
					t.Fatal(err)
				}
				if _, err := tx.Exec(`INSERT INTO site (id, name, name_key, at) VALUES ('site_2', 'South', 'south', 0)`); err != nil {
					t.Fatal(err)
				}
			})
			t.Run("look", func(t *testing.T) {
				again := Postgres(t)
				if again != address {
					t.Errorf("the database %s was not used again: %s", address, again)
				}
				db := open(t, again, NewClock())
				if n := rows(t, db); n != 0 {
					t.Errorf("%d rows are left", n)
				}
				addSite(t, db)
				if err := db.Update(System(), func(tx *store.Tx) error {
					_, err := tx.Exec(context.Background(), `DELETE FROM journal`)
					return err
				}); err == nil {
					t.Error("the journal may be changed")
				}
				raw, err := sql.Open("pgx", again)
				if err != nil {
					t.Fatal(err)
				}
				defer raw.Close()
				var n int
				if err := raw.QueryRow(`SELECT (SELECT count(*) FROM pg_class WHERE relname = 'more') + (SELECT count(*) FROM import_row)`).Scan(&n); err != nil || n != 0 {
					t.Errorf("%d traces are left, %v", n, err)
				}
			})
		})
	}
}

func TestNoTwoTestsShareADatabase(t *testing.T) {
	if a, b := Postgres(t), Postgres(t); a == b {
		t.Errorf("%s was given twice", a)
	}
}
