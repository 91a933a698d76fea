package draft

// The kinds of events of this package; they are its permissions too. The subject is the incident.
const (
	KindStarted  = "draft.started"
	KindEdited   = "draft.edited"
	KindApproved = "draft.approved"
	KindReopened = "draft.reopened"
	KindSent     = "draft.sent"
)

// Body is the body of every event of this package. Values of fields stand in the versions, not here.
type Body struct {
	Number    string   `json:"number"`
	Exercise  bool     `json:"exercise,omitempty"`
	Draft     string   `json:"draft"`
	Template  string   `json:"template"`
	Duty      string   `json:"duty,omitempty"`
	Stage     string   `json:"stage,omitempty"`
	Version   int      `json:"version"`
	Digest    string   `json:"sha256"`
	Fields    []string `json:"fields,omitempty"`  // that were changed
	Missing   []string `json:"missing,omitempty"` // that were not known when it was approved
	Reason    string   `json:"reason,omitempty"`
	Signature string   `json:"signature,omitempty"`
	To        string   `json:"to,omitempty"`
	Channel   string   `json:"channel,omitempty"`
	Reference string   `json:"reference,omitempty"`
	Sent      string   `json:"sent,omitempty"`
}
