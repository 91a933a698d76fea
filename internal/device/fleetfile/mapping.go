package fleetfile

import (
	"slices"
	"strings"

	"triward/internal/problem"
	"triward/internal/product"
)

// Field is what a column of a fleet file says.
type Field string

// The closed list of fields.
const (
	FieldTag           Field = "asset_tag"
	FieldVendor        Field = "vendor"
	FieldModel         Field = "model"
	FieldVersion       Field = "version"
	FieldSerial        Field = "serial"
	FieldLot           Field = "lot"
	FieldManufactured  Field = "manufactured"
	FieldUDI           Field = "udi"
	FieldIP            Field = "ip"
	FieldMAC           Field = "mac"
	FieldHostname      Field = "hostname"
	FieldAETitle       Field = "ae_title"
	FieldSite          Field = "site"
	FieldLocation      Field = "location"
	FieldZone          Field = "zone"
	FieldConnectivity  Field = "connectivity"
	FieldPatientData   Field = "patient_data"
	FieldInUse         Field = "in_use"
	FieldClass         Field = "safety_class"
	FieldClinicalOwner Field = "clinical_owner"
	FieldITOwner       Field = "it_owner"
	FieldSBOM          Field = "sbom"
	FieldName          Field = "name"   // a host name where it can be one, else a fact
	FieldFact          Field = "fact"   // kept as a fact under the column's name
	FieldIgnore        Field = "ignore" // not kept
)

// Fields lists every field.
func Fields() []Field {
	return []Field{FieldTag, FieldVendor, FieldModel, FieldVersion, FieldSerial, FieldLot, FieldManufactured, FieldUDI, FieldIP, FieldMAC,
		FieldHostname, FieldAETitle, FieldSite, FieldLocation, FieldZone, FieldConnectivity, FieldPatientData, FieldInUse, FieldClass,
		FieldClinicalOwner, FieldITOwner, FieldSBOM, FieldName, FieldFact, FieldIgnore}
}

// synonyms are the headers by which inventories, maintenance systems and NetBox name a field, folded.
func synonyms() map[Field][]string {
	return map[Field][]string{
		FieldTag:           {"asset tag", "asset", "asset id", "asset no", "asset number", "tag", "equipment id", "equipment number", "equipment no", "equip id", "control number", "ce number", "inventory number", "inventory no", "inventarnummer", "anlagennummer", "cmms id"},
		FieldVendor:        {"vendor", "manufacturer", "maker", "mfr", "make", "brand", "oem", "manufacturer name", "vendor name", "hersteller"},
		FieldModel:         {"model", "device type", "model name", "model description", "product", "product name", "type", "modell", "typ", "device model"},
		FieldVersion:       {"version", "software version", "sw version", "software", "software rev", "software revision", "app version", "firmware version", "sw rev", "device version"},
		FieldSerial:        {"serial", "serial number", "serial no", "serialnumber", "sn", "s n", "seriennummer", "ser no"},
		FieldLot:           {"lot", "lot number", "batch", "batch number", "lot no"},
		FieldManufactured:  {"manufactured", "manufacture date", "date of manufacture", "manufactured date", "manufacturing date", "mfg date", "production date"},
		FieldUDI:           {"udi", "udi carrier", "udi hrf", "unique device identifier", "udi di", "di", "gtin"},
		FieldIP:            {"ip", "ip address", "ipaddress", "ipv4", "ipv6", "ip addr", "primary ip", "primary ip4", "primary ip6", "ip addresses", "primary ipv4", "primary ipv6"},
		FieldMAC:           {"mac", "mac address", "macaddress", "ethernet address", "hardware address", "mac addr", "mac addresses", "wifi mac", "primary mac address"},
		FieldHostname:      {"hostname", "host name", "host", "dns name", "fqdn", "computer name", "netbios name"},
		FieldAETitle:       {"ae title", "aet", "aetitle", "dicom ae title", "ae titles", "dicom ae"},
		FieldSite:          {"site", "facility", "hospital", "campus", "site name", "standort", "building site"},
		FieldLocation:      {"location", "ward", "department", "unit", "room", "dept", "location name", "station", "abteilung"},
		FieldZone:          {"zone", "network zone", "vlan", "network segment", "segment", "security zone"},
		FieldConnectivity:  {"connectivity", "connection", "network connection", "connection type"},
		FieldPatientData:   {"patient data", "phi", "ephi", "stores patient data", "stores phi", "stores ephi", "contains phi"},
		FieldInUse:         {"in use", "use", "status", "active", "in service", "operational status", "inuse"},
		FieldClass:         {"safety class", "criticality class", "clinical class", "device class", "function class"},
		FieldClinicalOwner: {"clinical owner", "owner", "clinical contact", "ward manager"},
		FieldITOwner:       {"it owner", "it contact", "technical owner", "technical contact"},
		FieldSBOM:          {"sbom", "sbom file"},
		FieldName:          {"name", "device name"},
		FieldIgnore:        {"triward id", "triward state"}, // of our own export
	}
}

// single reports whether only one column can hold a field; network identities may have several.
func (f Field) single() bool {
	switch f {
	case FieldIP, FieldMAC, FieldHostname, FieldAETitle, FieldFact, FieldIgnore, FieldName:
		return false
	}
	return true
}

// Mapping says what each column of a table is.
type Mapping []Field

// Guess maps columns by their headers; what is not recognised becomes a fact, and so does a second column for a field that
// has one value (the header that a field is named by most plainly wins).
func Guess(header []string) Mapping {
	m := make(Mapping, len(header))
	best := map[Field]int{} // rank of the header that won, by field
	rank := map[string]struct {
		field Field
		at    int
	}{}
	for f, names := range synonyms() {
		for i, n := range names {
			rank[n] = struct {
				field Field
				at    int
			}{f, i}
		}
	}
	at := map[Field]int{} // column that won
	for i, h := range header {
		m[i] = FieldFact
		r, ok := rank[product.Fold(h)]
		if !ok {
			continue
		}
		if old, taken := at[r.field]; taken && r.field.single() {
			if best[r.field] <= r.at {
				continue
			}
			m[old] = FieldFact
		}
		m[i], at[r.field], best[r.field] = r.field, i, r.at
	}
	return m
}

// With replaces guesses by what a person chose, by header. A header that the table does not have, a field that does not
// exist or that two columns would fill is Invalid.
func (m Mapping) With(header []string, chosen map[string]Field) (Mapping, error) {
	m = slices.Clone(m)
	var l problem.List
	for h, f := range chosen {
		i := slices.IndexFunc(header, func(have string) bool { return strings.EqualFold(have, strings.TrimSpace(h)) })
		if i < 0 {
			l.Add("mapping."+h, "there is no such column")
			continue
		}
		product.OneOf(&l, "mapping."+h, f, Fields())
		if f.single() { // a guess gives way to a choice
			for j := range m {
				if _, also := chosen[header[j]]; m[j] == f && j != i && !also {
					m[j] = FieldFact
				}
			}
		}
		m[i] = f
	}
	if err := m.check(&l, header); err != nil {
		return nil, err
	}
	return m, nil
}

func (m Mapping) check(l *problem.List, header []string) error {
	if len(m) != len(header) {
		l.Add("mapping", "names %d columns where the file has %d", len(m), len(header))
		return l.Err("the mapping is not valid")
	}
	first := map[Field]int{}
	for i, f := range m {
		if j, taken := first[f]; taken && f.single() {
			l.Add("mapping."+header[i], "%s is %q already", f, header[j])
		}
		first[f] = i
	}
	return l.Err("the mapping is not valid")
}
