package sbom

import (
	"strings"

	"triward/internal/sbom/conform"
)

// document takes who made the document, when, with what, and what it is about.
func (r *spdx3Reader) document() {
	d := &r.doc
	var docs, boms []*conform.Node
	for i := range r.element {
		switch conform.Class3(&r.element[i]) {
		case "SpdxDocument":
			docs = append(docs, &r.element[i])
		case "software_Sbom", "Bom":
			boms = append(boms, &r.element[i])
		}
	}
	for _, e := range append(docs, boms...) {
		d.Serial = first(d.Serial, conform.ID3(e))
		d.Name = first(d.Name, e.Get("name").Str())
		// software_sbomType is the generation context: design, source, build, analyzed, deployed, runtime.
		d.Lifecycles = append(d.Lifecycles, e.Get("software_sbomType").Strs()...)
		r.notes.left("/@graph/*/import", "imported documents are not followed", len(e.Get("import").List()))
	}
	d.Root = r.root(append(boms, docs...), 0)
	info := r.creation(docs)
	d.CreatedText, d.Created = info.Get("created").Str(), moment(info.Get("created").Str())
	for _, id := range info.Get("createdBy").Strs() {
		if n := r.name(id); n != "" {
			d.Authors = append(d.Authors, n)
		}
	}
	for _, id := range info.Get("createdUsing").Strs() {
		if n := r.name(id); n != "" {
			d.Tools = append(d.Tools, n)
		}
	}
}

// root follows rootElement to the first component; a document may name an Sbom that names the component.
func (r *spdx3Reader) root(from []*conform.Node, depth int) string {
	if depth > 4 {
		return ""
	}
	for _, e := range from {
		for _, id := range e.Get("rootElement").Strs() {
			if _, ok := r.at[id]; ok {
				return id
			}
			if next := r.by[id]; next != nil && next.Get("rootElement") != nil {
				if found := r.root([]*conform.Node{next}, depth+1); found != "" {
					return found
				}
			}
		}
	}
	return ""
}

// creation is the CreationInfo of the document, else the first of the graph.
func (r *spdx3Reader) creation(docs []*conform.Node) *conform.Node {
	for _, e := range docs {
		switch info := e.Get("creationInfo"); {
		case info == nil:
		case info.Kind() == conform.Object:
			return info
		case r.by[info.Str()] != nil:
			return r.by[info.Str()]
		}
	}
	for i := range r.element {
		if conform.Class3(&r.element[i]) == "CreationInfo" {
			return &r.element[i]
		}
		if info := r.element[i].Get("creationInfo"); info != nil && info.Kind() == conform.Object {
			return info
		}
	}
	return nil
}

// relationship sorts one edge of the graph into licences, nesting, dependencies, weaknesses and completeness.
func (r *spdx3Reader) relationship(e *conform.Node) {
	class := conform.Class3(e)
	if !strings.Contains(class, "Relationship") {
		return
	}
	from, kind, to := e.Get("from").Str(), e.Get("relationshipType").Str(), e.Get("to").Strs()
	if strings.HasPrefix(class, "security_") {
		r.assessment(e, class, to)
		return
	}
	switch kind {
	case "hasDeclaredLicense", "hasConcludedLicense":
		r.licence(from, kind, to)
		return
	case "describes":
		if r.doc.Root == "" && len(to) > 0 {
			if _, ok := r.at[to[0]]; ok {
				r.doc.Root = to[0]
			}
		}
		return
	case "hasAssociatedVulnerability":
		for _, id := range to {
			if i, ok := r.weak[id]; ok {
				r.doc.Weaknesses[i].Affects = append(r.doc.Weaknesses[i].Affects, Affect{Ref: from})
			}
		}
		return
	case "contains":
		for _, id := range to {
			r.parent(id, from)
		}
	}
	name := words(kind)
	if c := e.Get("completeness").Str(); c != "" {
		state := map[string]string{"complete": "complete", "incomplete": "incomplete", "noAssertion": "unknown"}[c]
		about := "dependencies"
		if kind == "contains" {
			about = "assemblies"
		}
		r.doc.Completeness = append(r.doc.Completeness, Claim{State: first(state, c), About: about, Refs: []string{from}, Cause: name})
	}
	key := from + "\x00" + name
	i, ok := r.edges[key]
	if !ok {
		i = len(r.doc.Dependencies)
		r.edges[key] = i
		r.doc.Dependencies = append(r.doc.Dependencies, Dependency{Ref: from, Kind: name})
	}
	for _, id := range to {
		if !strings.HasSuffix(id, "NoneElement") && !strings.HasSuffix(id, "NoAssertionElement") {
			r.doc.Dependencies[i].On = append(r.doc.Dependencies[i].On, id)
		}
	}
	r.notes.flag(leftOut{"/@graph/*/scope", "the life-cycle scope of relationships is not kept", class == "LifecycleScopedRelationship"})
}

// words spells a relationship as SPDX 2 does: dependsOn becomes depends_on.
func words(camel string) string {
	var b strings.Builder
	for _, c := range camel {
		if c >= 'A' && c <= 'Z' {
			b.WriteByte('_')
			c += 'a' - 'A'
		}
		b.WriteRune(c)
	}
	return b.String()
}

func (r *spdx3Reader) licence(from, kind string, to []string) {
	i, ok := r.at[from]
	if !ok {
		return
	}
	for _, id := range to {
		text := ""
		if e := r.by[id]; e != nil {
			text = first(e.Get("simplelicensing_licenseExpression").Str(), e.Get("name").Str(), id)
		} else if name, ok := strings.CutPrefix(id, "http://spdx.org/licenses/"); ok {
			text = name
		} else if !strings.HasSuffix(id, "NoneElement") && !strings.HasSuffix(id, "NoAssertionElement") &&
			!strings.HasSuffix(id, "NoneLicense") && !strings.HasSuffix(id, "NoAssertionLicense") {
			text = id
		}
		if text = asserted(text); text != "" {
			c := &r.doc.Components[i]
			c.Licences = append(c.Licences, licence(text, strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(kind, "has"), "License"))))
		}
	}
}

// parent notes that child lies in holder, unless that would close a circle.
func (r *spdx3Reader) parent(child, holder string) {
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

// assessment takes VEX and CVSS statements of the Security profile. "from" is the vulnerability, "to" what it is about.
func (r *spdx3Reader) assessment(e *conform.Node, class string, to []string) {
	i, ok := r.weak[e.Get("from").Str()]
	if !ok {
		r.notes.left("/@graph", "security assessments of vulnerabilities that the document does not hold are not kept", 1)
		return
	}
	w := &r.doc.Weaknesses[i]
	class = strings.TrimPrefix(class, "security_")
	state := map[string]string{
		"VexAffectedVulnAssessmentRelationship": "affected", "VexFixedVulnAssessmentRelationship": "fixed",
		"VexNotAffectedVulnAssessmentRelationship": "not_affected", "VexUnderInvestigationVulnAssessmentRelationship": "under_investigation",
	}[class]
	switch {
	case state != "":
		w.State = state
		w.Justification = first(e.Get("security_justificationType").Str(), w.Justification)
		w.Detail = first(e.Get("security_impactStatement").Str(), e.Get("security_statusNotes").Str(), w.Detail)
		w.Recommendation = first(e.Get("security_actionStatement").Str(), w.Recommendation)
		for _, id := range to {
			w.Affects = append(w.Affects, Affect{Ref: id, Status: state})
		}
	case strings.HasPrefix(class, "Cvss"):
		g := Rating{Method: "CVSSv" + strings.TrimSuffix(strings.TrimPrefix(class, "CvssV"), "VulnAssessmentRelationship"), Severity: e.Get("security_severity").Str(), Vector: e.Get("security_vectorString").Str()}
		if s := e.Get("security_score"); s != nil {
			g.Score = number(s.Text())
		}
		w.Ratings = append(w.Ratings, g)
	default:
		r.notes.left("/@graph", "security assessments other than VEX and CVSS are not kept", 1)
	}
}
