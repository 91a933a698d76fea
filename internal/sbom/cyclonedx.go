package sbom

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"triward/internal/sbom/conform"
)

// readCycloneDX decodes with the CycloneDX library and takes the facts.
func readCycloneDX(s *source) (Document, error) {
	bom, err := decodeCycloneDX(s)
	if err != nil {
		return Document{}, err
	}
	r := cdxReader{limit: s.limits.Components, taken: map[string]bool{}}
	r.document(bom)
	r.untaken(s.tree)
	if r.over {
		return Document{}, fmt.Errorf("more than the %d components allowed", s.limits.Components)
	}
	r.doc.Notes = r.notes.list()
	return r.doc, nil
}

// decodeCycloneDX decodes the parts that become facts into the library's types. The other parts are left alone, so that
// a slip in a declaration of conformance does not keep the components from being read.
func decodeCycloneDX(s *source) (*cdx.BOM, error) {
	var bom cdx.BOM
	if s.format == CycloneDXXML {
		err := cdx.NewBOMDecoder(bytes.NewReader(withoutDeclaration(s.body)), cdx.BOMFileFormatXML).Decode(&bom)
		return &bom, err
	}
	var part struct {
		SerialNumber    string               `json:"serialNumber"`
		Version         int                  `json:"version"`
		Metadata        *cdx.Metadata        `json:"metadata"`
		Components      *[]cdx.Component     `json:"components"`
		Services        *[]cdx.Service       `json:"services"`
		Dependencies    *[]cdx.Dependency    `json:"dependencies"`
		Compositions    *[]cdx.Composition   `json:"compositions"`
		Properties      *[]cdx.Property      `json:"properties"`
		Vulnerabilities *[]cdx.Vulnerability `json:"vulnerabilities"`
	}
	if err := json.Unmarshal(s.body, &part); err != nil {
		return nil, err
	}
	bom = cdx.BOM{
		SerialNumber: part.SerialNumber, Version: part.Version, Metadata: part.Metadata, Components: part.Components,
		Services: part.Services, Dependencies: part.Dependencies, Compositions: part.Compositions,
		Properties: part.Properties, Vulnerabilities: part.Vulnerabilities,
	}
	return &bom, nil
}

// untaken notes the parts of the document that have no place in a Document.
func (r *cdxReader) untaken(tree *conform.Node) {
	for _, p := range []struct{ name, text string }{
		{"annotations", "annotations are not kept"},
		{"formulation", "how the product was built (formulation) is not kept"},
		{"externalReferences", "external references of the document are not kept"},
		{"citations", "citations are not kept"},
		{"declarations", "declarations of conformance are not kept"},
		{"definitions", "definitions of standards and patents are not kept"},
		{"signature", "the signature is not verified"},
		{"Signature", "the signature is not verified"},
	} {
		if n := tree.Get(p.name); n != nil {
			count := n.Len()
			if n.Kind() == conform.Object || p.name == "declarations" || p.name == "definitions" || p.name == "Signature" {
				count = 1
			}
			r.notes.left("/"+p.name, p.text, count)
		}
	}
}

// withoutDeclaration cuts the XML declaration, whose encoding was checked already, so that the library reads the
// UTF-8 bytes as such also when they are declared as ASCII.
func withoutDeclaration(b []byte) []byte {
	t := bytes.TrimLeft(b, " \t\r\n")
	if !bytes.HasPrefix(t, []byte("<?xml")) {
		return b
	}
	if end := bytes.Index(t, []byte("?>")); end >= 0 {
		return t[end+2:]
	}
	return b
}

// cdxReader collects the facts of one BOM.
type cdxReader struct {
	doc   Document
	notes tally
	limit int
	over  bool
	taken map[string]bool // refs in use
	made  int             // refs made up so far
}

func (r *cdxReader) document(bom *cdx.BOM) {
	d := &r.doc
	d.Components = []Component{}
	d.Serial = bom.SerialNumber
	if bom.Version != 0 {
		d.Version = strconv.Itoa(bom.Version)
	}
	if m := bom.Metadata; m != nil {
		r.metadata(m)
	}
	if bom.Components != nil {
		r.components("", "/components", *bom.Components)
	}
	if bom.Services != nil {
		r.services("", *bom.Services)
	}
	if bom.Dependencies != nil {
		for _, dep := range *bom.Dependencies {
			d.Dependencies = append(d.Dependencies, Dependency{Ref: dep.Ref, On: all(dep.Dependencies), Kind: "depends_on"})
			if dep.Provides != nil {
				d.Dependencies = append(d.Dependencies, Dependency{Ref: dep.Ref, On: *dep.Provides, Kind: "provides"})
			}
		}
	}
	for i, c := range all(bom.Compositions) {
		r.composition(i, c)
	}
	for _, v := range all(bom.Vulnerabilities) {
		d.Weaknesses = append(d.Weaknesses, r.weakness(v))
	}
	d.Properties = properties(bom.Properties)
}

func (r *cdxReader) metadata(m *cdx.Metadata) {
	d := &r.doc
	d.CreatedText, d.Created = m.Timestamp, moment(m.Timestamp)
	for _, l := range all(m.Lifecycles) {
		d.Lifecycles = append(d.Lifecycles, string(l.Phase)+l.Name)
	}
	d.Tools = tools(m.Tools)
	for _, a := range all(m.Authors) {
		d.Authors = append(d.Authors, contact(a))
	}
	maker := m.Manufacturer
	if maker == nil {
		maker = m.Manufacture
	}
	// CycloneDX 1.2-1.7 metadata/manufacture(r): the organisation that made the BOM, hence an author of it.
	if name := entity(maker); name != "" && len(d.Authors) == 0 {
		d.Authors = append(d.Authors, name)
	}
	d.Supplier = entity(m.Supplier)
	d.Licences = licences(m.Licenses)
	d.Properties = properties(m.Properties)
	if m.Component != nil {
		r.components("", "/metadata/component", []cdx.Component{*m.Component})
		root := d.Components[0]
		if root.Supplier == "" {
			root.Supplier = d.Supplier
		}
		d.Root, d.Name, d.Product, d.Components = root.Ref, root.Name, &root, d.Components[1:]
	}
	r.notes.flag(leftOut{"/metadata/distributionConstraints", "distribution constraints (TLP) are not kept", m.DistributionConstraints != nil})
}

func (r *cdxReader) components(parent, path string, list []cdx.Component) {
	for i := range list {
		if len(r.doc.Components) >= r.limit {
			r.over = true
			return
		}
		c := &list[i]
		ref := r.ref(c.BOMRef)
		r.doc.Components = append(r.doc.Components, r.component(ref, parent, c))
		if c.Components != nil {
			r.components(ref, path, *c.Components)
		}
	}
}

// ref keeps a reference that the file gives and makes one up where it gives none or gives it twice.
func (r *cdxReader) ref(given string) string {
	if given != "" && !r.taken[given] {
		r.taken[given] = true
		return given
	}
	for {
		r.made++
		made := "#" + strconv.Itoa(r.made)
		if given != "" {
			made = given + made
		}
		if !r.taken[made] {
			r.taken[made] = true
			if given != "" {
				r.notes.left("/components", "bom-refs that were in use already were given a number", 1)
			}
			return made
		}
	}
}

func (r *cdxReader) component(ref, parent string, c *cdx.Component) Component {
	out := Component{
		Ref: ref, Parent: parent, Type: strings.ToLower(string(c.Type)), Group: c.Group, Name: c.Name, Version: c.Version,
		Description: c.Description, Scope: string(c.Scope), PURL: strings.TrimSpace(c.PackageURL), Copyright: c.Copyright,
		Hashes: hashes(c.Hashes), Licences: licences(c.Licenses), Properties: properties(c.Properties),
		VersionRange: c.VersionRange, External: c.IsExternal != nil && *c.IsExternal,
	}
	// Who provides it: CycloneDX supplier, else manufacturer, else publisher. The author is somebody else.
	for _, s := range []string{entity(c.Supplier), entity(c.Manufacturer), c.Publisher} {
		if out.Supplier == "" {
			out.Supplier = strings.TrimSpace(s)
		}
	}
	out.Author = c.Author
	for _, a := range all(c.Authors) {
		if out.Author == "" {
			out.Author = contact(a)
		}
	}
	if cpe := strings.TrimSpace(c.CPE); cpe != "" {
		out.CPEs = []string{cpe}
	}
	if c.SWID != nil {
		out.SWID = c.SWID.TagID
	}
	out.OtherIDs = append(out.OtherIDs, all(c.OmniborID)...)
	out.OtherIDs = append(out.OtherIDs, all(c.SWHID)...)
	for _, l := range all(c.ExternalReferences) {
		out.Links = append(out.Links, Link{Type: string(l.Type), URL: l.URL})
	}
	if c.Evidence != nil {
		r.evidence(&out, c.Evidence)
	}
	if c.ReleaseNotes != nil {
		out.Released = c.ReleaseNotes.Timestamp
	}
	out.Support = support(out.Properties)
	r.notes.flag(leftOut{"/components/*/pedigree", "ancestry, commits and patches of components (pedigree) are not kept", c.Pedigree != nil})
	r.notes.flag(leftOut{"/components/*/modelCard", "model cards are not kept", c.ModelCard != nil})
	r.notes.flag(leftOut{"/components/*/data", "descriptions of data are not kept", c.Data != nil})
	r.notes.flag(leftOut{"/components/*/cryptoProperties", "cryptographic properties are not kept", c.CryptoProperties != nil})
	r.notes.flag(leftOut{"/components/*/patentAssertions", "patent assertions are not kept", c.PatentAssertions != nil})
	r.notes.flag(leftOut{"/components/*/tags", "tags are not kept", c.Tags != nil})
	r.notes.flag(leftOut{"/components/*/signature", "signatures of components are not verified", c.Signature != nil})
	r.notes.flag(leftOut{"/components/*/releaseNotes", "release notes are kept only as a date", c.ReleaseNotes != nil})
	return out
}

// evidence takes the identifiers that a scanner concluded where the component itself has none.
func (r *cdxReader) evidence(out *Component, e *cdx.Evidence) {
	if e.Identity != nil {
		for _, id := range all(e.Identity.Identities) {
			switch v := strings.TrimSpace(id.ConcludedValue); {
			case v == "":
			case id.Field == cdx.EvidenceIdentityFieldTypePURL && v != out.PURL:
				out.PURLs = append(out.PURLs, v)
			case id.Field == cdx.EvidenceIdentityFieldTypeCPE && !has(out.CPEs, v):
				out.CPEs = append(out.CPEs, v)
			}
		}
	}
	if len(out.Licences) == 0 {
		out.Licences = licences(e.Licenses)
	}
	r.notes.flag(leftOut{"/components/*/evidence", "evidence (occurrences, call stacks, methods) is kept only as identifiers and licences",
		e.Occurrences != nil || e.Callstack != nil || e.Copyright != nil || e.Identity != nil})
}

func (r *cdxReader) services(parent string, list []cdx.Service) {
	for i := range list {
		s := &list[i]
		ref := r.ref(s.BOMRef)
		r.doc.Services = append(r.doc.Services, Service{
			Ref: ref, Parent: parent, Group: s.Group, Name: s.Name, Version: s.Version, Provider: entity(s.Provider), Endpoints: all(s.Endpoints),
		})
		r.notes.flag(leftOut{"/services/*/data", "data flows of services are not kept", s.Data != nil})
		if s.Services != nil {
			r.services(ref, *s.Services)
		}
	}
}

func (r *cdxReader) composition(i int, c cdx.Composition) {
	said := false
	for _, part := range []struct {
		about string
		refs  *[]cdx.BOMReference
	}{{"assemblies", c.Assemblies}, {"dependencies", c.Dependencies}, {"vulnerabilities", c.Vulnerabilities}} {
		if part.refs == nil {
			continue
		}
		said = true
		claim := Claim{State: string(c.Aggregate), About: part.about, Cause: fmt.Sprintf("/compositions/%d", i)}
		for _, ref := range *part.refs {
			claim.Refs = append(claim.Refs, string(ref))
		}
		r.doc.Completeness = append(r.doc.Completeness, claim)
	}
	if !said {
		r.doc.Completeness = append(r.doc.Completeness, Claim{State: string(c.Aggregate), About: "document", Cause: fmt.Sprintf("/compositions/%d", i)})
	}
}

func (r *cdxReader) weakness(v cdx.Vulnerability) Weakness {
	w := Weakness{
		ID: v.ID, Description: v.Description, Recommendation: v.Recommendation, CWEs: all(v.CWEs),
		Created: moment(v.Created), Updated: moment(v.Updated),
	}
	if w.Created.IsZero() {
		w.Created = moment(v.Published)
	}
	if v.Source != nil {
		w.Source = first(v.Source.Name, v.Source.URL)
	}
	for _, ref := range all(v.References) {
		if ref.ID != "" && ref.ID != v.ID {
			w.Aliases = append(w.Aliases, ref.ID)
		}
	}
	for _, g := range all(v.Ratings) {
		out := Rating{Method: string(g.Method), Severity: string(g.Severity), Vector: g.Vector}
		if g.Score != nil {
			out.Score = *g.Score
		}
		if g.Source != nil {
			out.Source = first(g.Source.Name, g.Source.URL)
		}
		w.Ratings = append(w.Ratings, out)
	}
	if a := v.Analysis; a != nil {
		w.State, w.Justification, w.Detail = string(a.State), string(a.Justification), a.Detail
		for _, resp := range all(a.Response) {
			w.Response = append(w.Response, string(resp))
		}
		if t := moment(a.LastUpdated); t.After(w.Updated) {
			w.Updated = t
		}
	}
	for _, a := range all(v.Affects) {
		if a.Range == nil || len(*a.Range) == 0 {
			w.Affects = append(w.Affects, Affect{Ref: a.Ref})
			continue
		}
		for _, g := range *a.Range {
			w.Affects = append(w.Affects, Affect{Ref: a.Ref, Version: g.Version, Range: g.Range, Status: string(g.Status)})
		}
	}
	r.notes.flag(leftOut{"/vulnerabilities/*/proofOfConcept", "proofs of concept are not kept", v.ProofOfConcept != nil})
	r.notes.flag(leftOut{"/vulnerabilities/*/credits", "credits of vulnerabilities are not kept", v.Credits != nil})
	r.notes.flag(leftOut{"/vulnerabilities/*/rejected", "the date of rejection is not kept", v.Rejected != ""})
	r.notes.flag(leftOut{"/vulnerabilities/*/detail", "long descriptions, workarounds, advisories and properties of vulnerabilities are not kept",
		v.Detail != "" || v.Workaround != "" || v.Advisories != nil || v.Properties != nil})
	return w
}
