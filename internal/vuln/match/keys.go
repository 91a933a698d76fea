package match

import (
	"slices"

	"triward/internal/advisory"
	"triward/internal/cpe"
	"triward/internal/vuln/naming"
)

// The keys of the inverted index. Manufacturers stand under their built-in ids, so that records keep their keys when a
// user adds names; the asset's side adds the keys of all names.
//
//	vendor:<id>                    manufacturer of a CSAF or CVE product name; assets: of the device and of its facts
//	name:<bare name>               product name in CSAF and CVE; assets: of facts, and of components without identifier
//	purl:<type>/<namespace>/<name> package
//	cpe:<part>:<vendor>:<product>  vulnerable CPE criterion, vendor and product in bare form
//	cpe:*                          a criterion without product, asked for every asset
//	word:<word>                    word or model number of a CSAF product name; assets: of a device without manufacturer
//	model:<bare number>            model, part, serial or order number given as an identifier, for products without manufacturer

// AssetKeys are the keys under which records that could concern an asset are found, sorted. names may be nil.
func AssetKeys(a Asset, names *naming.Names) []string { return slices.Clone(Prepare(a, names).Keys()) }

// Keys are the keys of the asset, sorted.
func (p *Prepared) Keys() []string { return p.keys }

// index fills the lookups of an asset and its keys.
func (p *Prepared) index() {
	seen := map[string]bool{"cpe:*": true}
	for i := range p.subjects {
		s := &p.subjects[i]
		if s.kind != aComponent {
			for _, id := range s.Makers {
				p.byMaker[id] = append(p.byMaker[id], i)
				seen["vendor:"+id] = true
			}
			if len(s.Makers) == 0 && s.kind == theDevice {
				for _, name := range s.Names {
					for _, w := range keyWords(name) {
						p.byWord = append(p.byWord, w)
						seen["word:"+w] = true
					}
				}
			}
			for _, c := range s.Codes {
				seen["model:"+c] = true
			}
		}
		for _, b := range s.Bare {
			if b != "" {
				p.byName[b] = append(p.byName[b], i)
				seen["name:"+b] = true
			}
		}
		if s.purl.key != "" {
			p.byPURL[s.purl.key] = append(p.byPURL[s.purl.key], i)
			seen["purl:"+s.purl.key] = true
		}
		for j := range s.cpes {
			for _, k := range cpeKeys(&s.cpes[j], p.names) {
				if l := p.byCPE[k]; len(l) == 0 || l[len(l)-1] != i {
					p.byCPE[k] = append(l, i)
				}
				seen["cpe:"+k] = true
			}
		}
	}
	p.keys = make([]string, 0, len(seen))
	for k := range seen {
		p.keys = append(p.keys, k)
	}
	slices.Sort(p.keys)
}

// cpeKeys are the index keys of a CPE name: its part, and vendor and product in bare form, the vendor under its id and
// under the ids that names add.
func cpeKeys(n *cpe.Name, names *naming.Names) []string {
	k, ok := n.Key()
	if !ok {
		return nil
	}
	product := naming.Bare(k.Product)
	ids := []string{naming.MakerID(k.Vendor)}
	if names != nil {
		for _, id := range names.Same(ids[0]) {
			if id != ids[0] {
				ids = append(ids, id)
			}
		}
	}
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = k.Part + ":" + id + ":" + product
	}
	return out
}

// RecordKeys are the keys of a record, sorted. A withdrawn record has none.
func RecordKeys(r advisory.Record) []string {
	if r.Withdrawn {
		return nil
	}
	seen := map[string]bool{}
	for i := range r.Vulns {
		v := &r.Vulns[i]
		for j := range v.Affected {
			if a := &v.Affected[j]; r.Source == advisory.CSAF {
				for _, w := range keyWords(naming.Atoms(a.Product)) {
					seen["word:"+w] = true
				}
			}
			for a := &v.Affected[j]; a != nil; a = a.RunsOn {
				affectedKeys(a, seen)
			}
		}
		for j := range v.Configs {
			for k := range v.Configs[j].Nodes {
				nodeKeys(&v.Configs[j].Nodes[k], seen)
			}
		}
	}
	out := make([]string, 0, len(seen))
	for k := range seen {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func affectedKeys(a *advisory.Affected, seen map[string]bool) {
	makers := naming.Makers(a.Vendor)
	for _, id := range makers {
		seen["vendor:"+id] = true
	}
	for _, b := range bareNames(a, makers) {
		seen["name:"+b] = true
	}
	if k := affectedPackage(a).key; k != "" {
		seen["purl:"+k] = true
	}
	for _, text := range a.CPEs {
		n, err := cpe.Parse(text)
		if err != nil {
			continue
		}
		for _, k := range cpeKeys(&n, nil) {
			seen["cpe:"+k] = true
		}
	}
	for _, list := range [...][]string{a.Models, a.SKUs} {
		for _, m := range list {
			if b := naming.Bare(m); b != "" {
				seen["model:"+b] = true
			}
		}
	}
}

// bareNames are the forms in which a published product name is found without a manufacturer.
func bareNames(a *advisory.Affected, makers []string) []string {
	var out []string
	for _, text := range append([]string{a.Product, a.Package}, a.Names...) {
		if b := naming.Bare(text); b != "" && len(b) <= naming.MaxLength && !slices.Contains(out, b) {
			out = append(out, b)
		}
	}
	if len(makers) > 0 && a.Product != "" {
		if b := naming.Joined(naming.DropMaker(naming.Atoms(a.Product), makers)); b != "" && !slices.Contains(out, b) {
			out = append(out, b)
		}
	}
	return out
}

// affectedPackage is the package that a statement names.
func affectedPackage(a *advisory.Affected) purlName {
	if p, ok := parsePURL(a.PURL); ok {
		if a.Ecosystem != "" {
			if k, scheme := ecosystemKey(a.Ecosystem, a.Package); k != "" {
				p.scheme = scheme
			}
		}
		return p
	}
	k, scheme := ecosystemKey(a.Ecosystem, a.Package)
	return purlName{key: k, scheme: scheme}
}

func nodeKeys(n *advisory.Node, seen map[string]bool) {
	for i := range n.Matches {
		m := &n.Matches[i]
		if !m.Vulnerable {
			continue
		}
		name, err := cpe.Parse(m.Criteria)
		if err != nil {
			continue
		}
		keys := cpeKeys(&name, nil)
		if keys == nil {
			seen["cpe:*"] = true
		}
		for _, k := range keys {
			seen["cpe:"+k] = true
		}
	}
	for i := range n.Children {
		nodeKeys(&n.Children[i], seen)
	}
}

// keyWords are the words of a name by which a product is found when its manufacturer is not recorded.
func keyWords(name []naming.Atom) []string {
	var out []string
	for _, sl := range naming.PhraseOf(name) {
		if t := &sl[0]; t.Class == naming.Brand && len(t.Text) >= 4 || t.Class == naming.Number && t.Strong() {
			out = append(out, t.Text)
		}
	}
	return out
}
