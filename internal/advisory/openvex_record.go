package advisory

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Record turns the document into the shape that all readers fill. Where several statements speak of one vulnerability in one
// product, the latest counts ("Updating Statements with Inherited Data"). A statement about a component of a product
// becomes an Affected of the component that RunsOn the product.
func (doc OpenVEXDocument) Record() Record {
	rec := Record{
		Source:    OpenVEX,
		ID:        doc.ID,
		Publisher: doc.Author,
		Published: doc.Timestamp,
		Modified:  doc.Timestamp,
	}
	if doc.Updated.After(rec.Modified) {
		rec.Modified = doc.Updated
	}
	if strings.HasPrefix(doc.ID, "https://") {
		rec.URL = doc.ID
	}
	if doc.Version > 0 {
		rec.Revision = strconv.Itoa(doc.Version)
	}
	at := map[string]int{}    // vulnerability id to its place in rec.Vulns
	seen := map[string]bool{} // vulnerability and product with a later statement
	order := doc.byTime()
	for _, i := range slices.Backward(order) { // the latest first: earlier ones only add what is not said yet
		s := &doc.Statements[i]
		id, aliases := vexIdentity(s.Vulnerability)
		n, ok := at[id]
		if !ok {
			n = len(rec.Vulns)
			at[id] = n
			rec.Vulns = append(rec.Vulns, Vulnerability{ID: id, Description: s.Vulnerability.Description})
		}
		v := &rec.Vulns[n]
		v.Aliases = sortedSet(append(v.Aliases, aliases...))
		said := false
		for j, a := range s.affected() {
			key := id + "\x00" + a.key()
			if seen[key] {
				continue
			}
			seen[key] = true
			a.Place = "/statements/" + strconv.Itoa(i) + "/products/" + strconv.Itoa(j)
			v.Affected = append(v.Affected, a.Affected)
			said = true
		}
		if said && s.ActionStatement != "" {
			v.Remedies = append(v.Remedies, Remedy{Category: "mitigation", Details: s.ActionStatement, Date: s.ActionTimestamp})
		}
	}
	slices.SortStableFunc(rec.Vulns, func(a, b Vulnerability) int { return strings.Compare(a.ID, b.ID) })
	return rec
}

// byTime is the order of the statements in time; a statement without a time has the document's.
func (doc OpenVEXDocument) byTime() []int {
	when := func(s OpenVEXStatement) time.Time {
		switch {
		case !s.Updated.IsZero():
			return s.Updated
		case !s.Timestamp.IsZero():
			return s.Timestamp
		}
		return doc.Timestamp
	}
	order := make([]int, len(doc.Statements))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return when(doc.Statements[a]).Compare(when(doc.Statements[b])) })
	return order
}

func vexIdentity(v OpenVEXVulnerability) (id string, aliases []string) {
	own := v.Name
	if own == "" {
		own = v.ID
	}
	return osvIdentity(own, slices.Clone(v.Aliases), nil)
}

// vexAffected is one Affected of a statement; several may come from one product.
type vexAffected struct{ Affected }

func (a vexAffected) key() string {
	k := identityKey(a.Affected)
	if a.RunsOn != nil {
		k += "\x00in\x00" + identityKey(*a.RunsOn)
	}
	return k
}

func identityKey(a Affected) string {
	parts := slices.Concat([]string{a.PURL}, a.Names, a.CPEs, a.Hashes, a.Versions)
	return strings.Join(parts, "\x00")
}

func (s *OpenVEXStatement) affected() []vexAffected {
	var out []vexAffected
	for _, p := range s.Products {
		product := s.component(p.OpenVEXComponent)
		if len(p.Subcomponents) == 0 {
			out = append(out, vexAffected{product})
			continue
		}
		for _, sub := range p.Subcomponents {
			a, on := s.component(sub), product
			a.RunsOn, a.Relation = &on, "default_component_of"
			out = append(out, vexAffected{a})
		}
	}
	return out
}

// component fills the identifying fields of an Affected. A version in a package URL makes the statement one about this
// version; without one it is about every version.
func (s *OpenVEXStatement) component(c OpenVEXComponent) Affected {
	a := Affected{Status: s.Status, Vendor: c.Supplier, Justification: s.Justification, Note: s.note()}
	add := func(id string) {
		switch {
		case strings.HasPrefix(id, "pkg:"):
			purl, version := splitPURL(id)
			if a.PURL == "" {
				a.PURL = purl
			} else if a.PURL != purl {
				a.Names = append(a.Names, id)
			}
			if version != "" && !slices.Contains(a.Versions, version) {
				a.Versions = append(a.Versions, version)
			}
		case strings.HasPrefix(id, "cpe:"):
			if !slices.Contains(a.CPEs, id) {
				a.CPEs = append(a.CPEs, id)
			}
		case id != "" && !slices.Contains(a.Names, id):
			a.Names = append(a.Names, id)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(c.Identifiers)) {
		add(c.Identifiers[kind])
	}
	add(c.ID)
	for _, algorithm := range slices.Sorted(maps.Keys(c.Hashes)) {
		a.Hashes = append(a.Hashes, hashName(algorithm)+":"+strings.ToLower(c.Hashes[algorithm]))
	}
	a.All = len(a.Versions) == 0 && len(a.Hashes) == 0 && a.PURL != ""
	return a
}

func (s *OpenVEXStatement) note() string {
	var parts []string
	for _, p := range []string{s.ImpactStatement, s.Notes} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, "\n\n")
}

// hashName spells the algorithm names of IANA ("sha-256", "sha3-512") as the other readers do ("sha256", "sha3-512").
func hashName(s string) string {
	s = strings.ToLower(s)
	if rest, ok := strings.CutPrefix(s, "sha-"); ok {
		return "sha" + rest
	}
	return s
}
