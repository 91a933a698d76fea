package custody

import (
	"slices"
	"strings"
	"time"

	"triward/internal/incident"
	"triward/internal/problem"
)

// Operation is something that is done with an item.
type Operation string

// The operations.
const (
	OpContent  Operation = "content"
	OpSeal     Operation = "seal"
	OpTransfer Operation = "transfer"
	OpReceive  Operation = "receive"
	OpTakeBack Operation = "take-back"
	OpRelease  Operation = "release"
	OpReceipt  Operation = "receipt"
	OpRead     Operation = "read"
	OpWork     Operation = "work"
	OpVerify   Operation = "verify"
	OpAccept   Operation = "accept"
	OpHold     Operation = "hold"
	OpEndHold  Operation = "end-hold"
	OpDestroy  Operation = "destroy"
)

// Operations lists them.
func Operations() []Operation {
	return []Operation{OpContent, OpSeal, OpTransfer, OpReceive, OpTakeBack, OpRelease, OpReceipt, OpRead, OpWork, OpVerify, OpAccept, OpHold, OpEndHold, OpDestroy}
}

// states are the states in which an operation may be done. A broken item can be looked at, held, and accepted: nothing else.
var states = map[Operation][]State{
	OpContent:  {Registered},
	OpSeal:     {Registered},
	OpTransfer: {Sealed, CheckedOut},
	OpReceive:  {CheckedOut},
	OpTakeBack: {CheckedOut, Released},
	OpRelease:  {Sealed},
	OpReceipt:  {Released},
	OpRead:     {Sealed, CheckedOut, Released, Broken},
	OpWork:     {Sealed, CheckedOut},
	OpVerify:   {Sealed, CheckedOut, Released, Broken},
	OpAccept:   {Broken},
	OpHold:     {Registered, Sealed, CheckedOut, Released, Broken},
	OpEndHold:  {Registered, Sealed, CheckedOut, Released, Broken},
	OpDestroy:  {Registered, Sealed, Released},
}

// Allows says whether the state of an item and its kind allow an operation.
func (i Item) Allows(o Operation) bool { return i.must(o) == nil }

// must refuses (Conflict) an operation that the state of an item or its kind does not allow.
func (i Item) must(o Operation) error {
	content := o == OpContent || o == OpRead || o == OpVerify
	switch {
	case content && i.Kind == Thing:
		return problem.New(problem.Conflict, "%s is a thing: it has a seal and no content", i.Exhibit)
	case slices.Contains(states[o], i.State):
		return nil
	case i.State == Broken:
		return problem.New(problem.Conflict, "the integrity of %s is broken: accept that with a reason first", i.Exhibit)
	case o == OpAccept:
		return problem.New(problem.Conflict, "the integrity of %s is not broken", i.Exhibit)
	case content && (i.State == Registered || i.State == Destroyed):
		return problem.New(problem.Conflict, "%s is %s: it has no content", i.Exhibit, i.State)
	case o == OpContent:
		return problem.New(problem.Conflict, "%s is %s: its content does not change any more", i.Exhibit, words(i.State))
	}
	return problem.New(problem.Conflict, "%s is %s", i.Exhibit, words(i.State))
}

func words(s State) string { return strings.ReplaceAll(string(s), "_", " ") }

// Keep is what keeps an item from being destroyed: itself, its incident, and the incident that this one is a duplicate of.
type Keep struct {
	Open  string    // number of the incident that is not over; "" when all are
	Held  bool      // a legal hold
	Until time.Time // the longest retention
}

// keep adds what an incident asks for. What lawyers hold as privileged is held too: else to move on from a hold would end it
// without a word.
func (k *Keep) add(f incident.Incident) {
	if f.State != incident.Closed && f.State != incident.FalseAlarm {
		k.Open = f.Number
	}
	k.Held = k.Held || f.Held()
	if f.RetainUntil.After(k.Until) {
		k.Until = f.RetainUntil
	}
}

// Kept refuses (Conflict) to destroy an item that has to be kept now, and says why.
func (i Item) Kept(now time.Time) error {
	switch {
	case i.Keep.Held:
		return problem.New(problem.Conflict, "%s is under a legal hold", i.Exhibit)
	case i.Keep.Open != "":
		return problem.New(problem.Conflict, "%s is kept while %s is open", i.Exhibit, i.Keep.Open)
	case now.Before(i.Keep.Until):
		return problem.New(problem.Conflict, "%s is kept until %s", i.Exhibit, i.Keep.Until.UTC().Format(time.DateOnly))
	}
	return nil
}
