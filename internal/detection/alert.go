package detection

import (
	"strings"
	"time"

	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

// State is where an alert stands.
type State string

// The closed list of states.
const (
	New       State = "new"
	Triaging  State = "triaging"
	Escalated State = "escalated" // into a case
	Merged    State = "merged"    // into another alert
	Closed    State = "closed"
	Reopened  State = "reopened"
)

// States lists the states in their order of life.
func States() []State { return []State{New, Triaging, Reopened, Escalated, Merged, Closed} }

// waits reports whether people are still asked to look at alerts of this state.
func (s State) waits() bool { return s == New || s == Triaging || s == Reopened }

// Reason is why an alert was closed.
type Reason string

// The closed list of reasons.
const (
	ReasonFalse    Reason = "false_positive"
	ReasonBenign   Reason = "benign_true_positive"
	ReasonTwice    Reason = "duplicate"
	ReasonExercise Reason = "exercise"
	ReasonNoAction Reason = "no_action"
)

// Reasons lists the reasons.
func Reasons() []Reason {
	return []Reason{ReasonFalse, ReasonBenign, ReasonTwice, ReasonExercise, ReasonNoAction}
}

// Feedback is what becomes of the rule after a false positive.
type Feedback string

// The closed list of feedback.
const (
	Tune     Feedback = "tune"
	Suppress Feedback = "suppress" // for what the alert is about, until an instant
	NoChange Feedback = "none"
)

// Feedbacks lists them.
func Feedbacks() []Feedback { return []Feedback{Tune, Suppress, NoChange} }

// Alert is a group of hits of one rule about one entity that people are asked to look at.
type Alert struct {
	ID          string // "alr_…"
	Rule        string // id of the rule, "" when a person reported it
	Digest      string // of the rule's text that fired first
	Title       string
	Level       Level
	Entity      string // what it is about, see [Entity]
	Device      string
	Source      string
	Site, Ward  string
	InUse       product.Answer // of the device, when the alert was opened
	State       State
	Reason      string // why it is closed, merged, escalated or open again
	Feedback    Feedback
	Note        string
	Target      string // the case or alert that it went into
	Assignee    string
	Previous    string // the alert before it about the same
	Exercise    bool
	Explanation Explanation
	Listed      int   // events that it lists
	Hits        int64 // all, also those that it does not list
	First, Last time.Time
	Opened      time.Time
	Opener      string    // who reported it, "" for a rule
	Due         time.Time // when somebody is to have looked at it
	Acked       time.Time
	AckedBy     string
	Closed      time.Time
	Changed     time.Time
}

// Overdue is for how long nobody has looked at the alert beyond its target, 0 when it is not due.
func (a Alert) Overdue(now time.Time) time.Duration {
	if !a.Acked.IsZero() || !a.State.waits() || !a.Due.Before(now) {
		return 0
	}
	return now.Sub(a.Due)
}

// TakenAsInUse reports whether the device counts as in use: what nobody knows counts as in use.
func (a Alert) TakenAsInUse() bool { return a.Device != "" && a.InUse != product.No }

// Explanation says why an alert was raised.
type Explanation struct {
	Fields   []Matched `json:"fields,omitempty"`
	Baseline string    `json:"baseline,omitempty"` // what was normal, and what is not
	Joined   string    `json:"joined,omitempty"`   // what a correlation counted or put in order
	Said     string    `json:"said,omitempty"`     // by the person who reported it
}

// Matched is a field that a rule asked for.
type Matched struct {
	Field     string `json:"field"`
	Value     string `json:"value"`
	Selection string `json:"selection,omitempty"` // of the rule
}

// Entity names what hits are grouped by: a kind and its name, such as device and an id, user and a name.
func Entity(kind, name string) string { return kind + ":" + name }

// Term is a field of events, or a kind of entity, as people call it. What a rule named itself stays.
func Term(field string) string {
	switch field {
	case "ae.calling", "ae.called":
		return "AE title"
	case "dev.id", "dev.tag":
		return "device"
	case "src.ip", "dst.ip":
		return "address"
	case "peer.id":
		return "peer"
	}
	return strings.ReplaceAll(strings.TrimPrefix(field, "dev."), ".", " ")
}

// Hit is a rule that matched: an event, or the one that completed a correlation.
type Hit struct {
	Rule       string
	Digest     string // of the rule's text
	Event      string // id of the event
	At         time.Time
	Entity     string
	Device     string
	Source     string
	Site, Ward string
	InUse      product.Answer
	Summary    string // one line for people
	Explanation
	Others   []Listed                         // the other events of a correlation
	Field    func(name string) (string, bool) // of the event, for exceptions
	Exercise string                           // names the exercise that made the event; "" when it is real
}

// group is what further hits of the rule join by. Hits of an exercise never join real ones, nor those of another exercise.
func (h Hit) group() string {
	if h.Exercise == "" {
		return h.Entity
	}
	return "exercise " + h.Exercise + " " + h.Entity
}

// Listed is an event that an alert lists.
type Listed struct {
	Rule    string
	Event   string
	At      time.Time
	Device  string
	Summary string
	Matched []Matched
}

// The rules that the program itself holds.
const (
	RuleSilence = "triward:source-silent"
	RuleRate    = "triward:source-rate"
	RuleDevice  = "triward:device-silent"

	RuleHindsight = "triward:hindsight"
)

// own are the rules that the program itself holds.
func own() map[string]Rule {
	return map[string]Rule{
		RuleSilence:   {ID: RuleSilence, Title: "Source is silent", Level: High, State: Active},
		RuleRate:      {ID: RuleRate, Title: "Source sends far less than expected", Level: Medium, State: Active},
		RuleDevice:    {ID: RuleDevice, Title: "Device is silent while its ward is active", Level: Medium, State: Active, Catalogue: []string{"M10"}},
		RuleHindsight: {ID: RuleHindsight, Title: "An advisory describes what was seen here before", Level: High, State: Active},
	}
}

func builtIn(rid string) bool { _, ok := own()[rid]; return ok }

// Alerts keeps the alerts.
type Alerts struct {
	DB *store.DB
	// Target is how soon somebody is to look at an alert of a level; nil: [Targets].
	Target map[Level]time.Duration
}

// Targets are how soon somebody is to look at an alert.
func Targets() map[Level]time.Duration {
	return map[Level]time.Duration{Critical: 15 * time.Minute, High: time.Hour, Medium: 8 * time.Hour, Low: 24 * time.Hour, Informational: 72 * time.Hour}
}

func (s Alerts) due(l Level, from time.Time) time.Time {
	if d, ok := s.Target[l]; ok {
		return from.Add(d)
	}
	return from.Add(Targets()[l])
}

var errNoAlert = problem.New(problem.NotFound, "there is no such alert")
