package signature_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"triward/internal/signature"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

// Somebody with the database file in hands changes it behind the program's back: each change is found, and the record is
// named.
func TestP11_01AuditNamesTheRecord(t *testing.T) {
	path := filepath.Join(t.TempDir(), "triward.db")
	c := testdb.NewClock()
	db, err := store.Open(context.Background(), "sqlite:"+path, store.Options{Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	s := signaturetest.New(t, db)
	ann := s.Person(t, "ann", "Ann Author")
	var sigs []signature.Signature
	for range 3 {
		sig, err := sign(t, s, ann, s.Factors(t, ann))
		if err != nil {
			t.Fatal(err)
		}
		sigs = append(sigs, sig)
	}
	ctx := testdb.System()
	if err := s.Watch(ctx); err != nil {
		t.Fatal(err)
	}
	if n := alarms(t, db); n != 0 {
		t.Fatalf("%d alarms about nothing", n)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	clean, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flip := func(column string) string {
		return fmt.Sprintf(`UPDATE signature SET %[1]s = CAST(replace(CAST(%[1]s AS TEXT), 'e', 'f') AS BLOB) WHERE id = '%[2]s'`, column, sigs[1].ID)
	}
	for name, change := range map[string]string{
		"statement": flip("statement"), "envelope": flip("envelope"),
		"token":               fmt.Sprintf(`UPDATE signature SET token = (SELECT token FROM signature WHERE id = '%s') WHERE id = '%s'`, sigs[2].ID, sigs[1].ID),
		"meaning":             fmt.Sprintf(`UPDATE signature SET meaning = 'review' WHERE id = '%s'`, sigs[1].ID),
		"moved to a record":   fmt.Sprintf(`UPDATE signature SET record = 'rev_2' WHERE id = '%s'`, sigs[1].ID),
		"moved to a person":   fmt.Sprintf(`UPDATE signature SET account = (SELECT max(id) FROM people_account) || '' , document = 'x' WHERE id = '%s'`, sigs[1].ID),
		"deleted":             fmt.Sprintf(`DELETE FROM signature WHERE id = '%s'`, sigs[1].ID),
		"given another entry": fmt.Sprintf(`UPDATE signature SET seq = 1 WHERE id = '%s'`, sigs[1].ID),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "triward.db")
			if err := os.WriteFile(path, clean, 0o600); err != nil {
				t.Fatal(err)
			}
			testdb.Tamper(t, path, `DROP TRIGGER signature_no_UPDATE`, `DROP TRIGGER signature_no_DELETE`, change)
			db, err := store.Open(context.Background(), "sqlite:"+path, store.Options{Now: c.Now})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			signer := *s.Signer
			signer.DB = db
			for range 2 { // the second time says nothing new
				if err := signer.Watch(ctx); err != nil {
					t.Fatal(err)
				}
			}
			var faults []signature.Fault
			if err := db.View(ctx, func(r store.Reader) (err error) {
				faults, err = signature.Audit(ctx, r, signer.Keys())
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if len(faults) == 0 || faults[0].Record != record.ID && !strings.Contains(fmt.Sprint(faults), record.ID) {
				t.Errorf("faults %+v", faults)
			}
			if n := alarms(t, db); n != len(faults) {
				t.Errorf("%d alarms for %+v", n, faults)
			}
		})
	}
}

func alarms(t *testing.T, db *store.DB) int {
	t.Helper()
	ctx := testdb.System()
	var n int
	if err := db.View(ctx, func(r store.Reader) error {
		e, err := store.Journal(ctx, r, store.JournalQuery{Kinds: []string{signature.KindDamaged}, Limit: 100})
		n = len(e)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}
