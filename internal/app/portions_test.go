package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/device"
	"triward/internal/risk"
	"triward/internal/store"
	"triward/internal/testdb"
	"triward/internal/vuln"
)

// wards is a fleet of n pumps of one maker under a name that no advisory uses.
func wards(n int) string {
	var b strings.Builder
	b.WriteString("asset_tag,vendor,model,version,serial,site,location,safety_class,in_use\n")
	for i := range n {
		fmt.Fprintf(&b, "P%02d,Northmere Medical,Rill 300,1.0,S%d,Main,ICU,therapeutic,yes\nQ%02d,Nordsee Health,Rill 300,1.0,T%d,Main,ICU,therapeutic,yes\n", i, i, i, i)
	}
	return b.String()
}

// step lets the assessment do one transaction, as a process that has just begun would, and reports whether more waits.
func (w world) step() bool {
	w.t.Helper()
	a := newAssessor(w.db)
	a.portion = 4
	n, err := w.db.Step(w.ctx, a.follower())
	if err != nil {
		w.t.Fatal(err)
	}
	return n > 0
}

// portions steps to the end with fn between the transactions, and returns how many there were.
func (w world) portions(fn func(n int)) int {
	w.t.Helper()
	n := 0
	for w.step() {
		n++
		fn(n)
		if n > 500 {
			w.t.Fatal("the assessment does not end")
		}
	}
	return n
}

// count is how many lines the ranked list has, also those of devices that have left in the meantime.
func (w world) count() int {
	w.t.Helper()
	n := 0
	if err := w.db.View(w.ctx, func(r store.Reader) error {
		p, err := risk.Lines(w.ctx, r, risk.LineQuery{Limit: 1000})
		n = len(p.Lines)
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (w world) addAlias(name, means string) {
	w.t.Helper()
	if _, err := (vuln.NameAliases{DB: w.db}).Add(w.ctx, vuln.Alias{Kind: vuln.VendorAlias, Name: name, Means: means, Reason: "the same maker"}); err != nil {
		w.t.Fatal(err)
	}
}

// rebuilt compares what the portions made with everything made again.
func (w world) rebuilt() {
	w.t.Helper()
	before := w.snapshot()
	if err := Rebuild(w.ctx, w.db); err != nil {
		w.t.Fatal(err)
	}
	if d := cmp.Diff(before, w.snapshot()); d != "" {
		w.t.Errorf("rebuild gives another result (-portions +rebuilt):\n%s", d)
	}
}

func TestAliasIsAppliedInPortions(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		w := world{t, testdb.System(), db}
		w.fleet(wards(10))
		w.publish(csaf(t, "NM-1", "1", "CVE-2026-90001", "Rill 300", "< 2.0"))
		if n := len(w.lines()); n != 10 {
			t.Fatalf("%d lines before the alias", n)
		}
		w.addAlias("Nordsee Health", "Northmere Medical")
		n := w.portions(func(n int) {
			if lines := w.count(); lines < 9 { // one device is retired on the way
				t.Errorf("after portion %d the list has %d lines", n, lines)
			}
			switch n {
			case 2: // others write in between, also what concerns the portions that are done
				w.register("N1", "Northmere Medical")
				if err := (device.Fleet{DB: db}).Retire(w.ctx, w.deviceID("P00"), "broken"); err != nil {
					t.Fatal(err)
				}
			case 3:
				w.addAlias("Nordsee Care", "Northmere Medical")
				w.register("N2", "Nordsee Care")
			}
		})
		if n < 10 {
			t.Errorf("the work was done in %d portions", n)
		}
		lines := w.lines()
		if len(lines) != 21 { // 10 + 10 + 2 - 1
			t.Errorf("%d lines after the aliases: %v", len(lines), lines)
		}
		var left []string
		if err := db.View(w.ctx, func(r store.Reader) (err error) {
			left, err = store.All(w.ctx, r, store.Value[string], `SELECT c.id FROM configuration c WHERE NOT EXISTS (SELECT 1 FROM holder h WHERE h.configuration = c.id)`)
			return err
		}); err != nil || len(left) > 0 {
			t.Errorf("configurations that nobody holds stay: %v, %v", left, err)
		}
		w.rebuilt()
	})
}

func (w world) register(tag, vendor string) {
	w.t.Helper()
	if _, err := (device.Fleet{DB: w.db}).Register(w.ctx, device.Device{AssetTag: tag, Serial: "N" + tag, RawVendor: vendor, RawModel: "Rill 300", RawVersion: "1.0"}); err != nil {
		w.t.Fatal(err)
	}
}

func TestTableIsAppliedInPortions(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		w := world{t, testdb.System(), db}
		w.fleet(wards(10))
		w.publish(csaf(t, "NM-1", "1", "CVE-2026-90001", "Rill 300", "< 2.0"))
		table := risk.DefaultTable()
		for s := range table.Cells {
			table.Cells[s] = [5]risk.Cell{}
			for e := range table.Cells[s] {
				table.Cells[s][e] = risk.CellControlled
			}
		}
		tables := risk.Tables{DB: db}
		if _, err := tables.Change(w.ctx, table, "all is well"); err != nil {
			t.Fatal(err)
		}
		uncontrolled := func() int {
			n := 0
			for _, l := range w.lines() {
				if strings.Contains(l, " uncontrolled") {
					n++
				}
			}
			return n
		}
		seen := map[int]bool{}
		n := w.portions(func(n int) {
			seen[uncontrolled()] = true
			if n == 2 { // the table changes again while the first change is being applied
				if _, err := tables.Change(w.ctx, risk.DefaultTable(), "it is not"); err != nil {
					t.Fatal(err)
				}
			}
		})
		if n < 10 || len(seen) < 3 {
			t.Errorf("%d portions, uncontrolled lines on the way: %v", n, seen)
		}
		if got := uncontrolled(); got != 10 {
			t.Errorf("%d uncontrolled lines under the last table, want 10", got)
		}
		w.rebuilt()
	})
}

func TestPortionIsTakenBackWithItsTransaction(t *testing.T) {
	db := testdb.SQLite(t)
	w := world{t, testdb.System(), db}
	w.fleet(wards(10))
	w.publish(csaf(t, "NM-1", "1", "CVE-2026-90001", "Rill 300", "< 2.0"))
	w.addAlias("Nordsee Health", "Northmere Medical")
	for range 3 {
		w.step()
	}
	before := w.snapshot()
	a := newAssessor(db)
	a.portion = 4
	f := a.follower()
	died := errors.New("died")
	f.Derive = func(ctx context.Context, b *store.Bulk, entries []store.Entry) error {
		if err := a.derive(ctx, b, entries); !errors.Is(err, store.ErrMore) {
			t.Errorf("derive: %v", err)
		}
		return died
	}
	if _, err := db.Step(w.ctx, f); !errors.Is(err, died) {
		t.Fatal(err)
	}
	if !slices.Equal(before, w.snapshot()) {
		t.Error("a portion that was taken back left something")
	}
	w.portions(func(int) {})
	if n := len(w.lines()); n != 20 {
		t.Errorf("%d lines after the end, want 20", n)
	}
	w.rebuilt()
}

// After an upgrade with other rules everything is matched again by itself, in portions, once.
func TestNewerRulesMatchEverythingAgain(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		w := world{t, testdb.System(), db}
		w.fleet(wards(10))
		w.publish(csaf(t, "NM-1", "1", "CVE-2026-90001", "Rill 300", "< 2.0"))
		if n := len(w.lines()); n != 10 {
			t.Fatalf("%d lines", n)
		}
		// As rules that knew no ranges would have answered.
		if err := db.Bulk(w.ctx, func(b *store.Bulk) error {
			if _, err := b.Exec(w.ctx, `UPDATE vuln_match SET truth = 'not_affected'`); err != nil {
				return err
			}
			ids, err := store.All(w.ctx, b, store.Value[string], `SELECT id FROM device ORDER BY id`)
			if err != nil {
				return err
			}
			return risk.Ranker{DB: db}.Again(w.ctx, b, ids, nil)
		}); err != nil {
			t.Fatal(err)
		}
		if n := len(w.lines()); n != 0 {
			t.Fatalf("%d lines by the older rules", n)
		}
		rules := vuln.Rules{DB: db}
		if newer, err := rules.Notice(w.ctx); err != nil || !newer {
			t.Fatalf("the newer rules are not noticed: %v", err)
		}
		if newer, err := rules.Notice(w.ctx); err != nil || newer {
			t.Errorf("the second start notices them again: %v", err)
		}
		if n := w.portions(func(int) {}); n < 5 {
			t.Errorf("the work was done in %d portions", n)
		}
		if n := len(w.lines()); n != 10 {
			t.Errorf("%d lines by the newer rules", n)
		}
		w.rebuilt()

		// A later version with other rules: its number is higher, so that everything is matched again once more.
		if err := db.Bulk(w.ctx, func(b *store.Bulk) error {
			_, err := b.Exec(w.ctx, `UPDATE vuln_match SET truth = 'not_affected'`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		later := vuln.Rules{DB: db, Version: vuln.RulesVersion + 1}
		if newer, err := later.Notice(w.ctx); err != nil || !newer {
			t.Fatalf("raising the number is not noticed: %v", err)
		}
		w.portions(func(int) {})
		w.rebuilt()
		if newer, err := later.Notice(w.ctx); err != nil || newer {
			t.Errorf("the second start of the later version notices it again: %v", err)
		}
	})
}

// A decision over many devices is ranked in portions.
func TestDecisionIsRankedInPortions(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		w := world{t, testdb.System(), db}
		w.fleet(wards(10))
		w.publish(csaf(t, "A-1", "1", "CVE-2026-90001", "Rill 300", "< 2.0"))
		var devices []string
		for i := range 10 {
			devices = append(devices, string(w.deviceID(fmt.Sprintf("P%02d", i))))
		}
		w.catchUp()
		if _, err := (risk.Decisions{DB: db}).Decide(w.ctx, risk.Decision{Vulnerabilities: []string{"CVE-2026-90001"}, Treatment: risk.Fix, Owner: "HTM", Reason: "update",
			Due: testdb.Start.Add(time.Hour)}, devices); err != nil {
			t.Fatal(err)
		}
		if n := w.portions(func(int) {}); n != 3 { // 4, 4 and 2 devices
			t.Errorf("the work was done in %d portions", n)
		}
		if err := db.View(w.ctx, func(r store.Reader) error {
			sums, known, err := risk.ReadSums(w.ctx, r, risk.LineQuery{})
			if !known || sums.Decided != 10 {
				t.Errorf("%d of 10 lines are decided", sums.Decided)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		w.rebuilt()
	})
}
