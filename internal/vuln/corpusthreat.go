package vuln

import (
	"slices"

	"triward/internal/advisory"
)

// Threats is what the records of a corpus say of vulnerabilities by canonical id, with the catalogue entries and scores
// that are given. It is what [Threats] reads from a database.
func (c *Corpus) Threats(ids []string, exploited []advisory.Exploited, likelihoods map[string]EPSS) map[string]*Threat {
	out := make(map[string]*Threat, len(ids))
	for _, id := range ids {
		out[id] = &Threat{ID: id}
	}
	records := slices.Clone(c.records)
	slices.SortStableFunc(records, func(a, b Compiled) int {
		return sourceOrder[string(a.rec.Source)] - sourceOrder[string(b.rec.Source)]
	})
	for _, r := range records {
		for _, v := range r.rec.Vulns {
			if t := out[c.aliases.Canonical(v.ID)]; t != nil {
				t.add(RecordKey(r.rec.Source, r.rec.ID), summarise(r.rec, v))
			}
		}
	}
	for _, e := range exploited {
		if t := out[c.aliases.Canonical(e.CVE)]; t != nil {
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
