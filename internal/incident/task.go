package incident

import (
	"context"
	"slices"
	"strings"
	"time"

	"triward/internal/id"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// Side is who works on a task.
type Side string

// The sides of an incident.
const (
	ProductSide  Side = "product_security"
	ITSide       Side = "it_security"
	ClinicalSide Side = "clinical_engineering"
	WardSide     Side = "ward"
)

// Sides lists them.
func Sides() []Side { return []Side{ProductSide, ITSide, ClinicalSide, WardSide} }

// TaskState is how a task stands.
type TaskState string

// The states of a task.
const (
	ToDo      TaskState = "todo"
	Doing     TaskState = "doing"
	Blocked   TaskState = "blocked"
	Done      TaskState = "done"
	Cancelled TaskState = "cancelled"
)

// TaskStates lists them.
func TaskStates() []TaskState { return []TaskState{ToDo, Doing, Blocked, Done, Cancelled} }

// Over says whether nothing is left to do.
func (s TaskState) Over() bool { return s == Done || s == Cancelled }

// Task is a piece of work of an incident. It is handed to a side, and somebody who stands there accepts it before it is done
// (see [SidesOf]): the time to accept it starts when it is handed over and stops when it is accepted.
type Task struct {
	ID           string // "tsk_…"
	Title        string
	Side         Side
	Assignee     string // account; "" until somebody of the side accepts it
	AssigneeName string
	State        TaskState
	Due          time.Time // zero: none
	AcceptBy     time.Time // until when the side has to accept it
	Accepted     time.Time
	Outcome      string
	Made         time.Time
	Changed      time.Time
}

// AcceptWithin is how long a side has to accept a task that is handed to it.
const AcceptWithin = 15 * time.Minute

// Unaccepted says whether nobody of the side has taken the task in time.
func (t Task) Unaccepted(now time.Time) bool {
	return !t.State.Over() && t.Accepted.IsZero() && now.After(t.AcceptBy)
}

// Late says whether the task is overdue.
func (t Task) Late(now time.Time) bool { return !t.State.Over() && !t.Due.IsZero() && now.After(t.Due) }

// AddTask hands a new task to a side.
func (c Cases) AddTask(ctx context.Context, incident string, t Task) (string, error) {
	var err error
	if t.ID, err = id.New("tsk"); err != nil {
		return "", err
	}
	return t.ID, c.open(ctx, incident, func(tx *store.Tx, i *Incident, _ people.Name) error {
		var l problem.List
		if t.Title = strings.TrimSpace(t.Title); t.Title == "" {
			l.Add("title", "is required")
		}
		within(&l, "title", t.Title, maxTitle)
		oneOf(&l, "side", t.Side, Sides())
		if err := l.Err("the task is not complete"); err != nil {
			return err
		}
		t.State, t.Made, t.Changed, t.AcceptBy = ToDo, tx.Now, tx.Now, tx.Now.Add(AcceptWithin)
		t.Assignee, t.AssigneeName, t.Accepted, t.Outcome = "", "", time.Time{}, ""
		if err := putTask(ctx, tx, i.ID, t); err != nil {
			return err
		}
		return i.record(ctx, tx, KindTaskSet, Body{Of: t.ID, Note: t.Title, Changes: []Change{{"side", "", string(t.Side)}, {"state", "", string(ToDo)}}})
	})
}

// TaskMove is what becomes of a task, one of: accepted by the actor, handed to a side, or moved to a state.
type TaskMove struct {
	Accept  bool
	HandTo  Side // also the same side again, so that a colleague takes it
	State   TaskState
	Outcome string // required when it is done, blocked or cancelled
}

// MoveTask changes a task. Only who stands on its side accepts it, and only once for each hand-over; only what was accepted is
// worked on and done, by that side. The owner of the incident hands it to another side too, and cancels it.
func (c Cases) MoveTask(ctx context.Context, incident, task string, m TaskMove) error {
	return c.change(ctx, incident, func(tx *store.Tx, i *Incident, me people.Name) error {
		if !i.State.Open() && i.SameAs == "" { // tasks of a duplicate go on, in the other incident
			return problem.New(problem.Conflict, "%s is closed", i.Number)
		}
		all, err := tasks(ctx, tx, i.ID)
		if err != nil {
			return err
		}
		n := slices.IndexFunc(all, func(t Task) bool { return t.ID == task })
		if n < 0 {
			return problem.New(problem.NotFound, "there is no such task in %s", i.Number)
		}
		before, t := all[n], all[n]
		if t.State.Over() {
			return problem.New(problem.Conflict, "the task is %s", t.State)
		}
		if err := m.validate(); err != nil {
			return err
		}
		by := mover{Name: me, owner: i.Owner}
		if by.sides, err = SidesOf(ctx, tx, *i, tx.Now); err != nil {
			return err
		}
		if err := m.allowed(t, by); err != nil {
			return err
		}
		kind := KindTaskSet
		if m.Accept {
			kind = acceptKinds[t.Side]
		}
		t.apply(m, me, tx.Now)
		if m.Accept {
			if err := i.admit(ctx, tx, me, "accepted a task"); err != nil {
				return err
			}
		}
		if err := putTask(ctx, tx, i.ID, t); err != nil {
			return err
		}
		return i.record(ctx, tx, kind, Body{Of: t.ID, Note: t.Title, Reason: t.Outcome,
			Changes: differing(Change{"side", string(before.Side), string(t.Side)}, Change{"state", string(before.State), string(t.State)}, Change{"assignee", before.AssigneeName, t.AssigneeName})})
	})
}

func (m TaskMove) validate() error {
	var l problem.List
	asked := 0
	for _, x := range []bool{m.Accept, m.HandTo != "", m.State != ""} {
		if x {
			asked++
		}
	}
	if asked != 1 {
		l.Add("state", "accept it, hand it over or say how it stands: one of them")
	}
	if m.HandTo != "" {
		oneOf(&l, "hand_to", m.HandTo, Sides())
	}
	if m.State != "" {
		oneOf(&l, "state", m.State, []TaskState{Doing, Blocked, Done, Cancelled})
		if m.State != Doing && strings.TrimSpace(m.Outcome) == "" {
			l.Add("outcome", "is required: what came of it")
		}
	}
	within(&l, "outcome", m.Outcome, maxText)
	return l.Err("the task cannot be changed")
}

// mover is who moves a task.
type mover struct {
	people.Name
	sides []Side // on which they stand
	owner string // of the incident
}

// allowed refuses a move to who may not make it, or before its time.
func (m TaskMove) allowed(t Task, by mover) error {
	side, owner := slices.Contains(by.sides, t.Side), by.owner == by.ID
	switch {
	case m.Accept && !side:
		return problem.New(problem.Forbidden, "the task is handed to %s: only who stands there accepts it", word(t.Side))
	case m.Accept && !t.Accepted.IsZero():
		return problem.New(problem.Conflict, "%s accepted it; it is handed over before somebody else accepts it", t.AssigneeName)
	case !m.Accept && !side && !(owner && (m.HandTo != "" || m.State == Cancelled)):
		return problem.New(problem.Forbidden, "the task is with %s: only who stands there moves it", word(t.Side))
	case m.State != "" && m.State != Cancelled && t.Accepted.IsZero():
		return problem.New(problem.Conflict, "nobody accepted the task yet: accept it first")
	}
	return nil
}

func (t *Task) apply(m TaskMove, me people.Name, now time.Time) {
	t.Changed = now
	switch {
	case m.Accept:
		t.Assignee, t.AssigneeName, t.Accepted, t.State = me.ID, me.Name, now, Doing
	case m.HandTo != "":
		t.Side, t.Assignee, t.AssigneeName, t.Accepted, t.State, t.AcceptBy = m.HandTo, "", "", time.Time{}, ToDo, now.Add(AcceptWithin)
	default:
		t.State, t.Outcome = m.State, strings.TrimSpace(m.Outcome)
	}
}

func tasks(ctx context.Context, r store.Reader, incident string) ([]Task, error) {
	return store.All(ctx, r, scanTask, `SELECT `+taskColumns+` FROM incident_task WHERE incident = $1 ORDER BY made, id`, incident)
}
