package hindsight

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/advisory"
	"triward/internal/detection"
	"triward/internal/eventlog"
	"triward/internal/eventlog/parquet"
	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/testdb"
	"triward/internal/vuln"
)

func TestExtract(t *testing.T) {
	text := `The device sends data to the IP address 202.114.4.119 and asks for evil[.]example and a.b[.]example[.]net.
See https://www.maker.example/advisory and CVE-2025-0626, cve-2025-0626, CVE-2024-12248. Update to 8.1.0.3 or 10.2.0.1.
Control server 203.0.113[.]40, inside 10.1.2[.]3, version 1[.]2. File
9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08, MD5 098f6bcd4621d373cade4e832627b4f6,
no digests: 00000000000000000000000000000000, 12345678901234567890123456789012.`
	want := Indicators{CVEs: []string{"cve-2024-12248", "cve-2025-0626"}, Addresses: []string{"202.114.4.119", "203.0.113.40"},
		Names:   []string{"a.b.example.net", "evil.example"},
		Digests: []string{"098f6bcd4621d373cade4e832627b4f6", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}}
	if d := cmp.Diff(want, Extract(text)); d != "" {
		t.Error(d)
	}
	if Extract("Update to 8.1.0.3; see https://www.maker.example").Any() {
		t.Error("a version and a web site are no indicators")
	}
}

type desk struct {
	*testing.T
	db    *store.DB
	clock *testdb.Clock
	ctx   context.Context
	log   *parquet.Log
	desk  Desk
}

func each(t *testing.T, fn func(d *desk)) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		log, err := parquet.Open(t.Context(), db, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close(t.Context())
		fn(&desk{T: t, db: db, clock: c, ctx: testdb.System(), log: log, desk: Desk{DB: db, Log: log, Alerts: detection.Alerts{DB: db}}})
	})
}

func (d *desk) ok(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(problem.Text(err), err)
	}
}

func (d *desk) rule(id, tag, event string) {
	d.Helper()
	body := fmt.Sprintf("title: Rule %s\nid: %s\nlevel: high\ntags: [%s]\nlogsource: {product: medical, category: audit}\ndetection:\n  s: {audit.event: '%s'}\n  condition: s\ntriward: {needs: [audit]}\n", id, id, tag, event)
	sum := sha256.Sum256([]byte(body))
	_, err := (detection.Rules{DB: d.db}).Load(d.ctx, detection.FromPack, []detection.RuleText{{ID: id, Path: id + ".yml", Title: "Rule " + id, Level: "high", Digest: hex.EncodeToString(sum[:]), Body: body}}, 0)
	d.ok(err)
}

func (d *desk) events() {
	d.Helper()
	var all []eventlog.Event
	for i := range 6 {
		at := d.clock.Now().Add(-time.Duration(i+1) * 24 * time.Hour)
		e := eventlog.Event{ID: eventlog.Derive("src", "test").At(int64(i)), Source: "src", Received: at.UnixMicro(), Time: at.UnixMicro(), Format: "json", Category: "audit", Device: "dev_1", Raw: []byte("{}")}
		switch i {
		case 0:
			e.DstIP, e.Category = "203.0.113.40", "network"
		case 1:
			e.Category, e.Message, e.Raw = "network", "alert", []byte(`{"signature":"probe for CVE-2026-900001 seen"}`)
		case 2:
			e.Category, e.Fields = "dns", []eventlog.Field{{Name: "dns.query", Value: "x.evil.example"}}
		case 3:
			e.Fields = []eventlog.Field{{Name: "audit.event", Value: "110105"}}
		}
		e.Fit()
		all = append(all, e)
	}
	_, err := d.log.Append(d.ctx, all)
	d.ok(err)
}

func (d *desk) advisory(id, cve, note string) {
	d.Helper()
	body := []byte(`{"document":{"category":"csaf_security_advisory","csaf_version":"2.0","publisher":{"category":"vendor","name":"Maker","namespace":"https://maker.example"},"title":"Advisory ` + id + `",
		"notes":[{"category":"summary","text":"` + note + `"}],
		"tracking":{"id":"` + id + `","status":"final","version":"1","initial_release_date":"2026-11-20T00:00:00Z","current_release_date":"2026-11-20T00:00:00Z","revision_history":[{"number":"1","date":"2026-11-20T00:00:00Z","summary":"first"}]}},
		"product_tree":{"full_product_names":[{"product_id":"P1","name":"Pump 1"}]},
		"vulnerabilities":[{"cve":"` + cve + `","product_status":{"known_affected":["P1"]}}]}`)
	r, err := advisory.ParseCSAF(id+".json", body)
	d.ok(err)
	_, err = vuln.LoadRecords(d.ctx, d.db, "fed_test", func(yield func(vuln.Loaded, error) bool) { yield(vuln.Loaded{Record: r, Body: body}, nil) })
	d.ok(err)
}

func (d *desk) alerts() []detection.Alert {
	d.Helper()
	var out []detection.Alert
	d.ok(d.db.View(d.ctx, func(r store.Reader) error {
		page, err := detection.ListAlerts(d.ctx, r, detection.AlertQuery{})
		out = page.Items
		return err
	}))
	return out
}

// Were we hit before we knew? An advisory is looked up by its ids, its indicators and the rules tagged with its ids, once.
func TestAdvisoryIsLookedUp(t *testing.T) {
	each(t, func(d *desk) {
		d.rule("11111111-1111-4111-8111-111111111111", "cve.2026-900001", "110105")
		d.advisory("MK-1", "CVE-2026-900001", "It calls 203.0.113[.]40 and evil[.]example.")
		d.ok(d.desk.Tick(d.ctx))
		if n := len(d.alerts()); n != 0 {
			d.Fatalf("%d alerts before there are events", n)
		}
		d.events()
		d.ok(d.desk.Tick(d.ctx))
		all := d.alerts()
		if len(all) != 1 || all[0].Rule != detection.RuleHindsight || all[0].Entity != "advisory:csaf/MK-1" || len(all[0].Explanation.Fields) != 4 {
			d.Fatalf("alerts: %+v", all)
		}
		var k Kept
		d.ok(d.db.View(d.ctx, func(r store.Reader) (err error) { k, err = Of(d.ctx, r, "csaf/MK-1"); return err }))
		got := map[string]int64{}
		for _, f := range k.Finds {
			got[f.Kind+" "+f.What] = f.Events
			if len(f.IDs) != 1 || len(f.Devices) != 1 || f.Devices[0].Name != "dev_1" || f.First.IsZero() {
				d.Errorf("find %+v", f)
			}
		}
		want := map[string]int64{"cve cve-2026-900001": 1, "address 203.0.113.40": 1, "name evil.example": 1, "rule Rule 11111111-1111-4111-8111-111111111111": 1}
		if diff := cmp.Diff(want, got); diff != "" {
			d.Error(diff)
		}
		d.clock.Advance(time.Hour)
		d.ok(d.desk.Tick(d.ctx))
		if n := len(d.alerts()); n != 1 {
			d.Errorf("%d alerts after a second look", n)
		}
	})
}

func TestAdvisoryThatFindsNothingIsKept(t *testing.T) {
	each(t, func(d *desk) {
		d.events()
		source, err := (detection.Sources{DB: d.db}).Met(d.ctx, "syslog_udp", "10.1.1.1")
		d.ok(err)
		_, err = (detection.Sources{DB: d.db}).NoteBlind(d.ctx, detection.Blind{Source: source.ID, Reason: detection.BlindSilence, Started: d.clock.Now().Add(-3 * time.Hour), Ended: d.clock.Now().Add(-time.Hour), Lost: -1})
		d.ok(err)
		d.advisory("MK-2", "CVE-2026-900099", "Update to 8.1.0.3.")
		d.ok(d.desk.Tick(d.ctx))
		var k Kept
		d.ok(d.db.View(d.ctx, func(r store.Reader) (err error) { k, err = Of(d.ctx, r, "csaf/MK-2"); return err }))
		if len(k.Finds) != 0 || k.BlindTime() != 2*time.Hour || len(d.alerts()) != 0 || !k.At.Equal(d.clock.Now()) {
			d.Errorf("%+v, blind for %s", k, k.BlindTime())
		}
		if _, err := d.desk.Advisory(d.ctx, "csaf/NONE", d.clock.Now().Add(-time.Hour), d.clock.Now()); problem.KindOf(err) != problem.NotFound {
			d.Errorf("%v", err)
		}
	})
}

// A new rule is tried on the past by itself, once for each of its texts, and the result stays with it.
func TestNewRuleIsTried(t *testing.T) {
	each(t, func(d *desk) {
		const id = "11111111-1111-4111-8111-111111111111"
		d.rule(id, "attack.t1485", "110105")
		d.events()
		tries := func() []detection.Backtest {
			var out []detection.Backtest
			d.ok(d.db.View(d.ctx, func(r store.Reader) (err error) { out, err = detection.Backtests(d.ctx, r, id); return err }))
			return out
		}
		d.ok(d.desk.Tick(d.ctx))
		d.ok(d.desk.Tick(d.ctx))
		all := tries()
		if len(all) != 1 || all[0].Hits != 1 || all[0].Devices != 1 || all[0].To.Sub(all[0].From) != 30*24*time.Hour {
			d.Fatalf("%+v", all)
		}
		d.clock.Advance(time.Hour)
		d.rule(id, "attack.t1485", "110107")
		d.ok(d.desk.Tick(d.ctx))
		if all = tries(); len(all) != 2 || all[0].Hits != 0 {
			d.Errorf("%+v", all)
		}
	})
}
