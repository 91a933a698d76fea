package fhir

import (
	"github.com/valyala/fastjson"

	"triward/internal/problem"
)

// AuditResult is what an input says about events of security.
type AuditResult struct {
	Events  []AuditEvent    `json:"events"`
	Skipped map[string]int  `json:"skipped,omitempty"` // resources of other types by type
	Faults  []problem.Fault `json:"faults,omitempty"`
}

// AuditEvent is one AuditEvent resource (FHIR R4 6.2), also in the profiles of IHE BALP. Its references are kept as
// written, those to patients too: who reads them decides what may stay.
type AuditEvent struct {
	Place       string         `json:"place"` // as in Device
	ID          string         `json:"id,omitempty"`
	Type        Coding         `json:"type,omitzero"`
	Subtypes    []Coding       `json:"subtypes,omitempty"`
	Action      string         `json:"action,omitempty"`   // C R U D E
	Recorded    string         `json:"recorded,omitempty"` // instant, as written
	Outcome     string         `json:"outcome,omitempty"`  // 0 4 8 12
	OutcomeText string         `json:"outcomeText,omitempty"`
	Purposes    []Concept      `json:"purposes,omitempty"`
	Agents      []AuditAgent   `json:"agents,omitempty"`
	Site        string         `json:"site,omitempty"`
	Observer    AuditReference `json:"observer,omitzero"`
	SourceTypes []Coding       `json:"sourceTypes,omitempty"`
	Entities    []AuditEntity  `json:"entities,omitempty"`
}

// AuditAgent is who took part.
type AuditAgent struct {
	Type        Concept        `json:"type,omitzero"`
	Roles       []Concept      `json:"roles,omitempty"`
	Who         AuditReference `json:"who,omitzero"`
	AltID       string         `json:"altId,omitempty"`
	Name        string         `json:"name,omitempty"`
	Requestor   bool           `json:"requestor,omitempty"`
	Media       Coding         `json:"media,omitzero"`
	Address     string         `json:"address,omitempty"`
	AddressType string         `json:"addressType,omitempty"` // 1 name, 2 IP, 3 telephone, 4 e-mail, 5 URI
}

// AuditReference is a reference with all that identifies its target.
type AuditReference struct {
	Reference  string     `json:"reference,omitempty"`
	Identifier Identifier `json:"identifier,omitzero"`
	Display    string     `json:"display,omitempty"`
	Type       string     `json:"type,omitempty"` // of the target: "Patient"
}

// Name is the best that names the target: reference, identifier, words.
func (a AuditReference) Name() string {
	switch {
	case a.Reference != "":
		return a.Reference
	case a.Identifier.Value != "":
		return a.Identifier.Value
	}
	return a.Display
}

// AuditEntity is what the event was about.
type AuditEntity struct {
	What        AuditReference `json:"what,omitzero"`
	Type        Coding         `json:"type,omitzero"`
	Role        Coding         `json:"role,omitzero"`
	LifeCycle   Coding         `json:"lifecycle,omitzero"`
	Name        string         `json:"name,omitempty"`
	Description string         `json:"description,omitempty"`
	Query       string         `json:"query,omitempty"` // base64
	Details     []AuditDetail  `json:"details,omitempty"`
}

// AuditDetail is a property of an entity, as text.
type AuditDetail struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// parsers are used again: audit events come one by one.
var parsers fastjson.ParserPool

// ReadAudits reads the AuditEvent resources of one resource, a Bundle or NDJSON under the default limits. Errors and
// faults are as those of [Read].
func ReadAudits(name string, body []byte) (AuditResult, error) {
	parser := parsers.Get() // every text is copied out of it
	defer parsers.Put(parser)
	r := reader{limits: Limits{}.filled(), parser: parser, names: map[string]string{}, audits: []AuditEvent{}, out: Result{Skipped: map[string]int{}}}
	if err := r.read(name, body); err != nil {
		return AuditResult{}, err
	}
	return AuditResult{Events: r.audits, Skipped: r.out.Skipped, Faults: r.out.Faults}, nil
}

// audit reads one AuditEvent resource.
func (r *reader) audit(v *fastjson.Value, path string) {
	p := part{r, v, path}
	e := AuditEvent{Place: path, ID: p.text("id"), Type: p.coding("type"), Subtypes: p.codings("subtype"), Action: p.text("action"),
		Recorded: p.text("recorded"), Outcome: p.text("outcome"), OutcomeText: p.text("outcomeDesc")}
	switch e.Outcome {
	case "", "0", "4", "8", "12":
	default:
		r.fault(path+"/outcome", "%q is not one of 0, 4, 8, 12", clip(e.Outcome))
	}
	for _, c := range p.each("purposeOfEvent") {
		e.Purposes = append(e.Purposes, c.asConcept())
	}
	for _, a := range p.each("agent") {
		agent := AuditAgent{Type: a.concept("type"), Who: a.auditReference("who"), AltID: a.text("altId"), Name: a.text("name"),
			Requestor: a.v.GetBool("requestor"), Media: a.coding("media")}
		for _, c := range a.each("role") {
			agent.Roles = append(agent.Roles, c.asConcept())
		}
		if n, ok := a.object("network"); ok {
			agent.Address, agent.AddressType = n.text("address"), n.text("type")
		}
		e.Agents = append(e.Agents, agent)
	}
	if s, ok := p.object("source"); ok {
		e.Site, e.Observer, e.SourceTypes = s.text("site"), s.auditReference("observer"), s.codings("type")
	}
	for _, x := range p.each("entity") {
		entity := AuditEntity{What: x.auditReference("what"), Type: x.coding("type"), Role: x.coding("role"), LifeCycle: x.coding("lifecycle"),
			Name: x.text("name"), Description: x.text("description"), Query: x.text("query")}
		for _, d := range x.each("detail") {
			value := d.text("valueString")
			if value == "" {
				value = d.text("valueBase64Binary")
			}
			entity.Details = append(entity.Details, AuditDetail{d.text("type"), value})
		}
		e.Entities = append(e.Entities, entity)
	}
	if e.Recorded == "" {
		r.fault(path, "has no recorded")
	}
	r.audits = append(r.audits, e)
}

func (p part) auditReference(name string) AuditReference {
	o, ok := p.object(name)
	if !ok {
		return AuditReference{}
	}
	ref := AuditReference{Reference: o.text("reference"), Display: o.text("display"), Type: o.text("type")}
	if id, ok := o.object("identifier"); ok {
		ref.Identifier = id.identifier()
	}
	return ref
}

func (p part) coding(name string) Coding {
	o, ok := p.object(name)
	if !ok {
		return Coding{}
	}
	return Coding{System: o.text("system"), Code: o.text("code"), Display: o.text("display")}
}

func (p part) codings(name string) []Coding {
	var out []Coding
	for _, c := range p.each(name) {
		out = append(out, Coding{System: c.text("system"), Code: c.text("code"), Display: c.text("display")})
	}
	return out
}
