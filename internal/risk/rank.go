package risk

import (
	"slices"

	"triward/internal/vuln/match"
)

// Input is everything that the class of one device and vulnerability rests on.
type Input struct {
	Truth   match.Truth
	Threat  Threat
	Reach   Reach
	Use     Use
	Control Control
}

// Assessment is the derived class of one device and vulnerability with its reasons.
type Assessment struct {
	Exploitability Exploitability `json:"exploitability"`
	Severity       Severity       `json:"harm"`
	Class          Class          `json:"class"`
	WhyExploit     []Reason       `json:"why_exploitability"`
	WhyHarm        []Reason       `json:"why_harm"`
	WhyClass       Reason         `json:"why_class"`
	Rank           int64          `json:"-"` // greater comes first
}

// Assess derives the class. A line that is only possibly affected (unknown) is assessed as if it were: the worst is assumed.
func Assess(in Input, t Table) Assessment {
	var a Assessment
	a.Exploitability, a.WhyExploit = Exploit(in.Threat, in.Reach)
	a.Severity, a.WhyHarm = Harm(in.Threat, in.Use)
	a.Class, a.WhyClass = t.Decide(a.Exploitability, a.Severity, in.Control)
	a.Rank = Order(a, in)
	return a
}

// Order packs the order of the list into one number: uncontrolled first, then harm, exploitability, certainly affected
// before possibly, known exploited, and the EPSS score in whole percent, so that the daily noise of the last digits moves
// nothing. Nothing is weighed against anything else.
func Order(a Assessment, in Input) int64 {
	bit := func(b bool) int64 {
		if b {
			return 1
		}
		return 0
	}
	r := bit(a.Class == Uncontrolled)
	r = r<<3 | int64(slices.Index(Severities, a.Severity))
	r = r<<3 | int64(rank(a.Exploitability))
	r = r<<1 | bit(in.Truth == match.Affected)
	r = r<<1 | bit(len(in.Threat.Exploited) > 0)
	var epss int64
	if in.Threat.EPSS != nil {
		epss = int64(in.Threat.EPSS.Score * 100)
	}
	return r<<7 | epss
}
