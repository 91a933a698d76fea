package detection

// What an actor must be granted to read. Reading events that concern patients is itself recorded.
const (
	KindRead         = "detection.read" // alerts, rules, sources, baselines
	KindEventRead    = "event.read"
	KindPatientsRead = "event.patients_read"
)

// The kinds of events of this package.
const (
	KindEventsExported = "event.exported"
	KindEventsImported = "event.imported"

	KindSourceAdded     = "detection.source_added"
	KindSourceFound     = "detection.source_found" // the program met a sender that nobody had named
	KindSourceChanged   = "detection.source_changed"
	KindSourceConfirmed = "detection.source_confirmed"
	KindSourceMuted     = "detection.source_muted"
	KindSourceRetired   = "detection.source_retired"
	KindBlindBegun      = "detection.blind_begun"
	KindBlindEnded      = "detection.blind_ended"

	KindRulesLoaded     = "detection.rules_loaded"
	KindRuleProposed    = "detection.rule_proposed"
	KindRuleMoved       = "detection.rule_moved"
	KindRuleOwned       = "detection.rule_owned"
	KindRuleBacktested  = "detection.rule_backtested"
	KindRuleJudged      = "detection.rule_judged"
	KindExceptionAdded  = "detection.exception_added"
	KindExceptionEnded  = "detection.exception_ended"
	KindBaselineSettled = "detection.baseline_settled"

	KindAlertOpened       = "detection.alert_opened"
	KindAlertReported     = "detection.alert_reported" // by a person
	KindAlertJoined       = "detection.alert_joined"
	KindAlertAcknowledged = "detection.alert_acknowledged"
	KindAlertAssigned     = "detection.alert_assigned"
	KindAlertNoted        = "detection.alert_noted"
	KindAlertClosed       = "detection.alert_closed"
	KindAlertMerged       = "detection.alert_merged"
	KindAlertEscalated    = "detection.alert_escalated"
	KindAlertReopened     = "detection.alert_reopened"
)

// RuleKinds are the kinds after which the rules that run, or what they are excepted from, may be others.
func RuleKinds() []string {
	return []string{KindRulesLoaded, KindRuleMoved, KindExceptionAdded, KindExceptionEnded, KindBaselineSettled}
}

// SourceKinds are the kinds after which a source may be another.
func SourceKinds() []string {
	return []string{KindSourceAdded, KindSourceFound, KindSourceChanged, KindSourceConfirmed, KindSourceMuted, KindSourceRetired}
}

// AlertNoted is the body of the events about an alert.
type AlertNoted struct {
	Title    string   `json:"title"`
	Level    Level    `json:"level"`
	Rule     string   `json:"rule,omitempty"`
	Entity   string   `json:"entity,omitempty"`
	Device   string   `json:"device,omitempty"`
	State    State    `json:"state"`
	Before   State    `json:"before,omitempty"`
	Reason   string   `json:"reason,omitempty"`
	Feedback Feedback `json:"feedback,omitempty"`
	Target   string   `json:"target,omitempty"`
	Assignee string   `json:"assignee,omitempty"`
	Previous string   `json:"previous,omitempty"`
	Events   []string `json:"events,omitempty"`
	Exercise bool     `json:"exercise,omitempty"`
}

// SourceNoted is the body of the events about a source.
type SourceNoted struct {
	Name      string `json:"name"`
	Transport string `json:"transport"`
	Identity  string `json:"identity"`
	State     string `json:"state"`
	Reason    string `json:"reason,omitempty"`
	Until     string `json:"until,omitempty"`
	Changes   any    `json:"changes,omitempty"`
}

// BlindNoted is the body of [KindBlindBegun] and [KindBlindEnded]; the event's subject is the source.
type BlindNoted struct {
	Interval string      `json:"interval"`
	Reason   BlindReason `json:"reason"`
	Started  string      `json:"started"`
	Ended    string      `json:"ended,omitempty"`
	Lost     int64       `json:"lost"` // -1: nobody can know
	Detail   string      `json:"detail,omitempty"`
}

// RuleNoted is the body of the events about one rule.
type RuleNoted struct {
	Title    string    `json:"title"`
	Digest   string    `json:"digest,omitempty"`
	Before   RuleState `json:"before,omitempty"`
	State    RuleState `json:"state,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	Owner    string    `json:"owner,omitempty"`
	Event    string    `json:"event,omitempty"`
	Verdict  string    `json:"verdict,omitempty"`
	Baseline string    `json:"baseline,omitempty"`
	From     string    `json:"from,omitempty"`
	To       string    `json:"to,omitempty"`
	Hits     int64     `json:"hits,omitempty"`
	Figures  *Trial    `json:"figures,omitempty"`
}

// RulesNoted is the body of [KindRulesLoaded]; the event's subject is the origin.
type RulesNoted struct {
	Origin  Origin `json:"origin"`
	Path    string `json:"path,omitempty"`
	Added   int    `json:"added"`
	Changed int    `json:"changed"`
	Gone    int    `json:"gone"`
	Same    int    `json:"same"`
	Faults  int    `json:"faults"`
}

// ExceptionNoted is the body of [KindExceptionAdded] and [KindExceptionEnded]; the event's subject is the rule.
type ExceptionNoted struct {
	ID      string   `json:"id"`
	Fields  []string `json:"fields"` // names only: a value may be about a person
	Reason  string   `json:"reason"`
	Owner   string   `json:"owner"`
	Expires string   `json:"expires"`
}
