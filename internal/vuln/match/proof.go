package match

import (
	"slices"
	"strconv"
	"strings"

	"triward/internal/vers"
)

// truthOf is the answer of a step.
func truthOf(t vers.Truth) Truth {
	switch t {
	case vers.True:
		return Affected
	case vers.False:
		return NotAffected
	}
	return Unknown
}

// maxSteps bounds how many statements a proof shows; how many there are in all is said.
const maxSteps = 4

// joined is an answer that rests on statements.
func joined(truth Truth, op string, list []found) answer {
	slices.SortStableFunc(list, func(a, b found) int {
		if a.rel != b.rel {
			return int(b.rel) - int(a.rel)
		}
		return b.specific - a.specific
	})
	a := answer{truth: truth}
	if truth == Unknown {
		a.settles = list[0].settles
		for _, f := range list { // one missing version settles more than one model name does
			if a.settles == "" {
				a.settles = f.settles
			}
		}
	}
	if len(list) == 1 {
		a.proof = list[0].proof
		a.proof.Truth = truth
		return a
	}
	a.proof = Proof{Rule: op, Truth: truth, Says: count(len(list)) + " statements of the record were compared", Missing: a.settles}
	for _, f := range list[:min(len(list), maxSteps)] {
		a.proof.Children = append(a.proof.Children, f.proof)
	}
	return a
}

func count(n int) string {
	words := [...]string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}
	if n < len(words) {
		return words[n]
	}
	return strconv.Itoa(n)
}

// match makes the answer of a record about one vulnerability from the answers for the parts of the asset: affected if one
// part is, unknown if one may be, else not affected.
func (c *compiled) match(i int, answers []answer) Match {
	v := &c.rec.Vulns[i]
	m := Match{Vulnerability: v.ID, Aliases: aliasesOf(v.ID, c.rec.ID, v.Aliases), RecordSource: string(c.rec.Source), RecordID: c.rec.ID, Truth: NotAffected}
	for _, a := range answers {
		m.Truth = worse(m.Truth, a.truth)
	}
	answers = slices.DeleteFunc(answers, func(a answer) bool { return a.truth != m.Truth })
	if m.Truth == Unknown {
		m.Settles = answers[0].settles
		if m.Settles == "" {
			m.Settles = "what the source means"
		}
	}
	m.Proof = answers[0].proof
	if len(answers) > 1 {
		m.Proof = Proof{Rule: "or", Truth: m.Truth, Says: count(len(answers)) + " parts of the configuration give this answer", Missing: m.Settles}
		if m.Truth == NotAffected {
			m.Proof.Rule = "and"
		}
		for _, a := range answers[:min(len(answers), maxSteps)] {
			m.Proof.Children = append(m.Proof.Children, a.proof)
		}
	}
	m.Proof.Truth, m.Proof.Record, m.Proof.Hash = m.Truth, c.label, c.hash
	if m.Truth == Unknown && m.Proof.Missing == "" {
		m.Proof.Missing = m.Settles
	}
	return m
}

// worse is the answer that weighs more: affected, unknown, not affected.
func worse(a, b Truth) Truth {
	if a == Affected || b == Affected {
		return Affected
	}
	if a == Unknown || b == Unknown {
		return Unknown
	}
	return NotAffected
}

// aliasesOf is every other id of a vulnerability, sorted; the id of an advisory about several is none.
func aliasesOf(id, record string, aliases []string) []string {
	out := slices.Clone(aliases)
	if record != id && !strings.HasPrefix(record, "CVE-") && (strings.HasPrefix(id, "CVE-") && osvLike(record)) {
		out = append(out, record)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// osvLike says that a record's id is the id of one vulnerability, as in OSV databases.
func osvLike(id string) bool {
	for _, p := range [...]string{"GHSA-", "GO-", "PYSEC-", "RUSTSEC-", "OSV-", "BIT-", "DSA-", "USN-", "ALPINE-", "DEBIAN-", "UBUNTU-", "MAL-", "GSD-", "HSEC-", "PSF-", "OSEC-"} {
		if strings.HasPrefix(id, p) {
			return true
		}
	}
	return false
}

// sentence says in words what a statement about a named product gave.
func sentence(what string, at *claim, parts *claimParts, t vers.Truth) string {
	product := at.about.Product
	if parts.says.text != "" && !parts.says.all {
		product += " " + parts.says.text
	} else if parts.says.all {
		product += ", every version"
	}
	switch t {
	case vers.True:
		return what + " is " + quoted(product)
	case vers.False:
		return what + " is not " + quoted(product)
	}
	return what + " may be " + quoted(product)
}

func clipped(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "..."
}
