package api

import (
	"context"
	"net/http"

	"triward/apiv1"
	"triward/internal/content"
	"triward/internal/incident"
	"triward/internal/incident/exercise"
	"triward/internal/store"
)

// exercises are the operations about exercises.
func (s *Server) exercises() {
	add(s, op{id: "scenarios", route: "GET /exercise-scenarios", kind: incident.KindRead, summary: "Scenarios that can be exercised, the main one first"},
		func(context.Context, *struct{}) (apiv1.List[apiv1.Scenario], error) {
			all, err := content.Exercises()
			return list(all, func(x content.Exercise) apiv1.Scenario {
				return apiv1.Scenario{ID: x.ID, Title: x.Title, Story: x.Story, Set: x.Set, Procedure: x.Procedure, Minutes: x.Minutes, Cyber: x.Cyber, Clinical: x.Clinical, Objectives: orEmpty(x.Objectives)}
			}), err
		})
	add(s, op{id: "exercises", route: "GET /exercises", kind: incident.KindRead, summary: "Exercises, the last started first"},
		func(ctx context.Context, in *struct{ apiv1.ExerciseQuery }) (apiv1.Page[apiv1.Exercise], error) {
			p, err := read(ctx, s, func(r store.Reader) (store.Page[exercise.Exercise], error) {
				return exercise.List(ctx, r, exercise.Query{State: exercise.State(in.State), Sort: in.Sort, After: in.After, Limit: in.Limit})
			})
			return page(p.Items, p.Next, wireExercise), err
		})
	add(s, op{id: "start-exercise", route: "POST /exercises", kind: exercise.KindStarted, status: http.StatusCreated, summary: "Start a scenario: it opens an incident with the mark of an exercise, led by the actor"},
		func(ctx context.Context, in *with[apiv1.ExerciseStart]) (apiv1.Made, error) {
			id, err := s.Drills.Start(ctx, exercise.Start{Scenario: in.Body.Scenario, Pace: in.Body.Pace, Site: in.Body.Site})
			return apiv1.Made{ID: id}, err
		})
	add(s, op{id: "exercise", route: "GET /exercises/{id}", kind: incident.KindRead, summary: "One exercise with what happens in it, its score, and who took part"},
		func(ctx context.Context, in *one) (apiv1.ExerciseShown, error) {
			x, err := read(ctx, s, func(r store.Reader) (exercise.Sheet, error) { return exercise.Get(ctx, r, in.ID, s.DB.Now()) })
			return wireSheet(x), err
		})
	act(s, op{id: "inject", route: "POST /exercises/{id}/injects/{part}", kind: exercise.KindInjected, summary: "Let something happen before its time"},
		func(ctx context.Context, in *struct {
			ID   string `path:"id" maxLength:"200"`
			Part string `path:"part" maxLength:"200"`
		}) error {
			return s.Drills.Inject(ctx, in.ID, in.Part)
		})
	act(s, op{id: "answer-inject", route: "POST /exercises/{id}/answers/{part}", kind: exercise.KindAnswered, summary: "Answer a question of an exercise"},
		func(ctx context.Context, in *partWith[apiv1.ExerciseAnswer]) error {
			return s.Drills.Answer(ctx, in.ID, in.Part, in.Body.Answer)
		})
	act(s, op{id: "stop-exercise", route: "POST /exercises/{id}/stop", kind: exercise.KindStopped, summary: "Stop an exercise; its records stay"},
		func(ctx context.Context, in *one) error { return s.Drills.Stop(ctx, in.ID) })
	act(s, op{id: "confirm-exercise", route: "POST /exercises/{id}/confirm", kind: exercise.KindConfirmed, summary: "Confirm who took part in an exercise that was stopped: each gets a record of training"},
		func(ctx context.Context, in *oneWith[apiv1.ExerciseAttendance]) error {
			return s.Drills.Confirm(ctx, in.ID, in.Body.People)
		})
}

func wireExercise(x exercise.Exercise) apiv1.Exercise {
	return apiv1.Exercise{ID: x.ID, Number: x.Number, Incident: x.Incident, Scenario: x.Scenario.ID, Title: x.Scenario.Title, State: string(x.State), Pace: x.Pace, LeaderName: x.LeaderName,
		Started: x.Started, Stopped: x.Stopped, Confirmed: x.Confirmed}
}

func wireSheet(x exercise.Sheet) apiv1.ExerciseShown {
	out := apiv1.ExerciseShown{Exercise: wireExercise(x.Exercise), Injects: []apiv1.ExerciseInject{}, Marks: []apiv1.ExerciseMark{}, Tallies: []apiv1.ExerciseTally{}, People: []apiv1.ExercisePerson{}, Clocks: []apiv1.ExerciseClock{}}
	for _, g := range x.Given {
		out.Injects = append(out.Injects, apiv1.ExerciseInject{ID: g.ID, Kind: g.Kind, To: g.To, From: g.From, Text: g.Text, Due: g.Due, At: g.At, Tells: g.Tells(), Answer: g.Answer, AnsweredName: g.ByName, Answered: g.Answered})
	}
	for _, m := range x.Report.Marks {
		out.Marks = append(out.Marks, apiv1.ExerciseMark{ID: m.ID, Title: m.Title, Role: m.Role, Standing: string(m.Standing), Target: m.Target.Seconds(), Took: m.Took.Seconds(), Due: m.Due, Done: m.Done, Name: m.ByName})
	}
	for _, t := range x.Report.Tallies {
		out.Tallies = append(out.Tallies, apiv1.ExerciseTally{Role: t.Role, InTime: t.InTime, Late: t.Late, Missed: t.Missed, Others: t.Others})
	}
	c := x.Report.Clocks
	out.ClockTally = apiv1.ExerciseClockTally{InTime: c.InTime, Late: c.Late, Unanswered: c.Unanswered, Overdue: c.Overdue}
	for _, e := range x.Clocks {
		for _, c := range e.Clocks {
			out.Clocks = append(out.Clocks, apiv1.ExerciseClock{Entity: e.Name, Report: c.Duty.Title + ": " + c.Stage.Title, State: string(c.State), Latest: c.Latest, Late: c.Late})
		}
	}
	for _, p := range x.Report.People {
		out.People = append(out.People, apiv1.ExercisePerson{Account: p.Account, Name: p.Name, Entries: p.Acts, InTime: p.InTime, Late: p.Late})
	}
	return out
}
