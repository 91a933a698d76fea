package document

import (
	"slices"

	"triward/internal/problem"
)

// State is where a revision stands in its life.
type State string

// The closed list of states.
const (
	Draft            State = "draft"
	InReview         State = "in_review"
	ChangesRequested State = "changes_requested"
	Frozen           State = "frozen"      // content and rendition fixed by hash
	InApproval       State = "in_approval" // the author signed, approvers decide
	InTraining       State = "in_training" // approved; waits for training, its planned instant or the rest of its change request
	InForce          State = "effective"
	Superseded       State = "superseded"
	Retired          State = "retired"
	Rejected         State = "rejected"
	Withdrawn        State = "withdrawn" // taken out in an emergency, by two people
)

// States lists every state in the order of a life, the side states last.
func States() []State {
	return []State{Draft, InReview, ChangesRequested, Frozen, InApproval, InTraining, InForce, Superseded, Retired, Rejected, Withdrawn}
}

// Moves is every move that is allowed. A revision begins as a draft. What is not here is refused.
func Moves() map[State][]State {
	return map[State][]State{
		Draft:            {InReview, InTraining, Rejected}, // approved at once: only a temporary instruction
		InReview:         {ChangesRequested, Frozen, Rejected},
		ChangesRequested: {InReview, Rejected},
		Frozen:           {ChangesRequested, InApproval, Rejected},
		InApproval:       {ChangesRequested, InTraining, Rejected},
		InTraining:       {InForce, Withdrawn},
		InForce:          {Superseded, Retired, Withdrawn},
		Superseded:       {InForce}, // only when the temporary instruction that took its place ends
	}
}

// Working reports whether a revision in the state is on its way: not in force yet, and not at an end.
func (s State) Working() bool {
	return slices.Contains([]State{Draft, InReview, ChangesRequested, Frozen, InApproval, InTraining}, s)
}

// Open reports whether its text may be edited. An edit of anything but a draft takes it back to [ChangesRequested].
func (s State) Open() bool { return s.Working() && s != InTraining }

// allowed refuses a move that is not in the table.
func allowed(from, to State) error {
	if slices.Contains(Moves()[from], to) {
		return nil
	}
	return problem.New(problem.Conflict, "a revision that is %s cannot become %s", from.word(), to.word())
}

// word is how a state is said in a sentence.
func (s State) word() string {
	switch s {
	case Draft:
		return "a draft"
	case InReview:
		return "in review"
	case ChangesRequested:
		return "back for changes"
	case InApproval:
		return "in approval"
	case InTraining:
		return "approved and in training"
	}
	return string(s)
}
