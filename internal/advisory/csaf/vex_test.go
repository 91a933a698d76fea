package csaf

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/advisory"
	"triward/internal/problem"
)

var updateGolden = flag.Bool("update", false, "write the golden files anew")

func vexSample() VEXDocument {
	day := time.Date(2026, 5, 4, 9, 30, 0, 0, time.UTC)
	return VEXDocument{
		ID: "NM-VEX-2026-1", Title: "Status of Fjord pumps", TLP: "GREEN", URL: "https://nordlys.example/csaf/2026/nm-vex-2026-1.json",
		Publisher: VEXPublisher{Name: "Nordlys Medical PSIRT", Namespace: "https://nordlys.example", Contact: "psirt@nordlys.example"},
		Revisions: []VEXRevision{{1, day, "First release"}, {2, day.Add(48 * time.Hour), ""}},
		Products: []VEXProduct{
			{ID: "f300-4.1", Vendor: "Nordlys Medical", Name: "Fjord 300", Version: "4.1", Models: []string{"FJ-300"}, CPE: "cpe:2.3:o:nordlys:fjord:4.1:*:*:*:*:*:*:*"},
			{ID: "f300-old", Vendor: "Nordlys Medical", Name: "Fjord 300", Version: "< 4.1", SKUs: []string{"300-EU"}},
			{ID: "vik", Vendor: "Nordlys Medical", Name: "Vik pump", PURL: "pkg:generic/nordlys/vik", Serials: []string{"V-*"}},
		},
		Statements: []VEXStatement{
			{Vulnerability: "CVE-2026-1234", Product: "f300-4.1", Status: advisory.StatusFixed, Description: "A fixed key opens the service port.", At: day},
			{Vulnerability: "CVE-2026-1234", Product: "f300-old", Status: advisory.StatusAffected, Action: "Update to 4.1.", Remedy: "vendor_fix", URL: "https://nordlys.example/4.1", At: day},
			{Vulnerability: "CVE-2026-1234", Product: "vik", Status: advisory.StatusNotAffected, Justification: "component_not_present", At: day},
			{Vulnerability: "NM-77", Title: "Slow display", Product: "vik", Status: advisory.StatusNotAffected, Impact: "The display has its own processor.", At: day},
			{Vulnerability: "NM-77", Product: "f300-4.1", Status: advisory.StatusUnderInvestigation},
		},
	}
}

func TestWriteVEXIsValidAndReadsBack(t *testing.T) {
	body, err := WriteVEX(vexSample())
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "vex.json")
	if *updateGolden {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, body, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(body)); d != "" {
		t.Errorf("document (-want +got):\n%s", d)
	}
	r := Check("vex", body)
	warned := map[string]bool{}
	for _, w := range r.Warnings {
		warned[w.Test] = true
	}
	if !r.Valid || warned["6.2.11"] || warned["6.2.13"] || warned["6.2.20"] {
		t.Errorf("report %+v", r)
	}
	rec, err := advisory.ParseCSAF("vex", body)
	if err != nil {
		t.Fatal(err)
	}
	if rec.ID != "NM-VEX-2026-1" || rec.Revision != "2" || rec.Modified.Day() != 6 || len(rec.Vulns) != 2 || rec.Vulns[1].ID != "NM-77" {
		t.Errorf("record %+v", rec)
	}
	type said struct {
		ID, Vendor, Product, Versions, Status, Why, Note string
	}
	var got []said
	for _, v := range rec.Vulns {
		for _, a := range v.Affected {
			got = append(got, said{a.ProductID, a.Vendor, a.Product, text(append(slices.Clone(a.Versions), a.VersionText...)), string(a.Status), a.Justification, a.Note})
		}
	}
	back := []said{
		{"f300-old", "Nordlys Medical", "Fjord 300", "< 4.1", "affected", "", ""},
		{"vik", "Nordlys Medical", "Vik pump", "", "not_affected", "component_not_present", ""},
		{"f300-4.1", "Nordlys Medical", "Fjord 300", "4.1", "fixed", "", ""},
		{"vik", "Nordlys Medical", "Vik pump", "", "not_affected", "", "The display has its own processor."},
		{"f300-4.1", "Nordlys Medical", "Fjord 300", "4.1", "under_investigation", "", ""},
	}
	if d := cmp.Diff(back, got); d != "" {
		t.Errorf("statements (-want +got):\n%s", d)
	}
}

func text(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

func TestWriteVEXTellsEveryFault(t *testing.T) {
	d := vexSample()
	d.Title = ""
	d.Revisions = nil
	d.Statements[1].Action = ""
	d.Statements[2].Justification = "because"
	d.Statements[3].Product = "nothing"
	_, err := WriteVEX(d)
	var paths []string
	for _, f := range problem.FaultsOf(err) {
		paths = append(paths, f.Path)
	}
	want := []string{"revisions", "statements[1].action", "statements[2].justification", "statements[3].product", "title"}
	if d := cmp.Diff(want, paths); d != "" {
		t.Errorf("faults (-want +got):\n%s", d)
	}
	d = vexSample()
	d.Publisher.Namespace = "no uri"
	if _, err := WriteVEX(d); problem.KindOf(err) != problem.Invalid {
		t.Errorf("error %v, want an invalid document", err)
	}
}
