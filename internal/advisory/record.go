package advisory

import "time"

// Source is the kind of document a record came from.
type Source string

// The closed list of sources.
const (
	CSAF    Source = "csaf"
	CVE     Source = "cve"
	NVD     Source = "nvd"
	OSV     Source = "osv"
	KEV     Source = "kev"
	EPSS    Source = "epss"
	OpenVEX Source = "openvex"
)

// Record is one published document in one revision. ID and Source together identify it over its revisions.
type Record struct {
	Source    Source
	ID        string // the document's own id, as written: "ICSMA-18-123-01", "CVE-2020-1234", "GO-2024-0001"
	Publisher string // who issued it: "CISA", "NVD", "GHSA"
	Title     string
	Summary   string // plain text, may be long
	Published time.Time
	Modified  time.Time // the source's own date of this revision; zero when it gives none
	Revision  string    // the source's own revision (CSAF tracking version), "" when it has none
	Withdrawn bool      // rejected, withdrawn or deprecated by its source: it must match nothing
	Status    string    // the source's own word: "final", "interim", "draft", "PUBLISHED", "REJECTED"
	TLP       string    // CSAF distribution TLP label, "" when not given
	URL       string    // canonical address of the document
	Links     []Link
	Vulns     []Vulnerability
}

// Link is a reference of a record.
type Link struct {
	URL   string
	Title string
	Kind  string // the source's own category: "self", "external", "FIX", "vendor-advisory", ...
}

// Vulnerability is one weakness as a record describes it.
type Vulnerability struct {
	ID          string   // the CVE id where there is one, else the record's or the vendor's own id
	Aliases     []string // every other id that the record gives for the same weakness, ID not included, sorted
	Related     []string // ids of other weaknesses that the record points to (OSV related, CVE replacedBy), sorted
	Upstream    []string // ids of the weakness in the software that the affected one is made from (OSV upstream), sorted
	Tags        []string // the source's own marks: "disputed", "unsupported-when-assigned"
	Title       string
	Description string
	CWEs        []string // "CWE-287", in the source's order
	Scores      []Score
	Decisions   []Decision  // SSVC decision points that the source asserts
	Exploited   []Exploited // assertions of exploitation that the record repeats (CISA ADP "kev", NVD cisaExploitAdd)
	Affected    []Affected
	Configs     []Config // NVD and CVE cpeApplicability; any one of them true makes a configuration affected
	Remedies    []Remedy
	Threats     []Threat
}

// Score is one assessment of severity, a CVSS vector as a rule. The vector is kept as written; Base is the source's own
// number (0.0 to 10.0), 0 where it gives only a vector (OSV). A source's word without CVSS has only Severity and By.
type Score struct {
	Version  string // "2.0", "3.0", "3.1", "4.0"
	Vector   string
	Base     float64
	Severity string   // the source's own word, upper case, "" when not given
	By       string   // who scored: "NVD", "CISA-ADP", the CNA
	Products []string // CSAF product ids that the score is limited to; empty: all
}

// Decision is an SSVC decision point value asserted by a source ("Exploitation" = "active").
type Decision struct {
	Point string // "Exploitation", "Automatable", "Technical Impact"
	Value string // "none", "poc", "active", "yes", "no", "partial", "total"
	By    string
	At    time.Time
}

// Status is what a source says about a product with respect to a vulnerability.
type Status string

// The closed list of statuses.
const (
	StatusAffected           Status = "affected"
	StatusNotAffected        Status = "not_affected"
	StatusFixed              Status = "fixed"
	StatusUnderInvestigation Status = "under_investigation"
	StatusUnknown            Status = "unknown" // the source names the product and says that it does not know
)

// Affected is one statement "this product, in these versions, has this status". Which fields are filled depends on the
// source: CSAF gives names and version text, OSV packages and ranges, CVE both.
type Affected struct {
	Status    Status
	Place     string // where in the document, as a JSON pointer or product id, for proofs
	ProductID string // the source's own id of the product (CSAF product_id): scores, remedies and threats name it

	Vendor  string   // as written
	Product string   // as written, the name without vendor and version
	Family  []string // CSAF branches between vendor and product (product_family, ...), outermost first
	Names   []string // full product names and other names given for the same product

	PURL      string // package URL without version, "" when not given
	Ecosystem string // OSV ecosystem ("Go", "PyPI", "Debian:12") or CVE collection URL
	Package   string // package name within the ecosystem
	CPEs      []string
	Models    []string // model numbers (CSAF product_identification_helper, CSAF 2.0 3.1.3.3.4)
	Serials   []string // serial numbers, may hold * and ? wildcards (CSAF 2.0 3.1.3.3.6)
	SKUs      []string
	Hashes    []string // "sha256:<hex>"
	URIs      []string // other identifiers (CSAF x_generic_uris, sbom_urls), "<namespace> <uri>"

	Versions     []string // exact versions
	VersionText  []string // version or range text as written that still has to be understood ("< 1.2", "vers:all/*", "Rev J-M"); any one applies
	Ranges       []Range  // machine-readable ranges; any one applies
	All          bool     // every version, said explicitly
	DefaultOther Status   // status of versions that no entry names (CVE 5 defaultStatus), "" when the source does not say

	Platforms []string  // CVE platforms: free text or CPE
	RunsOn    *Affected // CSAF relationship: Product is a component of / installed on / with this one
	Relation  string    // the relationship's category, "" without RunsOn

	Justification string // VEX justification for not affected, in OpenVEX words
	Note          string // impact statement or other text that explains the status
}

// RangeType says how the versions of a range are ordered.
type RangeType string

// The closed list of range types.
const (
	RangeSemver    RangeType = "SEMVER"
	RangeEcosystem RangeType = "ECOSYSTEM"
	RangeGit       RangeType = "GIT"
	RangeCustom    RangeType = "custom" // CVE 5 versionType that is not an ecosystem's; Scheme holds the word
)

// Range is an ordered list of events on the version line (OSV 1.6 "events"; CVE 5 version/lessThan/lessThanOrEqual and
// changes are written in the same form).
type Range struct {
	Type   RangeType
	Scheme string // CVE 5 versionType as written ("semver", "custom", "git", "rpm"), "" for OSV
	Repo   string
	Events []Event
	Status Status // status inside the range; where several ranges of one Affected hold a version, the first one decides
}

// Event is one point of a range; exactly one field is set. "0" as Introduced means from the beginning.
type Event struct {
	Introduced   string
	Fixed        string
	LastAffected string
	Limit        string
}

// Config is a boolean applicability statement over CPE names (NVD API 2.0 "configurations", CVE 5.1 "cpeApplicability").
type Config struct {
	Place  string
	Negate bool
	Op     Op
	Nodes  []Node
}

// Node is a group of CPE matches and sub-nodes under one operator.
type Node struct {
	Op       Op
	Negate   bool
	Matches  []CPEMatch
	Children []Node
}

// Op joins the parts of a Config or Node.
type Op string

// The closed list of operators.
const (
	Or  Op = "OR"
	And Op = "AND"
)

// CPEMatch is one CPE 2.3 match criterion with an optional version range. Vulnerable false means "running on/with".
type CPEMatch struct {
	Vulnerable     bool
	Criteria       string // CPE 2.3 formatted string
	StartIncluding string
	StartExcluding string
	EndIncluding   string
	EndExcluding   string
}

// Remedy is what a source says can be done.
type Remedy struct {
	Category string // "vendor_fix", "mitigation", "workaround", "none_available", "no_fix_planned"
	Details  string
	URL      string
	Date     time.Time
	Products []string // CSAF product ids; empty: all
	Restart  string   // CSAF restart_required category
}

// Threat is a CSAF threat: impact, exploit status or target set in the source's words. CVE records give "impact" (CAPEC),
// "exploit_status" (exploits) and "configuration" (what must be set up for the weakness to be reachable).
type Threat struct {
	Category string
	Details  string
	Products []string
}

// Exploited is one assertion that a vulnerability is exploited (a KEV entry).
type Exploited struct {
	CVE        string
	By         string // the catalogue: "CISA"
	Vendor     string
	Product    string
	Name       string
	Summary    string
	Added      time.Time
	Due        time.Time
	Action     string
	Ransomware string // "Known" or "Unknown"
	CWEs       []string
	Notes      string
}

// Likelihood is one EPSS row: the estimated probability of exploitation in the next 30 days (0 to 1) and its percentile (0 to 1).
type Likelihood struct {
	CVE        string
	Score      float64
	Percentile float64
}
