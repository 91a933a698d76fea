package disclosure

import "triward/internal/incident"

// The kinds of events of this package; they are its permissions too. The subject is the incident.
const (
	KindOpened           = "disclosure.opened"
	KindMoved            = "disclosure.moved"
	KindParticipantAdded = "disclosure.participant_added"
)

// Body is the body of every event of this package.
type Body struct {
	Number     string            `json:"number"`
	Exercise   bool              `json:"exercise,omitempty"`
	Disclosure string            `json:"disclosure"`
	Title      string            `json:"title"`
	Weakness   string            `json:"weakness,omitempty"`
	Model      string            `json:"model,omitempty"`
	Changes    []incident.Change `json:"changes,omitempty"`
	Reason     string            `json:"reason,omitempty"`
}
