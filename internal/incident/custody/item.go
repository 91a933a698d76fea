package custody

import (
	"slices"
	"strings"
	"time"

	"triward/internal/problem"
)

// Kind is what an item is.
type Kind string

// The kinds of items.
const (
	Original    Kind = "original"
	Image       Kind = "image"
	WorkingCopy Kind = "working_copy"
	Derived     Kind = "derived"
	LogExtract  Kind = "log_extract"
	Capture     Kind = "pcap"
	Photo       Kind = "photo"
	Thing       Kind = "device" // a device or a medium: it has a seal instead of a hash
)

// Kinds lists them.
func Kinds() []Kind {
	return []Kind{Original, Image, WorkingCopy, Derived, LogExtract, Capture, Photo, Thing}
}

// State is where an item stands.
type State string

// The states of an item.
const (
	Registered State = "registered" // described; its content may still come
	Sealed     State = "sealed"
	CheckedOut State = "checked_out" // somebody else has it
	Released   State = "released"    // given back, or to the manufacturer
	Destroyed  State = "destroyed"
	Broken     State = "integrity_broken"
)

// States lists them.
func States() []State {
	return []State{Registered, Sealed, CheckedOut, Released, Destroyed, Broken}
}

// Patients says whether an item holds data of patients.
type Patients string

// What is known of data of patients.
const (
	HasPatients Patients = "yes"
	NoPatients  Patients = "no"
	Minimised   Patients = "minimised"
)

// Item is one piece of evidence.
type Item struct {
	ID          string // "evd_…"
	Incident    string
	Exhibit     string // "INC-2026-0001/3"
	Parent      string // the item that it was copied or made from
	Kind        Kind
	Description string
	Device      string // of the fleet, where it came from; "" for another source
	Source      string // host, interface, place
	Authority   string // who authorised the collection, on which ground
	Method      string // tool, version, command, write blocker
	Began       time.Time
	Ended       time.Time
	Skew        time.Duration // the source's clock minus ours
	SkewKnown   bool
	Patients    Patients
	TLP         string
	Seal        string // number of the seal
	Place       string // where it lies
	Holder      string // account
	HolderName  string

	State    State
	File     string // name of the file it came as
	Size     int64  // bytes
	SHA256   string // of the content; "" until it is sealed, and of a thing
	progress string // state of the hash of what came in so far

	Hold        bool
	RetainUntil time.Time
	Destroyer   string // who asked to destroy it
	DestroyerBy string // and their name
	Verified    time.Time
	Entries     int
	Head        string // hash of the last entry
	Changed     time.Time
	broke       State // what it was before its integrity broke
}

const (
	maxTitle = 300
	maxText  = 20_000
)

// Validate returns all faults of what people fill in.
func (i Item) Validate() error {
	var l problem.List
	for _, f := range []struct {
		path, text string
		most       int
		needed     bool
	}{{"description", i.Description, maxTitle, true}, {"source", i.Source, maxTitle, true}, {"authority", i.Authority, maxText, true}, {"method", i.Method, maxText, true},
		{"seal", i.Seal, maxTitle, i.Kind == Thing}, {"place", i.Place, maxTitle, i.Kind == Thing}, {"file", i.File, maxTitle, false}} {
		if f.needed && strings.TrimSpace(f.text) == "" {
			l.Add(f.path, "is required")
		}
		if len(f.text) > f.most {
			l.Add(f.path, "is longer than %d characters", f.most)
		}
	}
	if !slices.Contains(Kinds(), i.Kind) {
		l.Add("kind", "%q is not one of the choices", i.Kind)
	}
	if !slices.Contains([]Patients{HasPatients, NoPatients, Minimised}, i.Patients) {
		l.Add("patients", "%q is not one of the choices", i.Patients)
	}
	if i.Began.IsZero() {
		l.Add("began", "is required: when the collection began")
	}
	if !i.Ended.IsZero() && i.Ended.Before(i.Began) {
		l.Add("ended", "lies before the beginning")
	}
	return l.Err("the evidence is not complete")
}

// Action is what an entry of custody records.
type Action string

// The actions.
const (
	Collected   Action = "collected"
	DidSeal     Action = "sealed"
	Transferred Action = "transferred"
	Received    Action = "received"
	Accessed    Action = "accessed"
	Copied      Action = "copied"
	Analysed    Action = "analysed"
	Exported    Action = "exported"
	Returned    Action = "returned"
	WasReleased Action = "released"
	Verified    Action = "verified"
	HeldBy      Action = "held"
	Unheld      Action = "hold_ended"
	AskedEnd    Action = "destruction_asked"
	DidDestroy  Action = "destroyed"
	Accepted    Action = "broken_integrity_accepted"
)

// Entry is one line of a chain of custody. Its hash is over its canonical JSON (RFC 8785), which has the hash before it.
type Entry struct {
	Item       string    `json:"item"`
	Seq        int       `json:"seq"`
	Action     Action    `json:"action"`
	At         time.Time `json:"at"`
	Actor      string    `json:"actor"`
	ActorName  string    `json:"actor_name"`
	From       string    `json:"from,omitempty"`
	To         string    `json:"to,omitempty"`
	Reason     string    `json:"reason,omitempty"`
	Authority  string    `json:"authorised_by,omitempty"`
	Place      string    `json:"place,omitempty"`
	Witness    string    `json:"witness,omitempty"`
	Seal       string    `json:"seal,omitempty"`
	HashBefore string    `json:"hash_before,omitempty"`
	HashAfter  string    `json:"hash_after,omitempty"`
	Match      string    `json:"match,omitempty"` // yes, no; "" where nothing was compared
	State      State     `json:"state"`           // of the item after it
	Prev       string    `json:"prev_hash"`
	Hash       string    `json:"-"`
}
