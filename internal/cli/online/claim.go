package online

import (
	"context"
	"strings"

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
		wholeOf(r.line("claims INCIDENT", "List what was claimed in an incident: who did what, and how"), "ABOUT VALUE SAYS SOURCE RELIABILITY CREDIBILITY RELIABILITY-VALUE CREDIBILITY-VALUE LIKELIHOOD HYPOTHESIS MADE ENDED ID", (*client.Client).Claims),
		addTo(r.line("claim INCIDENT SAYS", "Claim who did what or how, with --evidence or as a --hypothesis"), (*client.Client).MakeClaim),
		sends(r.line("withdraw INCIDENT CLAIM", "Take a claim back, with --reason"), "withdrawn in", func(c *client.Client, ctx context.Context, args []string, in apiv1.Reason) error {
			return c.WithdrawClaim(ctx, args[0], args[1], in)
		}),
		wholeOf(r.line("threads INCIDENT", "List the activity threads of an incident").shows("STEPS", func(item any) any { return len(item.(apiv1.Thread).Steps) }), "NAME VERSION STEPS BY MADE REASON ID", (*client.Client).Threads),
		r.chain(),
		show(r.line("who INCIDENT", "Show who did what and how, with what is not known"), (*client.Client).Who),
		r.line("who-report INCIDENT", "Write who did what and how as Markdown").download((*client.Client).WhoText),
	}
}

// chain keeps an activity thread.
func (r *Remote) chain() *cobra.Command {
	var in apiv1.ThreadInput
	var steps []string
	l := r.line("chain INCIDENT NAME", "Chain claims to an activity thread, a --step for each event in their order; with --id, --version and --reason another version of it").calls("name", "", "steps", "")
	c := l.does(func(ctx context.Context, c *client.Client, args []string) error {
		in.Name, in.Steps = args[1], []apiv1.ThreadStep{}
		for _, s := range steps {
			phase, rest, _ := strings.Cut(s, "|")
			says, claims, _ := strings.Cut(rest, "|")
			in.Steps = append(in.Steps, apiv1.ThreadStep{Phase: strings.TrimSpace(phase), Says: strings.TrimSpace(says), Claims: strings.Fields(strings.ReplaceAll(claims, ",", " "))})
		}
		made, err := c.ChainClaims(ctx, args[0], in)
		if err != nil {
			return err
		}
		return r.Show(made, func() error { return r.say(made.ID) })
	})
	l.bindTo(c, &in)
	c.Flags().StringArrayVar(&steps, "step", nil, `phase, what happened and ids of claims, as "delivery|Mail to the ward|clm_a,clm_b"`)
	return c
}
