package product

// The kinds of events of this package. All but [KindManufacturerAdded] and [KindManufacturerChanged] carry the model as
// their product.
const (
	KindManufacturerAdded   = "product.manufacturer_added"
	KindManufacturerChanged = "product.manufacturer_changed"
	KindModelAdded          = "product.model_added"
	KindModelChanged        = "product.model_changed"
	KindReleaseAdded        = "product.release_added"
	KindReleaseChanged      = "product.release_changed"
	KindSupportAsserted     = "product.support_asserted"
	KindFactRecorded        = "product.fact_recorded"
	KindFactWithdrawn       = "product.fact_withdrawn"
	KindSBOMAdded           = "product.sbom_added"
)

// KindRead is what an actor must be granted to read.
const KindRead = "product.read"

// Changed is the body of an event about a change: the fields before and after.
type Changed struct {
	Changes Changes `json:"changes"`
}

// ManufacturerAdded is the body of [KindManufacturerAdded].
type ManufacturerAdded struct {
	Name    string   `json:"name"`
	Aliases []string `json:"aliases,omitempty"`
}

// ModelAdded is the body of [KindModelAdded].
type ModelAdded struct {
	Manufacturer   ManufacturerID `json:"manufacturer"`
	Name           string         `json:"name"`
	DIs            []string       `json:"udi_dis,omitempty"`
	Numbers        []string       `json:"model_numbers,omitempty"`
	Class          SafetyClass    `json:"safety_class"`
	Functions      []Function     `json:"functions,omitempty"`
	MultiPatient   Answer         `json:"multi_patient"`
	PatientsAtOnce int            `json:"patients_at_once"`
}

// ReleaseAdded is the body of [KindReleaseAdded]; the event's subject is the release.
type ReleaseAdded struct {
	Model        ModelID `json:"model"`
	Version      string  `json:"version"`
	Released     string  `json:"released,omitempty"`
	EndOfSupport string  `json:"end_of_support,omitempty"`
}

// SupportAsserted is the body of [KindSupportAsserted]; the event's subject is the model.
type SupportAsserted struct {
	Release    ReleaseID `json:"release,omitempty"`
	Stage      Stage     `json:"stage"`
	AssertedBy string    `json:"asserted_by"`
	Since      string    `json:"since"`
	Source     string    `json:"source,omitempty"`
}

// FactRecorded is the body of [KindFactRecorded] and [KindFactWithdrawn]; the event's subject is the model.
type FactRecorded struct {
	ID         string     `json:"id"`
	Release    ReleaseID  `json:"release,omitempty"`
	Kind       FactKind   `json:"kind"`
	Vendor     string     `json:"vendor,omitempty"`
	Product    string     `json:"product,omitempty"`
	Version    string     `json:"version,omitempty"`
	CPE        string     `json:"cpe,omitempty"`
	Source     string     `json:"source"`
	Confidence Confidence `json:"confidence"`
}

// SBOMAdded is the body of [KindSBOMAdded]; the event's subject is the release.
type SBOMAdded struct {
	ID         string `json:"id"`
	Digest     string `json:"digest"`
	Format     string `json:"format"`
	Components int    `json:"components"`
	Supersedes string `json:"supersedes,omitempty"`
}
