package risk

import (
	"strings"
	"time"

	"triward/internal/vuln"
)

// ThreatOf turns what the sources say into what exploitability rests on. CVSS maturity "attacked" and SSVC "active" count
// as exploitation, "proof of concept" and "poc" as public proof; both say who asserts it.
func ThreatOf(v *vuln.Threat) Threat {
	var t Threat
	if v == nil {
		return t
	}
	t.CWEs = v.CWEs
	for _, e := range v.Exploited {
		says := "in the catalogue of known exploited vulnerabilities"
		if strings.EqualFold(e.Ransomware, "Known") {
			says += ", used in ransomware"
		}
		t.Exploited = append(t.Exploited, Assertion{By: catalogue(e.By), At: e.Added, Says: says})
	}
	for _, o := range v.Observed { // what exactly was seen is for those who may read the incident
		t.Exploited = append(t.Exploited, Assertion{By: o.By(), At: o.At, Says: "seen exploited here"})
	}
	for _, d := range v.Decisions {
		if !strings.EqualFold(d.Point, "Exploitation") {
			continue
		}
		a := Assertion{By: "SSVC by " + d.By, At: d.At}
		switch strings.ToLower(d.Value) {
		case "active":
			a.Says = "exploitation is active"
			t.Exploited = append(t.Exploited, a)
		case "poc", "public poc":
			a.Says = "a public proof of concept exists"
			t.ProofOf = append(t.ProofOf, a)
		}
	}
	if v.EPSS != nil {
		t.EPSS = &EPSS{Score: v.EPSS.Score, Percentile: v.EPSS.Percentile, At: v.EPSS.Scored}
	}
	for _, s := range v.Scores {
		if s.Vector != "" {
			by := s.By
			if by == "" {
				by = "advisory"
			}
			t.Vectors = append(t.Vectors, Vector{Text: s.Vector, By: by})
		}
	}
	return t
}

// catalogue is how a catalogue is cited: "CISA KEV", or its own title.
func catalogue(by string) string {
	if strings.Contains(by, " ") {
		return by
	}
	return by + " KEV"
}

// identified is when a device's exposure was first known here: when the first source about it was loaded or the device
// came into the fleet, whichever is later.
func identified(seen, registered time.Time) time.Time {
	if seen.After(registered) {
		return seen
	}
	return registered
}
