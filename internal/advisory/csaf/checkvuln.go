package csaf

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	"triward/internal/advisory/jsontree"
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
func (c *checker) weaknesses() {
	for _, v := range c.vulns {
		id, name := v.At("cwe", "id"), v.At("cwe", "name")
		if id.Str() == "" {
			continue
		}
		names, ok := cweNames()[id.Text]
		switch {
		case !ok:
			c.fail("6.1.11", id, "%s is not a weakness of CWE", jsontree.Shorten(id.Text))
		case name.Str() != "" && !slices.Contains(names, name.Text):
			c.fail("6.1.11", name, "is %q, but %s is named %q", jsontree.Shorten(name.Text), id.Text, names[0])
		}
	}
}

// repeatedCVEs is test 6.1.23: a CVE has one vulnerability item.
func (c *checker) repeatedCVEs() {
	seen := map[string]bool{}
	for _, v := range c.vulns {
		cve := v.Get("cve")
		if cve.Str() != "" && seen[cve.Text] {
			c.fail("6.1.23", cve, "%s has a second vulnerability item", jsontree.Shorten(cve.Text))
		}
		seen[cve.Str()] = true
	}
}

// involvements is test 6.1.24: a party is told of once for one date.
func (c *checker) involvements() {
	for _, v := range c.vulns {
		seen := map[string]bool{}
		for _, n := range objectsOf(v, "involvements") {
			date, ok := documentDate(n.Get("date"))
			if !ok {
				continue
			}
			key := n.Get("party").Str() + " " + date.UTC().String()
			if seen[key] {
				c.fail("6.1.24", n, "party %q is told of a second time for %s", n.Get("party").Str(), n.Get("date").Str())
			}
			seen[key] = true
		}
	}
}

// unreferenced is tests 6.1.29 and 6.1.32: a remediation or flag names products or groups.
func (c *checker) unreferenced() {
	for _, v := range c.vulns {
		for _, kind := range [...]struct{ key, test string }{{"remediations", "6.1.29"}, {"flags", "6.1.32"}} {
			for _, o := range objectsOf(v, kind.key) {
				if o.Get("product_ids") == nil && o.Get("group_ids") == nil {
					c.fail(kind.test, o, "names neither product_ids nor group_ids")
				}
			}
		}
	}
}

// flagsPerProduct is test 6.1.33: a product has one VEX justification.
func (c *checker) flagsPerProduct() {
	for _, v := range c.vulns {
		seen := map[string]string{}
		for _, f := range objectsOf(v, "flags") {
			label := f.Get("label").Str()
			if !slices.Contains(vexFlags(), label) {
				continue
			}
			for _, id := range sortedKeys(c.covered([]*jsontree.Value{f})) {
				if before := seen[id]; before != "" {
					c.fail("6.1.33", f, "product %q has the justifications %s and %s", id, before, label)
				}
				seen[id] = label
			}
		}
	}
}
