package incident

import (
	"context"
	"slices"
	"strings"

	"triward/internal/content"
	"triward/internal/incident/clock"
	"triward/internal/incident/ladder"
	"triward/internal/problem"
	"triward/internal/store"
)

// guard lists what an incident misses before it may move (reference incidents.md 4.2).
func (c Cases) guard(ctx context.Context, tx *store.Tx, i Incident, m Move) error {
	l := &faults{}
	reason := strings.TrimSpace(m.Reason) != ""
	switch m.To {
	case OnHold:
		l.needs(reason)("reason", "is required")
		l.needs(m.Until.After(tx.Now))("until", "is required, and must lie in the future: a hold has an end")
	case FalseAlarm:
		l.needs(reason)("reason", "is required")
		devices, err := involved(ctx, tx, i.ID)
		if err != nil {
			return err
		}
		for _, d := range devices {
			l.needs(!d.State.Hit())("devices", "%s was found compromised", d.Name)
		}
		if err := i.settled(ctx, tx); err != nil {
			return err
		}
	case Analysing:
		goesOn := i.State == Declared || i.State == OnHold && i.Resumes == Analysing
		l.needs(goesOn || reason)("reason", "is required: what widened the extent, or why it is not over")
	case Containing:
		actions, err := Actions(ctx, tx, ActionQuery{Incident: i.ID})
		if err != nil {
			return err
		}
		planned := slices.ContainsFunc(actions, func(a Action) bool { return a.State != ladder.Cancelled })
		l.needs(planned || i.NoContainment != "")("containment", "plan an action with what it does to patients, or record the decision to contain nothing")
	case Eradicating, Recovering, Monitoring, Closed:
		if err := c.sound(ctx, tx, l, i, m.To); err != nil {
			return err
		}
	}
	if m.To == Closed {
		if err := i.closing(ctx, tx, l); err != nil {
			return err
		}
	}
	return l.Err("%s cannot become %s", i.Number, word(m.To))
}

// faults is a list of what is missing.
type faults struct{ problem.List }

// needs gives what says that something is missing, unless it is there.
func (l *faults) needs(there bool) func(path, format string, args ...any) {
	if there {
		return func(string, string, ...any) {}
	}
	return l.Add
}

// sound lists what the devices of an incident miss before it may stand at or after eradicating. It is asked at every later
// move again: a device may have come in since, and evidence may have broken.
func (c Cases) sound(ctx context.Context, r store.Reader, l *faults, i Incident, to State) error {
	l.needs(i.Extent != "")("extent", "say which devices, models and accounts are in it")
	devices, err := involved(ctx, r, i.ID)
	if err != nil {
		return err
	}
	for _, d := range devices {
		l.needs(d.State != DeviceUnknown && d.State != Suspected)("devices", "%s is still %s", d.Name, word(d.State))
		if !d.State.Hit() {
			continue
		}
		if err := c.proven(ctx, r, l, i, d); err != nil {
			return err
		}
		if to == Eradicating {
			continue
		}
		back := slices.Contains([]DeviceState{Revalidated, BackInUse, DeviceRetired}, d.State)
		l.needs(back)("devices", "%s is %s: it was not checked before it goes back to patients", d.Name, word(d.State))
		l.needs(to == Recovering || d.State != Revalidated)("devices", "%s is checked but not back in use", d.Name)
	}
	return nil
}

// proven asks for the evidence of a device that was found compromised: under seal, or waived by two people.
func (c Cases) proven(ctx context.Context, r store.Reader, l *faults, i Incident, d Involved) error {
	switch d.Evidence {
	case Preserved:
		ok, err := c.preserved(ctx, r, i, d)
		l.needs(ok)("evidence", "%s: nothing of it is under seal with its integrity whole", d.Name)
		return err
	case Waived:
		l.needs(d.Waiver != "")("evidence", "%s: nobody else signed yet that no evidence of it is kept", d.Name)
	default:
		l.Add("evidence", "%s was found compromised: its evidence is neither kept nor waived", d.Name)
	}
	return nil
}

// preserved says whether something of a device lies under seal in the incident, or in a duplicate of it.
func (c Cases) preserved(ctx context.Context, r store.Reader, i Incident, d Involved) (bool, error) {
	if c.Preserves == nil {
		return false, nil
	}
	of, err := Duplicates(ctx, r, i.ID)
	if err != nil {
		return false, err
	}
	for _, x := range append([]Incident{i}, of...) {
		if ok, err := c.Preserves(ctx, r, x.ID, d.ID); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// closing lists what keeps an incident from being closed.
func (i Incident) closing(ctx context.Context, tx *store.Tx, l *faults) error {
	l.needs(i.RootCause != "" || i.LookedAt != "")("root_cause", "say the cause, or what was looked at when none was found")
	l.needs(!i.Reviewed.IsZero() && i.Lessons != "")("lessons", "hold the review and write down what was learned")
	l.needs(!i.RetainUntil.IsZero())("retain_until", "say until when the evidence is kept")
	fed, err := links(ctx, tx, i.ID)
	if err != nil {
		return err
	}
	has := func(kinds ...LinkKind) bool {
		return slices.ContainsFunc(fed, func(x Link) bool { return slices.Contains(kinds, x.Kind) })
	}
	l.needs(has(FedDecision, FedVulnerability, FedControl, FeedbackNoRisk))("risk", "link the decision or weakness that was looked at again, or say why there is none")
	l.needs(has(FedStep, FedChange, FeedbackNoProcess))("procedure", "link the step or change request of the procedure, or say why there is none")
	actions, err := Actions(ctx, tx, ActionQuery{Incident: i.ID})
	if err != nil {
		return err
	}
	for _, a := range actions {
		l.needs(!a.State.InForce())("containment", "%s on %s is still in force", a.Level.Words(), a.DeviceName)
	}
	who, err := entities(ctx, tx, i.ID)
	if err != nil {
		return err
	}
	same, err := Duplicates(ctx, tx, i.ID)
	if err != nil {
		return err
	}
	for _, d := range same { // duties that began in a duplicate are duties of this one
		more, err := entities(ctx, tx, d.ID)
		if err != nil {
			return err
		}
		who = append(who, more...)
	}
	who = slices.DeleteFunc(who, func(e Entity) bool { return e.Theirs }) // whom we told answers for its own duties
	l.needs(len(who) > 0)("clocks", "say which legal entity is concerned, so that its duties to report are decided")
	if who, err = withHolidays(ctx, tx, who); err != nil {
		return err
	}
	duties, err := content.Duties()
	if err != nil {
		return err
	}
	for _, e := range who {
		clocks, err := clock.Evaluate(duties, e.Entity, tx.Now)
		if err != nil {
			return err
		}
		for _, k := range clocks {
			ok := slices.Contains([]clock.State{clock.NotApplicable, clock.NotInForce, clock.Discharged}, k.State)
			l.needs(ok)("clocks", "%s: %s, %s is %s", e.Name, k.Duty.Title, k.Stage.Title, word(k.State))
		}
	}
	return nil
}
