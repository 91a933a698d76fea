package csaf

import (
	"regexp"
	"strings"

	"triward/internal/advisory"
	"triward/internal/advisory/jsontree"
)

// optional runs the tests of 6.2 that 6.2.19 (fixedScores) and 6.2.20 (schema) do not cover.
func (c *checker) optional() {
	c.unusedProducts()
	c.missingAnswers()
	c.historyDates()
	c.weakHashes()
	c.documentMetadata()
	c.unsorted(c.root)
	c.unusualLanguages()
	c.identification()
	c.fixedScores()
}

// unusedProducts is test 6.2.1; an informational advisory has no place to refer to a product.
func (c *checker) unusedProducts() {
	if c.category == "csaf_informational_advisory" {
		return
	}
	used := map[string]bool{}
	for _, r := range c.refs {
		used[r.id] = true
	}
	for _, p := range c.products {
		if !used[p.id] {
			c.fail("6.2.1", p.node.Get("product_id"), "product id %q is never referred to", p.id)
		}
	}
}

// missingAnswers is tests 6.2.2 (an affected product has a remediation), 6.2.3 (and a score), 6.2.7 (an involvement has a
// date) and 6.2.17 (a CVE is not told as another id).
func (c *checker) missingAnswers() {
	affected := []string{"first_affected", "known_affected", "last_affected"}
	for _, v := range c.vulns {
		remedied := c.covered(objectsOf(v, "remediations"))
		inStatus(v, append(affected, "under_investigation"), func(at *jsontree.Value, id string) {
			if !remedied[id] {
				c.fail("6.2.2", at, "product %q has no remediation", id)
			}
		})
		scored := map[string]bool{}
		for _, s := range objectsOf(v, "scores") {
			for _, id := range textsOf(s, "products") {
				scored[id] = true
			}
		}
		inStatus(v, affected, func(at *jsontree.Value, id string) {
			if !scored[id] {
				c.fail("6.2.3", at, "product %q has no score", id)
			}
		})
		for _, n := range objectsOf(v, "involvements") {
			if n.Get("date") == nil {
				c.fail("6.2.7", n, "has no date")
			}
		}
		for _, n := range objectsOf(v, "ids") {
			if text := n.Get("text"); advisory.IsCVE(text.Str()) {
				c.fail("6.2.17", text, "%s is a CVE and belongs into cve", text.Text)
			}
		}
	}
}

// historyDates is tests 6.2.4 (no build metadata), 6.2.5 and 6.2.6 (the release dates are not older than the history).
func (c *checker) historyDates() {
	for _, r := range c.history {
		if r.ok && r.version.build != "" {
			c.fail("6.2.4", r.node.Get("number"), "%s has build metadata", r.node.Get("number").Str())
		}
	}
	if len(c.history) == 0 {
		return
	}
	for _, d := range [...]struct {
		test, key, word string
		item            revision
	}{{"6.2.5", "initial_release_date", "first", c.history[0]}, {"6.2.6", "current_release_date", "latest", c.history[len(c.history)-1]}} {
		at := c.tracking.Get(d.key)
		if date, ok := documentDate(at); ok && !d.item.date.IsZero() && date.Before(d.item.date) {
			c.fail(d.test, at, "is older than the %s revision, %s", d.word, d.item.node.Get("date").Str())
		}
	}
}

// weakHashes is tests 6.2.8 and 6.2.9: MD5 or SHA-1 is not the only algorithm for a file.
func (c *checker) weakHashes() {
	c.fileHashes(func(list *jsontree.Value, sums []*jsontree.Value) {
		for _, weak := range [...]struct{ test, name string }{{"6.2.8", "md5"}, {"6.2.9", "sha1"}} {
			only := len(sums) > 0
			for _, s := range sums {
				only = only && strings.EqualFold(s.Get("algorithm").Str(), weak.name)
			}
			if only {
				c.fail(weak.test, list, "has %s as the only hash algorithm", weak.name)
			}
		}
	})
}

var notInFileName = regexp.MustCompile(`[^+\-a-z0-9]+`)

// fileName is the name that a document with the tracking id must have (CSAF 2.0 5.1).
func fileName(id string) string {
	return notInFileName.ReplaceAllString(strings.ToLower(id), "_") + ".json"
}

// documentMetadata is tests 6.2.10 (TLP label), 6.2.11 (canonical URL) and 6.2.12 (language).
func (c *checker) documentMetadata() {
	if c.document.At("distribution", "tlp", "label") == nil {
		c.fail("6.2.10", c.document, "has no TLP label")
	}
	if c.document.Get("lang") == nil {
		c.fail("6.2.12", c.document, "has no language")
	}
	name := "/" + fileName(c.tracking.Get("id").Str())
	for _, ref := range objectsOf(c.document, "references") {
		url := ref.Get("url").Str()
		if ref.Get("category").Str() == "self" && strings.HasPrefix(url, "https://") && strings.HasSuffix(url, name) {
			return
		}
	}
	c.fail("6.2.11", c.document, "has no reference of category self to https://…%s", name)
}

// unsorted is test 6.2.13: the members of every object are in alphabetical order.
func (c *checker) unsorted(v *jsontree.Value) {
	for i := range v.Kids {
		if v.Kind == jsontree.Object && i > 0 && v.Kids[i].Key < v.Kids[i-1].Key {
			c.fail("6.2.13", &v.Kids[i], "stands after %s", jsontree.Shorten(v.Kids[i-1].Key))
		}
		c.unsorted(&v.Kids[i])
	}
}

// unusualLanguages is tests 6.2.14 (private-use languages) and 6.2.15 (i-default).
func (c *checker) unusualLanguages() {
	for _, key := range [...]string{"lang", "source_lang"} {
		v := c.document.Get(key)
		switch {
		case strings.EqualFold(v.Str(), "i-default"):
			c.fail("6.2.15", v, "is the default language, which is none")
		case v.Str() != "" && privateLanguage(v.Text):
			c.fail("6.2.14", v, "%q uses a private language, script or region", jsontree.Shorten(v.Text))
		}
	}
}

// privateLanguage tells whether a tag has a subtag that the IANA registry sets aside for private use: languages qaa to
// qtz, scripts Qaaa to Qabx, regions AA, QM to QZ, XA to XZ and ZZ, and what follows x.
func privateLanguage(tag string) bool {
	for i, sub := range strings.Split(strings.ToLower(tag), "-") {
		switch {
		case sub == "x":
			return true
		case len(sub) == 1 && i > 0:
			return false // an extension: what follows is not a language, script or region
		case i == 0 && len(sub) == 3 && sub >= "qaa" && sub <= "qtz",
			i > 0 && len(sub) == 4 && sub >= "qaaa" && sub <= "qabx",
			i > 0 && len(sub) == 2 && (sub == "aa" || sub == "zz" || sub[0] == 'x' || sub >= "qm" && sub <= "qz"):
			return true
		}
	}
	return false
}

// identification is tests 6.2.16 (a product has an identification helper) and 6.2.18 (a range is written as vers).
func (c *checker) identification() {
	for _, p := range c.products {
		if p.rel == nil && p.node.Get("product_identification_helper") == nil {
			c.fail("6.2.16", p.node, "product %q has no identification helper", p.id)
		}
	}
	eachBranch(c.tree, func(b *jsontree.Value) {
		name := b.Get("name")
		if b.Get("category").Str() == "product_version_range" && !versForm.MatchString(name.Str()) {
			c.fail("6.2.18", b, "%q is not a version range specifier (vers:)", jsontree.Shorten(name.Str()))
		}
	})
}

var versForm = regexp.MustCompile(`^vers:[a-z.+-][a-z0-9.+-]*/.+`)

// informative runs the tests of 6.3 that need neither a network (6.3.6, 6.3.7) nor a dictionary (6.3.8).
func (c *checker) informative() {
	c.oldScoring()
	for _, v := range c.vulns {
		if v.Get("cve") == nil {
			c.fail("6.3.3", v, "has no CVE")
		}
		if v.Get("cwe") == nil {
			c.fail("6.3.4", v, "has no CWE")
		}
	}
	c.fileHashes(func(_ *jsontree.Value, sums []*jsontree.Value) {
		for _, s := range sums {
			if n := len(s.Get("value").Str()); n > 0 && n < 64 {
				c.fail("6.3.5", s.Get("value"), "is shorter than 64 hexadecimal digits")
			}
		}
	})
	for _, p := range c.products {
		c.branchOrder(p)
	}
	eachBranch(c.tree, func(b *jsontree.Value) {
		name := b.Get("name")
		switch b.Get("category").Str() {
		case "product_version_range":
			c.fail("6.3.10", b, "uses a range; single versions are matched more reliably")
		case "product_version":
			if len(name.Str()) > 1 && (name.Text[0] == 'v' || name.Text[0] == 'V') && name.Text[1] >= '0' && name.Text[1] <= '9' {
				c.fail("6.3.11", name, "%q starts with v as a mark of a version", jsontree.Shorten(name.Text))
			}
		}
	})
}

// branchOrder is test 6.3.9: the branches to a product hold vendor, product_name and product_version in this order.
func (c *checker) branchOrder(p definedProduct) {
	if len(p.branches) == 0 {
		return
	}
	want := []string{"vendor", "product_name", "product_version"}
	for _, b := range p.branches {
		category := b.Get("category").Str()
		if category == "product_version_range" { // stands for the versions that it spans
			category = "product_version"
		}
		if len(want) > 0 && category == want[0] {
			want = want[1:]
		}
	}
	if len(want) > 0 {
		c.fail("6.3.9", p.branches[len(p.branches)-1], "has no %s in the place where one is expected above product %q", want[0], p.id)
	}
}
