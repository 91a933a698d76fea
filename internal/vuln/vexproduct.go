package vuln

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/package-url/packageurl-go"

	"triward/internal/advisory"
	"triward/internal/cpe"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

// place is the versions of a product that a statement is about; none: every version.
type place struct {
	versions []string
	ranges   []string
}

// candidate is a way in which a document may name a model.
type candidate struct {
	vendor, name string
	place        place
}

// find is the model that a statement is about; "" when none of its names is known. What is said of a component inside a
// product is said of the product.
func (im *vexImport) find(ctx context.Context, r store.Reader, a advisory.Affected) (product.ModelID, place, error) {
	if a.RunsOn != nil {
		if m, at, err := im.find(ctx, r, *a.RunsOn); err != nil || m != "" {
			return m, at, err
		}
	}
	said := saidOf(a)
	for _, c := range candidates(a, said) {
		m, err := im.model(ctx, r, c.vendor, c.name)
		if err != nil || m != "" {
			return m, c.place, err
		}
	}
	for _, n := range a.Names {
		m, version, err := im.byFullName(ctx, r, n)
		if err != nil {
			return "", place{}, err
		}
		if m != "" {
			if len(said.versions)+len(said.ranges) == 0 && version != "" && !a.All {
				said.versions = []string{version}
			}
			return m, said, nil
		}
	}
	return "", place{}, nil
}

// saidOf is the versions as the statement gives them.
func saidOf(a advisory.Affected) place {
	p := place{versions: slices.Clone(a.Versions), ranges: slices.Clone(a.VersionText)}
	for _, r := range a.Ranges {
		if text := rangeText(r); text != "" {
			p.ranges = append(p.ranges, text)
		}
	}
	return p
}

// rangeText writes the events of a range as people write it.
func rangeText(r advisory.Range) string {
	var parts []string
	low := ""
	for _, e := range r.Events {
		switch {
		case e.Introduced != "":
			low = ""
			if e.Introduced != "0" {
				low = ">= " + e.Introduced
			}
			parts = append(parts, low)
		case e.Fixed != "" && len(parts) > 0:
			parts[len(parts)-1] = join(low, "< "+e.Fixed)
		case e.LastAffected != "" && len(parts) > 0:
			parts[len(parts)-1] = join(low, "<= "+e.LastAffected)
		}
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " || ")
}

func join(low, high string) string {
	if low == "" {
		return high
	}
	return low + ", " + high
}

// candidates are the ways in which a statement names a product, the surest first.
func candidates(a advisory.Affected, said place) []candidate {
	var out []candidate
	add := func(vendor, name string, at place) {
		if vendor != "" && name != "" {
			out = append(out, candidate{vendor, name, at})
		}
	}
	for _, m := range a.Models {
		add(a.Vendor, m, said)
	}
	add(a.Vendor, a.Product, said)
	if p, err := packageurl.FromString(a.PURL); a.PURL != "" && err == nil {
		at := said
		if v := p.Qualifiers.Map()["vers"]; v != "" && len(at.versions) == 0 {
			if text, err := url.QueryUnescape(v); err == nil {
				v = text
			}
			at.ranges = append(slices.Clone(at.ranges), v)
		}
		if p.Version != "" && len(at.versions) == 0 {
			at.versions = []string{p.Version}
		}
		add(p.Namespace, p.Name, at)
		add(a.Vendor, p.Name, at)
	}
	for _, text := range a.CPEs {
		n, err := cpe.Parse(text)
		if err != nil {
			continue
		}
		at := said
		if v := n[cpe.Version].Plain(); v != "" && !n[cpe.Version].Wild() && len(at.versions)+len(at.ranges) == 0 {
			at.versions = []string{v}
		}
		add(spaced(n[cpe.Vendor].Plain()), spaced(n[cpe.Product].Plain()), at)
	}
	return out
}

// spaced is a name of a CPE as people write it: CPE names have no blanks (NISTIR 7695 5.3.2).
func spaced(s string) string { return strings.ReplaceAll(s, "_", " ") }

func (im *vexImport) model(ctx context.Context, r store.Reader, vendor, name string) (product.ModelID, error) {
	key := vendor + "\x00" + name
	if m, ok := im.models[key]; ok {
		return m, nil
	}
	m, err := product.FindModel(ctx, r, vendor, name)
	if problem.KindOf(err) == problem.NotFound {
		m, err = "", nil
	}
	im.models[key] = m
	return m, err
}

// byFullName finds the model whose manufacturer and name begin a full product name ("Acme Medical Pump 9000 2.1"); what
// follows them is its version. The longest name wins.
func (im *vexImport) byFullName(ctx context.Context, r store.Reader, full string) (product.ModelID, string, error) {
	if im.known == nil {
		type row struct{ id, maker, name string }
		rows, err := store.All(ctx, r, func(s store.Scanner) (v row, err error) {
			return v, s.Scan(&v.id, &v.maker, &v.name)
		}, `SELECT m.id, n.name, m.name FROM model m JOIN manufacturer_name n ON n.manufacturer_id = m.manufacturer_id ORDER BY m.id, n.position`)
		if err != nil {
			return "", "", err
		}
		im.known = make(map[string]string, len(rows))
		for _, v := range rows {
			im.known[product.Fold(v.maker+" "+v.name)] = v.id
		}
	}
	words := strings.Fields(full)
	for n := len(words); n > 0; n-- {
		if m := im.known[product.Fold(strings.Join(words[:n], " "))]; m != "" {
			return product.ModelID(m), strings.TrimLeft(strings.Join(words[n:], " "), "vV"), nil
		}
	}
	return "", "", nil
}

// described is how a document names a product, for people.
func described(a advisory.Affected) string {
	var parts []string
	for _, s := range []string{a.Vendor, a.Product, a.PURL} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if len(parts) == 0 {
		parts = append(slices.Clone(a.Names), a.CPEs...)
	}
	if len(parts) == 0 {
		parts = append(parts, a.ProductID)
	}
	text := strings.Join(append(parts, a.Versions...), " ")
	if a.RunsOn != nil {
		text += " in " + described(*a.RunsOn)
	}
	return text
}
