package incident

import (
	"context"
	"slices"
	"strings"
	"time"

	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// acceptKinds are the permissions to accept work for a side, and what is recorded when somebody does.
var acceptKinds = map[Side]string{ProductSide: KindAcceptedProduct, ITSide: KindAcceptedIT, ClinicalSide: KindAcceptedClinical, WardSide: KindAcceptedWard}

// SidesOf lists the sides on which the actor stands in an incident, by roles that name the permission to accept for them. A
// role that may do everything is no side: who runs the program neither stands at the bedside nor answers for a product. A
// token stands where its account does, at most.
func SidesOf(ctx context.Context, r store.Reader, i Incident, now time.Time) ([]Side, error) {
	a, ok := store.ActorOf(ctx)
	if !ok {
		return nil, nil
	}
	stands := []store.Actor{a}
	if strings.HasPrefix(a.ID, "tok_") {
		me, err := people.Person(ctx, r, a)
		if err != nil {
			return nil, err
		}
		account, err := people.Standing(store.WithActor(ctx, store.System("incident")), r, me.ID, now)
		if err != nil {
			return nil, err
		}
		stands = append(stands, account)
	}
	var out []Side
	for _, s := range Sides() {
		if !slices.ContainsFunc(stands, func(a store.Actor) bool { return !named(a, acceptKinds[s]).Covers(i.Site, i.Product) }) {
			out = append(out, s)
		}
	}
	return out, nil
}

// named is where an actor may do something by grants that do not just allow everything.
func named(a store.Actor, kind string) store.Scope {
	a.Grants = slices.DeleteFunc(slices.Clone(a.Grants), func(g store.Grant) bool { return slices.Contains(g.Kinds, "*") })
	return a.Scope(kind)
}

// OpenTask is a task that is not over, with its incident.
type OpenTask struct {
	Task
	In     Incident
	Mine   bool // the actor accepted it
	Waits  bool // nobody has accepted it, and the actor stands on its side
	MyCase bool // the actor owns the incident
}

// maxOpenTasks bounds how many tasks [OpenTasks] looks at.
const maxOpenTasks = 1_000

// OpenTasks reads the tasks that concern the actor: those that they accepted, those that wait for somebody of their side, and
// those of the incidents that they own; the earliest hand-over first. Tasks of a closed incident are left out, unless it is a
// duplicate of one that goes on.
func OpenTasks(ctx context.Context, r store.Reader, now time.Time) ([]OpenTask, error) {
	a, _ := store.ActorOf(ctx)
	me, err := people.Person(ctx, r, a)
	if err != nil {
		return nil, err
	}
	all, err := store.All(ctx, r, store.Value[string], `SELECT DISTINCT t.incident FROM incident_task t JOIN incident i ON i.id = t.incident
		WHERE t.state <> 'done' AND t.state <> 'cancelled' AND (i.same_as <> '' OR i.state <> 'closed' AND i.state <> 'false_alarm') ORDER BY t.incident DESC LIMIT 1000`)
	if err != nil {
		return nil, err
	}
	var out []OpenTask
	for _, of := range all {
		i, err := seen(ctx, r, of)
		if problem.KindOf(err) == problem.Forbidden {
			continue // elsewhere
		}
		if err != nil {
			return nil, err
		}
		sides, err := SidesOf(ctx, r, i, now)
		if err != nil {
			return nil, err
		}
		ts, err := tasks(ctx, r, i.ID)
		if err != nil {
			return nil, err
		}
		if i, err = i.withhold(ctx, r); err != nil {
			return nil, err
		}
		for _, t := range ts {
			if i.Withheld {
				t.Title, t.Outcome = "a task that is withheld: ask "+i.OwnerName, ""
			}
			x := OpenTask{Task: t, In: i, Mine: t.Assignee == me.ID, Waits: t.Accepted.IsZero() && slices.Contains(sides, t.Side), MyCase: i.Owner == me.ID}
			if !t.State.Over() && (x.Mine || x.Waits || x.MyCase) && len(out) < maxOpenTasks {
				out = append(out, x)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b OpenTask) int { return a.AcceptBy.Compare(b.AcceptBy) })
	return out, nil
}
