package apiv1

import "time"

// Notice is something that concerns the one who asks.
type Notice struct {
	Title   string    `json:"title"`
	Detail  string    `json:"detail,omitempty"`
	Kind    string    `json:"kind"`
	Subject string    `json:"subject,omitempty" doc:"Id of what it is about"`
	At      time.Time `json:"at"`
	Urgent  bool      `json:"urgent"`
	Read    bool      `json:"read"`
	Key     string    `json:"key" doc:"Says the same of the same; when what it says changes, it is unread again"`
}

// NoticesRead names notices that were read.
type NoticesRead struct {
	Keys []string `json:"keys" minItems:"1" maxItems:"1000" nullable:"false"`
}

// Activity is work that goes on after the answer to who asked for it.
type Activity struct {
	ID      string    `json:"id"`
	Kind    string    `json:"kind"`
	Title   string    `json:"title"`
	By      string    `json:"by,omitempty"`
	State   string    `json:"state" enum:"running,done,failed"`
	Done    int       `json:"done,omitempty"`
	Total   int       `json:"total,omitempty" doc:"Absent: not known how much there is"`
	Result  string    `json:"result,omitempty"`
	Subject string    `json:"subject,omitempty" doc:"Id of what came of it"`
	Started time.Time `json:"started,omitzero"`
	Ended   time.Time `json:"ended,omitzero"`
}
