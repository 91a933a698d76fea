package validation

// The kinds of events of this package; they are its permissions too. The subject is the report.
const (
	KindRead     = "assurance.read"
	KindRun      = "assurance.validation_run"
	KindVerified = "assurance.validation_verified"
	KindApproved = "assurance.validation_approved"
	KindRefused  = "assurance.validation_refused"
)

// Ran is the body of [KindRun].
type Ran struct {
	Number  int    `json:"number"`
	SHA256  string `json:"sha256"`
	Reason  string `json:"reason"`
	Base    *Base  `json:"base,omitempty"`
	Changes int    `json:"changes"`
	Passed  int    `json:"passed"`
	Failed  int    `json:"failed"`
	NotRun  int    `json:"not_run"`
}

// Signed is the body of the kinds of verdicts.
type Signed struct {
	Number    int    `json:"number"`
	SHA256    string `json:"sha256"`
	Reason    string `json:"reason,omitempty"`
	Signature string `json:"signature"`
}
