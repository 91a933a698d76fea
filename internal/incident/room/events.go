package room

// The kinds of events of this package; they are its permissions too. The subject is the incident.
const (
	KindSaid      = "incident.priority_said" // by a person: an input of the priority
	KindSet       = "incident.priority_set"  // the priority became another
	KindEscalated = "incident.escalated"     // a task was not accepted in time
	KindReported  = "incident.reported"      // a situation report was made
)

// Noted is the body of every event of this package.
type Noted struct {
	Number   string `json:"number"`
	Exercise bool   `json:"exercise,omitempty"`
	Of       string `json:"of,omitempty"` // the input, the task, the number of the report
	Before   string `json:"before,omitempty"`
	After    string `json:"after,omitempty"`
	Reason   string `json:"reason,omitempty"`
	Digest   string `json:"digest,omitempty"` // SHA-256 of the report, hex
}
