package sbom

import (
	"fmt"
	"math"
	"strings"

	"triward/internal/sbom/conform"
)

// Element is one thing that a minimum-elements list asks of an SBOM.
type Element string

// The elements, from three lists: NTIA "The Minimum Elements For an SBOM" (July 2021), CISA "2025 Minimum Elements for
// an SBOM" (public draft, 22 August 2025), and what the FDA premarket cybersecurity guidance (2025, V.A.4) adds.
const (
	SupplierName       Element = "supplier"           // NTIA supplier name, CISA software producer
	ComponentName      Element = "name"               // NTIA, CISA
	ComponentVersion   Element = "version"            // NTIA, CISA
	Identifier         Element = "identifier"         // NTIA other unique identifiers, CISA software identifiers
	ComponentHash      Element = "hash"               // CISA
	LicenceStated      Element = "licence"            // CISA
	Relationship       Element = "dependency"         // NTIA, CISA
	AuthorName         Element = "author"             // NTIA, CISA
	ToolName           Element = "tool"               // CISA
	Timestamp          Element = "timestamp"          // NTIA, CISA
	GenerationContext  Element = "generation_context" // CISA
	KnownUnknowns      Element = "known_unknowns"     // NTIA and CISA practice: what is not known is said to be unknown
	SupportLevel       Element = "support_level"      // FDA
	EndOfSupportStated Element = "end_of_support"     // FDA
)

// List is a published list of minimum elements.
type List string

// The closed list of lists.
const (
	NTIA2021 List = "ntia-2021"
	CISA2025 List = "cisa-2025-draft"
	FDA2025  List = "fda-2025"
)

// lists says which elements a list asks for. The FDA asks for NTIA's and two more.
func lists() []struct {
	list     List
	elements []Element
} {
	ntia := []Element{SupplierName, ComponentName, ComponentVersion, Identifier, Relationship, AuthorName, Timestamp}
	return []struct {
		list     List
		elements []Element
	}{
		{NTIA2021, ntia},
		{CISA2025, []Element{SupplierName, ComponentName, ComponentVersion, Identifier, ComponentHash, LicenceStated, Relationship, AuthorName, ToolName, Timestamp, GenerationContext, KnownUnknowns}},
		{FDA2025, append(append([]Element(nil), ntia...), SupportLevel, EndOfSupportStated)},
	}
}

// Quality is how complete a document is. Scores run from 0 to 100 and are advice: validity is another matter.
type Quality struct {
	Score    int        `json:"score"` // over all elements of all lists
	Rule     string     `json:"rule"`
	Lists    []Scored   `json:"lists"`
	Elements []Coverage `json:"elements"`
}

// Scored is the score against one list.
type Scored struct {
	List     List      `json:"list"`
	Score    int       `json:"score"`
	Complete bool      `json:"complete"`          // every element fully there
	Missing  []Element `json:"missing,omitempty"` // elements that are missing somewhere
}

// Coverage is how far one element is there.
type Coverage struct {
	Element Element  `json:"element"`
	Have    int      `json:"have"`
	Of      int      `json:"of"`                // components judged; 1 for an element of the document
	Missing []string `json:"missing,omitempty"` // refs of components without it, at most 1000
	Reason  string   `json:"reason,omitempty"`  // what is missing, for an element of the document
}

func (c Coverage) share() float64 {
	if c.Of == 0 {
		return 0
	}
	return float64(c.Have) / float64(c.Of)
}

const scoreRule = "each element counts the share of components that have it (an element of the document counts 0 or 1); " +
	"a score is the mean of its elements times 100, rounded down; a document without components scores 0 for component elements; " +
	"the described product is judged as a component; files (type file) and components marked external are judged for name and hash only"

// Rate measures the completeness of a document.
func Rate(d Document) Quality {
	q := Quality{Rule: scoreRule, Elements: append(componentElements(d), documentElements(d)...)}
	by := map[Element]Coverage{}
	for _, c := range q.Elements {
		by[c.Element] = c
	}
	total := 0.0
	for _, c := range q.Elements {
		total += c.share()
	}
	q.Score = percent(total, len(q.Elements))
	for _, l := range lists() {
		s := Scored{List: l.list, Complete: true}
		sum := 0.0
		for _, e := range l.elements {
			sum += by[e].share()
			if by[e].Have < by[e].Of || by[e].Of == 0 {
				s.Complete = false
				s.Missing = append(s.Missing, e)
			}
		}
		s.Score = percent(sum, len(l.elements))
		q.Lists = append(q.Lists, s)
	}
	return q
}

func percent(sum float64, n int) int { return int(math.Floor(sum/float64(n)*100 + 1e-9)) }

// componentElements counts what every component should have.
func componentElements(d Document) []Coverage {
	related := relatedRefs(d)
	judged := make([]*Component, 0, len(d.Components)+1)
	if d.Product != nil {
		judged = append(judged, d.Product)
	}
	for i := range d.Components {
		judged = append(judged, &d.Components[i])
	}
	tests := []struct {
		element Element
		files   bool // asked of files too
		there   func(c *Component) bool
	}{
		{SupplierName, false, func(c *Component) bool { return c.Supplier != "" }},
		{ComponentName, true, func(c *Component) bool { return strings.TrimSpace(c.Name) != "" }},
		{ComponentVersion, false, func(c *Component) bool { return strings.TrimSpace(c.Version) != "" || c.Released != "" }},
		{Identifier, false, func(c *Component) bool { return c.PURL != "" || len(c.CPEs) > 0 || c.SWID != "" || len(c.OtherIDs) > 0 }},
		{ComponentHash, true, func(c *Component) bool { return len(c.Hashes) > 0 }},
		{LicenceStated, false, func(c *Component) bool { return len(c.Licences) > 0 }},
		{Relationship, false, func(c *Component) bool { return related[c.Ref] || c.Parent != "" }},
		{SupportLevel, false, func(c *Component) bool { return c.Support.Level != "" }},
		{EndOfSupportStated, false, func(c *Component) bool { return c.Support.EndOfSupport != "" || c.Support.EndOfLife != "" }},
	}
	out := make([]Coverage, len(tests))
	for i, t := range tests {
		out[i].Element = t.element
		for _, c := range judged {
			if (c.Type == "file" || c.External) && !t.files {
				continue
			}
			out[i].Of++
			switch {
			case t.there(c):
				out[i].Have++
			case len(out[i].Missing) < 1000:
				out[i].Missing = append(out[i].Missing, c.Ref)
			}
		}
	}
	return out
}

// relatedRefs is every component that the dependency graph or a completeness claim speaks of.
func relatedRefs(d Document) map[string]bool {
	related := make(map[string]bool, len(d.Components))
	for _, dep := range d.Dependencies {
		related[dep.Ref] = true
		for _, on := range dep.On {
			related[on] = true
		}
	}
	for _, c := range d.Completeness {
		for _, ref := range c.Refs {
			if c.About == "dependencies" {
				related[ref] = true
			}
		}
	}
	for _, c := range d.Components {
		if c.Parent != "" {
			related[c.Parent] = true
		}
	}
	return related
}

// documentElements judges what the document itself should have.
func documentElements(d Document) []Coverage {
	one := func(e Element, there bool, reason string, args ...any) Coverage {
		c := Coverage{Element: e, Of: 1}
		if there {
			c.Have = 1
		} else {
			c.Reason = fmt.Sprintf(reason, args...)
		}
		return c
	}
	stamp := one(Timestamp, !d.Created.IsZero(), "the document has no timestamp")
	if d.Created.IsZero() && d.CreatedText != "" {
		stamp.Reason = fmt.Sprintf("the timestamp %q is not an ISO 8601 date", conform.Cut(d.CreatedText))
	}
	return []Coverage{
		one(AuthorName, len(d.Authors) > 0, "the document names no author"),
		one(ToolName, len(d.Tools) > 0, "the document names no tool that made it"),
		stamp,
		one(GenerationContext, len(d.Lifecycles) > 0, "the document does not say when in the life cycle it was made (before, during or after the build)"),
		one(KnownUnknowns, len(d.Completeness) > 0, "the document does not say whether its components and dependencies are complete"),
	}
}
