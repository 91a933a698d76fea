package app

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/advisory"
	"triward/internal/device"
	"triward/internal/device/fleetfile"
	"triward/internal/device/network"
	"triward/internal/product"
	"triward/internal/risk"
	"triward/internal/store"
	"triward/internal/testdb"
	"triward/internal/vuln"
)

// csaf is an advisory about one product of Northmere in a version range.
func csaf(t *testing.T, id, revision, cve, name, versions string) vuln.Loaded {
	t.Helper()
	body := fmt.Appendf(nil, `{"document":{"category":"csaf_security_advisory","csaf_version":"2.0","title":"Weakness in %[4]s",
"publisher":{"category":"vendor","name":"Northmere Medical","namespace":"https://northmere.invalid"},
"tracking":{"id":%[1]q,"status":"final","version":%[2]q,"initial_release_date":"2026-11-01T00:00:00Z","current_release_date":"2026-11-0%[2]sT00:00:00Z",
"revision_history":[{"number":%[2]q,"date":"2026-11-01T00:00:00Z","summary":"x"}]}},
"product_tree":{"branches":[{"category":"vendor","name":"Northmere Medical","branches":[{"category":"product_name","name":%[4]q,
"branches":[{"category":"product_version_range","name":%[5]q,"product":{"name":"x","product_id":"P1"}}]}]}]},
"vulnerabilities":[{"cve":%[3]q,"product_status":{"known_affected":["P1"]},
"remediations":[{"category":"vendor_fix","details":"Update","product_ids":["P1"],"date":"2026-11-02T00:00:00Z"}],
"scores":[{"products":["P1"],"cvss_v3":{"version":"3.1","vectorString":"CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:U/C:H/I:H/A:H","baseScore":7.5,"baseSeverity":"HIGH"}}]}]}`,
		id, revision, cve, name, versions)
	rec, err := advisory.ParseCSAF(id, body)
	if err != nil {
		t.Fatal(err)
	}
	return vuln.Loaded{Record: rec, Body: body}
}

type world struct {
	t   *testing.T
	ctx context.Context
	db  *store.DB
}

func (w world) publish(docs ...vuln.Loaded) {
	w.t.Helper()
	r, err := vuln.LoadRecords(w.ctx, w.db, "test", func(yield func(vuln.Loaded, error) bool) {
		for _, d := range docs {
			if !yield(d, nil) {
				return
			}
		}
	})
	if err == nil {
		err = vuln.Feeds{DB: w.db}.Loaded(w.ctx, "test", r)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.catchUp()
}

func (w world) catchUp() {
	w.t.Helper()
	if err := CatchUp(w.ctx, w.db); err != nil {
		w.t.Fatal(err)
	}
}

func (w world) fleet(csv string) {
	w.t.Helper()
	rows, faults := fleetfile.Parse("fleet.csv", strings.NewReader(csv))
	if len(faults) > 0 {
		w.t.Fatal(faults)
	}
	if _, err := (device.Fleet{DB: w.db}).Import(w.ctx, device.Upload{Name: "fleet.csv", Rows: rows}); err != nil {
		w.t.Fatal(err)
	}
	w.catchUp()
}

func (w world) exploited(cves ...string) {
	w.t.Helper()
	var entries []advisory.Exploited
	for _, c := range cves {
		entries = append(entries, advisory.Exploited{CVE: c, By: "CISA", Added: testdb.Start, Ransomware: "Unknown"})
	}
	r, err := vuln.LoadExploited(w.ctx, w.db, "kev", entries)
	if err == nil {
		err = vuln.Feeds{DB: w.db}.Loaded(w.ctx, "kev", r)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.catchUp()
}

// lines is the ranked list as text, worst first.
func (w world) lines() []string {
	w.t.Helper()
	var out []string
	err := w.db.View(w.ctx, func(r store.Reader) error {
		p, err := risk.Lines(w.ctx, r, risk.LineQuery{Limit: 1000})
		if err != nil {
			return err
		}
		for _, l := range p.Lines {
			briefs, err := device.Briefs(w.ctx, r, []string{l.Device})
			if err != nil {
				return err
			}
			out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s %s %s %s %s", briefs[0].AssetTag, l.Vulnerability, l.Truth, l.Exploitability, l.Severity, l.Class, l.Progress)))
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func (w world) want(step string, lines ...string) {
	w.t.Helper()
	if d := cmp.Diff(lines, w.lines()); d != "" {
		w.t.Errorf("%s: lines (-want +got):\n%s", step, d)
	}
}

func (w world) deviceID(tag string) device.ID {
	w.t.Helper()
	var id device.ID
	err := w.db.View(w.ctx, func(r store.Reader) error {
		p, err := device.List(w.ctx, r, device.Query{Prefix: tag})
		if err == nil && len(p.Items) == 1 {
			id = p.Items[0].ID
		}
		return err
	})
	if err != nil || id == "" {
		w.t.Fatalf("device %s: %q, %v", tag, id, err)
	}
	return id
}

func (w world) change(tag string, fn func(d *device.Device)) {
	w.t.Helper()
	id := w.deviceID(tag)
	var d device.Device
	err := w.db.View(w.ctx, func(r store.Reader) (err error) {
		d, err = device.Get(w.ctx, r, id)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	fn(&d)
	if err := (device.Fleet{DB: w.db}).Change(w.ctx, d); err != nil {
		w.t.Fatal(err)
	}
	w.catchUp()
}

const pumps = `asset_tag,vendor,model,version,serial,site,location,safety_class,in_use,connectivity
A,Northmere Medical,Rill 300,1.0,S100,Main,ICU,therapeutic,yes,private_network
B,Northmere Medical,Rill 300,3.0,S200,Main,ICU,therapeutic,yes,private_network
C,Northmere Medical,Rill 300,,S300,Main,ICU,therapeutic,unknown,private_network
D,Other Maker,Brook 1,1.0,S400,Main,ICU,therapeutic,yes,private_network
`

func TestListFollowsEveryChange(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		w := world{t, testdb.System(), db}
		w.fleet(pumps)
		w.want("before any advisory")
		w.publish(csaf(t, "NM-1", "1", "CVE-2026-90001", "Rill 300", "< 2.0"))
		w.want("after the advisory", "A CVE-2026-90001 affected E1 S4 uncontrolled", "C CVE-2026-90001 unknown E1 S4 uncontrolled")

		w.exploited("CVE-2026-90001")
		w.want("after the KEV entry", "A CVE-2026-90001 affected E4 S4 uncontrolled", "C CVE-2026-90001 unknown E4 S4 uncontrolled")
		w.exploited()
		w.want("after its withdrawal", "A CVE-2026-90001 affected E1 S4 uncontrolled", "C CVE-2026-90001 unknown E1 S4 uncontrolled")

		w.change("C", func(d *device.Device) { d.RawVersion, d.Release = "2.5", "" })
		w.want("after the version of C became known", "A CVE-2026-90001 affected E1 S4 uncontrolled")

		w.publish(csaf(t, "NM-1", "2", "CVE-2026-90001", "Rill 300", "< 4.0"))
		w.want("after revision 2", "C CVE-2026-90001 affected E1 S4 uncontrolled", "B CVE-2026-90001 affected E1 S4 uncontrolled", "A CVE-2026-90001 affected E1 S4 uncontrolled")
		w.publish(csaf(t, "NM-1", "1", "CVE-2026-90001", "Rill 300", "< 2.0"))
		if len(w.lines()) != 3 {
			t.Error("an older revision replaced a newer one")
		}
		before := w.snapshot()
		if err := Rebuild(w.ctx, db); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(before, w.snapshot()); d != "" {
			t.Errorf("rebuild gives another result (-before +after):\n%s", d)
		}
	})
}

// snapshot is every answer and line, without ids of configurations.
func (w world) snapshot() []string {
	w.t.Helper()
	var out []string
	err := w.db.View(w.ctx, func(r store.Reader) error {
		for _, q := range []string{
			`SELECT h.id || ' ' || m.vuln || ' ' || m.record || ' ' || m.truth || ' ' || m.settles || ' ' || m.proof FROM holder h JOIN vuln_match m ON m.configuration = h.configuration ORDER BY 1`,
			`SELECT device || ' ' || vuln || ' ' || CAST(rank AS TEXT) || ' ' || truth || ' ' || decision || ' ' || CAST(identified AS TEXT) FROM line ORDER BY 1`,
			`SELECT device || ' ' || CAST(affected AS TEXT) || ' ' || CAST(unknown AS TEXT) || ' ' || CAST(uncontrolled AS TEXT) || ' ' || CAST(decided AS TEXT) FROM device_risk ORDER BY 1`,
			`SELECT vuln || ' ' || CAST(affected AS TEXT) || ' ' || CAST(unknown AS TEXT) || ' ' || CAST(uncontrolled AS TEXT) || ' ' || CAST(kev AS TEXT) || ' ' || CAST(worst AS TEXT) || ' ' || CAST(decided AS TEXT) FROM vuln_risk ORDER BY 1`,
		} {
			rows, err := store.All(w.ctx, r, store.Value[string], q)
			if err != nil {
				return err
			}
			out = append(out, rows...)
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func TestVerdictSettlesAndReopens(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		w := world{t, testdb.System(), db}
		w.fleet(pumps)
		w.publish(csaf(t, "NM-1", "1", "CVE-2026-90001", "Rill 300", "< 2.0"))
		var model product.ModelID
		if err := db.View(w.ctx, func(r store.Reader) (err error) {
			model, err = product.FindModel(w.ctx, r, "Northmere Medical", "Rill 300")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		verdicts := vuln.Verdicts{DB: db}
		record := func(v vuln.Verdict) string {
			t.Helper()
			v.Vulnerability, v.Model, v.Reason = "CVE-2026-90001", string(model), "the service is not built in"
			id, err := verdicts.Record(w.ctx, v)
			if err != nil {
				t.Fatal(err)
			}
			w.catchUp()
			return id
		}
		record(vuln.Verdict{Status: vuln.StatusNotAffected, Justification: "component_not_present", Versions: "<= 1.0"})
		w.want("verdict on versions up to 1.0", "C CVE-2026-90001 unknown E1 S4 uncontrolled")
		all := record(vuln.Verdict{Status: vuln.StatusNotAffected, Justification: "component_not_present", Expires: testdb.Start.Add(24 * time.Hour)})
		w.want("verdict on all releases")

		review := func(want int) {
			t.Helper()
			n, err := verdicts.Review(w.ctx)
			if err != nil || n != want {
				t.Errorf("review re-opened %d, %v; want %d", n, err, want)
			}
			w.catchUp()
		}
		review(0)
		w.publish(csaf(t, "NM-1", "2", "CVE-2026-90001", "Rill 300", "< 2.0"))
		review(2)
		w.want("a newer source contradicts", "A CVE-2026-90001 affected E1 S4 uncontrolled", "C CVE-2026-90001 unknown E1 S4 uncontrolled")

		again := record(vuln.Verdict{Status: vuln.StatusNotAffected, Justification: "component_not_present", Expires: testdb.Start.Add(48 * time.Hour)})
		w.want("recorded again")
		if all == again {
			t.Error("a verdict was changed in place")
		}
		clock.Advance(49 * time.Hour)
		review(1)
		w.want("expired", "A CVE-2026-90001 affected E1 S4 uncontrolled", "C CVE-2026-90001 unknown E1 S4 uncontrolled")
	})
}

func TestAcceptanceReopensWhenAFactChanges(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(w world, clock *testdb.Clock)
		reason string
	}{
		{"nothing", func(world, *testdb.Clock) {}, ""},
		{"its time ends", func(_ world, clock *testdb.Clock) { clock.Advance(31 * 24 * time.Hour) }, "ended on"},
		{"a KEV entry", func(w world, _ *testdb.Clock) { w.exploited("CVE-2026-90001") }, "exploited"},
		{"a new advisory", func(w world, _ *testdb.Clock) {
			w.publish(csaf(w.t, "NM-2", "1", "CVE-2026-90001", "Rill 300", "< 2.0"))
		}, "new advisory"},
		{"an exposed zone", func(w world, _ *testdb.Clock) {
			w.change("A", func(d *device.Device) { d.Connectivity = append(d.Connectivity, network.Internet) })
		}, "internet"},
	} {
		t.Run(c.name, func(t *testing.T) {
			testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
				w := world{t, testdb.System(), db}
				w.fleet(pumps)
				w.publish(csaf(t, "NM-1", "1", "CVE-2026-90001", "Rill 300", "< 2.0"))
				decisions := risk.Decisions{DB: db}
				id, err := decisions.Decide(w.ctx, risk.Decision{Vulnerabilities: []string{"CVE-2026-90001"}, Treatment: risk.Accept, Owner: "HTM", Reason: "isolated until replaced",
					Controls: "own VLAN", AcceptedBy: "Chief physician", AcceptedUntil: testdb.Start.Add(30 * 24 * time.Hour)}, []string{string(w.deviceID("A"))})
				if err != nil {
					t.Fatal(err)
				}
				w.catchUp()
				w.want("accepted", "C CVE-2026-90001 unknown E1 S4 uncontrolled", "A CVE-2026-90001 affected E1 S4 controlled not_started")
				c.change(w, clock)
				n, err := decisions.Review(w.ctx)
				if err != nil || (n == 1) != (c.reason != "") {
					t.Fatalf("review re-opened %d, %v", n, err)
				}
				w.catchUp()
				var d risk.Decision
				if err := db.View(w.ctx, func(r store.Reader) (err error) {
					d, err = risk.GetDecision(w.ctx, r, id)
					return err
				}); err != nil {
					t.Fatal(err)
				}
				if want := map[bool]risk.State{true: risk.Reopened, false: risk.Open}[c.reason != ""]; d.State != want || !strings.Contains(d.StateReason, c.reason) {
					t.Errorf("decision is %s because %q, want %s because of %q", d.State, d.StateReason, want, c.reason)
				}
				if c.reason != "" && !strings.Contains(strings.Join(w.lines(), "\n"), "A CVE-2026-90001 affected E") || c.reason != "" && strings.Contains(strings.Join(w.lines(), "\n"), "controlled not_started") {
					t.Errorf("a re-opened acceptance still counts: %v", w.lines())
				}
			})
		})
	}
}

func TestSerialRangeIsAskedOfTheSingleDevice(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		w := world{t, testdb.System(), db}
		w.fleet(`asset_tag,vendor,model,version,serial,site,safety_class,in_use
A,Northmere Medical,Rill 300,1.0,1000,Main,therapeutic,yes
B,Northmere Medical,Rill 300,1.0,9000,Main,therapeutic,yes
C,Northmere Medical,Rill 300,1.0,,Main,therapeutic,yes
`)
		w.publish(csaf(t, "NM-3", "1", "CVE-2026-90003", "Rill 300", "serial numbers 500 through 2000"))
		w.want("advisory after the fleet", "A CVE-2026-90003 affected E1 S4 uncontrolled", "C CVE-2026-90003 unknown E1 S4 uncontrolled")
		before := w.lines()
		if err := Rebuild(w.ctx, db); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(before, w.lines()); d != "" {
			t.Errorf("fleet after the advisory (-incremental +rebuilt):\n%s", d)
		}
	})
}

func TestProgressGivesTheMetrics(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		w := world{t, testdb.System(), db}
		w.fleet(pumps)
		w.publish(csaf(t, "NM-1", "1", "CVE-2026-90001", "Rill 300", "< 2.0"))
		decisions := risk.Decisions{DB: db}
		a, c := string(w.deviceID("A")), string(w.deviceID("C"))
		id, err := decisions.Decide(w.ctx, risk.Decision{Vulnerabilities: []string{"CVE-2026-90001"}, Treatment: risk.Fix, Owner: "HTM", Reason: "update to 2.0",
			Due: testdb.Start.Add(10 * 24 * time.Hour)}, []string{a, c})
		if err != nil {
			t.Fatal(err)
		}
		if err := decisions.RecordProgress(w.ctx, risk.Step{Decision: id, Devices: []string{a}, Progress: risk.Excused}); err == nil {
			t.Error("a device was excused without a reason")
		}
		clock.Advance(48 * time.Hour)
		for _, p := range []risk.Progress{risk.Done, risk.Verified} {
			if err := decisions.RecordProgress(w.ctx, risk.Step{Decision: id, Devices: []string{a}, Progress: p}); err != nil {
				t.Fatal(err)
			}
		}
		w.catchUp()
		var m risk.Metrics
		if err := db.View(w.ctx, func(r store.Reader) (err error) {
			m, err = risk.ReadMetrics(w.ctx, r, testdb.Start.Add(-time.Hour), clock.Now())
			return err
		}); err != nil {
			t.Fatal(err)
		}
		fix := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
		want := risk.Metrics{From: testdb.Start.Add(-time.Hour), To: clock.Now(), Vulnerabilities: 1, Updated: 1, UpdatedShare: 1, ToFixOf: 1,
			ToInstalled: testdb.Start.Add(48 * time.Hour).Sub(fix), ToInstalledOf: 1, ToInstalledUnknown: 1}
		if d := cmp.Diff(want, m); d != "" {
			t.Errorf("metrics (-want +got):\n%s", d)
		}
		if err := db.View(w.ctx, func(r store.Reader) error {
			d, err := risk.GetDecision(w.ctx, r, id)
			if err != nil {
				return err
			}
			points, err := risk.BurnDown(w.ctx, r, d, clock.Now())
			day := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
			if d := cmp.Diff([]risk.BurnPoint{{Day: day, Open: 2}, {Day: day.AddDate(0, 0, 1), Open: 2}, {Day: day.AddDate(0, 0, 2), Open: 1}}, points); d != "" {
				t.Errorf("burn-down (-want +got):\n%s", d)
			}
			if err != nil {
				return err
			}
			for _, c := range []struct {
				q    risk.LineQuery
				want risk.Sums
			}{
				{risk.LineQuery{}, risk.Sums{Affected: 1, Unknown: 1, Uncontrolled: 2, Decided: 2}},
				{risk.LineQuery{Ward: "ICU"}, risk.Sums{Affected: 1, Unknown: 1, Uncontrolled: 2, Decided: 2}},
				{risk.LineQuery{Ward: "elsewhere"}, risk.Sums{}},
				{risk.LineQuery{Device: a}, risk.Sums{Affected: 1, Uncontrolled: 1, Decided: 1}},
				{risk.LineQuery{Vulnerability: "CVE-2026-90001"}, risk.Sums{Affected: 1, Unknown: 1, Uncontrolled: 2, Decided: 2}},
			} {
				got, known, err := risk.ReadSums(w.ctx, r, c.q)
				if d := cmp.Diff(c.want, got); d != "" || !known || err != nil {
					t.Errorf("sums of %+v: %v, %v (-want +got):\n%s", c.q, known, err, d)
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if err := decisions.Close(w.ctx, id, ""); err == nil {
			t.Error("a decision with an open device was closed without a reason")
		}
	})
}

func TestDecisionsAreReadWithinTheScope(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		w := world{t, testdb.System(), db}
		w.fleet(`asset_tag,vendor,model,version,serial,site,safety_class,in_use
A,Northmere Medical,Rill 300,1.0,1,North,therapeutic,yes
B,Northmere Medical,Rill 300,1.0,2,South,therapeutic,yes
`)
		w.publish(csaf(t, "NM-1", "1", "CVE-2026-90001", "Rill 300", "< 2.0"))
		for _, tag := range []string{"A", "B"} {
			if _, err := (risk.Decisions{DB: db}).Decide(w.ctx, risk.Decision{Title: tag, Vulnerabilities: []string{"CVE-2026-90001"}, Treatment: risk.Fix, Owner: "HTM",
				Reason: "update", Due: testdb.Start.Add(time.Hour)}, []string{string(w.deviceID(tag))}); err != nil {
				t.Fatal(err)
			}
		}
		var north string
		if err := db.View(w.ctx, func(r store.Reader) error {
			d, err := device.Get(w.ctx, r, w.deviceID("A"))
			north = string(d.Site)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			grant store.Grant
			want  []string
		}{
			{store.Grant{Kinds: []string{"risk.*"}, All: true}, []string{"B", "A"}},
			{store.Grant{Kinds: []string{"risk.*"}, Sites: []string{north}}, []string{"A"}},
			{store.Grant{Kinds: []string{"risk.*"}, Sites: []string{"site_other"}}, nil},
			{store.Grant{Kinds: []string{"risk.*"}, Products: []string{"mod_other"}}, nil},
		} {
			ctx := store.WithActor(context.Background(), store.Actor{ID: "usr_1", Grants: []store.Grant{c.grant}})
			err := db.View(ctx, func(r store.Reader) error {
				page, err := risk.ListDecisions(ctx, r, risk.DecisionQuery{})
				if err != nil {
					return err
				}
				about, err := risk.DecisionsOf(ctx, r, "CVE-2026-90001")
				if err != nil {
					return err
				}
				var listed, found []string
				for _, d := range page.Items {
					listed = append(listed, d.Title)
				}
				for _, d := range about {
					found = append(found, d.Title)
				}
				if d := cmp.Diff(c.want, listed); d != "" {
					t.Errorf("%+v: list (-want +got):\n%s", c.grant, d)
				}
				if d := cmp.Diff(c.want, found); d != "" {
					t.Errorf("%+v: about the vulnerability (-want +got):\n%s", c.grant, d)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}
