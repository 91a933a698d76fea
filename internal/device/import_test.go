package device_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/device"
	"triward/internal/device/fleetfile"
	"triward/internal/device/network"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
	"triward/internal/testdb"
)

const fleetCSV = `asset_tag,vendor,model,version,serial,udi,ip,mac,site,location,safety_class,in_use,sbom,battery
BM-1,"Nordlicht, Inc.",Pulsar 3,2.1,S1,,10.0.0.1,00:1b:c5:00:00:01,North,ICU 1,life_supporting,yes,pulsar.json,good
BM-2,Nordlicht,pulsar-3,2.1,S2,,10.0.0.2,00:1b:c5:00:00:02,North,ICU 1,life supporting,no,,
BM-3,Vela,V 1,,S3,,,,South,,unknown,,,
`

func upload(t testing.TB, text string) device.Upload {
	t.Helper()
	rows, faults := fleetfile.Parse("fleet.csv", strings.NewReader(text))
	return device.Upload{Name: "fleet.csv", Rows: rows, Faults: faults}
}

func tags(t *testing.T, db *store.DB) map[string]device.Item {
	t.Helper()
	out := map[string]device.Item{}
	view(t, db, func(r store.Reader) error {
		p, err := device.List(testdb.System(), r, device.Query{Limit: 1000})
		for _, x := range p.Items {
			out[x.AssetTag] = x
		}
		if len(out) != len(p.Items) {
			t.Errorf("%d devices under %d tags", len(p.Items), len(out))
		}
		return err
	})
	return out
}

func TestImportAddsThenChangesNothing(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		ctx := testdb.System()
		f := device.Fleet{DB: db}
		u := upload(t, fleetCSV)
		if len(u.Faults) != 0 {
			t.Fatal(u.Faults)
		}
		imp, err := f.Import(ctx, u)
		if err != nil || imp.State != device.Done || imp.Added != 3 || imp.Applied != 3 {
			t.Fatalf("import = %+v, %v", imp, err)
		}
		all := tags(t, db)
		if all["BM-1"].Model == "" || all["BM-1"].Model != all["BM-2"].Model || all["BM-1"].Class != product.LifeSupporting || all["BM-1"].SiteName != "North" {
			t.Errorf("items = %+v", all)
		}
		d := get(t, db, all["BM-1"].ID)
		if d.RawVendor != "Nordlicht, Inc." || d.Release == "" || !cmp.Equal(d.Values, []device.Value{{Name: "battery", Value: "good"}, {Name: "sbom", Value: "pulsar.json"}}) ||
			!cmp.Equal(d.Current(network.IP), []string{"10.0.0.1"}) || d.Identities[0].Source != "import fleet.csv" {
			t.Errorf("device = %+v", d)
		}
		clock.Advance(time.Hour)
		before := head(t, db)
		imp, err = f.Import(ctx, u)
		if err != nil || imp.Same != 3 || imp.Added+imp.Changed != 0 || head(t, db) != before+2 {
			t.Errorf("second import = %+v, %v; %d entries more", imp, err, head(t, db)-before)
		}
		// A new address, another ward, a serial number where there was none; one device more.
		imp, err = f.Import(ctx, upload(t, strings.NewReplacer("10.0.0.2", "10.0.0.9", "ICU 1,life supporting", "ER,life supporting").Replace(fleetCSV)+
			"BM-4,Vela,V 1,,S4,,,,South,,,,,\n"))
		if err != nil || imp.Added != 1 || imp.Changed != 1 || imp.Same != 2 {
			t.Errorf("third import = %+v, %v", imp, err)
		}
		moved := get(t, db, tags(t, db)["BM-2"].ID)
		if moved.Ward != "ER" || len(moved.Identities) != 3 {
			t.Errorf("changed device = %+v", moved)
		}
		for _, n := range moved.Identities {
			if n.Value == "10.0.0.2" && !n.Until.Equal(testdb.Start.Add(time.Hour)) {
				t.Errorf("the old address holds until %v", n.Until)
			}
		}
	})
}

func head(t *testing.T, db *store.DB) (n int64) {
	t.Helper()
	view(t, db, func(r store.Reader) (err error) { n, _, err = store.JournalHead(context.Background(), r); return err })
	return n
}

func TestImportWithFaultsIsRefusedOrSkips(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		f := device.Fleet{DB: db}
		u := upload(t, "asset_tag,mac\nA,\nB,nonsense\n")
		if _, err := f.Import(ctx, u); len(problem.FaultsOf(err)) != 1 || len(tags(t, db)) != 0 {
			t.Fatalf("import = %v", err)
		}
		u.OnFault = device.Skip
		imp, err := f.Import(ctx, u)
		if err != nil || imp.Added != 1 || imp.Skipped != 1 {
			t.Fatalf("import = %+v, %v", imp, err)
		}
		view(t, db, func(r store.Reader) error {
			is, err := device.Issues(ctx, r, imp.ID, -fleetfile.MaxRows, 10)
			if len(is) != 1 || is[0].Line != 3 || is[0].Outcome != device.SkippedRow || is[0].Place != "row 3, column mac" {
				t.Errorf("issues = %+v", is)
			}
			return err
		})
	})
}

func TestImportHoldsContradictionsAndNeverMergesInSilence(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		f := device.Fleet{DB: db}
		if _, err := f.Import(ctx, upload(t, fleetCSV)); err != nil {
			t.Fatal(err)
		}
		next := "asset_tag,serial,mac,site\nBM-1,OTHER,,North\nBM-9,S9,00:1b:c5:00:00:02,North\n,,00:1b:c5:00:00:01,\nBM-9,S9,,North\n"
		dry, err := dryRun(f, next)
		if err != nil || dry.Added != 1 || dry.Held != 1 || dry.Same != 2 || dry.Issues[0].Line != 2 {
			t.Errorf("dry run = %+v, %v", dry, err)
		}
		imp, err := f.Import(ctx, upload(t, next))
		if err != nil || imp.Held != 1 || imp.Added != 1 || imp.Same != 2 {
			t.Fatalf("import = %+v, %v", imp, err)
		}
		view(t, db, func(r store.Reader) error {
			is, err := device.Issues(ctx, r, imp.ID, -1, 10)
			if len(is) != 1 || is[0].Line != 2 || !strings.Contains(is[0].Reason, `serial number "S1", not "OTHER"`) || is[0].Device == "" {
				t.Errorf("issues = %+v", is)
			}
			cs, err2 := device.Contradictions(ctx, r, device.ContradictionQuery{})
			if len(cs.Items) != 1 || !strings.Contains(cs.Items[0].Reason, "MAC address") {
				t.Errorf("contradictions = %+v, %v", cs, err2)
			}
			return err
		})
		if n := len(tags(t, db)); n != 4 {
			t.Errorf("%d devices", n)
		}
	})
}

func dryRun(f device.Fleet, text string) (device.Preview, error) {
	src, err := fleetfile.Open("f.csv", strings.NewReader(text))
	if err != nil {
		return device.Preview{}, err
	}
	return f.DryRun(testdb.System(), src, fleetfile.Guess(src.Table.Header), 5)
}

func TestDryRunSeesRowsBeforeEachOther(t *testing.T) {
	db := testdb.SQLite(t)
	var b strings.Builder
	b.WriteString("asset_tag,serial\n")
	for i := range 900 { // the same 450 devices twice, in different steps
		fmt.Fprintf(&b, "T%d,S%d\n", i%450, i%450)
	}
	v, err := dryRun(device.Fleet{DB: db}, b.String())
	if err != nil || v.Added != 450 || v.Same != 450 || v.Total != 900 || len(v.First) != 5 || head(t, db) != 0 {
		t.Errorf("dry run: added %d, same %d, %v", v.Added, v.Same, err)
	}
}

func TestImportIsFinishedAfterACrash(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		ctx := testdb.System()
		f := device.Fleet{DB: db}
		var b strings.Builder
		b.WriteString("asset_tag,serial,vendor,model,site\n")
		for i := range 1000 {
			fmt.Fprintf(&b, "T%d,S%d,Vela,V%d,North\n", i, i, i%7)
		}
		id, err := f.StartImport(ctx, upload(t, b.String()))
		if err != nil {
			t.Fatal(err)
		}
		// The program ends after some commits: cancel as soon as the position moved.
		dying, cancel := context.WithCancel(ctx)
		for range 1 {
			changed := db.Changed()
			go func() { <-changed; cancel() }()
		}
		if _, err := f.RunImport(dying, id); err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		cancel()
		clock.Advance(2 * time.Hour)
		if err := f.Resume(ctx); err != nil {
			t.Fatal(err)
		}
		view(t, db, func(r store.Reader) error {
			imp, err := device.GetImport(ctx, r, id)
			if imp.State != device.Done || imp.Added != 1000 || imp.Applied != 1000 {
				t.Errorf("import = %+v", imp)
			}
			var left int
			if err := r.QueryRow(ctx, `SELECT count(*) FROM import_row`).Scan(&left); err != nil || left != 0 {
				t.Errorf("%d staged rows are left, %v", left, err)
			}
			return err
		})
		if n := len(tags(t, db)); n != 1000 {
			t.Errorf("%d devices", n)
		}
	})
}

func TestImportRights(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		f := device.Fleet{DB: db}
		north, err := f.AddSite(testdb.System(), "North")
		if err != nil {
			t.Fatal(err)
		}
		htm := store.WithActor(context.Background(), store.Actor{ID: "usr_1", Name: "Ada", Grants: []store.Grant{{Kinds: []string{"device.*"}, Sites: []string{string(north)}}}})
		for _, text := range []string{"asset_tag,site\nA,South\n", "asset_tag\nA\n", fleetCSV} {
			if _, err := f.Import(htm, upload(t, text)); problem.KindOf(err) != problem.Forbidden {
				t.Errorf("import of %q = %v, want Forbidden", text, err)
			}
		}
		imp, err := f.Import(htm, upload(t, "asset_tag,site,vendor,model\nA,North,Vela,V1\n"))
		if err != nil || imp.Added != 1 {
			t.Fatalf("import = %+v, %v", imp, err)
		}
		d := tags(t, db)["A"]
		if d.Model != "" || d.ModelName != "Vela V1" {
			t.Errorf("who may not add models gets the texts alone: %+v", d)
		}
		view(t, db, func(r store.Reader) error {
			es, err := store.Journal(htm, r, store.JournalQuery{Subject: string(d.ID)})
			if len(es) != 1 || es[0].Actor != "usr_1" || es[0].Site != string(north) {
				t.Errorf("entries = %+v", es)
			}
			is, err2 := device.Imports(htm, r, device.ImportQuery{Limit: 10})
			if len(is.Items) != 1 || err2 != nil {
				t.Errorf("imports = %+v, %v", is, err2)
			}
			return err
		})
	})
}

func TestTwoInventoriesOfAMergedDevice(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		f := device.Fleet{DB: db}
		both := "asset_tag,serial,vendor,model\nBM-1,S1,Vela,V1\nCMMS-7,9-S1,Vela,V1\n"
		if _, err := f.Import(ctx, upload(t, both)); err != nil {
			t.Fatal(err)
		}
		all := tags(t, db)
		if err := f.Merge(ctx, all["BM-1"].ID, all["CMMS-7"].ID, "one device in two inventories"); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			imp, err := f.Import(ctx, upload(t, both))
			if err != nil || imp.Same != 2 {
				t.Errorf("import = %+v, %v", imp, err)
			}
		}
		if all := tags(t, db); len(all) != 1 || all["BM-1"].Serial != "S1" {
			t.Errorf("devices = %+v", all)
		}
	})
}
