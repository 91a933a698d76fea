package fhir

import (
	"strconv"
	"strings"

	"github.com/valyala/fastjson"
)

// device reads one Device resource.
func (r *reader) device(v *fastjson.Value, path, fullURL string) {
	p := part{r, v, path}
	d := Device{
		Place: path, FullURL: fullURL, ID: p.text("id"), Status: p.text("status"), Manufacturer: p.text("manufacturer"), ModelNumber: p.text("modelNumber"),
		PartNumber: p.text("partNumber"), Serial: p.text("serialNumber"), Lot: p.text("lotNumber"), Distinct: p.text("distinctIdentifier"),
		Manufactured: p.text("manufactureDate"), Expires: p.text("expirationDate"), URL: p.text("url"),
		Type: p.concept("type"), Owner: p.reference("owner"), Location: p.reference("location"), Parent: p.reference("parent"),
		Definition: p.reference("definition"), Assigned: v.Get("patient") != nil,
	}
	switch d.Status {
	case "", "active", "inactive", "entered-in-error", "unknown":
	default:
		r.fault(path+"/status", "%q is not one of active, inactive, entered-in-error, unknown", clip(d.Status))
	}
	for _, e := range p.each("identifier") {
		if id := e.identifier(); id.Value != "" {
			d.Identifiers = append(d.Identifiers, id)
		}
	}
	for _, e := range p.each("udiCarrier") {
		d.UDI = append(d.UDI, Carrier{
			DeviceIdentifier: e.text("deviceIdentifier"), Issuer: e.text("issuer"), Jurisdiction: e.text("jurisdiction"),
			HRF: e.text("carrierHRF"), AIDC: e.text("carrierAIDC"), EntryType: e.text("entryType"),
		})
	}
	for _, e := range p.each("deviceName") {
		if n := e.text("name"); n != "" {
			d.Names = append(d.Names, Name{Name: n, Type: e.text("type")})
		} else {
			r.fault(e.path, "has no name")
		}
	}
	for _, e := range p.each("version") {
		ver := Version{Type: e.concept("type").Words(), Value: e.text("value")}
		if c := e.v.Get("component"); c != nil {
			ver.Component = part{r, c, e.path + "/component"}.identifier().Value
		}
		if ver.Value == "" {
			r.fault(e.path, "has no value")
			continue
		}
		d.Versions = append(d.Versions, ver)
	}
	for _, e := range p.each("property") {
		d.Properties = append(d.Properties, Property{Type: e.concept("type").Words(), Value: e.values()})
	}
	for _, e := range p.each("statusReason") {
		d.StatusReason = append(d.StatusReason, e.asConcept().Words())
	}
	for _, e := range p.each("safety") {
		d.Safety = append(d.Safety, e.asConcept())
	}
	for _, e := range p.each("contact") {
		if c := e.text("value"); c != "" {
			d.Contacts = append(d.Contacts, strings.TrimPrefix(e.text("system")+": "+c, ": "))
		}
	}
	for _, e := range p.each("note") {
		if n := e.text("text"); n != "" {
			d.Notes = append(d.Notes, n)
		}
	}
	r.out.Devices = append(r.out.Devices, d)
}

// part is an object of the resource with its place.
type part struct {
	r    *reader
	v    *fastjson.Value
	path string
}

// text is a string member; a member of another type is a fault.
func (p part) text(name string) string {
	v := p.v.Get(name)
	switch {
	case v == nil:
		return ""
	case v.Type() != fastjson.TypeString:
		p.r.fault(p.path+"/"+name, "is a JSON %s, must be a string", v.Type())
		return ""
	}
	return strings.TrimSpace(str(v))
}

// each is the objects of a repeating member. A single object where an array must stand is read, with a fault.
func (p part) each(name string) []part {
	v := p.v.Get(name)
	if v == nil {
		return nil
	}
	at := p.path + "/" + name
	switch v.Type() {
	case fastjson.TypeObject:
		p.r.fault(at, "is a JSON object, must be an array")
		return []part{{p.r, v, at}}
	case fastjson.TypeArray:
	default:
		p.r.fault(at, "is a JSON %s, must be an array", v.Type())
		return nil
	}
	var out []part
	for i, e := range v.GetArray() {
		here := at + "/" + strconv.Itoa(i)
		if e.Type() != fastjson.TypeObject {
			p.r.fault(here, "is a JSON %s, must be an object", e.Type())
			continue
		}
		out = append(out, part{p.r, e, here})
	}
	return out
}

// object is a member that is one object.
func (p part) object(name string) (part, bool) {
	v := p.v.Get(name)
	switch {
	case v == nil:
		return part{}, false
	case v.Type() != fastjson.TypeObject:
		p.r.fault(p.path+"/"+name, "is a JSON %s, must be an object", v.Type())
		return part{}, false
	}
	return part{p.r, v, p.path + "/" + name}, true
}

func (p part) concept(name string) Concept {
	o, ok := p.object(name)
	if !ok {
		return Concept{}
	}
	return o.asConcept()
}

func (p part) asConcept() Concept {
	c := Concept{Text: p.text("text")}
	for _, e := range p.each("coding") {
		c.Codes = append(c.Codes, Coding{System: e.text("system"), Code: e.text("code"), Display: e.text("display")})
	}
	return c
}

func (p part) reference(name string) Reference {
	o, ok := p.object(name)
	if !ok {
		return Reference{}
	}
	ref := Reference{Reference: o.text("reference"), Display: o.text("display")}
	if id, ok := o.object("identifier"); ok && ref.Display == "" {
		ref.Display = id.text("value")
	}
	return ref
}

func (p part) identifier() Identifier {
	if p.v.Type() != fastjson.TypeObject {
		p.r.fault(p.path, "is a JSON %s, must be an object", p.v.Type())
		return Identifier{}
	}
	id := Identifier{System: p.text("system"), Value: p.text("value"), Use: p.text("use")}
	c := p.concept("type")
	for _, code := range c.Codes {
		if id.Type == "" {
			id.Type = code.Code
		}
	}
	if id.Type == "" {
		id.Type = c.Words()
	}
	return id
}

// values is the quantities and codes of a property as text.
func (p part) values() string {
	var out []string
	for _, q := range p.each("valueQuantity") {
		text := ""
		if v := q.v.Get("value"); v != nil && v.Type() == fastjson.TypeNumber {
			text = string(v.MarshalTo(nil))
		}
		unit := q.text("unit")
		if unit == "" {
			unit = q.text("code")
		}
		out = append(out, strings.TrimSpace(q.text("comparator")+text+" "+unit))
	}
	for _, c := range p.each("valueCode") {
		out = append(out, c.asConcept().Words())
	}
	return strings.Join(out, ", ")
}

func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	end := most
	for end > 0 && s[end]&0xC0 == 0x80 {
		end--
	}
	return s[:end] + "..."
}
