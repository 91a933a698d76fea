package advisory

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const nvdCVE = `{"id": "CVE-2026-1001", "sourceIdentifier": "psirt@pumps.example", "published": "2026-05-01T00:00:00.000", "lastModified": "2026-05-04T10:00:00.123",
  "vulnStatus": "Analyzed", "cveTags": [{"sourceIdentifier": "x", "tags": ["disputed"]}],
  "descriptions": [{"lang": "en", "value": "It overflows."}, {"lang": "es", "value": "Se desborda."}],
  "metrics": {
    "cvssMetricV31": [{"source": "nvd@nist.gov", "type": "Primary", "cvssData": {"version": "3.1", "vectorString": "CVSS:3.1/AV:N", "baseScore": 9.8, "baseSeverity": "CRITICAL"}, "exploitabilityScore": 3.9}],
    "cvssMetricV2": [{"source": "psirt@pumps.example", "cvssData": {"version": "2.0", "vectorString": "AV:N", "baseScore": 5}, "baseSeverity": "MEDIUM"}]},
  "weaknesses": [{"source": "nvd@nist.gov", "description": [{"lang": "en", "value": "CWE-120"}, {"lang": "en", "value": "NVD-CWE-noinfo"}]}],
  "configurations": [{"operator": "AND", "negate": true, "nodes": [
    {"operator": "OR", "negate": true, "cpeMatch": [{"vulnerable": true, "criteria": "cpe:2.3:o:p:os:*:*:*:*:*:*:*:*", "matchCriteriaId": "1", "versionStartExcluding": "1", "versionEndIncluding": "2"}]},
    {"operator": "AND", "children": [{"operator": "OR", "cpeMatch": [{"vulnerable": false, "criteria": "cpe:2.3:h:p:hw:-:*:*:*:*:*:*:*"}]}]}]}],
  "references": [{"url": "https://pumps.example", "source": "x", "tags": ["Patch", "Vendor Advisory"]}],
  "cisaExploitAdd": "2026-05-02", "cisaActionDue": "2026-05-23", "cisaRequiredAction": "Update.", "cisaVulnerabilityName": "Overflow"}`

func TestParseNVD(t *testing.T) {
	want := Record{
		Source: NVD, ID: "CVE-2026-1001", Publisher: "NVD", Summary: "It overflows.", Published: day(2026, 5, 1), Modified: time.Date(2026, 5, 4, 10, 0, 0, 123e6, time.UTC),
		Status: "Analyzed", URL: "https://nvd.nist.gov/vuln/detail/CVE-2026-1001", Links: []Link{{URL: "https://pumps.example", Kind: "Patch,Vendor Advisory"}},
		Vulns: []Vulnerability{{
			ID: "CVE-2026-1001", Description: "It overflows.", Tags: []string{"disputed"}, CWEs: []string{"CWE-120"},
			Scores: []Score{{Version: "3.1", Vector: "CVSS:3.1/AV:N", Base: 9.8, Severity: "CRITICAL", By: "NVD"},
				{Version: "2.0", Vector: "AV:N", Base: 5, Severity: "MEDIUM", By: "psirt@pumps.example"}},
			Exploited: []Exploited{{CVE: "CVE-2026-1001", By: "CISA", Added: day(2026, 5, 2), Due: day(2026, 5, 23), Action: "Update.", Name: "Overflow"}},
			Configs: []Config{{Place: "/vulnerabilities/0/cve/configurations/0", Op: And, Negate: true, Nodes: []Node{
				{Op: Or, Negate: true, Matches: []CPEMatch{{Vulnerable: true, Criteria: "cpe:2.3:o:p:os:*:*:*:*:*:*:*:*", StartExcluding: "1", EndIncluding: "2"}}},
				{Op: And, Children: []Node{{Op: Or, Matches: []CPEMatch{{Criteria: "cpe:2.3:h:p:hw:-:*:*:*:*:*:*:*"}}}}}}}},
		}},
	}
	for place, body := range map[string]string{
		"/vulnerabilities/0/cve/configurations/0": `{"resultsPerPage": 1, "format": "NVD_CVE", "version": "2.0", "vulnerabilities": [{"cve": ` + nvdCVE + `}]}`,
		"/cve/configurations/0":                   `{"cve": ` + nvdCVE + `}`,
		"/configurations/0":                       nvdCVE,
	} {
		got, err := ParseNVD("sample.json", []byte(body))
		if err != nil {
			t.Error(err)
			continue
		}
		want.Vulns[0].Configs[0].Place = place
		if d := cmp.Diff([]Record{want}, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", place, d)
		}
	}
}

func TestNVDOverride(t *testing.T) {
	body := `{"_annotation": {"cve_id": "CVE-2026-1001", "cna": "pumps", "description": "It overflows.", "modified": "2026-05-04T00:00:00+00:00", "references": ["https://pumps.example"]},
		"cve": {"configurations": [{"nodes": [{"negate": false, "operator": "OR", "cpeMatch": [{"vulnerable": true, "criteria": "cpe:2.3:a:p:a:1:*:*:*:*:*:*:*"}]}]}]}}`
	got, err := ParseNVD("CVE-2026-9999.json", []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	r := got[0]
	if r.ID != "CVE-2026-1001" || r.Publisher != "NVD overrides" || r.Summary != "It overflows." || r.Modified != day(2026, 5, 4) || len(r.Links) != 1 || len(r.Vulns[0].Configs) != 1 || r.Vulns[0].Configs[0].Op != Or {
		t.Errorf("got %+v", r)
	}
	got, err = ParseNVD("data/CVE-2026-9999.json", []byte(strings.Replace(body, `"cve_id"`, `"other"`, 1)))
	if err != nil || got[0].ID != "CVE-2026-9999" {
		t.Errorf("the id is not taken from the name: %+v, %v", got, err)
	}
}

func TestNVDFaults(t *testing.T) {
	_, err := ParseNVD("n", []byte(`{"vulnerabilities": [{"cve": {"id": "x", "configurations": [{"operator": "XOR", "nodes": [{"cpeMatch": [
		{"criteria": "pump", "vulnerable": true, "versionStartIncluding": "1", "versionStartExcluding": "1"}, {"criteria": "cpe:2.3:a:b", "versionEndIncluding": "1", "versionEndExcluding": "2"}]}, {}]}, {}]}}, {}]}`))
	c := "/vulnerabilities/0/cve/configurations"
	wantPaths(t, err, c+"/0/nodes/0/cpeMatch/0/criteria", c+"/0/nodes/0/cpeMatch/0/versionStartExcluding", c+"/0/nodes/0/cpeMatch/1/versionEndExcluding",
		c+"/0/nodes/0/cpeMatch/1/vulnerable", c+"/0/nodes/1/cpeMatch", c+"/0/operator", c+"/1/nodes", "/vulnerabilities/0/cve/id", "/vulnerabilities/1/cve")
	deep := strings.Repeat(`{"children": [`, 20) + `{"cpeMatch": []}` + strings.Repeat(`]}`, 20)
	if _, err := ParseNVD("n", []byte(`{"id": "CVE-2026-1001", "configurations": [{"nodes": [`+deep+`]}]}`)); err == nil || !strings.Contains(err.Error(), "16 levels deep") {
		t.Errorf("deep nodes: %v", err)
	}
}
