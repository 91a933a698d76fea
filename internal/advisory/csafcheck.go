package advisory

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"triward/internal/problem"
)

// CheckReport is what the tests of CSAF 2.0 section 6 say about one document.
type CheckReport struct {
	File     string       `json:"file"`
	Valid    bool         `json:"valid"`  // the schema and all mandatory tests (6.1) hold
	Failed   []string     `json:"failed"` // numbers of the mandatory tests that fail, and "schema"
	Faults   []CheckFault `json:"faults"`
	Warnings []CheckFault `json:"warnings"` // optional (6.2) and informative (6.3) tests; they do not touch validity
	NotRun   []string     `json:"not_run"`  // tests that need a network or a dictionary
}

// CheckFault is one place where a test fails. Path is a JSON pointer, or line and column of text that is not JSON.
type CheckFault struct {
	Test   string `json:"test"`
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

// csafFaultsPerTest bounds what one test reports.
const csafFaultsPerTest = 100

// csafCheck is one run over one document.
type csafCheck struct {
	root, document, tracking, tree *jval
	category                       string
	vulns                          []*jval
	products                       []csafProduct
	defined                        map[string]bool     // product ids
	groups                         map[string][]string // product group ids and their members
	refs                           []csafRef
	history                        []csafRevision
	counts                         map[string]int
	expanded                       int // product ids that groups were expanded to
	faults, warnings               []CheckFault
}

// csafProduct is one full_product_name of the document.
type csafProduct struct {
	node     *jval
	id       string
	branches []*jval // from the root down, empty outside branches
	rel      *jval   // the relationship that defines it, or nil
}

// csafRef is one place that refers to a product id.
type csafRef struct {
	node *jval
	id   string
}

// CheckCSAF runs the CSAF 2.0 tests. Text that is not JSON fails "schema" alone. name goes into the report.
func CheckCSAF(name string, body []byte) CheckReport {
	c := csafCheck{counts: map[string]int{}}
	root, err := parseJSON(body)
	if err != nil {
		f := CheckFault{Test: "schema", Reason: err.Error()}
		if faults := problem.FaultsOf(err); len(faults) > 0 {
			f.Path, f.Reason = faults[0].Path, faults[0].Reason
		}
		c.counts["schema"]++
		c.faults = []CheckFault{f}
		return c.report(name)
	}
	c.index(root)
	c.schema()
	c.mandatory()
	c.optional()
	c.informative()
	return c.report(name)
}

func (c *csafCheck) report(name string) CheckReport {
	r := CheckReport{File: name, Failed: []string{}, Faults: c.faults, Warnings: c.warnings, NotRun: []string{"6.3.6", "6.3.7", "6.3.8"}}
	if r.Faults == nil {
		r.Faults = []CheckFault{}
	}
	if r.Warnings == nil {
		r.Warnings = []CheckFault{}
	}
	for test := range c.counts {
		if mandatoryTest(test) {
			r.Failed = append(r.Failed, test)
		}
	}
	slices.SortFunc(r.Failed, compareTests)
	slices.SortStableFunc(r.Faults, func(a, b CheckFault) int { return compareTests(a.Test, b.Test) })
	slices.SortStableFunc(r.Warnings, func(a, b CheckFault) int { return compareTests(a.Test, b.Test) })
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

func (c *csafCheck) fail(test string, at *jval, format string, args ...any) {
	if c.counts[test]++; c.counts[test] > csafFaultsPerTest {
		return
	}
	f := CheckFault{Test: test, Path: c.root.pointer(at), Reason: fmt.Sprintf(format, args...)}
	if mandatoryTest(test) {
		c.faults = append(c.faults, f)
	} else {
		c.warnings = append(c.warnings, f)
	}
}

// objectsOf is the objects among the elements of an array member.
func objectsOf(v *jval, key string) []*jval {
	list := v.get(key).list()
	out := make([]*jval, 0, len(list))
	for i := range list {
		if list[i].kind == jObject {
			out = append(out, &list[i])
		}
	}
	return out
}

// textsOf is the strings of an array member.
func textsOf(v *jval, key string) []string {
	var out []string
	for _, kid := range v.get(key).list() {
		if kid.kind == jString {
			out = append(out, kid.text)
		}
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// index finds what the tests ask for: product definitions and references, groups, revisions.
func (c *csafCheck) index(root *jval) {
	c.root, c.document, c.tree = root, root.get("document"), root.get("product_tree")
	c.tracking = c.document.get("tracking")
	c.category = c.document.get("category").str()
	c.vulns = objectsOf(root, "vulnerabilities")
	c.defined, c.groups = map[string]bool{}, map[string][]string{}
	c.indexBranches(c.tree, nil)
	for _, p := range objectsOf(c.tree, "full_product_names") {
		c.define(csafProduct{node: p})
	}
	for _, rel := range objectsOf(c.tree, "relationships") {
		if p := rel.get("full_product_name"); p != nil {
			c.define(csafProduct{node: p, rel: rel})
		}
		c.refer(rel.get("product_reference"))
		c.refer(rel.get("relates_to_product_reference"))
	}
	for _, g := range objectsOf(c.tree, "product_groups") {
		id := g.get("group_id").str()
		c.groups[id] = append(c.groups[id], textsOf(g, "product_ids")...)
		c.referAll(g.get("product_ids"))
	}
	for _, v := range c.vulns {
		if status := v.get("product_status"); status != nil && status.kind == jObject {
			for i := range status.kids {
				c.referAll(&status.kids[i])
			}
		}
		for _, s := range objectsOf(v, "scores") {
			c.referAll(s.get("products"))
		}
		for _, key := range [...]string{"flags", "remediations", "threats"} {
			for _, o := range objectsOf(v, key) {
				c.referAll(o.get("product_ids"))
			}
		}
	}
	c.indexHistory()
}

func (c *csafCheck) indexBranches(v *jval, path []*jval) {
	for _, b := range objectsOf(v, "branches") {
		down := append(slices.Clip(path), b)
		if p := b.get("product"); p != nil && p.kind == jObject {
			c.define(csafProduct{node: p, branches: down})
		}
		c.indexBranches(b, down)
	}
}

func (c *csafCheck) define(p csafProduct) {
	p.id = p.node.get("product_id").str()
	c.products = append(c.products, p)
}

func (c *csafCheck) refer(v *jval) {
	if v != nil && v.kind == jString {
		c.refs = append(c.refs, csafRef{v, v.text})
	}
}

func (c *csafCheck) referAll(v *jval) {
	if v != nil && v.kind == jArray {
		for i := range v.kids {
			c.refer(&v.kids[i])
		}
	}
}

// covered is the products that objects of a vulnerability name, directly and by group.
func (c *csafCheck) covered(objects []*jval) map[string]bool {
	out := map[string]bool{}
	for _, o := range objects {
		for _, id := range textsOf(o, "product_ids") {
			out[id] = true
		}
		for _, g := range textsOf(o, "group_ids") {
			if c.expanded += len(c.groups[g]); c.expanded > csafMaxStatements {
				if c.counts["limit"]++; c.counts["limit"] == 1 {
					c.fail("schema", o, "groups stand for more than %d products in all", csafMaxStatements)
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
func inStatus(vuln *jval, lists []string, fn func(at *jval, id string)) {
	for _, name := range lists {
		list := vuln.at("product_status", name).list()
		for i := range list {
			if list[i].kind == jString {
				fn(&list[i], list[i].text)
			}
		}
	}
}

// schema checks the structure (section 3). What is wrong inside a CVSS object is test 6.1.8, an extra property 6.2.20.
func (c *csafCheck) schema() {
	csafShape().check(c.root, func(at *jval, extra bool, reason string) {
		test := "schema"
		switch path := c.root.pointer(at) + "/"; {
		case extra:
			test = "6.2.20"
		case strings.Contains(path, "/cvss_v2/"), strings.Contains(path, "/cvss_v3/"):
			test = "6.1.8"
		}
		c.fail(test, at, "%s", reason)
	})
}

// mandatory runs the tests of 6.1.
func (c *csafCheck) mandatory() {
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
