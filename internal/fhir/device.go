package fhir

import "triward/internal/problem"

// Result is what an input holds.
type Result struct {
	Devices []Device        `json:"devices"`
	Skipped map[string]int  `json:"skipped,omitempty"` // resources of other types by type
	Faults  []problem.Fault `json:"faults,omitempty"`
}

// Device is one Device resource (FHIR R4 8.11).
type Device struct {
	Place        string       `json:"place"` // JSON pointer of the resource, "line 3" in NDJSON
	ID           string       `json:"id,omitempty"`
	FullURL      string       `json:"fullUrl,omitempty"` // Bundle.entry.fullUrl
	Identifiers  []Identifier `json:"identifiers,omitempty"`
	UDI          []Carrier    `json:"udi,omitempty"`
	Status       string       `json:"status,omitempty"` // active, inactive, entered-in-error, unknown
	StatusReason []string     `json:"statusReason,omitempty"`
	Manufacturer string       `json:"manufacturer,omitempty"`
	ModelNumber  string       `json:"modelNumber,omitempty"`
	PartNumber   string       `json:"partNumber,omitempty"`
	Serial       string       `json:"serial,omitempty"`
	Lot          string       `json:"lot,omitempty"`
	Distinct     string       `json:"distinct,omitempty"` // distinctIdentifier: donation number of HCT/P
	Manufactured string       `json:"manufactured,omitempty"`
	Expires      string       `json:"expires,omitempty"`
	Names        []Name       `json:"names,omitempty"`
	Type         Concept      `json:"type,omitzero"`
	Versions     []Version    `json:"versions,omitempty"`
	Properties   []Property   `json:"properties,omitempty"`
	Assigned     bool         `json:"assigned,omitempty"` // Device.patient is set; whose it is, is not kept
	Owner        Reference    `json:"owner,omitzero"`
	Location     Reference    `json:"location,omitzero"`
	Parent       Reference    `json:"parent,omitzero"`
	Definition   Reference    `json:"definition,omitzero"`
	Contacts     []string     `json:"contacts,omitempty"` // "phone: 555 1234"
	URL          string       `json:"url,omitempty"`
	Notes        []string     `json:"notes,omitempty"`
	Safety       []Concept    `json:"safety,omitempty"`
}

// Identifier is a business identifier.
type Identifier struct {
	System string `json:"system,omitempty"`
	Value  string `json:"value"`
	Type   string `json:"type,omitempty"` // code or text of the type: "SNO", "MAC"
	Use    string `json:"use,omitempty"`
}

// Carrier is a unique device identifier. HRF is the human-readable form as on the label, AIDC the base64 of the
// machine-readable one, as written.
type Carrier struct {
	DeviceIdentifier string `json:"deviceIdentifier,omitempty"`
	Issuer           string `json:"issuer,omitempty"`
	Jurisdiction     string `json:"jurisdiction,omitempty"`
	HRF              string `json:"hrf,omitempty"`
	AIDC             string `json:"aidc,omitempty"`
	EntryType        string `json:"entryType,omitempty"` // barcode, rfid, manual, card, self-reported, unknown
}

// Name is a device name with its type: udi-label-name, user-friendly-name, patient-reported-name,
// manufacturer-name, model-name, other.
type Name struct {
	Name string `json:"name"`
	Type string `json:"type,omitempty"`
}

// Version is the version of the device or of a component of it; Type says of what ("firmware").
type Version struct {
	Type      string `json:"type,omitempty"`
	Component string `json:"component,omitempty"` // identifier of the component
	Value     string `json:"value"`
}

// Property is an actual configuration setting. Values are joined as text.
type Property struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// Concept is a coded thing.
type Concept struct {
	Text  string   `json:"text,omitempty"`
	Codes []Coding `json:"codes,omitempty"`
}

// Coding is one code of a terminology.
type Coding struct {
	System  string `json:"system,omitempty"`
	Code    string `json:"code,omitempty"`
	Display string `json:"display,omitempty"`
}

// Words is the plainest name of the concept.
func (c Concept) Words() string {
	if c.Text != "" {
		return c.Text
	}
	for _, x := range c.Codes {
		if x.Display != "" {
			return x.Display
		}
	}
	for _, x := range c.Codes {
		if x.Code != "" {
			return x.Code
		}
	}
	return ""
}

// Reference points to another resource. Display is its own text, else the name of the resource when the Bundle holds it.
type Reference struct {
	Reference string `json:"reference,omitempty"`
	Display   string `json:"display,omitempty"`
}

// Label is the best name for a person: user-friendly, then label, then model, then any.
func (d Device) Label() string {
	for _, typ := range []string{"user-friendly-name", "udi-label-name", "model-name", "manufacturer-name", ""} {
		for _, n := range d.Names {
			if n.Type == typ || typ == "" {
				return n.Name
			}
		}
	}
	return d.Type.Words()
}
