package report

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"triward/internal/document"
	"triward/internal/incident"
	"triward/internal/incident/clock"
	"triward/internal/store"
)

// tasksWaiting tells people of tasks of incidents: those of their side that wait to be accepted, those that they accepted and
// are late, and, as the owner of the incident, those that nobody accepted in time.
func tasksWaiting(ctx context.Context, q Asked) ([]Notice, error) {
	all, err := incident.OpenTasks(ctx, q, q.Now)
	var out []Notice
	for _, t := range all {
		n := Notice{Subject: t.In.ID, Urgent: true}
		side, until := strings.ReplaceAll(string(t.Side), "_", " "), t.AcceptBy.UTC().Format("15:04 UTC")
		switch {
		case t.Waits:
			n.Key, n.At = t.ID+" waits "+t.AcceptBy.Format("150405"), t.AcceptBy.Add(-incident.AcceptWithin)
			n.Title, n.Detail = t.In.Marked()+": “"+t.Title+"” waits for "+side, "It was handed to your side: accept it by "+until+"."
			if t.Unaccepted(q.Now) {
				n.Key, n.At, n.Detail = n.Key+" late", t.AcceptBy, "It was handed to your side, and nobody accepted it by "+until+"."
			}
		case t.MyCase && t.Unaccepted(q.Now):
			n.Key, n.At = t.ID+" "+t.AcceptBy.Format("150405"), t.AcceptBy
			n.Title, n.Detail = t.In.Marked()+": nobody accepted “"+t.Title+"”", "It was handed to "+side+". You own the incident."
		case t.Mine && t.Late(q.Now):
			n.Key, n.At, n.Title, n.Detail = t.ID+" late", t.Due, t.In.Marked()+": “"+t.Title+"” is late", "You accepted it."
		default:
			continue
		}
		out = append(out, n)
	}
	return out, err
}

// safetyFunction is the function of the person who answers for clinical safety.
const safetyFunction = "medical_safety"

// holdsAndHarm tells of a hold whose time is over, and those who answer for clinical safety of incidents that concern patients.
func holdsAndHarm(ctx context.Context, q Asked) ([]Notice, error) {
	page, err := incident.List(ctx, q, incident.Query{Open: true, Limit: mostOfAKind})
	if err != nil {
		return nil, err
	}
	actor, _ := store.ActorOf(ctx)
	safety, err := answersForSafety(ctx, q)
	if err != nil {
		return nil, err
	}
	var out []Notice
	for _, i := range page.Items {
		may := func(kind string) bool { return actor.Scope(kind).Covers(i.Site, i.Product) }
		if i.State == incident.OnHold && !i.HeldTill.IsZero() && !i.HeldTill.After(q.Now) && (i.Owner == q.Me.ID || may(incident.KindMoved)) {
			out = append(out, Notice{Key: fmt.Sprint(i.ID, " hold ", store.Micros(i.HeldTill)), Subject: i.ID, At: i.HeldTill, Urgent: true,
				Title: fmt.Sprintf("%s: its hold is over since %s", i.Marked(), stampOf(i.HeldTill)), Detail: "It was held for: " + i.HeldFor})
		}
		if i.Clinical < incident.ConcernsCare || !safety && !may(incident.KindSignedClinical) {
			continue
		}
		at, seq, err := incident.RoseTo(ctx, q, i)
		if err != nil {
			return nil, err
		}
		n := Notice{Key: fmt.Sprint(i.ID, " C", i.Clinical, " ", seq), Subject: i.ID, At: at, Urgent: true, Title: fmt.Sprintf("%s: C%d, %s", i.Marked(), i.Clinical, incident.ClinicalWords()[i.Clinical]), Detail: i.Title}
		if i.Clinical >= incident.HarmOccurred {
			n.Detail += ". Reports about harm by a device may be due: answer the facts of each legal entity."
		}
		out = append(out, n)
	}
	return out, nil
}

// answersForSafety says whether the reader holds the function of clinical safety.
func answersForSafety(ctx context.Context, q Asked) (bool, error) {
	held, err := document.FunctionsOf(ctx, q, q.Me.ID, q.Now)
	for _, h := range held {
		if string(h.Function) == safetyFunction {
			return true, err
		}
	}
	return false, err
}

// clocksDue tells the owner of an incident, and those who answer reporting clocks, of a clock past our own aim or past its last
// lawful instant, of one that had been running for a while when it became known, and of one that is due without delay. What
// only may run, because facts are unknown, is one notice for each legal entity.
func clocksDue(ctx context.Context, q Asked) ([]Notice, error) {
	actor, _ := store.ActorOf(ctx)
	var mine []incident.Incident
	for _, ask := range []incident.Query{{Open: true, Limit: mostOfAKind}, {State: incident.Closed, Limit: mostOfAKind}} { // a fact may come after the end
		page, err := incident.List(ctx, q, ask)
		if err != nil {
			return nil, err
		}
		for _, i := range page.Items {
			if i.Owner == q.Me.ID || actor.Scope(incident.KindDischarged).Covers(i.Site, i.Product) {
				mine = append(mine, i)
			}
		}
	}
	ticking, err := incident.Ticking(ctx, q, mine, q.Now)
	if err != nil {
		return nil, err
	}
	var out []Notice
	perhaps := map[string]int{} // by legal entity: where its notice stands in out
	for _, c := range ticking {
		n, ok := clockNotice(c, q.Now)
		if !ok {
			continue
		}
		if len(c.Missing) == 0 {
			out = append(out, n)
			continue
		}
		at, again := perhaps[c.Entity.ID]
		if !again {
			perhaps[c.Entity.ID] = len(out)
			out = append(out, Notice{Key: c.Entity.ID + " perhaps", Subject: c.Of.ID, At: n.At, Title: c.Of.Marked() + ": reports of " + c.Entity.Name + " may be due",
				Detail: "Facts decide it that nobody has answered. Among them: " + c.Stage.Title + " (" + c.Duty.Title + ")."})
			at = len(out) - 1
		}
		have := &out[at]
		have.Key += " " + clock.Key(c.Duty.ID, c.Stage.ID)
		if have.Urgent = have.Urgent || c.Late; n.At.After(have.At) {
			have.At = n.At
		}
	}
	for _, at := range perhaps { // the key names every report in it, so that one more is unread
		sum := sha256.Sum256([]byte(out[at].Key))
		out[at].Key = hex.EncodeToString(sum[:16])
	}
	return out, nil
}

// clockNotice is what there is to say about a clock now.
func clockNotice(c incident.ClockOf, now time.Time) (Notice, bool) {
	what := fmt.Sprintf("%s: %s of %s", c.Of.Marked(), c.Stage.Title, c.Entity.Name)
	n := Notice{Key: fmt.Sprint(c.Entity.ID, " ", clock.Key(c.Duty.ID, c.Stage.ID), " ", store.Micros(c.Start)), Subject: c.Of.ID, Detail: c.Duty.Title + ", to " + strings.Join(c.Duty.Recipients, ", ") + "."}
	switch {
	case c.Late:
		n.Key, n.Title, n.At, n.Urgent = n.Key+" late", what+" is overdue since "+stampOf(c.Latest), c.Latest, true
	case c.Latest.IsZero():
		n.Key, n.Title, n.At, n.Urgent = n.Key+" now", what+" is due without delay", c.Start, true
	case c.Retroactive():
		n.Key, n.Title, n.At, n.Urgent = n.Key+" known late", what+" runs already since "+stampOf(c.Start)+", at the latest "+stampOf(c.Latest), c.Known, true
		n.Detail += " What starts it became known on " + stampOf(c.Known) + "."
	case !c.Target.After(now):
		n.Key, n.Title, n.At = n.Key+" target", what+" is due: at the latest "+stampOf(c.Latest), c.Target
		n.Detail += " Half of its time is over."
	default:
		return n, false
	}
	return n, true
}

func stampOf(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
