package advisory

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

//go:embed cwe.tsv
var cweList string

// cweNames is every name that CWE ever gave a weakness, by id: a document keeps the name of its own day.
var cweNames = sync.OnceValue(func() map[string][]string {
	out := make(map[string][]string, 1000)
	for line := range strings.Lines(cweList) {
		id, names, ok := strings.Cut(strings.TrimRight(line, "\r\n"), "\t")
		if ok && !strings.HasPrefix(id, "#") {
			out["CWE-"+id] = strings.Split(names, "\t")
		}
	}
	return out
})

// weaknesses is test 6.1.11: the CWE exists and its name is right.
func (c *csafCheck) weaknesses() {
	for _, v := range c.vulns {
		id, name := v.at("cwe", "id"), v.at("cwe", "name")
		if id.str() == "" {
			continue
		}
		names, ok := cweNames()[id.text]
		switch {
		case !ok:
			c.fail("6.1.11", id, "%s is not a weakness of CWE", shorten(id.text))
		case name.str() != "" && !slices.Contains(names, name.text):
			c.fail("6.1.11", name, "is %q, but %s is named %q", shorten(name.text), id.text, names[0])
		}
	}
}

// repeatedCVEs is test 6.1.23: a CVE has one vulnerability item.
func (c *csafCheck) repeatedCVEs() {
	seen := map[string]bool{}
	for _, v := range c.vulns {
		cve := v.get("cve")
		if cve.str() != "" && seen[cve.text] {
			c.fail("6.1.23", cve, "%s has a second vulnerability item", shorten(cve.text))
		}
		seen[cve.str()] = true
	}
}

// involvements is test 6.1.24: a party is told of once for one date.
func (c *csafCheck) involvements() {
	for _, v := range c.vulns {
		seen := map[string]bool{}
		for _, n := range objectsOf(v, "involvements") {
			date, ok := documentDate(n.get("date"))
			if !ok {
				continue
			}
			key := n.get("party").str() + " " + date.UTC().String()
			if seen[key] {
				c.fail("6.1.24", n, "party %q is told of a second time for %s", n.get("party").str(), n.get("date").str())
			}
			seen[key] = true
		}
	}
}

// unreferenced is tests 6.1.29 and 6.1.32: a remediation or flag names products or groups.
func (c *csafCheck) unreferenced() {
	for _, v := range c.vulns {
		for _, kind := range [...]struct{ key, test string }{{"remediations", "6.1.29"}, {"flags", "6.1.32"}} {
			for _, o := range objectsOf(v, kind.key) {
				if o.get("product_ids") == nil && o.get("group_ids") == nil {
					c.fail(kind.test, o, "names neither product_ids nor group_ids")
				}
			}
		}
	}
}

// flagsPerProduct is test 6.1.33: a product has one VEX justification.
func (c *csafCheck) flagsPerProduct() {
	for _, v := range c.vulns {
		seen := map[string]string{}
		for _, f := range objectsOf(v, "flags") {
			label := f.get("label").str()
			if !slices.Contains(vexFlags(), label) {
				continue
			}
			for _, id := range sortedKeys(c.covered([]*jval{f})) {
				if before := seen[id]; before != "" {
					c.fail("6.1.33", f, "product %q has the justifications %s and %s", id, before, label)
				}
				seen[id] = label
			}
		}
	}
}
