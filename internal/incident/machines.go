package incident

import (
	"context"
	"slices"
	"strings"

	"triward/internal/problem"
	"triward/internal/store"
)

// Care is how clinical work goes on.
type Care string

// The states of clinical work.
const (
	Normal    Care = "normal"
	Degraded  Care = "degraded"
	Downtime  Care = "downtime"
	Diversion Care = "diversion"
)

// Cares lists them, the mildest first.
func Cares() []Care { return []Care{Normal, Degraded, Downtime, Diversion} }

// Legal is what lawyers ask for.
type Legal string

// The legal states.
const (
	NoLegal    Legal = "nothing_asked"
	LegalHold  Legal = "hold"
	Privileged Legal = "privileged"
	Released   Legal = "released"
)

// Legals lists them.
func Legals() []Legal { return []Legal{NoLegal, LegalHold, Privileged, Released} }

// Disclosure is how far others were told of the weakness.
type Disclosure string

// The states of disclosure.
const (
	Undisclosed Disclosure = "undisclosed"
	Embargoed   Disclosure = "embargoed"
	Coordinated Disclosure = "coordinated"
	Public      Disclosure = "public"
)

// Disclosures lists them.
func Disclosures() []Disclosure { return []Disclosure{Undisclosed, Embargoed, Coordinated, Public} }

// The machines that run beside an incident (reference incidents.md 4.2). What is not listed is no move.
var (
	// Care gets worse at once. Who were sent elsewhere come back before work is normal.
	nextCare = map[Care][]Care{
		Normal:    {Degraded, Downtime, Diversion},
		Degraded:  {Normal, Downtime, Diversion},
		Downtime:  {Normal, Degraded, Diversion},
		Diversion: {Degraded, Downtime},
	}
	// Nothing is released that was not held.
	nextLegal = map[Legal][]Legal{
		NoLegal:    {LegalHold, Privileged},
		LegalHold:  {Privileged, Released},
		Privileged: {LegalHold, Released},
		Released:   {LegalHold, Privileged},
	}
	// What others were told cannot be taken back, and an embargo that ended does not begin again (Vultron).
	nextDisclosure = map[Disclosure][]Disclosure{
		Undisclosed: {Embargoed, Coordinated, Public},
		Embargoed:   {Coordinated, Public},
		Coordinated: {Public},
		Public:      {},
	}
)

// Moves lists what clinical work may become.
func (c Care) Moves() []Care { return nextCare[c] }

// Moves lists what the legal state may become.
func (l Legal) Moves() []Legal { return nextLegal[l] }

// Moves lists what the disclosure may become.
func (d Disclosure) Moves() []Disclosure { return nextDisclosure[d] }

// Held says whether lawyers want everything of the incident kept. Work product of lawyers is kept as well as what is held.
func (i Incident) Held() bool { return i.Legal == LegalHold || i.Legal == Privileged }

// Reach is the TLP label that is in effect: the marking of the incident, narrowed by what lawyers and an embargo ask for.
// What is privileged goes to named people only; what is under embargo stays in the organisation, and others who take part
// are named one by one.
func (i Incident) Reach() Marking {
	m := i.TLP
	if i.Legal == Privileged {
		m = m.Stricter(Red)
	}
	if i.Disclosure == Embargoed {
		m = m.Stricter(AmberStrict)
	}
	return m
}

// Share refuses (Forbidden) to share something of the incident with an audience that [Incident.Reach] does not allow, and
// says why.
func (i Incident) Share(what string, with Audience) error {
	if err := i.TLP.Share(what, with); err != nil {
		return err
	}
	if i.Reach().MayShare(with) {
		return nil
	}
	why := "under embargo: who takes part is named one by one"
	if i.Legal == Privileged {
		why = "legally privileged: it goes to named people only"
	}
	return problem.New(problem.Forbidden, "%s is %s; it is not shared with %s", what, why, with.Words())
}

// DiscloseTx moves how far others were told of an incident, also of one that is closed: a weakness is told after that too. It
// is for what coordinates the disclosure; people use [Cases.Change].
func DiscloseTx(ctx context.Context, tx *store.Tx, incident string, to Disclosure, reason string) error {
	i, err := one(ctx, tx, incident)
	if err != nil {
		return err
	}
	before, after := i.Disclosure, i
	after.Disclosure = to
	var l problem.List
	i.machines(&l, after, reason)
	if err := l.Err("the disclosure cannot be changed"); err != nil {
		return err
	}
	return after.keep(ctx, tx, KindChanged, Body{Changes: []Change{{"disclosure", string(before), string(to)}}, Reason: reason})
}

// silent refuses (Conflict) to make an incident public by hand while an embargo is in force.
func (c Cases) silent(ctx context.Context, r store.Reader, incident string, to Disclosure) error {
	if c.Embargo == nil || to != Public {
		return nil
	}
	i, err := one(ctx, r, incident)
	if err != nil || i.Disclosure == Public {
		return err
	}
	what, err := c.Embargo(ctx, r, i.ID)
	if err == nil && what != "" {
		return problem.New(problem.Conflict, "the embargo of %s is in force; exit it first", what)
	}
	return err
}

// machines lists what is wrong with a change of the machines beside an incident. Each change needs a reason.
func (i Incident) machines(l *problem.List, to Incident, reason string) {
	sideways(l, "care", i.Care, to.Care)
	sideways(l, "legal", i.Legal, to.Legal)
	sideways(l, "disclosure", i.Disclosure, to.Disclosure)
	if (i.Care != to.Care || i.Legal != to.Legal || i.Disclosure != to.Disclosure) && strings.TrimSpace(reason) == "" {
		l.Add("reason", "is required: why care, the legal state or the disclosure changes")
	}
}

func sideways[T interface {
	~string
	Moves() []T
}](l *problem.List, path string, from, to T) {
	if from != to && !slices.Contains(from.Moves(), to) {
		l.Add(path, "what is %s cannot become %s", word(from), word(to))
	}
}
