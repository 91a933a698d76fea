package testdb

import (
	"database/sql"
	"testing"
)

// Tamper runs statements on the file of an embedded database that is closed, as somebody with the file in hands would:
// behind the program's back.
func Tamper(t testing.TB, path string, statements ...string) {
	t.Helper()
	raw, err := sql.Open("sqlite", path) // the driver is that of package store
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	for _, s := range statements {
		if _, err := raw.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}
