package incident_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"triward/internal/incident"
	"triward/internal/problem"
	"triward/internal/store"
)

// on is somebody who works on tasks and stands on sides.
func (s *scene) on(account string, sides ...incident.Side) context.Context {
	kinds := []string{incident.KindRead, incident.KindTaskSet}
	for _, x := range sides {
		kinds = append(kinds, "incident.accepted_"+string(x))
	}
	return s.sign.As(account, kinds...)
}

func (s *scene) task(i string) incident.Task {
	s.Helper()
	all := s.get(i).Tasks
	return all[len(all)-1]
}

func TestTasksAreAcceptedBySide(t *testing.T) {
	each(t, func(s *scene) {
		i := s.declare()
		anna, ben, cleo := s.on(s.anna, incident.ITSide), s.on(s.ben, incident.ClinicalSide), s.on(s.cleo, incident.WardSide)
		id, err := s.cases.AddTask(s.as(s.anna), i, incident.Task{Title: "Read the log of the archive", Side: incident.ITSide})
		s.must(err)
		move := func(who context.Context, m incident.TaskMove) error { return s.cases.MoveTask(who, i, id, m) }
		if got := s.task(i); got.Unaccepted(s.clock.Now()) || !got.Unaccepted(s.clock.Now().Add(incident.AcceptWithin+time.Second)) {
			s.Error("the time to accept is not 15 minutes")
		}
		s.refused(move(ben, incident.TaskMove{Accept: true}), problem.Forbidden, "it security")
		s.refused(move(s.sign.As(s.ben, "*"), incident.TaskMove{Accept: true}), problem.Forbidden) // who may do everything is no side
		s.refused(move(anna, incident.TaskMove{State: incident.Done, Outcome: "read"}), problem.Conflict, "accept it first")
		s.refused(move(anna, incident.TaskMove{Accept: true, State: incident.Done, Outcome: "read"}), problem.Invalid, "one of them")
		s.must(move(anna, incident.TaskMove{Accept: true}))
		s.refused(move(anna, incident.TaskMove{Accept: true}), problem.Conflict, "anna accepted it")
		s.refused(move(s.on(s.ben, incident.ITSide), incident.TaskMove{Accept: true}), problem.Conflict)
		s.refused(move(cleo, incident.TaskMove{HandTo: incident.WardSide}), problem.Forbidden)
		s.clock.Advance(time.Hour)
		s.must(move(anna, incident.TaskMove{HandTo: incident.WardSide}))
		got := s.task(i)
		if got.AssigneeName != "" || got.State != incident.ToDo || got.Side != incident.WardSide || !got.AcceptBy.Equal(s.clock.Now().Add(incident.AcceptWithin)) {
			s.Errorf("handed over: %+v", got)
		}
		s.refused(move(anna, incident.TaskMove{State: incident.Done, Outcome: "read"}), problem.Forbidden)
		s.must(move(cleo, incident.TaskMove{Accept: true}))
		s.refused(move(cleo, incident.TaskMove{State: incident.Done}), problem.Invalid, "what came of it")
		s.must(move(cleo, incident.TaskMove{State: incident.Done, Outcome: "nothing found"}))
		s.refused(move(cleo, incident.TaskMove{Accept: true}), problem.Conflict)
		// The owner of the incident takes a task back that nobody wants.
		id, err = s.cases.AddTask(s.as(s.anna), i, incident.Task{Title: "Ask the ward", Side: incident.WardSide})
		s.must(err)
		s.must(move(s.on(s.anna), incident.TaskMove{State: incident.Cancelled, Outcome: "asked by telephone"}))
	})
}

func TestOpenTasksAreThoseOfTheSide(t *testing.T) {
	each(t, func(s *scene) {
		i := s.declare()
		id, err := s.cases.AddTask(s.as(s.anna), i, incident.Task{Title: "Watch the bedside", Side: incident.WardSide})
		s.must(err)
		read := func(who context.Context) string {
			var out string
			s.must(s.db.View(who, func(r store.Reader) error {
				all, err := incident.OpenTasks(who, r, s.clock.Now())
				for _, x := range all {
					out += fmt.Sprintf("%s waits=%t mine=%t case=%t;", x.In.Number, x.Waits, x.Mine, x.MyCase)
				}
				return err
			}))
			return out
		}
		for _, c := range []struct {
			who  context.Context
			want string
		}{{s.on(s.cleo, incident.WardSide), "INC-2026-0001 waits=true mine=false case=false;"}, {s.on(s.ben, incident.ClinicalSide), ""}, {s.on(s.anna), "INC-2026-0001 waits=false mine=false case=true;"}} {
			if got := read(c.who); got != c.want {
				s.Errorf("got %q, want %q", got, c.want)
			}
		}
		s.must(s.cases.MoveTask(s.on(s.cleo, incident.WardSide), i, id, incident.TaskMove{Accept: true}))
		if got := read(s.on(s.cleo, incident.WardSide)); got != "INC-2026-0001 waits=false mine=true case=false;" {
			s.Errorf("accepted: %q", got)
		}
	})
}

// Whatever people try: the time to accept starts with the hand-over and stops with the acceptance, only a side accepts what was
// handed to it, and nothing is done that nobody accepted.
func TestHandOversOverRandomMoves(t *testing.T) {
	each(t, func(s *scene) {
		i := s.declare()
		people := []struct {
			id   string
			side incident.Side
		}{{s.anna, incident.ITSide}, {s.ben, incident.ClinicalSide}, {s.cleo, incident.WardSide}}
		rnd := rand.New(rand.NewPCG(8, 8))
		for range 6 {
			id, err := s.cases.AddTask(s.as(s.anna), i, incident.Task{Title: "Look", Side: incident.Sides()[rnd.IntN(4)]})
			s.must(err)
			handed, before := s.clock.Now(), s.task(i)
			for range 25 {
				s.clock.Advance(time.Duration(rnd.IntN(20)) * time.Minute)
				who := people[rnd.IntN(3)]
				m := []incident.TaskMove{{Accept: true}, {HandTo: incident.Sides()[rnd.IntN(4)]}, {State: incident.Blocked, Outcome: "waits"}, {State: incident.Doing}, {State: incident.Done, Outcome: "did"}}[rnd.IntN(5)]
				err := s.cases.MoveTask(s.on(who.id, who.side), i, id, m)
				now, got := s.clock.Now(), s.task(i)
				if err == nil && m.HandTo != "" {
					handed = now
				}
				switch {
				case !got.AcceptBy.Equal(handed.Add(incident.AcceptWithin)):
					s.Fatalf("handed over %s, to be accepted by %s", handed, got.AcceptBy)
				case err == nil && m.Accept && (who.side != before.Side || !before.Accepted.IsZero() || !got.Accepted.Equal(now)):
					s.Fatalf("%s accepted %+v", who.side, before)
				case got.State != incident.ToDo && got.Accepted.IsZero():
					s.Fatalf("%s without an acceptance", got.State)
				case got.Unaccepted(now) != (got.Accepted.IsZero() && now.After(got.AcceptBy)):
					s.Fatalf("the time to accept runs wrongly: %+v at %s", got, now)
				case err != nil && got != before:
					s.Fatalf("refused with %v, yet changed", err)
				}
				before = got
			}
		}
	})
}
