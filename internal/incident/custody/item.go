package custody

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"triward/internal/incident"
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

// Details are what is known of where an item came from and how it was taken, frozen when it was registered. Every text may be
// empty. Model, serial number, UDI and location of a device of the fleet are those of its record at that time.
type Details struct {
	Model        string `json:"model,omitempty"`
	Serial       string `json:"serial,omitempty"`
	UDI          string `json:"udi,omitempty"`
	Location     string `json:"location,omitempty"` // where the source stood
	Host         string `json:"host,omitempty"`
	Interface    string `json:"interface,omitempty"`
	LegalBasis   string `json:"legal_basis,omitempty"`
	Tool         string `json:"tool,omitempty"`
	ToolVersion  string `json:"tool_version,omitempty"`
	Command      string `json:"command,omitempty"`
	WriteBlocker string `json:"write_blocker,omitempty"`
	Medium       string `json:"medium,omitempty"` // what it was stored on
}

// fields are the texts with their names.
func (d *Details) fields() map[string]*string {
	return map[string]*string{"model": &d.Model, "serial": &d.Serial, "udi": &d.UDI, "location": &d.Location, "host": &d.Host, "interface": &d.Interface, "legal_basis": &d.LegalBasis, "tool": &d.Tool,
		"tool_version": &d.ToolVersion, "command": &d.Command, "write_blocker": &d.WriteBlocker, "medium": &d.Medium}
}

// Item is one piece of evidence (reference incidents.md 4.3).
type Item struct {
	ID          string // "evd_…"
	Incident    string
	Exhibit     string // "INC-2026-0001/3"
	Withheld    bool   // it is marked TLP:RED for others: most of what follows is left out
	Parent      string // the item that it was copied or made from
	Kind        Kind
	Description string
	Device      string // of the fleet, or a system of the incident, that it came from; "" for another source
	Source      string // where exactly it came from
	Authority   string // who authorised the collection
	Method      string // how it was collected
	Details
	Began     time.Time
	Ended     time.Time
	Skew      time.Duration // the source's clock minus ours
	SkewKnown bool
	Patients  Patients
	TLP, PAP  incident.Marking // "": those of the incident
	Seal      string           // number of the seal
	Place     string           // where it lies
	Holder    string           // account; "" when it is outside
	Receipt   string           // number of the receipt of whom it was released to

	HolderName string

	State      State
	File       string // name of the file it came as
	Size       int64  // bytes
	Expected   string // SHA-256 that was taken at collection; "" when none was
	SHA256     string // of the content; "" until it is sealed, and of a thing
	WithSHA512 bool   // SHA-512 is computed too
	SHA512     string
	Keys       []string // public keys (age recipients) that its content is encrypted for; filled by reads of one item
	progress   string   // state of the hashes of what came in so far

	Hold        bool      // a legal hold of its own
	RetainUntil time.Time // of its own
	Keep        Keep      // what holds with its incident; filled by reads
	Destroyer   string    // who asked to destroy it
	DestroyerBy string    // and their name
	Verified    time.Time
	Entries     int
	Head        string // hash of the last entry
	Changed     time.Time
	broke       State // what it was before its integrity broke
}

// Differs says whether the content under seal is not what was hashed at collection. Somebody recorded why.
func (i Item) Differs() bool { return i.Expected != "" && i.SHA256 != "" && i.Expected != i.SHA256 }

const (
	maxTitle = 300
	maxText  = 20_000
	maxSkew  = 100 * 365 * 24 * time.Hour // clocks that were never set begin in 1970 or 1980
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
	for path, text := range i.fields() {
		if len(*text) > maxText {
			l.Add(path, "is longer than %d characters", maxText)
		}
	}
	for path, m := range map[string]incident.Marking{"tlp": i.TLP, "pap": i.PAP} {
		if m != "" && m.Audience() == "" {
			l.Add(path, "%q is not one of the choices", m)
		}
	}
	if i.PAP == incident.AmberStrict {
		l.Add("pap", "%q is a label of TLP only", i.PAP)
	}
	checkHash(&l, "expected", i.Expected)
	if i.Kind == Thing && (i.Expected != "" || i.WithSHA512) {
		l.Add("expected", "a thing has a seal and no hash")
	}
	if i.Skew.Abs() > maxSkew || i.Skew != 0 && !i.SkewKnown {
		l.Add("skew", "must be less than 100 years, and known")
	}
	if i.Began.IsZero() {
		l.Add("began", "is required: when the collection began")
	}
	if !i.Ended.IsZero() && i.Ended.Before(i.Began) {
		l.Add("ended", "lies before the beginning")
	}
	return l.Err("the evidence is not complete")
}

// ReadSkew reads how far the clock of a source was ahead of ours, as people write it: "1h2m3s", "-90s"; "" is not known.
func (i *Item) ReadSkew(text string) error {
	text = strings.TrimSpace(text)
	i.Skew, i.SkewKnown = 0, text != ""
	if text == "" {
		return nil
	}
	var err error
	if i.Skew, err = time.ParseDuration(text); err != nil {
		var l problem.List
		l.Add("skew", "must be like 1h2m3s or -90s")
		return l.Err("the evidence is not complete")
	}
	return nil
}

// checkHash refuses what is not a SHA-256 in hexadecimal; "" is none.
func checkHash(l *problem.List, path, hash string) {
	if b, err := hex.DecodeString(hash); hash != "" && (err != nil || len(b) != sha256.Size || hash != strings.ToLower(hash)) {
		l.Add(path, "is not a SHA-256: 64 digits 0-9 a-f")
	}
}

// plainHash is a hash as people paste it, in the form that it is kept in.
func plainHash(text string) string { return strings.ToLower(strings.TrimSpace(text)) }

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
	Receipted   Action = "receipt_confirmed" // by whom it was released to
	HashTold    Action = "hash_told"         // the hash that was taken at collection
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
	Match      string    `json:"match,omitempty"`   // yes, no; "" where nothing was compared
	State      State     `json:"state"`             // of the item after it
	Receipt    string    `json:"receipt,omitempty"` // number of a receipt
	On         time.Time `json:"on,omitzero"`       // when that was given
	Details    *Details  `json:"details,omitempty"` // of a collection
	Prev       string    `json:"prev_hash"`
	Hash       string    `json:"-"`
}
