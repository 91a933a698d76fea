package online

import (
	"context"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
	"triward/internal/cli/terminal"
)

func (r *Remote) validation() *cobra.Command {
	return r.group("validation", "Qualify this installation (IQ, OQ, PQ) and see what changed since it was released (signing is done on the web pages)",
		whole(r.line("list", "List validation reports, the newest first"), "NUMBER AT PASSED FAILED NOT-RUN:not_run CHANGES VERDICT REASON ID", (*client.Client).Validations),
		r.qualify(), r.validationReport(), r.validationText())
}

// qualify exits with an error when a check failed, so that an upgrade script stops.
func (r *Remote) qualify() *cobra.Command {
	var in apiv1.Reason
	l := r.line("run", "Run every check of this installation and keep the report")
	c := l.does(func(ctx context.Context, c *client.Client, _ []string) error {
		made, err := c.Qualify(ctx, in)
		if err != nil {
			return err
		}
		v, err := c.Validation(ctx, made.ID)
		if err != nil {
			return err
		}
		if err := r.showReport(v); err != nil {
			return err
		}
		if v.Failed > 0 {
			return terminal.Exit{Code: terminal.Negative}
		}
		return nil
	})
	return reasonFlag(c, &in.Reason)
}

func (r *Remote) validationReport() *cobra.Command {
	l := r.line("show REPORT", "Show a validation report: changes, checks and signatures")
	return l.does(func(ctx context.Context, c *client.Client, args []string) error {
		v, err := c.Validation(ctx, args[0])
		if err != nil {
			return err
		}
		return r.showReport(v)
	})
}

func (r *Remote) showReport(v apiv1.ValidationReport) error {
	return r.Show(v, func() error {
		r.printf("Validation report %d (%s), %s, %s\n%d passed, %d failed, %d could not run\n", v.Number, v.ID, v.At.Format("2006-01-02 15:04:05 UTC"), terminal.Text(v.Reason), v.Passed, v.Failed, v.NotRun)
		for _, c := range v.ChangeList {
			r.printf("changed  %s %s: %s -> %s\n", c.Area, terminal.Text(c.Name), terminal.Text(orNone(c.Before)), terminal.Text(orNone(c.After)))
		}
		for _, c := range v.Checks {
			r.printf("%-8s %s %s %s\n", c.Outcome, c.ID, c.Title, terminal.Text(c.Observed))
		}
		for _, d := range v.Decisions {
			r.printf("%s by %s on %s (%s)\n", d.Verdict, terminal.Text(d.Name), d.At.Format("2006-01-02 15:04:05 UTC"), d.Signature)
		}
		return nil
	})
}

func orNone(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

func (r *Remote) validationText() *cobra.Command {
	return r.line("text REPORT", "Print a report as it is sealed: the SHA-256 of these bytes is in every signature").does(func(ctx context.Context, c *client.Client, args []string) error {
		v, err := c.Validation(ctx, args[0])
		if err != nil {
			return err
		}
		return r.Show(v, func() error {
			r.printf("%s", v.Text)
			return nil
		})
	})
}
