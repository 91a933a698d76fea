package client

import (
	"context"

	"triward/apiv1"
)

// Learned reads what an incident changes, how that stands, and its metrics.
func (c *Client) Learned(ctx context.Context, incident string) (apiv1.Learned, error) {
	return get[apiv1.Learned](ctx, c, call{method: "GET", path: at("/incidents/{}/learned", incident)})
}

// Exploited says that a weakness was seen exploited in an incident.
func (c *Client) Exploited(ctx context.Context, incident string, in apiv1.ExploitedInput) error {
	return act(ctx, c, call{method: "POST", path: at("/incidents/{}/exploited", incident), body: in})
}

// NotExploited takes back that a weakness was seen exploited.
func (c *Client) NotExploited(ctx context.Context, incident string, in apiv1.NotExploitedInput) error {
	return act(ctx, c, call{method: "POST", path: at("/incidents/{}/not-exploited", incident), body: in})
}

// FailedDecision opens a decision again that an incident put in question.
func (c *Client) FailedDecision(ctx context.Context, incident string, in apiv1.FailedDecisionInput) error {
	return act(ctx, c, call{method: "POST", path: at("/incidents/{}/failed-decisions", incident), body: in})
}

// WrongStep marks a step as wrong and asks for a change of its document.
func (c *Client) WrongStep(ctx context.Context, incident string, in apiv1.WrongStepInput) error {
	return act(ctx, c, call{method: "POST", path: at("/incidents/{}/wrong-steps", incident), body: in})
}

// ProposeRule proposes a rule of detection as a draft and tries it.
func (c *Client) ProposeRule(ctx context.Context, incident string, in apiv1.RuleProposal) (apiv1.RuleProposed, error) {
	return get[apiv1.RuleProposed](ctx, c, call{method: "POST", path: at("/incidents/{}/rules", incident), body: in})
}

// NothingChanges says why risk or procedures do not change.
func (c *Client) NothingChanges(ctx context.Context, incident string, in apiv1.NothingInput) error {
	return act(ctx, c, call{method: "POST", path: at("/incidents/{}/nothing-changes", incident), body: in})
}

// PlanEffectCheck plans a check whether what was changed works.
func (c *Client) PlanEffectCheck(ctx context.Context, incident string, in apiv1.EffectCheckInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: at("/incidents/{}/effect-checks", incident), body: in})
}

// AnswerEffectCheck answers a check; no effect opens the change again.
func (c *Client) AnswerEffectCheck(ctx context.Context, check string, in apiv1.EffectAnswer) error {
	return act(ctx, c, call{method: "POST", path: at("/effect-checks/{}/answer", check), body: in})
}

// EstimateInstant estimates an instant of an incident, with an interval.
func (c *Client) EstimateInstant(ctx context.Context, incident string, in apiv1.InstantInput) error {
	return act(ctx, c, call{method: "POST", path: at("/incidents/{}/instants", incident), body: in})
}

// Loops reads a page of loops of closed incidents.
func (c *Client) Loops(ctx context.Context, q apiv1.LoopQuery) (apiv1.Page[apiv1.Loop], error) {
	return get[apiv1.Page[apiv1.Loop]](ctx, c, call{method: "GET", path: "/loops", query: q})
}

// IncidentMetrics reads the metrics of the incidents of a period.
func (c *Client) IncidentMetrics(ctx context.Context, q apiv1.IncidentMetricsQuery) (apiv1.IncidentMetrics, error) {
	return get[apiv1.IncidentMetrics](ctx, c, call{method: "GET", path: "/incident-metrics", query: q})
}
