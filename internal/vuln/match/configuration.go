package match

import (
	"slices"
	"strings"

	"triward/internal/advisory"
	"triward/internal/cpe"
	"triward/internal/vers"
	"triward/internal/vuln/naming"
)

// config is an applicability statement over CPE names, prepared.
type config struct {
	place string
	node  node
}

type node struct {
	and, negate bool
	matches     []criterion
	children    []node
}

type criterion struct {
	vulnerable bool
	text       string // as written, with its bounds
	cpe        cpe.Criteria
	key        string // part:vendor:product, "" when it must be asked for every name
}

func compileConfigs(list []advisory.Config) []config {
	out := make([]config, 0, len(list))
	for _, c := range list {
		root := node{and: c.Op == advisory.And, negate: c.Negate}
		for i := range c.Nodes {
			root.children = append(root.children, compileNode(&c.Nodes[i]))
		}
		out = append(out, config{place: c.Place, node: root})
	}
	return out
}

func compileNode(n *advisory.Node) node {
	out := node{and: n.Op == advisory.And, negate: n.Negate}
	for _, m := range n.Matches {
		name, err := cpe.Parse(m.Criteria)
		k := criterion{vulnerable: m.Vulnerable, text: criterionText(&m)}
		if err == nil {
			k.cpe = criteria(name, cpe.Bounds{StartIncluding: m.StartIncluding, StartExcluding: m.StartExcluding, EndIncluding: m.EndIncluding, EndExcluding: m.EndExcluding})
			if keys := cpeKeys(&name, nil); keys != nil {
				k.key = keys[0]
			}
			out.matches = append(out.matches, k)
		}
	}
	for i := range n.Children {
		out.children = append(out.children, compileNode(&n.Children[i]))
	}
	return out
}

func criterionText(m *advisory.CPEMatch) string {
	s := m.Criteria
	for strings.HasSuffix(s, ":*") {
		s = s[:len(s)-2]
	}
	for _, b := range [...]struct{ op, v string }{{">=", m.StartIncluding}, {">", m.StartExcluding}, {"<=", m.EndIncluding}, {"<", m.EndExcluding}} {
		if b.v != "" {
			s += " " + b.op + " " + b.v
		}
	}
	return s
}

// order is the version order of CPE names, which do not say what they are ordered by.
func order(a, b string) (int, bool) {
	if a == b {
		return 0, true
	}
	x, err := vers.Compare(vers.Generic, a, b)
	return x, err == nil
}

// outcome is the answer of a node. touched says that a vulnerable criterion below it was met by vendor and product of
// something present; without that an unknown platform says nothing.
type outcome struct {
	truth   vers.Truth
	touched bool
	missing string
	proof   Proof
}

// configurations evaluates applicability statements over the whole asset: any one of them true makes it affected. false
// when no vulnerable criterion names anything that is present.
func (p *Prepared) configurations(list []config) (answer, bool) {
	var best outcome
	seen := false
	for i := range list {
		if !p.touches(&list[i].node) {
			continue
		}
		o := p.node(&list[i].node)
		if !o.touched {
			continue
		}
		o.proof.Place = list[i].place
		if !seen || o.truth > best.truth {
			best, seen = o, true
		}
	}
	if !seen {
		return answer{}, false
	}
	a := answer{truth: truthOf(best.truth), proof: Proof{Rule: "cpe.configuration", Truth: truthOf(best.truth), Place: best.proof.Place, Children: []Proof{best.proof}}}
	switch a.truth {
	case Affected:
		a.proof.Says = "the configuration meets a statement of the record"
	case NotAffected:
		a.proof.Says = "the configuration meets no statement of the record"
	default:
		a.proof.Says = "the configuration may meet a statement of the record"
		a.settles = best.missing
		a.proof.Missing = a.settles
	}
	return a, true
}

// touches says whether a vulnerable criterion could be met by something present, without evaluating.
func (p *Prepared) touches(n *node) bool {
	for i := range n.matches {
		if n.matches[i].vulnerable && (n.matches[i].key == "" || len(p.byCPE[n.matches[i].key]) > 0) {
			return true
		}
	}
	for i := range n.children {
		if p.touches(&n.children[i]) {
			return true
		}
	}
	return false
}

// node is Kleene's evaluation of a node: OR or AND over its criteria and nodes, then negation.
func (p *Prepared) node(n *node) outcome {
	out := outcome{truth: vers.Of(n.and)}
	var steps []Proof
	join := func(o outcome) {
		out.touched = out.touched || o.touched
		if n.and {
			if o.truth == vers.Unknown && out.missing == "" {
				out.missing = o.missing
			}
			out.truth = out.truth.And(o.truth)
		} else {
			if o.truth == vers.Unknown && o.touched && out.missing == "" {
				out.missing = o.missing
			} else if o.truth == vers.Unknown && out.missing == "" {
				out.missing = o.missing
			}
			out.truth = out.truth.Or(o.truth)
		}
		if len(o.proof.Rule) > 0 {
			steps = append(steps, o.proof)
		}
	}
	for i := range n.matches {
		join(p.criterion(&n.matches[i]))
	}
	for i := range n.children {
		join(p.node(&n.children[i]))
	}
	if n.negate {
		out.truth = out.truth.Not()
	}
	if out.truth != vers.Unknown {
		out.missing = ""
	}
	rule := "or"
	if n.and {
		rule = "and"
	}
	if n.negate {
		rule = "not " + rule
	}
	steps = deciding(steps, n, truthOf(out.truth))
	if len(steps) == 1 && !n.negate {
		out.proof = steps[0]
		return out
	}
	out.proof = Proof{Rule: rule, Truth: truthOf(out.truth), Missing: out.missing, Children: steps}
	return out
}

// deciding keeps the steps that the answer rests on: those of the same answer where one suffices, at most a few.
func deciding(steps []Proof, n *node, t Truth) []Proof {
	var same, rest []Proof
	for _, s := range steps {
		if s.Truth == t {
			same = append(same, s)
		} else {
			rest = append(rest, s)
		}
	}
	if n.negate || n.and && t == Affected || !n.and && t == NotAffected {
		return steps[:min(len(steps), maxSteps)]
	}
	if len(same) == 0 {
		same = rest
	}
	return same[:min(len(same), maxSteps)]
}

// byCriterion is the subjects whose CPE names a criterion could meet.
func (p *Prepared) byCriterion(c *cpe.Criteria) []int {
	k, ok := c.Name.Key()
	if !ok {
		return nil
	}
	return p.byCPE[k.Part+":"+k.Vendor+":"+k.Product]
}

// criterion asks every name of the asset of that part, vendor and product. A criterion about something that is not recorded
// is false for a vulnerable part and unknown for a platform, since a configuration is rarely recorded in full.
func (p *Prepared) criterion(c *criterion) outcome {
	subjects := p.byCPE[c.key]
	if c.key == "" {
		subjects = subjects[:0:0]
		for i := range p.subjects {
			if len(p.subjects[i].cpes) > 0 {
				subjects = append(subjects, i)
			}
		}
	}
	if len(subjects) == 0 {
		if c.vulnerable {
			return outcome{truth: vers.False}
		}
		return p.platform(c)
	}
	best := outcome{truth: vers.False, touched: c.vulnerable, proof: Proof{Rule: "cpe", Truth: NotAffected, Says: "nothing that is recorded is " + c.text}}
	for at, i := range subjects {
		s := &p.subjects[i]
		o := s.meets(c)
		o.touched = c.vulnerable
		if at == 0 || o.truth > best.truth {
			best = o
		}
	}
	return best
}

// meets is the answer of the subject's CPE names for a criterion.
func (s *subject) meets(c *criterion) outcome {
	best := outcome{truth: vers.False, proof: Proof{Rule: "cpe", Truth: NotAffected, Says: s.what + " is not " + c.text, Facts: s.nameFacts()}}
	for j := range s.cpes {
		name := s.cpes[j]
		if c.key != "" && name[cpe.Product].Kind() == cpe.Text { // another name of the same subject, or a maker's other id
			k, ok := c.cpe.Name.Key()
			if ok && (name[cpe.Part].Plain() != k.Part || name[cpe.Product].Plain() != k.Product) {
				continue
			}
			name[cpe.Vendor] = c.cpe.Name[cpe.Vendor]
		}
		m, missing := c.cpe.Match(&name, order)
		t := vers.Truth(m)
		if j > 0 && t <= best.truth && best.truth != vers.False {
			continue
		}
		if t < best.truth {
			continue
		}
		o := outcome{truth: t, proof: Proof{Rule: "cpe", Truth: truthOf(t), Facts: s.nameFacts()}}
		if s.version != "" {
			o.proof.Facts = append(o.proof.Facts, "version = "+s.version+" ("+s.source+")")
		}
		switch t {
		case vers.True:
			o.proof.Says = s.what + " is " + c.text
		case vers.False:
			o.proof.Says = s.what + " is not " + c.text
		default:
			o.missing = s.attribute(missing)
			o.proof.Says, o.proof.Missing = s.what+" may be "+c.text, o.missing
		}
		best = o
	}
	return best
}

// attribute names what a CPE comparison lacks.
func (s *subject) attribute(a cpe.Attribute) string {
	switch a {
	case cpe.Version, cpe.Other + 1:
		return s.versionWord()
	case cpe.Update:
		return "update or service pack of " + strings.TrimSpace(s.Called)
	case cpe.TargetSW:
		return "platform of " + strings.TrimSpace(s.Called)
	case cpe.TargetHW:
		return "hardware of " + strings.TrimSpace(s.Called)
	}
	return a.String() + " of " + strings.TrimSpace(s.Called)
}

// platform is the answer for something that a statement says the vulnerable part runs on and that is not recorded. Where
// the asset records its operating systems or its hardware, another one is not it.
func (p *Prepared) platform(c *criterion) outcome {
	part := c.cpe.Name[cpe.Part].Plain()
	word := map[string]string{"o": "operating system", "h": "hardware", "a": "other software"}[part]
	if word == "" {
		word = "platform"
	}
	known := false
	want := c.cpe.Name[cpe.Product].Plain()
	for i := range p.subjects {
		s := &p.subjects[i]
		if part == "o" && s.kind == aFact && s.fact == OS && c.cpe.Name[cpe.Version].Kind() != cpe.Text && slices.Contains(s.Makers, c.cpe.Name[cpe.Vendor].Plain()) &&
			slices.ContainsFunc(s.Bare, func(b string) bool { return strings.HasPrefix(b, want) }) {
			return outcome{truth: vers.True, proof: Proof{Rule: "cpe.platform", Truth: Affected, Says: s.what + " is a " + productOf(&c.cpe.Name), Facts: s.nameFacts()}}
		}
		known = known || part == "o" && s.kind == aFact && s.fact == OS || part == "h" && (s.kind == theDevice || s.kind == aFact && s.fact == Hardware)
	}
	if known {
		return outcome{truth: vers.False, proof: Proof{Rule: "cpe.platform", Truth: NotAffected, Says: "the recorded " + word + " is not " + c.text}}
	}
	missing := word + ": whether it is " + productOf(&c.cpe.Name)
	return outcome{truth: vers.Unknown, missing: missing, proof: Proof{Rule: "cpe.platform", Truth: Unknown, Says: "no " + word + " is recorded; the record asks for " + c.text, Missing: missing}}
}

func productOf(n *cpe.Name) string {
	return strings.ReplaceAll(n[cpe.Vendor].Plain()+" "+n[cpe.Product].Plain(), "_", " ")
}

// inCPE lays a claim with a CPE name over a subject with one.
func (p *Prepared) inCPE(c *compiled, at *claim, k, i int) (found, bool) {
	s := &p.subjects[i]
	n := at.cpes[k].Name
	cr := criterion{vulnerable: true, text: clipped(strings.TrimRight(n.String(), ":*"), 120), cpe: at.cpes[k], key: "x"}
	o := s.meets(&cr)
	if o.truth == vers.False {
		return found{}, false
	}
	f := found{subject: i, rel: naming.Exact}
	v := p.version(c, at, s, nil)
	f.specific = v.specific
	f.truth = o.truth.And(v.truth)
	f.settles = firstMissing([]Proof{o.proof, v.proof})
	f.proof = Proof{Rule: string(c.rec.Source) + ".cpe", Truth: truthOf(f.truth), Says: s.what + " has the CPE name of " + at.about.Product, Children: []Proof{o.proof, v.proof}}
	if f.truth == vers.Unknown {
		f.proof.Missing = f.settles
	}
	return f, true
}
