package engine

import (
	"cmp"
	"slices"
	"sync"

	"triward/internal/problem"
	"triward/internal/sigma"
)

// Options of a compiled set.
type Options struct {
	// Everywhere tries every rule on every event, whatever its log source. A field that is absent is then not the empty
	// text.
	Everywhere bool
	// Unsourced tries every rule on events of no log source at all, in the same way.
	Unsourced bool
	// Fields are further names whose values a worker can give: those of baselines and groups.
	Fields []string
}

// Engine is a compiled set of rules. It does not change; workers share it.
type Engine struct {
	set     sigma.Set
	options Options
	fields  fields
	rules   []rule
	atoms   []*atom
	silent  []bool
	grams   gramCounts // how many texts of the rules have four bytes

	mu     sync.Mutex
	routes map[string]*route // by the rules that they hold
}

// rule is a compiled rule.
type rule struct {
	root    node
	witness []witness // one of them is in every event that the rule fires on; nil: nothing is known
}

// node is a sigma.Node with atoms in place of items.
type node struct {
	op   sigma.Op
	kids []node
	atom int32
	cost int
}

// Compile makes an engine of what files hold. What does not resolve (see sigma.Set.Resolve) is left out and named.
func Compile(set sigma.Set, o Options) (*Engine, []problem.Fault) {
	set, faults := set.Resolve()
	e := &Engine{set: set, options: o, routes: map[string]*route{}, silent: silent(set)}
	for _, names := range otherNames {
		e.fields.slot(names[0])
	}
	for _, n := range append([]string{"_path", "event_type", "flow_id"}, times...) {
		e.fields.slot(n)
	}
	c := compiler{engine: e, atoms: map[string]int32{}}
	for i := range set.Rules {
		c.rule(&set.Rules[i])
	}
	for _, n := range append(neededFields(set), o.Fields...) {
		e.fields.slot(n)
	}
	e.fields.seal()
	c.witnesses()
	return e, faults
}

// silent are the rules that only feed correlations.
func silent(set sigma.Set) []bool {
	out := make([]bool, len(set.Rules))
	loud := map[string]bool{}
	used := map[string]bool{}
	for _, c := range set.Correlations {
		for _, n := range c.Rules {
			used[n] = true
			loud[n] = loud[n] || c.Generate
		}
	}
	for i, r := range set.Rules {
		is := func(m map[string]bool) bool { return r.ID != "" && m[r.ID] || r.Name != "" && m[r.Name] }
		out[i] = is(used) && !is(loud)
	}
	return out
}

// neededFields are the names that correlations and baselines ask for.
func neededFields(set sigma.Set) []string {
	var out []string
	for _, r := range set.Rules {
		if b := r.Extension.Baseline; b != nil {
			out = append(append(out, b.By...), b.Value)
		}
	}
	for _, c := range set.Correlations {
		out = append(append(out, c.GroupBy...), c.Field)
		for _, fields := range c.Aliases {
			for _, f := range fields {
				out = append(out, f)
			}
		}
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}

// Set is what was compiled, resolved: hits name its rules by their index.
func (e *Engine) Set() sigma.Set { return e.set }

// Silent says whether a rule only feeds correlations and reports nothing on its own.
func (e *Engine) Silent(rule int) bool { return e.silent[rule] }

type compiler struct {
	engine *Engine
	atoms  map[string]int32
}

func (c *compiler) rule(r *sigma.Rule) {
	c.engine.rules = append(c.engine.rules, rule{root: c.node(r.Condition)})
}

func (c *compiler) node(n *sigma.Node) node {
	out := node{op: n.Op}
	if n.Op == sigma.Match {
		key := identity(n.Item)
		id, ok := c.atoms[key]
		if !ok {
			id = int32(len(c.engine.atoms))
			c.atoms[key] = id
			c.engine.atoms = append(c.engine.atoms, newAtom(&c.engine.fields, n.Item))
		}
		out.atom, out.cost = id, c.engine.atoms[id].cost
		return out
	}
	for _, k := range n.Kids {
		x := c.node(k)
		out.kids = append(out.kids, x)
		out.cost += x.cost
	}
	if n.Op != sigma.Not {
		slices.SortStableFunc(out.kids, func(a, b node) int { return cmp.Compare(a.cost, b.cost) })
	}
	return out
}
