package incident

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"triward/internal/id"
	"triward/internal/incident/ladder"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/procedure"
	"triward/internal/signature"
	"triward/internal/store"
)

// Cases keeps incidents.
type Cases struct {
	DB   *store.DB
	Runs procedure.Runs // starts the plan of an incident
	// Preserves says whether something of a device or system ([Involved].ID) of an incident lies under seal with its integrity
	// whole. Without it nothing counts as preserved.
	Preserves func(ctx context.Context, r store.Reader, incident, involved string) (bool, error)
	// Embargo names the weakness of an incident whose embargo is in force; "" for none.
	Embargo func(ctx context.Context, r store.Reader, incident string) (string, error)
	Signer  *signature.Signer // checks who signs that no evidence is kept
	// Ready says what else keeps an action with a connector from running; without it such an action never runs.
	Ready func(ctx context.Context, r store.Reader, i Incident, a Action) ([]string, error)
	// Vouch says what a person's word counts for of an action with a connector, and refuses it where events have to show it;
	// without it no person's word counts.
	Vouch func(ctx context.Context, a Action, e ladder.Event) (Witness, error)
}

// Declaration is what makes an incident.
type Declaration struct {
	Incident          // what is filled in
	Devices  []string // ids of the fleet
	Systems  []string // names of what is no device
	From     []Link   // alerts, findings, advisories, calls
	Plan     string   // code of the procedure to run; "" for none yet
}

// Declare opens an incident. It needs a severity on both scales, an owner, at least one device or system, and the awareness
// with who and how.
func (c Cases) Declare(ctx context.Context, d Declaration) (string, error) {
	var i Incident
	err := c.DB.Update(ctx, func(tx *store.Tx) (err error) {
		i, err = c.DeclareTx(ctx, tx, d)
		return err
	})
	return i.ID, err
}

// DeclareTx is [Cases.Declare] within a transaction.
func (c Cases) DeclareTx(ctx context.Context, tx *store.Tx, d Declaration) (Incident, error) {
	i := d.Incident
	i.proceed(Declared)
	i.Run, i.Worst = "", i.Severity()
	if err := d.check(tx.Now); err != nil {
		return i, err
	}
	var err error
	if i.ID, err = id.New("inc"); err != nil {
		return i, err
	}
	if i.Site, err = d.place(ctx, tx); err != nil {
		return i, err
	}
	owner, err := people.Person(ctx, tx, tx.Actor())
	if i.Owner != "" {
		owner, err = people.ActiveName(ctx, tx, i.Owner)
	}
	if err != nil {
		return i, fmt.Errorf("find the owner: %w", err)
	}
	i.Owner, i.OwnerName = owner.ID, owner.Name
	prefix := fmt.Sprintf("INC-%d-", tx.Now.UTC().Year())
	n, err := ofYear(ctx, tx, prefix)
	if err != nil {
		return i, err
	}
	i.Number, i.Declared, i.Changed = fmt.Sprintf("%s%04d", prefix, n+1), tx.Now, tx.Now
	if err := put(ctx, tx, i); err != nil {
		return i, err
	}
	if err := i.record(ctx, tx, KindDeclared, Body{Note: i.Title, Changes: []Change{{"aware", "", i.Aware.UTC().Format(time.RFC3339)}, {"cyber", "", strconv.Itoa(i.Cyber)}, {"clinical", "", strconv.Itoa(i.Clinical)}}}); err != nil {
		return i, err
	}
	if err := i.begin(ctx, tx, owner); err != nil {
		return i, err
	}
	if err := i.involve(ctx, tx, d.Devices, d.Systems); err != nil {
		return i, err
	}
	for _, l := range d.From {
		if err := i.link(ctx, tx, l); err != nil {
			return i, err
		}
	}
	if d.Plan == "" {
		return i, nil
	}
	return i, c.plan(ctx, tx, &i, d.Plan)
}

// begin names who may read the incident should it be marked TLP:RED.
func (i Incident) begin(ctx context.Context, tx *store.Tx, owner people.Name) error {
	me, err := people.Person(ctx, tx, tx.Actor())
	if err != nil {
		return err
	}
	if err := i.admit(ctx, tx, owner, "owns it"); err != nil {
		return err
	}
	return i.admit(ctx, tx, me, "declared it")
}

func (d Declaration) check(now time.Time) error {
	var l problem.List
	l.Merge("", d.Validate())
	if len(d.Devices)+len(d.Systems) == 0 {
		l.Add("devices", "at least one device or system is needed")
	}
	if d.Aware.After(now) {
		l.Add("aware", "lies in the future")
	}
	if d.Legal == Released {
		l.Add("legal", "nothing was held that could be released")
	}
	for _, x := range d.From {
		l.Merge("from", x.validate())
	}
	return l.Err("the incident cannot be declared")
}

// plan starts the procedure that the incident is worked by.
func (c Cases) plan(ctx context.Context, tx *store.Tx, i *Incident, code string) error {
	if i.Run != "" {
		return problem.New(problem.Conflict, "a procedure runs for this incident already")
	}
	// The number alone: a run and what the journal says of it are read by more people than may read the incident, now or later.
	run, err := c.Runs.StartTx(ctx, tx, procedure.Start{Code: code, Subject: i.Number, Site: i.Site, Product: i.Product,
		Reason: "incident " + i.Number, Exercise: i.Exercise, Since: i.Aware})
	if err != nil {
		return err
	}
	i.Run = run
	return i.keep(ctx, tx, KindChanged, Body{Changes: []Change{{"run", "", run}}})
}

// Plan starts the effective revision of a procedure as the plan of an incident.
func (c Cases) Plan(ctx context.Context, incident, code string) error {
	return c.change(ctx, incident, func(tx *store.Tx, i *Incident, _ people.Name) error { return c.plan(ctx, tx, i, code) })
}

// change lets somebody change an incident in one transaction.
func (c Cases) change(ctx context.Context, incident string, fn func(*store.Tx, *Incident, people.Name) error) error {
	return c.DB.Update(ctx, func(tx *store.Tx) error {
		i, err := one(ctx, tx, incident)
		if err != nil {
			return err
		}
		me, err := people.Person(ctx, tx, tx.Actor())
		if err != nil {
			return err
		}
		return fn(tx, &i, me)
	})
}

// open is change for an incident that is not closed.
func (c Cases) open(ctx context.Context, incident string, fn func(*store.Tx, *Incident, people.Name) error) error {
	return c.change(ctx, incident, func(tx *store.Tx, i *Incident, me people.Name) error {
		if !i.State.Open() {
			return problem.New(problem.Conflict, "%s is closed", i.Number)
		}
		return fn(tx, i, me)
	})
}

func (i Incident) record(ctx context.Context, tx *store.Tx, kind string, b Body) error {
	b.Number, b.Exercise = i.Number, i.Exercise
	_, err := tx.Record(ctx, store.Event{Kind: kind, Subject: i.ID, Site: i.Site, Product: i.Product, Body: b})
	return err
}

// keep stores the incident and records why.
func (i *Incident) keep(ctx context.Context, tx *store.Tx, kind string, b Body) error {
	i.Changed = tx.Now
	if err := put(ctx, tx, *i); err != nil {
		return err
	}
	return i.record(ctx, tx, kind, b)
}

// Change sets what people fill in of an incident: everything of [Incident] that [Incident.Validate] checks, and the owner. When
// Changed is set and the incident has changed since, it is a Conflict. A reason is needed where the awareness changes, because
// clocks run from it, where the severity falls, and where one of the machines beside it moves.
func (c Cases) Change(ctx context.Context, incident string, to Incident, reason string) error {
	return c.DB.Update(ctx, func(tx *store.Tx) error {
		if err := c.silent(ctx, tx, incident, to.Disclosure); err != nil {
			return err
		}
		return ChangeTx(ctx, tx, incident, to, reason)
	})
}

// ChangeTx is [Cases.Change] within a transaction.
func ChangeTx(ctx context.Context, tx *store.Tx, incident string, to Incident, reason string) error {
	i, err := one(ctx, tx, incident)
	if err != nil {
		return err
	}
	if !i.State.Open() {
		return problem.New(problem.Conflict, "%s is closed", i.Number)
	}
	return i.change(ctx, tx, to, reason)
}

func (i *Incident) change(ctx context.Context, tx *store.Tx, to Incident, reason string) error {
	if !to.Changed.IsZero() && !to.Changed.Equal(i.Changed) {
		return problem.New(problem.Conflict, "the incident was changed meanwhile; look at it again")
	}
	after := *i
	after.take(to)
	if err := after.Validate(); err != nil {
		return err
	}
	if err := i.becomes(after, reason, tx.Now); err != nil {
		return err
	}
	if after.Owner != i.Owner {
		owner, err := people.ActiveName(ctx, tx, after.Owner)
		if err != nil {
			return fmt.Errorf("find the owner: %w", err)
		}
		after.OwnerName = owner.Name
		if err := i.admit(ctx, tx, owner, "owns it"); err != nil {
			return err
		}
	}
	what := i.differences(after)
	if len(what) == 0 {
		return nil
	}
	harmed := after.Clinical >= HarmOccurred && i.Clinical < HarmOccurred
	*i = after
	if err := i.keep(ctx, tx, KindChanged, Body{Changes: what, Reason: strings.TrimSpace(reason)}); err != nil || !harmed {
		return err
	}
	return i.harmed(ctx, tx)
}

// becomes returns the faults of a change at an instant.
func (i Incident) becomes(after Incident, reason string, now time.Time) error {
	l := &faults{}
	said := strings.TrimSpace(reason) != ""
	l.needs(said || after.Aware.Equal(i.Aware))("reason", "is required: reporting clocks run from the awareness")
	l.needs(said || after.Severity() >= i.Severity())("reason", "is required: why it is less severe")
	l.needs(!after.Aware.After(now))("aware", "lies in the future")
	l.needs(!after.Reviewed.After(now))("reviewed", "lies in the future")
	l.needs(after.RetainUntil.Equal(i.RetainUntil) || after.RetainUntil.After(now))("retain_until", "must lie in the future")
	i.machines(&l.List, after, reason)
	return l.Err("the incident cannot be changed")
}

// take copies what people fill in.
func (i *Incident) take(to Incident) {
	i.Title, i.Summary, i.Cyber, i.Clinical = strings.TrimSpace(to.Title), strings.TrimSpace(to.Summary), to.Cyber, to.Clinical
	i.TLP, i.PAP, i.Care, i.Legal, i.Disclosure = to.TLP, to.PAP, to.Care, to.Legal, to.Disclosure
	i.Aware, i.AwareWho, i.AwareHow = to.Aware, strings.TrimSpace(to.AwareWho), strings.TrimSpace(to.AwareHow)
	i.NoContainment, i.Extent, i.RootCause, i.LookedAt = strings.TrimSpace(to.NoContainment), strings.TrimSpace(to.Extent), strings.TrimSpace(to.RootCause), strings.TrimSpace(to.LookedAt)
	i.Lessons, i.Reviewed, i.RetainUntil = strings.TrimSpace(to.Lessons), to.Reviewed, to.RetainUntil
	if to.Owner != "" {
		i.Owner = to.Owner
	}
	i.Worst = max(i.Worst, i.Severity())
}

// differences lists what a change changes, for the journal.
func (i Incident) differences(to Incident) []Change {
	return differing(
		Change{"title", i.Title, to.Title}, Change{"summary", i.Summary, to.Summary}, Change{"cyber", strconv.Itoa(i.Cyber), strconv.Itoa(to.Cyber)},
		Change{"clinical", strconv.Itoa(i.Clinical), strconv.Itoa(to.Clinical)}, Change{"tlp", string(i.TLP), string(to.TLP)}, Change{"pap", string(i.PAP), string(to.PAP)},
		Change{"care", string(i.Care), string(to.Care)}, Change{"legal", string(i.Legal), string(to.Legal)}, Change{"disclosure", string(i.Disclosure), string(to.Disclosure)},
		Change{"owner", i.OwnerName, to.OwnerName}, Change{"aware", instant(i.Aware), instant(to.Aware)}, Change{"aware_who", i.AwareWho, to.AwareWho}, Change{"aware_how", i.AwareHow, to.AwareHow},
		Change{"no_containment", i.NoContainment, to.NoContainment}, Change{"extent", i.Extent, to.Extent}, Change{"root_cause", i.RootCause, to.RootCause}, Change{"looked_at", i.LookedAt, to.LookedAt},
		Change{"lessons", i.Lessons, to.Lessons}, Change{"reviewed", instant(i.Reviewed), instant(to.Reviewed)}, Change{"retain_until", instant(i.RetainUntil), instant(to.RetainUntil)},
	)
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func word[T ~string](s T) string { return strings.ReplaceAll(string(s), "_", " ") }
