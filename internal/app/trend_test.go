package app

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/device"
	"triward/internal/problem"
	"triward/internal/risk"
	"triward/internal/store"
	"triward/internal/testdb"
)

// A point of the trend opens the lines that were uncontrolled then, also after they ended.
func TestTrendKeepsWhatWasUncontrolled(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		w := world{t, testdb.System(), db}
		ranker := risk.Ranker{DB: db}
		day := func(at time.Time) string {
			t.Helper()
			var out []string
			err := db.View(w.ctx, func(r store.Reader) error {
				q := risk.PastQuery{Day: at, Sort: "device", Limit: 1}
				for more := true; more; more = q.After != "" {
					p, err := risk.PastRows(w.ctx, r, q)
					if err != nil {
						return err
					}
					for _, l := range p.Items {
						out = append(out, fmt.Sprintf("%s %s%s", l.Vulnerability, l.Severity, l.Exploitability))
					}
					if q.After == "" && p.Figures.Uncontrolled == 0 && len(p.Items) > 0 {
						t.Errorf("the figure of %s says 0, the rows do not", at)
					}
					q.After = p.Next
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return strings.Join(out, ", ")
		}
		keep := func() {
			t.Helper()
			if err := ranker.Snapshot(w.ctx); err != nil {
				t.Fatal(err)
			}
		}
		w.fleet("asset_tag,vendor,model,version,safety_class,in_use,connectivity\nP-1,Northmere Medical,Vela,1.0,life_sustaining,yes,wireless\n")
		first := clock.Now()
		keep()
		clock.Advance(24 * time.Hour)
		w.publish(csaf(t, "A-1", "1", "CVE-2026-1", "Vela", "< 2.0"))
		w.exploited("CVE-2026-1")
		second := clock.Now()
		keep()
		clock.Advance(24 * time.Hour)
		third := clock.Now()
		keep()
		if err := Rebuild(w.ctx, db); err != nil { // what is made again begins nothing anew
			t.Fatal(err)
		}
		clock.Advance(24 * time.Hour)
		w.change("P-1", func(d *device.Device) { d.RawVersion, d.Release = "2.1", "" })
		fourth := clock.Now()
		keep()
		got := []string{day(first), day(second), day(third), day(fourth)}
		want := []string{"", "CVE-2026-1 S5E1", "CVE-2026-1 S5E1", ""}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("day by day (-want +got):\n%s\nlines now: %v", d, w.lines())
		}
		if err := db.View(w.ctx, func(r store.Reader) error {
			_, err := risk.PastRows(w.ctx, r, risk.PastQuery{Day: first.AddDate(0, 0, -1)})
			return err
		}); problem.KindOf(err) != problem.NotFound {
			t.Errorf("a day without figures: %v", err)
		}
		clock.Advance(101 * 24 * time.Hour)
		keep()
		if got := day(second); got != "" {
			t.Errorf("what ended long ago is kept: %s", got)
		}
	})
}

// Every figure of a day opens as many rows as it says, also when they ended since.
func TestEveryFigureOfADayOpensItsRows(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		w := world{t, testdb.System(), db}
		ranker, decisions := risk.Ranker{DB: db}, risk.Decisions{DB: db}
		tags := map[string]string{}
		behind := func(at time.Time, f risk.Figure) string {
			t.Helper()
			var out []string
			if err := db.View(w.ctx, func(r store.Reader) error {
				p, err := risk.PastRows(w.ctx, r, risk.PastQuery{Day: at, Figure: f, Sort: "device"})
				for _, x := range p.Items {
					row := tags[x.Device]
					if x.Vulnerability != "" {
						row += " " + x.Vulnerability
					}
					if x.Decision != "" {
						row += " decided"
					}
					out = append(out, row)
				}
				if n := p.Figures.Of(f); err == nil && n != len(out) {
					t.Errorf("%s of %s says %d, behind it are %q", f, at.Format(time.DateOnly), n, out)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return strings.Join(out, ", ")
		}
		keep := func() time.Time {
			t.Helper()
			if err := ranker.Snapshot(w.ctx); err != nil {
				t.Fatal(err)
			}
			return clock.Now()
		}
		// P-2 does not tell its version, so that the answer about it is unknown.
		w.fleet("asset_tag,vendor,model,version,safety_class,in_use\nP-1,Northmere Medical,Vela,1.0,therapeutic,yes\nP-2,Northmere Medical,Vela,,therapeutic,yes\n")
		for _, tag := range []string{"P-1", "P-2"} {
			tags[string(w.deviceID(tag))] = tag
		}
		w.publish(csaf(t, "A-1", "1", "CVE-2026-1", "Vela", "< 2.0"))
		w.exploited("CVE-2026-1")
		decision, err := decisions.Decide(w.ctx, risk.Decision{Vulnerabilities: []string{"CVE-2026-1"}, Treatment: risk.Fix, Owner: "HTM", Reason: "update", Due: clock.Now().Add(36 * time.Hour)},
			[]string{string(w.deviceID("P-1")), string(w.deviceID("P-2"))})
		if err != nil {
			t.Fatal(err)
		}
		w.catchUp()
		first := keep()
		clock.Advance(48 * time.Hour)
		second := keep()
		clock.Advance(24 * time.Hour)
		if err := decisions.RecordProgress(w.ctx, risk.Step{Decision: decision, Devices: []string{string(w.deviceID("P-1"))}, Progress: risk.Verified}); err != nil {
			t.Fatal(err)
		}
		w.change("P-1", func(d *device.Device) { d.RawVersion, d.Release = "2.1", "" })
		if err := (device.Fleet{DB: db}).Retire(w.ctx, w.deviceID("P-1"), "sold"); err != nil {
			t.Fatal(err)
		}
		w.catchUp()
		third := keep()
		if err := Rebuild(w.ctx, db); err != nil {
			t.Fatal(err)
		}
		type figures = map[risk.Figure]string
		want := []figures{
			{risk.FigureUnknown: "P-2 CVE-2026-1", risk.FigureKEV: "P-1 CVE-2026-1, P-2 CVE-2026-1", risk.FigureOverdue: "", risk.FigureDevices: "P-1, P-2"},
			{risk.FigureUnknown: "P-2 CVE-2026-1", risk.FigureKEV: "P-1 CVE-2026-1, P-2 CVE-2026-1", risk.FigureOverdue: "P-1 decided, P-2 decided", risk.FigureDevices: "P-1, P-2"},
			{risk.FigureUnknown: "P-2 CVE-2026-1", risk.FigureKEV: "P-2 CVE-2026-1", risk.FigureOverdue: "P-2 decided", risk.FigureDevices: "P-2"},
		}
		for i, day := range []time.Time{first, second, third} {
			got := figures{}
			for f := range want[i] {
				got[f] = behind(day, f)
			}
			if d := cmp.Diff(want[i], got); d != "" {
				t.Errorf("day %d (-want +got):\n%s", i+1, d)
			}
			behind(day, risk.FigureUncontrolled)
		}
		if err := db.View(w.ctx, func(r store.Reader) error {
			_, err := risk.PastRows(w.ctx, r, risk.PastQuery{Day: first, Figure: "colour"})
			return err
		}); problem.KindOf(err) != problem.Invalid {
			t.Errorf("an unknown figure: %v", err)
		}
	})
}
