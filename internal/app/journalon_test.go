package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/testdb"
)

// A11-04: nothing switches the audit trail off, neither a setting nor the role that may do everything.
func TestA11_04NothingSwitchesTheJournalOff(t *testing.T) {
	for _, key := range []string{"journal", "audit", "audit_trail", "events"} {
		file := filepath.Join(t.TempDir(), "triward.toml")
		if err := os.WriteFile(file, []byte(key+" = false\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadConfig(file, t.TempDir(), nil); problem.KindOf(err) != problem.Invalid {
			t.Errorf("the key %s is read: %v", key, err)
		}
	}
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System() // may record every kind
		err := db.Update(ctx, func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO people_throttle (name, failures, at, until) VALUES ('x', 1, 1, 1)`)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "without recording an event") {
			t.Errorf("a change without an event: %v", err)
		}
		for _, statement := range []string{`DELETE FROM journal`, `UPDATE journal SET kind = 'x'`, `DROP TABLE journal`, `ALTER TABLE journal RENAME TO j`} {
			if err := db.Update(ctx, func(tx *store.Tx) error { _, err := tx.Exec(ctx, statement); return err }); err == nil {
				t.Errorf("%s is run", statement)
			}
		}
	})
}
