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

// Redactions reads what bundles of an inquiry do not show.
func (c *Client) Redactions(ctx context.Context, inquiry string) (apiv1.List[apiv1.Redaction], error) {
	return get[apiv1.List[apiv1.Redaction]](ctx, c, call{method: "GET", path: at("/inquiries/{}/redactions", inquiry)})
}

// Redact keeps a part out of every bundle that is built from now on.
func (c *Client) Redact(ctx context.Context, inquiry string, in apiv1.RedactionInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: at("/inquiries/{}/redactions", inquiry), body: in})
}

// RestoreRedaction shows a removed part again.
func (c *Client) RestoreRedaction(ctx context.Context, inquiry, redaction string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/inquiries/{}/redactions/{}/restore", inquiry, redaction), body: in})
}

// RevealRedaction hands out what was removed from a bundle, with its proof; this is recorded.
func (c *Client) RevealRedaction(ctx context.Context, inquiry string, in apiv1.RevealInput) (apiv1.Revealed, error) {
	return get[apiv1.Revealed](ctx, c, call{method: "POST", path: at("/inquiries/{}/revelations", inquiry), body: in})
}

// InquiryVisitors reads who from outside was admitted to an inquiry.
func (c *Client) InquiryVisitors(ctx context.Context, inquiry string) (apiv1.List[apiv1.Visitor], error) {
	return get[apiv1.List[apiv1.Visitor]](ctx, c, call{method: "GET", path: at("/inquiries/{}/visitors", inquiry)})
}

// AdmitVisitor lets somebody from outside look at one inquiry for a time.
func (c *Client) AdmitVisitor(ctx context.Context, inquiry string, in apiv1.AdmissionInput) error {
	return act(ctx, c, call{method: "POST", path: at("/inquiries/{}/visitors", inquiry), body: in})
}

// DismissVisitor ends a visit at once.
func (c *Client) DismissVisitor(ctx context.Context, inquiry, account string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/inquiries/{}/visitors/{}/dismiss", inquiry, account), body: in})
}

// InquiryLooks reads who from outside looked at what, and who took bundles, the newest first.
func (c *Client) InquiryLooks(ctx context.Context, inquiry string) (apiv1.List[apiv1.Look], error) {
	return get[apiv1.List[apiv1.Look]](ctx, c, call{method: "GET", path: at("/inquiries/{}/looks", inquiry)})
}

// CompareEditions reads what changed from an edition of a clause set to the one that supersedes it.
func (c *Client) CompareEditions(ctx context.Context, newer, older string) (apiv1.EditionDifference, error) {
	return get[apiv1.EditionDifference](ctx, c, call{method: "GET", path: at("/clause-sets/{}/since/{}", newer, older)})
}

// OpenEditionChanges opens a change request for each document that a new edition touches and that has none yet.
func (c *Client) OpenEditionChanges(ctx context.Context, newer, older string) (apiv1.List[apiv1.Made], error) {
	return get[apiv1.List[apiv1.Made]](ctx, c, call{method: "POST", path: at("/clause-sets/{}/since/{}/change-requests", newer, older)})
}

// TrailReviews reads the reviews of the audit trail, the newest first.
func (c *Client) TrailReviews(ctx context.Context) (apiv1.List[apiv1.TrailReview], error) {
	return get[apiv1.List[apiv1.TrailReview]](ctx, c, call{method: "GET", path: "/trail-reviews"})
}

// TrailReview reads a review of the audit trail with what its part of the trail holds.
func (c *Client) TrailReview(ctx context.Context, review string) (apiv1.TrailShown, error) {
	return get[apiv1.TrailShown](ctx, c, call{method: "GET", path: at("/trail-reviews/{}", review)})
}
