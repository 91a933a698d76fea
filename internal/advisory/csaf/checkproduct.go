package csaf

import (
	"strings"

	packageurl "github.com/package-url/packageurl-go"

	"triward/internal/advisory/jsontree"
)

// productIDs is tests 6.1.1 (missing definition) and 6.1.2 (multiple definition of a product id).
func (c *checker) productIDs() {
	for _, p := range c.products {
		if c.defined[p.id] && p.id != "" {
			c.fail("6.1.2", p.node.Get("product_id"), "product id %q is defined a second time", p.id)
		}
		c.defined[p.id] = true
	}
	for _, r := range c.refs {
		if !c.defined[r.id] {
			c.fail("6.1.1", r.node, "product id %q is not defined", r.id)
		}
	}
}

// circles is test 6.1.3: a relationship must not, over others, refer to the product that it defines.
func (c *checker) circles() {
	type state byte
	const (
		open state = iota + 1
		done
	)
	edges := map[string][]string{}
	for _, p := range c.products {
		if p.rel != nil {
			edges[p.id] = append(edges[p.id], p.rel.Get("product_reference").Str(), p.rel.Get("relates_to_product_reference").Str())
		}
	}
	states := map[string]state{}
	circular := map[string]bool{}
	for _, p := range c.products {
		if p.rel == nil || states[p.id] != 0 {
			continue
		}
		// An explicit stack: a chain of relationships may be as long as the document.
		type frame struct {
			id   string
			next int
		}
		stack := []frame{{id: p.id}}
		states[p.id] = open
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if top.next == len(edges[top.id]) {
				states[top.id] = done
				stack = stack[:len(stack)-1]
				continue
			}
			to := edges[top.id][top.next]
			top.next++
			switch states[to] {
			case open:
				circular[to] = true
			case done:
			default:
				states[to] = open
				stack = append(stack, frame{id: to})
			}
		}
	}
	for _, p := range c.products {
		if p.rel != nil && circular[p.id] {
			c.fail("6.1.3", p.node.Get("product_id"), "product id %q is defined by reference to itself", p.id)
		}
	}
}

// groupIDs is tests 6.1.4 (missing definition) and 6.1.5 (multiple definition of a product group id).
func (c *checker) groupIDs() {
	seen := map[string]bool{}
	for _, g := range objectsOf(c.tree, "product_groups") {
		id := g.Get("group_id")
		if id.Str() != "" && seen[id.Str()] {
			c.fail("6.1.5", id, "product group id %q is defined a second time", id.Str())
		}
		seen[id.Str()] = true
	}
	for _, v := range c.vulns {
		for _, key := range [...]string{"flags", "remediations", "threats"} {
			for _, o := range objectsOf(v, key) {
				list := o.Get("group_ids").List()
				for i := range list {
					if list[i].Kind == jsontree.String && !seen[list[i].Text] {
						c.fail("6.1.4", &list[i], "product group id %q is not defined", list[i].Text)
					}
				}
			}
		}
	}
}

// contradictions is test 6.1.6: a product is in one of the four groups of statuses only.
func (c *checker) contradictions() {
	groups := [...]struct {
		name  string
		lists []string
	}{
		{"affected", []string{"first_affected", "known_affected", "last_affected"}},
		{"not affected", []string{"known_not_affected"}},
		{"fixed", []string{"first_fixed", "fixed"}},
		{"under investigation", []string{"under_investigation"}},
	}
	for _, v := range c.vulns {
		said := map[string]string{}
		for _, g := range groups {
			inStatus(v, g.lists, func(at *jsontree.Value, id string) {
				if before := said[id]; before != "" && before != g.name {
					c.fail("6.1.6", at, "product %q is %s and %s", id, before, g.name)
				} else {
					said[id] = g.name
				}
			})
		}
	}
}

// purls is test 6.1.13: every purl is a valid package URL.
func (c *checker) purls() {
	for _, p := range c.products {
		purl := p.node.At("product_identification_helper", "purl")
		if purl.Str() == "" {
			continue
		}
		if _, err := packageurl.FromString(purl.Text); err != nil {
			c.fail("6.1.13", purl, "%q is not a valid package URL: %v", jsontree.Shorten(purl.Text), err)
		}
	}
}

// fileHashes calls fn for each list of hashes of one file.
func (c *checker) fileHashes(fn func(list *jsontree.Value, sums []*jsontree.Value)) {
	for _, p := range c.products {
		for _, file := range objectsOf(p.node.Get("product_identification_helper"), "hashes") {
			if list := file.Get("file_hashes"); list != nil {
				fn(list, objectsOf(file, "file_hashes"))
			}
		}
	}
}

// hashAlgorithms is test 6.1.25: an algorithm is used once for a file.
func (c *checker) hashAlgorithms() {
	c.fileHashes(func(_ *jsontree.Value, sums []*jsontree.Value) {
		seen := map[string]bool{}
		for _, s := range sums {
			algorithm := s.Get("algorithm").Str()
			if seen[algorithm] {
				c.fail("6.1.25", s, "algorithm %q is used a second time for one file", algorithm)
			}
			seen[algorithm] = true
		}
	})
}

// eachBranch calls fn for every branch.
func eachBranch(v *jsontree.Value, fn func(b *jsontree.Value)) {
	for _, b := range objectsOf(v, "branches") {
		fn(b)
		eachBranch(b, fn)
	}
}

// versionNames is test 6.1.31: a product_version does not hold a range in words or operators.
func (c *checker) versionNames() {
	eachBranch(c.tree, func(b *jsontree.Value) {
		name := b.Get("name")
		if b.Get("category").Str() != "product_version" {
			return
		}
		if i := strings.IndexAny(name.Str(), "<>"); i >= 0 {
			c.fail("6.1.31", name, "%q holds the operator %q", jsontree.Shorten(name.Str()), name.Text[i:i+1])
			return
		}
		for _, word := range strings.Fields(strings.ToLower(name.Str())) {
			switch word = strings.Trim(word, ",;:.()[]"); word {
			case "after", "all", "before", "earlier", "later", "prior", "versions":
				c.fail("6.1.31", name, "%q holds the word %q, which tells of a range", jsontree.Shorten(name.Str()), word)
				return
			}
		}
	})
}
