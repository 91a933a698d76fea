package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"triward/internal/testdata"
	"triward/internal/vuln/match"
)

// labelled is what a person who reads an advisory says of one device.
type labelled struct {
	Tag           string      `json:"asset_tag"`
	Advisory      string      `json:"advisory"`
	Vulnerability string      `json:"vulnerability"`
	Truth         match.Truth `json:"truth"`
}

func (l labelled) key() string { return l.Tag + " " + l.Advisory + " " + l.Vulnerability }

// assessed runs the command as a user does, over everything that is published, and reads what it prints.
func assessed(t *testing.T, args ...string) []finding {
	t.Helper()
	var out, problems bytes.Buffer
	if code := Main(append([]string{"assess", "--json"}, args...), strings.NewReader(""), &out, &problems); code != exitDone {
		t.Fatalf("exit code %d: %s", code, problems.String())
	}
	if problems.Len() > 0 {
		t.Logf("%s", problems.String())
	}
	var lines []finding
	if err := json.Unmarshal(out.Bytes(), &lines); err != nil {
		t.Fatal(err)
	}
	return lines
}

// TestAssessIsRight compares what assess prints over a fleet of real devices with what a person says who reads the
// advisories. The labels cover the CSAF advisories of the set; a line that rests on another record of the same weakness
// must not say the contrary.
func TestAssessIsRight(t *testing.T) {
	if testing.Short() {
		t.Skip("reads some fifty thousand records")
	}
	folder := filepath.Join("..", "vuln", "match", "testdata")
	body, err := os.ReadFile(filepath.Join(folder, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var labels []labelled
	if err := json.Unmarshal(body, &labels); err != nil {
		t.Fatal(err)
	}
	lines := assessed(t, "--all", "--fleet", filepath.Join(folder, "fleet.csv"),
		"--advisories", testdata.Path(t, "csaf/cisa-ot-2017-2022.tar.zst"),
		"--kev", testdata.Path(t, "kev/known_exploited_vulnerabilities.json"),
		"--epss", testdata.Path(t, "epss/epss-2026-08-16.csv.zst"),
		"--cve", testdata.Path(t, "cve5/vulnrichment-1999-2024.tar.zst"),
		"--nvd", testdata.Path(t, "nvd/nvd-configurations-2024-2025.tar.zst"))
	want := map[string]match.Truth{}
	about := map[string]map[match.Truth]bool{} // device and vulnerability
	for _, l := range labels {
		want[l.key()] = l.Truth
		k := l.Tag + " " + l.Vulnerability
		if about[k] == nil {
			about[k] = map[match.Truth]bool{}
		}
		about[k][l.Truth] = true
	}
	got := map[string]finding{}
	var others []finding
	for _, l := range lines {
		if strings.HasPrefix(l.Advisory, "ICS") {
			got[labelled{Tag: l.Device, Advisory: l.Advisory, Vulnerability: l.Vulnerability}.key()] = l
		} else {
			others = append(others, l)
		}
	}
	t.Logf("%d lines on %d advisory answers, %d from other records", len(lines), len(got), len(others))
	for _, truth := range []match.Truth{match.Affected, match.Unknown, match.NotAffected} {
		measure(t, truth, want, got)
	}
	for _, m := range misses(want, got) {
		t.Log(m)
	}
	contradictions(t, about, others)
}

const floor = 0.95 // of precision and of recall

// measure prints precision and recall of one answer. What an advisory says not affected of is countless, so that only
// labelled lines count there.
func measure(t *testing.T, truth match.Truth, want map[string]match.Truth, got map[string]finding) {
	t.Helper()
	right, said, meant := 0, 0, 0
	for k, l := range got {
		if l.Truth != truth || truth == match.NotAffected && want[k] == "" {
			continue
		}
		said++
		if want[k] == truth {
			right++
		}
	}
	for _, v := range want {
		if v == truth {
			meant++
		}
	}
	precision, recall := float64(right)/float64(max(said, 1)), float64(right)/float64(max(meant, 1))
	t.Logf("%-12s precision %.3f (%d of %d), recall %.3f (%d of %d)", truth, precision, right, said, recall, right, meant)
	if truth != match.NotAffected && (precision < floor || recall < floor) {
		t.Errorf("%s is below the floor of %.2f", truth, floor)
	}
}

// misses is every line that is not what the label says, sorted. No line at all is as good as not affected.
func misses(want map[string]match.Truth, got map[string]finding) []string {
	var out []string
	for k, truth := range want {
		if l := got[k]; l.Truth != truth && (truth != match.NotAffected || l.Truth != "") {
			out = append(out, fmt.Sprintf("miss: %s: want %s, got %q %s", k, truth, l.Truth, describe(l)))
		}
	}
	for k, l := range got {
		if want[k] == "" && l.Truth != match.NotAffected {
			out = append(out, fmt.Sprintf("miss: %s: want nothing, got %s %s", k, l.Truth, describe(l)))
		}
	}
	slices.Sort(out)
	return out
}

func describe(l finding) string {
	s := l.Vendor + " " + l.Model + " " + l.Version
	if l.Settles != "" {
		s += " [" + l.Settles + "]"
	}
	for _, p := range l.Proof {
		s += ": " + p.Says
	}
	return s
}

// contradictions reports each line from a CVE or NVD record that says affected where all labels of the same device and
// vulnerability say not affected, or the other way round.
func contradictions(t *testing.T, about map[string]map[match.Truth]bool, others []finding) {
	t.Helper()
	covered, contrary := 0, 0
	for _, l := range others {
		truths := about[l.Device+" "+l.Vulnerability]
		if len(truths) == 0 {
			continue
		}
		covered++
		opposite := match.NotAffected
		if l.Truth == match.NotAffected {
			opposite = match.Affected
		}
		if l.Truth != match.Unknown && len(truths) == 1 && truths[opposite] {
			contrary++
			t.Errorf("contradiction: %s %s by %s %v is %s, labelled %s: %s", l.Device, l.Vulnerability, l.Advisory, l.Sources, l.Truth, opposite, describe(l))
		}
	}
	t.Logf("%d lines of other records are about labelled vulnerabilities, %d of them say the contrary", covered, contrary)
}
