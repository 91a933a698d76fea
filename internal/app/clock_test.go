package app

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/signature"
	"triward/internal/store"
	"triward/internal/testdb"
)

func TestAC11A11_05ClockMovedRaisesAnAlarm(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		ctx := testdb.System()
		var steady time.Duration
		w := &clockWatch{db: db, up: func() time.Duration { return steady }}
		pass := func(real, shown time.Duration) {
			t.Helper()
			steady += real
			clock.Advance(shown)
			if err := w.look(ctx); err != nil {
				t.Fatal(err)
			}
		}
		alarms := func() (out []float64) {
			t.Helper()
			if err := db.View(ctx, func(r store.Reader) error {
				entries, err := store.Journal(ctx, r, store.JournalQuery{Kinds: []string{signature.KindClockMoved}})
				for _, e := range entries {
					var b clockBody
					if err := json.Unmarshal(e.Body, &b); err != nil {
						return err
					}
					out = append(out, b.Moved)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return out
		}
		pass(0, 0)
		pass(time.Minute, time.Minute)
		pass(time.Minute, time.Minute+4*time.Second) // put right
		if got := alarms(); got != nil {
			t.Fatalf("alarms %v about nothing", got)
		}
		pass(time.Minute, time.Minute-time.Hour)
		pass(time.Minute, time.Minute) // still behind: said already
		pass(time.Minute, time.Minute+time.Hour)
		if d := cmp.Diff([]float64{-3600, 3600}, alarms()); d != "" {
			t.Error(d)
		}
		// The clock was moved while the program did not run: only the journal knows.
		clock.Advance(-10 * time.Minute)
		w = &clockWatch{db: db, up: w.up}
		pass(0, 0)
		if got := alarms(); len(got) != 3 || got[2] > -500 {
			t.Errorf("alarms %v", got)
		}
	})
}
