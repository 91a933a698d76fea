package cvss

import (
	"slices"
	"strings"

	gocvss20 "github.com/pandatix/go-cvss/20"
	gocvss30 "github.com/pandatix/go-cvss/30"
	gocvss31 "github.com/pandatix/go-cvss/31"
	gocvss40 "github.com/pandatix/go-cvss/40"

	"triward/internal/problem"
)

// Version is a version of the standard.
type Version string

// The closed list of versions.
const (
	V20 Version = "2.0"
	V30 Version = "3.0"
	V31 Version = "3.1"
	V40 Version = "4.0"
)

// Vector is one CVSS vector, read.
type Vector struct {
	Version  Version
	Text     string  // canonical form: standard order, metrics that say "not defined" left out, prefix from 3.0 on
	Base     float64 // base score, 0.0 to 10.0 (CVSS-B for 4.0)
	Severity Severity

	Attack       AttackVector
	Complexity   Complexity
	Requirements Requirements // CVSS 4.0 only
	Privileges   Privileges
	Interaction  Interaction
	Automatable  Automatable // CVSS 4.0 only
	Exploit      Maturity

	Confidentiality Impact
	Integrity       Impact
	Availability    Impact
	Subsequent      Impact // CVSS 4.0: the worst that systems beyond the vulnerable one lose (SC, SI, SA); "" before
	Scope           Scope  // CVSS 3 only
	Safety          Safety // CVSS 4.0: supplemental metric S, or its modified SI and SA
}

// maxVector is above the longest valid vector (4.0 with every metric: about 250 characters).
const maxVector = 512

// Parse reads a vector. It is tolerant where published vectors vary: spaces and parentheses around it, no prefix for
// version 2.0 (or "CVSS2#" before it), lower case in the prefix, the score in front, a trailing slash, metrics in
// any order. The error is of kind Invalid and has one fault for each metric that is unknown, repeated, missing or has a value
// that is not its own.
func Parse(vector string) (Vector, error) {
	version, rest, err := split(vector)
	if err != nil {
		return Vector{}, err
	}
	got, err := read(version, rest)
	if err != nil {
		return Vector{}, err
	}
	v := Vector{Version: version, Text: canonical(got)}
	if v.Base, err = base(got); err != nil {
		return Vector{}, err
	}
	v.Severity = SeverityOf(version, v.Base)
	v.describe(got)
	return v, nil
}

// reading holds a value for each metric of a version, "" where the vector has none.
type reading struct {
	version Version
	metrics []metric
	values  [maxMetrics]string
}

func (r *reading) get(name string) string {
	for i, m := range r.metrics {
		if m.name == name {
			return r.values[i]
		}
	}
	return ""
}

func split(vector string) (Version, string, error) {
	s := strings.TrimSpace(vector)
	if len(s) > maxVector {
		return "", "", problem.New(problem.Invalid, "cvss vector is %d characters long, the limit is %d", len(s), maxVector)
	}
	for len(s) >= 2 && s[0] == '(' && s[len(s)-1] == ')' {
		s = strings.TrimSpace(s[1 : len(s)-1])
	}
	s = strings.TrimSuffix(s, "/")
	if score, rest, ok := strings.Cut(s, "/"); ok && score != "" && strings.Trim(score, "0123456789.") == "" {
		s = rest // "9.8/CVSS:3.1/AV:N/..."
	}
	if s == "" {
		return "", "", problem.New(problem.Invalid, "cvss vector is empty")
	}
	if len(s) > 6 && strings.EqualFold(s[:6], "CVSS2#") {
		return V20, s[6:], nil
	}
	if len(s) < 5 || !strings.EqualFold(s[:5], "CVSS:") {
		if strings.Contains(s, "/PR:") && !strings.Contains(s, "/Au:") {
			return "", "", problem.New(problem.Invalid, "cvss vector %q has no prefix: only version 2.0 goes without CVSS:3.0, CVSS:3.1 or CVSS:4.0", s)
		}
		return V20, s, nil
	}
	word, rest, _ := strings.Cut(s[5:], "/")
	switch v := Version(word); v {
	case V20, V30, V31, V40:
		return v, rest, nil
	}
	return "", "", problem.New(problem.Invalid, "cvss version %q is none of 2.0, 3.0, 3.1 and 4.0", word)
}

// read splits "AV:N/AC:L/..." and checks it against the metrics of its version.
func read(version Version, s string) (*reading, error) {
	got := &reading{version: version, metrics: metricsOf(version)}
	var faults problem.List
	next := 0 // vectors mostly keep the standard's order: look there first
	var noted [maxMetrics]bool
	for part := range strings.SplitSeq(s, "/") {
		name, value, ok := strings.Cut(part, ":")
		for next < len(got.metrics) && got.metrics[next].name != name && !got.metrics[next].required {
			next++
		}
		m := next
		if m >= len(got.metrics) || got.metrics[m].name != name {
			m = slices.IndexFunc(got.metrics, func(m metric) bool { return m.name == name })
		}
		switch {
		case m < 0:
			faults.Add(name, "is not a metric of CVSS %s", version)
			continue
		case !ok:
			faults.Add(name, "has no value")
		case noted[m]:
			faults.Add(name, "is given twice")
		case !slices.Contains(got.metrics[m].values, value):
			faults.Add(name, "has the value %q, want one of %s", value, strings.Join(got.metrics[m].values, ", "))
		default:
			got.values[m] = value
		}
		noted[m] = true
		next = m + 1
	}
	for i, m := range got.metrics {
		if m.required && !noted[i] {
			faults.Add(m.name, "is missing")
		}
	}
	if err := faults.Err("cvss %s vector is not valid", version); err != nil {
		return nil, err
	}
	return got, nil
}

func canonical(r *reading) string {
	b := make([]byte, 0, 96)
	if r.version != V20 {
		b = append(append(b, "CVSS:"...), r.version...)
	}
	for i, m := range r.metrics {
		value := r.values[i]
		if value == "" || !m.required && (value == "X" || value == "ND") {
			continue
		}
		if len(b) > 0 {
			b = append(b, '/')
		}
		b = append(append(append(b, m.name...), ':'), value...)
	}
	return string(b)
}

// base computes the base score from the base metrics alone, so that threat and environmental metrics do not change it.
func base(r *reading) (float64, error) {
	var set func(name, value string) error
	var score func() float64
	switch r.version {
	case V20:
		c := new(gocvss20.CVSS20)
		set, score = c.Set, func() float64 { return c.BaseScore() }
	case V30:
		c := new(gocvss30.CVSS30)
		set, score = c.Set, func() float64 { return c.BaseScore() }
	case V31:
		c := new(gocvss31.CVSS31)
		set, score = c.Set, func() float64 { return c.BaseScore() }
	default:
		c := new(gocvss40.CVSS40)
		set, score = c.Set, c.Score
	}
	for i, m := range r.metrics {
		if !m.required {
			continue
		}
		if err := set(m.name, r.values[i]); err != nil {
			return 0, problem.New(problem.Invalid, "cvss metric %s: %v", m.name, err)
		}
	}
	return score(), nil
}
