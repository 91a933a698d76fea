package client

import (
	"context"
	"io"

	"triward/apiv1"
)

// Indicators reads the indicators of an incident with what the kept events hold of them.
func (c *Client) Indicators(ctx context.Context, incident string) (apiv1.List[apiv1.Indicator], error) {
	return get[apiv1.List[apiv1.Indicator]](ctx, c, call{method: "GET", path: at("/incidents/{}/indicators", incident)})
}

// AddIndicator adds an indicator and looks back for it.
func (c *Client) AddIndicator(ctx context.Context, incident string, in apiv1.IndicatorInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: at("/incidents/{}/indicators", incident), body: in})
}

// LookUp records what was asked outside about an indicator.
func (c *Client) LookUp(ctx context.Context, indicator string, in apiv1.LookUpInput) error {
	return act(ctx, c, call{method: "POST", path: at("/indicators/{}/look-ups", indicator), body: in})
}

// Claims reads everything that was claimed in an incident.
func (c *Client) Claims(ctx context.Context, incident string) (apiv1.List[apiv1.Claim], error) {
	return get[apiv1.List[apiv1.Claim]](ctx, c, call{method: "GET", path: at("/incidents/{}/claims", incident)})
}

// MakeClaim claims who did what or how.
func (c *Client) MakeClaim(ctx context.Context, incident string, in apiv1.ClaimInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: at("/incidents/{}/claims", incident), body: in})
}

// WithdrawClaim takes a claim back.
func (c *Client) WithdrawClaim(ctx context.Context, incident, claim string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/incidents/{}/claims/{}/withdraw", incident, claim), body: in})
}

// Who reads who did what and how, with what is not known.
func (c *Client) Who(ctx context.Context, incident string) (apiv1.WhoReport, error) {
	return get[apiv1.WhoReport](ctx, c, call{method: "GET", path: at("/incidents/{}/who", incident)})
}

// WhoText writes who did what and how as Markdown.
func (c *Client) WhoText(ctx context.Context, incident string, w io.Writer) error {
	return save(ctx, c, w, call{method: "GET", path: at("/incidents/{}/who.md", incident)})
}

// Threads reads the activity threads of an incident.
func (c *Client) Threads(ctx context.Context, incident string) (apiv1.List[apiv1.Thread], error) {
	return get[apiv1.List[apiv1.Thread]](ctx, c, call{method: "GET", path: at("/incidents/{}/threads", incident)})
}

// ChainClaims keeps an activity thread, a new one or another version.
func (c *Client) ChainClaims(ctx context.Context, incident string, in apiv1.ThreadInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: at("/incidents/{}/threads", incident), body: in})
}
