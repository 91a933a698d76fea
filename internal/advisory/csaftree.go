package advisory

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"triward/internal/advisory/jsontree"
)

// branchPath is what the branches from the root down to one place of a product tree say.
type branchPath struct {
	vendor    string
	product   string
	family    []string
	legacy    string   // name of the innermost "legacy" branch: the product where there is no product_name
	versions  []string // product_version and what refines it (service_pack, patch_level), outermost first
	ranged    bool     // a product_version_range is among versions
	refined   bool     // a service_pack or patch_level is among versions
	platforms []string
}

// tree reads the product tree (CSAF 2.0 3.2.2) into r.products and r.groups.
func (r *csafReader) tree() {
	r.products = map[string]*Affected{}
	r.groups = map[string][]string{}
	tree := r.want(r.root, "product_tree", jsontree.Object)
	r.branches(tree, branchPath{})
	for _, p := range r.objects(tree, "full_product_names") {
		r.define(p, r.named(p))
	}
	r.relationships(r.objects(tree, "relationships"))
	for _, g := range r.objects(tree, "product_groups") {
		id := r.text(g, "group_id")
		r.groups[id] = append(r.groups[id], r.texts(g, "product_ids")...)
	}
}

func (r *csafReader) branches(v *jsontree.Value, at branchPath) {
	for _, b := range r.objects(v, "branches") {
		next := at.enter(r.text(b, "category"), r.text(b, "name"))
		if p := r.want(b, "product", jsontree.Object); p != nil {
			a := r.named(p)
			next.fill(a)
			r.define(p, a)
		}
		r.branches(b, next)
	}
}

// enter goes down into a branch. The categories are those of CSAF 2.0 3.1.2.2 and "platform" of 2.1; an unknown one is
// kept as a part of the family, so that its name is not lost.
func (p branchPath) enter(category, name string) branchPath {
	if strings.TrimSpace(name) == "" {
		return p
	}
	switch category {
	case "vendor":
		if p.vendor != "" {
			p.family = append(slices.Clip(p.family), p.vendor)
		}
		p.vendor = name
	case "product_name":
		if p.product != "" {
			p.family = append(slices.Clip(p.family), p.product)
		}
		p.product = name
	case "product_version":
		p.versions = append(slices.Clip(p.versions), name)
	case "product_version_range":
		p.versions, p.ranged = append(slices.Clip(p.versions), name), true
	case "service_pack", "patch_level":
		p.versions, p.refined = append(slices.Clip(p.versions), name), true
	case "architecture", "host_name", "language", "platform", "specification":
		p.platforms = append(slices.Clip(p.platforms), name)
	case "legacy":
		if p.legacy != "" {
			p.family = append(slices.Clip(p.family), p.legacy)
		}
		p.legacy = name
	default:
		p.family = append(slices.Clip(p.family), name)
	}
	return p
}

// fill writes what the path says into a. Only one plain version is an exact version; everything else is text that has to
// be understood elsewhere, a version together with what refines it as one text ("2.1 SP3").
func (p branchPath) fill(a *Affected) {
	a.Vendor, a.Family, a.Platforms = p.vendor, p.family, p.platforms
	switch {
	case p.product != "":
		a.Product = p.product
		if p.legacy != "" {
			a.Family = append(slices.Clip(a.Family), p.legacy)
		}
	case p.legacy != "":
		a.Product = p.legacy
	case len(p.family) > 0:
		a.Product, a.Family = p.family[len(p.family)-1], p.family[:len(p.family)-1]
	}
	if len(p.versions) == 0 {
		return
	}
	text := p.versions[0]
	if len(p.versions) > 1 {
		text = strings.Join(p.versions, " ")
	}
	a.Versions, a.VersionText = nil, nil // more exact than the version of a package URL
	if !p.ranged && !p.refined && len(p.versions) == 1 && PlainVersion(text) {
		a.Versions = []string{text}
	} else {
		a.VersionText = []string{text}
	}
}

// versionSpan is two version-like parts joined by a hyphen, as in "12.4.1-12.4.11", "V191-V195" and "2009-2010".
var versionSpan = regexp.MustCompile(`^([A-Za-z]{0,3})\d+((?:\.\d+)*)\s*[-–]\s*([A-Za-z]{0,3})\d+((?:\.\d+)*)$`)

// PlainVersion tells whether a product_version names one version: one token with a digit, no operator, no wildcard, no
// span. When in doubt it is not plain.
func PlainVersion(s string) bool {
	if !strings.ContainsFunc(s, unicode.IsDigit) || strings.ContainsAny(s, " \t\r\n\u00a0<>=*|,;:/\\()[]{}~^?&!…") {
		return false
	}
	for _, part := range strings.FieldsFunc(s, func(c rune) bool { return c == '.' || c == '_' || c == '-' }) {
		switch strings.TrimLeft(strings.ToLower(part), "v0123456789") {
		case "x", "xx", "xxx":
			return false
		}
	}
	if m := versionSpan.FindStringSubmatch(s); m != nil && strings.EqualFold(m[1], m[3]) && strings.Count(m[2], ".") == strings.Count(m[4], ".") && m[2] != "" ||
		m != nil && m[2] == "" && m[4] == "" && strings.EqualFold(m[1], m[3]) {
		return false
	}
	return true
}

// define adds the product of a full_product_name; a second definition of an id is a fault of the document (test 6.1.2)
// that is read as one product with the first one's facts and both names.
func (r *csafReader) define(p *jsontree.Value, a *Affected) {
	if first, ok := r.products[a.ProductID]; ok {
		for _, n := range a.Names {
			if len(first.Names) < csafMaxChain && !slices.Contains(first.Names, n) {
				first.Names = append(first.Names, n)
			}
		}
		return
	}
	r.products[a.ProductID] = a
	r.order = append(r.order, a.ProductID)
}

// named reads a full_product_name with its identification helper (CSAF 2.0 3.1.3).
func (r *csafReader) named(p *jsontree.Value) *Affected {
	a := &Affected{ProductID: r.text(p, "product_id"), Product: r.text(p, "name")}
	if a.ProductID == "" {
		r.fault(p, "has no product_id")
	}
	if a.Product != "" {
		a.Names = []string{a.Product}
	}
	h := r.want(p, "product_identification_helper", jsontree.Object)
	if h == nil {
		return a
	}
	if c := r.text(h, "cpe"); c != "" {
		a.CPEs = []string{c}
	}
	purls := r.texts(h, "purls") // CSAF 2.1 3.1.3.3.3
	if one := r.text(h, "purl"); one != "" {
		purls = append([]string{one}, purls...)
	}
	for i, purl := range purls {
		if i > 0 {
			a.URIs = append(a.URIs, "purl "+purl)
			continue
		}
		var version string
		if a.PURL, version = splitPURL(purl); version != "" {
			a.Versions = []string{version}
		}
	}
	a.Models = r.texts(h, "model_numbers")
	a.Serials = r.texts(h, "serial_numbers")
	a.SKUs = r.texts(h, "skus")
	for _, file := range r.objects(h, "hashes") {
		for _, sum := range r.objects(file, "file_hashes") {
			a.Hashes = append(a.Hashes, strings.ToLower(r.text(sum, "algorithm")+":"+r.text(sum, "value")))
		}
	}
	for _, u := range r.objects(h, "x_generic_uris") {
		a.URIs = append(a.URIs, strings.TrimSpace(r.text(u, "namespace")+" "+r.text(u, "uri")))
	}
	for _, u := range r.texts(h, "sbom_urls") {
		a.URIs = append(a.URIs, "sbom "+u)
	}
	return a
}

// splitPURL takes the version out of a package URL; what cannot be unescaped stays as written.
func splitPURL(purl string) (without, version string) {
	rest := ""
	path := purl
	if i := strings.IndexAny(purl, "?#"); i >= 0 {
		path, rest = purl[:i], purl[i:]
	}
	at := strings.LastIndexByte(path, '@')
	if at <= strings.LastIndexByte(path, '/') {
		return purl, ""
	}
	version = path[at+1:]
	if v, err := url.PathUnescape(version); err == nil {
		version = v
	}
	return path[:at] + rest, version
}

// relationships joins products (CSAF 2.0 3.2.2.4). A relationship may refer to one that the document defines later, so
// they are resolved by need; a circle (test 6.1.3) leaves the name alone.
func (r *csafReader) relationships(list []*jsontree.Value) {
	pending := map[string]*jsontree.Value{}
	var ids []string
	for _, rel := range list {
		p := r.want(rel, "full_product_name", jsontree.Object)
		if p == nil {
			r.fault(rel, "has no full_product_name")
			continue
		}
		id := r.text(p, "product_id")
		if _, twice := pending[id]; twice || r.products[id] != nil {
			continue
		}
		pending[id] = rel
		ids = append(ids, id)
	}
	for _, id := range ids {
		r.resolve(id, pending, 0)
	}
}

// csafMaxChain is how many relationships may build on one another; real documents use two.
const csafMaxChain = 16

func (r *csafReader) resolve(id string, pending map[string]*jsontree.Value, depth int) *Affected {
	if p := r.products[id]; p != nil {
		return p
	}
	rel := pending[id]
	if rel == nil || depth > csafMaxChain {
		return nil
	}
	delete(pending, id) // a circle finds nothing here
	full := r.want(rel, "full_product_name", jsontree.Object)
	own := r.named(full)
	part := r.resolve(r.text(rel, "product_reference"), pending, depth+1)
	base := r.resolve(r.text(rel, "relates_to_product_reference"), pending, depth+1)
	if part == nil || base == nil || part.chain()+base.chain() > csafMaxChain {
		r.define(full, own)
		return own
	}
	joined := *part
	joined.ProductID = id
	joined.Names = join(own.Names, part.Names)
	joined.CPEs = join(own.CPEs, part.CPEs)
	joined.Models = join(own.Models, part.Models)
	joined.Serials = join(own.Serials, part.Serials)
	joined.SKUs = join(own.SKUs, part.SKUs)
	joined.Hashes = join(own.Hashes, part.Hashes)
	joined.URIs = join(own.URIs, part.URIs)
	if own.PURL != "" {
		joined.PURL = own.PURL
		if len(own.Versions) > 0 {
			joined.Versions, joined.VersionText = own.Versions, nil
		}
	}
	joined.RunsOn, joined.Relation = under(part, base, r.text(rel, "category"))
	r.define(full, &joined)
	return r.products[id]
}

// chain is how many products a stands on, itself included.
func (a *Affected) chain() int {
	n := 0
	for ; a != nil; a = a.RunsOn {
		n++
	}
	return n
}

// under puts base below what part already runs on.
func under(part, base *Affected, relation string) (*Affected, string) {
	if part.RunsOn == nil {
		return base, relation
	}
	lower := *part.RunsOn
	lower.RunsOn, lower.Relation = under(part.RunsOn, base, relation)
	return &lower, part.Relation
}

func join(a, b []string) []string {
	if len(a) == 0 {
		return b
	}
	out := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
