package sbom

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx"
	"github.com/spdx/tools-golang/spdx/v2/common"
	"github.com/spdx/tools-golang/tagvalue"

	"triward/internal/sbom/conform"
)

// readSPDX2 decodes with the SPDX project's library, which lifts 2.1 and 2.2 to its 2.3 model, and takes the facts.
func readSPDX2(s *source) (Document, error) {
	decode := spdxjson.Read
	if s.format == SPDXTagValue {
		decode = tagvalue.Read
	}
	in, err := guarded(func() (*spdx.Document, error) { return decode(bytes.NewReader(s.body)) })
	if err != nil {
		return Document{}, err
	}
	r := spdxReader{in: in, at: map[string]int{}}
	if n := len(in.Packages) + len(in.Files); n > s.limits.Components {
		return Document{}, fmt.Errorf("%d packages and files, more than the %d allowed", n, s.limits.Components)
	}
	r.document()
	if r.doc.Name == "" && s.format == SPDXJSON {
		r.doc.Name = s.tree.Get("name").Str()
	}
	r.doc.Notes = r.notes.list()
	return r.doc, nil
}

// guarded turns a panic of a decoder that is not ours into an error: its input is whatever a user uploads.
func guarded(decode func() (*spdx.Document, error)) (d *spdx.Document, err error) {
	defer func() {
		if r := recover(); r != nil {
			d, err = nil, fmt.Errorf("the document has a shape that the SPDX decoder cannot take: %v", r)
		}
	}()
	d, err = decode()
	if err == nil && d == nil {
		err = errors.New("the document is empty")
	}
	return d, err
}

type spdxReader struct {
	in    *spdx.Document
	doc   Document
	notes tally
	at    map[string]int // ref to place in doc.Components
}

func (r *spdxReader) document() {
	d, in := &r.doc, r.in
	d.Components = []Component{}
	d.Serial, d.Name = in.DocumentNamespace, in.DocumentName
	if c := in.CreationInfo; c != nil {
		d.CreatedText, d.Created = c.Created, moment(c.Created)
		for _, who := range c.Creators {
			switch name := strings.TrimSpace(who.Creator); {
			case name == "" || name == "()":
			case strings.EqualFold(who.CreatorType, "Tool"):
				d.Tools = append(d.Tools, name)
			default:
				d.Authors = append(d.Authors, party(name))
			}
		}
		if c.CreatorComment != "" {
			d.Properties = append(d.Properties, Property{Name: "spdx:creatorComment", Value: c.CreatorComment})
		}
	}
	if in.DocumentComment != "" {
		d.Properties = append(d.Properties, Property{Name: "spdx:comment", Value: in.DocumentComment})
	}
	for _, p := range in.Packages {
		if p != nil {
			r.add(r.pkg(p))
		}
	}
	files := in.Files
	for _, p := range in.Packages {
		if p != nil {
			files = append(files, p.Files...)
		}
	}
	for _, f := range files {
		if f != nil {
			r.add(r.file(f))
		}
	}
	for i, p := range in.Packages {
		if p == nil {
			continue
		}
		for _, f := range p.Files { // tag-value: files stand below their package
			if f != nil {
				r.parent(render(f.FileSPDXIdentifier), render(in.Packages[i].PackageSPDXIdentifier))
			}
		}
	}
	r.relationships()
	r.notes.left("/snippets", "snippets are not kept", len(in.Snippets))
	r.notes.left("/annotations", "annotations are not kept", len(in.Annotations))
	r.notes.left("/hasExtractedLicensingInfos", "texts of licences outside the SPDX list are kept only by reference", len(in.OtherLicenses))
	r.notes.left("/externalDocumentRefs", "referenced documents are not followed", len(in.ExternalDocumentReferences))
	r.notes.left("/revieweds", "reviews are not kept", len(in.Reviews))
}

func (r *spdxReader) add(c Component) {
	if _, twice := r.at[c.Ref]; twice || c.Ref == "" || c.Ref == "SPDXRef-" {
		was := c.Ref
		for n := len(r.doc.Components); ; n++ {
			c.Ref = fmt.Sprintf("%s#%d", was, n)
			if _, taken := r.at[c.Ref]; !taken {
				break
			}
		}
		r.notes.left("/packages", "SPDX ids that were missing or in use already were given a number", 1)
	}
	r.at[c.Ref] = len(r.doc.Components)
	r.doc.Components = append(r.doc.Components, c)
}

func render(id common.ElementID) string { return common.RenderElementID(id) }

func (r *spdxReader) pkg(p *spdx.Package) Component {
	c := Component{
		Ref: render(p.PackageSPDXIdentifier), Type: strings.ToLower(p.PrimaryPackagePurpose), Name: p.PackageName,
		Version: p.PackageVersion, Copyright: asserted(p.PackageCopyrightText), Description: first(p.PackageSummary, p.PackageDescription),
		Hashes: checksums(p.PackageChecksums), Released: first(p.ReleaseDate, p.BuiltDate),
	}
	if p.PackageSupplier != nil {
		c.Supplier = party(asserted(p.PackageSupplier.Supplier))
	}
	if p.PackageOriginator != nil {
		c.Author = party(asserted(p.PackageOriginator.Originator))
	}
	c.Licences = spdxLicences(p.PackageLicenseConcluded, p.PackageLicenseDeclared)
	for _, x := range p.PackageExternalReferences {
		if x != nil {
			r.reference(&c, x)
		}
	}
	if u := asserted(p.PackageDownloadLocation); u != "" {
		c.Links = append(c.Links, Link{Type: "distribution", URL: u})
	}
	if u := asserted(p.PackageHomePage); u != "" {
		c.Links = append(c.Links, Link{Type: "website", URL: u})
	}
	if p.ValidUntilDate != "" {
		// SPDX 2.3 7.27: the date after which the package may no longer be supported.
		c.Support.EndOfSupport = p.ValidUntilDate
		c.Support.Milestones = []Milestone{{Name: "validUntil", Text: p.ValidUntilDate, Date: moment(p.ValidUntilDate), Source: "validUntilDate"}}
	}
	for _, f := range []Property{{"spdx:fileName", p.PackageFileName}, {"spdx:sourceInfo", p.PackageSourceInfo}, {"spdx:comment", p.PackageComment}} {
		if f.Value != "" {
			c.Properties = append(c.Properties, f)
		}
	}
	r.notes.flag(leftOut{"/packages/*/annotations", "annotations of packages are not kept", len(p.Annotations) > 0})
	r.notes.flag(leftOut{"/packages/*/attributionTexts", "attribution texts are not kept", len(p.PackageAttributionTexts) > 0})
	r.notes.flag(leftOut{"/packages/*/packageVerificationCode", "package verification codes are not kept", p.PackageVerificationCode != nil && p.PackageVerificationCode.Value != ""})
	return c
}

// reference sorts an external reference (SPDX 2.3 annex F) into identifiers and links.
func (r *spdxReader) reference(c *Component, x *spdx.PackageExternalReference) {
	locator := strings.TrimSpace(x.Locator)
	switch strings.ToLower(x.RefType) {
	case "purl":
		if c.PURL == "" {
			c.PURL = locator
		} else if c.PURL != locator {
			c.PURLs = append(c.PURLs, locator)
		}
	case "cpe22type", "cpe23type":
		c.CPEs = append(c.CPEs, locator)
	case "swid":
		c.SWID = locator
	case "swh", "gitoid":
		c.OtherIDs = append(c.OtherIDs, locator)
	default:
		c.Links = append(c.Links, Link{Type: first(x.RefType, x.Category), URL: locator})
	}
}

func (r *spdxReader) file(f *spdx.File) Component {
	c := Component{
		Ref: render(f.FileSPDXIdentifier), Type: "file", Name: f.FileName, Copyright: asserted(f.FileCopyrightText),
		Hashes: checksums(f.Checksums),
	}
	var found []string
	for _, l := range f.LicenseInfoInFiles {
		if l = asserted(l); l != "" {
			found = append(found, l)
		}
	}
	c.Licences = spdxLicences(f.LicenseConcluded, strings.Join(found, " AND "))
	if f.FileComment != "" {
		c.Properties = append(c.Properties, Property{Name: "spdx:comment", Value: f.FileComment})
	}
	r.notes.flag(leftOut{"/files/*/annotations", "annotations of files are not kept", len(f.Annotations) > 0})
	r.notes.flag(leftOut{"/files/*/snippets", "snippets are not kept", len(f.Snippets) > 0})
	r.notes.flag(leftOut{"/files/*/noticeText", "notice texts are not kept", f.FileNotice != ""})
	return c
}

// relationships builds root, nesting, graph and completeness (SPDX 2.3 clause 11).
func (r *spdxReader) relationships() {
	seen := map[string]int{}
	for _, rel := range r.in.Relationships {
		if rel == nil {
			continue
		}
		a, b := renderDoc(rel.RefA), renderDoc(rel.RefB)
		kind := strings.ToLower(rel.Relationship)
		if turned, ok := inverse(kind); ok {
			kind, a, b = turned, b, a
		}
		switch kind {
		case "describes":
			if _, known := r.at[b]; known && r.doc.Root == "" {
				r.doc.Root = b
			}
			continue
		case "contains":
			r.parent(b, a)
		}
		dep := Dependency{Ref: a, Kind: kind}
		state := ""
		switch b { // SPDX 2.3 11.1: NONE is "nothing", NOASSERTION is "not known"
		case "NONE":
			state = "complete"
		case "NOASSERTION":
			state = "unknown"
		default:
			dep.On = []string{b}
		}
		if state != "" {
			about := "dependencies"
			if kind == "contains" {
				about = "assemblies"
			}
			r.doc.Completeness = append(r.doc.Completeness, Claim{State: state, About: about, Refs: []string{a}, Cause: kind + " " + b})
			if state == "unknown" {
				continue
			}
		}
		key := a + "\x00" + kind
		if i, ok := seen[key]; ok {
			r.doc.Dependencies[i].On = append(r.doc.Dependencies[i].On, dep.On...)
			continue
		}
		seen[key] = len(r.doc.Dependencies)
		r.doc.Dependencies = append(r.doc.Dependencies, dep)
	}
}

// parent notes that child lies in holder, unless that would close a circle.
func (r *spdxReader) parent(child, holder string) {
	i, ok := r.at[child]
	if _, known := r.at[holder]; !ok || !known || r.doc.Components[i].Parent != "" {
		return
	}
	for up, steps := holder, 0; up != ""; steps++ {
		if up == child || steps > 1000 {
			return
		}
		up = r.doc.Components[r.at[up]].Parent
	}
	r.doc.Components[i].Parent = holder
}

// inverse turns a relationship that is written from the part to the whole.
func inverse(kind string) (string, bool) {
	turned := map[string]string{
		"described_by": "describes", "contained_by": "contains", "dependency_of": "depends_on", "generated_from": "generates",
		"build_dependency_of": "build_depends_on", "dev_dependency_of": "dev_depends_on", "optional_dependency_of": "optional_depends_on",
		"provided_dependency_of": "provided_depends_on", "test_dependency_of": "test_depends_on", "runtime_dependency_of": "runtime_depends_on",
		"package_of": "contains", "prerequisite_for": "has_prerequisite",
	}
	k, ok := turned[kind]
	return k, ok
}

func renderDoc(id common.DocElementID) string {
	if id.SpecialID != "" {
		return id.SpecialID
	}
	return common.RenderDocElementID(id)
}

// asserted drops the two words with which SPDX says that there is nothing to say.
func asserted(s string) string {
	if s = strings.TrimSpace(s); s == "NOASSERTION" || s == "NONE" {
		return ""
	}
	return s
}

// party is the name of a person or organisation without an empty mail address.
func party(s string) string { return strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(s), "()")) }

func checksums(list []common.Checksum) []Hash {
	var out []Hash
	for _, c := range list {
		out = append(out, Hash{Alg: algorithm(string(c.Algorithm)), Value: strings.ToLower(c.Value)})
	}
	return out
}

// algorithm spells a digest's name as CycloneDX does: "SHA256" and "sha3_256" become "SHA-256" and "SHA3-256".
func algorithm(s string) string {
	s = strings.ReplaceAll(strings.ToUpper(s), "_", "-")
	if n, ok := strings.CutPrefix(s, "SHA"); ok && n != "" && !strings.Contains(n, "-") {
		return "SHA-" + n
	}
	return s
}

func spdxLicences(concluded, declared string) []Licence {
	concluded, declared = asserted(concluded), asserted(declared)
	var out []Licence
	if declared != "" {
		out = append(out, licence(declared, "declared"))
	}
	if concluded != "" && concluded != declared {
		out = append(out, licence(concluded, "concluded"))
	}
	return out
}

// licence is an SPDX licence text as an id of the SPDX list, a name of the document's own, or an expression.
func licence(text, kind string) Licence {
	switch {
	case conform.LicenceID(text):
		return Licence{ID: text, Kind: kind}
	case strings.HasPrefix(text, "LicenseRef-") && !strings.ContainsAny(text, " ()"):
		return Licence{Name: text, Kind: kind}
	}
	return Licence{Expression: text, Kind: kind}
}
