package procedure

import (
	"slices"
	"time"

	"triward/internal/document/source"
	"triward/internal/problem"
)

// State is the state of a run.
type State string

// The closed list of states. From the last two there is no way back.
const (
	Running  State = "running"
	Paused   State = "paused"
	Finished State = "finished"
	Aborted  State = "aborted"
)

// States lists the states of a run in their usual order.
func States() []State { return []State{Running, Paused, Finished, Aborted} }

// Open reports whether a run goes on.
func (s State) Open() bool { return s == Running || s == Paused }

// StepState is the state of a step in a run.
type StepState string

// The closed list of states of a step. All but the first are settled.
const (
	Open      StepState = "open"
	Done      StepState = "done"
	Changed   StepState = "changed"    // done, but otherwise than written: a deviation
	Skipped   StepState = "skipped"    // a deviation
	NotNeeded StepState = "not_needed" // its condition did not hold
	Defeated  StepState = "defeated"   // left undone because it proved wrong
)

// Deviates reports whether the state says that somebody did otherwise than written.
func (s StepState) Deviates() bool { return s == Changed || s == Skipped || s == Defeated }

// StepStates lists the states of a step.
func StepStates() []StepState { return []StepState{Open, Done, Changed, Skipped, NotNeeded, Defeated} }

// Run is a procedure that runs or ran.
type Run struct {
	ID       string // run_…
	Document string // doc_…
	Code     string // "SOP-14"
	Revision string // rev_…: pinned
	Label    string // of the revision: "2.0"
	Title    string // of the revision
	Content  string // SHA-256 of the revision's content, hexadecimal
	Subject  string // what it is about: an incident, a device, in words or by id
	Site     string // scope of its events
	Product  string // scope of its events
	Reason   string // why it was started
	Exercise bool   // nothing real happens
	Signed   bool   // finishing and aborting ask for a signature, because a step of the document does

	State       State
	Since       time.Time // when its clock began: targets count from here
	Started     time.Time
	Starter     string // account
	StarterName string
	Lead        string // account that answers for it now
	LeadName    string
	Paused      time.Time // since when; zero when it is not
	Ended       time.Time
	Outcome     string
	Signature   string // sig_… of the end

	Steps []Step // in the document's order; not filled in lists
	Items []Item // oldest first; not filled in lists
}

// Step is a step of a run.
type Step struct {
	ID       string // immutable within the document; extra steps have "extra-1", …
	Revision string // the revision that its words are from
	Do       string
	Role     source.Function
	Record   source.RecordKind
	Evidence source.Need
	After    []string      // steps that must be settled first; none: the step above
	When     string        // the condition under which it is needed; "" always
	Target   string        // where the time is from: "STD-08#declare"; "" for none
	Within   source.Target // the time as STD-08 gave it when the run began: Within and Days
	From     string        // the step from whose end the target counts; "": from the run's beginning
	Due      time.Time     // until when it is to be settled; zero without a target, or while From is open
	Extra    bool          // added during the run
	Gone     bool          // not in the revision that the run moved to
	Wrong    bool          // it proved wrong; see Defeats

	State     StepState
	Actor     string // account that settled it
	ActorName string
	At        time.Time
	Value     string // the decision, number or text
	Note      string
	Instead   string // what was done instead
	Reason    string // of the deviation
	Signature string // sig_…
}

// Item is a note or a file that somebody added during a run.
type Item struct {
	ID        string
	Step      string // "" when it is about the whole run
	Text      string
	File      File
	Actor     string
	ActorName string
	At        time.Time
}

// File is a kept blob.
type File struct {
	Digest string // SHA-256, hexadecimal; "" for none
	Name   string
	Size   int64 // bytes
}

// Late is by how much a step missed or, still open, misses its target at an instant; 0 when it does not.
func (r Run) Late(s Step, now time.Time) time.Duration {
	if s.Due.IsZero() || s.Gone {
		return 0
	}
	at := now
	switch {
	case s.State != Open:
		at = s.At
	case !r.State.Open():
		at = r.Ended
	}
	return max(0, at.Sub(s.Due))
}

// Step is a step by its id; NotFound when the run has none.
func (r Run) Step(id string) (Step, error) {
	i, err := r.find(id)
	if err != nil {
		return Step{}, err
	}
	return r.Steps[i], nil
}

func (r Run) find(id string) (int, error) {
	i := slices.IndexFunc(r.Steps, func(s Step) bool { return s.ID == id })
	if i < 0 {
		return 0, problem.New(problem.NotFound, "the run has no step %q", id)
	}
	return i, nil
}

// Waits names the steps that a step waits for: those of After, or else the step above it, while they are open.
func (r Run) Waits(id string) []string {
	i, err := r.find(id)
	if err != nil {
		return nil
	}
	before := r.Steps[i].After
	if len(before) == 0 {
		for j := i - 1; j >= 0; j-- {
			if !r.Steps[j].Gone && !r.Steps[j].Extra {
				before = []string{r.Steps[j].ID}
				break
			}
		}
	}
	var out []string
	for _, b := range before {
		if j, err := r.find(b); err == nil && r.Steps[j].State == Open && !r.Steps[j].Gone {
			out = append(out, b)
		}
	}
	return out
}

// Ready are the open steps that wait for nothing, in the document's order.
func (r Run) Ready() []Step {
	var out []Step
	for _, s := range r.Steps {
		if s.State == Open && !s.Gone && len(r.Waits(s.ID)) == 0 {
			out = append(out, s)
		}
	}
	return out
}

// Missing are the steps that are still open.
func (r Run) Missing() []Step {
	var out []Step
	for _, s := range r.Steps {
		if s.State == Open && !s.Gone {
			out = append(out, s)
		}
	}
	return out
}

// Took reports whether an account settled a step of the run.
func (r Run) Took(account string) bool {
	return slices.ContainsFunc(r.Steps, func(s Step) bool { return s.Actor == account && s.State != Open })
}
