package advisory

import (
	"regexp"
	"strings"
)

// optional runs the tests of 6.2 that 6.2.19 (fixedScores) and 6.2.20 (schema) do not cover.
func (c *csafCheck) optional() {
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
func (c *csafCheck) unusedProducts() {
	if c.category == "csaf_informational_advisory" {
		return
	}
	used := map[string]bool{}
	for _, r := range c.refs {
		used[r.id] = true
	}
	for _, p := range c.products {
		if !used[p.id] {
			c.fail("6.2.1", p.node.get("product_id"), "product id %q is never referred to", p.id)
		}
	}
}

// missingAnswers is tests 6.2.2 (an affected product has a remediation), 6.2.3 (and a score), 6.2.7 (an involvement has a
// date) and 6.2.17 (a CVE is not told as another id).
func (c *csafCheck) missingAnswers() {
	affected := []string{"first_affected", "known_affected", "last_affected"}
	for _, v := range c.vulns {
		remedied := c.covered(objectsOf(v, "remediations"))
		inStatus(v, append(affected, "under_investigation"), func(at *jval, id string) {
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
		inStatus(v, affected, func(at *jval, id string) {
			if !scored[id] {
				c.fail("6.2.3", at, "product %q has no score", id)
			}
		})
		for _, n := range objectsOf(v, "involvements") {
			if n.get("date") == nil {
				c.fail("6.2.7", n, "has no date")
			}
		}
		for _, n := range objectsOf(v, "ids") {
			if text := n.get("text"); cveID.MatchString(text.str()) {
				c.fail("6.2.17", text, "%s is a CVE and belongs into cve", text.text)
			}
		}
	}
}

// historyDates is tests 6.2.4 (no build metadata), 6.2.5 and 6.2.6 (the release dates are not older than the history).
func (c *csafCheck) historyDates() {
	for _, r := range c.history {
		if r.ok && r.version.build != "" {
			c.fail("6.2.4", r.node.get("number"), "%s has build metadata", r.node.get("number").str())
		}
	}
	if len(c.history) == 0 {
		return
	}
	for _, d := range [...]struct {
		test, key, word string
		item            csafRevision
	}{{"6.2.5", "initial_release_date", "first", c.history[0]}, {"6.2.6", "current_release_date", "latest", c.history[len(c.history)-1]}} {
		at := c.tracking.get(d.key)
		if date, ok := documentDate(at); ok && !d.item.date.IsZero() && date.Before(d.item.date) {
			c.fail(d.test, at, "is older than the %s revision, %s", d.word, d.item.node.get("date").str())
		}
	}
}

// weakHashes is tests 6.2.8 and 6.2.9: MD5 or SHA-1 is not the only algorithm for a file.
func (c *csafCheck) weakHashes() {
	c.fileHashes(func(list *jval, sums []*jval) {
		for _, weak := range [...]struct{ test, name string }{{"6.2.8", "md5"}, {"6.2.9", "sha1"}} {
			only := len(sums) > 0
			for _, s := range sums {
				only = only && strings.EqualFold(s.get("algorithm").str(), weak.name)
			}
			if only {
				c.fail(weak.test, list, "has %s as the only hash algorithm", weak.name)
			}
		}
	})
}

var notInFileName = regexp.MustCompile(`[^+\-a-z0-9]+`)

// csafFileName is the name that a document with the tracking id must have (CSAF 2.0 5.1).
func csafFileName(id string) string {
	return notInFileName.ReplaceAllString(strings.ToLower(id), "_") + ".json"
}

// documentMetadata is tests 6.2.10 (TLP label), 6.2.11 (canonical URL) and 6.2.12 (language).
func (c *csafCheck) documentMetadata() {
	if c.document.at("distribution", "tlp", "label") == nil {
		c.fail("6.2.10", c.document, "has no TLP label")
	}
	if c.document.get("lang") == nil {
		c.fail("6.2.12", c.document, "has no language")
	}
	name := "/" + csafFileName(c.tracking.get("id").str())
	for _, ref := range objectsOf(c.document, "references") {
		url := ref.get("url").str()
		if ref.get("category").str() == "self" && strings.HasPrefix(url, "https://") && strings.HasSuffix(url, name) {
			return
		}
	}
	c.fail("6.2.11", c.document, "has no reference of category self to https://…%s", name)
}

// unsorted is test 6.2.13: the members of every object are in alphabetical order.
func (c *csafCheck) unsorted(v *jval) {
	for i := range v.kids {
		if v.kind == jObject && i > 0 && v.kids[i].key < v.kids[i-1].key {
			c.fail("6.2.13", &v.kids[i], "stands after %s", shorten(v.kids[i-1].key))
		}
		c.unsorted(&v.kids[i])
	}
}

// unusualLanguages is tests 6.2.14 (private-use languages) and 6.2.15 (i-default).
func (c *csafCheck) unusualLanguages() {
	for _, key := range [...]string{"lang", "source_lang"} {
		v := c.document.get(key)
		switch {
		case strings.EqualFold(v.str(), "i-default"):
			c.fail("6.2.15", v, "is the default language, which is none")
		case v.str() != "" && privateLanguage(v.text):
			c.fail("6.2.14", v, "%q uses a private language, script or region", shorten(v.text))
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
func (c *csafCheck) identification() {
	for _, p := range c.products {
		if p.rel == nil && p.node.get("product_identification_helper") == nil {
			c.fail("6.2.16", p.node, "product %q has no identification helper", p.id)
		}
	}
	eachBranch(c.tree, func(b *jval) {
		name := b.get("name")
		if b.get("category").str() == "product_version_range" && !versForm.MatchString(name.str()) {
			c.fail("6.2.18", b, "%q is not a version range specifier (vers:)", shorten(name.str()))
		}
	})
}

var versForm = regexp.MustCompile(`^vers:[a-z.+-][a-z0-9.+-]*/.+`)

// informative runs the tests of 6.3 that need neither a network (6.3.6, 6.3.7) nor a dictionary (6.3.8).
func (c *csafCheck) informative() {
	c.oldScoring()
	for _, v := range c.vulns {
		if v.get("cve") == nil {
			c.fail("6.3.3", v, "has no CVE")
		}
		if v.get("cwe") == nil {
			c.fail("6.3.4", v, "has no CWE")
		}
	}
	c.fileHashes(func(_ *jval, sums []*jval) {
		for _, s := range sums {
			if n := len(s.get("value").str()); n > 0 && n < 64 {
				c.fail("6.3.5", s.get("value"), "is shorter than 64 hexadecimal digits")
			}
		}
	})
	for _, p := range c.products {
		c.branchOrder(p)
	}
	eachBranch(c.tree, func(b *jval) {
		name := b.get("name")
		switch b.get("category").str() {
		case "product_version_range":
			c.fail("6.3.10", b, "uses a range; single versions are matched more reliably")
		case "product_version":
			if len(name.str()) > 1 && (name.text[0] == 'v' || name.text[0] == 'V') && name.text[1] >= '0' && name.text[1] <= '9' {
				c.fail("6.3.11", name, "%q starts with v as a mark of a version", shorten(name.text))
			}
		}
	})
}

// branchOrder is test 6.3.9: the branches to a product hold vendor, product_name and product_version in this order.
func (c *csafCheck) branchOrder(p csafProduct) {
	if len(p.branches) == 0 {
		return
	}
	want := []string{"vendor", "product_name", "product_version"}
	for _, b := range p.branches {
		category := b.get("category").str()
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
