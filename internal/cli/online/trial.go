package online

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
	"triward/internal/cli/terminal"
)

// maxRuleText bounds a file of rules that is sent to be tried.
const maxRuleText = 1_000_000

// Backtest is the command that tries rules on the events that a server keeps. The flags from, to, rules and all are those
// of the command that stands over it.
func (r *Remote) Backtest() *cobra.Command {
	var in apiv1.TrialInput
	var days int
	l := r.line("backtest", "Try rules on the past: what would have fired, how noisy")
	shown := columnsOf[apiv1.TrialOutcome](l, "FIRINGS PER-DAY SUBJECTS FIRST LAST LEVEL TITLE DOUBT")
	var cmd *cobra.Command
	cmd = l.does(func(ctx context.Context, c *client.Client, _ []string) error {
		if err := window(cmd, &in, days); err != nil {
			return err
		}
		if file := text(cmd, "rules"); file != "" {
			body, err := terminal.ReadFile(file, maxRuleText)
			if err != nil {
				return err
			}
			in.Text = string(body)
		}
		v, err := c.TryRules(ctx, in)
		if err != nil {
			return err
		}
		return l.Show(v, func() error {
			for _, f := range v.Faults {
				fmt.Fprintf(l.Err, "skipped: %s\n", terminal.Text(f))
			}
			fired := v.Rules[:0:0]
			for _, o := range v.Rules {
				if o.Firings > 0 || text(cmd, "all") == "true" {
					fired = append(fired, o)
				}
			}
			if err := l.table(shown, fired); err != nil {
				return err
			}
			if v.Withheld {
				fmt.Fprintln(l.Out, "events that concern patients were left out: you may not read them")
			}
			_, err := fmt.Fprintf(l.Out, "%d events from %s to %s, %d rules tried; sources were not seen for %s\n", v.Events, v.From.Format(time.RFC3339), v.To.Format(time.RFC3339),
				len(v.Rules), time.Duration(v.BlindFor)*time.Second)
			return err
		})
	})
	cmd.Flags().StringArrayVar(&in.Rules, "rule", nil, "id of a rule that the server keeps; may be repeated; without it, all that are not retired")
	cmd.Flags().IntVar(&days, "days", 30, "how many days back, without --from")
	cmd.Flags().StringVar(&in.Site, "site", "", "only events of this site")
	r.flags(cmd)
	return cmd
}

// window reads --from and --to; without them it is the last days.
func window(c *cobra.Command, in *apiv1.TrialInput, days int) error {
	in.To = time.Now()
	for _, f := range []struct {
		flag string
		at   *time.Time
	}{{"to", &in.To}, {"from", &in.From}} {
		given := text(c, f.flag)
		if given == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, given)
		if err != nil {
			return terminal.Misused("--%s: %w", f.flag, err)
		}
		*f.at = at
	}
	if in.From.IsZero() {
		in.From = in.To.AddDate(0, 0, -days)
	}
	return nil
}

// text is the value of a flag, "" when the command has none of the name.
func text(c *cobra.Command, flag string) string {
	if f := c.Flags().Lookup(flag); f != nil {
		return f.Value.String()
	}
	return ""
}
