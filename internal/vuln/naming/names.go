package naming

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	"triward/internal/problem"
)

//go:embed names.tsv
var aliasTable string

// Names is what is known of other names: of manufacturers, of their products, and what kind of thing a product line is.
// It is used on the side of what is judged only, so that records keep their keys when a name is added. A Names is
// immutable; nil means the built-in table.
type Names struct {
	vendors  map[string][]string // built-in id of a manufacturer -> ids of the same manufacturer, itself included, sorted
	products map[string][]group  // built-in id of a manufacturer -> groups of names for one product
	kinds    map[string][]kindOf
	sold     map[string][]soldAs
}

// group is names for one product.
type group struct{ names []labelled }

type labelled struct {
	text string
	expr expr
}

type kindOf struct {
	line labelled
	kind string
}

// soldAs says that a manufacturer sells a product of another one.
type soldAs struct {
	maker   string
	product labelled
}

// maxAliases bounds a user's table.
const maxAliases = 100_000

// vendorIDs are the canonical ids of the built-in table, by normalised name.
var vendorIDs = sync.OnceValue(func() map[string]string {
	out := map[string]string{}
	for _, row := range aliasRows(aliasTable) {
		if row[0] != "vendor" {
			continue
		}
		id := vendorNorm(row[1])
		for _, name := range row[1:] {
			if n := vendorNorm(name); out[n] == "" {
				out[n] = id
			}
		}
	}
	return out
})

// keptNames are the names of manufacturers that are names of products too.
var keptNames = sync.OnceValue(func() map[string]bool {
	out := map[string]bool{}
	for _, row := range aliasRows(aliasTable) {
		for _, name := range row[1:] {
			if row[0] == "vendor" && name[0] == '~' {
				out[vendorNorm(name)] = true
			}
		}
	}
	return out
})

// Builtin is the built-in table.
var Builtin = sync.OnceValue(func() *Names {
	n, err := Parse("")
	if err != nil {
		return &Names{} // a test reads the table: it has no faults
	}
	return n
})

// Parse reads a user's table and adds it to the built-in one. Lines are tab-separated: "vendor" and two or more names
// of one manufacturer; "product", a manufacturer and two or more names of one product; "kind", a manufacturer, a product
// line and what it is ("PET/CT System"); "sold", a manufacturer, another one and a product of the other that it sells.
// Empty lines and lines that begin with # are passed over. Faults are an Invalid error by line.
func Parse(text string) (*Names, error) {
	n := &Names{vendors: map[string][]string{}, products: map[string][]group{}, kinds: map[string][]kindOf{}, sold: map[string][]soldAs{}}
	var faults problem.List
	n.add(aliasTable, &faults)
	n.add(text, &faults)
	if err := faults.Err("table of names is not readable"); err != nil {
		return nil, err
	}
	return n, nil
}

func aliasRows(text string) [][]string {
	var out [][]string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			out = append(out, []string{"", ""})
			continue
		}
		row := strings.Split(line, "\t")
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
		out = append(out, slices.DeleteFunc(row, func(s string) bool { return s == "" }))
	}
	return out
}

func (n *Names) add(text string, faults *problem.List) {
	for i, row := range aliasRows(text) {
		at := "line " + itoa(i+1)
		if i > maxAliases {
			faults.Add(at, "is beyond the limit of %d lines", maxAliases)
			return
		}
		if len(row) == 0 || row[0] == "" {
			continue
		}
		want := map[string]int{"vendor": 2, "product": 4, "kind": 4, "sold": 4}[row[0]]
		if want == 0 {
			faults.Add(at, "begins with %q, want vendor, product, kind or sold", row[0])
			continue
		}
		if len(row) < want {
			faults.Add(at, "has %d names, want at least %d", len(row)-1, want-1)
			continue
		}
		switch row[0] {
		case "vendor":
			n.join(row[1:])
		case "product":
			var g group
			for _, name := range row[2:] {
				g.names = append(g.names, labelled{name, plainExpr(name)})
			}
			for _, id := range Makers(row[1]) {
				n.products[id] = append(n.products[id], g)
			}
		case "kind":
			for _, id := range Makers(row[1]) {
				for _, kind := range row[3:] {
					n.kinds[id] = append(n.kinds[id], kindOf{labelled{row[2], plainExpr(row[2])}, kind})
				}
			}
		case "sold":
			for _, id := range Makers(row[1]) {
				for _, maker := range Makers(row[2]) {
					for _, product := range row[3:] {
						n.sold[id] = append(n.sold[id], soldAs{maker, labelled{product, plainExpr(product)}})
					}
				}
			}
		}
	}
}

// join makes all names one manufacturer.
func (n *Names) join(names []string) {
	var all []string
	for _, name := range names {
		for _, id := range Makers(name) {
			all = append(all, id)
			all = append(all, n.vendors[id]...)
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	if len(all) < 2 {
		return
	}
	for _, id := range all {
		n.vendors[id] = all
	}
}

// Same is the ids of the manufacturer with a built-in id, that id included; none when the table holds no other.
func (n *Names) Same(id string) []string { return n.vendors[id] }

// Makers are the ids of a manufacturer with those that the table holds for the same.
func (n *Names) Makers(vendor string) []string {
	var out []string
	for _, id := range append(Makers(vendor), within(vendor)...) {
		out = append(out, id)
		out = append(out, n.vendors[id]...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// others are the further names of a product of one of the makers.
func (n *Names) others(makers []string, called []Atom) []string {
	name := expr{called, PhraseOf(called)}
	var out []string
	for _, id := range makers {
		for _, g := range n.products[id] {
			if !slices.ContainsFunc(g.names, func(l labelled) bool { return same(l.expr, name) }) {
				continue
			}
			for _, l := range g.names {
				if !same(l.expr, name) {
					out = append(out, l.text)
				}
			}
		}
	}
	return out
}
