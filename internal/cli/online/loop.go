package online

import (
	"context"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
	"triward/internal/cli/terminal"
)

// learn are the commands about what incidents change.
func (r *Remote) learn() *cobra.Command {
	return r.below("learn", "What an incident changes: risks, steps, rules, and whether that works",
		show(r.line("show INCIDENT", "Show what an incident changes, how that stands, and its metrics"), (*client.Client).Learned),
		pages(r.line("loops", "List loops of closed incidents, the last closed first"), "NUMBER TITLE PARTS OPEN CLOSED ENDED HOURS", (*client.Client).Loops),
		sends(r.line("exploited INCIDENT VULNERABILITY SEEN", "Say that a weakness was seen exploited").calls("vulnerability", "", "seen", ""), "recorded for", func(c *client.Client, ctx context.Context, args []string, in apiv1.ExploitedInput) error {
			in.Vulnerability, in.Seen = args[1], args[2]
			return c.Exploited(ctx, args[0], in)
		}),
		sends(r.line("not-exploited INCIDENT VULNERABILITY", "Take that back, with --reason").calls("vulnerability", ""), "withdrawn in", func(c *client.Client, ctx context.Context, args []string, in apiv1.NotExploitedInput) error {
			in.Vulnerability = args[1]
			return c.NotExploited(ctx, args[0], in)
		}),
		sends(r.line("failed INCIDENT DECISION WHY", "Open a decision again, or one whose --control failed").calls("decision", "", "why", ""), "opened again for", func(c *client.Client, ctx context.Context, args []string, in apiv1.FailedDecisionInput) error {
			in.Decision, in.Why = args[1], args[2]
			return c.FailedDecision(ctx, args[0], in)
		}),
		sends(r.line("wrong INCIDENT CODE WRONG", "Mark a document, or a --step of it, as wrong").calls("code", "", "wrong", ""), "recorded for", func(c *client.Client, ctx context.Context, args []string, in apiv1.WrongStepInput) error {
			in.Code, in.Wrong = args[1], args[2]
			return c.WrongStep(ctx, args[0], in)
		}),
		r.proposeRule(),
		sends(r.line("nothing INCIDENT PART WHY", "Say why risk or procedure does not change").calls("part", "", "why", ""), "recorded for", func(c *client.Client, ctx context.Context, args []string, in apiv1.NothingInput) error {
			in.Part, in.Why = args[1], args[2]
			return c.NothingChanges(ctx, args[0], in)
		}),
		addTo(r.line("check INCIDENT OF QUESTION", "Plan a check whether what was changed works"), (*client.Client).PlanEffectCheck),
		sends(r.line("answer CHECK RESULT FINDING", "Answer a check: effective or not_effective").calls("result", "", "finding", ""), "answered", func(c *client.Client, ctx context.Context, args []string, in apiv1.EffectAnswer) error {
			in.Result, in.Finding = args[1], args[2]
			return c.AnswerEffectCheck(ctx, args[0], in)
		}),
		sends(r.line("estimate INCIDENT INSTANT BASIS", "Estimate an instant (t0 to t7), with --at, --earliest and --latest").calls("instant", "", "basis", ""), "kept for", func(c *client.Client, ctx context.Context, args []string, in apiv1.InstantInput) error {
			in.Instant, in.Basis = args[1], args[2]
			return c.EstimateInstant(ctx, args[0], in)
		}))
}

// proposeRule reads the text of a rule from a file.
func (r *Remote) proposeRule() *cobra.Command {
	l := r.line("rule INCIDENT FILE", "Propose a rule of detection as a draft, and try it on thirty days")
	return l.does(func(ctx context.Context, c *client.Client, args []string) error {
		text, err := terminal.ReadFile(args[1], 100_000)
		if err != nil {
			return err
		}
		v, err := c.ProposeRule(ctx, args[0], apiv1.RuleProposal{Rule: string(text)})
		if err != nil {
			return err
		}
		return l.answer(v)
	})
}

// incidentMetrics shows the metrics of a period.
func (r *Remote) incidentMetrics() *cobra.Command {
	return find(r.line("metrics", "Show the metrics of the incidents of a period; what is not known says why"), (*client.Client).IncidentMetrics)
}
