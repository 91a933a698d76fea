package report

import (
	"context"
	"fmt"
	"slices"
	"time"

	"triward/internal/incident"
	"triward/internal/incident/connector"
	"triward/internal/incident/ladder"
	"triward/internal/problem"
	"triward/internal/store"
)

// lost is how often a connector may be told to take something back without an answer before people hear of it.
const lost = 2

// containment tells of actions on devices: those that may sign of a sign-off that is wanted, those at the device of what has to
// be undone by hand or was not undone, and the people of an action that it was lifted at the bedside.
func containment(ctx context.Context, q Asked) ([]Notice, error) {
	all, err := incident.StandingOn(ctx, q, "", q.Now)
	if err != nil {
		return nil, err
	}
	actor, _ := store.ActorOf(ctx)
	var out []Notice
	for _, a := range all {
		n := Notice{Key: a.ID, Subject: a.ID, Urgent: true, At: a.Changed}
		what := fmt.Sprintf("%s: L%d %s on %s", a.Of.Marked(), a.Level, a.Level.Words(), a.DeviceName)
		switch {
		case a.State == ladder.Planned:
			role, ok := a.MaySign(actor, q.Now)
			if !ok {
				continue
			}
			// A sign-off that expired is wanted anew: so the key names the last one.
			n.Key += fmt.Sprint(" sign ", role, " ", lastSigned(a.SignOffs))
			n.Title, n.Detail = what+" waits for your sign-off", "As "+role.Words()+". To patients: "+a.Impact
		case a.State.InForce() && tends(actor, a, q.Me.ID):
			var err error
			n.Title, n.Detail, err = undoing(ctx, q, a)
			if err != nil {
				return nil, err
			}
			if n.Title == "" {
				continue
			}
			n.Key += fmt.Sprint(" ", a.State, " ", store.Micros(a.Changed), " ", n.Title)
			n.Title = what + " " + n.Title
		default:
			continue
		}
		out = append(out, n)
	}
	lifted, err := incident.LiftedSince(ctx, q, q.Now.Add(-recent))
	for _, l := range lifted {
		concerned := l.Of.Owner == q.Me.ID || l.HumanID == q.Me.ID || slices.ContainsFunc(l.SignOffs, func(s ladder.SignOff) bool { return s.Person == q.Me.ID })
		if !concerned {
			continue
		}
		n := Notice{Key: fmt.Sprint("lifted ", l.Seq), Title: fmt.Sprintf("%s: %s lifted L%d on %s at the bedside", l.Of.Marked(), l.By, l.Level, l.DeviceName), Detail: l.Reason, Subject: l.ID, At: l.At, Urgent: true}
		if n.Detail == "" {
			n.Detail = "No reason is given yet."
		}
		out = append(out, n)
	}
	return out, err
}

// tends says whether somebody sees to an action that is in force: who says what is seen of it, who answers for it, and who
// owns its incident.
func tends(actor store.Actor, a incident.Standing, me string) bool {
	return a.HumanID == me || a.Of.Owner == me || actor.Scope(incident.KindSeen).Covers(a.Site, a.Of.Product)
}

// undoing is what has to be done about an action that should not hold any more, as the end of a sentence; "" for nothing.
func undoing(ctx context.Context, q Asked, a incident.Standing) (title, detail string, err error) {
	returning := a.State == ladder.Returning || a.State == ladder.Failed
	switch {
	case a.Way == incident.ByHand && returning:
		return "has to be undone by hand", "Exactly: " + a.Target + ". Say when it is gone. Last: " + orNothing(a.Said), nil
	case a.Way == incident.ByHand && !a.Return.After(q.Now):
		return "is past its time and has to be undone by hand", "Exactly: " + a.Target + ".", nil
	case !returning:
		return "", "", nil
	}
	job, err := connector.Of(ctx, q, a.ID)
	if problem.KindOf(err) == problem.NotFound {
		return "has to be undone by hand", "It has no order of a connector any more.", nil
	}
	switch {
	case err != nil:
		return "", "", err
	case job.BackTries >= lost && job.BackAnswered.IsZero():
		return "is not taken back by its connector", "It was told several times. Undo it by hand. " + job.Fault, nil
	case !job.BackAnswered.IsZero() && q.Now.After(job.BackAnswered.Add(job.Proof.Patience())):
		return "was taken back, but nothing shows that it is gone", "Look at the device, and say what you see.", nil
	}
	return "", "", nil
}

func orNothing(s string) string {
	if s == "" {
		return "nothing was said."
	}
	return s
}

func lastSigned(all []ladder.SignOff) int64 {
	var last time.Time
	for _, s := range all {
		if s.At.After(last) {
			last = s.At
		}
	}
	return store.Micros(last)
}
