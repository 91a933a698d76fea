package training

import (
	"slices"
	"time"
)

// Kind is how a person shows that they know a document.
type Kind string

// The closed list of kinds, from the lightest.
const (
	Notify      Kind = "notify"      // told; ends when it was seen
	Read        Kind = "read"        // read and understood, signed
	Quiz        Kind = "quiz"        // read, quiz passed, signed
	Practical   Kind = "practical"   // an observed run of the procedure, signed by the observer
	Certificate Kind = "certificate" // a certificate from outside, recorded by others
	Exercise    Kind = "exercise"    // took part in an exercise: a record, which nobody is asked for and which shows no knowledge
)

// Kinds lists the kinds that people are asked for.
func Kinds() []Kind { return []Kind{Notify, Read, Quiz, Practical, Certificate} }

// State is the state of a training.
type State string

// The closed list of states.
const (
	Open       State = "open"
	Locked     State = "locked" // no tries left
	Done       State = "done"
	Superseded State = "superseded" // its revision is not in force any more
	Excused    State = "excused"    // not asked for any more, or excused by somebody with a reason
)

// States lists the states.
func States() []State { return []State{Open, Locked, Done, Superseded, Excused} }

// Basis is why a training was assigned.
type Basis string

// The closed list of reasons to assign.
const (
	FromAudience   Basis = "audience"   // the document names a function of the person
	FromRule       Basis = "rule"       // a rule does
	FromCurriculum Basis = "curriculum" // a curriculum of a function of the person does
	FromExpiry     Basis = "again"      // the earlier one is valid no longer
	FromWrongStep  Basis = "wrong_step" // a step of what the person learned proved wrong
	FromHand       Basis = "by_hand"    // somebody assigned it
	FromExercise   Basis = "exercise"   // the person took part in an exercise of the document
)

// teaches says whether a training on this basis, once it is done, shows that the person knows the document.
func (b Basis) teaches() bool { return b != FromWrongStep && b != FromExercise }

// teaching chooses trainings whose basis teaches.
const teaching = "basis NOT IN ('wrong_step', 'exercise')"

// Training is that a person must know a revision of a document, and how it ended.
type Training struct {
	ID       string // trn_…
	Account  string
	Document string // doc_…
	Code     string
	Revision string // rev_…
	Label    string // of the revision: "2.0"
	Title    string // of the revision
	Product  string // model, "" for none
	Kind     Kind
	Basis    Basis
	Because  string // in words: "you hold the function psirt_lead"
	Known    string // rev_… that the person signed last, "" never: what changed since is to be read
	Assigned time.Time
	Due      time.Time

	State     State
	Attempts  int  // of the quiz so far
	Tries     int  // attempts allowed; 0: without limit
	Passed    bool // the quiz is passed
	Settled   time.Time
	SettledBy string    // account
	Reason    string    // why it was excused or superseded, or what the observer noted
	Valid     time.Time // until when it counts; zero without end

	Signature    string // sig_…
	Observer     string // account
	ObserverName string
	Run          string // run_… that was observed
	Issuer       string // of a certificate
	File         File   // the certificate
	Reminders    int
	Reminded     time.Time
}

// File is a kept blob.
type File struct {
	Digest string // SHA-256, hexadecimal; "" for none
	Name   string
	Size   int64 // bytes
}

// Badge is the state of a training as people see it.
type Badge string

// The closed list of badges.
const (
	BadgeNotRequired Badge = "not_required"
	BadgeToDo        Badge = "to_do"
	BadgeOverdue     Badge = "overdue"
	BadgeLocked      Badge = "locked"
	BadgeTrained     Badge = "trained"
	BadgeExpired     Badge = "expired"
	BadgeNotAssigned Badge = "not_assigned" // required, but not assigned yet
	BadgeExcused     Badge = "excused"
)

// Badges lists the badges, the most urgent first.
func Badges() []Badge {
	return []Badge{BadgeOverdue, BadgeLocked, BadgeExpired, BadgeNotAssigned, BadgeToDo, BadgeTrained, BadgeExcused, BadgeNotRequired}
}

// BadgeAt is the badge of a training at an instant.
func (t Training) BadgeAt(now time.Time) Badge {
	switch {
	case t.State == Locked:
		return BadgeLocked
	case t.State == Open && t.Due.Before(now):
		return BadgeOverdue
	case t.State == Open:
		return BadgeToDo
	case t.State == Done && !t.Valid.IsZero() && !t.Valid.After(now):
		return BadgeExpired
	case t.State == Done:
		return BadgeTrained
	case t.State == Excused:
		return BadgeExcused
	}
	return BadgeNotRequired
}

// Worse is the more urgent of two badges.
func (b Badge) Worse(than Badge) bool {
	all := Badges()
	return slices.Index(all, b) < slices.Index(all, than)
}

// Attempt is one attempt at a quiz.
type Attempt struct {
	Training string
	Number   int // from 1
	At       time.Time
	Score    int // percent of the questions
	Passed   bool
	Answers  []Answer
}

// Answer is what was chosen for one question.
type Answer struct {
	Question string `json:"question"`
	Chosen   []int  `json:"chosen"` // numbers of choices, from 1
	Right    bool   `json:"right"`
}

// Rule says that the holders of a function must know a document, beyond the audience that the document names.
type Rule struct {
	ID           string // trr_…
	Function     string
	Code         string
	Product      string // model, "" for none
	Kind         Kind
	DueDays      int
	RecertMonths int // 0: once
	Reason       string
	Author       string
	At           time.Time
	Ended        time.Time
	EndReason    string
}
