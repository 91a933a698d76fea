package vuln

import (
	"slices"

	"triward/internal/advisory"
	"triward/internal/vuln/match"
)

// ThreatsIn is what the records of a corpus say of vulnerabilities by canonical id, with the catalogue entries and scores
// that are given. It is what [Threats] reads from a database.
func ThreatsIn(c *match.Corpus, ids []string, exploited []advisory.Exploited, likelihoods map[string]EPSS) map[string]*Threat {
	out := make(map[string]*Threat, len(ids))
	for _, id := range ids {
		out[id] = &Threat{ID: id}
	}
	var records []advisory.Record
	c.Records(func(r match.Compiled) { records = append(records, r.Record()) })
	slices.SortStableFunc(records, func(a, b advisory.Record) int {
		return sourceOrder[string(a.Source)] - sourceOrder[string(b.Source)]
	})
	names := c.Synonyms()
	for _, r := range records {
		for _, v := range r.Vulns {
			if t := out[names.Canonical(v.ID)]; t != nil {
				t.add(RecordKey(r.Source, r.ID), summarise(r, v))
			}
		}
	}
	for _, e := range exploited {
		if t := out[names.Canonical(e.CVE)]; t != nil {
			t.Exploited = slices.DeleteFunc(t.Exploited, func(x advisory.Exploited) bool { return x.By == e.By })
			t.Exploited = append([]advisory.Exploited{e}, t.Exploited...)
		}
	}
	for id, t := range out {
		slices.Sort(t.Aliases)
		t.Aliases = slices.DeleteFunc(slices.Compact(t.Aliases), func(a string) bool { return a == id })
		if e, ok := likelihoods[id]; ok {
			t.EPSS = &e
		}
	}
	return out
}
