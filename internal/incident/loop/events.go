package loop

// The kinds of events of this package; they are its permissions too. The subject is the incident.
const (
	KindCheckPlanned  = "loop.check_planned"
	KindCheckAnswered = "loop.check_answered"
	KindEstimated     = "loop.estimated"
)

// Body is the body of every event of this package.
type Body struct {
	Number   string `json:"number"`
	Exercise bool   `json:"exercise,omitempty"`
	Check    string `json:"check,omitempty"`
	Of       string `json:"of,omitempty"` // what the check is about
	Question string `json:"question,omitempty"`
	Owner    string `json:"owner,omitempty"`
	Due      string `json:"due,omitempty"`
	Result   Result `json:"result,omitempty"`
	Finding  string `json:"finding,omitempty"`
	Follow   string `json:"follow,omitempty"` // what was opened again because it had no effect
	Instant  string `json:"instant,omitempty"`
	At       string `json:"at,omitempty"`
	Earliest string `json:"earliest,omitempty"`
	Latest   string `json:"latest,omitempty"`
	Basis    string `json:"basis,omitempty"`
}
