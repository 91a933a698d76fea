package online

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
)

func (r *Remote) exercises() *cobra.Command {
	return r.group("exercise", "Exercises: start a scenario, lead it, and see what came out",
		whole(r.line("scenarios", "List what can be exercised"), "ID TITLE PROCEDURE MINUTES CYBER CLINICAL", (*client.Client).Scenarios),
		pages(r.line("list", "List exercises, the last started first"), "NUMBER TITLE STATE LEADER-NAME STARTED STOPPED ID", (*client.Client).Exercises),
		add(r.line("start SCENARIO", "Start a scenario: it opens an incident with the mark of an exercise"), (*client.Client).StartExercise),
		r.line("inject EXERCISE INJECT", "Let something happen before its time").does(func(ctx context.Context, c *client.Client, args []string) error {
			if err := c.Inject(ctx, args[0], args[1]); err != nil {
				return err
			}
			return r.Done("%s happens now", args[1])
		}),
		sends(r.line("answer EXERCISE INJECT", "Answer a question, with --answer"), "answered in", func(c *client.Client, ctx context.Context, args []string, in apiv1.ExerciseAnswer) error {
			return c.AnswerInject(ctx, args[0], args[1], in)
		}),
		r.line("stop EXERCISE", "Stop an exercise; its records stay").act("stopped", (*client.Client).StopExercise),
		sendTo(r.line("confirm EXERCISE", "Confirm who took part, with --people: each gets a record of training"), "confirmed", (*client.Client).ConfirmExercise),
		r.exerciseReport())
}

// exerciseReport shows what happens, the score and who took part.
func (r *Remote) exerciseReport() *cobra.Command {
	injects := columnsOf[apiv1.ExerciseInject](r.line("report EXERCISE", ""), "ID KIND TO DUE AT TEXT TELLS ANSWER")
	marks := columnsOf[apiv1.ExerciseMark](r.line("report EXERCISE", ""), "TITLE ROLE STANDING TOOK TARGET NAME")
	tallies := columnsOf[apiv1.ExerciseTally](r.line("report EXERCISE", ""), "ROLE IN-TIME LATE MISSED OTHERS")
	tally := columnsOf[apiv1.ExerciseClockTally](r.line("report EXERCISE", ""), "REPORTS-IN-TIME:in_time REPORTS-LATE:late NOT-ANSWERED:unanswered OVERDUE")
	clocks := columnsOf[apiv1.ExerciseClock](r.line("report EXERCISE", ""), "ENTITY REPORT STATE LATEST LATE")
	people := columnsOf[apiv1.ExercisePerson](r.line("report EXERCISE", ""), "NAME ENTRIES IN-TIME LATE ACCOUNT")
	return r.line("report EXERCISE", "Show an exercise with its score, by id or number").does(func(ctx context.Context, c *client.Client, args []string) error {
		v, err := c.Exercise(ctx, args[0])
		if err != nil {
			return err
		}
		return r.Show(v, func() error {
			if err := r.answer(v.Exercise); err != nil {
				return err
			}
			if err := r.table(injects, v.Injects); err != nil {
				return err
			}
			if err := r.table(marks, v.Marks); err != nil {
				return err
			}
			if err := r.table(tallies, v.Tallies); err != nil {
				return err
			}
			return errors.Join(r.table(tally, []apiv1.ExerciseClockTally{v.ClockTally}), r.table(clocks, v.Clocks), r.table(people, v.People))
		})
	})
}
