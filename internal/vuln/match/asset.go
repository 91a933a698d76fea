package match

import "time"

// Truth is the answer of a match.
type Truth string

// The closed list of answers.
const (
	Affected    Truth = "affected"
	NotAffected Truth = "not_affected"
	Unknown     Truth = "unknown"
)

// Asset is a configuration to be judged: what is known of one device, release or model. Empty means not known.
type Asset struct {
	Vendor       string
	Model        string
	ModelNumbers []string
	Version      string // software version of the device as a whole
	Serial       string
	Lot          string
	Manufactured time.Time // date of manufacture, zero when not known
	DI           string    // UDI device identifier
	Facts        []Fact
	Components   []Component
}

// FactKind is what part of a configuration a fact describes.
type FactKind string

// The closed list of parts.
const (
	Hardware    FactKind = "hardware"
	OS          FactKind = "os"
	Application FactKind = "application"
	Firmware    FactKind = "firmware"
	Other       FactKind = "other" // a named value that no rule reads yet but people may ask for ("wireless module" = "v17")
)

// Fact is one known part of a configuration.
type Fact struct {
	Kind       FactKind
	Vendor     string
	Product    string // for Other: the name of the value
	Version    string // for Other: the value
	CPE        string // CPE 2.3 name when known
	Source     string // who says so: "import fleet.csv", "sbom", "person"
	Confidence string // "measured", "declared", "assumed"
}

// Component is a part of the software, from an SBOM.
type Component struct {
	Ref     string // bom-ref, unique within the asset
	Name    string
	Group   string
	Version string
	PURL    string
	CPEs    []string
	Hashes  []string // "sha256:<hex>"
}

// Match is the answer of one record about one vulnerability for one asset.
type Match struct {
	Vulnerability string   // the CVE where there is one, else the record's own id
	Aliases       []string // every other id known for it, sorted
	RecordSource  string   // advisory.Source
	RecordID      string
	Truth         Truth
	Settles       string // for Unknown: the one fact that would settle it, in words for people ("software version", "serial number")
	Proof         Proof
}

// Proof is one step of the derivation of an answer and the steps it rests on.
type Proof struct {
	Rule     string   // rule id: "csaf.name+version", "purl.range", "cpe.configuration", "and", "or", "not", "version.range", ...
	Truth    Truth    // answer of this step
	Says     string   // one plain sentence: what was compared with what and the outcome
	Record   string   // "csaf ICSMA-18-123-01 rev 3", only on the root
	Hash     string   // SHA-256 of the source record's bytes, hex, only on the root
	Place    string   // where in the record (JSON pointer or product id)
	Facts    []string // facts used: "version = 2.3.5 (import fleet.csv)"
	Missing  string   // the fact that is missing, for Unknown
	Children []Proof  `json:",omitempty"`
}
