package incident

import (
	"slices"
	"strings"
	"time"

	"triward/internal/problem"
)

// State is where an incident stands.
type State string

// The states of an incident. On hold and false alarm stand beside the line.
const (
	Declared    State = "declared"
	Analysing   State = "analysing"
	Containing  State = "containing"
	Eradicating State = "eradicating"
	Recovering  State = "recovering"
	Monitoring  State = "monitoring"
	Closed      State = "closed"
	OnHold      State = "on_hold"
	FalseAlarm  State = "false_alarm"
)

// States lists every state.
func States() []State {
	return []State{Declared, Analysing, Containing, Eradicating, Recovering, Monitoring, Closed, OnHold, FalseAlarm}
}

// Open says whether work on it goes on.
func (s State) Open() bool { return s != Closed && s != FalseAlarm }

// next is the table of moves. Every state may go back to analysing: the extent was seen anew, or what was over is not.
var next = map[State][]State{
	Declared:    {Analysing, OnHold, FalseAlarm},
	Analysing:   {Containing, OnHold, FalseAlarm},
	Containing:  {Eradicating, Analysing, OnHold},
	Eradicating: {Recovering, Analysing, OnHold},
	Recovering:  {Monitoring, Analysing, OnHold},
	Monitoring:  {Closed, Analysing, OnHold},
	Closed:      {Analysing},
	FalseAlarm:  {Analysing},
	OnHold:      {}, // back to where it was held, or to analysing, see Moves
}

// Moves lists where the incident may go from where it stands.
func (i Incident) Moves() []State {
	if i.State == OnHold {
		return slices.Compact([]State{i.Resumes, Analysing})
	}
	return next[i.State]
}

// HoldOver says whether the incident is still on hold though the hold was to end.
func (i Incident) HoldOver(now time.Time) bool { return i.State == OnHold && !now.Before(i.HeldTill) }

// Marking is a TLP 2.0 or PAP label. PAP knows no amber+strict.
type Marking string

// The labels, the most restrictive first.
const (
	Red         Marking = "red"
	AmberStrict Marking = "amber+strict"
	Amber       Marking = "amber"
	Green       Marking = "green"
	Clear       Marking = "clear"
)

// TLPs are the labels of TLP 2.0.
func TLPs() []Marking { return []Marking{Red, AmberStrict, Amber, Green, Clear} }

// PAPs are the labels of PAP.
func PAPs() []Marking { return []Marking{Red, Amber, Green, Clear} }

// Severe is the cyber or clinical level from which two people end an incident.
const Severe = 3

// Incident is one case.
type Incident struct {
	ID      string // "inc_…"
	Number  string // "INC-2026-0001"
	Title   string
	Summary string

	Withheld bool // it is marked TLP:RED and the reader is not named: only that it exists is told

	Exercise bool // nothing real happens
	State    State
	Resumes  State     // where it goes on after a hold
	HeldTill time.Time // when the hold is to end
	HeldFor  string    // why it is held

	Cyber    int // 0 baseline, 1 low, 2 medium, 3 high, 4 severe, 5 emergency (CISA's schema)
	Clinical int // 0 none … 5 harm occurred; see ClinicalWords
	TLP, PAP Marking

	Care       Care
	Legal      Legal
	Disclosure Disclosure

	Owner, OwnerName string // account
	Site, Product    string // scope

	Aware    time.Time // when the organisation became aware
	AwareWho string
	AwareHow string
	Declared time.Time

	Run           string    // the procedure that runs for it ("run_…")
	NoContainment string    // the recorded decision that nothing is contained, and why
	Extent        string    // which devices, models and accounts are in it
	RootCause     string    // "" and LookedAt: not found
	LookedAt      string    // what was looked at where no cause was found
	Lessons       string    // of the review afterwards
	Reviewed      time.Time // when that review was held
	RetainUntil   time.Time // how long the evidence is kept
	SameAs        string    // the incident that this one is a duplicate of

	Priority int // how soon it is acted upon: 1 act now … 4 track; 0: not worked out yet, which counts as 1 (package room)

	Worst              int    // the greatest severity that it ever had
	Closer, CloserName string // who asked to end it, where two must
	Asked              string // how it was asked to end: "closed", "false_alarm", or the id of the incident that it is a duplicate of
	Closed             time.Time
	Changed            time.Time
}

// Marked is the number as people read it: with the mark of an exercise before it.
func (i Incident) Marked() string {
	if i.Exercise {
		return ExerciseMark + i.Number
	}
	return i.Number
}

// ExerciseMark stands before whatever tells of an exercise, so that nobody takes it for real.
const ExerciseMark = "EXERCISE · "

// Severity is the greater of both scales, 0 to 5. Both are shown beside it.
func (i Incident) Severity() int { return max(i.Cyber, i.Clinical) }

// CyberWords are the levels of the cyber scale (CISA's severity schema).
func CyberWords() []string {
	return []string{"baseline", "low", "medium", "high", "severe", "emergency"}
}

// ClinicalWords are the levels of the clinical scale.
func ClinicalWords() []string {
	return []string{"none", "delay without harm", "temporary impairment possible", "injury possible, or life support degraded with an alternative",
		"permanent harm or death possible", "harm occurred"}
}

const (
	maxTitle = 200
	maxText  = 20_000
)

// Validate returns all faults of what people fill in.
func (i Incident) Validate() error {
	var l problem.List
	required := func(path, text string, most int) {
		if strings.TrimSpace(text) == "" {
			l.Add(path, "is required")
		}
		within(&l, path, text, most)
	}
	required("title", i.Title, maxTitle)
	within(&l, "summary", i.Summary, maxText)
	required("aware_who", i.AwareWho, maxTitle)
	required("aware_how", i.AwareHow, maxText)
	if i.Aware.IsZero() {
		l.Add("aware", "is required: reporting clocks run from it")
	}
	if i.Cyber < 0 || i.Cyber > 5 {
		l.Add("cyber", "must be 0 to 5")
	}
	if i.Clinical < 0 || i.Clinical > 5 {
		l.Add("clinical", "must be 0 to 5")
	}
	oneOf(&l, "tlp", i.TLP, TLPs())
	oneOf(&l, "pap", i.PAP, PAPs())
	oneOf(&l, "care", i.Care, Cares())
	oneOf(&l, "legal", i.Legal, Legals())
	oneOf(&l, "disclosure", i.Disclosure, Disclosures())
	for _, x := range []struct{ path, text string }{{"extent", i.Extent}, {"root_cause", i.RootCause}, {"looked_at", i.LookedAt}, {"lessons", i.Lessons}, {"no_containment", i.NoContainment}} {
		within(&l, x.path, x.text, maxText)
	}
	return l.Err("the incident is not complete")
}

func within(l *problem.List, path, text string, most int) {
	if len(text) > most {
		l.Add(path, "is longer than %d characters", most)
	}
}

func oneOf[T ~string](l *problem.List, path string, v T, of []T) {
	if !slices.Contains(of, v) {
		l.Add(path, "%q is not one of the choices", v)
	}
}

// DeviceState is how a device or system stands in an incident.
type DeviceState string

// The states of a device in an incident.
const (
	DeviceUnknown DeviceState = "unknown"
	Suspected     DeviceState = "suspected"
	Compromised   DeviceState = "confirmed_compromised"
	Cleared       DeviceState = "cleared"
	Contained     DeviceState = "contained"
	Eradicated    DeviceState = "eradicated"
	Revalidated   DeviceState = "revalidated"
	BackInUse     DeviceState = "returned_to_use"
	DeviceRetired DeviceState = "retired"
)

var nextDevice = map[DeviceState][]DeviceState{
	DeviceUnknown: {Suspected, Compromised, Cleared},
	Suspected:     {Compromised, Cleared},
	Compromised:   {Contained, DeviceRetired},
	Cleared:       {Suspected, Compromised},
	Contained:     {Eradicated, DeviceRetired},
	Eradicated:    {Revalidated, DeviceRetired, Compromised},
	Revalidated:   {BackInUse, DeviceRetired, Compromised},
	BackInUse:     {Compromised, Suspected},
}

// DeviceStates lists every state.
func DeviceStates() []DeviceState {
	return []DeviceState{DeviceUnknown, Suspected, Compromised, Cleared, Contained, Eradicated, Revalidated, BackInUse, DeviceRetired}
}

// Moves lists where a device may go.
func (s DeviceState) Moves() []DeviceState { return nextDevice[s] }

// Hit says whether the device was found compromised at some time in this incident.
func (s DeviceState) Hit() bool {
	return slices.Contains([]DeviceState{Compromised, Contained, Eradicated, Revalidated, BackInUse, DeviceRetired}, s)
}

// Evidence says whether what a compromised device can prove was kept.
type Evidence string

// The states of a device's evidence.
const (
	NoEvidence Evidence = "not_kept"
	Preserved  Evidence = "preserved"
	Waived     Evidence = "waived" // with the reason, and signed by a second person
)

// Involved is a device or another system in an incident.
type Involved struct {
	ID           string // within the incident: the device's id, or "sys_…"
	Device       string // "" for a system that is no device of the fleet
	Name         string
	State        DeviceState
	Evidence     Evidence
	EvidenceNote string
	Checks       []string // of the revalidation, see RevalidationChecks
	ActorName    string
	Changed      time.Time

	Asker      string // account that wants to keep no evidence of it
	Waiver     string // signature of somebody else who agreed ("sig_…"); "" until then
	WaiverName string
	WaivedAt   time.Time
}

// RevalidationChecks are what is checked before a device goes back to patients, in order.
func RevalidationChecks() []string {
	return []string{"firmware compared with the manufacturer's", "configuration compared with the approved one", "clock set and compared", "clinical function tested by clinical engineering",
		"electrical safety tested where it was opened (IEC 62353)"}
}

// LinkKind is what an incident is connected with.
type LinkKind string

// The kinds of links. The first five are where it came from; the last ones are what it feeds.
const (
	FromAlert         LinkKind = "alert"
	FromFinding       LinkKind = "finding"
	FromAdvisory      LinkKind = "advisory"
	FromCall          LinkKind = "call"
	FromReport        LinkKind = "report"
	FedDecision       LinkKind = "decision"  // of layer 2 that was looked at again
	FedVulnerability  LinkKind = "exploited" // a vulnerability that was seen exploited
	FedStep           LinkKind = "step"      // a step of a procedure that proved wrong ("SOP-14#s3")
	FedChange         LinkKind = "change"    // a change request of layer 1
	FedRule           LinkKind = "rule"      // a detection rule
	FedControl        LinkKind = "control"   // a decision of layer 2 whose controls failed
	FeedbackNoProcess LinkKind = "no_procedure_change"
	FeedbackNoRisk    LinkKind = "no_risk_change"
)

// LinkKinds lists every kind.
func LinkKinds() []LinkKind {
	return []LinkKind{FromAlert, FromFinding, FromAdvisory, FromCall, FromReport, FedDecision, FedVulnerability, FedStep, FedChange, FedRule, FedControl, FeedbackNoRisk, FeedbackNoProcess}
}

// Feeds says whether a link is feedback: what the incident changes, or why it changes nothing.
func (k LinkKind) Feeds() bool {
	return slices.Contains([]LinkKind{FedDecision, FedVulnerability, FedStep, FedChange, FedRule, FedControl, FeedbackNoRisk, FeedbackNoProcess}, k)
}

// Link connects an incident with something else.
type Link struct {
	Kind      LinkKind
	Target    string // an id of ours, or words: who called
	Note      string
	ActorName string
	At        time.Time
}
