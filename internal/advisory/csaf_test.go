package advisory

import (
	_ "embed"
	"encoding/json"
	"errors"
	"path"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/problem"
	"triward/internal/testdata"
)

// csafSample is an invented document that uses every part of a product tree and every status.
//
//go:embed testdata/csaf.json
var csafSample string

const cisaSet = "csaf/cisa-ot-2017-2022.tar.zst"

func TestParseCSAFReadsEveryCISAAdvisory(t *testing.T) {
	years := map[string]int{}
	medical, statements := 0, 0
	testdata.Tar(t, cisaSet, func(name string, body []byte) {
		if !strings.HasSuffix(name, ".json") {
			return
		}
		rec, err := ParseCSAF(name, body)
		if err != nil {
			t.Error(err)
			return
		}
		years[path.Base(path.Dir(name))]++
		if strings.HasPrefix(rec.ID, "ICSMA-") {
			medical++
		}
		if len(rec.Vulns) == 0 {
			t.Errorf("%s: no vulnerability", name)
		}
		for _, v := range rec.Vulns {
			statements += len(v.Affected)
			if !strings.HasPrefix(v.ID, "CVE-") || len(v.Affected) == 0 || len(v.CWEs) != 1 {
				t.Errorf("%s: %s has %d statements and %d CWEs", name, v.ID, len(v.Affected), len(v.CWEs))
			}
			for _, a := range v.Affected {
				if a.Vendor == "" || a.Product == "" || a.ProductID == "" || len(a.Versions)+len(a.VersionText) != 1 {
					t.Errorf("%s: %s: %+v lacks vendor, product or version", name, v.ID, a)
				}
			}
		}
	})
	want := map[string]int{"2017": 187, "2018": 222, "2019": 224, "2020": 249, "2021": 388, "2022": 385}
	if d := cmp.Diff(want, years); d != "" {
		t.Errorf("advisories by year (-want +got):\n%s", d)
	}
	t.Logf("%d medical advisories, %d statements", medical, statements)
}

func BenchmarkParseCSAFMedical(b *testing.B) {
	var docs [][]byte
	size := int64(0)
	err := testdata.ReadTar(testdata.Path(b, cisaSet), func(name string, body []byte) error {
		if strings.HasPrefix(path.Base(name), "icsma-") {
			docs = append(docs, body)
			size += int64(len(body))
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		for _, d := range docs {
			if _, err := ParseCSAF("x", d); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(len(docs)), "documents")
}

func parseSample(t *testing.T) Record {
	t.Helper()
	rec, err := ParseCSAF("sample.json", []byte(csafSample))
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

func TestParseCSAFKeepsTheDocument(t *testing.T) {
	rec := parseSample(t)
	rec.Vulns = nil
	want := Record{
		Source: CSAF, ID: "NM-2026-007", Publisher: "Nordlys Medical PSIRT", Title: "Nordlys infusion pumps", Summary: "Two weaknesses.",
		Published: time.Date(2026, 2, 1, 8, 0, 0, 0, time.UTC), Modified: time.Date(2026, 3, 1, 7, 0, 0, 0, time.UTC),
		Revision: "2", Status: "final", TLP: "GREEN", URL: "https://nordlys.example/csaf/nm-2026-007.json",
		Links: []Link{{"https://nordlys.example/csaf/nm-2026-007.json", "Web", "self"}, {"https://nordlys.example/background", "Background", "external"}},
	}
	if d := cmp.Diff(want, rec); d != "" {
		t.Errorf("record (-want +got):\n%s", d)
	}
}

func TestParseCSAFKeepsEveryStatement(t *testing.T) {
	rec := parseSample(t)
	var ids []string
	for _, v := range rec.Vulns {
		ids = append(ids, v.ID)
	}
	if d := cmp.Diff([]string{"CVE-2026-1234", "NM-11", "NM-2026-007", "NM-2026-007#2"}, ids); d != "" {
		t.Errorf("ids (-want +got):\n%s", d)
	}
	v := rec.Vulns[0]
	const at = " /vulnerabilities/0/product_status/"
	p1 := Affected{
		Status: StatusAffected, Place: "P1" + at + "known_affected/0", ProductID: "P1", Vendor: "Nordlys Medical", Product: "Fjord 300",
		Family: []string{"Fjord"}, Names: []string{"Fjord 300 4.1.2"}, PURL: "pkg:generic/nordlys/fjord?arch=arm",
		CPEs: []string{"cpe:2.3:o:nordlys:fjord_300_firmware:4.1.2:*:*:*:*:*:*:*"}, Models: []string{"FJ-300"}, Serials: []string{"30?-*"}, SKUs: []string{"300-EU"},
		Hashes: []string{"sha256:aa0102030405060708090a0b0c0d0e0f"}, URIs: []string{"urn:udi urn:udi:0426", "sbom https://nordlys.example/sbom"}, Versions: []string{"4.1.2"},
	}
	fjord := func(status Status, id, place, name string) Affected {
		return Affected{Status: status, Place: id + at + place, ProductID: id, Vendor: "Nordlys Medical", Product: "Fjord 300", Family: []string{"Fjord"}, Names: []string{name}}
	}
	p2 := fjord(StatusAffected, "P2", "known_affected/1", "Fjord 300 before 4.2")
	p2.VersionText = []string{"< 4.2"}
	p3 := fjord(StatusAffected, "P3", "known_affected/2", "Fjord 300 revisions B to M")
	p3.VersionText = []string{"Rev B-M"}
	p4 := fjord(StatusAffected, "P4", "first_affected/0", "Fjord 300 4.0 SP2 for arm64")
	p4.VersionText, p4.Platforms = []string{"4.0 SP2"}, []string{"arm64"}
	p5 := fjord(StatusFixed, "P5", "fixed/0", "Fjord 300 4.2")
	p5.Versions = []string{"4.2"}
	p6 := Affected{Status: StatusNotAffected, Place: "P6" + at + "known_not_affected/0", ProductID: "P6", Vendor: "Nordlys Medical", Product: "Vik pump",
		Names: []string{"Vik pump"}, Justification: "component_not_present"}
	os := Affected{ProductID: "OS", Product: "Realtime OS 7", Names: []string{"Realtime OS 7"}}
	base := p1
	base.Status, base.Place = "", ""
	under := os
	under.RunsOn, under.Relation = &base, "installed_on"
	r2 := Affected{Status: StatusNotAffected, Place: "R2" + at + "known_not_affected/1", ProductID: "R2", Product: "libdrip",
		Names: []string{"libdrip in Realtime OS on Fjord", "libdrip in Realtime OS", "libdrip"}, RunsOn: &under, Relation: "default_component_of", Note: "The library is never called."}
	os.Status, os.Place = StatusUnderInvestigation, "OS"+at+"under_investigation/0"
	if d := cmp.Diff([]Affected{p1, p2, p3, p4, p6, r2, p5, os}, v.Affected); d != "" {
		t.Errorf("statements (-want +got):\n%s", d)
	}
	ghost := []Affected{{Status: StatusAffected, ProductID: "GHOST", Names: []string{"GHOST"}, Place: "GHOST /vulnerabilities/1/product_status/known_affected/0"}}
	if d := cmp.Diff(ghost, rec.Vulns[1].Affected); d != "" {
		t.Errorf("undefined product (-want +got):\n%s", d)
	}
	v.Affected = nil
	want := Vulnerability{
		ID: "CVE-2026-1234", Aliases: []string{"NM-10", "NM-9"}, Title: "Default key", Description: "The service port accepts a fixed key.", CWEs: []string{"CWE-798"},
		Scores: []Score{{Version: "3.1", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Base: 9.8, Severity: "CRITICAL", By: "Nordlys Medical PSIRT", Products: []string{"P1"}}},
		Remedies: []Remedy{{Category: "vendor_fix", Details: "Install 4.2.", URL: "https://nordlys.example/4.2", Date: time.Date(2026, 3, 1, 7, 0, 0, 0, time.UTC),
			Products: []string{"P1", "P2"}, Restart: "machine"}},
		Threats: []Threat{{"impact", "The library is never called.", []string{"R2"}}, {"exploit_status", "None known.", []string{"P1", "P2"}}},
	}
	if d := cmp.Diff(want, v); d != "" {
		t.Errorf("vulnerability (-want +got):\n%s", d)
	}
}

func TestParseCSAFReadsVersion21(t *testing.T) {
	body := `{"document": {"category": "csaf_superseded", "csaf_version": "2.1", "title": "t", "publisher": {"name": "N"}, "tracking": {"id": "A-1"}},
	 "product_tree": {"full_product_names": [{"product_id": "P", "name": "p", "product_identification_helper": {"purls": ["pkg:npm/%40a/b@1.0", "pkg:npm/c"]}}]},
	 "vulnerabilities": [{"cwes": [{"id": "CWE-20", "name": "x"}], "product_status": {"unknown": ["P"]},
	  "metrics": [{"products": ["P"], "source": "https://s.example", "content": {"cvss_v4": {"version": "4.0", "vectorString": "CVSS:4.0/AV:N", "baseScore": 8, "baseSeverity": "HIGH"}}}]}]}`
	rec, err := ParseCSAF("x", []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	want := []Vulnerability{{ID: "A-1", CWEs: []string{"CWE-20"}, Scores: []Score{{Version: "4.0", Vector: "CVSS:4.0/AV:N", Base: 8, Severity: "HIGH", By: "https://s.example", Products: []string{"P"}}},
		Affected: []Affected{{Status: StatusUnknown, ProductID: "P", Product: "p", Names: []string{"p"}, PURL: "pkg:npm/%40a/b", Versions: []string{"1.0"}, URIs: []string{"purl pkg:npm/c"},
			Place: "P /vulnerabilities/0/product_status/unknown/0"}}}}
	if d := cmp.Diff(want, rec.Vulns); d != "" || !rec.Withdrawn {
		t.Errorf("withdrawn %v, vulnerabilities (-want +got):\n%s", rec.Withdrawn, d)
	}
}

func TestWithdrawnTitles(t *testing.T) {
	for title, want := range map[string]bool{
		"(Withdrawn) Pump": true, "Withdrawn: Pump": true, "Pump (Withdrawn)": true, "Pump - WITHDRAWN": true, "[Superseded] Pump": true,
		"Pump": false, "Withdrawnish pump": false, "Pump withdrawn from market": false,
	} {
		if got := withdrawnTitle.MatchString(title); got != want {
			t.Errorf("%q: %v, want %v", title, got, want)
		}
	}
}

func TestPlainVersion(t *testing.T) {
	for text, want := range map[string]bool{
		"4.1.2": true, "V2.0": true, "1.3.5_20190129": true, "3.4.5-100": true, "1.2.3-4.el8": true, "1.1e": true, "8.00-20140730": true,
		"8.x": false, "4.X": false, "MCE_3.x": false, "12.4.1-12.4.11": false, "V191-V195": false, "2009-2010": false, "UDP": false, "*": false,
		"< 2": false, "1.0 | 1.1": false, "2.3.6 and  below": false, "Rev B-M": false, "vers:all/*": false, "": false, "v1.x": false,
	} {
		if got := PlainVersion(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestParseCSAFNamesThePlaceOfAFault(t *testing.T) {
	head := `{"document": {"csaf_version": "2.0", "title": "t", "tracking": {"id": "A-1"}}, `
	for _, test := range []struct{ body, path, reason string }{
		{"\xef\xbb\xbf{}", "line 1, column 1", "byte order mark"},
		{"\xff\xfe{\x00", "line 1, column 1", "UTF-16"},
		{"{\"a\": 1,\n \"b\": 2, \"a\": 3}", "line 2, column 10", `"a" twice`},
		{"{\n\"a\": tru}", "line 2, column 6", "cannot start a value"},
		{"[] x", "line 1, column 4", "after the end"},
		{"{\"a\": \"\xc3(\"}", "line 1, column 8", "UTF-8"},
		{`{"a": "\ud800"}`, "", "surrogate"},
		{`[]`, "", "not a CSAF document"},
		{`{"document": {"csaf_version": "3.0", "tracking": {"id": "a"}}}`, "/document/csaf_version", "3.0"},
		{head + `"vulnerabilities": {}}`, "/vulnerabilities", "must be an array"},
		{head + `"vulnerabilities": [{"cve": 7}]}`, "/vulnerabilities/0/cve", "must be a string, is a number"},
		{head + `"vulnerabilities": [{"product_status": {"fixed": ["P", 1]}}]}`, "/vulnerabilities/0/product_status/fixed/1", "must be a string"},
		{head + `"product_tree": {"branches": [1]}}`, "/product_tree/branches/0", "must be an object"},
		{strings.Repeat("[", 200), "line 1, column 101", "deeper"},
	} {
		_, err := ParseCSAF("file.json", []byte(test.body))
		faults := problem.FaultsOf(err)
		if len(faults) == 0 || problem.KindOf(err) != problem.Invalid || !strings.Contains(err.Error(), `"file.json"`) {
			t.Errorf("%.40q: error %v has no faults", test.body, err)
			continue
		}
		if f := faults[0]; !strings.Contains(f.Reason, test.reason) || test.path != "" && f.Path != test.path {
			t.Errorf("%.40q: fault %q, want %q %q", test.body, f, test.path, test.reason)
		}
	}
}

func TestParseCSAFSurvivesTruncation(t *testing.T) {
	for i := range len(strings.TrimSpace(csafSample)) {
		if _, err := ParseCSAF("cut", []byte(csafSample[:i])); err == nil {
			t.Fatalf("cut at byte %d: no error", i)
		}
	}
}

func TestWalkCSAFSkipsWhatIsNoAdvisory(t *testing.T) {
	files := fstest.MapFS{
		"2026/nm-2026-007.json":       {Data: []byte(csafSample)},
		"2026/broken.json":            {Data: []byte("{")},
		"2026/nm-2026-007.json.asc":   {Data: []byte("x")},
		"provider-metadata.json":      {Data: []byte(`{"canonical_url": "x"}`)},
		"white/feed.json":             {Data: []byte(`{"feed": {"entry": []}}`)},
		"white/csaf-feed-tlp-w.json":  {Data: []byte(`{}`)},
		"index.txt":                   {Data: []byte("x")},
		"__MACOSX/2026/._broken.json": {Data: []byte("x")},
	}
	got := map[string]bool{}
	err := WalkCSAF(files, func(f Found) error {
		name, rec, err := f.Name, f.Record, f.Err
		got[name] = err == nil && rec.ID == "NM-2026-007"
		return nil
	})
	if d := cmp.Diff(map[string]bool{"2026/nm-2026-007.json": true, "2026/broken.json": false}, got); d != "" || err != nil {
		t.Errorf("error %v, documents (-want +got):\n%s", err, d)
	}
	stop := errors.New("stop")
	if err := WalkCSAF(files, func(Found) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("error %v, want the one of fn", err)
	}
}

func FuzzParseCSAF(f *testing.F) {
	f.Add([]byte(csafSample))
	f.Add([]byte(`{"document": {"csaf_version": "2.1", "tracking": {"id": "\u00e4\ud83d\ude00"}}, "vulnerabilities": [{"metrics": [{"content": {}}]}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		rec, err := ParseCSAF("fuzz", body)
		if err == nil && rec.ID == "" {
			t.Error("a record without an id")
		}
		if err == nil && !json.Valid(body) {
			t.Error("read what is not JSON")
		}
	})
}
