package client

import (
	"context"

	"triward/apiv1"
)

// Notices lists what concerns the one who asks, the newest first.
func (c *Client) Notices(ctx context.Context) (apiv1.List[apiv1.Notice], error) {
	return get[apiv1.List[apiv1.Notice]](ctx, c, call{method: "GET", path: "/me/notices"})
}

// ReadNotices remembers that notices were read.
func (c *Client) ReadNotices(ctx context.Context, in apiv1.NoticesRead) error {
	return act(ctx, c, call{method: "POST", path: "/me/notices/read", body: in})
}

// Activity lists background work that runs or ended in the last seven days.
func (c *Client) Activity(ctx context.Context) (apiv1.List[apiv1.Activity], error) {
	return get[apiv1.List[apiv1.Activity]](ctx, c, call{method: "GET", path: "/activity"})
}
