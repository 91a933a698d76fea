package client

import (
	"context"
	"io"

	"triward/apiv1"
)

// ClauseSets reads the clause sets and how they are met.
func (c *Client) ClauseSets(ctx context.Context, q apiv1.CoverageQuery) (apiv1.List[apiv1.ClauseSet], error) {
	return get[apiv1.List[apiv1.ClauseSet]](ctx, c, call{method: "GET", path: "/clause-sets", query: q})
}

// ClauseCoverage reads how a clause set is met, clause by clause.
func (c *Client) ClauseCoverage(ctx context.Context, set string, q apiv1.CoverageQuery) (apiv1.List[apiv1.ClauseCover], error) {
	return get[apiv1.List[apiv1.ClauseCover]](ctx, c, call{method: "GET", path: at("/clause-sets/{}/coverage", set), query: q})
}

// ChooseClauseSet turns a clause set on or off.
func (c *Client) ChooseClauseSet(ctx context.Context, set string, in apiv1.ClauseSetChoice) error {
	return act(ctx, c, call{method: "POST", path: at("/clause-sets/{}/choice", set), body: in})
}

// ConfirmMapping confirms that a document or step satisfies a clause.
func (c *Client) ConfirmMapping(ctx context.Context, set string, in apiv1.ConfirmationInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: at("/clause-sets/{}/confirmations", set), body: in})
}

// Evidence reads the evidence queries and what they say now.
func (c *Client) Evidence(ctx context.Context) (apiv1.List[apiv1.Evidence], error) {
	return get[apiv1.List[apiv1.Evidence]](ctx, c, call{method: "GET", path: "/evidence"})
}

// ReplayEvidence asks a query as of an instant.
func (c *Client) ReplayEvidence(ctx context.Context, query string, q apiv1.EvidenceQuery) (apiv1.EvidenceAnswer, error) {
	return get[apiv1.EvidenceAnswer](ctx, c, call{method: "GET", path: at("/evidence/{}", query), query: q})
}

// EvaluateEvidence asks a query now and seals the result.
func (c *Client) EvaluateEvidence(ctx context.Context, query string) (apiv1.Evidence, error) {
	return get[apiv1.Evidence](ctx, c, call{method: "POST", path: at("/evidence/{}/results", query)})
}

// Inquiries reads the inquiries that the actor may see, the newest first.
func (c *Client) Inquiries(ctx context.Context) (apiv1.List[apiv1.Inquiry], error) {
	return get[apiv1.List[apiv1.Inquiry]](ctx, c, call{method: "GET", path: "/inquiries"})
}

// OpenInquiry opens an inquiry with its request list.
func (c *Client) OpenInquiry(ctx context.Context, in apiv1.InquiryInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: "/inquiries", body: in})
}

// Inquiry reads an inquiry with its requests.
func (c *Client) Inquiry(ctx context.Context, inquiry string) (apiv1.Inquiry, error) {
	return get[apiv1.Inquiry](ctx, c, call{method: "GET", path: at("/inquiries/{}", inquiry)})
}

// BindAnswer binds something to a request.
func (c *Client) BindAnswer(ctx context.Context, inquiry string, in apiv1.BindingInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: at("/inquiries/{}/bindings", inquiry), body: in})
}

// AnswerRequest answers a request in words.
func (c *Client) AnswerRequest(ctx context.Context, inquiry string, in apiv1.AnswerInput) error {
	return act(ctx, c, call{method: "POST", path: at("/inquiries/{}/answers", inquiry), body: in})
}

// CloseInquiry closes an inquiry.
func (c *Client) CloseInquiry(ctx context.Context, inquiry string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/inquiries/{}/close", inquiry), body: in})
}

// Bundles reads the bundles of an inquiry, the newest first.
func (c *Client) Bundles(ctx context.Context, inquiry string) (apiv1.List[apiv1.Bundle], error) {
	return get[apiv1.List[apiv1.Bundle]](ctx, c, call{method: "GET", path: at("/inquiries/{}/bundles", inquiry)})
}

// BuildBundle builds the bundle that answers an inquiry.
func (c *Client) BuildBundle(ctx context.Context, inquiry string) (apiv1.Bundle, error) {
	return get[apiv1.Bundle](ctx, c, call{method: "POST", path: at("/inquiries/{}/bundles", inquiry)})
}

// FetchBundle writes the newest bundle of an inquiry.
func (c *Client) FetchBundle(ctx context.Context, inquiry string, w io.Writer) error {
	return save(ctx, c, w, call{method: "GET", path: at("/inquiries/{}/bundle", inquiry)})
}
