package sbom

import "strings"

// document takes who made the document, when, with what, and what it is about.
func (r *spdx3Reader) document() {
	d := &r.doc
	var docs, boms []*node
	for i := range r.element {
		switch spdx3Type(&r.element[i]) {
		case "SpdxDocument":
			docs = append(docs, &r.element[i])
		case "software_Sbom", "Bom":
			boms = append(boms, &r.element[i])
		}
	}
	for _, e := range append(docs, boms...) {
		d.Serial = first(d.Serial, spdx3ID(e))
		d.Name = first(d.Name, e.get("name").str())
		// software_sbomType is the generation context: design, source, build, analyzed, deployed, runtime.
		for _, t := range e.get("software_sbomType").strs() {
			d.Lifecycles = append(d.Lifecycles, t)
		}
		r.notes.left("/@graph/*/import", "imported documents are not followed", len(e.get("import").list()))
	}
	d.Root = r.root(append(boms, docs...), 0)
	info := r.creation(docs)
	d.CreatedText, d.Created = info.get("created").str(), moment(info.get("created").str())
	for _, id := range info.get("createdBy").strs() {
		if n := r.name(id); n != "" {
			d.Authors = append(d.Authors, n)
		}
	}
	for _, id := range info.get("createdUsing").strs() {
		if n := r.name(id); n != "" {
			d.Tools = append(d.Tools, n)
		}
	}
}

// root follows rootElement to the first component; a document may name an Sbom that names the component.
func (r *spdx3Reader) root(from []*node, depth int) string {
	if depth > 4 {
		return ""
	}
	for _, e := range from {
		for _, id := range e.get("rootElement").strs() {
			if _, ok := r.at[id]; ok {
				return id
			}
			if next := r.by[id]; next != nil && next.get("rootElement") != nil {
				if found := r.root([]*node{next}, depth+1); found != "" {
					return found
				}
			}
		}
	}
	return ""
}

// creation is the CreationInfo of the document, else the first of the graph.
func (r *spdx3Reader) creation(docs []*node) *node {
	for _, e := range docs {
		switch info := e.get("creationInfo"); {
		case info == nil:
		case info.kind == kindObject:
			return info
		case r.by[info.str()] != nil:
			return r.by[info.str()]
		}
	}
	for i := range r.element {
		if spdx3Type(&r.element[i]) == "CreationInfo" {
			return &r.element[i]
		}
		if info := r.element[i].get("creationInfo"); info != nil && info.kind == kindObject {
			return info
		}
	}
	return nil
}

// relationship sorts one edge of the graph into licences, nesting, dependencies, weaknesses and completeness.
func (r *spdx3Reader) relationship(e *node) {
	class := spdx3Type(e)
	if !strings.Contains(class, "Relationship") {
		return
	}
	from, kind, to := e.get("from").str(), e.get("relationshipType").str(), e.get("to").strs()
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
	if c := e.get("completeness").str(); c != "" {
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
	r.notes.flag("/@graph/*/scope", "the life-cycle scope of relationships is not kept", class == "LifecycleScopedRelationship")
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
			text = first(e.get("simplelicensing_licenseExpression").str(), e.get("name").str(), id)
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
func (r *spdx3Reader) assessment(e *node, class string, to []string) {
	i, ok := r.weak[e.get("from").str()]
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
		w.Justification = first(e.get("security_justificationType").str(), w.Justification)
		w.Detail = first(e.get("security_impactStatement").str(), e.get("security_statusNotes").str(), w.Detail)
		w.Recommendation = first(e.get("security_actionStatement").str(), w.Recommendation)
		for _, id := range to {
			w.Affects = append(w.Affects, Affect{Ref: id, Status: state})
		}
	case strings.HasPrefix(class, "Cvss"):
		g := Rating{Method: "CVSSv" + strings.TrimSuffix(strings.TrimPrefix(class, "CvssV"), "VulnAssessmentRelationship"), Severity: e.get("security_severity").str(), Vector: e.get("security_vectorString").str()}
		if s := e.get("security_score"); s != nil {
			g.Score = number(s.text)
		}
		w.Ratings = append(w.Ratings, g)
	default:
		r.notes.left("/@graph", "security assessments other than VEX and CVSS are not kept", 1)
	}
}
