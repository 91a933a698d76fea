package disclosure

import (
	"slices"
	"strings"
	"time"

	"triward/internal/problem"
)

// Report is where the report of a weakness stands with us (Vultron, report management).
type Report string

// The states of a report. The letters are Vultron's.
const (
	Start    Report = "start"    // S: not received yet
	Received Report = "received" // R
	Invalid  Report = "invalid"  // I: what was reported is no weakness, or cannot be told
	Valid    Report = "valid"    // V
	Accepted Report = "accepted" // A: is worked on
	Deferred Report = "deferred" // D: waits
	Closed   Report = "closed"   // C
)

// Reports lists them.
func Reports() []Report {
	return []Report{Start, Received, Invalid, Valid, Accepted, Deferred, Closed}
}

var nextReport = map[Report][]Report{
	Start:    {Received},
	Received: {Valid, Invalid},
	Invalid:  {Valid, Closed},
	Valid:    {Accepted, Deferred},
	Accepted: {Deferred, Closed},
	Deferred: {Accepted, Closed},
	Closed:   {},
}

// Moves lists where the report may go.
func (r Report) Moves() []Report { return nextReport[r] }

// Embargo is how long those who take part keep silent (Vultron, embargo management).
type Embargo string

// The states of an embargo.
const (
	None     Embargo = "none"
	Proposed Embargo = "proposed"
	Active   Embargo = "active"
	Revise   Embargo = "revise" // active, and another end is proposed
	Exited   Embargo = "exited"
)

// Embargoes lists them.
func Embargoes() []Embargo { return []Embargo{None, Proposed, Active, Revise, Exited} }

// InForce says whether those who take part have to keep silent.
func (e Embargo) InForce() bool { return e == Active || e == Revise }

// Act is what somebody does about an embargo.
type Act string

// The acts.
const (
	Propose Act = "propose" // an embargo, or another end of it
	Accept  Act = "accept"  // what is proposed
	Reject  Act = "reject"  // what is proposed
	Exit    Act = "exit"    // end what is in force
)

// Acts lists them.
func Acts() []Act { return []Act{Propose, Accept, Reject, Exit} }

var nextEmbargo = map[Embargo]map[Act]Embargo{
	None:     {Propose: Proposed},
	Proposed: {Propose: Proposed, Accept: Active, Reject: None},
	Active:   {Propose: Revise, Exit: Exited},
	Revise:   {Propose: Revise, Accept: Active, Reject: Active, Exit: Exited},
	Exited:   {},
}

// Acts lists what may be done about the embargo.
func (e Embargo) Acts() []Act {
	return slices.DeleteFunc(Acts(), func(a Act) bool { return nextEmbargo[e][a] == "" })
}

// Bit is something that is true of a weakness from some instant on (Vultron, case state).
type Bit string

// The bits, in Vultron's order.
const (
	VendorAware   Bit = "vendor_aware"     // V
	FixReady      Bit = "fix_ready"        // F
	FixDeployed   Bit = "fix_deployed"     // D
	PublicAware   Bit = "public_aware"     // P
	ExploitPublic Bit = "exploit_public"   // X
	Attacked      Bit = "attacks_observed" // A
)

// Bits lists them.
func Bits() []Bit {
	return []Bit{VendorAware, FixReady, FixDeployed, PublicAware, ExploitPublic, Attacked}
}

const letters = "VFDPXA"

var (
	needs  = map[Bit]Bit{FixReady: VendorAware, FixDeployed: FixReady}
	brings = map[Bit]Bit{ExploitPublic: PublicAware, PublicAware: VendorAware}
	// Nobody keeps silent about what others know.
	loud = []Bit{PublicAware, ExploitPublic, Attacked}
)

// Case is what is true of a weakness, with since when.
type Case map[Bit]time.Time

// Has says whether a bit is set.
func (c Case) Has(b Bit) bool { return !c[b].IsZero() }

// String writes the case as Vultron does: "VFdPxa", a capital for what is true.
func (c Case) String() string {
	out := []byte(strings.ToLower(letters))
	for n, b := range Bits() {
		if c.Has(b) {
			out[n] = letters[n]
		}
	}
	return string(out)
}

// Open lists the bits that can be set next.
func (c Case) Open() []Bit {
	return slices.DeleteFunc(Bits(), func(b Bit) bool { return c.Has(b) || needs[b] != "" && !c.Has(needs[b]) })
}

// Loud says whether others know of the weakness or use it, so that no embargo can hold.
func (c Case) Loud() bool { return slices.ContainsFunc(loud, c.Has) }

// with is the case with a bit and what it brings with it. The case itself stays.
func (c Case) with(b Bit, at time.Time) (Case, error) {
	switch {
	case !slices.Contains(Bits(), b):
		return c, problem.New(problem.Invalid, "%q is not one of the choices", b)
	case c.Has(b):
		return c, problem.New(problem.Conflict, "%s is so since %s", word(b), c[b].UTC().Format(time.RFC3339))
	case needs[b] != "" && !c.Has(needs[b]):
		return c, problem.New(problem.Conflict, "%s needs %s first", word(b), word(needs[b]))
	}
	out := Case{}
	for x, t := range c {
		out[x] = t
	}
	for ; b != ""; b = brings[b] {
		if !out.Has(b) {
			out[b] = at
		}
	}
	return out, nil
}

func word[T ~string](s T) string { return strings.ReplaceAll(string(s), "_", " ") }
