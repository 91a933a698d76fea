package advisory

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const cveSample = `{
  "dataType": "CVE_RECORD", "dataVersion": "5.1",
  "cveMetadata": {"cveId": "CVE-2026-1001", "assignerShortName": "pumps", "state": "PUBLISHED", "datePublished": "2026-05-01T00:00:00.000Z", "dateUpdated": "2026-05-04T00:00:00"},
  "containers": {
    "cna": {
      "providerMetadata": {"orgId": "0", "shortName": "pumps"},
      "title": "Overflow",
      "descriptions": [{"lang": "de", "value": "Es laeuft ueber."}, {"lang": "en-US", "value": "It overflows."}],
      "affected": [
        {"vendor": "Pumps", "product": "Pump OS", "defaultStatus": "unaffected", "modules": ["net"], "programFiles": ["net/in.c"], "programRoutines": [{"name": "in"}], "platforms": ["ARM"],
         "cpes": ["cpe:2.3:o:pumps:pump_os:*:*:*:*:*:*:*:*"],
         "versions": [
           {"version": "4.1.7", "status": "unaffected"},
           {"version": "4.0", "status": "affected"},
           {"version": "4.1", "lessThan": "4.2", "versionType": "semver", "status": "affected"},
           {"version": "n/a", "lessThanOrEqual": "3.9", "versionType": "custom", "status": "affected", "changes": [{"at": "3.8p1", "status": "unaffected"}]},
           {"version": "before the spring", "status": "affected"},
           {"version": "some", "status": "unknown"}]},
        {"vendor": "n/a", "product": "n/a", "versions": [{"version": "n/a", "status": "affected"}]},
        {"collectionURL": "https://pypi.org", "packageName": "pumps", "repo": "https://ex.example/r.git", "defaultStatus": "affected",
         "versions": [{"version": "1da177e4c3f4", "lessThan": "abc", "versionType": "git", "status": "unaffected"}]}],
      "problemTypes": [{"descriptions": [{"lang": "en", "description": "CWE-120 Buffer Copy", "cweId": "CWE-120"}, {"lang": "en", "description": "CWE-787 Write"}, {"lang": "en", "description": "n/a"}]}],
      "metrics": [
        {"cvssV4_0": {"version": "4.0", "vectorString": "CVSS:4.0/AV:N", "baseScore": 9.3, "baseSeverity": "CRITICAL"}},
        {"cvssV3_1": {"version": "3.1", "vectorString": "CVSS:3.1/AV:N", "baseScore": 9.8, "baseSeverity": "critical"}, "cvssV2_0": {"version": "2.0", "vectorString": "AV:N", "baseScore": 10}},
        {"other": {"type": "Example rating", "content": {"value": "Important"}}}, {"other": {"type": "x", "content": [1]}}],
      "references": [{"url": "https://pumps.example/1", "name": "one", "tags": ["vendor-advisory", "patch"]}],
      "solutions": [{"lang": "en", "value": "Update to 4.2."}], "workarounds": [{"lang": "en", "value": "Unplug."}], "exploits": [{"lang": "en", "value": "Seen."}],
      "configurations": [{"lang": "en", "value": "Remote service on."}],
      "impacts": [{"capecId": "CAPEC-100", "descriptions": [{"lang": "en", "value": "CAPEC-100 Overflow"}]}, {"capecId": "CAPEC-9"}],
      "tags": ["unsupported-when-assigned"]
    },
    "adp": [{
      "providerMetadata": {"shortName": "CISA-ADP"}, "title": "CISA ADP Vulnrichment",
      "metrics": [
        {"other": {"type": "ssvc", "content": {"id": "CVE-2026-1001", "timestamp": "2026-05-03T00:00:00Z", "version": "2.0.3", "role": "CISA Coordinator",
          "options": [{"Exploitation": "active"}, {"Automatable": "yes"}, {"Technical Impact": "total"}]}}},
        {"other": {"type": "kev", "content": {"dateAdded": "2026-05-02", "reference": "https://cisa.example/kev"}}}],
      "affected": [{"vendor": "pumps", "product": "pump_os", "cpes": ["cpe:2.3:o:pumps:pump_os:-:*:*:*:*:*:*:*"], "defaultStatus": "unknown",
        "versions": [{"version": "0", "lessThanOrEqual": "*", "versionType": "custom", "status": "affected"}]}],
      "cpeApplicability": [{"operator": "AND", "nodes": [
        {"operator": "OR", "negate": false, "cpeMatch": [{"vulnerable": true, "criteria": "cpe:2.3:o:pumps:pump_os:*:*:*:*:*:*:*:*", "versionStartIncluding": "4.1", "versionEndExcluding": "4.2"}]},
        {"operator": "OR", "negate": true, "cpeMatch": [{"vulnerable": false, "criteria": "cpe:2.3:h:pumps:mark2:-:*:*:*:*:*:*:*"}]}]}],
      "references": [{"url": "https://pumps.example/1"}, {"url": "https://other.example"}]
    }]
  }
}`

func TestParseCVE(t *testing.T) {
	got, err := ParseCVE("sample", []byte(cveSample))
	if err != nil {
		t.Fatal(err)
	}
	os := Affected{Place: "/containers/cna/affected/0", Vendor: "Pumps", Product: "Pump OS", CPEs: []string{"cpe:2.3:o:pumps:pump_os:*:*:*:*:*:*:*:*"},
		Platforms: []string{"ARM"}, Note: "modules: net; files: net/in.c; routines: in"}
	main, other := os, os
	main.Status, main.DefaultOther, main.VersionText = StatusAffected, StatusNotAffected, []string{"before the spring"}
	main.Ranges = []Range{
		{Type: RangeCustom, Status: StatusNotAffected, Events: []Event{{Introduced: "4.1.7"}, {LastAffected: "4.1.7"}}},
		{Type: RangeCustom, Status: StatusAffected, Events: []Event{{Introduced: "4.0"}, {LastAffected: "4.0"}}},
		{Type: RangeSemver, Scheme: "semver", Status: StatusAffected, Events: []Event{{Introduced: "4.1"}, {Fixed: "4.2"}}},
		{Type: RangeCustom, Scheme: "custom", Status: StatusAffected, Events: []Event{{Introduced: "0"}, {Fixed: "3.8p1"}, {LastAffected: "3.9"}}},
		{Type: RangeCustom, Scheme: "custom", Status: StatusNotAffected, Events: []Event{{Introduced: "3.8p1"}, {LastAffected: "3.9"}}},
	}
	other.Status, other.VersionText = StatusUnknown, []string{"some"}
	at := day(2026, 5, 3)
	want := Record{
		Source: CVE, ID: "CVE-2026-1001", Publisher: "pumps", Title: "Overflow", Summary: "It overflows.", Published: day(2026, 5, 1), Modified: day(2026, 5, 4),
		Status: "PUBLISHED", URL: "https://www.cve.org/CVERecord?id=CVE-2026-1001",
		Links: []Link{{URL: "https://pumps.example/1", Title: "one", Kind: "vendor-advisory,patch"}, {URL: "https://other.example"}},
		Vulns: []Vulnerability{{
			ID: "CVE-2026-1001", Title: "Overflow", Description: "It overflows.", CWEs: []string{"CWE-120", "CWE-787"}, Tags: []string{"unsupported-when-assigned"},
			Scores: []Score{
				{Version: "4.0", Vector: "CVSS:4.0/AV:N", Base: 9.3, Severity: "CRITICAL", By: "pumps"},
				{Version: "3.1", Vector: "CVSS:3.1/AV:N", Base: 9.8, Severity: "CRITICAL", By: "pumps"},
				{Version: "2.0", Vector: "AV:N", Base: 10, By: "pumps"},
				{Severity: "IMPORTANT", By: "pumps"}},
			Decisions: []Decision{{"Exploitation", "active", "CISA-ADP", at}, {"Automatable", "yes", "CISA-ADP", at}, {"Technical Impact", "total", "CISA-ADP", at}},
			Exploited: []Exploited{{CVE: "CVE-2026-1001", By: "CISA", Added: day(2026, 5, 2), Notes: "https://cisa.example/kev"}},
			Affected: []Affected{main, other,
				{Status: StatusAffected, Place: "/containers/cna/affected/2", Ecosystem: "https://pypi.org", Package: "pumps", DefaultOther: StatusAffected,
					Ranges: []Range{{Type: RangeGit, Scheme: "git", Repo: "https://ex.example/r.git", Status: StatusNotAffected, Events: []Event{{Introduced: "1da177e4c3f4"}, {Fixed: "abc"}}}}},
				{Status: StatusAffected, Place: "/containers/adp/0/affected/0", Vendor: "pumps", Product: "pump_os", CPEs: []string{"cpe:2.3:o:pumps:pump_os:-:*:*:*:*:*:*:*"},
					All: true, DefaultOther: StatusUnknown}},
			Configs: []Config{{Place: "/containers/adp/0/cpeApplicability/0", Op: And, Nodes: []Node{
				{Op: Or, Matches: []CPEMatch{{Vulnerable: true, Criteria: "cpe:2.3:o:pumps:pump_os:*:*:*:*:*:*:*:*", StartIncluding: "4.1", EndExcluding: "4.2"}}},
				{Op: Or, Negate: true, Matches: []CPEMatch{{Criteria: "cpe:2.3:h:pumps:mark2:-:*:*:*:*:*:*:*"}}}}}},
			Remedies: []Remedy{{Category: "vendor_fix", Details: "Update to 4.2."}, {Category: "workaround", Details: "Unplug."}},
			Threats: []Threat{{Category: "exploit_status", Details: "Seen."}, {Category: "configuration", Details: "Remote service on."},
				{Category: "impact", Details: "CAPEC-100 Overflow"}, {Category: "impact", Details: "CAPEC-9"}},
		}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("record (-want +got):\n%s", d)
	}
}

func TestRejectedCVE(t *testing.T) {
	got, err := ParseCVE("r", []byte(`{"dataVersion": "5.0", "cveMetadata": {"cveId": "CVE-2026-1001", "state": "REJECTED", "dateUpdated": "2026-05-01", "dateRejected": "2026-05-02T00:00:00Z"},
		"containers": {"cna": {"rejectedReasons": [{"lang": "en", "value": "A duplicate."}], "replacedBy": ["CVE-2026-1002"]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if !got.Withdrawn || got.Status != "REJECTED" || got.Summary != "A duplicate." || got.Modified != day(2026, 5, 2) || cmp.Diff([]string{"CVE-2026-1002"}, got.Vulns[0].Related) != "" {
		t.Errorf("got %+v", got)
	}
}

// What CNAs really write into "versions".
func TestCVEVersions(t *testing.T) {
	upto := func(v string) []Range {
		return []Range{{Type: RangeCustom, Scheme: "custom", Status: StatusAffected, Events: []Event{{Introduced: "0"}, {LastAffected: v}}}}
	}
	for _, tc := range []struct {
		in    cveVersion
		exact string
		rng   []Range
		text  string
	}{
		{in: cveVersion{version: "1.2.3"}, exact: "1.2.3"},
		{in: cveVersion{version: "v1.2-rc1"}, exact: "v1.2-rc1"},
		{in: cveVersion{version: "15.5(1)SY2"}, exact: "15.5(1)SY2"},
		{in: cveVersion{version: "1.1.1-4"}, exact: "1.1.1-4"},
		{in: cveVersion{version: "0:4.15.5-111.el9_0", kind: "rpm"}, exact: "0:4.15.5-111.el9_0"},
		{in: cveVersion{version: "0", status: StatusAffected}, text: "0"},
		{in: cveVersion{version: "n/a"}, text: "n/a"},
		{in: cveVersion{version: "-"}, text: "-"},
		{in: cveVersion{}, text: "n/a"},
		{in: cveVersion{version: "< 1.2"}, text: "< 1.2"},
		{in: cveVersion{version: "8.x"}, text: "8.x"},
		{in: cveVersion{version: "12.1.1-12.1.3"}, text: "12.1.1-12.1.3"},
		{in: cveVersion{version: "QCA6696"}, text: "QCA6696"},
		{in: cveVersion{version: "1.0, 1.1"}, text: "1.0, 1.1"},
		{in: cveVersion{version: "2.0+"}, text: "2.0+"},
		{in: cveVersion{version: "*", status: StatusAffected}, rng: []Range{{Type: RangeCustom, Status: StatusAffected, Events: []Event{{Introduced: "0"}}}}},
		{in: cveVersion{version: "All versions", status: StatusAffected}, rng: []Range{{Type: RangeCustom, Status: StatusAffected, Events: []Event{{Introduced: "0"}}}}},
		{in: cveVersion{version: "unspecified", upto: "2.0", kind: "custom", status: StatusAffected}, rng: upto("2.0")},
		{in: cveVersion{version: "-", upto: "6.6.*", kind: "custom", status: StatusAffected}, rng: upto("6.6.*")},
		{in: cveVersion{version: "6.3.0", below: "publication", kind: "custom"}, text: ">= 6.3.0, < publication"},
		{in: cveVersion{version: "Version 6.4.0.0: 8.10.0.13 and below", upto: "<=8.10.0.13", kind: "semver"}, text: "Version 6.4.0.0: 8.10.0.13 and below, <=8.10.0.13"},
		{in: cveVersion{version: "1.0", below: "unspecified"}, text: ">= 1.0, < unspecified"},
		{in: cveVersion{version: "1.0", below: "2.0", changes: []cveChange{{"fix 3", StatusNotAffected}}}, text: ">= 1.0, < 2.0, unaffected from fix 3"},
	} {
		exact, rng, text := tc.in.read("")
		if exact != tc.exact || text != tc.text || cmp.Diff(tc.rng, rng) != "" {
			t.Errorf("%+v reads as %q, %+v, %q", tc.in, exact, rng, text)
		}
	}
}

func TestCVEChangesBackAndForth(t *testing.T) {
	v := cveVersion{version: "1", below: "9", kind: "semver", status: StatusAffected, changes: []cveChange{{"2", StatusNotAffected}, {"3", StatusAffected}, {"4", StatusNotAffected}}}
	_, got, _ := v.read("")
	want := []Range{
		{Type: RangeSemver, Scheme: "semver", Status: StatusAffected, Events: []Event{{Introduced: "1"}, {Fixed: "2"}, {Introduced: "3"}, {Fixed: "4"}, {Fixed: "9"}}},
		{Type: RangeSemver, Scheme: "semver", Status: StatusNotAffected, Events: []Event{{Introduced: "2"}, {Fixed: "3"}, {Introduced: "4"}, {Fixed: "9"}}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("ranges (-want +got):\n%s", d)
	}
}

func TestCVEFaults(t *testing.T) {
	_, err := ParseCVE("c", []byte(`{"dataVersion": "4.0", "cveMetadata": {"cveId": "x", "state": "PUBLISHED", "dateUpdated": "soon"}, "containers": {"cna": {
		"affected": [{"vendor": 1, "versions": [{"version": "1", "status": "bad"}, 2]}, {"defaultStatus": "perhaps"}],
		"metrics": [{"cvssV3_1": {"baseScore": 11}}, {"cvssV3_0": {"baseScore": "9"}}]}, "adp": {}}}`))
	wantPaths(t, err, "/containers/adp", "/containers/cna/affected/0/vendor", "/containers/cna/affected/0/versions/0/status", "/containers/cna/affected/0/versions/1",
		"/containers/cna/affected/1/defaultStatus", "/containers/cna/metrics/0/cvssV3_1/baseScore", "/containers/cna/metrics/1/cvssV3_0/baseScore",
		"/cveMetadata/cveId", "/cveMetadata/dateUpdated", "/dataVersion")
	_, err = ParseCVE("c", []byte(`{}`))
	wantPaths(t, err, "/containers", "/cveMetadata", "/dataVersion")
}

func TestTimes(t *testing.T) {
	want := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	for _, s := range []string{"2026-05-04T10:00:00Z", "2026-05-04T12:00:00+02:00", "2026-05-04T12:00:00+0200", "2026-05-04T10:00:00.000", "2026-05-04T10:00Z"} {
		if got, ok := parseTime(s); !ok || !got.Equal(want) {
			t.Errorf("parseTime(%q) = %v, %v", s, got, ok)
		}
	}
	if got, ok := parseTime("1-01-01T00:00:00Z"); !ok || !got.IsZero() {
		t.Errorf("year 1 is %v, %v", got, ok)
	}
}
