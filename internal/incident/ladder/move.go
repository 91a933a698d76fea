package ladder

import "time"

// State is where an action stands.
type State string

// The states of an action.
const (
	Planned   State = "planned"
	Executing State = "executing" // the connector was told, and has not answered
	Verifying State = "verifying" // it answered; whether it took effect is not seen yet
	Holding   State = "holding"   // its effect was observed
	Failed    State = "failed"    // it did not take effect, or nobody can tell: it is returned as if it had
	Returning State = "returning" // the connector was told to take it back
	Returned  State = "returned"  // that it is gone was observed, or a person at the device said so
	Cancelled State = "cancelled" // it never ran
)

// States lists every state in the order of an action's life.
func States() []State {
	return []State{Planned, Executing, Verifying, Holding, Failed, Returning, Returned, Cancelled}
}

// Over says whether nothing more can happen to the action.
func (s State) Over() bool { return s == Returned || s == Cancelled }

// InForce says whether the action may have an effect on the device.
func (s State) InForce() bool { return s != Planned && !s.Over() }

// Event is what happens to an action.
type Event string

// What can happen.
const (
	Run      Event = "run"      // refused while Refusals has something to say
	Answered Event = "answered" // the connector says that it is done
	Observed Event = "observed" // the effect was seen in events, not in an answer
	NotSeen  Event = "not_seen" // the time to see it is over, or the connector failed
	Return   Event = "return"   // by itself at its instant, or by a person
	Gone     Event = "gone"     // that the effect ended was seen
	Lift     Event = "lift"     // at the bedside: break-glass
	Cancel   Event = "cancel"
)

// next is the table of moves.
var next = map[State]map[Event]State{
	Planned:   {Run: Executing, Cancel: Cancelled, Lift: Cancelled},
	Executing: {Answered: Verifying, Observed: Holding, NotSeen: Failed, Return: Returning, Lift: Returning},
	Verifying: {Observed: Holding, NotSeen: Failed, Return: Returning, Lift: Returning},
	Holding:   {NotSeen: Failed, Return: Returning, Lift: Returning},
	Failed:    {Return: Returning, Lift: Returning},
	Returning: {Gone: Returned, NotSeen: Returning, Lift: Returning, Return: Returning},
	Returned:  {Lift: Returned},
	Cancelled: {Lift: Cancelled},
}

// Move is the state after an event, and false when the event cannot happen there.
func (s State) Move(e Event) (State, bool) {
	to, ok := next[s][e]
	return to, ok
}

// May lists what can happen in a state.
func (s State) May() []Event {
	var out []Event
	for _, e := range []Event{Run, Answered, Observed, NotSeen, Return, Gone, Lift, Cancel} {
		if _, ok := next[s][e]; ok {
			out = append(out, e)
		}
	}
	return out
}

// Due says whether an action in force has to return now: its time is over, or it failed, or the device changed so that the
// level must not hold on it.
func Due(p Plan, s State, d Device, now time.Time) bool {
	if !s.InForce() || s == Returning {
		return false
	}
	return s == Failed || !p.Return.After(now) || p.Automatic && !mayRunAlone(p.Level, d)
}
