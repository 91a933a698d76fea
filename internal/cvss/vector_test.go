package cvss

import (
	"math"
	"strings"
	"testing"

	gocvss20 "github.com/pandatix/go-cvss/20"
	gocvss31 "github.com/pandatix/go-cvss/31"
	gocvss40 "github.com/pandatix/go-cvss/40"

	"github.com/google/go-cmp/cmp"

	"triward/internal/problem"
)

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		vector string
		want   Vector
	}{
		{"(AV:N/AC:M/Au:S/C:P/I:C/A:N/E:POC)", Vector{Version: V20, Text: "AV:N/AC:M/Au:S/C:P/I:C/A:N/E:POC", Base: 7.0, Severity: High,
			Attack: Network, Complexity: MediumComplexity, Privileges: LowPrivileges, Exploit: ProofOfConcept,
			Confidentiality: LowImpact, Integrity: HighImpact, Availability: NoImpact}},
		{"CVSS:3.0/AV:P/AC:H/PR:L/UI:R/S:U/C:N/I:N/A:L", Vector{Version: V30, Text: "CVSS:3.0/AV:P/AC:H/PR:L/UI:R/S:U/C:N/I:N/A:L", Base: 1.7, Severity: Low,
			Attack: Physical, Complexity: HighComplexity, Privileges: LowPrivileges, Interaction: RequiredInteraction,
			Confidentiality: NoImpact, Integrity: NoImpact, Availability: LowImpact, Scope: Unchanged}},
		{" (9.6/cvss:3.1/AC:L/AV:A/PR:N/UI:N/S:C/C:H/I:H/A:H/E:F/RL:X/) ", Vector{Version: V31, Text: "CVSS:3.1/AV:A/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H/E:F", Base: 9.6, Severity: Critical,
			Attack: Adjacent, Complexity: LowComplexity, Privileges: NoPrivileges, Interaction: NoInteraction, Exploit: Functional,
			Confidentiality: HighImpact, Integrity: HighImpact, Availability: HighImpact, Scope: Changed}},
		{"CVSS:4.0/AV:L/AC:L/AT:P/PR:H/UI:A/VC:L/VI:N/VA:H/SC:N/SI:L/SA:N/E:A/MSI:S/AU:Y/U:Red", Vector{Version: V40,
			Text: "CVSS:4.0/AV:L/AC:L/AT:P/PR:H/UI:A/VC:L/VI:N/VA:H/SC:N/SI:L/SA:N/E:A/MSI:S/AU:Y/U:Red", Base: 4.3, Severity: Medium,
			Attack: Local, Complexity: LowComplexity, Requirements: PresentRequirements, Privileges: HighPrivileges, Interaction: ActiveInteraction,
			Automatable: AutomatableYes, Exploit: Attacked, Confidentiality: LowImpact, Integrity: NoImpact, Availability: HighImpact,
			Subsequent: LowImpact, Safety: SafetyPresent}},
	} {
		got, err := Parse(tc.vector)
		if err != nil {
			t.Errorf("Parse(%q): %v", tc.vector, err)
			continue
		}
		if d := cmp.Diff(tc.want, got); d != "" {
			t.Errorf("Parse(%q) (-want +got):\n%s", tc.vector, d)
		}
	}
}

// Scores of the standards' own examples and of well-known vulnerabilities.
func TestBaseScores(t *testing.T) {
	for vector, want := range map[string]float64{
		"AV:N/AC:L/Au:N/C:N/I:N/A:C":                                          7.8,
		"AV:N/AC:L/Au:N/C:C/I:C/A:C":                                          10,
		"CVSS:2.0/AV:L/AC:H/Au:N/C:C/I:C/A:C":                                 6.2,
		"CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N":                        7.5,
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H":                        10,
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N":                        6.1,
		"CVSS:3.1/AV:P/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N":                        0,
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H":     10,
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N":     9.3,
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N":     0,
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U": 9.3, // the base score leaves threat out
	} {
		v, err := Parse(vector)
		if err != nil || v.Base != want {
			t.Errorf("Parse(%q).Base = %v, %v, want %v", vector, v.Base, err, want)
		}
	}
}

func TestFaultsNameTheMetric(t *testing.T) {
	for _, tc := range []struct {
		vector string
		want   []string
	}{
		{"CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", []string{"AV"}},
		{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H", []string{"A"}},
		{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/A:H", []string{"A"}},
		{"CVSS:3.1/AV:N/AC:L/PR:N/UI/S:U/C:Q/I:H/A:H/ZZ:1", []string{"C", "UI", "ZZ"}},
		{"AV:N/AC:L/Au:N", []string{"A", "C", "I"}},
		{"CVSS:4.0/AV:N/AC:L/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:S", []string{"AT", "SA"}},
		{"high", []string{"A", "AC", "AV", "Au", "C", "I", "high"}},
	} {
		_, err := Parse(tc.vector)
		var got []string
		for _, f := range problem.FaultsOf(err) {
			got = append(got, f.Path)
		}
		if d := cmp.Diff(tc.want, got); d != "" || problem.KindOf(err) != problem.Invalid {
			t.Errorf("Parse(%q) = %v\n%s", tc.vector, err, d)
		}
	}
	for _, bad := range []string{"", "()", "CVSS:", "CVSS:3.2/AV:N", "CVSS:5.0", "AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", strings.Repeat("AV:N/", 1000)} {
		if _, err := Parse(bad); problem.KindOf(err) != problem.Invalid {
			t.Errorf("Parse(%.40q) = %v, want a fault", bad, err)
		}
	}
}

func TestTruncatedVectorsAreRefused(t *testing.T) {
	const v = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"
	for i := range len(v) {
		if got, err := Parse(v[:i]); err == nil {
			t.Errorf("Parse(%q) = %+v, want a fault", v[:i], got)
		}
	}
}

func TestBest(t *testing.T) {
	const (
		v2     = "AV:N/AC:L/Au:N/C:C/I:C/A:C"
		v30    = "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"
		v31    = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
		v31low = "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"
		v31net = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"
		v31den = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"
	)
	for _, tc := range []struct {
		in   []string
		want int
	}{
		{nil, -1},
		{[]string{"", "nonsense"}, -1},
		{[]string{v2}, 0},
		{[]string{v2, v30, v31low, v31}, 3}, // the worst of the newest
		{[]string{v31, v31}, 0},
		{[]string{v31den, v31net}, 1}, // both 7.5: alphabetical
		{[]string{v31net, v31den}, 0},
	} {
		if v, at := Best(tc.in); at != tc.want || (at >= 0) != (v.Version != "") {
			t.Errorf("Best(%q) = %d, want %d", tc.in, at, tc.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("AV:N/AC:L/Au:N/C:C/I:C/A:C")
	f.Add("(CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:P)")
	f.Add("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U/S:P")
	f.Fuzz(func(t *testing.T, s string) {
		v, err := Parse(s)
		if err != nil {
			return
		}
		if math.IsNaN(v.Base) || v.Base < 0 || v.Base > 10 || v.Attack == "" || v.Complexity == "" || v.Privileges == "" || v.Integrity == "" {
			t.Fatalf("Parse(%q) = %+v", s, v)
		}
		again, err := Parse(v.Text)
		if err != nil || cmp.Diff(v, again) != "" {
			t.Fatalf("canonical %q of %q reads differently: %v", v.Text, s, err)
		}
		// The library reads the canonical form too and gives the same number.
		switch v.Version {
		case V20:
			c, err := gocvss20.ParseVector(v.Text)
			if err != nil || c.BaseScore() != v.Base {
				t.Fatal(v.Text, err)
			}
		case V31:
			c, err := gocvss31.ParseVector(v.Text)
			if err != nil || c.BaseScore() != v.Base {
				t.Fatal(v.Text, err)
			}
		case V40:
			if _, err := gocvss40.ParseVector(v.Text); err != nil {
				t.Fatal(v.Text, err)
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for _, v := range []string{"AV:N/AC:L/Au:N/C:C/I:C/A:C", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"} {
		b.Run(v[:8], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
