package sbom

import (
	"sort"
	"strings"
)

// Difference is what changed from one document to another.
type Difference struct {
	From      string    `json:"from"`
	To        string    `json:"to"`
	Added     []Brief   `json:"added"`
	Removed   []Brief   `json:"removed"`
	Changed   []Changed `json:"changed"`
	Unchanged int       `json:"unchanged"`
	Product   *Changed  `json:"product,omitempty"` // the described products differ; not counted above
}

// Brief names a component.
type Brief struct {
	Ref     string `json:"ref"`
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	PURL    string `json:"purl,omitempty"`
}

// Changed is a component that both documents hold, with what differs.
type Changed struct {
	From    Brief    `json:"from"`
	To      Brief    `json:"to"`
	Matched string   `json:"matched"` // how it was recognised: "purl", "cpe", "name" or "product"
	Changes []Change `json:"changes"`
}

// Change is one differing fact.
type Change struct {
	Field string `json:"field"` // "version", "licence", "hash", "supplier", "support", "purl", "cpe", "name"
	From  string `json:"from"`
	To    string `json:"to"`
}

// Diff compares two documents. A component is recognised by its package URL without version, else by its CPE without
// version, else by type, group and name. Where several components share a key (two versions of one library side by
// side) those of equal version are paired first, the others in order of version; what is left over is added or removed.
func Diff(a, b Document) Difference {
	d := Difference{From: a.File, To: b.File, Added: []Brief{}, Removed: []Brief{}, Changed: []Changed{}}
	leftA, leftB := make([]bool, len(a.Components)), make([]bool, len(b.Components))
	for i := range leftA {
		leftA[i] = true
	}
	for i := range leftB {
		leftB[i] = true
	}
	for _, by := range []struct {
		name string
		keys func(*Component) []string
	}{{"purl", purlKeys}, {"cpe", cpeKeys}, {"name", nameKeys}} {
		groups := map[string][]int{}
		for i := range b.Components {
			if leftB[i] {
				for _, k := range by.keys(&b.Components[i]) {
					groups[k] = append(groups[k], i)
				}
			}
		}
		mine := map[string][]int{}
		var order []string
		for i := range a.Components {
			if !leftA[i] {
				continue
			}
			for _, k := range by.keys(&a.Components[i]) {
				if mine[k] == nil {
					order = append(order, k)
				}
				mine[k] = append(mine[k], i)
			}
		}
		for _, k := range order {
			for _, p := range pairs(unpaired(mine[k], leftA), unpaired(groups[k], leftB), a.Components, b.Components) {
				leftA[p[0]], leftB[p[1]] = false, false
				d.pair(&a.Components[p[0]], &b.Components[p[1]], by.name)
			}
		}
	}
	d.products(a, b)
	for i, left := range leftA {
		if left {
			d.Removed = append(d.Removed, brief(&a.Components[i]))
		}
	}
	for i, left := range leftB {
		if left {
			d.Added = append(d.Added, brief(&b.Components[i]))
		}
	}
	return d
}

// unpaired is the places that are not paired yet.
func unpaired(at []int, left []bool) []int {
	var out []int
	for _, i := range at {
		if left[i] {
			out = append(out, i)
		}
	}
	return out
}

// pairs joins two groups of one key: equal versions first, then in order of version.
func pairs(x, y []int, a, b []Component) [][2]int {
	var out [][2]int
	byVersion := map[string][]int{}
	for _, j := range y {
		byVersion[b[j].Version] = append(byVersion[b[j].Version], j)
	}
	var restX []int
	for _, i := range x {
		if same := byVersion[a[i].Version]; len(same) > 0 {
			out = append(out, [2]int{i, same[0]})
			byVersion[a[i].Version] = same[1:]
		} else {
			restX = append(restX, i)
		}
	}
	var restY []int
	for _, js := range byVersion {
		restY = append(restY, js...)
	}
	sort.Ints(restY)
	sort.SliceStable(restX, func(i, j int) bool { return a[restX[i]].Version < a[restX[j]].Version })
	sort.SliceStable(restY, func(i, j int) bool { return b[restY[i]].Version < b[restY[j]].Version })
	for i := 0; i < len(restX) && i < len(restY); i++ {
		out = append(out, [2]int{restX[i], restY[i]})
	}
	return out
}

// products compares what the documents describe, where both keep it apart from the parts.
func (d *Difference) products(a, b Document) {
	if a.Product == nil || b.Product == nil {
		return
	}
	c := compare(a.Product, b.Product, "product")
	if a.Product.Name != b.Product.Name {
		c.Changes = append([]Change{{"name", a.Product.Name, b.Product.Name}}, c.Changes...)
	}
	if len(c.Changes) > 0 {
		d.Product = &c
	}
}

func (d *Difference) pair(a, b *Component, by string) {
	c := compare(a, b, by)
	if len(c.Changes) == 0 {
		d.Unchanged++
		return
	}
	d.Changed = append(d.Changed, c)
}

func compare(a, b *Component, by string) Changed {
	c := Changed{From: brief(a), To: brief(b), Matched: by}
	note := func(field, from, to string) {
		if from != to {
			c.Changes = append(c.Changes, Change{field, from, to})
		}
	}
	note("version", a.Version, b.Version)
	note("licence", join(a.Licences), join(b.Licences))
	note("hash", joinHashes(a.Hashes), joinHashes(b.Hashes))
	note("supplier", a.Supplier, b.Supplier)
	note("support", strings.TrimSpace(a.Support.Level+" "+a.Support.EndOfSupport), strings.TrimSpace(b.Support.Level+" "+b.Support.EndOfSupport))
	if by != "purl" {
		note("purl", a.PURL, b.PURL)
	}
	note("cpe", strings.Join(unversioned(a.CPEs), " "), strings.Join(unversioned(b.CPEs), " "))
	return c
}

func brief(c *Component) Brief {
	return Brief{Ref: c.Ref, Name: c.Name, Version: c.Version, PURL: c.PURL}
}

func join(list []Licence) string {
	var out []string
	for _, l := range list {
		out = append(out, l.String())
	}
	sort.Strings(out)
	return strings.Join(out, ", ")
}

func joinHashes(list []Hash) string {
	var out []string
	for _, h := range list {
		out = append(out, h.Alg+":"+h.Value)
	}
	sort.Strings(out)
	return strings.Join(out, ", ")
}

func purlKeys(c *Component) []string {
	if c.PURL == "" {
		return nil
	}
	p, err := ParsePURL(c.PURL)
	if err != nil {
		return nil
	}
	return []string{p.Bare}
}

func cpeKeys(c *Component) []string { return unversioned(c.CPEs) }

// unversioned is part, vendor and product of each CPE.
func unversioned(cpes []string) []string {
	var out []string
	for _, s := range cpes {
		full, err := CPE23(s)
		if err != nil {
			continue
		}
		key := strings.Join(splitCPE(full[len("cpe:2.3:"):])[:3], ":")
		if !has(out, key) {
			out = append(out, key)
		}
	}
	return out
}

func nameKeys(c *Component) []string {
	if c.Name == "" {
		return nil
	}
	return []string{c.Type + "\x00" + strings.ToLower(c.Group) + "\x00" + strings.ToLower(c.Name)}
}
