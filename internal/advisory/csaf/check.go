package csaf

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"triward/internal/advisory/jsontree"
	"triward/internal/problem"
)

// Report is what the tests of CSAF 2.0 section 6 say about one document.
type Report struct {
	File     string   `json:"file"`
	Valid    bool     `json:"valid"`  // the schema and all mandatory tests (6.1) hold
	Failed   []string `json:"failed"` // numbers of the mandatory tests that fail, and "schema"
	Faults   []Fault  `json:"faults"`
	Warnings []Fault  `json:"warnings"` // optional (6.2) and informative (6.3) tests; they do not touch validity
	NotRun   []string `json:"not_run"`  // tests that need a network or a dictionary
}

// Fault is one place where a test fails. Path is a JSON pointer, or line and column of text that is not JSON.
type Fault struct {
	Test   string `json:"test"`
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

// maxFaultsPerTest bounds what one test reports.
const maxFaultsPerTest = 100

// maxExpanded bounds the product ids that the groups of one document may stand for in all.
const maxExpanded = 2_000_000

// checker is one run over one document.
type checker struct {
	root, document, tracking, tree *jsontree.Value
	category                       string
	vulns                          []*jsontree.Value
	products                       []definedProduct
	defined                        map[string]bool     // product ids
	groups                         map[string][]string // product group ids and their members
	refs                           []productRef
	history                        []revision
	counts                         map[string]int
	expanded                       int // product ids that groups were expanded to
	faults, warnings               []Fault
}

// definedProduct is one full_product_name of the document.
type definedProduct struct {
	node     *jsontree.Value
	id       string
	branches []*jsontree.Value // from the root down, empty outside branches
	rel      *jsontree.Value   // the relationship that defines it, or nil
}

// productRef is one place that refers to a product id.
type productRef struct {
	node *jsontree.Value
	id   string
}

// Check runs the CSAF 2.0 tests. Text that is not JSON fails "schema" alone. name goes into the report.
func Check(name string, body []byte) Report {
	c := checker{counts: map[string]int{}}
	root, err := jsontree.Parse(body)
	if err != nil {
		f := Fault{Test: "schema", Reason: err.Error()}
		if faults := problem.FaultsOf(err); len(faults) > 0 {
			f.Path, f.Reason = faults[0].Path, faults[0].Reason
		}
		c.counts["schema"]++
		c.faults = []Fault{f}
		return c.report(name)
	}
	c.index(root)
	c.schema()
	c.mandatory()
	c.optional()
	c.informative()
	return c.report(name)
}

func (c *checker) report(name string) Report {
	r := Report{File: name, Failed: []string{}, Faults: c.faults, Warnings: c.warnings, NotRun: []string{"6.3.6", "6.3.7", "6.3.8"}}
	if r.Faults == nil {
		r.Faults = []Fault{}
	}
	if r.Warnings == nil {
		r.Warnings = []Fault{}
	}
	for test := range c.counts {
		if mandatoryTest(test) {
			r.Failed = append(r.Failed, test)
		}
	}
	slices.SortFunc(r.Failed, compareTests)
	slices.SortStableFunc(r.Faults, func(a, b Fault) int { return compareTests(a.Test, b.Test) })
	slices.SortStableFunc(r.Warnings, func(a, b Fault) int { return compareTests(a.Test, b.Test) })
	r.Valid = len(r.Failed) == 0
	return r
}

func mandatoryTest(test string) bool { return test == "schema" || strings.HasPrefix(test, "6.1.") }

// compareTests orders test numbers by their parts, "schema" first.
func compareTests(a, b string) int {
	return slices.CompareFunc(strings.Split(a, "."), strings.Split(b, "."), func(x, y string) int {
		if digitsOnly(x) && digitsOnly(y) {
			return compareNumber(x, y)
		}
		return strings.Compare(y, x)
	})
}

func (c *checker) fail(test string, at *jsontree.Value, format string, args ...any) {
	if c.counts[test]++; c.counts[test] > maxFaultsPerTest {
		return
	}
	f := Fault{Test: test, Path: c.root.Pointer(at), Reason: fmt.Sprintf(format, args...)}
	if mandatoryTest(test) {
		c.faults = append(c.faults, f)
	} else {
		c.warnings = append(c.warnings, f)
	}
}

// objectsOf is the objects among the elements of an array member.
func objectsOf(v *jsontree.Value, key string) []*jsontree.Value {
	list := v.Get(key).List()
	out := make([]*jsontree.Value, 0, len(list))
	for i := range list {
		if list[i].Kind == jsontree.Object {
			out = append(out, &list[i])
		}
	}
	return out
}

// textsOf is the strings of an array member.
func textsOf(v *jsontree.Value, key string) []string {
	var out []string
	for _, kid := range v.Get(key).List() {
		if kid.Kind == jsontree.String {
			out = append(out, kid.Text)
		}
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// index finds what the tests ask for: product definitions and references, groups, revisions.
func (c *checker) index(root *jsontree.Value) {
	c.root, c.document, c.tree = root, root.Get("document"), root.Get("product_tree")
	c.tracking = c.document.Get("tracking")
	c.category = c.document.Get("category").Str()
	c.vulns = objectsOf(root, "vulnerabilities")
	c.defined, c.groups = map[string]bool{}, map[string][]string{}
	c.indexBranches(c.tree, nil)
	for _, p := range objectsOf(c.tree, "full_product_names") {
		c.define(definedProduct{node: p})
	}
	for _, rel := range objectsOf(c.tree, "relationships") {
		if p := rel.Get("full_product_name"); p != nil {
			c.define(definedProduct{node: p, rel: rel})
		}
		c.refer(rel.Get("product_reference"))
		c.refer(rel.Get("relates_to_product_reference"))
	}
	for _, g := range objectsOf(c.tree, "product_groups") {
		id := g.Get("group_id").Str()
		c.groups[id] = append(c.groups[id], textsOf(g, "product_ids")...)
		c.referAll(g.Get("product_ids"))
	}
	for _, v := range c.vulns {
		if status := v.Get("product_status"); status != nil && status.Kind == jsontree.Object {
			for i := range status.Kids {
				c.referAll(&status.Kids[i])
			}
		}
		for _, s := range objectsOf(v, "scores") {
			c.referAll(s.Get("products"))
		}
		for _, key := range [...]string{"flags", "remediations", "threats"} {
			for _, o := range objectsOf(v, key) {
				c.referAll(o.Get("product_ids"))
			}
		}
	}
	c.indexHistory()
}

func (c *checker) indexBranches(v *jsontree.Value, path []*jsontree.Value) {
	for _, b := range objectsOf(v, "branches") {
		down := append(slices.Clip(path), b)
		if p := b.Get("product"); p != nil && p.Kind == jsontree.Object {
			c.define(definedProduct{node: p, branches: down})
		}
		c.indexBranches(b, down)
	}
}

func (c *checker) define(p definedProduct) {
	p.id = p.node.Get("product_id").Str()
	c.products = append(c.products, p)
}

func (c *checker) refer(v *jsontree.Value) {
	if v != nil && v.Kind == jsontree.String {
		c.refs = append(c.refs, productRef{v, v.Text})
	}
}

func (c *checker) referAll(v *jsontree.Value) {
	if v != nil && v.Kind == jsontree.Array {
		for i := range v.Kids {
			c.refer(&v.Kids[i])
		}
	}
}

// covered is the products that objects of a vulnerability name, directly and by group.
func (c *checker) covered(objects []*jsontree.Value) map[string]bool {
	out := map[string]bool{}
	for _, o := range objects {
		for _, id := range textsOf(o, "product_ids") {
			out[id] = true
		}
		for _, g := range textsOf(o, "group_ids") {
			if c.expanded += len(c.groups[g]); c.expanded > maxExpanded {
				if c.counts["limit"]++; c.counts["limit"] == 1 {
					c.fail("schema", o, "groups stand for more than %d products in all", maxExpanded)
				}
				return out
			}
			for _, id := range c.groups[g] {
				out[id] = true
			}
		}
	}
	return out
}

// inStatus calls fn for each product of the named status lists of a vulnerability.
func inStatus(vuln *jsontree.Value, lists []string, fn func(at *jsontree.Value, id string)) {
	for _, name := range lists {
		list := vuln.At("product_status", name).List()
		for i := range list {
			if list[i].Kind == jsontree.String {
				fn(&list[i], list[i].Text)
			}
		}
	}
}

// schema checks the structure (section 3). What is wrong inside a CVSS object is test 6.1.8, an extra property 6.2.20.
func (c *checker) schema() {
	documentShape().check(c.root, func(at *jsontree.Value, extra bool, reason string) {
		test := "schema"
		switch path := c.root.Pointer(at) + "/"; {
		case extra:
			test = "6.2.20"
		case strings.Contains(path, "/cvss_v2/"), strings.Contains(path, "/cvss_v3/"):
			test = "6.1.8"
		}
		c.fail(test, at, "%s", reason)
	})
}

// mandatory runs the tests of 6.1.
func (c *checker) mandatory() {
	c.productIDs()
	c.circles()
	c.groupIDs()
	c.contradictions()
	c.multipleScores()
	c.cvssSchema()
	c.cvssComputation()
	c.cvssConsistency()
	c.weaknesses()
	c.languages()
	c.purls()
	c.revisions()
	c.drafts()
	c.majors()
	c.repeatedCVEs()
	c.involvements()
	c.hashAlgorithms()
	c.profile()
	c.versionNames()
	c.unreferenced()
	c.flagsPerProduct()
}
