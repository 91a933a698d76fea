package ladder

import (
	"fmt"
	"slices"
	"time"
)

// Level is a rung of the ladder, 0 to 7.
type Level int

// The rungs.
const (
	Watch Level = iota
	FarSide
	NotClinical
	AllowList
	NetworkOff
	Swap
	PowerOff
	ServiceLine
)

// Words is what a rung does, as people read it.
func (l Level) Words() string {
	return [...]string{"watch", "block the far side", "block flows that are not clinical", "allow clinical flows only", "take off the network",
		"swap with a clean spare", "power off or remove", "close the service line"}[l]
}

// Valid says whether l is a rung.
func (l Level) Valid() bool { return l >= Watch && l <= ServiceLine }

// Answer is yes, no, or unknown as the zero value.
type Answer string

// What can be known.
const (
	Unknown Answer = ""
	Yes     Answer = "yes"
	No      Answer = "no"
)

// Role is in which capacity a person signs an action off.
type Role string

// The capacities.
const (
	ClinicalOwner Role = "clinical_owner"
	Biomed        Role = "biomed"
	Attending     Role = "attending" // confirms that the therapy runs on something else
	Commander     Role = "commander"
	Approver      Role = "approver" // any of the above, or the lead of the incident
)

// Device is what counts about a device at an instant.
type Device struct {
	InUse    Answer
	Critical Answer // sustains or supports life
	Service  Answer // a connection of its service is open
	Profile  bool   // a person approved which of its flows are clinical
	Revision string // of everything above and where it stands: another one voids checks and sign-offs
}

// MayBeInUse is true unless it is known to be out of use.
func (d Device) MayBeInUse() bool { return d.InUse != No }

// MayBeCritical is true unless it is known not to sustain or support life.
func (d Device) MayBeCritical() bool { return d.Critical != No }

// SignOff is the consent of a person to one action on one device.
type SignOff struct {
	Role     Role
	Person   string // account
	Name     string
	At       time.Time
	Until    time.Time
	Revision string // of the device when it was given

	Conditions string // under which it was given, as words
}

// SignOffLasts is how long a sign-off holds when nobody chose a shorter time.
const SignOffLasts = 30 * time.Minute

// CheckLasts is how old a pre-check may be when the action runs.
const CheckLasts = 15 * time.Minute

// MaxHold is how long an action may hold before it returns by itself; longer needs another action.
const MaxHold = 7 * 24 * time.Hour

// Plan is an action on a device before it runs.
type Plan struct {
	Level        Level
	Automatic    bool   // no person started it
	Human        string // who answers for it; also for an automatic one
	Impact       string // what it does to patients
	Alternative  string // what takes over the device's work
	Compensating string // what is done meanwhile, as a bedside watch
	Observe      string // how it is seen that it took effect
	Undo         string // how a person at the bedside undoes it when this program is away
	Return       time.Time
	CheckedAt    time.Time // pre-check; zero: none
	CheckedOn    string    // revision of the device that was checked
	SignOffs     []SignOff
}

// Needs are the capacities whose sign-off a plan needs on a device. An automatic action of level 2 or less needs none where
// it may run by itself; started by a person it needs none up to level 1.
func Needs(p Plan, d Device) []Role {
	switch l := p.Level; {
	case l <= Watch, l == FarSide && !serviceMatters(d):
		return nil
	case l == FarSide:
		return []Role{Biomed} // the service connection that it cuts may be at work on the device
	case l == NotClinical && mayRunAlone(l, d) && p.Automatic:
		return nil
	case l == NotClinical:
		return []Role{Approver}
	case l == AllowList:
		return []Role{Biomed}
	case l == NetworkOff, l == Swap:
		return []Role{ClinicalOwner, Biomed}
	case l == PowerOff:
		return []Role{Attending, Biomed}
	}
	return []Role{Commander}
}

// mayRunAlone says whether a level may run on a device without a person who starts it.
func mayRunAlone(l Level, d Device) bool {
	switch {
	case l <= Watch:
		return true
	case l == FarSide:
		return !serviceMatters(d)
	case l == NotClinical:
		return d.Profile && !(d.MayBeInUse() && d.MayBeCritical())
	}
	return false
}

// serviceMatters says whether a service connection may be at work on a device that may be in use.
func serviceMatters(d Device) bool { return d.Service != No && d.MayBeInUse() }

// Refusals lists what keeps a plan from running on a device now, in words; none: it may run.
func Refusals(p Plan, d Device, now time.Time) []string {
	var out []string
	need := func(ok bool, reason string) {
		if !ok {
			out = append(out, reason)
		}
	}
	if !p.Level.Valid() {
		return []string{"there is no such level"}
	}
	need(!p.Automatic || mayRunAlone(p.Level, d), "it must not run by itself on this device: a person has to start it")
	need(p.Human != "", "nobody answers for it")
	need(p.Impact != "", "it is not said what it does to patients")
	need(p.Observe != "", "it is not said how its effect is observed")
	need(p.Level < NotClinical || p.Undo != "", "it is not said how a person at the bedside undoes it without this program")
	need(!p.CheckedAt.IsZero() && !p.CheckedAt.After(now) && now.Sub(p.CheckedAt) <= CheckLasts && p.CheckedOn == d.Revision, "the device was not checked as it is now")
	need(p.Return.After(now), "it has no instant at which it returns by itself")
	need(!p.Return.After(now.Add(MaxHold)), "it would hold for more than seven days")
	need(p.Level < NetworkOff || p.Alternative != "", "it is not said what takes over the work of the device")
	need(p.Level != NetworkOff || p.Compensating != "", "it is not said what is done at the bedside meanwhile")
	for _, r := range Missing(p, d, now) {
		out = append(out, "the sign-off is missing, has expired, or was given for another state of the device: "+r.Words())
	}
	return out
}

// Words is the capacity as people read it.
func (r Role) Words() string {
	return map[Role]string{ClinicalOwner: "clinical owner", Biomed: "clinical engineering", Attending: "attending clinician, who confirms that the therapy moved",
		Commander: "incident commander", Approver: "one person who may approve"}[r]
}

// Words is a sign-off as reports show it: who, as what, when, for how long, and on which conditions.
func (s SignOff) Words() string {
	out := fmt.Sprintf("%s, %s, on %s, valid until %s", s.Name, s.Role.Words(), s.At.UTC().Format("2 January 2006, 15:04 UTC"), s.Until.UTC().Format("15:04 UTC"))
	if s.Conditions != "" {
		out += ", on the condition: " + s.Conditions
	}
	return out
}

// Holds says whether a sign-off counts now on the state of a device.
func (s SignOff) Holds(revision string, now time.Time) bool {
	return s.Person != "" && s.Revision == revision && !s.At.After(now) && now.Before(s.Until) && !s.Until.After(s.At.Add(SignOffLasts))
}

// Missing are the capacities in which a plan on a device still waits for somebody to sign.
func Missing(p Plan, d Device, now time.Time) []Role {
	return missing(Needs(p, d), p.SignOffs, d.Revision, now)
}

// missing are the capacities that no sign-off fills. Each person fills one, and whoever signed in two fills the one that leaves
// the fewest missing.
func missing(needs []Role, signs []SignOff, revision string, now time.Time) []Role {
	if len(needs) == 0 {
		return nil
	}
	r, rest := needs[0], needs[1:]
	out := append([]Role{r}, missing(rest, signs, revision, now)...)
	for _, s := range signs {
		if s.Role != r && r != Approver || !s.Holds(revision, now) {
			continue
		}
		others := slices.DeleteFunc(slices.Clone(signs), func(x SignOff) bool { return x.Person == s.Person })
		if left := missing(rest, others, revision, now); len(left) <= len(out) {
			out = left
		}
	}
	return out
}
