package advisory

import (
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/problem"
	"triward/internal/testdata"
)

var updateGolden = flag.Bool("update", false, "write the golden files anew")

const openvexSample = `{
  "@context": "https://openvex.dev/ns/v0.2.0",
  "@id": "https://pumps.example/vex/2026-3",
  "author": "Example Pumps PSIRT",
  "role": "Document Creator",
  "timestamp": "2026-05-04T10:00:00+02:00",
  "last_updated": "2026-05-06T08:00:00Z",
  "version": 3,
  "tooling": "triward",
  "statements": [
    {
      "@id": "https://pumps.example/vex/2026-3#1",
      "vulnerability": {"@id": "https://pumps.example/v/1", "name": "CVE-2026-1001", "description": "overflow", "aliases": ["GHSA-aaaa-bbbb-cccc"]},
      "timestamp": "2026-05-01T00:00:00Z",
      "products": [
        {"@id": "pkg:generic/pump-os@4.2?arch=arm&distro=x", "identifiers": {"cpe23": "cpe:2.3:o:pumps:pump_os:4.2:*:*:*:*:*:*:*", "purl": "pkg:generic/pump-os@4.2?arch=arm&distro=x"},
         "hashes": {"sha-256": "AB12"}, "supplier": "Example Pumps",
         "subcomponents": [{"@id": "pkg:generic/zlib@1.2.11"}]}
      ],
      "status": "not_affected",
      "justification": "vulnerable_code_not_in_execute_path",
      "impact_statement": "The inflate path is not compiled in.",
      "status_notes": "checked on the bench"
    },
    {
      "vulnerability": {"name": "CVE-2026-1002"},
      "products": [{"@id": "pkg:generic/pump-os"}],
      "status": "affected",
      "action_statement": "Update to 4.3.",
      "action_statement_timestamp": "2026-05-03T00:00:00Z"
    },
    {
      "vulnerability": {"name": "CVE-2026-1002"},
      "timestamp": "2026-04-01T00:00:00Z",
      "products": [{"@id": "pkg:generic/pump-os"}, {"@id": "https://pumps.example/gateway"}],
      "status": "under_investigation"
    }
  ]
}`

func TestOpenVEXRoundTrip(t *testing.T) {
	doc, err := ParseOpenVEX("sample", []byte(openvexSample))
	if err != nil {
		t.Fatal(err)
	}
	out, err := WriteOpenVEX(doc)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseOpenVEX("written", out)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(doc, again); d != "" {
		t.Errorf("read, written and read again (-first +second):\n%s", d)
	}
	if out2, _ := WriteOpenVEX(again); string(out2) != string(out) {
		t.Error("the same document is written in two ways")
	}
	if !strings.Contains(string(out), "arch=arm&distro=x") {
		t.Error("the package URL is escaped")
	}
}

func TestOpenVEXRecord(t *testing.T) {
	doc, err := ParseOpenVEX("sample", []byte(openvexSample))
	if err != nil {
		t.Fatal(err)
	}
	note := "The inflate path is not compiled in.\n\nchecked on the bench"
	why := "vulnerable_code_not_in_execute_path"
	on := Affected{Status: StatusNotAffected, Vendor: "Example Pumps", PURL: "pkg:generic/pump-os?arch=arm&distro=x", Versions: []string{"4.2"},
		CPEs: []string{"cpe:2.3:o:pumps:pump_os:4.2:*:*:*:*:*:*:*"}, Hashes: []string{"sha256:ab12"}, Justification: why, Note: note}
	want := Record{
		Source: OpenVEX, ID: "https://pumps.example/vex/2026-3", Publisher: "Example Pumps PSIRT", URL: "https://pumps.example/vex/2026-3",
		Published: time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC), Modified: time.Date(2026, 5, 6, 8, 0, 0, 0, time.UTC), Revision: "3",
		Vulns: []Vulnerability{
			{ID: "CVE-2026-1001", Description: "overflow", Aliases: []string{"GHSA-aaaa-bbbb-cccc"}, Affected: []Affected{{
				Status: StatusNotAffected, Place: "/statements/0/products/0", PURL: "pkg:generic/zlib", Versions: []string{"1.2.11"},
				RunsOn: &on, Relation: "default_component_of", Justification: why, Note: note}}},
			{ID: "CVE-2026-1002", Affected: []Affected{
				// The later statement about pump-os counts; about the gateway there is only the earlier one.
				{Status: StatusAffected, Place: "/statements/1/products/0", PURL: "pkg:generic/pump-os", All: true},
				{Status: StatusUnderInvestigation, Place: "/statements/2/products/1", Names: []string{"https://pumps.example/gateway"}},
			}, Remedies: []Remedy{{Category: "mitigation", Details: "Update to 4.3.", Date: time.Date(2026, 5, 3, 0, 0, 0, 0, time.UTC)}}},
		},
	}
	if d := cmp.Diff(want, doc.Record()); d != "" {
		t.Errorf("record (-want +got):\n%s", d)
	}
}

func TestOpenVEXOldForms(t *testing.T) {
	doc, err := ParseOpenVEX("old", []byte(`{"@context": "https://openvex.dev/ns", "@id": "x", "author": "a", "version": "7",
		"statements": [{"vulnerability": "CVE-2022-31030", "products": ["pkg:apk/wolfi/bash@1.0.0"], "subcomponents": ["pkg:apk/wolfi/readline@8"], "status": "fixed"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := OpenVEXDocument{ID: "x", Author: "a", Version: 7, Statements: []OpenVEXStatement{{
		Vulnerability: OpenVEXVulnerability{Name: "CVE-2022-31030"}, Status: StatusFixed,
		Products: []OpenVEXProduct{{OpenVEXComponent: OpenVEXComponent{ID: "pkg:apk/wolfi/bash@1.0.0"},
			Subcomponents: []OpenVEXComponent{{ID: "pkg:apk/wolfi/readline@8"}}}}}}}
	if d := cmp.Diff(want, doc); d != "" {
		t.Errorf("document (-want +got):\n%s", d)
	}
}

func TestOpenVEXFaults(t *testing.T) {
	_, err := ParseOpenVEX("bad", []byte(`{"@id": 5, "statements": [{"vulnerability": {}, "products": [7, {}], "status": "maybe", "version": 1.5}]}`))
	wantPaths(t, err, "/@id", "/statements/0/products/0", "/statements/0/products/1", "/statements/0/status", "/statements/0/version", "/statements/0/vulnerability/name")

	doc := OpenVEXDocument{Statements: []OpenVEXStatement{
		{Status: StatusNotAffected, ActionStatement: "x"},
		{Status: StatusAffected, Justification: "because"},
		{Status: StatusUnknown},
	}}
	_, err = WriteOpenVEX(doc)
	if problem.KindOf(err) != problem.Invalid {
		t.Fatalf("WriteOpenVEX = %v, want faults", err)
	}
	for _, want := range []string{"/@id", "/author", "/timestamp", "/version", "/statements/0.justification", "/statements/0.action_statement",
		"/statements/1.action_statement", "/statements/1.justification", "/statements/2.status", "/statements/2.products"} {
		found := false
		for _, f := range problem.FaultsOf(err) {
			found = found || f.Path == want
		}
		if !found {
			t.Errorf("no fault at %s in %v", want, problem.FaultsOf(err))
		}
	}
}

func TestRealOpenVEX(t *testing.T) {
	n, statements := 0, 0
	testdata.Tar(t, "vex/openvex.tar.zst", func(name string, body []byte) {
		if !isJSON(name) || strings.HasSuffix(name, "csaf.json") {
			return
		}
		doc, err := ParseOpenVEX(name, body)
		if err != nil {
			t.Error(err)
			return
		}
		n++
		statements += len(doc.Statements)
		if rec := doc.Record(); len(rec.Vulns) == 0 {
			t.Errorf("%s: no vulnerability", name)
		}
		if doc.Validate() != nil {
			return // old documents without timestamp or version cannot be written as they are
		}
		out, err := WriteOpenVEX(doc)
		if err != nil {
			t.Error(err)
			return
		}
		again, err := ParseOpenVEX(name, out)
		if err != nil || cmp.Diff(doc, again) != "" {
			t.Errorf("%s does not survive writing: %v\n%s", name, err, cmp.Diff(doc, again))
		}
	})
	t.Logf("OpenVEX: %d documents, %d statements", n, statements)
	if n != 7 {
		t.Errorf("got %d documents, want 7", n)
	}
}

func FuzzParseOpenVEX(f *testing.F) {
	f.Add([]byte(openvexSample))
	f.Add([]byte(`{"@id":"x","statements":[{"vulnerability":"CVE-1","products":["p"],"subcomponents":["s"],"status":"fixed"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		doc, err := ParseOpenVEX("fuzz", body)
		if err != nil {
			return
		}
		doc.Record()
		out, err := WriteOpenVEX(doc)
		if err != nil {
			return
		}
		again, err := ParseOpenVEX("again", out)
		if err != nil {
			t.Fatalf("cannot read what was written: %v\n%s", err, out)
		}
		if d := cmp.Diff(doc, again); d != "" {
			t.Fatal(d)
		}
	})
}

func TestOpenVEXGolden(t *testing.T) {
	doc, err := ParseOpenVEX("sample", []byte(openvexSample))
	if err != nil {
		t.Fatal(err)
	}
	got, err := WriteOpenVEX(doc)
	if err != nil {
		t.Fatal(err)
	}
	const path = "testdata/openvex.golden.json"
	if *updateGolden {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("written document (-want +got):\n%s", d)
	}
}
