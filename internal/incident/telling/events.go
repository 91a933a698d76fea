package telling

// The kinds of events of this package; they are its permissions too. The subject is the incident, or the stakeholder.
const (
	KindTold     = "telling.recorded"
	KindAnswered = "telling.answered"
	KindAdded    = "stakeholder.added"
	KindChanged  = "stakeholder.changed"
	KindRetired  = "stakeholder.retired"
)

// Body is the body of the events about incidents.
type Body struct {
	Number   string   `json:"number"`
	Exercise bool     `json:"exercise,omitempty"`
	Telling  string   `json:"telling"`
	Role     string   `json:"role"`
	Whom     string   `json:"whom"`
	Channel  string   `json:"channel,omitempty"`
	At       string   `json:"at"`
	Draft    string   `json:"draft,omitempty"`
	Digest   string   `json:"sha256,omitempty"` // of the draft that was told
	Duty     string   `json:"duty,omitempty"`
	TLP      string   `json:"tlp,omitempty"`
	Passed   []string `json:"passed,omitempty"` // who should have been told before
	Reason   string   `json:"reason,omitempty"`
	Words    string   `json:"words,omitempty"` // SHA-256 of what was said or answered
}

// ListBody is the body of the events about the list of stakeholders. Contacts are not in it.
type ListBody struct {
	Role   string `json:"role"`
	Name   string `json:"name"`
	Order  int    `json:"order"`
	Reason string `json:"reason,omitempty"`
}
