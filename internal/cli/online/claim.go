package online

import (
	"context"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
)

// claims are the commands about who did what and how, in the group of incidents.
func (r *Remote) claims() []*cobra.Command {
	return []*cobra.Command{
		wholeOf(r.line("indicators INCIDENT", "List the indicators of an incident with what the kept events hold of them"), "KIND VALUE SEARCHED EVENTS FIRST LAST WHY ID", (*client.Client).Indicators),
		addTo(r.line("add-indicator INCIDENT VALUE", "Add an indicator and look back for it; defanged forms are read too"), (*client.Client).AddIndicator),
		sends(r.line("look-up INDICATOR WHERE FOUND", "Record what was asked outside about an indicator; refused under PAP:RED").calls("where", "", "found", ""), "recorded for", func(c *client.Client, ctx context.Context, args []string, in apiv1.LookUpInput) error {
			in.Where, in.Found = args[1], args[2]
			return c.LookUp(ctx, args[0], in)
		}),
		wholeOf(r.line("claims INCIDENT", "List what was claimed in an incident: who did what, and how"), "ABOUT VALUE SAYS SOURCE RELIABILITY CREDIBILITY HYPOTHESIS MADE ENDED ID", (*client.Client).Claims),
		addTo(r.line("claim INCIDENT SAYS", "Claim who did what or how, with --evidence or as a --hypothesis"), (*client.Client).MakeClaim),
		sends(r.line("withdraw INCIDENT CLAIM", "Take a claim back, with --reason"), "withdrawn in", func(c *client.Client, ctx context.Context, args []string, in apiv1.Reason) error {
			return c.WithdrawClaim(ctx, args[0], args[1], in)
		}),
		show(r.line("who INCIDENT", "Show who did what and how, with what is not known"), (*client.Client).Who),
		r.line("who-report INCIDENT", "Write who did what and how as Markdown").download((*client.Client).WhoText),
	}
}
