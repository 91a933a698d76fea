package advisory

import (
	"bytes"
	"compress/gzip"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"triward/internal/problem"
)

// wantPaths checks that err is for the user and has faults at exactly these places.
func wantPaths(t *testing.T, err error, want ...string) {
	t.Helper()
	var got []string
	for _, f := range problem.FaultsOf(err) {
		got = append(got, f.Path)
	}
	if d := cmp.Diff(want, got); d != "" || problem.KindOf(err) != problem.Invalid {
		t.Errorf("error %v; paths (-want +got):\n%s", err, d)
	}
}

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

const kevSample = `{
  "title": "CISA Catalog", "catalogVersion": "2026.05.04", "dateReleased": "2026-05-04T17:04:19.9796Z", "count": 1,
  "vulnerabilities": [{
    "cveID": "CVE-2026-1001", "vendorProject": "Pumps", "product": "Pump OS", "vulnerabilityName": "Overflow", "dateAdded": "2026-05-04",
    "shortDescription": "It overflows.", "requiredAction": "Update.", "dueDate": "2026-05-25", "knownRansomwareCampaignUse": "Known",
    "notes": "https:\/\/pumps.example", "cwes": ["CWE-120", "CWE-787"]}]
}`

const kevSampleCSV = "cveID,vendorProject,product,vulnerabilityName,dateAdded,shortDescription,requiredAction,dueDate,knownRansomwareCampaignUse,notes,cwes\r\n" +
	"CVE-2026-1001,Pumps,Pump OS,Overflow,2026-05-04,It overflows.,Update.,2026-05-25,Known,https://pumps.example,\"CWE-120, CWE-787\"\r\n"

func TestParseKEV(t *testing.T) {
	entries := []Exploited{{CVE: "CVE-2026-1001", By: "CISA", Vendor: "Pumps", Product: "Pump OS", Name: "Overflow", Summary: "It overflows.",
		Added: day(2026, 5, 4), Due: day(2026, 5, 25), Action: "Update.", Ransomware: "Known", CWEs: []string{"CWE-120", "CWE-787"}, Notes: "https://pumps.example"}}
	others := slices.Clone(entries)
	others[0].By = "Exploited weaknesses of the pump makers"
	for name, tc := range map[string]struct {
		body string
		want Catalogue
	}{
		"another publisher": {strings.Replace(kevSample, "CISA Catalog", others[0].By, 1), Catalogue{Title: others[0].By, Version: "2026.05.04", Released: time.Date(2026, 5, 4, 17, 4, 19, 979600000, time.UTC), Entries: others}},
		"json":              {kevSample, Catalogue{Title: "CISA Catalog", Version: "2026.05.04", Released: time.Date(2026, 5, 4, 17, 4, 19, 979600000, time.UTC), Entries: entries}},
		"csv":               {"\ufeff" + kevSampleCSV, Catalogue{Entries: entries}},
	} {
		got, err := ParseKEV(name, []byte(tc.body))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if d := cmp.Diff(tc.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func TestKEVFaults(t *testing.T) {
	_, err := ParseKEV("k", []byte(`{"count": 3, "vulnerabilities": [{"cveID": "CVE-1", "dateAdded": "yesterday", "cwes": "CWE-1"}, {"product": 4}, 5]}`))
	wantPaths(t, err, "/count", "/vulnerabilities/0/cveID", "/vulnerabilities/0/cwes", "/vulnerabilities/0/dateAdded", "/vulnerabilities/1/cveID", "/vulnerabilities/1/product", "/vulnerabilities/2")
	_, err = ParseKEV("k", []byte(strings.Replace(strings.Replace(kevSampleCSV, "CVE-2026-1001", "x", 1), "2026-05-25", "soon", 1)))
	wantPaths(t, err, "line 2, column cveID", "line 2, column dueDate")
	_, err = ParseKEV("k", []byte("cveID,product\nCVE-2026-1001,x\n"))
	wantPaths(t, err, "line 1", "line 1", "line 1")
	for _, bad := range []string{"", "[]", "<html>", "cveID", "{}", `{"vulnerabilities": {}}`, "\xff\xfe{\x00", kevSampleCSV + "a,b\n", "cveID\xff"} {
		if _, err := ParseKEV("k", []byte(bad)); problem.KindOf(err) != problem.Invalid {
			t.Errorf("ParseKEV(%q) = %v, want a fault", bad, err)
		}
	}
}

func packed(t testing.TB, s string) (gz, zst []byte) {
	t.Helper()
	var a, b bytes.Buffer
	g := gzip.NewWriter(&a)
	z, err := zstd.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	_, err1 := g.Write([]byte(s))
	_, err2 := z.Write([]byte(s))
	if err := errors.Join(err1, err2, g.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return a.Bytes(), b.Bytes()
}

const epssSample = "#model_version:v2025.03.14,score_date:2026-08-16T12:55:00Z\ncve,epss,percentile\nCVE-2026-1001,0.97565,0.99987\r\nCVE-2026-1002,4.2e-4,1\n"

func TestReadEPSS(t *testing.T) {
	rows := []Likelihood{{"CVE-2026-1001", 0.97565, 0.99987}, {"CVE-2026-1002", 0.00042, 1}}
	info := EPSSInfo{Model: "v2025.03.14", Date: time.Date(2026, 8, 16, 12, 55, 0, 0, time.UTC), Rows: 2}
	gz, zst := packed(t, epssSample)
	for name, tc := range map[string]struct {
		body []byte
		info EPSSInfo
	}{
		"plain": {[]byte(epssSample), info}, "gzip": {gz, info}, "zstd": {zst, info},
		"semicolon, no header": {[]byte("CVE-2026-1001;0.975650000;0.999870000\nCVE-2026-1002;0.00042;1.0"), EPSSInfo{Rows: 2}},
	} {
		var got []Likelihood
		n, err := ReadEPSS(bytes.NewReader(tc.body), func(l Likelihood) error { got = append(got, l); return nil })
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if d := cmp.Diff(rows, got); d != "" || n != tc.info {
			t.Errorf("%s: %+v (-want +got):\n%s", name, n, d)
		}
	}
}

func TestEPSSFaults(t *testing.T) {
	for body, want := range map[string]string{
		"CVE-2026-1001,0.5,0.5\nCVE-2026-1002,1.5,0.5\n":       "line 2",
		"CVE-2026-1001,0.5,0.5\nCVE-2026-1002,0.5\n":           "line 2",
		"CVE-2026-1001,0.5,0.5\n\nCVE-2026-1002\n":             "line 3",
		"GHSA-x,0.5,0.5\n":                                     "line 1",
		"CVE-2026-1001,,0.5\n":                                 "line 1",
		"CVE-2026-1001,.,0.5\n":                                "line 1",
		"CVE-2026-1001,0.5,NaN\n":                              "line 1",
		"cve,epss,percentile\n":                                "line 2",
		"CVE-2026-1001," + strings.Repeat("0", 200_000) + "\n": "line 1",
		"": "line 1",
	} {
		_, err := ReadEPSS(strings.NewReader(body), func(Likelihood) error { return nil })
		wantPaths(t, err, want)
	}
	gz, zst := packed(t, epssSample)
	for _, whole := range [][]byte{gz, zst} {
		for i := range len(whole) {
			if _, err := ReadEPSS(bytes.NewReader(whole[:i]), func(Likelihood) error { return nil }); problem.KindOf(err) != problem.Invalid {
				t.Errorf("cut at %d: %v, want a fault", i, err)
			}
		}
	}
	stop := errors.New("stop")
	if info, err := ReadEPSS(strings.NewReader(epssSample), func(Likelihood) error { return stop }); !errors.Is(err, stop) || info.Rows != 1 {
		t.Errorf("fn's error: %v after %d rows", err, info.Rows)
	}
}

func TestEPSSAllocatesOnlyTheID(t *testing.T) {
	body := []byte("cve,epss,percentile\n" + strings.Repeat("CVE-2026-1001,0.97565,0.99987\n", 10_000))
	n := testing.AllocsPerRun(3, func() {
		if _, err := ReadEPSS(bytes.NewReader(body), func(Likelihood) error { return nil }); err != nil {
			t.Fatal(err)
		}
	})
	if n > 10_020 {
		t.Errorf("%v allocations for 10,000 rows", n)
	}
}

const osvSample = `{
  "schema_version": "1.7.0", "id": "EX-2026-1", "modified": "2026-05-04T00:00:00Z", "published": "2026-05-01T00:00:00Z", "withdrawn": "2026-05-05T00:00:00Z",
  "aliases": ["GHSA-aaaa-bbbb-cccc", "CVE-2026-1002", "CVE-2026-1001"], "related": ["CVE-2025-9"], "upstream": ["CVE-2024-0001"],
  "summary": "Overflow", "details": "It overflows.",
  "severity": [{"type": "CVSS_V3", "score": "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}, {"type": "Ubuntu", "score": "high"}],
  "references": [{"type": "FIX", "url": "https://ex.example/fix"}],
  "affected": [{
    "package": {"ecosystem": "PyPI", "name": "pumps", "purl": "pkg:pypi/pumps"},
    "severity": [{"type": "CVSS_V4", "score": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"}, {"type": "CVSS_V2", "score": "AV:N/AC:L/Au:N/C:C/I:C/A:C"}],
    "ranges": [
      {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.2"}, {"introduced": "2.0"}, {"last_affected": "2.3"}]},
      {"type": "GIT", "repo": "https://ex.example/r.git", "events": [{"introduced": "0", "fixed": "abc"}, {"limit": "def"}], "database_specific": {"x": [1]}}],
    "versions": ["1.0", "1.1"],
    "ecosystem_specific": {"anything": true}, "database_specific": {"more": null}}],
  "database_specific": 7, "credits": [{"name": "A"}]
}`

func TestParseOSV(t *testing.T) {
	got, err := ParseOSV("sample", []byte(osvSample))
	if err != nil {
		t.Fatal(err)
	}
	want := Record{
		Source: OSV, ID: "EX-2026-1", Publisher: "EX", Title: "Overflow", Summary: "It overflows.", Published: day(2026, 5, 1), Modified: day(2026, 5, 4),
		Withdrawn: true, URL: "https://osv.dev/vulnerability/EX-2026-1", Links: []Link{{URL: "https://ex.example/fix", Kind: "FIX"}},
		Vulns: []Vulnerability{{
			ID: "CVE-2026-1001", Aliases: []string{"CVE-2026-1002", "EX-2026-1", "GHSA-aaaa-bbbb-cccc"}, Related: []string{"CVE-2025-9"}, Upstream: []string{"CVE-2024-0001"},
			Title: "Overflow", Description: "It overflows.",
			Scores: []Score{
				{Version: "3.0", Vector: "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", By: "EX"},
				{Severity: "HIGH", By: "EX"},
				{Version: "4.0", Vector: "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", By: "EX"},
				{Version: "2.0", Vector: "AV:N/AC:L/Au:N/C:C/I:C/A:C", By: "EX"}},
			Affected: []Affected{{
				Status: StatusAffected, Place: "/affected/0", PURL: "pkg:pypi/pumps", Ecosystem: "PyPI", Package: "pumps", Versions: []string{"1.0", "1.1"},
				Ranges: []Range{
					{Type: RangeEcosystem, Status: StatusAffected, Events: []Event{{Introduced: "0"}, {Fixed: "1.2"}, {Introduced: "2.0"}, {LastAffected: "2.3"}}},
					{Type: RangeGit, Repo: "https://ex.example/r.git", Status: StatusAffected, Events: []Event{{Introduced: "0"}, {Fixed: "abc"}, {Limit: "def"}}}}}},
		}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("record (-want +got):\n%s", d)
	}
}

func TestOSVIdentity(t *testing.T) {
	for _, tc := range []struct {
		own               string
		aliases, upstream []string
		id                string
		others            []string
	}{
		{"GO-1", nil, nil, "GO-1", nil},
		{"GO-1", []string{"CVE-2026-1001", "GO-1"}, nil, "CVE-2026-1001", []string{"GO-1"}},
		{"CVE-2026-1001", []string{"GHSA-1"}, nil, "CVE-2026-1001", []string{"GHSA-1"}},
		{"UBUNTU-CVE-2026-1001", nil, []string{"CVE-2026-1001"}, "CVE-2026-1001", []string{"UBUNTU-CVE-2026-1001"}},
		{"DSA-1-1", nil, []string{"CVE-2026-1001"}, "DSA-1-1", nil},
	} {
		id, others := osvIdentity(tc.own, tc.aliases, tc.upstream)
		if id != tc.id || cmp.Diff(tc.others, others) != "" {
			t.Errorf("osvIdentity(%q, %q, %q) = %q, %q", tc.own, tc.aliases, tc.upstream, id, others)
		}
	}
}

func TestOSVFaults(t *testing.T) {
	_, err := ParseOSV("o", []byte(`{"schema_version": "2.0", "aliases": [1], "affected": [{"package": "x", "ranges": [{"type": "ROUND", "events": [{}]}, {"type": "SEMVER"}], "versions": 3}]}`))
	wantPaths(t, err, "/affected/0/package", "/affected/0/ranges/0/events", "/affected/0/ranges/0/events/0", "/affected/0/ranges/0/type",
		"/affected/0/ranges/1/events", "/affected/0/versions", "/aliases/0", "/id", "/modified", "/schema_version")
	_, err = ParseOSV("dir/o.json", []byte("{\n \"id\": \"x\",\n  oops}"))
	wantPaths(t, err, "line 3, column 3")
	if !strings.Contains(err.Error(), `read OSV record "dir/o.json"`) {
		t.Errorf("%v does not name the document", err)
	}
}
