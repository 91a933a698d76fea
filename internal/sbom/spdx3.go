package sbom

import (
	"fmt"
	"strings"
)

// SPDX 3.0 is a graph of elements in JSON-LD (https://spdx.github.io/spdx-spec/v3.0.1/). The reader takes the compact
// form that the specification's own context gives, with or without @graph; it does not expand other contexts.

// spdx3Version finds the version in a CreationInfo, else in the context's address.
func spdx3Version(tree *node) string {
	for _, e := range spdx3Elements(tree) {
		if v := e.get("specVersion").str(); v != "" {
			return v
		}
		if v := e.get("creationInfo").get("specVersion").str(); v != "" {
			return v
		}
	}
	for _, c := range tree.get("@context").strs() {
		if _, rest, ok := strings.Cut(c, "spdx.org/rdf/"); ok {
			v, _, _ := strings.Cut(rest, "/")
			return v
		}
	}
	return ""
}

func spdx3Elements(tree *node) []node {
	if g := tree.get("@graph"); g != nil {
		return g.list()
	}
	return []node{*tree}
}

// spdx3Type is the class of an element without the old "prefix:" or IRI spelling: "software_Package".
func spdx3Type(e *node) string {
	t := first(e.get("type").str(), e.get("@type").str())
	if i := strings.LastIndexAny(t, "/:"); i >= 0 {
		t = t[i+1:]
	}
	return t
}

func spdx3ID(e *node) string { return first(e.get("spdxId").str(), e.get("@id").str()) }

// spdx3Reader collects the facts of one graph.
type spdx3Reader struct {
	doc     Document
	notes   tally
	by      map[string]*node // every identified element
	at      map[string]int   // ref to place in doc.Components
	weak    map[string]int   // ref to place in doc.Weaknesses
	edges   map[string]int   // subject and kind to place in doc.Dependencies
	element []node
}

func readSPDX3(s *source) (Document, error) {
	r := spdx3Reader{
		by: map[string]*node{}, at: map[string]int{}, weak: map[string]int{}, edges: map[string]int{}, element: spdx3Elements(s.tree),
	}
	for i := range r.element {
		e := &r.element[i]
		if e.kind != kindObject {
			return Document{}, fmt.Errorf("/@graph/%d: a JSON %s where an element is expected", i, e.kind)
		}
		if id := spdx3ID(e); id != "" {
			r.by[id] = e
		}
	}
	parts := 0
	for i := range r.element {
		if spdx3Component(spdx3Type(&r.element[i])) {
			parts++
		}
	}
	if parts > s.limits.Components {
		return Document{}, fmt.Errorf("%d packages and files, more than the %d allowed", parts, s.limits.Components)
	}
	r.doc.Components = []Component{}
	r.components()
	r.document()
	for i := range r.element {
		r.relationship(&r.element[i])
	}
	for i := range r.doc.Components {
		c := &r.doc.Components[i]
		c.Support.Level = first(c.Support.Level, support(c.Properties).Level)
	}
	r.doc.Notes = r.notes.list()
	return r.doc, nil
}

// spdx3Component tells the classes that are components; ai_AIPackage and dataset_DatasetPackage are packages too.
func spdx3Component(class string) bool {
	switch class {
	case "software_Package", "software_File", "ai_AIPackage", "dataset_DatasetPackage":
		return true
	}
	return false
}

func (r *spdx3Reader) components() {
	for i := range r.element {
		e := &r.element[i]
		class, id := spdx3Type(e), spdx3ID(e)
		switch {
		case spdx3Component(class):
			if _, twice := r.at[id]; id == "" || twice {
				id = fmt.Sprintf("%s#%d", id, i)
				r.notes.left("/@graph", "components without an id, or with one in use already, were given a number", 1)
			}
			r.at[id] = len(r.doc.Components)
			r.doc.Components = append(r.doc.Components, r.component(e, id, class))
		case class == "security_Vulnerability":
			r.weak[id] = len(r.doc.Weaknesses)
			r.doc.Weaknesses = append(r.doc.Weaknesses, r.weakness(e, id))
		case class == "software_Snippet":
			r.notes.left("/@graph", "snippets are not kept", 1)
		case class == "build_Build":
			r.notes.left("/@graph", "build descriptions are not kept", 1)
		case class == "Annotation":
			r.notes.left("/@graph", "annotations are not kept", 1)
		}
	}
}

func (r *spdx3Reader) component(e *node, id, class string) Component {
	c := Component{
		Ref: id, Name: e.get("name").str(), Version: e.get("software_packageVersion").str(), Type: strings.ToLower(e.get("software_primaryPurpose").str()),
		Description: first(e.get("summary").str(), e.get("description").str()), Copyright: asserted(e.get("software_copyrightText").str()),
		Supplier: r.name(e.get("suppliedBy").str()), PURL: e.get("software_packageUrl").str(),
		Released: first(e.get("releaseTime").str(), e.get("builtTime").str()),
	}
	if c.Type == "" && class == "software_File" {
		c.Type = "file"
	}
	for _, o := range e.get("originatedBy").strs() {
		c.Author = first(c.Author, r.name(o))
	}
	for _, h := range e.get("verifiedUsing").list() {
		h = r.deref(h)
		if v := h.get("hashValue").str(); v != "" {
			c.Hashes = append(c.Hashes, Hash{Alg: algorithm(h.get("algorithm").str()), Value: strings.ToLower(v)})
		}
	}
	for _, x := range e.get("externalIdentifier").list() {
		x = r.deref(x)
		id := x.get("identifier").str()
		switch x.get("externalIdentifierType").str() {
		case "packageUrl", "packageURL", "purl":
			if c.PURL == "" {
				c.PURL = id
			} else if c.PURL != id {
				c.PURLs = append(c.PURLs, id)
			}
		case "cpe22", "cpe23":
			c.CPEs = append(c.CPEs, id)
		case "swid":
			c.SWID = id
		default:
			if id != "" {
				c.OtherIDs = append(c.OtherIDs, id)
			}
		}
	}
	for _, x := range e.get("externalRef").list() {
		x = r.deref(x)
		for _, l := range x.get("locator").strs() {
			c.Links = append(c.Links, Link{Type: x.get("externalRefType").str(), URL: l})
		}
	}
	for _, f := range []struct{ field, kind string }{{"software_downloadLocation", "distribution"}, {"software_homePage", "website"}} {
		if u := asserted(e.get(f.field).str()); u != "" {
			c.Links = append(c.Links, Link{Type: f.kind, URL: u})
		}
	}
	r.support(&c, e)
	for _, x := range e.get("extension").list() {
		x = r.deref(x)
		for _, p := range x.get("extension_cdxProperty").list() {
			c.Properties = append(c.Properties, Property{Name: p.get("extension_cdxPropName").str(), Value: p.get("extension_cdxPropValue").str()})
		}
	}
	if len(c.Properties) > 0 {
		more := support(c.Properties)
		c.Support.Milestones = append(c.Support.Milestones, more.Milestones...)
		c.Support.EndOfSupport = first(c.Support.EndOfSupport, more.EndOfSupport)
		c.Support.EndOfLife = first(c.Support.EndOfLife, more.EndOfLife)
	}
	if c.Description == "" {
		c.Description = e.get("comment").str()
	}
	r.notes.flag("/@graph/*/ai_*, dataset_*", "facts about AI models and data sets are not kept", class == "ai_AIPackage" || class == "dataset_DatasetPackage")
	return c
}

// support takes supportLevel and validUntilTime (Core/Artifact).
func (r *spdx3Reader) support(c *Component, e *node) {
	c.Support.Level = strings.Join(e.get("supportLevel").strs(), ", ")
	if t := e.get("validUntilTime").str(); t != "" {
		c.Support.EndOfSupport = t
		c.Support.Milestones = []Milestone{{Name: "validUntil", Text: t, Date: moment(t), Source: "validUntilTime"}}
	}
}

func (r *spdx3Reader) weakness(e *node, id string) Weakness {
	w := Weakness{ID: id, Description: first(e.get("summary").str(), e.get("description").str()), Created: moment(e.get("security_publishedTime").str()), Updated: moment(e.get("security_modifiedTime").str())}
	for _, x := range e.get("externalIdentifier").list() {
		x = r.deref(x)
		v := x.get("identifier").str()
		switch {
		case v == "":
		case x.get("externalIdentifierType").str() == "cve" && w.ID == id:
			w.ID = v
		default:
			w.Aliases = append(w.Aliases, v)
		}
	}
	if n := e.get("name").str(); w.ID == id && n != "" {
		w.ID = n
	}
	return w
}

// deref follows a string that names a blank node or element to the node itself.
func (r *spdx3Reader) deref(n node) node {
	if n.kind == kindString {
		if to := r.by[n.text]; to != nil {
			return *to
		}
	}
	return n
}

// name is the name of an agent or tool, or its id when the graph does not hold it.
func (r *spdx3Reader) name(id string) string {
	if e := r.by[id]; e != nil {
		return first(e.get("name").str(), id)
	}
	if strings.HasSuffix(id, "/NoAssertionElement") || strings.HasSuffix(id, "/NoneElement") || id == "NoAssertionElement" || id == "NoneElement" {
		return ""
	}
	return id
}
