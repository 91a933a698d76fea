package client

import (
	"context"
	"io"

	"triward/apiv1"
)

// Timeline reads a page of the timeline of an incident or a device.
func (c *Client) Timeline(ctx context.Context, of string, q apiv1.TimelineQuery) (apiv1.Timeline, error) {
	return get[apiv1.Timeline](ctx, c, call{method: "GET", path: at("/timelines/{}", of), query: q})
}

// ExportTimeline writes a timeline in a form, with what it left out.
func (c *Client) ExportTimeline(ctx context.Context, of string, q apiv1.TimelineExportQuery, w io.Writer) error {
	return save(ctx, c, w, call{method: "GET", path: at("/timelines/{}/export", of), query: q, long: true})
}

// AddToTimeline adds an entry by hand and gives its key.
func (c *Client) AddToTimeline(ctx context.Context, of string, in apiv1.TimelineInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: at("/timelines/{}/entries", of), body: in})
}

// PinTimeline highlights an entry.
func (c *Client) PinTimeline(ctx context.Context, of string, in apiv1.TimelineMarkInput) error {
	return act(ctx, c, call{method: "POST", path: at("/timelines/{}/pins", of), body: in})
}

// UnpinTimeline takes a highlight away.
func (c *Client) UnpinTimeline(ctx context.Context, of string, in apiv1.TimelineMarkInput) error {
	return act(ctx, c, call{method: "POST", path: at("/timelines/{}/unpin", of), body: in})
}

// CommentTimeline comments an entry.
func (c *Client) CommentTimeline(ctx context.Context, of string, in apiv1.TimelineMarkInput) error {
	return act(ctx, c, call{method: "POST", path: at("/timelines/{}/comments", of), body: in})
}
