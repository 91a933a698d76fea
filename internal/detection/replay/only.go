package replay

import (
	"slices"

	"triward/internal/sigma"
)

// Only is the part of a set that some of its rules need, by id or name: the rules, what correlations stand on, and the
// filters.
func Only(set sigma.Set, wanted []string) sigma.Set {
	need := map[string]bool{}
	for _, w := range wanted {
		need[w] = true
	}
	is := func(id, name string) bool { return id != "" && need[id] || name != "" && need[name] }
	for grown := true; grown; {
		grown = false
		for _, c := range set.Correlations {
			if !is(c.ID, c.Name) {
				continue
			}
			for _, r := range c.Rules {
				grown = grown || !need[r]
				need[r] = true
			}
		}
	}
	return sigma.Set{
		Rules:        slices.DeleteFunc(slices.Clone(set.Rules), func(r sigma.Rule) bool { return !is(r.ID, r.Name) }),
		Correlations: slices.DeleteFunc(slices.Clone(set.Correlations), func(c sigma.Correlation) bool { return !is(c.ID, c.Name) }),
		Filters: slices.DeleteFunc(slices.Clone(set.Filters), func(f sigma.Filter) bool {
			return len(f.Rules) > 0 && !slices.ContainsFunc(f.Rules, func(r string) bool { return need[r] })
		}),
	}
}
