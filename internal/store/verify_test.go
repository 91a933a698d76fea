package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/testdb"
)

// raw is an address of a test database and a connection that goes around the store, as somebody with access to the
// machine would.
type raw struct {
	address string
	db      *sql.DB
	step    int       // flip every byte, or every so many
	audit   *store.DB // as an auditor would open it: it can only read
}

// eachRaw runs fn on databases whose triggers are switched off after five entries have been recorded.
func eachRaw(t *testing.T, fn func(t *testing.T, r raw)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, rawSQLite(t)) })
	t.Run("postgres", func(t *testing.T) {
		address := testdb.Postgres(t)
		fill(t, address)
		db := openRaw(t, "pgx", address)
		mustExec(t, db, `ALTER TABLE journal DISABLE TRIGGER ALL`)
		fn(t, raw{address: address, db: db, step: 7, audit: openInspect(t, address)})
	})
}

func rawSQLite(t *testing.T) raw {
	path := filepath.Join(t.TempDir(), "triward.db")
	fill(t, "sqlite:"+path)
	db := openRaw(t, "sqlite", "file:"+path)
	mustExec(t, db, `DROP TRIGGER journal_no_UPDATE`)
	mustExec(t, db, `DROP TRIGGER journal_no_DELETE`)
	return raw{address: "sqlite:" + path, db: db, step: 1, audit: openInspect(t, "sqlite:"+path)}
}

func openInspect(t *testing.T, address string) *store.DB {
	t.Helper()
	db, err := store.Inspect(context.Background(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func openRaw(t *testing.T, driver, address string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func mustExec(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.Exec(query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func fill(t *testing.T, address string) {
	t.Helper()
	db, err := store.Open(context.Background(), address, store.Options{Now: testdb.NewClock().Now})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx := testdb.System()
	for i := range 5 {
		err := db.Update(ctx, func(tx *store.Tx) error {
			_, err := tx.Record(ctx, store.Event{Kind: "device.moved", Subject: fmt.Sprint("dev_", i), Site: "site_a", Product: "mod_b",
				Body: map[string]string{"to": "ICU"}})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func (r raw) verify(t *testing.T) (store.Verification, *store.JournalFault) {
	t.Helper()
	ctx := context.Background()
	var v store.Verification
	err := r.audit.View(ctx, func(r store.Reader) (err error) {
		v, err = store.Verify(ctx, r, nil)
		return err
	})
	var f *store.JournalFault
	if err != nil && !errors.As(err, &f) {
		t.Fatal(err)
	}
	return v, f
}

func (r raw) wantFault(t *testing.T, seq int64, kind store.FaultKind) {
	t.Helper()
	switch _, f := r.verify(t); {
	case f == nil:
		t.Errorf("the journal verifies, want entry %d %s", seq, kind)
	case f.Seq != seq || f.Kind != kind:
		t.Errorf("fault = %v, want entry %d %s", f, seq, kind)
	}
}

func TestVerifyNamesEveryFlippedByte(t *testing.T) {
	eachRaw(t, func(t *testing.T, r raw) {
		if v, f := r.verify(t); f != nil || v.Entries != 5 {
			t.Fatalf("untouched journal: %+v %v", v, f)
		}
		flips := 0
		for _, column := range []string{"seq", "at", "actor", "actor_name", "kind", "subject", "site", "product", "body_hash", "prev", "hash"} {
			flips += r.flipColumn(t, "journal", column, func(t *testing.T, changed any) {
				switch column {
				case "seq":
					n := changed.(int64)
					if n < 3 {
						r.wantFault(t, n, store.FaultNumber)
					} else {
						r.wantFault(t, 3, store.FaultMissing)
					}
				case "body_hash", "prev", "hash":
					r.wantFault(t, 3, store.FaultField)
					if _, f := r.verify(t); !strings.Contains(f.Detail, "the field "+column+" was") {
						t.Errorf("detail %q does not name %s", f.Detail, column)
					}
				default:
					r.wantFault(t, 3, store.FaultField)
				}
			})
		}
		for _, column := range []string{"salt", "body"} {
			flips += r.flipColumn(t, "journal_body", column, func(t *testing.T, _ any) { r.wantFault(t, 3, store.FaultBody) })
		}
		if flips < 150 { // of which a step leaves some out
			t.Errorf("only %d bytes were flipped", flips)
		}
		if _, f := r.verify(t); f != nil {
			t.Errorf("not put back: %v", f)
		}
	})
}

// flipColumn changes each byte of a column of entry 3 in turn, calls check, and puts it back.
func (r raw) flipColumn(t *testing.T, table, column string, check func(t *testing.T, changed any)) int {
	t.Helper()
	var old any
	if err := r.db.QueryRow(`SELECT ` + column + ` FROM ` + table + ` WHERE seq = 3`).Scan(&old); err != nil {
		t.Fatal(err)
	}
	n := 8
	switch v := old.(type) {
	case string:
		n = len(v)
	case []byte:
		n = len(v)
	}
	set := func(to, where any) {
		mustExec(t, r.db, `UPDATE `+table+` SET `+column+` = $1 WHERE seq = $2`, to, where)
	}
	for i := 0; i < n; i += r.step {
		var changed any
		switch v := old.(type) {
		case string:
			b := []byte(v)
			b[i] ^= 1
			changed = string(b)
		case []byte:
			b := append([]byte(nil), v...)
			b[i] ^= 0x80
			changed = b
		case int64:
			changed = v ^ int64(uint64(0x80)<<(8*i))
		}
		set(changed, 3)
		check(t, changed)
		if column == "seq" {
			set(old, changed)
		} else {
			set(old, 3)
		}
	}
	return n
}

func TestVerifyNamesDeletedInsertedAndReordered(t *testing.T) {
	const copyOf = `INSERT INTO journal SELECT $1, at, actor, actor_name, kind, subject, site, product, body_hash, prev, hash FROM journal WHERE seq = $2`
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, db *sql.DB)
		seq   int64
		kind  store.FaultKind
	}{
		{"delete one", func(t *testing.T, db *sql.DB) { mustExec(t, db, `DELETE FROM journal WHERE seq = 3`) }, 3, store.FaultMissing},
		{"delete first", func(t *testing.T, db *sql.DB) { mustExec(t, db, `DELETE FROM journal WHERE seq = 1`) }, 1, store.FaultMissing},
		{"delete last", func(t *testing.T, db *sql.DB) { mustExec(t, db, `DELETE FROM journal WHERE seq = 5`) }, 5, store.FaultMissing},
		{"delete all", func(t *testing.T, db *sql.DB) { mustExec(t, db, `DELETE FROM journal`) }, 1, store.FaultMissing},
		{"insert at the end", func(t *testing.T, db *sql.DB) { mustExec(t, db, copyOf, 6, 2) }, 6, store.FaultField},
		{"insert before the first", func(t *testing.T, db *sql.DB) { mustExec(t, db, copyOf, 0, 2) }, 0, store.FaultNumber},
		{"insert in place of a deleted one", func(t *testing.T, db *sql.DB) {
			mustExec(t, db, `DELETE FROM journal WHERE seq = 3`)
			mustExec(t, db, copyOf, 3, 2)
		}, 3, store.FaultField},
		{"close the gap by renumbering", func(t *testing.T, db *sql.DB) {
			mustExec(t, db, `DELETE FROM journal WHERE seq = 3`)
			mustExec(t, db, `UPDATE journal SET seq = 3 WHERE seq = 4`)
			mustExec(t, db, `UPDATE journal SET seq = 4 WHERE seq = 5`)
		}, 3, store.FaultField},
		{"swap two", func(t *testing.T, db *sql.DB) {
			mustExec(t, db, `UPDATE journal SET seq = 30 WHERE seq = 3`)
			mustExec(t, db, `UPDATE journal SET seq = 3 WHERE seq = 4`)
			mustExec(t, db, `UPDATE journal SET seq = 4 WHERE seq = 30`)
		}, 3, store.FaultField},
		{"delete a body", func(t *testing.T, db *sql.DB) { mustExec(t, db, `DELETE FROM journal_body WHERE seq = 3`) }, 3, store.FaultNoBody},
		{"swap two bodies", func(t *testing.T, db *sql.DB) {
			mustExec(t, db, `UPDATE journal_body SET salt = (SELECT b.salt FROM journal_body b WHERE b.seq = 2) WHERE seq = 4`)
		}, 4, store.FaultBody},
		{"a body too many", func(t *testing.T, db *sql.DB) {
			mustExec(t, db, `INSERT INTO journal_body (seq, salt, body) SELECT 9, salt, body FROM journal_body WHERE seq = 2`)
		}, 9, store.FaultStrayBody},
		{"head hash", func(t *testing.T, db *sql.DB) {
			mustExec(t, db, `UPDATE journal_head SET hash = (SELECT j.hash FROM journal j WHERE j.seq = 4)`)
		}, 5, store.FaultHead},
		{"head back", func(t *testing.T, db *sql.DB) { mustExec(t, db, `UPDATE journal_head SET seq = 4`) }, 5, store.FaultHead},
		{"head ahead", func(t *testing.T, db *sql.DB) { mustExec(t, db, `UPDATE journal_head SET seq = 7`) }, 6, store.FaultMissing},
		{"head gone", func(t *testing.T, db *sql.DB) { mustExec(t, db, `DELETE FROM journal_head`) }, 0, store.FaultHead},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := rawSQLite(t)
			c.spoil(t, r.db)
			r.wantFault(t, c.seq, c.kind)
		})
	}
}

// An entry that is whole in itself but was made elsewhere does not fit the chain.
func TestVerifyNamesForeignEntry(t *testing.T) {
	other := filepath.Join(t.TempDir(), "other.db")
	fill(t, "sqlite:"+other)
	from := openRaw(t, "sqlite", "file:"+other)
	eachRaw(t, func(t *testing.T, r raw) {
		v := make([]any, 11)
		dest := make([]any, 11)
		for i := range v {
			dest[i] = &v[i]
		}
		if err := from.QueryRow(`SELECT seq, at, actor, actor_name, kind, subject, site, product, body_hash, prev, hash FROM journal WHERE seq = 3`).Scan(dest...); err != nil {
			t.Fatal(err)
		}
		mustExec(t, r.db, `DELETE FROM journal WHERE seq = 3`)
		mustExec(t, r.db, `INSERT INTO journal VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, v...)
		r.wantFault(t, 3, store.FaultPrevious)
	})
}

func TestVerifyAcceptsErasedBody(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		for _, s := range []string{"a", "b"} {
			if err := record(ctx, db, "test.done", s); err != nil {
				t.Fatal(err)
			}
		}
		var before, after store.Verification
		verify := func(v *store.Verification) {
			t.Helper()
			err := db.View(ctx, func(r store.Reader) (err error) {
				*v, err = store.Verify(ctx, r, nil)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		verify(&before)
		if err := db.Update(ctx, func(tx *store.Tx) error { return tx.EraseBody(ctx, 1, "request of the person") }); err != nil {
			t.Fatal(err)
		}
		verify(&after)
		if before.Erased != 0 || after.Erased != 1 || after.Entries != 3 {
			t.Errorf("before %+v, after %+v", before, after)
		}
		err := db.Update(ctx, func(tx *store.Tx) error { return tx.EraseBody(ctx, 1, "again") })
		if problem.KindOf(err) != problem.NotFound {
			t.Errorf("erased twice: %v", err)
		}
	})
}

func TestInspectChangesNothing(t *testing.T) {
	ctx := testdb.System()
	missing := filepath.Join(t.TempDir(), "none.db")
	if _, err := store.Inspect(ctx, "sqlite:"+missing); problem.KindOf(err) != problem.NotFound {
		t.Errorf("missing file: %v", err)
	}
	eachRaw(t, func(t *testing.T, r raw) {
		db, err := store.Inspect(ctx, r.address)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := record(ctx, db, "test.done", "a"); err == nil {
			t.Error("Update worked")
		}
		err = db.Bulk(ctx, func(b *store.Bulk) error { _, err := b.Exec(ctx, `DELETE FROM lease`); return err })
		if err == nil {
			t.Error("Bulk worked")
		}
	})
}
