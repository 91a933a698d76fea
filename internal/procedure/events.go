package procedure

import "time"

// The kinds of events of this package. The subject is the run; site and product are the run's.
const (
	KindStarted      = "run.started"
	KindStepRecorded = "run.step_recorded" // done as written, or not needed
	KindStepDeviated = "run.step_deviated" // changed, skipped or added
	KindStepDefeated = "run.step_defeated" // proved wrong
	KindNoted        = "run.noted"
	KindHandedOver   = "run.handed_over"
	KindPaused       = "run.paused"
	KindResumed      = "run.resumed"
	KindFinished     = "run.finished"
	KindAborted      = "run.aborted"
	KindMigrated     = "run.migrated"
)

// KindRead is what an actor must be granted to read.
const KindRead = "run.read"

// StartedBody is the body of [KindStarted].
type StartedBody struct {
	Code     string    `json:"code"`
	Revision string    `json:"revision"`
	Label    string    `json:"label"`
	Content  string    `json:"content"` // SHA-256 of the revision's content
	Subject  string    `json:"subject"`
	Reason   string    `json:"reason"`
	Exercise bool      `json:"exercise"`
	Since    time.Time `json:"since"`
	Steps    []string  `json:"steps"`
}

// StepBody is the body of [KindStepRecorded] and [KindStepDeviated].
type StepBody struct {
	Code      string    `json:"code"`
	Revision  string    `json:"revision"`
	Step      string    `json:"step"`
	Do        string    `json:"do"`
	State     StepState `json:"state"`
	Value     string    `json:"value,omitempty"`
	Note      string    `json:"note,omitempty"`
	Instead   string    `json:"instead,omitempty"`
	Reason    string    `json:"reason,omitempty"`
	Files     []File    `json:"files,omitempty"`
	Signature string    `json:"signature,omitempty"`
	LateBy    string    `json:"late_by,omitempty"` // "1h5m0s"
}

// DefeatedBody is the body of [KindStepDefeated].
type DefeatedBody struct {
	Defeat   string     `json:"defeat"`
	Code     string     `json:"code"`
	Document string     `json:"document"`
	Revision string     `json:"revision"`
	Label    string     `json:"label"`
	Step     string     `json:"step"`
	Do       string     `json:"do"`
	Wrong    string     `json:"wrong"`
	Instead  string     `json:"instead,omitempty"`
	Danger   string     `json:"danger,omitempty"`
	Exercise bool       `json:"exercise"`
	Reliance []Reliance `json:"reliance"`
}

// NotedBody is the body of [KindNoted].
type NotedBody struct {
	Step string `json:"step,omitempty"`
	Text string `json:"text,omitempty"`
	File *File  `json:"file,omitempty"`
}

// MovedBody is the body of [KindHandedOver], [KindPaused] and [KindResumed].
type MovedBody struct {
	From   string `json:"from,omitempty"` // account
	To     string `json:"to,omitempty"`   // account
	ToName string `json:"to_name,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// EndedBody is the body of [KindFinished] and [KindAborted]: how it ended, and the hash of the whole record.
type EndedBody struct {
	Code       string `json:"code"`
	Revision   string `json:"revision"`
	Outcome    string `json:"outcome"`
	Record     string `json:"record"` // SHA-256 of [Run.Canonical]
	Exercise   bool   `json:"exercise"`
	Deviations int    `json:"deviations"`
	Late       int    `json:"late"`
	Signature  string `json:"signature,omitempty"`
}

// MigratedBody is the body of [KindMigrated].
type MigratedBody struct {
	From    string   `json:"from"` // revision
	To      string   `json:"to"`
	Label   string   `json:"label"`
	Content string   `json:"content"`
	Reason  string   `json:"reason"`
	Added   []string `json:"added,omitempty"`
	Gone    []string `json:"gone,omitempty"`
	Changed []string `json:"changed,omitempty"` // open steps whose words changed
}
