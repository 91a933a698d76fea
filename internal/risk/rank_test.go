package risk

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/device/network"
	"triward/internal/vuln/match"
)

func vectors(texts ...string) []Vector {
	out := make([]Vector, len(texts))
	for i, t := range texts {
		out[i] = Vector{Text: t, By: "NVD"}
	}
	return out
}

var kev = []Assertion{{By: "CISA KEV", At: time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC), Says: "in the catalogue of known exploited vulnerabilities"}}

const (
	open     = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
	hard     = "CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:U/C:H/I:H/A:H"
	local    = "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H"
	physical = "CVSS:3.1/AV:P/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
	reads    = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"
)

func TestExploit(t *testing.T) {
	lan := Reach{Ways: []network.Connectivity{network.PrivateNetwork}}
	for _, c := range []struct {
		name   string
		threat Threat
		reach  Reach
		want   Exploitability
	}{
		{"network without a hindrance", Threat{Vectors: vectors(open)}, lan, E3},
		{"two hindrances", Threat{Vectors: vectors(hard)}, lan, E1},
		{"internet raises one", Threat{Vectors: vectors(hard)}, Reach{Ways: []network.Connectivity{network.Internet, network.PrivateNetwork}}, E2},
		{"internet raises at most to E3", Threat{Vectors: vectors(open)}, Reach{Ways: []network.Connectivity{network.Internet}}, E3},
		{"point to point lowers one", Threat{Vectors: vectors(open)}, Reach{Ways: []network.Connectivity{network.PointToPoint}}, E2},
		{"unknown reach counts as reachable", Threat{Vectors: vectors(open)}, Reach{}, E3},
		{"no connection", Threat{Vectors: vectors(open)}, Reach{Ways: []network.Connectivity{network.NoConnection}}, E0},
		{"no connection, exploited elsewhere", Threat{Vectors: vectors(open), Exploited: kev}, Reach{Ways: []network.Connectivity{network.NoConnection}}, E1},
		{"no connection does not matter for a local weakness", Threat{Vectors: vectors(local)}, Reach{Ways: []network.Connectivity{network.NoConnection}}, E1},
		{"physical", Threat{Vectors: vectors(physical)}, lan, E1},
		{"exploited", Threat{Vectors: vectors(hard), Exploited: kev}, lan, E4},
		{"no vector counts as the worst short of exploited", Threat{}, lan, E3},
		{"an unreadable vector is no vector", Threat{Vectors: vectors("AV:banana")}, lan, E3},
		{"the worst vector counts", Threat{Vectors: vectors(hard, open)}, lan, E3},
		{"EPSS in the top five percent", Threat{Vectors: vectors(hard), EPSS: &EPSS{Score: 0.4, Percentile: 0.97}}, lan, E3},
		{"EPSS below", Threat{Vectors: vectors(hard), EPSS: &EPSS{Score: 0.1, Percentile: 0.9499}}, lan, E1},
		{"public proof raises one", Threat{Vectors: vectors(hard), ProofOf: []Assertion{{By: "SSVC by CISA", Says: "a public proof of concept exists"}}}, lan, E2},
	} {
		got, why := Exploit(c.threat, c.reach)
		if got != c.want {
			t.Errorf("%s: %s, want %s (%v)", c.name, got, c.want, why)
		}
		if len(why) == 0 {
			t.Errorf("%s: no reasons", c.name)
		}
	}
}

func TestHarm(t *testing.T) {
	pump := Use{SafetyClass: "therapeutic", Functions: []Function{{"deliver a drug", S5}, {"keep a history", S2}}}
	for _, c := range []struct {
		name   string
		threat Threat
		use    Use
		want   Severity
	}{
		{"worst function", Threat{Vectors: vectors(open)}, pump, S5},
		{"function with unknown harm counts as the worst", Threat{Vectors: vectors(open)}, Use{SafetyClass: "diagnostic", Functions: []Function{{"show", S2}, {"alarm", ""}}}, S5},
		{"class alone", Threat{Vectors: vectors(open)}, Use{SafetyClass: "diagnostic"}, S3},
		{"nothing known", Threat{Vectors: vectors(open)}, Use{}, S5},
		{"unknown class", Threat{Vectors: vectors(open)}, Use{SafetyClass: "unknown"}, S5},
		{"several patients raise one step", Threat{Vectors: vectors(open)}, Use{SafetyClass: "diagnostic", MultiPatient: true}, S4},
		{"several patients at the top", Threat{Vectors: vectors(open)}, Use{SafetyClass: "life_sustaining", MultiPatient: true}, S5},
		{"disclosure alone", Threat{Vectors: vectors(reads)}, pump, S1},
		{"disclosure of credentials is not disclosure alone", Threat{Vectors: vectors(reads), CWEs: []string{"CWE-522"}}, pump, S5},
		{"one vector that changes things", Threat{Vectors: vectors(reads, open)}, pump, S5},
		{"no vector", Threat{}, pump, S5},
		{"functions contradict a life-sustaining class", Threat{Vectors: vectors(open)}, Use{SafetyClass: "life_sustaining", Functions: []Function{{"log", S1}}}, S5},
	} {
		got, why := Harm(c.threat, c.use)
		if got != c.want {
			t.Errorf("%s: %s, want %s (%v)", c.name, got, c.want, why)
		}
	}
}

// The table of risk.md E1, cell by cell.
func TestDefaultTable(t *testing.T) {
	table := DefaultTable()
	if err := table.Validate(); err != nil {
		t.Fatal(err)
	}
	for si, s := range Severities {
		for ei, e := range Exploitabilities {
			uncontrolled := si >= 3 && ei >= 2 || si == 2 && ei >= 3 || si == 1 && ei == 4
			needs := si >= 3 && ei == 1
			without, _ := table.Decide(e, s, Control{})
			with, _ := table.Decide(e, s, Control{Documented: "isolated in a VLAN"})
			if (without == Uncontrolled) != (uncontrolled || needs) || (with == Uncontrolled) != uncontrolled {
				t.Errorf("%s %s: without a control %s, with one %s", s, e, without, with)
			}
		}
	}
}

func TestTableMustBeMonotone(t *testing.T) {
	table := DefaultTable()
	table.Cells[4][4] = CellControlled
	table.Cells[0][0] = "maybe"
	if err := table.Validate(); err == nil {
		t.Error("a table that calls the worst case controlled is valid")
	}
}

func TestOrderIsLexicographic(t *testing.T) {
	in := func(truth match.Truth, exploited []Assertion, epss float64) Input {
		return Input{Truth: truth, Threat: Threat{Exploited: exploited, EPSS: &EPSS{Score: epss}}}
	}
	worstFirst := []int64{
		Order(Assessment{Class: Uncontrolled, Severity: S5, Exploitability: E4}, in(match.Affected, kev, 0.9)),
		Order(Assessment{Class: Uncontrolled, Severity: S5, Exploitability: E3}, in(match.Affected, nil, 0.2)),
		Order(Assessment{Class: Uncontrolled, Severity: S5, Exploitability: E3}, in(match.Affected, nil, 0.1)),
		Order(Assessment{Class: Uncontrolled, Severity: S5, Exploitability: E3}, in(match.Unknown, kev, 1)),
		Order(Assessment{Class: Uncontrolled, Severity: S4, Exploitability: E4}, in(match.Affected, kev, 1)),
		Order(Assessment{Class: Controlled, Severity: S5, Exploitability: E1}, in(match.Affected, nil, 1)),
		Order(Assessment{Class: Controlled, Severity: S1, Exploitability: E4}, in(match.Affected, kev, 1)),
		Order(Assessment{Class: Controlled, Severity: S1, Exploitability: E0}, in(match.Unknown, nil, 0)),
	}
	for i := 1; i < len(worstFirst); i++ {
		if worstFirst[i] >= worstFirst[i-1] {
			t.Errorf("line %d (%d) is not below line %d (%d)", i, worstFirst[i], i-1, worstFirst[i-1])
		}
	}
	if worstFirst[0] < uncontrolledRank || worstFirst[4] < uncontrolledRank || worstFirst[5] >= uncontrolledRank {
		t.Error("uncontrolledRank does not separate the classes")
	}
	s, e := unpack(worstFirst[4])
	if d := cmp.Diff([]string{"S4", "E4"}, []string{string(s), string(e)}); d != "" {
		t.Error(d)
	}
}
