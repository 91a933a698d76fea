package sigma

import (
	"slices"
	"strconv"

	"triward/internal/problem"
)

// Resolve applies the filters to the rules that they name and checks that each correlation's rules are there, without
// circles. What does not resolve is left out and named in the faults; the filters are used up.
func (s Set) Resolve() (Set, []problem.Fault) {
	var faults []problem.Fault
	fail := func(file string, line int, reason string) {
		faults = append(faults, problem.Fault{Path: file + ":" + strconv.Itoa(line), Reason: reason})
	}
	out := Set{}
	seen := map[string]bool{}
	for _, r := range s.Rules {
		if r.ID != "" && seen[r.ID] {
			fail(r.File, r.Line, "the id "+r.ID+" is used twice")
			continue
		}
		seen[r.ID] = true
		out.Rules = append(out.Rules, r)
	}
	for _, f := range s.Filters {
		applied := map[string]bool{}
		for i := range out.Rules {
			r := &out.Rules[i]
			ref := slices.IndexFunc(f.Rules, func(n string) bool { return n == r.ID || n == r.Name })
			if len(f.Rules) > 0 && ref < 0 || !f.LogSource.Covers(r.LogSource) {
				continue
			}
			if ref >= 0 {
				applied[f.Rules[ref]] = true
			}
			r.Condition = &Node{Op: And, Kids: []*Node{r.Condition, f.Condition}}
		}
		for _, n := range f.Rules {
			if !applied[n] {
				fail(f.File, f.Line, "the filter names "+strconv.Quote(n)+", which no rule of its log source is")
			}
		}
	}
	out.Correlations = s.resolveCorrelations(out.Rules, fail)
	return out, faults
}

// resolveCorrelations puts each correlation behind those that it needs.
func (s Set) resolveCorrelations(rules []Rule, fail func(file string, line int, reason string)) []Correlation {
	known := map[string]bool{}
	for _, r := range rules {
		known[r.ID], known[r.Name] = true, true
	}
	var out []Correlation
	left := slices.Clone(s.Correlations)
	for progress := true; progress; {
		progress = false
		left = slices.DeleteFunc(left, func(c Correlation) bool {
			if slices.ContainsFunc(c.Rules, func(n string) bool { return n == "" || !known[n] }) {
				return false
			}
			known[c.ID], known[c.Name] = true, true
			out = append(out, c)
			progress = true
			return true
		})
	}
	for _, c := range left {
		for _, n := range c.Rules {
			if !known[n] || n == "" {
				fail(c.File, c.Line, "the correlation names "+strconv.Quote(n)+", which no rule is, or which needs this correlation itself")
			}
		}
	}
	return out
}
