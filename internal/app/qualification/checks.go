package qualification

import (
	"context"
	"errors"
	"fmt"

	"triward/internal/assurance/validation"
	"triward/internal/problem"
)

// check is one check before it ran. run says what was observed; its error is why the check did not pass.
type check struct {
	id       string
	title    string
	expected string
	rules    []string
	run      func(ctx context.Context) (string, error)
}

// skipped is the error of a check that could not run, and says why.
type skipped string

func (s skipped) Error() string { return string(s) }

// Checks runs every check, in order.
func (i Installation) Checks(ctx context.Context) ([]validation.Check, error) {
	ctx = acting(ctx)
	var out []validation.Check
	for _, part := range []struct {
		stage  validation.Stage
		checks []check
	}{{validation.Installation, i.installation()}, {validation.Operation, i.operation()}, {validation.Performance, i.performance()}} {
		for _, c := range part.checks {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			out = append(out, c.outcome(ctx, part.stage))
		}
	}
	return out, nil
}

func (c check) outcome(ctx context.Context, stage validation.Stage) validation.Check {
	out := validation.Check{ID: c.id, Stage: stage, Title: c.title, Expected: c.expected, Rules: c.rules, Outcome: validation.Passed}
	var err error
	out.Observed, err = c.run(ctx)
	var why skipped
	switch {
	case errors.As(err, &why):
		out.Outcome, out.Observed = validation.NotRun, string(why)
	case err != nil:
		out.Outcome, out.Observed = validation.Failed, words(err)
	}
	return out
}

// words are an error as a report shows it: what is of package problem is for people, the rest for who runs the machine.
func words(err error) string {
	if problem.KindOf(err) != "" {
		return problem.Text(err)
	}
	return err.Error()
}

// refused passes when something was refused with a kind of problem, and fails when it was let through.
func refused(err error, kind problem.Kind) error {
	switch {
	case err == nil:
		return errors.New("it was let through")
	case problem.KindOf(err) != kind:
		return fmt.Errorf("it was refused for another reason: %w", err)
	}
	return nil
}
