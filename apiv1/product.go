package apiv1

import "time"

// Manufacturer makes devices.
type Manufacturer struct {
	ID string `json:"id"`
	ManufacturerInput
}

// ManufacturerInput names a manufacturer.
type ManufacturerInput struct {
	Name    string   `json:"name" maxLength:"300"`
	Aliases []string `json:"aliases,omitempty" maxItems:"200" doc:"Other names by which it is known"`
}

// ModelQuery chooses models.
type ModelQuery struct {
	Manufacturer string `query:"manufacturer" maxLength:"64"`
	Class        string `query:"safety_class" enum:"life_sustaining,life_supporting,therapeutic,diagnostic,monitoring,other,unknown"`
	Text         string `query:"q" maxLength:"300" doc:"Words that begin the manufacturer's or the model's name"`
	Sort         string `query:"sort" enum:"model,-model,class,-class,changed,-changed" doc:"Absent: by manufacturer and name"`
	Cursor
}

// ModelInput is what can be said of a model.
type ModelInput struct {
	Manufacturer   string     `json:"manufacturer" maxLength:"64" doc:"Manufacturer id"`
	Name           string     `json:"name" maxLength:"300"`
	DIs            []string   `json:"udi_dis,omitempty" doc:"UDI device identifiers"`
	Numbers        []string   `json:"model_numbers,omitempty" doc:"Model, catalogue or part numbers"`
	Class          string     `json:"safety_class,omitempty" enum:"life_sustaining,life_supporting,therapeutic,diagnostic,monitoring,other,unknown"`
	Functions      []Function `json:"functions,omitempty" maxItems:"200"`
	MultiPatient   string     `json:"multi_patient,omitempty" enum:"yes,no,unknown" doc:"One event can hurt several patients"`
	PatientsAtOnce int        `json:"patients_at_once,omitempty" minimum:"0" doc:"0: not known"`
}

// Function is something a model does for a patient.
type Function struct {
	Name string `json:"name" maxLength:"300"`
	Harm string `json:"harm,omitempty" enum:"negligible,minor,serious,critical,catastrophic,unknown" doc:"The worst that can follow when it fails or its output is false"`
}

// Model is a kind of device.
type Model struct {
	ID string `json:"id"`
	ModelInput
	ManufacturerName string    `json:"manufacturer_name,omitempty"`
	WorstHarm        string    `json:"worst_harm,omitempty" doc:"unknown when there is no function or one is unknown"`
	Stage            string    `json:"support_stage,omitempty" doc:"Today, as asserted for every release"`
	Changed          time.Time `json:"changed,omitzero"`
}

// ReleaseInput is what can be said of a release.
type ReleaseInput struct {
	Version      string `json:"version" maxLength:"300"`
	Released     string `json:"released,omitempty" format:"date"`
	EndOfSupport string `json:"end_of_support,omitempty" format:"date"`
}

// Release is a software version of a model.
type Release struct {
	ID    string `json:"id"`
	Model string `json:"model"`
	ReleaseInput
	Stage string `json:"support_stage,omitempty" doc:"Today"`
}

// FactInput is a configuration fact of a model or of one release.
type FactInput struct {
	Release string `json:"release_id,omitempty" maxLength:"64" doc:"Absent: every release"`
	Part
}

// FactQuery chooses facts of a model.
type FactQuery struct {
	Release string `query:"release" maxLength:"64" doc:"Those that hold for a release"`
}

// SupportInput is an assertion that a model or release is in a stage of support (IMDRF/CYBER WG/N70) from a date on.
type SupportInput struct {
	Release    string `json:"release_id,omitempty" maxLength:"64" doc:"Absent: every release"`
	Stage      string `json:"stage" enum:"development,support,limited_support,end_of_support"`
	AssertedBy string `json:"asserted_by" maxLength:"300"`
	Since      string `json:"since" format:"date"`
	Source     string `json:"source,omitempty" maxLength:"300" doc:"Document or address"`
}

// Support is a recorded assertion.
type Support struct {
	ID string `json:"id"`
	SupportInput
	At time.Time `json:"at"`
}

// SBOM is a bill of materials that belongs to a release.
type SBOM struct {
	ID          string    `json:"id"`
	Model       string    `json:"model"`
	Release     string    `json:"release"`
	Digest      string    `json:"digest"`
	Format      string    `json:"format"`
	SpecVersion string    `json:"spec_version"`
	Name        string    `json:"name,omitempty"`
	Made        time.Time `json:"made,omitzero" doc:"As the document says"`
	At          time.Time `json:"at"`
	Components  int       `json:"components"`
	Superseded  time.Time `json:"superseded,omitzero" doc:"Absent for the current one"`
}

// Upload names the file in the body of the request.
type Upload struct {
	Name string `query:"name" maxLength:"300" doc:"Name of the file, for messages" default:"upload"`
}

// SBOMAttached is what attaching an SBOM gave.
type SBOMAttached struct {
	SBOM
	Notes []string `json:"notes,omitempty" doc:"What was left out or taken with a grain of salt"`
}

// Component is one part that an SBOM lists.
type Component struct {
	Ref          string   `json:"ref"`
	Parent       string   `json:"parent,omitempty"`
	Type         string   `json:"type,omitempty"`
	Group        string   `json:"group,omitempty"`
	Name         string   `json:"name"`
	Version      string   `json:"version,omitempty"`
	PURLs        []string `json:"purls,omitempty"`
	CPEs         []string `json:"cpes,omitempty"`
	Hashes       []string `json:"hashes,omitempty" doc:"algorithm:hexadecimal"`
	Supplier     string   `json:"supplier,omitempty"`
	Licences     []string `json:"licences,omitempty"`
	Support      string   `json:"support,omitempty"`
	EndOfSupport string   `json:"end_of_support,omitempty"`
	EndOfLife    string   `json:"end_of_life,omitempty"`
}

// SBOMDiff is how two SBOMs differ.
type SBOMDiff struct {
	From      string             `json:"from"`
	To        string             `json:"to"`
	Added     []ComponentBrief   `json:"added" nullable:"false"`
	Removed   []ComponentBrief   `json:"removed" nullable:"false"`
	Changed   []ComponentChanged `json:"changed" nullable:"false"`
	Unchanged int                `json:"unchanged"`
}

// ComponentBrief names a component.
type ComponentBrief struct {
	Ref     string `json:"ref"`
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	PURL    string `json:"purl,omitempty"`
}

// ComponentChanged is a component in both SBOMs that is not the same.
type ComponentChanged struct {
	From    ComponentBrief `json:"from"`
	To      ComponentBrief `json:"to"`
	Matched string         `json:"matched" doc:"How it was recognised: purl, cpe or name"`
	Changes []Change       `json:"changes" nullable:"false"`
}

// Change is one field before and after.
type Change struct {
	Field  string `json:"field"`
	Before string `json:"before"`
	After  string `json:"after"`
}
