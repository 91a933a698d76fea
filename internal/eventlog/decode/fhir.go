package decode

import (
	"strconv"
	"strings"

	"triward/internal/atna"
	"triward/internal/fhir"
)

// dcm is the code system of DICOM in FHIR.
const dcm = "http://dicom.nema.org/resources/ontology/DCM"

// fhir reads an AuditEvent. Other resources are no events: they are kept as generic JSON, without what they say of a
// patient.
func (d *Decoder) fhir(s string) string {
	typ := d.tape.value("resourceType")
	if typ == "" {
		return "a FHIR record without resourceType"
	}
	if typ != "AuditEvent" {
		d.source("medical", "fhir", "fhir")
		d.e.Message = typ
		return ""
	}
	res, err := fhir.ReadAudits("event", []byte(s))
	switch {
	case err != nil:
		return err.Error()
	case len(res.Events) != 1:
		return "no AuditEvent was read"
	}
	a := &res.Events[0]
	d.source("medical", "fhir", "audit")
	d.time(a.Recorded)
	for _, f := range res.Faults {
		d.e.Fault = f.String()
	}
	sub := fhir.Coding{}
	if len(a.Subtypes) > 0 {
		sub = a.Subtypes[0]
	}
	d.put("audit.action", a.Action)
	d.event(code(a.Type), code(sub), a.Action)
	if a.Type.System != dcm && d.e.Class == 0 {
		d.class(classAPI, map[string]int{"C": 1, "R": 2, "U": 3, "D": 4}[a.Action])
	}
	d.outcome(a.Outcome)
	d.put("audit.site", a.Site)
	d.where("audit.source", a.Observer.Name())
	if len(a.SourceTypes) > 0 {
		d.put("audit.source_type", a.SourceTypes[0].Code)
	}
	d.put("audit.type", sub.Code)
	d.put("fhir.subtype", sub.Code)
	d.put("fhir.type", a.Type.Code)
	d.agents(a)
	d.entities(a)
	return ""
}

func code(c fhir.Coding) atna.Code {
	return atna.Code{Value: c.Code, System: c.System, Text: c.Display}
}

// agents finds who did it and the two sides, as sides does for ATNA. FHIR names the roles of DICOM in agent.type.
func (d *Decoder) agents(a *fhir.AuditEvent) {
	var who, from, to *fhir.AuditAgent
	for i := range a.Agents {
		g := &a.Agents[i]
		switch {
		case to == nil && (hasCode(g.Type, "110152") || hasCode(g.Type, "110154")):
			to = g
		case from == nil && (hasCode(g.Type, "110153") || hasCode(g.Type, "110155")):
			from = g
		}
		if g.Requestor && (who == nil || who == from && g != from) { // a person beside the system that asks
			who = g
		}
		d.put("media", g.Media.Code)
	}
	if who == nil && len(a.Agents) > 0 {
		who = &a.Agents[0]
	}
	if from == nil {
		from = who
	}
	if who != nil {
		clean, id := veil(who.Who.Name())
		if who.Who.Type == "Patient" && id == "" {
			clean, id = "Patient/…", who.Who.Name()
		}
		d.e.User = orElse(clean, orElse(who.AltID, who.Name))
		if id != "" {
			d.put("patient_hash", d.patient(id))
		} else {
			d.put("user.name", orElse(who.Name, who.Who.Display))
		}
		d.put("user.alt", who.AltID)
		d.put("user.requestor", strconv.FormatBool(who.Requestor))
		if len(who.Roles) > 0 {
			d.put("user.role", firstCode(who.Roles[0]))
		}
	}
	if from != nil {
		d.e.SrcIP = address(from.Address)
	}
	if to != nil && to != from {
		d.e.DstIP = address(to.Address)
	}
}

func hasCode(c fhir.Concept, code string) bool {
	for _, x := range c.Codes {
		if x.Code == code {
			return true
		}
	}
	return false
}

func firstCode(c fhir.Concept) string {
	for _, x := range c.Codes {
		if x.Code != "" {
			return x.Code
		}
	}
	return c.Text
}

func (d *Decoder) entities(a *fhir.AuditEvent) {
	var patients []string
	objects := 0
	for i := range a.Entities {
		e := &a.Entities[i]
		name := e.What.Name()
		if e.Role.Code == "1" || e.What.Type == "Patient" || strings.HasPrefix(name, "Patient/") || strings.Contains(name, "/Patient/") {
			if h := d.patient(name); h != "" && len(patients) < most {
				patients = append(patients, h)
			}
			continue
		}
		if e.Query != "" || e.Role.Code == "24" {
			d.put("object.query", "true")
			d.wide(e.Query)
		}
		if name == "" && e.Type.Code == "" {
			continue
		}
		if objects++; objects == 1 {
			d.where("object.id", name)
			d.put("object.lifecycle", e.LifeCycle.Code)
			d.put("object.role", e.Role.Code)
			d.put("object.type", e.Type.Code)
		}
	}
	d.put("n_objects", strconv.Itoa(len(a.Entities)))
	d.putAll(&patientNames, patients)
}
