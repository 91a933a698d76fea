package baseline_test

import (
	"context"
	"testing"
	"time"

	"triward/internal/detection/baseline"
	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/testdb"
)

// desk is the baselines of one database.
type desk struct {
	*testing.T
	db     *store.DB
	clock  *testdb.Clock
	ctx    context.Context
	owners baseline.Desk
}

func each(t *testing.T, fn func(d *desk)) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		fn(&desk{t, db, c, testdb.System(), baseline.Desk{DB: db}})
	})
}

func (d *desk) ok(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(problem.Text(err), err)
	}
}

func (d *desk) refused(err error, kind problem.Kind, field string) {
	d.Helper()
	all := problem.FaultsOf(err)
	if problem.KindOf(err) != kind || field != "" && (len(all) == 0 || all[0].Path != field) {
		d.Fatalf("error %v, want %s at %q", err, kind, field)
	}
}

func (d *desk) view(fn func(ctx context.Context, r store.Reader) error) {
	d.Helper()
	d.ok(d.db.View(d.ctx, func(r store.Reader) error { return fn(d.ctx, r) }))
}

func TestFirstSeenWaitsForAnOwner(t *testing.T) {
	each(t, func(d *desk) {
		l := baseline.NewLearner(d.db)
		spec := baseline.Spec{Kind: baseline.FirstSeen, Learn: 14 * 24 * time.Hour}
		judge := func(value string) bool {
			t.Helper()
			j, err := l.Judge(d.ctx, baseline.Observation{Rule: "heist", Spec: spec, Key: "ct", Value: value, At: d.clock.Now()})
			d.ok(err)
			return j.Unusual
		}
		if judge("CT1") {
			t.Error("unusual while learning")
		}
		d.ok(l.Save(d.ctx))
		bid := baseline.ID("heist", "ct")
		d.refused(d.owners.Settle(d.ctx, baseline.Settlement{Baseline: bid, Verdict: baseline.Normal}), problem.Conflict, "")
		d.clock.Advance(15 * 24 * time.Hour)
		if judge("CT1") || !judge("EVIL") || !judge("EVIL") {
			t.Error("what was learned is usual, what is new is not, also the second time")
		}
		d.ok(l.Save(d.ctx))
		l = baseline.NewLearner(d.db) // as after a restart
		if judge("CT1") || !judge("EVIL") {
			t.Error("after a restart")
		}
		d.ok(l.Save(d.ctx))
		d.view(func(ctx context.Context, r store.Reader) error {
			p, err := baseline.List(ctx, r, baseline.Query{Waiting: true, Now: d.clock.Now()})
			if len(p.Items) != 1 || p.Items[0].Unexpected != 1 || p.Items[0].Values != 2 {
				t.Errorf("%+v", p.Items)
			}
			return err
		})
		d.ok(d.owners.Settle(d.ctx, baseline.Settlement{Baseline: bid, Verdict: baseline.Normal}))
		d.refused(d.owners.Settle(d.ctx, baseline.Settlement{Baseline: bid, Value: "EVIL", Verdict: baseline.Normal}), problem.Invalid, "reason")
		d.ok(d.owners.Settle(d.ctx, baseline.Settlement{Baseline: bid, Value: "EVIL", Verdict: baseline.Normal, Reason: "new workstation"}))
		l.Forget()
		if judge("EVIL") {
			t.Error("still unusual after the owner said that it is normal")
		}
		d.ok(l.Save(d.ctx))
		d.view(func(ctx context.Context, r store.Reader) error {
			p, err := baseline.List(ctx, r, baseline.Query{Waiting: true, Now: d.clock.Now()})
			if len(p.Items) != 0 {
				t.Errorf("still waits: %+v", p.Items)
			}
			return err
		})
	})
}

func TestRateBaseline(t *testing.T) {
	each(t, func(d *desk) {
		l := baseline.NewLearner(d.db)
		spec := baseline.Spec{Kind: baseline.Rate, Learn: 21 * 24 * time.Hour, Factor: 5}
		send := func(n int) (fired int) {
			t.Helper()
			for range n {
				j, err := l.Judge(d.ctx, baseline.Observation{Rule: "heist", Spec: spec, Key: "ct", At: d.clock.Now()})
				d.ok(err)
				if j.Unusual {
					fired++
				}
			}
			return fired
		}
		for week := range 4 {
			if n := send(20 + week); n != 0 {
				t.Errorf("week %d: %d are unusual", week, n)
			}
			d.ok(l.Save(d.ctx))
			d.clock.Advance(7 * 24 * time.Hour)
		}
		// The median of 20, 21, 22, 23 is 21.5, their median deviation 1, so that 21.5 + 5 × 1.4826 = 28.9 is usual.
		if n := send(28); n != 0 {
			t.Errorf("28 in an hour: %d are unusual", n)
		}
		if n := send(2); n != 2 {
			t.Errorf("30 in an hour: %d are unusual, want the last two", n)
		}
	})
}
