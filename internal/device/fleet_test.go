package device_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/device"
	"triward/internal/device/network"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
	"triward/internal/testdb"
)

func view(t testing.TB, db *store.DB, fn func(r store.Reader) error) {
	t.Helper()
	if err := db.View(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, db *store.DB, id device.ID) (d device.Device) {
	t.Helper()
	view(t, db, func(r store.Reader) (err error) { d, err = device.Get(testdb.System(), r, id); return err })
	return d
}

func kinds(t *testing.T, db *store.DB, subject string) (out []string) {
	t.Helper()
	view(t, db, func(r store.Reader) error {
		es, err := store.Journal(context.Background(), r, store.JournalQuery{Subject: subject})
		for _, e := range es {
			out = append(out, e.Kind)
		}
		return err
	})
	return out
}

func pump(site device.SiteID) device.Device {
	return device.Device{Site: site, Ward: "ICU 1", AssetTag: "BM-1", Serial: "S100", RawVendor: "Nordlicht", RawModel: "Pulsar", RawVersion: "2.1",
		InUse: product.Yes, Connectivity: []network.Connectivity{network.Wireless, network.PrivateNetwork},
		Identities: []device.Identity{{Kind: network.MAC, Value: "00-1B-C5-00-00-01"}, {Kind: network.IP, Value: "10.1.1.5"}},
		Values:     []device.Value{{Name: "room", Value: "12"}}}
}

func TestRegisterChangeMove(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		ctx := testdb.System()
		f := device.Fleet{DB: db}
		site, err := f.AddSite(ctx, "North")
		if err != nil {
			t.Fatal(err)
		}
		id, err := f.Register(ctx, pump(site))
		if err != nil {
			t.Fatal(err)
		}
		d := get(t, db, id)
		want := pump(site)
		want.ID, want.State, want.SiteName, want.ModelName, want.At, want.Changed = id, device.Active, "North", "Nordlicht Pulsar", testdb.Start, testdb.Start
		want.PatientData, want.OwnClass, want.Class = product.NotKnown, product.ClassNotKnown, product.ClassNotKnown
		want.Connectivity = []network.Connectivity{network.PrivateNetwork, network.Wireless}
		want.Identities = []device.Identity{{Kind: network.IP, Value: "10.1.1.5", Since: testdb.Start, Source: "registered"},
			{Kind: network.MAC, Value: "00:1b:c5:00:00:01", Since: testdb.Start, Source: "registered"}}
		if diff := cmp.Diff(want, d); diff != "" {
			t.Errorf("device (-want +got):\n%s", diff)
		}
		clock.Advance(time.Hour)
		d.Ward, d.RawVersion = "ER", "2.2"
		for i := range d.Identities {
			if d.Identities[i].Kind == network.IP {
				d.Identities[i].Value = "10.1.1.6"
			}
		}
		if err := f.Change(ctx, d); err != nil {
			t.Fatal(err)
		}
		if err := f.Change(ctx, d); problem.KindOf(err) != problem.Conflict {
			t.Errorf("a change of an old state = %v, want Conflict", err)
		}
		now := get(t, db, id)
		if got := now.Current(network.IP); !cmp.Equal(got, []string{"10.1.1.6"}) || len(now.Identities) != 3 {
			t.Errorf("identities = %+v", now.Identities)
		}
		if diff := cmp.Diff([]string{"device.registered", "device.changed", "device.moved", "device.identity_added"}, kinds(t, db, string(id))); diff != "" {
			t.Error(diff)
		}
		view(t, db, func(r store.Reader) error {
			es, err := store.Journal(ctx, r, store.JournalQuery{Subject: string(id), Kinds: []string{device.KindMoved}})
			if err != nil {
				return err
			}
			var n device.Noted
			if err := json.Unmarshal(es[0].Body, &n); err != nil {
				return err
			}
			if es[0].Site != string(site) || !cmp.Equal(n.Changes, product.Changes{{Field: "ward", Before: "ICU 1", After: "ER"}}) {
				t.Errorf("moved = %+v", n)
			}
			return nil
		})
	})
}

func TestOneDeviceUnderSeveralNames(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		f := device.Fleet{DB: db}
		site, _ := f.AddSite(ctx, "North")
		other, _ := f.AddSite(ctx, "South")
		d := pump(site)
		d.DI = "04012345000016"
		id, err := f.Register(ctx, d)
		if err != nil {
			t.Fatal(err)
		}
		mac := func(s string) []device.Identity { return []device.Identity{{Kind: network.MAC, Value: s}} }
		for name, x := range map[string]struct {
			d    device.Device
			by   string
			held bool
			cons int
		}{
			"udi":               {device.Device{DI: "04012345000016", Serial: "s100"}, "UDI and serial number", false, 0},
			"maker, other case": {device.Device{RawVendor: "NORDLICHT GmbH", RawModel: "pulsar", Serial: " s 100"}, "manufacturer, model and serial number", false, 0},
			"tag":               {device.Device{Site: site, AssetTag: "bm-1"}, "site and asset tag", false, 0},
			"tag, no site":      {device.Device{AssetTag: "bm-1"}, "site and asset tag", false, 0},
			"tag, other site":   {device.Device{Site: other, AssetTag: "bm-1"}, "", false, 0},
			"mac":               {device.Device{Identities: mac("001bc5000001")}, "MAC address", false, 0},
			"mac, other serial": {device.Device{Serial: "S200", Identities: mac("001bc5000001")}, "", false, 1},
			"mac, other tag":    {device.Device{Site: site, AssetTag: "BM-2", Identities: mac("001bc5000001")}, "", false, 1},
			"tag, other serial": {device.Device{Site: site, AssetTag: "BM-1", Serial: "S200"}, "", true, 1},
			"serial only":       {device.Device{Serial: "S100"}, "", false, 0},
		} {
			view(t, db, func(r store.Reader) error {
				res, err := device.Resolve(ctx, r, x.d)
				if err != nil {
					return err
				}
				if (res.Device == id) != (x.by != "") || res.By != x.by || res.Held != x.held || len(res.Contradictions) != x.cons {
					t.Errorf("%s: %+v", name, res)
				}
				return nil
			})
		}
		if _, err := f.Register(ctx, d); problem.KindOf(err) != problem.Conflict {
			t.Errorf("second registration = %v, want Conflict", err)
		}
	})
}

func TestContradictionIsReportedAndSettled(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		f := device.Fleet{DB: db}
		site, _ := f.AddSite(ctx, "North")
		first, err := f.Register(ctx, pump(site))
		if err != nil {
			t.Fatal(err)
		}
		d := pump(site)
		d.AssetTag, d.Serial = "BM-2", "S200"
		second, err := f.Register(ctx, d)
		if err != nil || second == first {
			t.Fatalf("second = %q, %v", second, err)
		}
		open := func() []device.FoundContradiction {
			var cs store.Page[device.FoundContradiction]
			view(t, db, func(r store.Reader) (err error) {
				cs, err = device.Contradictions(ctx, r, device.ContradictionQuery{})
				return err
			})
			return cs.Items
		}
		cs := open()
		if len(cs) != 1 || cs[0].Device != second || cs[0].Other != first || !strings.Contains(cs[0].Reason, `serial number "S100"`) {
			t.Fatalf("contradictions = %+v", cs)
		}
		if err := f.Settle(ctx, cs[0].ID, "a dock shared by both"); err != nil {
			t.Fatal(err)
		}
		if cs := open(); len(cs) != 0 {
			t.Errorf("still open: %+v", cs)
		}
	})
}

func TestMergeKeepsHistoryAndNames(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		ctx := testdb.System()
		f := device.Fleet{DB: db}
		site, _ := f.AddSite(ctx, "North")
		keep, err := f.Register(ctx, device.Device{Site: site, AssetTag: "BM-1", Serial: "S1"})
		if err != nil {
			t.Fatal(err)
		}
		drop, err := f.Register(ctx, device.Device{AssetTag: "OLD-9", Ward: "ER", ITOwner: "net",
			Identities: []device.Identity{{Kind: network.MAC, Value: "00:1b:c5:00:00:09"}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.RecordPart(ctx, device.Part{Device: drop, Part: product.Part{Kind: product.Firmware, Product: "bios", Version: "3", Source: "label", Confidence: product.Measured}}); err != nil {
			t.Fatal(err)
		}
		clock.Advance(time.Hour)
		if err := f.Merge(ctx, keep, drop, "same pump, two inventories"); err != nil {
			t.Fatal(err)
		}
		k, g := get(t, db, keep), get(t, db, drop)
		if k.AssetTag != "BM-1" || k.Ward != "ER" || k.ITOwner != "net" || len(k.Current(network.MAC)) != 1 || k.Identities[0].Since != testdb.Start {
			t.Errorf("kept = %+v", k)
		}
		if g.State != device.Merged || g.MergedInto != keep || len(g.Current(network.MAC)) != 0 || len(g.Identities) != 1 {
			t.Errorf("dropped = %+v", g)
		}
		view(t, db, func(r store.Reader) error {
			res, err := device.Resolve(ctx, r, device.Device{AssetTag: "old-9"})
			if res.Device != keep {
				t.Errorf("the old tag gives %+v", res)
			}
			p, err2 := device.List(ctx, r, device.Query{Prefix: "OLD"})
			if len(p.Items) != 1 || p.Items[0].ID != keep {
				t.Errorf("search for the old tag = %+v, %v", p, err2)
			}
			c, err3 := device.Facts(ctx, r, keep)
			if len(c.Own) != 1 || c.Own[0].Product != "bios" {
				t.Errorf("facts = %+v, %v", c, err3)
			}
			n, err4 := device.Counts(ctx, r)
			total := 0
			for _, x := range n {
				total += x.Devices
			}
			if total != 1 || err4 != nil {
				t.Errorf("counts = %+v, %v", n, err4)
			}
			return err
		})
		// The next change of the kept device must not lose the inherited names.
		k = get(t, db, keep)
		k.Ward = "ICU"
		if err := f.Change(ctx, k); err != nil {
			t.Fatal(err)
		}
		view(t, db, func(r store.Reader) error {
			res, err := device.Resolve(ctx, r, device.Device{AssetTag: "old-9"})
			if res.Device != keep {
				t.Errorf("after a change the old tag gives %+v", res)
			}
			return err
		})
		if err := f.Merge(ctx, keep, drop, "again"); problem.KindOf(err) != problem.Conflict {
			t.Errorf("second merge = %v", err)
		}
	})
}

func TestRetireAndReinstate(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		f := device.Fleet{DB: db}
		id, err := f.Register(ctx, device.Device{AssetTag: "BM-1", Serial: "S1"})
		if err != nil {
			t.Fatal(err)
		}
		listed := func(s device.State) (n int) {
			view(t, db, func(r store.Reader) error {
				p, err := device.List(ctx, r, device.Query{State: s})
				n = len(p.Items)
				return err
			})
			return n
		}
		if err := f.Retire(ctx, id, ""); problem.KindOf(err) != problem.Invalid {
			t.Errorf("retire without reason = %v", err)
		}
		if err := f.Retire(ctx, id, "scrapped"); err != nil {
			t.Fatal(err)
		}
		if listed(device.Active) != 0 || listed(device.Retired) != 1 {
			t.Error("a retired device must leave the list of active ones")
		}
		// Its tag is free again.
		if _, err := f.Register(ctx, device.Device{AssetTag: "BM-1", Serial: "S2"}); err != nil {
			t.Error(err)
		}
		if err := f.Reinstate(ctx, id, "found again"); err != nil || listed(device.Active) != 2 {
			t.Errorf("reinstate: %v", err)
		}
		if diff := cmp.Diff([]string{"device.registered", "device.retired", "device.reinstated"}, kinds(t, db, string(id))); diff != "" {
			t.Error(diff)
		}
	})
}

func TestScopeBySite(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		f := device.Fleet{DB: db}
		north, _ := f.AddSite(ctx, "North")
		south, _ := f.AddSite(ctx, "South")
		a, err := f.Register(ctx, device.Device{Site: north, AssetTag: "A"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Register(ctx, device.Device{Site: south, AssetTag: "B"}); err != nil {
			t.Fatal(err)
		}
		nurse := store.WithActor(context.Background(), store.Actor{ID: "usr_1", Grants: []store.Grant{{Kinds: []string{"device.*"}, Sites: []string{string(south)}}}})
		view(t, db, func(r store.Reader) error {
			p, err := device.List(nurse, r, device.Query{})
			if len(p.Items) != 1 || p.Items[0].AssetTag != "B" {
				t.Errorf("list = %+v, %v", p, err)
			}
			if _, err := device.Get(nurse, r, a); problem.KindOf(err) != problem.Forbidden {
				t.Errorf("get = %v, want Forbidden", err)
			}
			ss, err := device.Sites(nurse, r)
			if len(ss) != 1 || ss[0].Name != "South" {
				t.Errorf("sites = %+v", ss)
			}
			return err
		})
		// Taking a device out of a site that the role does not cover is refused.
		d := get(t, db, a)
		d.Site = south
		if err := f.Change(nurse, d); problem.KindOf(err) != problem.Forbidden {
			t.Errorf("change = %v, want Forbidden", err)
		}
	})
}

func TestListFiltersSortsAndPages(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		f := device.Fleet{DB: db}
		south, _ := f.AddSite(ctx, "South")
		north, _ := f.AddSite(ctx, "North")
		c := product.Catalog{DB: db}
		maker, _ := c.AddManufacturer(ctx, product.Manufacturer{Name: "Nordlicht"})
		var models []product.ModelID
		for _, n := range []string{"Z", "A"} {
			m, err := c.AddModel(ctx, product.Model{Manufacturer: maker, Name: n, Class: product.Monitoring})
			if err != nil {
				t.Fatal(err)
			}
			models = append(models, m)
		}
		for i := range 8 {
			d := device.Device{AssetTag: fmt.Sprint("T", i), Site: []device.SiteID{south, north}[i%2], Model: models[i/4], Ward: fmt.Sprint("W", i%3),
				InUse: []product.Answer{product.Yes, product.No}[i/6], Identities: []device.Identity{{Kind: network.AETitle, Value: fmt.Sprint("T", i, "_AE")}}}
			if _, err := f.Register(ctx, d); err != nil {
				t.Fatal(err)
			}
		}
		list := func(q device.Query) string {
			var tags []string
			view(t, db, func(r store.Reader) error {
				for {
					p, err := device.List(ctx, r, q)
					if err != nil {
						return err
					}
					for _, x := range p.Items {
						tags = append(tags, x.AssetTag[1:])
					}
					if q.After = p.Next; p.Next == "" {
						return nil
					}
				}
			})
			return strings.Join(tags, "")
		}
		for _, x := range []struct {
			q    device.Query
			want string
		}{
			{device.Query{}, "01234567"},
			{device.Query{Sort: device.BySite}, "13570246"},
			{device.Query{Sort: device.ByModel}, "45670123"},
			{device.Query{Site: north}, "1357"},
			{device.Query{Model: models[0]}, "0123"},
			{device.Query{Ward: "W1"}, "147"},
			{device.Query{InUse: product.No}, "67"},
			{device.Query{Class: product.Monitoring, Sort: device.BySite}, "13570246"},
			{device.Query{Class: product.Diagnostic}, ""},
			{device.Query{Site: north, Model: models[1], Sort: device.ByModel}, "57"},
			{device.Query{Sort: "-asset_tag"}, "76543210"},
			{device.Query{Sort: "-site"}, "64207531"},
			{device.Query{Sort: device.ByWard}, "03614725"},
			{device.Query{Sort: device.ByUse}, "67012345"},
			{device.Query{Sort: "-class", Class: product.Monitoring, Site: north}, "1357"},
			{device.Query{Prefix: "t", Sort: "-match"}, "76543210"},
			{device.Query{Prefix: "t"}, "01234567"},
			{device.Query{Prefix: "T3_"}, "3"},
			{device.Query{Prefix: "t", Site: north, Sort: device.BySite}, "1357"},
			{device.Query{Prefix: "nothing"}, ""},
		} {
			for _, limit := range []int{2, 3, 100} {
				x.q.Limit = limit
				if got := list(x.q); got != x.want {
					t.Errorf("List(%+v) = %q, want %q", x.q, got, x.want)
				}
			}
		}
		for by, want := range map[device.Dimension]string{device.PerSite: "[4 4]", device.PerModel: "[4 4]", device.PerUse: "[6 2]", device.PerClass: "[8]"} {
			view(t, db, func(r store.Reader) error {
				ts, err := device.CountBy(ctx, r, by)
				var ns []int
				for _, x := range ts {
					ns = append(ns, x.Devices)
				}
				if fmt.Sprint(ns) != want {
					t.Errorf("CountBy(%s) = %v, want %s", by, ts, want)
				}
				return err
			})
		}
		// What rows repeat of sites and models follows them.
		if err := f.RenameSite(ctx, south, "Altona"); err != nil {
			t.Fatal(err)
		}
		m := models[0]
		var mo product.Model
		view(t, db, func(r store.Reader) (err error) { mo, err = product.Get(ctx, r, m); return err })
		mo.Class, mo.Name = product.Diagnostic, "0"
		if err := c.ChangeModel(ctx, mo); err != nil {
			t.Fatal(err)
		}
		if err := db.CatchUp(ctx, device.ClassFollower()); err != nil {
			t.Fatal(err)
		}
		if a, b, c := list(device.Query{Sort: device.BySite}), list(device.Query{Class: product.Diagnostic}), list(device.Query{Sort: device.ByModel}); a != "02461357" || b != "0123" || c != "01234567" {
			t.Errorf("after renaming: %q %q %q", a, b, c)
		}
	})
}
