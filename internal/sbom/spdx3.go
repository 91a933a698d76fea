package sbom

import (
	"fmt"
	"strings"

	"triward/internal/sbom/conform"
)

// SPDX 3.0 is a graph of elements in JSON-LD (https://spdx.github.io/spdx-spec/v3.0.1/). The reader takes the compact
// form that the specification's own context gives, with or without @graph; it does not expand other contexts.

// spdx3Version finds the version in a CreationInfo, else in the context's address.
func spdx3Version(tree *conform.Node) string {
	for _, e := range conform.Elements3(tree) {
		if v := e.Get("specVersion").Str(); v != "" {
			return v
		}
		if v := e.Get("creationInfo").Get("specVersion").Str(); v != "" {
			return v
		}
	}
	for _, c := range tree.Get("@context").Strs() {
		if _, rest, ok := strings.Cut(c, "spdx.org/rdf/"); ok {
			v, _, _ := strings.Cut(rest, "/")
			return v
		}
	}
	return ""
}

// spdx3Reader collects the facts of one graph.
type spdx3Reader struct {
	doc     Document
	notes   tally
	by      map[string]*conform.Node // every identified element
	at      map[string]int           // ref to place in doc.Components
	weak    map[string]int           // ref to place in doc.Weaknesses
	edges   map[string]int           // subject and kind to place in doc.Dependencies
	element []conform.Node
}

func readSPDX3(s *source) (Document, error) {
	r := spdx3Reader{
		by: map[string]*conform.Node{}, at: map[string]int{}, weak: map[string]int{}, edges: map[string]int{}, element: conform.Elements3(s.tree),
	}
	for i := range r.element {
		e := &r.element[i]
		if e.Kind() != conform.Object {
			return Document{}, fmt.Errorf("/@graph/%d: a JSON %s where an element is expected", i, e.Kind())
		}
		if id := conform.ID3(e); id != "" {
			r.by[id] = e
		}
	}
	parts := 0
	for i := range r.element {
		if spdx3Component(conform.Class3(&r.element[i])) {
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
		class, id := conform.Class3(e), conform.ID3(e)
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

func (r *spdx3Reader) component(e *conform.Node, id, class string) Component {
	c := Component{
		Ref: id, Name: e.Get("name").Str(), Version: e.Get("software_packageVersion").Str(), Type: strings.ToLower(e.Get("software_primaryPurpose").Str()),
		Description: first(e.Get("summary").Str(), e.Get("description").Str()), Copyright: asserted(e.Get("software_copyrightText").Str()),
		Supplier: r.name(e.Get("suppliedBy").Str()), PURL: e.Get("software_packageUrl").Str(),
		Released: first(e.Get("releaseTime").Str(), e.Get("builtTime").Str()),
	}
	if c.Type == "" && class == "software_File" {
		c.Type = "file"
	}
	for _, o := range e.Get("originatedBy").Strs() {
		c.Author = first(c.Author, r.name(o))
	}
	for _, h := range e.Get("verifiedUsing").List() {
		h = r.deref(h)
		if v := h.Get("hashValue").Str(); v != "" {
			c.Hashes = append(c.Hashes, Hash{Alg: algorithm(h.Get("algorithm").Str()), Value: strings.ToLower(v)})
		}
	}
	for _, x := range e.Get("externalIdentifier").List() {
		x = r.deref(x)
		id := x.Get("identifier").Str()
		switch x.Get("externalIdentifierType").Str() {
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
	for _, x := range e.Get("externalRef").List() {
		x = r.deref(x)
		for _, l := range x.Get("locator").Strs() {
			c.Links = append(c.Links, Link{Type: x.Get("externalRefType").Str(), URL: l})
		}
	}
	for _, f := range []struct{ field, kind string }{{"software_downloadLocation", "distribution"}, {"software_homePage", "website"}} {
		if u := asserted(e.Get(f.field).Str()); u != "" {
			c.Links = append(c.Links, Link{Type: f.kind, URL: u})
		}
	}
	r.support(&c, e)
	for _, x := range e.Get("extension").List() {
		x = r.deref(x)
		for _, p := range x.Get("extension_cdxProperty").List() {
			c.Properties = append(c.Properties, Property{Name: p.Get("extension_cdxPropName").Str(), Value: p.Get("extension_cdxPropValue").Str()})
		}
	}
	if len(c.Properties) > 0 {
		more := support(c.Properties)
		c.Support.Milestones = append(c.Support.Milestones, more.Milestones...)
		c.Support.EndOfSupport = first(c.Support.EndOfSupport, more.EndOfSupport)
		c.Support.EndOfLife = first(c.Support.EndOfLife, more.EndOfLife)
	}
	if c.Description == "" {
		c.Description = e.Get("comment").Str()
	}
	r.notes.flag(leftOut{"/@graph/*/ai_*, dataset_*", "facts about AI models and data sets are not kept", class == "ai_AIPackage" || class == "dataset_DatasetPackage"})
	return c
}

// support takes supportLevel and validUntilTime (Core/Artifact).
func (r *spdx3Reader) support(c *Component, e *conform.Node) {
	c.Support.Level = strings.Join(e.Get("supportLevel").Strs(), ", ")
	if t := e.Get("validUntilTime").Str(); t != "" {
		c.Support.EndOfSupport = t
		c.Support.Milestones = []Milestone{{Name: "validUntil", Text: t, Date: moment(t), Source: "validUntilTime"}}
	}
}

func (r *spdx3Reader) weakness(e *conform.Node, id string) Weakness {
	w := Weakness{ID: id, Description: first(e.Get("summary").Str(), e.Get("description").Str()), Created: moment(e.Get("security_publishedTime").Str()), Updated: moment(e.Get("security_modifiedTime").Str())}
	for _, x := range e.Get("externalIdentifier").List() {
		x = r.deref(x)
		v := x.Get("identifier").Str()
		switch {
		case v == "":
		case x.Get("externalIdentifierType").Str() == "cve" && w.ID == id:
			w.ID = v
		default:
			w.Aliases = append(w.Aliases, v)
		}
	}
	if n := e.Get("name").Str(); w.ID == id && n != "" {
		w.ID = n
	}
	return w
}

// deref follows a string that names a blank node or element to the node itself.
func (r *spdx3Reader) deref(n conform.Node) conform.Node {
	if n.Kind() == conform.String {
		if to := r.by[n.Text()]; to != nil {
			return *to
		}
	}
	return n
}

// name is the name of an agent or tool, or its id when the graph does not hold it.
func (r *spdx3Reader) name(id string) string {
	if e := r.by[id]; e != nil {
		return first(e.Get("name").Str(), id)
	}
	if strings.HasSuffix(id, "/NoAssertionElement") || strings.HasSuffix(id, "/NoneElement") || id == "NoAssertionElement" || id == "NoneElement" {
		return ""
	}
	return id
}
