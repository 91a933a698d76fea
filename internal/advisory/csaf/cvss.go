package csaf

import (
	"math"
	"slices"
	"strconv"
	"strings"

	gocvss20 "github.com/pandatix/go-cvss/20"
	gocvss30 "github.com/pandatix/go-cvss/30"
	gocvss31 "github.com/pandatix/go-cvss/31"

	"triward/internal/advisory"
	"triward/internal/advisory/jsontree"
)

// cvssMetric is one metric: its property in FIRST's JSON form, its name in the vector, and its values in both forms,
// "WORD=letters" joined by blanks.
type cvssMetric struct{ property, metric, values string }

// cvss2Metrics is CVSS v2.0 2.1 to 2.3 in the order of the vector.
func cvss2Metrics() []cvssMetric {
	const cia = "NONE=N PARTIAL=P COMPLETE=C"
	const requirement = "LOW=L MEDIUM=M HIGH=H NOT_DEFINED=ND"
	return []cvssMetric{
		{"accessVector", "AV", "LOCAL=L ADJACENT_NETWORK=A NETWORK=N"},
		{"accessComplexity", "AC", "HIGH=H MEDIUM=M LOW=L"},
		{"authentication", "Au", "MULTIPLE=M SINGLE=S NONE=N"},
		{"confidentialityImpact", "C", cia}, {"integrityImpact", "I", cia}, {"availabilityImpact", "A", cia},
		{"exploitability", "E", "UNPROVEN=U PROOF_OF_CONCEPT=POC FUNCTIONAL=F HIGH=H NOT_DEFINED=ND"},
		{"remediationLevel", "RL", "OFFICIAL_FIX=OF TEMPORARY_FIX=TF WORKAROUND=W UNAVAILABLE=U NOT_DEFINED=ND"},
		{"reportConfidence", "RC", "UNCONFIRMED=UC UNCORROBORATED=UR CONFIRMED=C NOT_DEFINED=ND"},
		{"collateralDamagePotential", "CDP", "NONE=N LOW=L LOW_MEDIUM=LM MEDIUM_HIGH=MH HIGH=H NOT_DEFINED=ND"},
		{"targetDistribution", "TD", "NONE=N LOW=L MEDIUM=M HIGH=H NOT_DEFINED=ND"},
		{"confidentialityRequirement", "CR", requirement}, {"integrityRequirement", "IR", requirement}, {"availabilityRequirement", "AR", requirement},
	}
}

// cvss3Metrics is CVSS v3.0 and v3.1 section 6, which share their metrics, in the order of the vector.
func cvss3Metrics() []cvssMetric {
	const (
		av          = "NETWORK=N ADJACENT_NETWORK=A LOCAL=L PHYSICAL=P"
		ac          = "HIGH=H LOW=L"
		level       = "HIGH=H LOW=L NONE=N"
		ui          = "NONE=N REQUIRED=R"
		scope       = "UNCHANGED=U CHANGED=C"
		requirement = "LOW=L MEDIUM=M HIGH=H" + notDefined
	)
	return []cvssMetric{
		{"attackVector", "AV", av}, {"attackComplexity", "AC", ac}, {"privilegesRequired", "PR", level}, {"userInteraction", "UI", ui}, {"scope", "S", scope},
		{"confidentialityImpact", "C", level}, {"integrityImpact", "I", level}, {"availabilityImpact", "A", level},
		{"exploitCodeMaturity", "E", "UNPROVEN=U PROOF_OF_CONCEPT=P FUNCTIONAL=F HIGH=H" + notDefined},
		{"remediationLevel", "RL", "OFFICIAL_FIX=O TEMPORARY_FIX=T WORKAROUND=W UNAVAILABLE=U" + notDefined},
		{"reportConfidence", "RC", "UNKNOWN=U REASONABLE=R CONFIRMED=C" + notDefined},
		{"confidentialityRequirement", "CR", requirement}, {"integrityRequirement", "IR", requirement}, {"availabilityRequirement", "AR", requirement},
		{"modifiedAttackVector", "MAV", av + notDefined}, {"modifiedAttackComplexity", "MAC", ac + notDefined}, {"modifiedPrivilegesRequired", "MPR", level + notDefined},
		{"modifiedUserInteraction", "MUI", ui + notDefined}, {"modifiedScope", "MS", scope + notDefined},
		{"modifiedConfidentialityImpact", "MC", level + notDefined}, {"modifiedIntegrityImpact", "MI", level + notDefined}, {"modifiedAvailabilityImpact", "MA", level + notDefined},
	}
}

// notDefined is the value of a metric that was not assessed.
const notDefined = " NOT_DEFINED=X"

func (m cvssMetric) words() []string {
	var out []string
	for _, pair := range strings.Fields(m.values) {
		word, _, _ := strings.Cut(pair, "=")
		out = append(out, word)
	}
	return out
}

// letters is the vector's form of a word, "" for an unknown one.
func (m cvssMetric) letters(word string) string {
	for _, pair := range strings.Fields(m.values) {
		if w, letters, _ := strings.Cut(pair, "="); w == word {
			return letters
		}
	}
	return ""
}

func cvss2Shape() *shape {
	score := &shape{kind: jsontree.Number, high: 10}
	s := object(map[string]*shape{
		"version": words("2.0"), "baseScore": score, "temporalScore": score, "environmentalScore": score,
		"vectorString": matching("a CVSS 2.0 vector", func(v string) bool { _, err := gocvss20.ParseVector(wholeVector2(v)); return err == nil }),
	}, "version", "vectorString", "baseScore")
	for _, m := range cvss2Metrics() {
		s.members[m.property] = words(m.words()...)
	}
	return s
}

func cvss3Shape() *shape {
	score := &shape{kind: jsontree.Number, high: 10}
	severity := words("NONE", "LOW", "MEDIUM", "HIGH", "CRITICAL")
	s := object(map[string]*shape{
		"version": words("3.0", "3.1"), "baseScore": score, "temporalScore": score, "environmentalScore": score,
		"baseSeverity": severity, "temporalSeverity": severity, "environmentalSeverity": severity,
		"vectorString": matching("a CVSS 3.0 or 3.1 vector", func(v string) bool { _, ok := parseCVSS(v); return ok }),
	}, "version", "vectorString", "baseScore", "baseSeverity")
	for _, m := range cvss3Metrics() {
		s.members[m.property] = words(m.words()...)
	}
	return s
}

// wholeVector2 is a version 2 vector as the calculator takes it: in the standard's order and with whole groups. FIRST's
// schema takes any order and single metrics of the temporal and environmental groups; what is left out is not defined.
func wholeVector2(vector string) string {
	metrics := cvss2Metrics()
	values := map[string]string{}
	for _, part := range strings.Split(vector, "/") {
		name, value, _ := strings.Cut(part, ":")
		if _, twice := values[name]; twice || !slices.ContainsFunc(metrics, func(m cvssMetric) bool { return m.metric == name }) {
			return ""
		}
		values[name] = value
	}
	var out []string
	for _, group := range [][]cvssMetric{metrics[:6], metrics[6:9], metrics[9:]} {
		present := slices.ContainsFunc(group, func(m cvssMetric) bool { return values[m.metric] != "" })
		for _, m := range group {
			switch {
			case values[m.metric] != "":
				out = append(out, m.metric+":"+values[m.metric])
			case present && m.letters("NOT_DEFINED") != "":
				out = append(out, m.metric+":ND")
			}
		}
	}
	return strings.Join(out, "/")
}

// cvssVector is a parsed vector of any version that CSAF 2.0 knows.
type cvssVector interface {
	Get(metric string) (string, error)
	Set(metric, value string) error
	BaseScore() float64
	TemporalScore() float64
	EnvironmentalScore() float64
}

func parseCVSS(vector string) (cvssVector, bool) {
	switch {
	case strings.HasPrefix(vector, "CVSS:3.1/"):
		v, err := gocvss31.ParseVector(vector)
		return v, err == nil
	case strings.HasPrefix(vector, "CVSS:3.0/"):
		v, err := gocvss30.ParseVector(vector)
		return v, err == nil
	case strings.HasPrefix(vector, "CVSS:"):
		return nil, false
	}
	v, err := gocvss20.ParseVector(wholeVector2(vector))
	return v, err == nil
}

// eachCVSS calls fn for every CVSS object of the scores of a vulnerability.
func eachCVSS(vuln *jsontree.Value, fn func(score, cvss *jsontree.Value, metrics []cvssMetric)) {
	for _, s := range objectsOf(vuln, "scores") {
		if c := s.Get("cvss_v2"); c != nil && c.Kind == jsontree.Object {
			fn(s, c, cvss2Metrics())
		}
		if c := s.Get("cvss_v3"); c != nil && c.Kind == jsontree.Object {
			fn(s, c, cvss3Metrics())
		}
	}
}

// cvssSchema is test 6.1.8 beyond the shape: the version and the vector's prefix are one.
func (c *checker) cvssSchema() {
	for _, v := range c.vulns {
		eachCVSS(v, func(_, cvss *jsontree.Value, _ []cvssMetric) {
			version, vector := cvss.Get("version").Str(), cvss.Get("vectorString").Str()
			if version != "" && vector != "" && advisory.VectorVersion(vector) != version {
				c.fail("6.1.8", cvss, "version is %q, the vector is of version %q", version, advisory.VectorVersion(vector))
			}
		})
	}
}

// multipleScores is test 6.1.7: at most one score of each CVSS version for a product.
func (c *checker) multipleScores() {
	for _, v := range c.vulns {
		seen := map[string]bool{}
		eachCVSS(v, func(score, cvss *jsontree.Value, _ []cvssMetric) {
			for i, p := range score.Get("products").List() {
				key := cvss.Get("version").Str() + " " + p.Str()
				if seen[key] {
					c.fail("6.1.7", &score.Get("products").Kids[i], "product %q has a second score of CVSS version %s", p.Str(), cvss.Get("version").Str())
				}
				seen[key] = true
			}
		})
	}
}

// cvssComputation is test 6.1.9: given scores and severities are what the vector computes to.
func (c *checker) cvssComputation() {
	for _, v := range c.vulns {
		eachCVSS(v, func(_, cvss *jsontree.Value, metrics []cvssMetric) {
			vector, ok := parseCVSS(cvss.Get("vectorString").Str())
			if !ok {
				return
			}
			mergeProperties(vector, cvss, metrics)
			for _, s := range [...]struct {
				name  string
				value float64
			}{{"base", vector.BaseScore()}, {"temporal", vector.TemporalScore()}, {"environmental", vector.EnvironmentalScore()}} {
				if given, ok := cvss.Get(s.name + "Score").Number(); ok && math.Abs(given-s.value) > 0.049 {
					c.fail("6.1.9", cvss.Get(s.name+"Score"), "is %v, the vector computes to %.1f", given, s.value)
				}
				if word := cvss.Get(s.name + "Severity").Str(); word != "" && word != cvssRating(s.value) {
					c.fail("6.1.9", cvss.Get(s.name+"Severity"), "is %s, the vector computes to %s", word, cvssRating(s.value))
				}
			}
		})
	}
}

// mergeProperties gives a vector the metrics that are told as properties only.
func mergeProperties(vector cvssVector, cvss *jsontree.Value, metrics []cvssMetric) {
	inVector := "/" + cvss.Get("vectorString").Str()
	for _, m := range metrics {
		if letters := m.letters(cvss.Get(m.property).Str()); letters != "" && !strings.Contains(inVector, "/"+m.metric+":") {
			if vector.Set(m.metric, letters) != nil {
				return
			}
		}
	}
}

// cvssRating is the qualitative scale of CVSS v3.1 section 5.
func cvssRating(score float64) string {
	switch {
	case score <= 0:
		return "NONE"
	case score < 4:
		return "LOW"
	case score < 7:
		return "MEDIUM"
	case score < 9:
		return "HIGH"
	}
	return "CRITICAL"
}

// cvssConsistency is test 6.1.10: a metric told as a property says what the vector says.
func (c *checker) cvssConsistency() {
	for _, v := range c.vulns {
		eachCVSS(v, func(_, cvss *jsontree.Value, metrics []cvssMetric) {
			vector, ok := parseCVSS(cvss.Get("vectorString").Str())
			if !ok {
				return
			}
			for _, m := range metrics {
				p := cvss.Get(m.property)
				letters := m.letters(p.Str())
				if told, err := vector.Get(m.metric); err == nil && letters != "" && told != letters && given(cvss, m) {
					c.fail("6.1.10", p, "is %s, the vector has %s:%s", p.Str(), m.metric, told)
				}
			}
		})
	}
}

// given tells whether the vector itself names the metric.
func given(cvss *jsontree.Value, m cvssMetric) bool {
	return strings.Contains("/"+cvss.Get("vectorString").Str(), "/"+m.metric+":")
}

// fixedScores is test 6.2.19: a fixed product has the environmental score 0, which a modified impact of NONE on
// confidentiality, integrity and availability or a target distribution of NONE gives.
func (c *checker) fixedScores() {
	for _, v := range c.vulns {
		fixed := map[string]bool{}
		for _, list := range [...]string{"fixed", "first_fixed"} {
			for _, p := range v.At("product_status", list).List() {
				fixed[p.Str()] = true
			}
		}
		if len(fixed) == 0 {
			continue
		}
		eachCVSS(v, func(score, cvss *jsontree.Value, metrics []cvssMetric) {
			vector, ok := parseCVSS(cvss.Get("vectorString").Str())
			if !ok {
				return
			}
			mergeProperties(vector, cvss, metrics)
			if vector.EnvironmentalScore() == 0 {
				return
			}
			for i, p := range score.Get("products").List() {
				if fixed[p.Str()] {
					c.fail("6.2.19", &score.Get("products").Kids[i], "product %q is fixed, but its environmental score is %s, not 0", p.Str(),
						strconv.FormatFloat(vector.EnvironmentalScore(), 'f', 1, 64))
				}
			}
		})
	}
}

// oldScoring is tests 6.3.1 (CVSS v2 as the only scoring system) and 6.3.2 (use of CVSS v3.0).
func (c *checker) oldScoring() {
	for _, v := range c.vulns {
		second, third := map[string]*jsontree.Value{}, map[string]bool{}
		eachCVSS(v, func(score, cvss *jsontree.Value, _ []cvssMetric) {
			if cvss.Get("version").Str() == "3.0" || strings.HasPrefix(cvss.Get("vectorString").Str(), "CVSS:3.0/") {
				c.fail("6.3.2", cvss, "uses CVSS 3.0; 3.1 replaces it")
			}
			for i, p := range score.Get("products").List() {
				if cvss.Key == "cvss_v3" {
					third[p.Str()] = true
				} else if second[p.Str()] == nil {
					second[p.Str()] = &score.Get("products").Kids[i]
				}
			}
		})
		for _, id := range sortedKeys(second) {
			if !third[id] {
				c.fail("6.3.1", second[id], "product %q is scored with CVSS 2.0 only", id)
			}
		}
	}
}
