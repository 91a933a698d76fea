package match

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/internal/advisory"
	"triward/internal/vuln/naming"
)

// answers is truth and what settles it by vulnerability.
func answers(list []Match) map[string]string {
	out := map[string]string{}
	for _, m := range list {
		out[m.Vulnerability] = string(m.Truth)
		if m.Settles != "" {
			out[m.Vulnerability] += ": " + m.Settles
		}
	}
	return out
}

func ask(a Asset, source advisory.Source, vulns ...advisory.Vulnerability) map[string]string {
	return answers(Evaluate(a, Compile(advisory.Record{Source: source, ID: "REC-1", Vulns: vulns}, "", nil)))
}

func cpeMatch(vulnerable bool, criteria string) advisory.CPEMatch {
	return advisory.CPEMatch{Vulnerable: vulnerable, Criteria: criteria}
}

func TestConfigurations(t *testing.T) {
	osOnHW := advisory.Vulnerability{ID: "CVE-2024-0001", Configs: []advisory.Config{{Op: advisory.And, Nodes: []advisory.Node{
		{Op: advisory.Or, Matches: []advisory.CPEMatch{{Vulnerable: true, Criteria: "cpe:2.3:o:acme:drip_100_firmware:*:*:*:*:*:*:*:*", EndExcluding: "2.4"}}},
		{Op: advisory.Or, Matches: []advisory.CPEMatch{cpeMatch(false, "cpe:2.3:h:acme:drip_100:-:*:*:*:*:*:*:*")}},
	}}}}
	appOnWindows := advisory.Vulnerability{ID: "CVE-2024-0002", Configs: []advisory.Config{{Op: advisory.And, Nodes: []advisory.Node{
		{Op: advisory.Or, Matches: []advisory.CPEMatch{cpeMatch(true, "cpe:2.3:a:acme:viewer:3.1:*:*:*:*:*:*:*")}},
		{Op: advisory.Or, Matches: []advisory.CPEMatch{cpeMatch(false, "cpe:2.3:o:microsoft:windows:-:*:*:*:*:*:*:*")}},
	}}}}
	notOnLinux := advisory.Vulnerability{ID: "CVE-2024-0003", Configs: []advisory.Config{{Op: advisory.And, Nodes: []advisory.Node{
		{Op: advisory.Or, Matches: []advisory.CPEMatch{cpeMatch(true, "cpe:2.3:a:acme:viewer:*:*:*:*:*:*:*:*")}},
		{Op: advisory.Or, Negate: true, Matches: []advisory.CPEMatch{cpeMatch(true, "cpe:2.3:a:acme:shield:*:*:*:*:*:*:*:*")}},
	}}}}
	viewer := Component{Ref: "1", Name: "viewer", Version: "3.1", CPEs: []string{"cpe:2.3:a:acme:viewer:3.1:*:*:*:*:*:*:*"}}
	shield := Component{Ref: "2", Name: "shield", Version: "1.0", CPEs: []string{"cpe:2.3:a:acme:shield:1.0:*:*:*:*:*:*:*"}}
	windows := Fact{Kind: OS, Vendor: "Microsoft", Product: "Windows 10", Version: "1809"}
	linux := Fact{Kind: OS, Vendor: "Canonical", Product: "Ubuntu", Version: "22.04"}
	for _, tt := range []struct {
		name  string
		asset Asset
		want  map[string]string
	}{
		{"the device itself", Asset{Vendor: "ACME Inc.", Model: "Drip-100", Version: "2.3.9"}, map[string]string{"CVE-2024-0001": "affected"}},
		{"the device at the fixed version", Asset{Vendor: "Acme", Model: "Drip 100", Version: "2.4"}, map[string]string{"CVE-2024-0001": "not_affected"}},
		{"no version", Asset{Vendor: "Acme", Model: "Drip 100"}, map[string]string{"CVE-2024-0001": "unknown: software version"}},
		{"another device", Asset{Vendor: "Acme", Model: "Drip 200", Version: "2.3"}, map[string]string{}},
		{"platform met", Asset{Components: []Component{viewer, shield}, Facts: []Fact{windows}}, map[string]string{"CVE-2024-0002": "affected", "CVE-2024-0003": "not_affected"}},
		{"platform not met", Asset{Components: []Component{viewer, shield}, Facts: []Fact{linux}}, map[string]string{"CVE-2024-0002": "not_affected", "CVE-2024-0003": "not_affected"}},
		{"platform not known", Asset{Components: []Component{viewer}}, map[string]string{"CVE-2024-0002": "unknown: operating system: whether it is microsoft windows", "CVE-2024-0003": "affected"}},
		{"only the platform", Asset{Facts: []Fact{windows}}, map[string]string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, ask(tt.asset, advisory.NVD, osOnHW, appOnWindows, notOnLinux)); d != "" {
				t.Errorf("answers (-want +got):\n%s", d)
			}
		})
	}
}

func TestPackages(t *testing.T) {
	osv := advisory.Vulnerability{ID: "GHSA-xxxx-1", Aliases: []string{"CVE-2024-1000"}, Affected: []advisory.Affected{{
		Status: advisory.StatusAffected, Ecosystem: "npm", Package: "left-pad",
		Ranges: []advisory.Range{{Type: advisory.RangeSemver, Status: advisory.StatusAffected, Events: []advisory.Event{{Introduced: "1.0.0"}, {Fixed: "1.2.3"}}}},
	}}}
	python := advisory.Vulnerability{ID: "PYSEC-2024-1", Affected: []advisory.Affected{{Status: advisory.StatusAffected, Ecosystem: "PyPI", Package: "Zope.Interface", Versions: []string{"5.0", "5.1"}}}}
	for _, tt := range []struct {
		purl string
		want map[string]string
	}{
		{"pkg:npm/left-pad@1.2.2", map[string]string{"GHSA-xxxx-1": "affected"}},
		{"pkg:npm/left-pad@1.2.3", map[string]string{"GHSA-xxxx-1": "not_affected"}},
		{"pkg:npm/left-pad", map[string]string{"GHSA-xxxx-1": "unknown: version of component x"}},
		{"pkg:npm/right-pad@1.0.0", map[string]string{}},
		{"pkg:pypi/zope_interface@5.1.0", map[string]string{"PYSEC-2024-1": "affected"}},
		{"pkg:pypi/zope-interface@5.2", map[string]string{"PYSEC-2024-1": "not_affected"}},
	} {
		a := Asset{Components: []Component{{Ref: "x", Name: "x", PURL: tt.purl}}}
		if d := cmp.Diff(tt.want, ask(a, advisory.OSV, osv, python)); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.purl, d)
		}
	}
}

// TestStatuses is about records that say more than one thing of a product.
func TestStatuses(t *testing.T) {
	say := func(status advisory.Status, versions ...string) advisory.Affected {
		return advisory.Affected{Status: status, Vendor: "Acme", Product: "Drip 100", Versions: versions}
	}
	below := func(status advisory.Status, text string) advisory.Affected {
		return advisory.Affected{Status: status, Vendor: "Acme", Product: "Drip 100", VersionText: []string{text}}
	}
	device := Asset{Vendor: "Acme Medical GmbH", Model: "Drip 100", Version: "2.3"}
	for _, tt := range []struct {
		name string
		says []advisory.Affected
		want string
	}{
		{"fixed in exactly this version, affected by range", []advisory.Affected{below("affected", "< 3.0"), say("fixed", "2.3")}, "not_affected"},
		{"a contradiction is settled for the patient", []advisory.Affected{say("affected", "2.3"), say("not_affected", "2.3")}, "affected"},
		{"exactly affected, fixed by range", []advisory.Affected{say("affected", "2.3"), below("fixed", ">= 2.0")}, "affected"},
		{"only another version is fixed", []advisory.Affected{say("fixed", "4.0")}, "unknown: whether this version is affected: the source speaks of other versions only"},
		{"under investigation", []advisory.Affected{say("under_investigation", "2.3")}, "unknown: the answer of the source, which is not known yet"},
		{"another version is affected", []advisory.Affected{say("affected", "2.2")}, "not_affected"},
		{"unreadable", []advisory.Affected{below("affected", "those delivered with the blue cap")}, "unknown: exact model"},
	} {
		got := ask(device, advisory.CSAF, advisory.Vulnerability{ID: "CVE-2024-2000", Affected: tt.says})
		if d := cmp.Diff(map[string]string{"CVE-2024-2000": tt.want}, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
}

func TestCVEStatements(t *testing.T) {
	v := advisory.Vulnerability{ID: "CVE-2024-3000", Affected: []advisory.Affected{{
		Status: advisory.StatusAffected, Vendor: "OFFIS", Product: "DCMTK", DefaultOther: advisory.StatusNotAffected,
		Ranges: []advisory.Range{{Type: advisory.RangeCustom, Status: advisory.StatusAffected, Events: []advisory.Event{{Introduced: "0"}, {Fixed: "3.6.7"}}}},
	}}}
	for _, tt := range []struct {
		name  string
		asset Asset
		want  map[string]string
	}{
		{"fact", Asset{Facts: []Fact{{Kind: Application, Vendor: "OFFIS e.V.", Product: "dcmtk", Version: "3.6.4"}}}, map[string]string{"CVE-2024-3000": "affected"}},
		{"fact, fixed", Asset{Facts: []Fact{{Kind: Application, Vendor: "OFFIS", Product: "DCMTK", Version: "3.6.7"}}}, map[string]string{"CVE-2024-3000": "not_affected"}},
		{"component of no maker", Asset{Components: []Component{{Name: "dcmtk", Version: "3.6.4"}}}, map[string]string{"CVE-2024-3000": "unknown: manufacturer of dcmtk"}},
		{"component of the maker", Asset{Components: []Component{{Name: "dcmtk", Group: "OFFIS", Version: "3.6.4"}}}, map[string]string{"CVE-2024-3000": "affected"}},
		{"component of another maker", Asset{Components: []Component{{Name: "dcmtk", Group: "Acme", Version: "3.6.4"}}}, map[string]string{}},
	} {
		if d := cmp.Diff(tt.want, ask(tt.asset, advisory.CVE, v)); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
}

func TestWithdrawnMatchesNothing(t *testing.T) {
	rec := advisory.Record{Source: advisory.CSAF, ID: "X", Withdrawn: true, Vulns: []advisory.Vulnerability{{ID: "X", Affected: []advisory.Affected{{Status: "affected", Vendor: "Acme", Product: "Drip"}}}}}
	if got := Evaluate(Asset{Vendor: "Acme", Model: "Drip"}, Compile(rec, "", nil)); len(got) != 0 {
		t.Errorf("matches: %v", got)
	}
}

func TestUserNames(t *testing.T) {
	names, err := naming.Parse("vendor\tAcme\tZenith Pumps\nproduct\tAcme\tDrip 100\tGoutte Cent\n")
	if err != nil {
		t.Fatal(err)
	}
	c := NewCorpus(names)
	c.Add(advisory.Record{Source: advisory.CSAF, ID: "A-1", Vulns: []advisory.Vulnerability{{ID: "CVE-2024-1", Affected: []advisory.Affected{{Status: "affected", Vendor: "Acme", Product: "Drip 100", All: true}}}}}, "")
	for _, a := range []Asset{{Vendor: "Zenith Pumps", Model: "Drip 100"}, {Vendor: "Acme", Model: "Goutte Cent"}} {
		if got := answers(c.Match(a)); got["CVE-2024-1"] != "affected" {
			t.Errorf("%s %s: %v", a.Vendor, a.Model, got)
		}
	}
	if _, err := naming.Parse("vendor\tonly one\nnonsense\ta\tb"); err == nil {
		t.Error("a table with faults is read")
	}
}

func TestMerge(t *testing.T) {
	list := []Match{
		{Vulnerability: "CVE-2024-2", RecordSource: "nvd", RecordID: "CVE-2024-2", Truth: Unknown, Settles: "software version"},
		{Vulnerability: "GHSA-1", Aliases: []string{"CVE-2024-1"}, RecordSource: "osv", RecordID: "GHSA-1", Truth: NotAffected},
		{Vulnerability: "CVE-2024-1", RecordSource: "cve", RecordID: "CVE-2024-1", Truth: Affected},
		{Vulnerability: "CVE-2024-2", RecordSource: "csaf", RecordID: "A", Truth: NotAffected},
	}
	type row struct{ ID, Truth, Settles, First string }
	var got []row
	for _, m := range Merge(list, nil) {
		got = append(got, row{m.Vulnerability, string(m.Truth), m.Settles, m.Matches[0].RecordID})
	}
	want := []row{{"CVE-2024-1", "affected", "", "CVE-2024-1"}, {"CVE-2024-2", "unknown", "software version", "CVE-2024-2"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("merged (-want +got):\n%s", d)
	}
}

func TestSynonyms(t *testing.T) {
	var s Synonyms
	s.Join("GHSA-1", "GO-1")
	s.Join("GO-1", "CVE-2024-10000")
	s.Join("PYSEC-1", "CVE-2024-9999", "CVE-2024-10000")
	for id, want := range map[string]string{"GHSA-1": "CVE-2024-10000", "GO-1": "CVE-2024-10000", "PYSEC-1": "CVE-2024-9999", "CVE-2024-10000": "CVE-2024-10000", "other": "other"} {
		if got := s.Canonical(id); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
}

// A publisher's range may begin with the model, or with what is left of it.
func TestModelBeforeTheVersion(t *testing.T) {
	for _, tt := range []struct{ text, model, version, want string }{
		{"<= S4 A.07.107", "SureLine VS4", "A.07.107", "affected"},
		{"<= S4 A.07.107", "SureLine VS4", "A.07.108", "not_affected"},
		{"<= S4 A.07.107", "SureLine VS4", "", "unknown: software version"},
		{"<= S4 A.07.107", "SureLine VS2", "A.07.107", "unknown: software version"},
		{"<= VS4 A.07.107", "SureLine VS4", "A.07.106", "affected"},
		{"<= VS4 A.07.107", "SureLine VS4", "A.08.001", "not_affected"},
	} {
		about := advisory.Affected{Status: advisory.StatusAffected, Vendor: "Acme", Product: "SureLine", VersionText: []string{tt.text}}
		got := ask(Asset{Vendor: "Acme", Model: tt.model, Version: tt.version}, advisory.CSAF, advisory.Vulnerability{ID: "CVE-2024-5000", Affected: []advisory.Affected{about}})
		if d := cmp.Diff(map[string]string{"CVE-2024-5000": tt.want}, got); d != "" {
			t.Errorf("%s %s against %q (-want +got):\n%s", tt.model, tt.version, tt.text, d)
		}
	}
}

// A number of the device that stands in a list of a statement decides, wherever the name stands and however it is written.
func TestNumberInAList(t *testing.T) {
	leaf := advisory.Affected{Status: advisory.StatusAffected, Vendor: "Acme", Product: "ABC-103 Remote Controller", VersionText: []string{"ABC-554 / ABC-754 DripMed Viva"}}
	name := advisory.Affected{Status: advisory.StatusAffected, Vendor: "Acme", Product: "DripMed Parallel Viva 554/754 pumps", VersionText: []string{"<= 2.6A"}}
	for _, tt := range []struct{ model, number, list, named string }{
		{"Parallel Viva ABC-754", "", "affected", "affected"},
		{"Parallel Viva ABC-554", "", "affected", "affected"},
		{"Parallel Viva", "ABC-554", "affected", "affected"},
		{"Parallel Viva", "ABC-754", "affected", "affected"},
		{"DripMed Viva", "ABC-754", "affected", "affected"},
		{"Parallel Viva ABC-854", "", "", ""},
		{"Parallel Viva", "ABC-854", "", "unknown: exact model"},
	} {
		a := Asset{Vendor: "Acme", Model: tt.model, Version: "2.5A"}
		if tt.number != "" {
			a.ModelNumbers = []string{tt.number}
		}
		for _, s := range []struct {
			about advisory.Affected
			want  string
		}{{leaf, tt.list}, {name, tt.named}} {
			got := ask(a, advisory.CSAF, advisory.Vulnerability{ID: "CVE-2024-5001", Affected: []advisory.Affected{s.about}})["CVE-2024-5001"]
			if got != s.want {
				t.Errorf("%s %s against %s %s: %q, want %q", tt.model, tt.number, s.about.Product, s.about.VersionText, got, s.want)
			}
		}
	}
}

// A release within an excepted range is excepted, however the device says it; the others are not.
func TestExceptedReleases(t *testing.T) {
	about := advisory.Affected{Status: advisory.StatusAffected, Vendor: "Acme", Product: "Vento, not including Vento 40 R1-3 and Vento 50 R4-5", VersionText: []string{"vers:all/*"}}
	for _, tt := range []struct{ model, version, want string }{
		{"Vento 50 R4", "", "not_affected"},
		{"Vento 50 R5", "", "not_affected"},
		{"Vento 50 Rev. 4", "", "not_affected"},
		{"Vento 40 R2", "", "not_affected"},
		{"Vento 50 R3", "", "affected"},
		{"Vento 50 R6", "", "affected"},
		{"Vento 40 R4", "", "affected"},
		{"Vento 50", "R4", "not_affected"},
		{"Vento 50", "R6", "affected"},
		{"Vento 50", "", "unknown: software version"},
		{"Vento Go", "R4", "affected"},
	} {
		rec := Compile(advisory.Record{Source: advisory.CSAF, ID: "REC-1", Vulns: []advisory.Vulnerability{{ID: "CVE-2024-5002", Affected: []advisory.Affected{about}}}}, "", nil)
		list := Evaluate(Asset{Vendor: "Acme", Model: tt.model, Version: tt.version}, rec)
		if got := answers(list)["CVE-2024-5002"]; got != tt.want {
			t.Errorf("%s %s: %q, want %q", tt.model, tt.version, got, tt.want)
		} else if got == "not_affected" && list[0].Proof.Rule != "csaf.excepted" {
			t.Errorf("%s %s: proof by %s", tt.model, tt.version, list[0].Proof.Rule)
		}
	}
}
