package client

import (
	"context"
	"io"

	"triward/apiv1"
)

// Feeds reads the feeds and how their last runs went.
func (c *Client) Feeds(ctx context.Context) (apiv1.List[apiv1.Feed], error) {
	return get[apiv1.List[apiv1.Feed]](ctx, c, call{method: "GET", path: "/feeds"})
}

// AddFeed adds a feed.
func (c *Client) AddFeed(ctx context.Context, in apiv1.NewFeed) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: "/feeds", body: in})
}

// Feed reads one feed.
func (c *Client) Feed(ctx context.Context, feed string) (apiv1.Feed, error) {
	return get[apiv1.Feed](ctx, c, call{method: "GET", path: at("/feeds/{}", feed)})
}

// ChangeFeed replaces name, address and schedule of a feed.
func (c *Client) ChangeFeed(ctx context.Context, feed string, in apiv1.FeedInput) error {
	return act(ctx, c, call{method: "PUT", path: at("/feeds/{}", feed), body: in})
}

// RemoveFeed ends a feed.
func (c *Client) RemoveFeed(ctx context.Context, feed string) error {
	return act(ctx, c, call{method: "DELETE", path: at("/feeds/{}", feed)})
}

// RunFeed loads a feed now, in the background; [Client.Feed] says how it goes.
func (c *Client) RunFeed(ctx context.Context, feed string) error {
	return act(ctx, c, call{method: "POST", path: at("/feeds/{}/run", feed)})
}

// Advisories reads a page of advisories and other records.
func (c *Client) Advisories(ctx context.Context, q apiv1.AdvisoryQuery) (apiv1.Page[apiv1.AdvisoryItem], error) {
	return get[apiv1.Page[apiv1.AdvisoryItem]](ctx, c, call{method: "GET", path: "/advisories", query: q})
}

// Advisory reads one advisory, by its source ("csaf") and its id there.
func (c *Client) Advisory(ctx context.Context, source, id string) (apiv1.Advisory, error) {
	return get[apiv1.Advisory](ctx, c, call{method: "GET", path: at("/advisories/{}/{}", source, id)})
}

// AdvisoryRaw writes an advisory as it was received.
func (c *Client) AdvisoryRaw(ctx context.Context, source, id string, w io.Writer) error {
	return save(ctx, c, w, call{method: "GET", path: at("/advisories/{}/{}/raw", source, id)})
}

// AdvisoryMatches reads answers that rest on an advisory.
func (c *Client) AdvisoryMatches(ctx context.Context, source, id string, q apiv1.Cursor) (apiv1.Page[apiv1.FoundMatch], error) {
	return get[apiv1.Page[apiv1.FoundMatch]](ctx, c, call{method: "GET", path: at("/advisories/{}/{}/matches", source, id), query: q})
}

// Vulnerabilities reads a page of the vulnerabilities that concern the fleet, the worst first.
func (c *Client) Vulnerabilities(ctx context.Context, q apiv1.VulnQuery) (apiv1.Page[apiv1.VulnItem], error) {
	return get[apiv1.Page[apiv1.VulnItem]](ctx, c, call{method: "GET", path: "/vulnerabilities", query: q})
}

// Vulnerability reads what all sources say of a vulnerability, by any of its ids.
func (c *Client) Vulnerability(ctx context.Context, id string) (apiv1.Vulnerability, error) {
	return get[apiv1.Vulnerability](ctx, c, call{method: "GET", path: at("/vulnerabilities/{}", id)})
}

// VulnerabilityMatches reads answers about a vulnerability.
func (c *Client) VulnerabilityMatches(ctx context.Context, id string, q apiv1.Cursor) (apiv1.Page[apiv1.FoundMatch], error) {
	return get[apiv1.Page[apiv1.FoundMatch]](ctx, c, call{method: "GET", path: at("/vulnerabilities/{}/matches", id), query: q})
}

// Verdicts reads a page of verdicts, the newest first.
func (c *Client) Verdicts(ctx context.Context, q apiv1.VerdictQuery) (apiv1.Page[apiv1.Verdict], error) {
	return get[apiv1.Page[apiv1.Verdict]](ctx, c, call{method: "GET", path: "/verdicts", query: q})
}

// RecordVerdict records a verdict.
func (c *Client) RecordVerdict(ctx context.Context, in apiv1.VerdictInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: "/verdicts", body: in})
}

// Verdict reads one verdict.
func (c *Client) Verdict(ctx context.Context, verdict string) (apiv1.Verdict, error) {
	return get[apiv1.Verdict](ctx, c, call{method: "GET", path: at("/verdicts/{}", verdict)})
}

// WithdrawVerdict takes a verdict back.
func (c *Client) WithdrawVerdict(ctx context.Context, verdict string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/verdicts/{}/withdraw", verdict), body: in})
}

// ImportVEX imports a VEX document (OpenVEX or CSAF) as verdicts.
func (c *Client) ImportVEX(ctx context.Context, q apiv1.Upload, vex io.Reader) (apiv1.VEXImport, error) {
	return get[apiv1.VEXImport](ctx, c, call{method: "POST", path: "/vex", query: q, body: file{vex}})
}

// ExportVEX writes the verdicts on a model as a VEX document.
func (c *Client) ExportVEX(ctx context.Context, model string, q apiv1.VEXQuery, w io.Writer) error {
	return save(ctx, c, w, call{method: "GET", path: at("/models/{}/vex", model), query: q})
}
