package api_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"triward/apiv1"
	"triward/internal/device"
	"triward/internal/ledger"
	"triward/internal/people"
	"triward/internal/risk"
	"triward/internal/store"
	"triward/internal/testdb"
	"triward/internal/vuln"
)

const advisory = `{"document":{"category":"csaf_security_advisory","csaf_version":"2.0","title":"Vela pump","publisher":{"category":"vendor","name":"Vela",
"namespace":"https://vela.example"},"tracking":{"id":"VELA-1","status":"final","version":"1","current_release_date":"2026-01-01T00:00:00Z",
"initial_release_date":"2026-01-01T00:00:00Z","revision_history":[{"number":"1","date":"2026-01-01T00:00:00Z","summary":"First."}]}},
"product_tree":{"branches":[{"category":"vendor","name":"Vela Medical","branches":[{"category":"product_name","name":"Pump 9000","branches":[
{"category":"product_version_range","name":"< 2.1","product":{"name":"Vela Medical Pump 9000 < 2.1","product_id":"P1"}}]}]}]},
"vulnerabilities":[{"cve":"CVE-2026-1000","title":"Open port","product_status":{"known_affected":["P1"]},"remediations":[{"category":"vendor_fix",
"details":"Install 2.1.","product_ids":["P1"]}]}]}`

// load keeps an advisory and matches and ranks everything, as the followers of the program do.
func (f *fixture) load(text string) {
	f.t.Helper()
	ctx := testdb.System()
	rec, err := vuln.ParseRecord("csaf", "a.json", []byte(text))
	if err != nil {
		f.t.Fatal(err)
	}
	_, err = vuln.LoadRecords(ctx, f.db, "test", func(yield func(vuln.Loaded, error) bool) { yield(vuln.Loaded{Record: rec, Body: []byte(text)}, nil) })
	if err != nil {
		f.t.Fatal(err)
	}
	err = f.db.Bulk(ctx, func(b *store.Bulk) error {
		ids, err := device.IDs(ctx, b, device.Walk{Limit: 100})
		if err != nil {
			return err
		}
		names := make([]string, len(ids))
		for i, id := range ids {
			names[i] = string(id)
		}
		holders, gone, err := vuln.DeviceHolders(ctx, b, names)
		if err != nil {
			return err
		}
		m := &vuln.Matcher{}
		c, err := m.SetHolders(ctx, b, holders, gone)
		if err != nil {
			return err
		}
		return risk.Ranker{DB: f.db}.Derive(ctx, b, c)
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

// made is a small world: two models, a release, two devices at one site.
type made struct {
	site, maker, model, release string
	devices                     []string
}

func (f *fixture) world() made {
	f.t.Helper()
	var w made
	w.site = must[apiv1.Made](f, "POST", "/sites", apiv1.SiteInput{Name: "North"}).ID
	w.maker = must[apiv1.Made](f, "POST", "/manufacturers", apiv1.ManufacturerInput{Name: "Vela Medical", Aliases: []string{"Vela"}}).ID
	w.model = must[apiv1.Made](f, "POST", "/models", apiv1.ModelInput{Manufacturer: w.maker, Name: "Pump 9000", Class: "therapeutic", Numbers: []string{"P9K"},
		Functions: []apiv1.Function{{Name: "infusion", Harm: "catastrophic"}}}).ID
	w.release = must[apiv1.Made](f, "POST", "/models/"+w.model+"/releases", apiv1.ReleaseInput{Version: "2.0", Released: "2024-05-01"}).ID
	for i := range 2 {
		w.devices = append(w.devices, must[apiv1.Made](f, "POST", "/devices", apiv1.DeviceInput{AssetTag: fmt.Sprintf("P-%d", i+1), Site: w.site, Ward: "ICU",
			Model: w.model, Release: w.release, InUse: "yes", Connectivity: []string{"wireless"}}).ID)
	}
	return w
}

func TestProducts(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		w := f.world()
		must[empty](f, "PUT", "/manufacturers/"+w.maker, apiv1.ManufacturerInput{Name: "Vela Medical", Aliases: []string{"Vela", "Vela Care"}})
		if m := must[apiv1.Page[apiv1.Manufacturer]](f, "GET", "/manufacturers", nil); len(m.Items) != 1 || m.Items[0].Name != "Vela Medical" {
			t.Errorf("manufacturers = %+v", m)
		}
		if m := must[apiv1.Manufacturer](f, "GET", "/manufacturers/"+w.maker, nil); len(m.Aliases) != 2 {
			t.Errorf("manufacturer = %+v", m)
		}
		must[empty](f, "POST", "/models/"+w.model+"/support", apiv1.SupportInput{Stage: "limited_support", AssertedBy: "Vela Medical", Since: "2025-01-01"})
		m := must[apiv1.Model](f, "GET", "/models/"+w.model, nil)
		if m.WorstHarm != "catastrophic" || m.Stage != "limited_support" || m.ManufacturerName != "Vela Medical" {
			t.Errorf("model = %+v", m)
		}
		in := m.ModelInput
		in.PatientsAtOnce = 3
		must[empty](f, "PUT", "/models/"+w.model, in)
		if p := must[apiv1.Page[apiv1.Model]](f, "GET", "/models?q=pump", nil); len(p.Items) != 1 {
			t.Errorf("models = %+v", p)
		}
		must[empty](f, "PUT", "/releases/"+w.release, apiv1.ReleaseInput{Version: "2.0", Released: "2024-05-02"})
		if r := must[apiv1.List[apiv1.Release]](f, "GET", "/models/"+w.model+"/releases", nil); r.Items[0].Released != "2024-05-02" || r.Items[0].Stage != "limited_support" {
			t.Errorf("releases = %+v", r)
		}
		fact := must[apiv1.Made](f, "POST", "/models/"+w.model+"/facts", apiv1.FactInput{Release: w.release, Part: apiv1.Part{Kind: "os", Vendor: "Vela", Product: "OS", Version: "7",
			Source: "data sheet", Confidence: "declared"}})
		if l := must[apiv1.List[apiv1.Fact]](f, "GET", "/devices/"+w.devices[0]+"/facts", nil); len(l.Items) != 1 || l.Items[0].Of != "release" {
			t.Errorf("facts = %+v", l)
		}
		must[empty](f, "DELETE", "/model-facts/"+fact.ID, nil)
		var ids []string
		for _, version := range []string{"1.0", "1.1"} {
			doc := `{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"components":[{"type":"library","bom-ref":"a","name":"libx","version":"` + version + `","purl":"pkg:generic/libx@` + version + `"}]}`
			ids = append(ids, must[apiv1.SBOMAttached](f, "POST", "/releases/"+w.release+"/sboms?name=b.json", doc).ID)
		}
		if l := must[apiv1.List[apiv1.SBOM]](f, "GET", "/releases/"+w.release+"/sboms", nil); len(l.Items) != 2 || l.Items[0].ID != ids[1] || l.Items[1].Superseded.IsZero() {
			t.Errorf("SBOMs = %+v", l)
		}
		if l := must[apiv1.List[apiv1.Component]](f, "GET", "/sboms/"+ids[0]+"/components", nil); len(l.Items) != 1 || l.Items[0].PURLs[0] != "pkg:generic/libx@1.0" {
			t.Errorf("components = %+v", l)
		}
		if d := must[apiv1.SBOMDiff](f, "GET", "/sboms/"+ids[0]+"/diff/"+ids[1], nil); len(d.Changed) != 1 || d.Changed[0].To.Version != "1.1" {
			t.Errorf("diff = %+v", d)
		}
		if raw := f.send("GET", "/sboms/"+ids[0]+"/file", nil); !strings.Contains(raw.Body.String(), `"1.0"`) {
			t.Errorf("file = %d %s", raw.Code, raw.Body)
		}
		refused(f, 422, "POST", "/releases/"+w.release+"/sboms", "not an SBOM")
	})
}

func TestFromAdvisoryToDecision(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		w := f.world()
		f.load(advisory)
		if a := must[apiv1.Page[apiv1.AdvisoryItem]](f, "GET", "/advisories?q=pump", nil); len(a.Items) != 1 || a.Items[0].Key != "csaf/VELA-1" {
			t.Fatalf("advisories = %+v", a)
		}
		if a := must[apiv1.Advisory](f, "GET", "/advisories/csaf/VELA-1", nil); len(a.Vulnerabilities) != 1 || a.Vulnerabilities[0].Remedies[0].Details != "Install 2.1." {
			t.Errorf("advisory = %+v", a)
		}
		if raw := f.send("GET", "/advisories/csaf/VELA-1/raw", nil); raw.Body.String() != advisory {
			t.Errorf("raw = %s", raw.Body)
		}
		refused(f, 404, "GET", "/advisories/csaf/NOTHING", nil)
		lines := must[apiv1.Page[apiv1.Line]](f, "GET", "/lines?limit=1&vulnerability=CVE-2026-1000", nil)
		if len(lines.Items) != 1 || lines.Next == "" || lines.Items[0].Class != "uncontrolled" || lines.Items[0].Title != "Open port" || lines.Items[0].AssetTag == "" {
			t.Fatalf("lines = %+v", lines)
		}
		why := must[apiv1.Explanation](f, "GET", "/lines/"+w.devices[0]+"/CVE-2026-1000", nil)
		if len(why.WhyExploitability) == 0 || len(why.WhyHarm) == 0 || len(why.Matches) != 1 || why.Matches[0].Proof.Hash == "" || why.Harm != "S5" {
			t.Errorf("explanation = %+v", why)
		}
		v := must[apiv1.Vulnerability](f, "GET", "/vulnerabilities/CVE-2026-1000", nil)
		if len(v.Sources) != 1 || v.Sources[0].Key != "csaf/VELA-1" || v.FixKnown.IsZero() {
			t.Errorf("vulnerability = %+v", v)
		}
		if l := must[apiv1.Page[apiv1.VulnItem]](f, "GET", "/vulnerabilities", nil); len(l.Items) != 1 || l.Items[0].Affected != 2 {
			t.Errorf("vulnerabilities = %+v", l)
		}
		if l := must[apiv1.List[apiv1.FoundMatch]](f, "GET", "/vulnerabilities/CVE-2026-1000/matches", nil); len(l.Items) != 1 || l.Items[0].Devices != 2 {
			t.Errorf("matches = %+v", l)
		}
		if l := must[apiv1.List[apiv1.FoundMatch]](f, "GET", "/advisories/csaf/VELA-1/matches", nil); len(l.Items) != 1 {
			t.Errorf("matches of the advisory = %+v", l)
		}
		if got := refused(f, 422, "GET", "/vulnerabilities/CVE-2026-1000/matches?after=x", nil); got.Detail == "" {
			t.Errorf("a wrong page mark = %+v", got)
		}
		if l := must[apiv1.List[apiv1.Match]](f, "GET", "/devices/"+w.devices[0]+"/matches", nil); len(l.Items) != 1 {
			t.Errorf("matches of the device = %+v", l)
		}
		d := apiv1.DecisionInput{Vulnerabilities: []string{"CVE-2026-1000"}, Treatment: "fix", Owner: "Robin", Due: "2026-12-31", Reason: "fix", Where: &apiv1.DecisionWhere{Site: w.site}}
		if p := must[apiv1.DecisionPreview](f, "POST", "/decision-previews", d); p.Devices != 2 || p.InUse != 2 || p.Lines != 2 || p.Sites[w.site] != 2 || len(p.First) != 2 {
			t.Errorf("preview = %+v", p)
		}
		both := d
		both.Devices = w.devices
		refused(f, 422, "POST", "/decisions", both)
		bad := d
		bad.Owner, bad.Treatment = "", "accept"
		if got := places(refused(f, 422, "POST", "/decisions", bad)); !slices.Equal(got, []string{"body.accepted_by", "body.accepted_until", "body.owner"}) {
			t.Errorf("faults = %v", got)
		}
		id := must[apiv1.Made](f, "POST", "/decisions", d).ID
		must[empty](f, "POST", "/decisions/"+id+"/progress", apiv1.ProgressInput{Devices: w.devices[:1], Progress: "verified", Note: "=1+1"})
		items := must[apiv1.Page[apiv1.DecisionItem]](f, "GET", "/decisions/"+id+"/items?limit=1", nil)
		if len(items.Items) != 1 || items.Next == "" || items.Items[0].AssetTag == "" {
			t.Errorf("items = %+v", items)
		}
		if got := must[apiv1.Decision](f, "GET", "/decisions/"+id, nil); got.Counts["verified"] != 1 || got.Counts["not_started"] != 1 || got.Due != "2026-12-31" {
			t.Errorf("decision = %+v", got)
		}
		if csv := f.send("GET", "/decisions/"+id+"/work-orders", nil); strings.Count(csv.Body.String(), "\n") != 3 || !strings.Contains(csv.Body.String(), ",'=1+1,") {
			t.Errorf("work orders = %s", csv.Body)
		}
		if b := must[apiv1.List[apiv1.BurnPoint]](f, "GET", "/decisions/"+id+"/burn-down", nil); len(b.Items) != 1 || b.Items[0].Open != 1 {
			t.Errorf("burn-down = %+v", b)
		}
		refused(f, 422, "POST", "/decisions/"+id+"/close", apiv1.Reason{})
		must[empty](f, "POST", "/decisions/"+id+"/close", apiv1.Reason{Reason: "replaced"})
		if p := must[apiv1.Page[apiv1.Decision]](f, "GET", "/decisions?state=closed", nil); len(p.Items) != 1 {
			t.Errorf("decisions = %+v", p)
		}
		if o := must[apiv1.Overview](f, "GET", "/overview", nil); o.UncontrolledDevices != 2 || o.Sites[0].SiteName != "North" || o.Models[0].ModelName != "Vela Medical Pump 9000" {
			t.Errorf("overview = %+v", o)
		}
		must[apiv1.Metrics](f, "GET", "/metrics?from=2026-01-01", nil)
		refused(f, 422, "GET", "/metrics?from=2027-01-01&to=2026-01-01", nil)
	})
}

func TestTableOfDecisions(t *testing.T) {
	f := newFixture(t, testdb.SQLite(t))
	table := must[apiv1.DecisionTable](f, "GET", "/decision-table", nil)
	in := apiv1.DecisionTableInput{Cells: table.Cells, Reason: "stricter"}
	in.Cells[1][3] = "uncontrolled"
	if got := must[apiv1.DecisionTable](f, "PUT", "/decision-table", in); got.Version != 2 || got.Cells[1][3] != "uncontrolled" {
		t.Errorf("table = %+v", got)
	}
	in.Cells[4][4] = "controlled"
	in.Cells[0] = in.Cells[0][:4]
	if p := refused(f, 422, "PUT", "/decision-table", in); len(p.Errors) == 0 || p.Errors[0].Location != "body.cells[0]" {
		t.Errorf("problem = %+v", p)
	}
	if h := must[apiv1.List[apiv1.DecisionTable]](f, "GET", "/decision-table/history", nil); len(h.Items) != 2 || h.Items[0].Reason != "stricter" || h.Items[1].Version != 1 {
		t.Errorf("history = %+v", h)
	}
}

func TestVerdictsAndVEX(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		w := f.world()
		refused(f, 422, "POST", "/verdicts", apiv1.VerdictInput{Vulnerability: "CVE-2026-1000", Model: w.model, Status: "not_affected"})
		refused(f, 404, "GET", "/models/"+w.model+"/vex", nil)
		for _, v := range []apiv1.VerdictInput{
			{Vulnerability: "CVE-2026-1000", Model: w.model, Releases: []string{w.release}, Status: "not_affected", Justification: "component_not_present", Reason: "no such part"},
			{Vulnerability: "CVE-2026-1001", Model: w.model, Versions: "< 2.0", Status: "affected", Reason: "tested", Action: "Update to 2.0."},
			{Vulnerability: "CVE-2026-1002", Model: w.model, Status: "under_investigation", Reason: "asked"},
		} {
			must[apiv1.Made](f, "POST", "/verdicts", v)
		}
		page := must[apiv1.Page[apiv1.Verdict]](f, "GET", "/verdicts?limit=2&model="+w.model, nil)
		rest := must[apiv1.Page[apiv1.Verdict]](f, "GET", "/verdicts?limit=2&model="+w.model+"&after="+page.Next, nil)
		if len(page.Items) != 2 || len(rest.Items) != 1 {
			t.Fatalf("verdicts = %+v, %+v", page, rest)
		}
		for _, format := range []string{"openvex", "csaf"} {
			out := f.send("GET", "/models/"+w.model+"/vex?format="+format+"&namespace=https://vela.example", nil)
			if out.Code != 200 || !json.Valid(out.Body.Bytes()) {
				t.Fatalf("%s: %d %s", format, out.Code, out.Body)
			}
			g := newFixture(t, testdb.SQLite(t))
			other := g.world()
			res := must[apiv1.VEXImport](g, "POST", "/vex?name=v.json", out.Body.String())
			if len(res.Recorded) != 3 || len(res.Unknown) != 0 {
				t.Errorf("%s: import = %+v of %s", format, res, out.Body)
			}
			got := must[apiv1.Page[apiv1.Verdict]](g, "GET", "/verdicts", nil)
			for _, v := range got.Items {
				switch v.Vulnerability {
				case "CVE-2026-1000":
					if v.Status != "not_affected" || v.Justification != "component_not_present" || !slices.Equal(v.Releases, []string{other.release}) {
						t.Errorf("%s: %+v", format, v)
					}
				case "CVE-2026-1001":
					if v.Status != "affected" || v.Versions != "< 2.0" || v.Action != "Update to 2.0." {
						t.Errorf("%s: %+v", format, v)
					}
				case "CVE-2026-1002":
					if v.Status != "under_investigation" || len(v.Releases) != 0 || v.Versions != "" {
						t.Errorf("%s: %+v", format, v)
					}
				}
			}
			if again := must[apiv1.VEXImport](g, "POST", "/vex?name=v.json", out.Body.String()); again.Same != 3 || len(again.Recorded) != 0 {
				t.Errorf("%s: again = %+v", format, again)
			}
		}
		must[empty](f, "POST", "/verdicts/"+page.Items[0].ID+"/withdraw", apiv1.Reason{Reason: "wrong"})
		refused(f, 409, "POST", "/verdicts/"+page.Items[0].ID+"/withdraw", apiv1.Reason{Reason: "again"})
		refused(f, 422, "POST", "/vex", `{"some":"thing"}`)
		refused(f, 422, "POST", "/vex", `[[[`)
	})
}

func TestFeeds(t *testing.T) {
	f := newFixture(t, testdb.SQLite(t))
	refused(f, 422, "POST", "/feeds", apiv1.NewFeed{Kind: "kev", FeedInput: apiv1.FeedInput{Name: "KEV", URL: "ftp://x"}})
	id := must[apiv1.Made](f, "POST", "/feeds", apiv1.NewFeed{Kind: "kev", FeedInput: apiv1.FeedInput{Name: "KEV", URL: "file:/kev.json"}}).ID
	must[empty](f, "PUT", "/feeds/"+id, apiv1.FeedInput{Name: "CISA KEV", URL: "file:/kev.json", EveryMinutes: 60, Enabled: true})
	must[empty](f, "POST", "/feeds/"+id+"/run", nil)
	if got := <-f.ran; got != id {
		t.Errorf("ran %s", got)
	}
	refused(f, 404, "POST", "/feeds/fed_none/run", nil)
	if l := must[apiv1.List[apiv1.Feed]](f, "GET", "/feeds", nil); len(l.Items) != 1 || l.Items[0].Name != "CISA KEV" || l.Items[0].Kind != "kev" {
		t.Errorf("feeds = %+v", l)
	}
	must[empty](f, "DELETE", "/feeds/"+id, nil)
	refused(f, 404, "GET", "/feeds/"+id, nil)
}

func TestImports(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		file := "Tag,Maker,Device,Serial\nA,Vela,Pump,1\nB,Vela,Pump,2\n"
		p := must[apiv1.ImportPreview](f, "POST", "/import-previews?map=Device%3Dmodel&map=Maker%3Dvendor&map=Tag%3Dasset_tag", file)
		if p.Total != 2 || p.Added != 2 || len(p.First) != 2 || p.First[0].Fields["model"] != "Pump" || p.First[0].Fields["asset_tag"] != "A" {
			t.Errorf("preview = %+v", p)
		}
		if got := refused(f, 422, "POST", "/import-previews?map=Nothing%3Dmodel", file); len(got.Errors) == 0 {
			t.Errorf("wrong mapping = %+v", got)
		}
		faulty := file + "C,Vela,Pump,3,too many\n"
		if got := refused(f, 422, "POST", "/imports", faulty); len(got.Errors) != 1 || got.Errors[0].Location != "row 4" {
			t.Errorf("faults = %+v", got)
		}
		i := must[apiv1.Import](f, "POST", "/imports?name=f.csv&on_fault=skip&map=Tag%3Dasset_tag", faulty)
		f.server.Wait()
		i = must[apiv1.Import](f, "GET", "/imports/"+i.ID, nil)
		if i.State != "done" || i.Added != 2 || i.Skipped != 1 || i.Name != "f.csv" {
			t.Errorf("import = %+v", i)
		}
		if l := must[apiv1.Page[apiv1.ImportIssue]](f, "GET", "/imports/"+i.ID+"/issues", nil); len(l.Items) != 1 || l.Items[0].Line != 4 {
			t.Errorf("issues = %+v", l)
		}
		if l := must[apiv1.Page[apiv1.Import]](f, "GET", "/imports", nil); len(l.Items) != 1 {
			t.Errorf("imports = %+v", l)
		}
	})
}

func TestImportsOfOtherFormats(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		device := func(serial, more string) string {
			return `{"resourceType":"Device","id":"d` + serial + `","status":"active","serialNumber":"` + serial + `","manufacturer":"Vela","deviceName":[{"name":"Pump","type":"model-name"}]` + more + `}`
		}
		bundle := `{"resourceType":"Bundle","type":"collection","entry":[{"resource":` + device("1", "") + `},{"resource":` + device("2", "") + `},{"resource":{"resourceType":"Patient","id":"p"}}]}`
		p := must[apiv1.ImportPreview](f, "POST", "/import-previews?name=fleet.csv", bundle)
		if p.Format != "fhir" || p.Added != 2 || p.Total != 2 || len(p.Columns) != 0 || len(p.Notes) != 1 || p.First[0].Fields["serial"] != "1" {
			t.Errorf("preview of a bundle = %+v", p)
		}
		if got := refused(f, 422, "POST", "/imports?map=a%3Dmodel", bundle); len(got.Errors) != 1 || got.Errors[0].Location != "body.map" {
			t.Errorf("a mapping of a bundle = %+v", got)
		}
		run := func(query string, body any) apiv1.Import {
			i := must[apiv1.Import](f, "POST", "/imports"+query, body)
			f.server.Wait()
			return must[apiv1.Import](f, "GET", "/imports/"+i.ID, nil)
		}
		if i := run("?name=bundle.json", bundle); i.Added != 2 || !strings.HasPrefix(i.Digest, "sha256:") {
			t.Errorf("bundle = %+v", i)
		}
		lines := device("2", `,"lotNumber":"L2"`) + "\n" + device("3", "") + "\n" + device("4", `,"manufactureDate":"never"`) + "\n"
		if got := refused(f, 422, "POST", "/imports", lines); len(got.Errors) == 0 {
			t.Errorf("a resource with a fault = %+v", got)
		}
		if i := run("?on_fault=skip", lines); i.Changed != 1 || i.Added != 1 || i.Skipped != 1 {
			t.Errorf("NDJSON = %+v", i)
		}
		netbox := "Name,Status,Site,Manufacturer,Type,Serial number,Asset tag\nicu-9,Active,North,Vela,Pump,9,T9\n"
		if i := run("", netbox); i.Added != 1 {
			t.Errorf("NetBox = %+v", i)
		}
		refused(f, 422, "POST", "/imports", `[{"id":"x"}]`)
		refused(f, 422, "POST", "/imports", "")
	})
}

// endless is a body without an announced size.
type endless struct{ left int64 }

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), e.left)
	for i := range p[:n] {
		p[i] = '\n'
	}
	e.left -= n
	return int(n), nil
}

func TestLargeUploads(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	f := newFixture(t, testdb.SQLite(t))
	send := func(body io.Reader, announced int64) *httptest.ResponseRecorder {
		r := httptest.NewRequest("POST", "/api/v1/imports?name=f.csv", body)
		r.ContentLength = announced
		w := httptest.NewRecorder()
		f.http.ServeHTTP(w, r.WithContext(store.WithActor(r.Context(), f.actor)))
		return w
	}
	for name, w := range map[string]*httptest.ResponseRecorder{"announced": send(&endless{}, 128<<20+1), "sent": send(&endless{128<<20 + 1}, -1)} {
		var p apiv1.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != 413 || !strings.Contains(p.Detail, "128 MiB") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	var b strings.Builder
	b.WriteString("asset_tag,serial,vendor,model,note\n")
	for i := range 600 {
		fmt.Fprintf(&b, "T%d,S%d,Vela,Pump,%s\n", i, i, strings.Repeat("x", 1900))
	}
	if w := send(strings.NewReader(b.String()), -1); w.Code != 202 {
		t.Errorf("a file above what is held in memory: %d %s", w.Code, w.Body)
	}
	f.server.Wait()
	if l := must[apiv1.Page[apiv1.Import]](f, "GET", "/imports", nil); len(l.Items) != 1 || l.Items[0].Added != 600 {
		t.Errorf("imports = %+v", l.Items)
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("temporary files stay: %v, %v", left, err)
	}
}

func TestPeopleAndJournal(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		site := must[apiv1.Made](f, "POST", "/sites", apiv1.SiteInput{Name: "North"}).ID
		id := must[apiv1.Made](f, "POST", "/accounts", apiv1.AccountInput{Login: "robin", Name: "Robin"}).ID
		refused(f, 409, "POST", "/accounts", apiv1.AccountInput{Login: "Robin", Name: "Robin"})
		if got := places(refused(f, 422, "POST", "/accounts", apiv1.AccountInput{Login: "?", Name: "", Email: "x"})); !slices.Equal(got, []string{"body.email", "body.login", "body.name"}) {
			t.Errorf("faults = %v", got)
		}
		grant := must[apiv1.Made](f, "POST", "/accounts/"+id+"/grants", apiv1.GrantInput{Role: people.RoleHTM, Sites: []string{site}}).ID
		if l := must[apiv1.List[apiv1.Grant]](f, "GET", "/accounts/"+id+"/grants", nil); len(l.Items) != 1 || l.Items[0].Sites[0] != site {
			t.Errorf("grants = %+v", l)
		}
		if l := must[apiv1.Link](f, "POST", "/accounts/"+id+"/link", nil); l.Secret == "" {
			t.Error("no link")
		}
		token := must[apiv1.NewToken](f, "POST", "/tokens", apiv1.TokenInput{Name: "script", Account: id, Expires: db.Now().Add(time.Hour),
			Scope: []apiv1.Permitted{{Kinds: []string{"device.*"}, All: true}}})
		r := f.request("GET", "/me", nil)
		r.Header.Set("Authorization", "Bearer "+token.Secret)
		me := must[apiv1.Me](f.through(r), "GET", "/me", nil)
		if len(me.Grants) != 1 || me.Grants[0].All || !slices.Equal(me.Grants[0].Sites, []string{site}) {
			t.Errorf("the token may %+v", me)
		}
		views := must[apiv1.NewToken](f, "POST", "/tokens", apiv1.TokenInput{Name: "views", Account: id, Expires: db.Now().Add(time.Hour),
			Scope: []apiv1.Permitted{{Kinds: []string{people.KindSelfViewSaved, people.KindSelfViewRemoved}, All: true}}})
		vr := f.request("GET", "/me", nil)
		vr.Header.Set("Authorization", "Bearer "+views.Secret)
		view := must[apiv1.Made](f.through(vr), "POST", "/me/views", apiv1.ViewInput{Path: "/devices", Name: "Night", Query: "in_use=yes"}).ID
		if got := places(refused(f.through(vr), 422, "POST", "/me/views", apiv1.ViewInput{Path: "devices"})); !slices.Equal(got, []string{"body.name", "body.path"}) {
			t.Errorf("faults = %v", got)
		}
		if l := must[apiv1.List[apiv1.View]](f.through(vr), "GET", "/me/views?path=/devices", nil); len(l.Items) != 1 || l.Items[0].Query != "in_use=yes" {
			t.Errorf("views = %+v", l)
		}
		must[empty](f.through(vr), "DELETE", "/me/views/"+view, nil)
		refused(f.through(r), 403, "POST", "/me/views", apiv1.ViewInput{Path: "/devices", Name: "x"})
		if l := must[apiv1.Page[apiv1.Token]](f, "GET", "/tokens?account="+id, nil); len(l.Items) != 2 || l.Items[0].Account != id {
			t.Errorf("tokens = %+v", l)
		}
		limited := store.Actor{ID: "usr_1", Name: "x", Grants: []store.Grant{{Kinds: []string{"device.*", "journal.read"}, Sites: []string{site}}}}
		refused(f.as(limited), 403, "POST", "/sites", apiv1.SiteInput{Name: "South"})
		refused(f.as(limited), 403, "GET", "/journal", nil)
		refused(f.as(limited), 403, "GET", "/journal/1", nil)
		must[apiv1.Made](f.as(limited), "POST", "/devices", apiv1.DeviceInput{AssetTag: "A", Site: site})
		refused(f.as(limited), 403, "POST", "/devices", apiv1.DeviceInput{AssetTag: "B"})
		role := must[apiv1.Made](f, "POST", "/roles", apiv1.RoleInput{Name: "Reader", Kinds: []string{"device.read"}}).ID
		must[empty](f, "PUT", "/roles/"+role, apiv1.RoleInput{Name: "Reader", Kinds: []string{"device.read", "risk.read"}})
		must[empty](f, "DELETE", "/roles/"+role, nil)
		refused(f, 409, "DELETE", "/roles/"+people.RoleAuditor, nil)
		must[empty](f, "POST", "/grants/"+grant+"/revoke", apiv1.Reason{Reason: "left"})
		must[empty](f, "POST", "/accounts/"+id+"/disable", apiv1.Reason{Reason: "left"})
		must[empty](f, "POST", "/accounts/"+id+"/enable", apiv1.Reason{Reason: "back"})
		if l := must[apiv1.List[apiv1.PersonName]](f, "GET", "/names?q=rob", nil); len(l.Items) != 1 {
			t.Errorf("names = %+v", l)
		}
		first := must[apiv1.Page[apiv1.Entry]](f, "GET", "/journal?limit=2&kind=people.account_enabled&kind=people.account_disabled", nil)
		if len(first.Items) != 2 || first.Items[0].Kind != people.KindAccountEnabled {
			t.Fatalf("journal = %+v", first)
		}
		e := must[apiv1.ProvedEntry](f, "GET", fmt.Sprintf("/journal/%d", first.Items[0].Seq), nil)
		proof, err := ledger.ParseProof(e.Proof)
		if err != nil {
			t.Fatal(err)
		}
		check := must[apiv1.Checkpoint](f, "GET", "/journal-checkpoint", nil)
		if got, err := ledger.VerifyProof(proof, check.Verifier); err != nil || got.Seq != e.Seq {
			t.Errorf("proof: %v", err)
		}
		var c ledger.Consistency
		raw := must[json.RawMessage](f, "GET", "/journal-consistency?from=1", nil)
		if err := json.Unmarshal(raw, &c); err != nil || c.From != 1 {
			t.Errorf("consistency = %s, %v", raw, err)
		}
		refused(f, 404, "GET", "/journal/999999", nil)
		if s := must[apiv1.System](f, "GET", "/system", nil); s.Entries == 0 || len(s.Followers) != 3 {
			t.Errorf("system = %+v", s)
		}
	})
}

// through is the fixture that sends one prepared request's header with every request, as nobody.
func (f *fixture) through(r *http.Request) *fixture {
	g := *f
	g.actor = store.Actor{}
	h := f.http
	g.http = http.HandlerFunc(func(w http.ResponseWriter, in *http.Request) {
		in.Header.Set("Authorization", r.Header.Get("Authorization"))
		h.ServeHTTP(w, in)
	})
	return &g
}
