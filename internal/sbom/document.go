package sbom

import (
	"time"

	"triward/internal/problem"
	"triward/internal/sbom/conform"
)

// Format is the family and encoding of a file.
type Format = conform.Format

// The closed list of formats.
const (
	CycloneDXJSON = conform.CycloneDXJSON
	CycloneDXXML  = conform.CycloneDXXML
	SPDXJSON      = conform.SPDXJSON     // SPDX 2.x
	SPDXTagValue  = conform.SPDXTagValue // SPDX 2.x
	SPDX3JSON     = conform.SPDX3JSON    // SPDX 3.0 JSON-LD
)

// Document is what one SBOM says.
type Document struct {
	File        string `json:"file"`
	Format      Format `json:"format"`
	SpecVersion string `json:"specVersion"`       // "1.6", "2.3", "3.0.1"
	Serial      string `json:"serial,omitempty"`  // CycloneDX serialNumber, SPDX documentNamespace or SpdxDocument id
	Version     string `json:"version,omitempty"` // CycloneDX BOM version: the revision of the document, not of the product
	Name        string `json:"name,omitempty"`
	Root        string `json:"root,omitempty"` // Ref of the component that the document describes; "" when it names none
	// Product is the component that the document describes where the format keeps it apart from the parts (CycloneDX
	// metadata/component). It is not in Components; parts nested in it are, with its Ref as Parent.
	Product     *Component `json:"product,omitempty"`
	Authors     []string   `json:"authors,omitempty"`
	Tools       []string   `json:"tools,omitempty"` // "name version"
	Supplier    string     `json:"supplier,omitempty"`
	Created     time.Time  `json:"created,omitzero"`
	CreatedText string     `json:"createdText,omitempty"` // as written, also when it is no date
	// Lifecycles says when in the life of the product the facts were gathered ("pre-build", "build", "post-build",
	// "operations" and so on, or a name of the author's): the generation context.
	Lifecycles   []string     `json:"lifecycles,omitempty"`
	Licences     []Licence    `json:"licences,omitempty"` // of the document itself
	Properties   []Property   `json:"properties,omitempty"`
	Components   []Component  `json:"components"`
	Services     []Service    `json:"services,omitempty"`
	Dependencies []Dependency `json:"dependencies,omitempty"`
	Completeness []Claim      `json:"completeness,omitempty"`
	Weaknesses   []Weakness   `json:"weaknesses,omitempty"`

	Notes  []Note          `json:"notes,omitempty"`  // what was left out or taken with a grain of salt
	Faults []problem.Fault `json:"faults,omitempty"` // departures from the model of the format; see Check
}

// Component is one part. Nested components are listed flat, after the part that holds them; Parent keeps the nesting.
type Component struct {
	Ref         string     `json:"ref"` // unique in the document; made up ("#3") where the file gives none
	Parent      string     `json:"parent,omitempty"`
	Type        string     `json:"type,omitempty"` // the format's own word, lower case: "library", "firmware", "device"
	Group       string     `json:"group,omitempty"`
	Name        string     `json:"name"`
	Version     string     `json:"version,omitempty"`
	Supplier    string     `json:"supplier,omitempty"`
	Author      string     `json:"author,omitempty"`
	Description string     `json:"description,omitempty"`
	Scope       string     `json:"scope,omitempty"`
	PURL        string     `json:"purl,omitempty"`
	PURLs       []string   `json:"morePurls,omitempty"` // further package URLs of the same component
	CPEs        []string   `json:"cpes,omitempty"`      // as written, 2.2 or 2.3
	SWID        string     `json:"swid,omitempty"`      // tag id
	OtherIDs    []string   `json:"otherIds,omitempty"`  // "swhid:...", "gitoid:..."
	Hashes      []Hash     `json:"hashes,omitempty"`
	Licences    []Licence  `json:"licences,omitempty"`
	Copyright   string     `json:"copyright,omitempty"`
	Support     Support    `json:"support,omitzero"`
	Properties  []Property `json:"properties,omitempty"`
	Links       []Link     `json:"links,omitempty"`
	Released    string     `json:"released,omitempty"` // release or build date as written
	External    bool       `json:"external,omitempty"` // CycloneDX 1.7 isExternal: provided by the environment, not shipped
	// VersionRange is the CycloneDX 1.7 vers range of an external component, whose version is not fixed.
	VersionRange string `json:"versionRange,omitempty"`
}

// Hash is one digest; Alg is in upper case with dashes ("SHA-256"), Value in lower case hexadecimal.
type Hash struct {
	Alg   string `json:"alg"`
	Value string `json:"value"`
}

// Licence is one licence statement; exactly one of ID, Name and Expression is set.
type Licence struct {
	ID         string `json:"id,omitempty"` // SPDX identifier
	Name       string `json:"name,omitempty"`
	Expression string `json:"expression,omitempty"` // SPDX licence expression
	Kind       string `json:"kind,omitempty"`       // "declared", "concluded" or ""
}

func (l Licence) String() string { return l.ID + l.Name + l.Expression }

// Support is how long and how well a component is looked after.
type Support struct {
	Level        string      `json:"level,omitempty"`        // as written: "Actively maintained", "abandoned"
	EndOfSupport string      `json:"endOfSupport,omitempty"` // the date or words as written
	EndOfLife    string      `json:"endOfLife,omitempty"`
	Milestones   []Milestone `json:"milestones,omitempty"` // every milestone with the property it came from
}

// Milestone is a dated point in the life of a component. Date is zero when Text is not a date.
type Milestone struct {
	Name   string    `json:"name"` // "endOfSupport", "endOfLife", "endOfDevelopment", "validUntil"
	Text   string    `json:"text"`
	Date   time.Time `json:"date,omitzero"`
	Source string    `json:"source"` // the property or field that says so
}

// Property is a name and a value.
type Property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Link is an external reference.
type Link struct {
	Type string `json:"type"`
	URL  string `json:"url"`
}

// Service is a remote service that the product calls (CycloneDX). Services nest; Parent keeps the nesting.
type Service struct {
	Ref       string   `json:"ref"`
	Parent    string   `json:"parent,omitempty"`
	Group     string   `json:"group,omitempty"`
	Name      string   `json:"name"`
	Version   string   `json:"version,omitempty"`
	Provider  string   `json:"provider,omitempty"`
	Endpoints []string `json:"endpoints,omitempty"`
}

// Dependency is one edge list of the graph.
type Dependency struct {
	Ref  string   `json:"ref"`
	On   []string `json:"on,omitempty"` // empty: said to depend on nothing
	Kind string   `json:"kind"`         // "depends_on", "contains", "provides" or the SPDX relationship in lower case
}

// Claim is what the author says about completeness.
type Claim struct {
	State string   `json:"state"`           // "complete", "incomplete", "unknown", "not_specified", or CycloneDX's finer word
	About string   `json:"about"`           // "assemblies", "dependencies", "vulnerabilities", "document"
	Refs  []string `json:"refs,omitempty"`  // components meant; empty: the whole document
	Cause string   `json:"cause,omitempty"` // where the claim stands in the file
}

// Weakness is a vulnerability that the SBOM carries itself (VDR, VEX).
type Weakness struct {
	ID          string   `json:"id"`
	Aliases     []string `json:"aliases,omitempty"`
	Source      string   `json:"source,omitempty"`
	Description string   `json:"description,omitempty"`
	// State is the CycloneDX analysis state or SPDX VEX state; "" when not analysed. SPDX states one for each product:
	// State is then the last, and Affects holds each.
	State          string    `json:"state,omitempty"`
	Justification  string    `json:"justification,omitempty"` // as written
	Response       []string  `json:"response,omitempty"`
	Detail         string    `json:"detail,omitempty"`
	Recommendation string    `json:"recommendation,omitempty"`
	CWEs           []int     `json:"cwes,omitempty"`
	Ratings        []Rating  `json:"ratings,omitempty"`
	Affects        []Affect  `json:"affects,omitempty"`
	Created        time.Time `json:"created,omitzero"`
	Updated        time.Time `json:"updated,omitzero"`
}

// Rating is one severity assessment.
type Rating struct {
	Method   string  `json:"method,omitempty"`
	Score    float64 `json:"score,omitempty"`
	Severity string  `json:"severity,omitempty"`
	Vector   string  `json:"vector,omitempty"`
	Source   string  `json:"source,omitempty"`
}

// Affect is one thing that a weakness is about.
type Affect struct {
	Ref     string `json:"ref"`               // component ref of this or (BOM-Link urn:cdx:) another document
	Version string `json:"version,omitempty"` // one version
	Range   string `json:"range,omitempty"`   // vers range
	Status  string `json:"status,omitempty"`  // "affected", "unaffected", "unknown", ""
}

// Note says what happened to a part of the file that has no place in a Document.
type Note struct {
	Path  string `json:"path,omitempty"`
	Text  string `json:"text"`
	Count int    `json:"count,omitempty"` // how often, when more than once
}

// Described is the component that the document describes, wherever the format keeps it.
func (d Document) Described() (Component, bool) {
	if d.Product != nil {
		return *d.Product, true
	}
	for _, c := range d.Components {
		if c.Ref == d.Root && d.Root != "" {
			return c, true
		}
	}
	return Component{}, false
}

// Index maps each Ref to its place in Components.
func (d Document) Index() map[string]int {
	at := make(map[string]int, len(d.Components))
	for i, c := range d.Components {
		at[c.Ref] = i
	}
	return at
}
