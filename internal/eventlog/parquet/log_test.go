package parquet

import (
	"testing"

	"triward/internal/eventlog"
	"triward/internal/eventlog/eventlogtest"
	"triward/internal/store"
	"triward/internal/testdb"
)

func openLog(t *testing.T, db *store.DB, dir string) *Log {
	t.Helper()
	l, err := Open(t.Context(), db, dir)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestSuite(t *testing.T) {
	eventlogtest.Run(t, func(t *testing.T) eventlogtest.Place {
		db, dir := testdb.SQLite(t), t.TempDir()
		return eventlogtest.Place{
			Open: func(t *testing.T) eventlog.Log { return openLog(t, db, dir) },
			Kill: func(t *testing.T, l eventlog.Log) {
				if err := l.(*Log).leave(); err != nil {
					t.Fatal(err)
				}
			},
		}
	})
}
