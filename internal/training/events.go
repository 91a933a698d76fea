package training

import "time"

// The kinds of events of this package. The subject of the first group is the training.
const (
	KindAssigned   = "training.assigned"
	KindSuperseded = "training.superseded"
	KindExcused    = "training.excused"
	KindReminded   = "training.reminded"
	KindUnlocked   = "training.unlocked"
	KindObserved   = "training.observed"
	KindCertified  = "training.certified"
	KindAttended   = "training.attended"

	KindNeedsChanged  = "training.needs_changed"  // subject: the document
	KindRuleAdded     = "training.rule_added"     // subject: the rule
	KindRuleEnded     = "training.rule_ended"     // subject: the rule
	KindPolicyChanged = "training.policy_changed" // subject: the policy
	KindCheckPlanned  = "training.check_planned"  // subject: the check
	KindChecked       = "training.checked"        // subject: the check
)

// The kinds about the actor's own trainings. Every account may record them.
const (
	KindSelfSeen      = "self.training_seen"
	KindSelfAttempted = "self.training_attempted"
	KindSelfLearned   = "self.training_completed"
)

// KindRead is what an actor must be granted to read about others.
const KindRead = "training.read"

// AssignedBody is the body of [KindAssigned].
type AssignedBody struct {
	Account  string    `json:"account"`
	Code     string    `json:"code"`
	Revision string    `json:"revision"`
	Label    string    `json:"label"`
	Product  string    `json:"product,omitempty"`
	Kind     Kind      `json:"kind"`
	Basis    Basis     `json:"basis"`
	Because  string    `json:"because"`
	Known    string    `json:"known,omitempty"`
	Due      time.Time `json:"due"`
}

// ClosedBody is the body of [KindSuperseded], [KindExcused], [KindUnlocked], [KindObserved], [KindCertified] and of the
// kinds about oneself that end a training.
type ClosedBody struct {
	Account   string `json:"account"`
	Code      string `json:"code"`
	Revision  string `json:"revision"`
	Label     string `json:"label"`
	Kind      Kind   `json:"kind"`
	Reason    string `json:"reason,omitempty"`
	Run       string `json:"run,omitempty"`
	Issuer    string `json:"issuer,omitempty"`
	Signature string `json:"signature,omitempty"`
	Valid     string `json:"valid_until,omitempty"` // date
}

// AttemptedBody is the body of [KindSelfAttempted].
type AttemptedBody struct {
	Code     string   `json:"code"`
	Revision string   `json:"revision"`
	Number   int      `json:"number"`
	Score    int      `json:"score"` // percent
	Passed   bool     `json:"passed"`
	Locked   bool     `json:"locked"`
	Answers  []Answer `json:"answers"`
}

// RemindedBody is the body of [KindReminded].
type RemindedBody struct {
	Account string    `json:"account"`
	Code    string    `json:"code"`
	Due     time.Time `json:"due"`
	Number  int       `json:"number"` // of reminders so far
}

// NeedsBody is the body of [KindNeedsChanged]: who must know which revision now.
type NeedsBody struct {
	Code  string   `json:"code"`
	Needs []string `json:"needs"` // "2.0 psirt_lead quiz (audience)"
}

// RuleBody is the body of [KindRuleAdded] and [KindRuleEnded].
type RuleBody struct {
	Function     string `json:"function"`
	Code         string `json:"code"`
	Product      string `json:"product,omitempty"`
	Kind         Kind   `json:"kind"`
	DueDays      int    `json:"due_days,omitempty"`
	RecertMonths int    `json:"recert_months,omitempty"`
	Reason       string `json:"reason"`
}

// CheckBody is the body of [KindCheckPlanned] and [KindChecked].
type CheckBody struct {
	Code      string    `json:"code"`
	Revision  string    `json:"revision"`
	Label     string    `json:"label"`
	Cause     string    `json:"cause"`
	Due       time.Time `json:"due"`
	Verdict   Verdict   `json:"verdict,omitempty"`
	Reason    string    `json:"reason,omitempty"`
	Figures   *Figures  `json:"figures,omitempty"`
	Signature string    `json:"signature,omitempty"`
}

// PolicyBody is the body of [KindPolicyChanged].
type PolicyBody struct {
	Before Policy `json:"before"`
	After  Policy `json:"after"`
	Reason string `json:"reason"`
}
