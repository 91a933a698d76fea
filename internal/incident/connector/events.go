package connector

// The kinds of events of this package; they are its permissions too. The subject is the connector's name, of what is sent the
// incident.
const (
	KindRead     = "connector.read"
	KindApproved = "connector.approved"
	KindRevoked  = "connector.revoked"
	KindSent     = "connector.sent"     // about to be sent
	KindAnswered = "connector.answered" // or failed
)

// Body is the body of an event.
type Body struct {
	Title  string `json:"title"`
	Hash   string `json:"hash"`
	Reason string `json:"reason,omitempty"`
}

// SentBody is the body of an event about what is sent.
type SentBody struct {
	Number    string `json:"number"`
	Exercise  bool   `json:"exercise,omitempty"`
	Action    string `json:"action"`
	Connector string `json:"connector"`
	Hash      string `json:"hash"`
	Do        Do     `json:"do"`
	Try       int    `json:"try"`
	Key       string `json:"key"`
	Answer    string `json:"answer,omitempty"`
	Fault     string `json:"fault,omitempty"`
}
