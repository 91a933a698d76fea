package risk

import (
	"fmt"
	"slices"
	"strings"

	"triward/internal/cvss"
)

// Severity is the worst credible harm to a patient (FDA Postmarket Management of Cybersecurity 2016, VI.B).
type Severity string

// The closed list of severities.
const (
	S1 Severity = "S1" // negligible
	S2 Severity = "S2" // minor
	S3 Severity = "S3" // serious
	S4 Severity = "S4" // critical
	S5 Severity = "S5" // catastrophic
)

// Severities lists the severities from lowest to highest.
var Severities = []Severity{S1, S2, S3, S4, S5}

var severityWords = []string{"negligible", "minor", "serious", "critical", "catastrophic"}

// Word is the severity in the words of the standard.
func (s Severity) Word() string {
	if i := slices.Index(Severities, s); i >= 0 {
		return severityWords[i]
	}
	return ""
}

// SeverityOf is the severity of a word of the standard, "" for any other word.
func SeverityOf(word string) Severity {
	if i := slices.Index(severityWords, strings.ToLower(word)); i >= 0 {
		return Severities[i]
	}
	return ""
}

// Function is something that a device does for patients.
type Function struct {
	Name  string
	Worst Severity // harm if it fails or lies; "" when not known
}

// Use is what a device is used for.
type Use struct {
	SafetyClass  string // "life_sustaining", "life_supporting", "therapeutic", "monitoring", "diagnostic", "other"; "" or "unknown"
	Functions    []Function
	MultiPatient bool // one attack can harm several patients at once
}

// classHarm is what a safety class alone allows to assume when no functions are recorded.
var classHarm = map[string]Severity{
	"life_sustaining": S5, "life_supporting": S5, "therapeutic": S4, "monitoring": S4, "diagnostic": S3, "other": S2,
}

// Harm derives the severity of harm that a vulnerability with these vectors can do through the functions of a device.
//
// It is the worst function, raised one step where several patients are reached at once. A weakness that can neither
// change nor stop anything (no integrity and no availability impact in any vector) discloses data only, which is not harm
// to a patient in the sense of the FDA guidance: S1. Not so when what it discloses can be a credential: who has that can
// do everything.
func Harm(t Threat, u Use) (Severity, []Reason) {
	if v, ok := disclosesOnly(t.Vectors); ok && !t.disclosesCredentials() {
		return S1, []Reason{{Fact: "CVSS " + v.Text + ": no impact on integrity or availability",
			Effect: "disclosure of data alone is not harm to a patient: S1", Source: v.By}}
	}
	worst, reasons := worstFunction(u)
	if u.MultiPatient && worst != S5 {
		worst = Severities[slices.Index(Severities, worst)+1]
		reasons = append(reasons, Reason{Fact: "several patients can be harmed at once", Effect: "raises one step: " + string(worst), Source: "model record"})
	}
	return worst, reasons
}

func worstFunction(u Use) (Severity, []Reason) {
	if len(u.Functions) == 0 {
		if s, ok := classHarm[u.SafetyClass]; ok {
			return s, []Reason{{Fact: "safety class " + strings.ReplaceAll(u.SafetyClass, "_", "-") + ", no clinical functions recorded",
				Effect: "worst credible for the class: " + string(s), Source: "model record"}}
		}
		return S5, []Reason{{Fact: "unknown: neither clinical functions nor safety class", Effect: "counts as the worst: S5", Source: "model record"}}
	}
	worst, why := Severity(""), Reason{}
	for _, f := range u.Functions {
		s, fact := f.Worst, fmt.Sprintf("function %q can do %s harm", f.Name, f.Worst.Word())
		if s == "" {
			s, fact = S5, fmt.Sprintf("unknown: harm when function %q fails or lies", f.Name)
		}
		if worst == "" || s > worst {
			worst, why = s, Reason{Fact: fact, Effect: string(s), Source: "model record"}
		}
	}
	if s := classHarm[u.SafetyClass]; s == S5 && worst < S5 {
		// A class that says life depends on the device and functions that say otherwise contradict; the worse one counts.
		return S5, []Reason{why, {Fact: "safety class " + strings.ReplaceAll(u.SafetyClass, "_", "-"), Effect: "contradicts the functions; the worse counts: S5", Source: "model record"}}
	}
	return worst, []Reason{why}
}

// credentialWeaknesses are the CWE entries about stored, sent, built-in or missing credentials.
var credentialWeaknesses = []string{"CWE-255", "CWE-256", "CWE-257", "CWE-259", "CWE-260", "CWE-261", "CWE-287", "CWE-288", "CWE-306",
	"CWE-321", "CWE-522", "CWE-523", "CWE-798", "CWE-1392"}

func (t Threat) disclosesCredentials() bool {
	return slices.ContainsFunc(t.CWEs, func(c string) bool { return slices.Contains(credentialWeaknesses, c) })
}

func disclosesOnly(vectors []Vector) (Vector, bool) {
	var seen Vector
	for _, v := range vectors {
		p, err := cvss.Parse(v.Text)
		if err != nil || !discloses(p) {
			return Vector{}, false
		}
		seen = v
	}
	return seen, seen.Text != ""
}

// discloses reports whether a weakness can take data and do nothing else, neither here nor in systems beyond.
func discloses(p cvss.Vector) bool {
	return p.Integrity == cvss.NoImpact && p.Availability == cvss.NoImpact && (p.Subsequent == "" || p.Subsequent == cvss.NoImpact) &&
		p.Safety != cvss.SafetyPresent
}
