package source

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"

	"triward/internal/problem"
)

// Clauses says which clauses there are: the references of each set.
type Clauses map[string]map[string]bool

// levelsOf are the levels that a code's prefix stands for in the seeded hierarchy.
var levelsOf = map[string][]Level{"POL": {Policy}, "STD": {Standard}, "SOP": {Procedure}, "WI": {Instruction}, "FRM": {Template, Record}}

// Check looks at documents as a set: codes are used once, every reference leads to a document, step, target or clause that
// is there, parents make a tree, and no time is written outside of STD-08. Its error holds every fault, with the path
// "CODE: place".
func Check(all []Document, clauses Clauses) error {
	c := checker{by: map[string]Document{}, clauses: clauses}
	for _, d := range all {
		if _, twice := c.by[d.Code]; twice {
			c.add(d.Code, "id", "the code is used twice")
		}
		c.by[d.Code] = d
	}
	for _, d := range all {
		c.document(d)
	}
	return c.faults.Err("check documents")
}

type checker struct {
	by      map[string]Document
	clauses Clauses
	faults  problem.List
}

func (c *checker) add(code, place, format string, args ...any) {
	c.faults.Add(code+": "+place, format, args...)
}

func (c *checker) document(d Document) {
	if levels, ok := levelsOf[prefix(d.Code)]; ok && !slices.Contains(levels, d.Level) {
		c.add(d.Code, "level", "the code is not one of a %s", d.Level.Word())
	}
	c.tree(d)
	for i, r := range d.Refs {
		if _, ok := c.by[r]; !ok {
			c.add(d.Code, fmt.Sprintf("refs[%d]", i), "%s is not there", r)
		}
	}
	c.satisfies(d.Code, "satisfies", d.Satisfies)
	for i, s := range d.Steps {
		at := fmt.Sprintf("steps[%d]", i)
		c.satisfies(d.Code, at+".satisfies", s.Satisfies)
		c.target(d.Code, at+".target", s.Target)
		c.words(d, at+".do", s.Do)
		c.words(d, at+".when", s.When)
	}
	for i, q := range d.Quiz {
		c.words(d, fmt.Sprintf("quiz[%d].ask", i), q.Ask)
		for k, choice := range q.Choices {
			c.words(d, fmt.Sprintf("quiz[%d].choices[%d]", i, k), choice)
		}
	}
	for i, t := range d.Targets {
		c.marks(d.Code, fmt.Sprintf("targets[%d].what", i), t.What)
	}
	for i, q := range d.Evidence {
		c.satisfies(d.Code, fmt.Sprintf("evidence[%d].clause", i), []Clause{q.Clause})
		if m := celDuration.FindString(q.CEL); m != "" {
			c.add(d.Code, fmt.Sprintf("evidence[%d].cel", i), "%s: a time stands in %s only: write target('…')", m, TargetsCode)
		}
	}
	c.words(d, "title", d.Title)
	c.body(d)
}

// tree checks that a document's parents lead to a top and stand above it.
func (c *checker) tree(d Document) {
	if d.Parent == "" {
		return
	}
	p, ok := c.by[d.Parent]
	if !ok {
		c.add(d.Code, "parent", "%s is not there", d.Parent)
		return
	}
	if slices.Index(Levels, p.Level) > slices.Index(Levels, d.Level) {
		c.add(d.Code, "parent", "%s is a %s, which does not stand above a %s", p.Code, p.Level.Word(), d.Level.Word())
	}
	seen := map[string]bool{d.Code: true}
	for ; p.Code != ""; p = c.by[p.Parent] {
		if seen[p.Code] {
			c.add(d.Code, "parent", "the parents lead back to %s", p.Code)
			return
		}
		seen[p.Code] = true
	}
}

func (c *checker) satisfies(code, place string, all []Clause) {
	for _, x := range all {
		if refs, ok := c.clauses[x.Set]; !ok {
			c.add(code, place, "there is no clause set %s", x.Set)
		} else if !refs[x.Ref] {
			c.add(code, place, "clause set %s has no clause %q", x.Set, x.Ref)
		}
	}
}

func (c *checker) target(code, place, ref string) {
	if ref == "" {
		return
	}
	of, id, _ := TargetRef(ref)
	if of != TargetsCode {
		c.add(code, place, "targets stand in %s", TargetsCode)
		return
	}
	c.targetID(code, place, id)
}

func (c *checker) targetID(code, place, id string) {
	if _, ok := c.by[TargetsCode].Target(id); !ok {
		c.add(code, place, "%s has no target %q", TargetsCode, id)
	}
}

// words checks a line of plain text: what stands in braces, and that no time does.
func (c *checker) words(d Document, place, s string) {
	c.marks(d.Code, place, s)
	if t := Times(s); len(t) > 0 && d.Code != TargetsCode {
		c.add(d.Code, place, "%q is a time: write {target:…} and the time into %s", t[0], TargetsCode)
	}
}

var anyMark = regexp.MustCompile(`\{\{([^{}]*)\}\}|\{target:([^{}]*)\}`)

func (c *checker) marks(code, place, s string) {
	for _, m := range anyMark.FindAllStringSubmatch(s, -1) {
		switch {
		case strings.HasPrefix(m[0], "{{"):
			if !slices.ContainsFunc(Variables, func(v Variable) bool { return v.Name == m[1] }) {
				c.add(code, place, "%s is not a variable", m[0])
			}
		default:
			c.targetID(code, place, m[2])
		}
	}
}

// body checks each line of the text, and where its links and images lead.
func (c *checker) body(d Document) {
	for i, line := range strings.Split(d.Body, "\n") {
		c.words(d, fmt.Sprintf("body line %d", i+1), linkAddress.ReplaceAllString(line, "]"))
	}
	if n, reason := tooMuch(d.Body); reason != "" {
		c.add(d.Code, fmt.Sprintf("body line %d", n), "%s", reason)
		return
	}
	body := []byte(d.Body)
	at := func(n ast.Node) string {
		for p := n.Parent(); p != nil; p = p.Parent() {
			if p.Type() == ast.TypeBlock && p.Lines() != nil && p.Lines().Len() > 0 {
				return fmt.Sprintf("body line %d", 1+strings.Count(d.Body[:p.Lines().At(0).Start], "\n"))
			}
		}
		return "body"
	}
	_ = ast.Walk(writer{}.parse(body), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Link:
			c.link(d.Code, at(n), string(n.Destination))
		case *ast.Image:
			if !blobForm.Match(n.Destination) {
				c.add(d.Code, at(n), "the image %q is not one that is kept here (blob:…)", n.Destination)
			}
		case *ast.HTMLBlock, *ast.RawHTML:
			c.add(d.Code, at(n), "HTML is left out of the text: write Markdown")
		}
		return ast.WalkContinue, nil
	})
}

// linkAddress is the address of a link or image: no words for people.
var linkAddress = regexp.MustCompile(`\]\([^)]*\)`)

func (c *checker) link(code, place, address string) {
	if !strings.HasPrefix(address, "doc:") {
		return
	}
	to, _, ok := docLink(address)
	if !ok {
		c.add(code, place, "the link %q is not doc:CODE or doc:CODE#step", address)
		return
	}
	d, ok := c.by[to]
	if !ok {
		c.add(code, place, "the link leads to %s, which is not there", to)
		return
	}
	if _, step, found := strings.Cut(address, "#"); found {
		if _, ok := d.Step(step); !ok {
			c.add(code, place, "%s has no step %q", to, step)
		}
	}
}
