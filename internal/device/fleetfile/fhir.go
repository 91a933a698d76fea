package fleetfile

import (
	"fmt"
	"strings"

	"triward/internal/fhir"
	"triward/internal/problem"
)

// FromFHIR maps FHIR R4 Device resources to rows, which are imported like those of a fleet file. What has no field is
// kept as a fact. Faults name the resource; resources entered in error are left out with a fault.
func FromFHIR(res fhir.Result) ([]Row, []problem.Fault) {
	faults := append([]problem.Fault(nil), res.Faults...)
	var rows []Row
	for i, d := range res.Devices {
		if len(faults) >= MaxFaults {
			break
		}
		if d.Status == "entered-in-error" {
			faults = append(faults, problem.Fault{Path: d.Place, Reason: "the resource was entered in error"})
			continue
		}
		var c cells
		c.fhir(d)
		p := rowParser{header: c.header, mapping: c.mapping}
		row := p.row(Record{Line: i + 1, Cells: c.values})
		if len(p.faults) == 0 {
			rows = append(rows, row)
		}
		for _, f := range p.faults {
			f.Path = d.Place + strings.TrimPrefix(f.Path, fmt.Sprintf("row %d", i+1))
			faults = append(faults, f)
		}
	}
	return rows, faults
}

// cells builds one record with columns of its own.
type cells struct {
	header  []string
	mapping Mapping
	values  []string
	filled  map[Field]bool
}

// add puts a value into a field; a field with one value that is filled already makes it a fact under the given name.
func (c *cells) add(f Field, name, value string) {
	value = strings.TrimSpace(value)
	if value == "" {
		return
	}
	if c.filled == nil {
		c.filled = map[Field]bool{}
	}
	if f.single() && c.filled[f] {
		f = FieldFact
	}
	c.filled[f] = true
	c.header, c.mapping, c.values = append(c.header, name), append(c.mapping, f), append(c.values, value)
}

func (c *cells) fhir(d fhir.Device) {
	c.add(FieldSerial, "serialNumber", d.Serial)
	c.add(FieldLot, "lotNumber", d.Lot)
	c.add(FieldVendor, "manufacturer", d.Manufacturer)
	c.add(FieldManufactured, "manufactureDate", d.Manufactured[:min(len(d.Manufactured), len("2006-01-02"))])
	for _, n := range d.Names {
		if n.Type == "model-name" {
			c.add(FieldModel, "deviceName", n.Name)
		}
	}
	c.add(FieldModel, "modelNumber", d.ModelNumber)
	c.add(FieldModel, "deviceName", d.Label())
	c.add(FieldFact, "partNumber", d.PartNumber)
	c.add(FieldFact, "type", d.Type.Words())
	for _, u := range d.UDI {
		if u.HRF != "" {
			c.add(FieldUDI, "udiCarrier", u.HRF)
		} else {
			c.add(FieldUDI, "udiCarrier", u.DeviceIdentifier)
		}
	}
	c.identifiers(d)
	for _, v := range d.Versions {
		switch kind := strings.ToLower(v.Type); {
		case v.Component == "" && (kind == "" || strings.Contains(kind, "software")):
			c.add(FieldVersion, "version", v.Value)
		default:
			c.add(FieldFact, strings.TrimSpace("version "+v.Type+" "+v.Component), v.Value)
		}
	}
	switch d.Status {
	case "active":
		c.add(FieldInUse, "status", "yes")
	case "inactive":
		c.add(FieldInUse, "status", "no")
	}
	c.add(FieldFact, "statusReason", strings.Join(d.StatusReason, ", "))
	c.add(FieldSite, "owner", d.Owner.Display)
	c.add(FieldLocation, "location", firstOf(d.Location.Display, d.Location.Reference))
	c.add(FieldFact, "parent", firstOf(d.Parent.Display, d.Parent.Reference))
	for _, p := range d.Properties {
		c.add(FieldFact, "property "+p.Type, p.Value)
	}
	c.add(FieldFact, "contact", strings.Join(d.Contacts, ", "))
	c.add(FieldFact, "url", d.URL)
	c.add(FieldFact, "note", strings.Join(d.Notes, "\n"))
	for _, s := range d.Safety {
		c.add(FieldFact, "safety", s.Words())
	}
}

// identifiers sorts business identifiers by their type (HL7 table 0203: SNO serial number, MAC; texts that name an asset or
// inventory number). The first without a type is taken for the asset tag: the owner's own number.
func (c *cells) identifiers(d fhir.Device) {
	var plain []fhir.Identifier
	for _, i := range d.Identifiers {
		about := strings.ToLower(i.Type + " " + i.System)
		switch {
		case i.Type == "SNO" || strings.Contains(about, "serial"):
			if Mark(i.Value) != Mark(d.Serial) {
				c.add(FieldSerial, "identifier "+firstOf(i.System, i.Type), i.Value)
			}
		case i.Type == "MAC" || strings.Contains(about, "mac address"):
			c.add(FieldMAC, "identifier MAC", i.Value)
		case strings.Contains(about, "asset") || strings.Contains(about, "inventory"):
			c.add(FieldTag, "identifier "+firstOf(i.System, i.Type), i.Value)
		default:
			plain = append(plain, i)
		}
	}
	for _, i := range plain {
		f := FieldFact
		if i.Type == "" && Mark(i.Value) != Mark(d.Serial) {
			f = FieldTag
		}
		c.add(f, strings.TrimSpace("identifier "+firstOf(i.System, i.Type)), i.Value)
	}
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
