package blast_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/detection/reading"
	"triward/internal/device"
	"triward/internal/device/network"
	"triward/internal/eventlog"
	"triward/internal/eventlog/parquet"
	"triward/internal/incident"
	"triward/internal/incident/blast"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/risk"
	"triward/internal/sbom"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
	"triward/internal/vuln/match"
)

// ward is a hospital with two sites: pumps of two releases and of another model with the same function, and a scanner.
type ward struct {
	*testing.T
	db     *store.DB
	ctx    context.Context
	clock  *testdb.Clock
	find   blast.Finder
	cases  incident.Cases
	sites  [2]device.SiteID
	old    product.ReleaseID // lists openssl 1.1.1
	new    product.ReleaseID // lists openssl 3.0.7
	bare   product.ReleaseID // without a bill of materials
	models [3]product.ModelID
}

func each(t *testing.T, fn func(w *ward)) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		s := signaturetest.New(t, db)
		anna := s.Person(t, "anna", "Anna Security")
		w := &ward{T: t, db: db, clock: c, ctx: s.As(anna, "incident.*", "device.*", "product.*", "risk.*", "vuln.*", "event.*", "detection.*"), cases: incident.Cases{DB: db}}
		log, err := parquet.Open(t.Context(), db, t.TempDir())
		w.ok(err)
		t.Cleanup(func() { w.ok(log.Close(context.Background())) })
		w.find = blast.Finder{DB: db, Events: reading.Desk{DB: db, Log: log}}
		w.catalogue()
		w.fleet()
		w.findings()
		fn(w)
	})
}

func (w *ward) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func must[T any](w *ward) func(T, error) T {
	return func(v T, err error) T {
		w.Helper()
		w.ok(err)
		return v
	}
}

func (w *ward) catalogue() {
	c := product.Catalog{DB: w.db}
	maker := must[product.ManufacturerID](w)(c.AddManufacturer(w.ctx, product.Manufacturer{Name: "Nordlicht"}))
	for i, m := range []product.Model{
		{Name: "Pulsar 3", Class: product.LifeSupporting, PatientsAtOnce: 1, Functions: []product.Function{{Name: "Infusion", Harm: product.Catastrophic}}},
		{Name: "Pulsar 9", Class: product.LifeSupporting, PatientsAtOnce: 1, Functions: []product.Function{{Name: "infusion", Harm: product.Catastrophic}}},
		{Name: "Scan", Class: product.Diagnostic}} {
		m.Manufacturer, m.MultiPatient = maker, product.NotKnown
		w.models[i] = must[product.ModelID](w)(c.AddModel(w.ctx, m))
	}
	for i, v := range []string{"1.0", "2.0", "3.0"} {
		r := must[product.ReleaseID](w)(c.AddRelease(w.ctx, product.Release{Model: w.models[0], Version: v}))
		*[]*product.ReleaseID{&w.old, &w.new, &w.bare}[i] = r
	}
	for r, version := range map[product.ReleaseID]string{w.old: "1.1.1", w.new: "3.0.7"} {
		doc := sbom.Document{File: "x", Format: sbom.CycloneDXJSON, Components: []sbom.Component{{Ref: "1", Name: "OpenSSL", Version: version, PURLs: []string{"pkg:generic/openssl@" + version}}, {Ref: "2", Name: "zlib"}}}
		must[string](w)(c.AttachSBOM(w.ctx, r, doc, []byte(version)))
	}
	w.ok(c.AssertSupport(w.ctx, product.Support{Model: w.models[0], Release: w.old, Stage: product.EndOfSupport, AssertedBy: "Nordlicht", Since: w.clock.Now().Add(-time.Hour)}))
}

func (w *ward) fleet() {
	f := device.Fleet{DB: w.db}
	for i, name := range []string{"North", "South"} {
		w.sites[i] = must[device.SiteID](w)(f.AddSite(w.ctx, name))
	}
	for _, d := range []device.Device{
		{AssetTag: "P-1", Model: w.models[0], Release: w.old, Site: w.sites[0], Ward: "ICU", InUse: product.Yes},
		{AssetTag: "P-2", Model: w.models[0], Release: w.old, Site: w.sites[0], Ward: "ICU", InUse: product.NotKnown},
		{AssetTag: "P-3", Model: w.models[0], Release: w.new, Site: w.sites[0], Ward: "Ward 2", InUse: product.No},
		{AssetTag: "P-4", Model: w.models[0], Release: w.bare, Site: w.sites[1], Ward: "ICU", InUse: product.Yes},
		{AssetTag: "Q-1", Model: w.models[1], Site: w.sites[0], Ward: "Store", InUse: product.No},
		{AssetTag: "S-1", Model: w.models[2], Site: w.sites[1], InUse: product.Yes},
		{AssetTag: "X-1", RawVendor: "nobody", RawModel: "knows"}} {
		d.Connectivity = []network.Connectivity{network.PrivateNetwork}
		if d.AssetTag == "P-1" {
			d.Connectivity = []network.Connectivity{network.Internet}
			d.Identities = []device.Identity{{Kind: network.IP, Value: "10.1.0.1"}}
		}
		must[device.ID](w)(f.Register(w.ctx, d))
	}
}

func (w *ward) id(tag string) string {
	w.Helper()
	var id string
	w.ok(w.db.View(w.ctx, func(r store.Reader) error {
		return r.QueryRow(w.ctx, `SELECT id FROM device WHERE asset_tag = $1`, tag).Scan(&id)
	}))
	return id
}

// findings are as matching and ranking leave them: CVE-2026-1 affects old pumps, is unknown for the bare one, and was looked
// for in the new one.
func (w *ward) findings() {
	w.ok(w.db.Bulk(w.ctx, func(b *store.Bulk) error {
		load := func(table string, columns []string, rows ...[]any) error {
			_, err := b.Load(w.ctx, table, columns, func(yield func([]any) bool) {
				for _, r := range rows {
					if !yield(r) {
						return
					}
				}
			})
			return err
		}
		line := func(tag, truth string) []any {
			return []any{w.id(tag), "CVE-2026-1", int64(1), truth, int64(3), int64(5), int64(1), int64(0), string(w.models[0]), "", "", "", "", int64(1)}
		}
		holder := func(tag, configuration string) []any { return []any{w.id(tag), "device", configuration, "", ""} }
		said := func(configuration, truth string) []any {
			return []any{configuration, "CVE-2026-1", "csaf/ADV-1", truth, "", "{}"}
		}
		for _, err := range []error{
			load("line", risk.LineColumns(), line("P-1", "affected"), line("P-2", "affected"), line("P-4", "unknown")),
			load("holder", []string{"id", "kind", "configuration", "model", "release"}, holder("P-1", "old"), holder("P-2", "old"), holder("P-3", "new"), holder("P-4", "bare"), holder("S-1", "scan")),
			load("vuln_match", []string{"configuration", "vuln", "record", "truth", "settles", "proof"}, said("old", "affected"), said("new", "not_affected"), said("bare", "unknown")),
			load("record_vuln", []string{"vuln", "record", "own", "summary"}, []any{"CVE-2026-1", "csaf/ADV-1", "CVE-2026-1", "{}"}),
			load("record", []string{"key", "source", "rid", "feed", "publisher", "title", "url", "status", "revision", "withdrawn", "published", "modified", "hash", "fetched", "seen", "changed", "body"},
				[]any{"csaf/ADV-1", "csaf", "ADV-1", "", "Nordlicht", "Weak TLS", "", "final", "1", false, int64(1), int64(1), "", int64(1), int64(1), int64(1), []byte{}}),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

func (w *ward) radius(q blast.Query) blast.Radius {
	w.Helper()
	return must[blast.Radius](w)(w.find.Find(w.ctx, q))
}

// tags are the devices of a radius with their answers.
func tags(v blast.Radius) map[string]match.Truth {
	out := map[string]match.Truth{}
	for _, d := range v.Devices {
		out[d.Tag] = d.Truth
	}
	return out
}

func TestRadiusOfWeakness(t *testing.T) {
	each(t, func(w *ward) {
		v := w.radius(blast.Query{Weakness: "CVE-2026-1"})
		want := blast.Sum{Affected: 2, Unknown: 1, NotAffected: 1, InUse: 2, UseUnknown: 1, Critical: 3, Exposed: 1, Patients: 3}
		if d := cmp.Diff(want, v.Sum); d != "" {
			w.Errorf("sum (-want +got):\n%s", d)
		}
		if d := cmp.Diff(map[string]match.Truth{"P-1": "affected", "P-2": "affected", "P-4": "unknown"}, tags(v)); d != "" {
			w.Errorf("devices (-want +got):\n%s", d)
		}
		if v.Sites != 2 || len(v.Models) != 1 || v.Unnamed != 1 || v.More != 0 {
			w.Errorf("radius = %+v", v)
		}
		first := v.Devices[0]
		if first.Finding != "CVE-2026-1" || first.Why != "affected by CVE-2026-1, says csaf/ADV-1" || first.Stage != product.EndOfSupport {
			w.Errorf("first device = %+v", first)
		}
		// At North the newer pump and the one of the other model can take over; at South nothing can.
		alt := []blast.Alternative{{Site: w.sites[1], SiteName: "South", Function: "Infusion", Model: "Nordlicht Pulsar 3", Needed: 1},
			{Site: w.sites[0], SiteName: "North", Function: "Infusion", Model: "Nordlicht Pulsar 3", Needed: 2, Spares: 2}}
		if d := cmp.Diff(alt, v.Alternatives); d != "" {
			w.Errorf("alternatives (-want +got):\n%s", d)
		}
		narrow := w.radius(blast.Query{Weakness: "CVE-2026-1", Site: string(w.sites[1])})
		if d := cmp.Diff(map[string]match.Truth{"P-4": "unknown"}, tags(narrow)); d != "" || narrow.Sum.Hit() != 1 || narrow.Sum.NotAffected != 0 {
			w.Errorf("at South: %+v\n%s", narrow.Sum, d)
		}
		if adv := w.radius(blast.Query{Advisory: "csaf/ADV-1"}); adv.Sum != v.Sum || adv.Title != "Weak TLS" {
			w.Errorf("advisory = %+v", adv.Sum)
		}
		if none := w.radius(blast.Query{Weakness: "CVE-2026-2"}); none.Sum != (blast.Sum{}) {
			w.Errorf("of another weakness = %+v", none.Sum)
		}
	})
}

func TestRadiusOfComponentCountsWhatIsNotKnown(t *testing.T) {
	each(t, func(w *ward) {
		for _, c := range []struct {
			q    blast.Query
			want map[string]match.Truth
			not  int
		}{
			{blast.Query{Component: "openssl", Versions: "< 3.0.0"}, map[string]match.Truth{"P-1": "affected", "P-2": "affected", "P-4": "unknown", "Q-1": "unknown", "S-1": "unknown", "X-1": "unknown"}, 1},
			{blast.Query{Component: "OPENSSL"}, map[string]match.Truth{"P-1": "affected", "P-2": "affected", "P-3": "affected", "P-4": "unknown", "Q-1": "unknown", "S-1": "unknown", "X-1": "unknown"}, 0},
			{blast.Query{Component: "pkg:generic/openssl@3.0.7"}, map[string]match.Truth{"P-3": "affected", "P-4": "unknown", "Q-1": "unknown", "S-1": "unknown", "X-1": "unknown"}, 2},
			{blast.Query{Component: "pkg:npm/openssl"}, map[string]match.Truth{"P-4": "unknown", "Q-1": "unknown", "S-1": "unknown", "X-1": "unknown"}, 3},
			{blast.Query{Component: "zlib", Versions: "< 1.2"}, map[string]match.Truth{"P-1": "unknown", "P-2": "unknown", "P-3": "unknown", "P-4": "unknown", "Q-1": "unknown", "S-1": "unknown", "X-1": "unknown"}, 0},
		} {
			v := w.radius(c.q)
			if d := cmp.Diff(c.want, tags(v)); d != "" || v.Sum.NotAffected != c.not {
				w.Errorf("%s: %d not affected (-want +got):\n%s", c.q.Words(), v.Sum.NotAffected, d)
			}
		}
		v := w.radius(blast.Query{Component: "openssl", Versions: "< 3"})
		if v.Devices[0].SBOM == "" || v.Devices[0].Why != "its bill of materials lists OpenSSL 1.1.1" {
			w.Errorf("why = %+v", v.Devices[0])
		}
	})
}

func TestRadiusOfIndicator(t *testing.T) {
	each(t, func(w *ward) {
		at := w.clock.Now().Add(-time.Hour)
		events := []eventlog.Event{}
		for i, e := range []eventlog.Event{{Device: w.id("P-2"), SrcIP: "10.9.9.9"}, {Device: w.id("P-2"), DstIP: "10.9.9.9"}, {Device: w.id("S-1"), SrcIP: "10.1.0.1"},
			{Device: w.id("S-1"), Hash: "0123456789abcdef0123456789abcdef"}, {Device: w.id("P-1"), Fields: []eventlog.Field{{Name: "ae.calling", Value: "ROGUE"}}}} {
			e.ID, e.Received, e.Format, e.Source = eventlog.ID{1, byte(i + 1)}, at.UnixMicro(), "json", "src_1"
			events = append(events, e)
		}
		_, err := w.find.Events.Log.(eventlog.Log).Append(w.ctx, events)
		w.ok(err)
		for indicator, want := range map[string]map[string]match.Truth{
			"10.9.9.9":                         {"P-2": "affected"},
			"10.1.0.1":                         {"P-1": "affected", "S-1": "affected"}, // the one has the address, the other spoke with it
			"0123456789ABCDEF0123456789abcdef": {"S-1": "affected"},
			"ROGUE":                            {"P-1": "affected"},
			"10.7.7.7":                         {},
		} {
			v := w.radius(blast.Query{Indicator: indicator})
			if d := cmp.Diff(want, tags(v)); d != "" || v.Silent != 7-len(want) {
				w.Errorf("%s: %d silent (-want +got):\n%s", indicator, v.Silent, d)
			}
		}
		if v := w.radius(blast.Query{Indicator: "10.9.9.9"}); v.Devices[0].Events != 2 {
			w.Errorf("events = %+v", v.Devices[0])
		}
		if v := w.radius(blast.Query{Indicator: "10.9.9.9", From: w.clock.Now()}); len(v.Devices) != 0 {
			w.Errorf("after the events: %+v", v.Devices)
		}
	})
}

func TestRadiusIsKeptAndInvolvesDevices(t *testing.T) {
	each(t, func(w *ward) {
		i := must[string](w)(w.cases.Declare(w.ctx, incident.Declaration{Systems: []string{"Archive"}, Incident: incident.Incident{Title: "x", TLP: incident.Amber, PAP: incident.Green, Care: incident.Normal,
			Legal: incident.NoLegal, Disclosure: incident.Undisclosed, Aware: w.clock.Now().Add(-time.Hour), AwareWho: "Anna", AwareHow: "seen"}}))
		sid := must[string](w)(w.find.Keep(w.ctx, w.cases, i, blast.Query{Weakness: "CVE-2026-1"}, []string{w.id("P-1"), w.id("P-2")}))
		must[string](w)(w.find.Keep(w.ctx, w.cases, i, blast.Query{Weakness: "CVE-2026-1"}, []string{w.id("P-1")})) // it is in already
		w.ok(w.db.View(w.ctx, func(r store.Reader) error {
			f, err := incident.Get(w.ctx, r, i)
			w.ok(err)
			all, err := blast.Snapshots(w.ctx, r, i)
			w.ok(err)
			s, v, err := blast.Open(w.ctx, r, sid)
			w.ok(err)
			if len(f.Devices) != 3 || len(all) != 2 || s.Affected != 2 || v.Sum.Affected != 2 || len(v.Devices) != 3 {
				w.Errorf("devices %d, snapshots %d, %+v, %+v", len(f.Devices), len(all), s, v.Sum)
			}
			return nil
		}))
		if err := w.db.Update(w.ctx, func(tx *store.Tx) error {
			_, err := tx.Exec(w.ctx, `UPDATE incident_blast SET body = '{}'`)
			return err
		}); err == nil {
			w.Error("a snapshot was changed")
		}
	})
}

func TestRadiusRefuses(t *testing.T) {
	each(t, func(w *ward) {
		for _, q := range []blast.Query{{}, {Weakness: "CVE-2026-1", Component: "x"}, {Weakness: "CVE-2026-1", Versions: "< 2"}, {Component: "x", Versions: "soon"},
			{Indicator: "x", From: w.clock.Now(), To: w.clock.Now()}} {
			if _, err := w.find.Find(w.ctx, q); problem.KindOf(err) != problem.Invalid {
				w.Errorf("%+v: %v", q, err)
			}
		}
		south := store.WithActor(context.Background(), store.Actor{ID: "usr_x", Grants: []store.Grant{{Kinds: []string{"risk.read", "device.read", "vuln.read"}, Sites: []string{string(w.sites[1])}}}})
		v, err := w.find.Find(south, blast.Query{Weakness: "CVE-2026-1"})
		w.ok(err)
		if d := cmp.Diff(map[string]match.Truth{"P-4": "unknown"}, tags(v)); d != "" || v.Sum.Hit() != 1 {
			w.Errorf("of another site is seen:\n%s", d)
		}
		if _, err := w.find.Find(store.WithActor(context.Background(), store.Actor{ID: "usr_y"}), blast.Query{Weakness: "CVE-2026-1"}); problem.KindOf(err) != problem.Forbidden {
			w.Errorf("without a role: %v", err)
		}
	})
}
