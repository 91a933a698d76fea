package incident

import (
	"context"
	"slices"
	"strings"
	"time"

	"triward/internal/content"
	"triward/internal/incident/clock"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// Sent is a report that was sent.
type Sent struct {
	Duty, Stage string
	At          time.Time
	Evidence    string // the authority's reference, or the file that shows it was sent
	Reason      string // why another instant takes the place of the one that was recorded
}

// Discharge records that a report was sent, when, and the evidence of it. What was recorded before stays in the history; another
// instant takes its place only with a reason.
func (c Cases) Discharge(ctx context.Context, incident, entity string, d Sent) error {
	return c.change(ctx, incident, func(tx *store.Tx, i *Incident, me people.Name) error {
		return i.setEntity(ctx, tx, entity, KindDischarged, func(tx *store.Tx, e *Entity) (Body, error) {
			if len(e.answers(d)) > 0 && strings.TrimSpace(d.Reason) == "" {
				return Body{}, problem.New(problem.Invalid, "it was recorded as sent already; say why that was wrong")
			}
			return d.apply(tx.Now, e, me)
		})
	})
}

// DischargeTx is Discharge inside the transaction that sends the report. A further report of the same stage joins the history: the
// first one discharged the clock.
func DischargeTx(ctx context.Context, tx *store.Tx, incident, entity string, d Sent) error {
	i, err := one(ctx, tx, incident)
	if err != nil {
		return err
	}
	me, err := people.Person(ctx, tx, tx.Actor())
	if err != nil {
		return err
	}
	return i.setEntity(ctx, tx, entity, KindDischarged, func(tx *store.Tx, e *Entity) (Body, error) {
		if len(e.answers(d)) > 0 {
			d.Reason = "a further report of the same stage"
		}
		first, before := e.Discharged[clock.Key(d.Duty, d.Stage)]
		b, err := d.apply(tx.Now, e, me)
		if err == nil && before {
			e.Discharged[clock.Key(d.Duty, d.Stage)] = first
		}
		return b, err
	})
}

// answers are the records that the report of d was sent. One of an entity that has no history is its instant.
func (e Entity) answers(d Sent) []clock.Answer {
	key := clock.Key(d.Duty, d.Stage)
	if at, ok := e.Discharged[key]; ok && len(e.Answers[key]) == 0 {
		return []clock.Answer{{At: at}}
	}
	return e.Answers[key]
}

func (d Sent) apply(now time.Time, e *Entity, me people.Name) (Body, error) {
	start, err := d.due(*e, now)
	if err != nil {
		return Body{}, err
	}
	var l problem.List
	if d.At.IsZero() || d.At.After(now) {
		l.Add("at", "must be an instant in the past")
	}
	if d.At.Before(start) {
		l.Add("at", "lies before %s, from which its time runs", instant(start))
	}
	if strings.TrimSpace(d.Evidence) == "" {
		l.Add("evidence", "is required: the authority's reference, or the file that shows it was sent")
	}
	within(&l, "evidence", d.Evidence, maxText)
	within(&l, "reason", d.Reason, maxText)
	if err := l.Err("the report cannot be recorded"); err != nil {
		return Body{}, err
	}
	key := clock.Key(d.Duty, d.Stage)
	a := clock.Answer{At: d.At, Evidence: strings.TrimSpace(d.Evidence), Reason: strings.TrimSpace(d.Reason), ByName: me.Name, Recorded: now}
	b := Body{Reason: strings.TrimPrefix(a.Reason+": "+a.Evidence, ": "), Changes: []Change{{key, instant(e.Discharged[key]), instant(d.At)}}}
	if e.Discharged == nil {
		e.Discharged = map[string]time.Time{}
	}
	if e.Answers == nil {
		e.Answers = map[string][]clock.Answer{}
	}
	e.Answers[key] = append(e.answers(d), a)
	e.Discharged[key] = d.At
	return b, nil
}

// due is the instant from which the report's time runs. It is Conflict to send a report that is not due.
func (d Sent) due(e Entity, now time.Time) (time.Time, error) {
	if err := stageOf(d.Duty, d.Stage); err != nil {
		return time.Time{}, err
	}
	duties, err := content.Duties()
	if err != nil {
		return time.Time{}, err
	}
	clocks, err := clock.Evaluate(duties, e.Entity, now)
	if err != nil {
		return time.Time{}, err
	}
	n := slices.IndexFunc(clocks, func(c clock.Clock) bool { return c.Duty.ID == d.Duty && c.Stage.ID == d.Stage })
	if n < 0 {
		return time.Time{}, problem.New(problem.Conflict, "the duty %s does not concern %s", d.Duty, e.Name)
	}
	switch c := clocks[n]; c.State {
	case clock.NotApplicable, clock.NotInForce:
		return time.Time{}, problem.New(problem.Conflict, "%s is not due: %s", c.Stage.Title, c.Reason)
	case clock.Waiting:
		return time.Time{}, problem.New(problem.Conflict, "%s is not due yet: say first when it began to run (%s)", c.Stage.Title, word(c.Stage.Start))
	default:
		return c.Start, nil
	}
}

// stageOf says whether a duty, in any version of it, has a stage; "" is any.
func stageOf(duty, stage string) error {
	duties, err := content.Duties()
	if err != nil {
		return err
	}
	duties = slices.DeleteFunc(duties, func(d content.Duty) bool { return d.ID != duty })
	if len(duties) == 0 {
		return problem.New(problem.NotFound, "there is no duty %q", duty)
	}
	if stage != "" && !slices.ContainsFunc(duties, func(d content.Duty) bool {
		return slices.ContainsFunc(d.Stages, func(s content.Stage) bool { return s.ID == stage })
	}) {
		return problem.New(problem.NotFound, "%s has no report %q", duty, stage)
	}
	return nil
}
