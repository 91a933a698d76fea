package client

import (
	"context"
	"io"

	"triward/apiv1"
)

// Lines reads a page of the ranked list, the worst first.
func (c *Client) Lines(ctx context.Context, q apiv1.LineQuery) (apiv1.Page[apiv1.Line], error) {
	return get[apiv1.Page[apiv1.Line]](ctx, c, call{method: "GET", path: "/lines", query: q})
}

// ExplainLine says why a line has its class.
func (c *Client) ExplainLine(ctx context.Context, device, vulnerability string) (apiv1.Explanation, error) {
	return get[apiv1.Explanation](ctx, c, call{method: "GET", path: at("/lines/{}/{}", device, vulnerability)})
}

// Decisions reads a page of decisions, the newest first.
func (c *Client) Decisions(ctx context.Context, q apiv1.DecisionQuery) (apiv1.Page[apiv1.Decision], error) {
	return get[apiv1.Page[apiv1.Decision]](ctx, c, call{method: "GET", path: "/decisions", query: q})
}

// PreviewDecision says what a decision would cover.
func (c *Client) PreviewDecision(ctx context.Context, in apiv1.DecisionInput) (apiv1.DecisionPreview, error) {
	return get[apiv1.DecisionPreview](ctx, c, call{method: "POST", path: "/decision-previews", body: in})
}

// Decide records a decision.
func (c *Client) Decide(ctx context.Context, in apiv1.DecisionInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: "/decisions", body: in})
}

// Decision reads one decision.
func (c *Client) Decision(ctx context.Context, decision string) (apiv1.Decision, error) {
	return get[apiv1.Decision](ctx, c, call{method: "GET", path: at("/decisions/{}", decision)})
}

// CloseDecision closes a decision.
func (c *Client) CloseDecision(ctx context.Context, decision string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/decisions/{}/close", decision), body: in})
}

// DecisionItems reads a page of the devices under a decision.
func (c *Client) DecisionItems(ctx context.Context, decision string, q apiv1.Cursor) (apiv1.Page[apiv1.DecisionItem], error) {
	return get[apiv1.Page[apiv1.DecisionItem]](ctx, c, call{method: "GET", path: at("/decisions/{}/items", decision), query: q})
}

// RecordProgress moves devices of a decision to a step.
func (c *Client) RecordProgress(ctx context.Context, decision string, in apiv1.ProgressInput) error {
	return act(ctx, c, call{method: "POST", path: at("/decisions/{}/progress", decision), body: in})
}

// WorkOrders writes the work orders of a decision as CSV.
func (c *Client) WorkOrders(ctx context.Context, decision string, w io.Writer) error {
	return save(ctx, c, w, call{method: "GET", path: at("/decisions/{}/work-orders", decision)})
}

// BurnDown reads how many devices of a decision were open, by day.
func (c *Client) BurnDown(ctx context.Context, decision string) (apiv1.List[apiv1.BurnPoint], error) {
	return get[apiv1.List[apiv1.BurnPoint]](ctx, c, call{method: "GET", path: at("/decisions/{}/burn-down", decision)})
}

// DecisionTable reads the table that says which risks are controlled.
func (c *Client) DecisionTable(ctx context.Context) (apiv1.DecisionTable, error) {
	return get[apiv1.DecisionTable](ctx, c, call{method: "GET", path: "/decision-table"})
}

// ChangeDecisionTable puts a new version of the table in force.
func (c *Client) ChangeDecisionTable(ctx context.Context, in apiv1.DecisionTableInput) (apiv1.DecisionTable, error) {
	return get[apiv1.DecisionTable](ctx, c, call{method: "PUT", path: "/decision-table", body: in})
}

// DecisionTableHistory reads every version of the table, the newest first.
func (c *Client) DecisionTableHistory(ctx context.Context) (apiv1.List[apiv1.DecisionTable], error) {
	return get[apiv1.List[apiv1.DecisionTable]](ctx, c, call{method: "GET", path: "/decision-table/history"})
}

// Overview reads the fleet at a glance.
func (c *Client) Overview(ctx context.Context) (apiv1.Overview, error) {
	return get[apiv1.Overview](ctx, c, call{method: "GET", path: "/overview"})
}

// Metrics reads the three postmarket metrics of FDA over a period.
func (c *Client) Metrics(ctx context.Context, q apiv1.MetricsQuery) (apiv1.Metrics, error) {
	return get[apiv1.Metrics](ctx, c, call{method: "GET", path: "/metrics", query: q})
}

// PastLines lists the rows behind a figure of a day of the trend, as 2026-11-23.
func (c *Client) PastLines(ctx context.Context, day string, q apiv1.PastQuery) (apiv1.Page[apiv1.PastLine], error) {
	return get[apiv1.Page[apiv1.PastLine]](ctx, c, call{method: "GET", path: at("/overview/days/{}", day), query: q})
}
