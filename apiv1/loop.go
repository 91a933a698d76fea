package apiv1

import "time"

// ExploitedInput says that a weakness was seen exploited in an incident.
type ExploitedInput struct {
	Vulnerability string `json:"vulnerability" maxLength:"100"`
	Seen          string `json:"seen" maxLength:"4000" doc:"What was seen"`
}

// NotExploitedInput takes back that a weakness was seen exploited.
type NotExploitedInput struct {
	Vulnerability string `json:"vulnerability" maxLength:"100"`
	Reason        string `json:"reason" maxLength:"4000"`
}

// FailedDecisionInput opens a decision again because of an incident.
type FailedDecisionInput struct {
	Decision string `json:"decision" maxLength:"100"`
	Control  string `json:"control,omitempty" maxLength:"2000" doc:"The control that failed; empty when the decision itself is in question"`
	Why      string `json:"why" maxLength:"2000" doc:"What the incident showed"`
}

// WrongStepInput marks a step of a document as wrong.
type WrongStepInput struct {
	Code    string `json:"code" maxLength:"100" doc:"Of the document"`
	Step    string `json:"step,omitempty" maxLength:"100" doc:"Empty: the document as a whole"`
	Wrong   string `json:"wrong" maxLength:"4000"`
	Instead string `json:"instead,omitempty" maxLength:"4000"`
	Danger  string `json:"danger,omitempty" maxLength:"4000"`
}

// RuleProposal is a rule of detection that would have seen the incident.
type RuleProposal struct {
	Rule string `json:"rule" maxLength:"100000" doc:"Sigma, with an id of its own"`
	Why  string `json:"why,omitempty" maxLength:"4000"`
}

// RuleProposed is the draft with its back-test over the last thirty days of kept events.
type RuleProposed struct {
	Rule   string `json:"rule"`
	Tried  bool   `json:"tried"`
	Why    string `json:"why,omitempty" doc:"Why it was not tried"`
	Events int64  `json:"events"`
	Hits   int64  `json:"hits"`
	Detail string `json:"detail,omitempty" doc:"Why few hits may be no proof"`
}

// NothingInput says why a part of the feedback changes nothing.
type NothingInput struct {
	Part string `json:"part" enum:"risk,procedure"`
	Why  string `json:"why" maxLength:"4000"`
}

// EffectCheckInput plans a check whether what was changed works.
type EffectCheckInput struct {
	Of       string    `json:"of" maxLength:"100" doc:"Change request or decision that the incident fed"`
	Question string    `json:"question" maxLength:"4000"`
	Owner    string    `json:"owner" maxLength:"100" doc:"Account of who looks"`
	Due      time.Time `json:"due"`
}

// EffectAnswer answers a check. Not effective opens the change again and needs the date of the next check.
type EffectAnswer struct {
	Result  string    `json:"result" enum:"effective,not_effective"`
	Finding string    `json:"finding" maxLength:"4000" doc:"What was looked at and found"`
	Next    time.Time `json:"next,omitzero"`
}

// EffectCheck is a check whether what was changed works.
type EffectCheck struct {
	ID       string    `json:"id"`
	Of       string    `json:"of"`
	Question string    `json:"question"`
	Owner    string    `json:"owner"`
	Due      time.Time `json:"due"`
	Result   string    `json:"result,omitempty"`
	Finding  string    `json:"finding,omitempty"`
	Answered time.Time `json:"answered,omitzero"`
	Follow   string    `json:"follow,omitempty" doc:"What was opened again"`
}

// LoopPart is one thing that an incident fed, and how it stands at the other end.
type LoopPart struct {
	Kind   string    `json:"kind"`
	Target string    `json:"target"`
	Title  string    `json:"title"`
	Note   string    `json:"note,omitempty"`
	Done   bool      `json:"done"`
	Waits  string    `json:"waits,omitempty"`
	Tried  string    `json:"tried,omitempty" doc:"Of a rule: what it would have found in the past"`
	At     time.Time `json:"at"`
	Ended  time.Time `json:"ended,omitzero"`
}

// InstantInput estimates an instant of an incident.
type InstantInput struct {
	Instant  string    `json:"instant" enum:"t0,t1,t2,t3,t5,t6,t7"`
	At       time.Time `json:"at"`
	Earliest time.Time `json:"earliest"`
	Latest   time.Time `json:"latest"`
	Basis    string    `json:"basis" maxLength:"4000" doc:"What the estimate rests on"`
}

// IncidentInstant is when something of an incident happened, and how that is known.
type IncidentInstant struct {
	Instant  string    `json:"instant"`
	Words    string    `json:"words"`
	At       time.Time `json:"at,omitzero"`
	Earliest time.Time `json:"earliest,omitzero"`
	Latest   time.Time `json:"latest,omitzero"`
	Basis    string    `json:"basis,omitempty"`
	Who      string    `json:"who,omitempty" doc:"Who estimated it; empty for a record"`
	Missing  string    `json:"missing,omitempty"`
}

// MetricValue is a metric of one incident, in hours or as a share.
type MetricValue struct {
	Metric  string  `json:"metric"`
	Of      string  `json:"of,omitempty"`
	Known   bool    `json:"known"`
	Value   float64 `json:"value"`
	Low     float64 `json:"low"`
	High    float64 `json:"high"`
	Missing string  `json:"missing,omitempty"`
}

// Learned is what an incident changes, and when everything happened.
type Learned struct {
	Number   string            `json:"number"`
	Exercise bool              `json:"exercise"`
	Closed   bool              `json:"closed" doc:"The incident is closed and nothing of its loop is open"`
	Open     int               `json:"open"`
	Ended    time.Time         `json:"ended,omitzero"`
	Parts    []LoopPart        `json:"parts" nullable:"false"`
	Checks   []EffectCheck     `json:"checks" nullable:"false"`
	Missing  []string          `json:"missing" nullable:"false"`
	Instants []IncidentInstant `json:"instants" nullable:"false"`
	Values   []MetricValue     `json:"values" nullable:"false"`
}

// LoopQuery chooses loops of closed incidents.
type LoopQuery struct {
	State string `query:"state" enum:"open,closed"`
	Cursor
}

// Loop is how the loop of a closed incident stands.
type Loop struct {
	Incident string    `json:"incident"`
	Number   string    `json:"number"`
	Title    string    `json:"title"`
	Exercise bool      `json:"exercise"`
	Closed   time.Time `json:"closed"`
	Parts    int       `json:"parts"`
	Open     int       `json:"open"`
	Ended    time.Time `json:"ended,omitzero"`
	Hours    float64   `json:"hours"`
}

// IncidentMetricsQuery is a period of declared incidents; without one the last year.
type IncidentMetricsQuery struct {
	From time.Time `query:"from"`
	To   time.Time `query:"to"`
}

// MetricUnknown is an incident whose metric is not known.
type MetricUnknown struct {
	Number string `json:"number"`
	Why    string `json:"why"`
}

// MetricSummary is a metric over the incidents of a period, in hours or as a share.
type MetricSummary struct {
	Metric   string          `json:"metric"`
	Formula  string          `json:"formula"`
	Known    int             `json:"known"`
	Of       int             `json:"of"`
	Median   float64         `json:"median"`
	Least    float64         `json:"least"`
	Most     float64         `json:"most"`
	Estimate bool            `json:"estimate" doc:"Some rest on estimates"`
	Unknown  []MetricUnknown `json:"unknown" nullable:"false"`
}

// IncidentMetrics is the metrics of a period; exercises are counted apart.
type IncidentMetrics struct {
	From           time.Time       `json:"from"`
	To             time.Time       `json:"to"`
	Incidents      int             `json:"incidents"`
	Exercises      int             `json:"exercises"`
	Cut            bool            `json:"cut" doc:"There were more incidents than are measured"`
	Real           []MetricSummary `json:"real" nullable:"false"`
	Practice       []MetricSummary `json:"practice" nullable:"false"`
	PrecisionKnown bool            `json:"precision_known"`
	True           int64           `json:"true_positives"`
	False          int64           `json:"false_positives"`
	CoverageKnown  bool            `json:"coverage_known"`
	Covered        int             `json:"techniques_covered"`
	Techniques     int             `json:"techniques"`
}
