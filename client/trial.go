package client

import (
	"context"

	"triward/apiv1"
)

// TryRules says what rules would have found in the kept events.
func (c *Client) TryRules(ctx context.Context, in apiv1.TrialInput) (apiv1.Trial, error) {
	return get[apiv1.Trial](ctx, c, call{method: "POST", path: "/rule-trials", body: in})
}
