package eventlog_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/eventlog"
	"triward/internal/eventlog/eventlogtest"
	"triward/internal/eventlog/parquet"
	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/testdb"
)

func journal(t *testing.T, db *store.DB) (kinds []string) {
	t.Helper()
	if err := db.View(t.Context(), func(r store.Reader) error {
		entries, err := store.Journal(t.Context(), r, store.JournalQuery{Limit: 100})
		for _, e := range entries {
			kinds = append(kinds, e.Kind)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return kinds
}

func device(id string) eventlog.Query {
	return eventlog.Query{Where: []eventlog.Condition{{Field: "dev.id", Op: eventlog.Is, Values: []string{id}}}}
}

func TestHoldsAreRefused(t *testing.T) {
	db := testdb.SQLite(t)
	h := eventlog.Holds{DB: db}
	ctx := testdb.System()
	for name, hold := range map[string]eventlog.Hold{
		"no case": {Reason: "r", Query: device("d")}, "no reason": {Incident: "i", Query: device("d")}, "everything": {Incident: "i", Reason: "r"},
		"query": {Incident: "i", Reason: "r", Query: eventlog.Query{From: 5, To: 4}},
	} {
		if _, err := h.Place(ctx, hold); problem.KindOf(err) != problem.Invalid {
			t.Errorf("%s gives %v", name, err)
		}
	}
	if err := h.Release(ctx, "hld_none", "r"); problem.KindOf(err) != problem.NotFound {
		t.Errorf("a hold that is not there gives %v", err)
	}
	powerless := store.WithActor(t.Context(), store.Actor{ID: "usr_x", Name: "x", Grants: []store.Grant{{Kinds: []string{"event.read"}, All: true}}})
	if _, err := h.Place(powerless, eventlog.Hold{Incident: "i", Reason: "r", Query: device("d")}); problem.KindOf(err) != problem.Forbidden {
		t.Errorf("somebody without the right gives %v", err)
	}
}

// What a hold names stays; all else that is too old goes, and the journal says so.
func TestRemoveKeepsWhatIsHeld(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		ctx, h := testdb.System(), eventlog.Holds{DB: db}
		l, err := parquet.Open(ctx, db, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close(context.WithoutCancel(ctx))
		events := eventlogtest.NewMaker(1, 100).Events(500)
		held := 0
		for i := range events {
			if events[i].Received = store.Micros(clock.Now()); events[i].Device == events[0].Device {
				held++
			}
		}
		if _, err := l.Append(ctx, events); err != nil {
			t.Fatal(err)
		}
		id, err := h.Place(ctx, eventlog.Hold{Incident: "inc_1", Reason: "the police asked for it", Query: device(events[0].Device)})
		if err != nil {
			t.Fatal(err)
		}
		keep := eventlog.Retention{Default: 30 * 24 * time.Hour}
		if gone, err := h.Remove(ctx, l, keep); err != nil || gone.Events != 0 {
			t.Errorf("%+v goes before its time, %v", gone, err)
		}
		clock.Advance(31 * 24 * time.Hour)
		if gone, err := h.Remove(ctx, l, keep); err != nil || gone.Events != int64(len(events)-held) {
			t.Errorf("%d events go of %d, %v", gone.Events, len(events)-held, err)
		}
		if err := h.Release(ctx, id, "the case is closed"); err != nil {
			t.Fatal(err)
		}
		if err := h.Release(ctx, id, "again"); problem.KindOf(err) != problem.Conflict {
			t.Errorf("a second release gives %v", err)
		}
		if gone, err := h.Remove(ctx, l, keep); err != nil || gone.Events != int64(held) {
			t.Errorf("%d events go of %d, %v", gone.Events, held, err)
		}
		want := []string{eventlog.KindHoldPlaced, eventlog.KindExpired, eventlog.KindHoldReleased, eventlog.KindExpired}
		if diff := cmp.Diff(want, journal(t, db)); diff != "" {
			t.Error(diff)
		}
		if err := db.View(ctx, func(r store.Reader) error {
			of, err := eventlog.HoldsOf(ctx, r, "inc_1")
			if err != nil || len(of) != 1 || of[0].ReleasedAt.IsZero() || of[0].Release != "the case is closed" {
				t.Errorf("holds of the case: %+v, %v", of, err)
			}
			now, err := eventlog.HoldsInForce(ctx, r)
			if len(now) != 0 {
				t.Errorf("holds in force: %+v", now)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// A hold that is placed while a run looks through the events stops it.
func TestRemoveSeesNewHolds(t *testing.T) {
	db, ctx := testdb.SQLite(t), testdb.System()
	h := eventlog.Holds{DB: db}
	_, err := h.Remove(ctx, placing{h, ctx}, eventlog.Retention{Default: time.Hour})
	if problem.KindOf(err) != problem.Conflict {
		t.Errorf("the run gives %v", err)
	}
}

// placing is a log in which a hold is placed during the run.
type placing struct {
	h   eventlog.Holds
	ctx context.Context
}

func (p placing) Expire(_ context.Context, e eventlog.Expiry) (eventlog.Expired, error) {
	if _, err := p.h.Place(p.ctx, eventlog.Hold{Incident: "i", Reason: "r", Query: device("d")}); err != nil {
		return eventlog.Expired{}, err
	}
	return eventlog.Expired{}, e.Record(eventlog.Expired{Events: 1})
}
func (p placing) Stats(context.Context) (eventlog.Stats, error) { return eventlog.Stats{}, nil }
func (p placing) Close(context.Context) error                   { return nil }
