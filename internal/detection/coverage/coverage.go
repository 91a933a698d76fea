package coverage

import (
	"slices"
	"strings"

	"triward/internal/content"
)

// Rule is what the matrix must know of a rule.
type Rule struct {
	ID         string
	Title      string
	Techniques []string // T0883, T1110.003; case does not count
	Needs      []string // log sources without which it is blind; none: it needs none
	Runs       bool     // it looks at events now
	Tested     bool     // it was shown to fire on what it should, and not on what it should not
}

// State is what the rules can see of a technique.
type State string

// The closed list of states, the best first.
const (
	Seen     State = "seen"     // a rule runs, was tested and has its sources
	Untested State = "untested" // a rule runs and has its sources, but nobody tried it
	Blind    State = "blind"    // rules run, but a source that each needs is silent or absent
	Idle     State = "idle"     // there are rules, none of them runs
	None     State = "none"     // no rule names it
)

// States lists the states, the best first.
func States() []State { return []State{Seen, Untested, Blind, Idle, None} }

// Table is a matrix filled with rules.
type Table struct {
	ID, Version string
	Columns     []Column
	Count       map[State]int // cells by state
	Unknown     []string      // techniques that rules name and no column has, sorted
}

// Column is a tactic.
type Column struct {
	ID, Name string
	Cells    []Cell
}

// Cell is a technique below a tactic.
type Cell struct {
	ID, Name string
	State    State
	Rules    []Reach // the best first, then by title
}

// Reach is how far one rule sees.
type Reach struct {
	Rule    Rule
	State   State
	Missing []string // what of its needs is not live
}

// Of fills matrices with rules. live holds the log sources that are alive now, in the words of Rule.Needs. A rule that
// names a sub-technique counts for its technique too; a technique that no matrix has is listed in every table as unknown.
func Of(matrices []content.Matrix, rules []Rule, live map[string]bool) []Table {
	named := map[string][]Reach{} // technique, upper case
	for _, r := range rules {
		reach := reachOf(r, live)
		for id := range within(r.Techniques) {
			named[id] = append(named[id], reach)
		}
	}
	known := map[string]bool{}
	var out []Table
	for _, m := range matrices {
		t := Table{ID: m.ID, Version: m.Version, Count: map[State]int{}}
		for _, tactic := range m.Tactics {
			c := Column{ID: tactic.ID, Name: tactic.Name}
			for _, q := range tactic.Techniques {
				known[q.ID] = true
				cell := cellOf(q, named[q.ID])
				t.Count[cell.State]++
				c.Cells = append(c.Cells, cell)
			}
			t.Columns = append(t.Columns, c)
		}
		out = append(out, t)
	}
	var unknown []string
	for id := range named {
		parent, _, sub := strings.Cut(id, ".")
		if !known[id] && !(sub && known[parent]) && !subIn(known, id) {
			unknown = append(unknown, id)
		}
	}
	slices.Sort(unknown)
	for i := range out {
		out[i].Unknown = unknown
	}
	return out
}

// within are the techniques of a rule with the parents of its sub-techniques.
func within(techniques []string) map[string]bool {
	out := map[string]bool{}
	for _, t := range techniques {
		t = strings.ToUpper(t)
		out[t] = true
		if parent, _, sub := strings.Cut(t, "."); sub {
			out[parent] = true
		}
	}
	return out
}

// subIn tells whether a known technique is a sub-technique of id: then id is there by its part.
func subIn(known map[string]bool, id string) bool {
	for k := range known {
		if strings.HasPrefix(k, id+".") {
			return true
		}
	}
	return false
}

func reachOf(r Rule, live map[string]bool) Reach {
	out := Reach{Rule: r}
	for _, n := range r.Needs {
		if !live[n] {
			out.Missing = append(out.Missing, n)
		}
	}
	switch {
	case !r.Runs:
		out.State = Idle
	case len(out.Missing) > 0:
		out.State = Blind
	case !r.Tested:
		out.State = Untested
	default:
		out.State = Seen
	}
	return out
}

func cellOf(q content.Technique, rules []Reach) Cell {
	c := Cell{ID: q.ID, Name: q.Name, State: None, Rules: slices.Clone(rules)}
	slices.SortFunc(c.Rules, func(a, b Reach) int {
		if d := slices.Index(States(), a.State) - slices.Index(States(), b.State); d != 0 {
			return d
		}
		return strings.Compare(a.Rule.Title+a.Rule.ID, b.Rule.Title+b.Rule.ID)
	})
	if len(c.Rules) > 0 {
		c.State = c.Rules[0].State
	}
	return c
}
