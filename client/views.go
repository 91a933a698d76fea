package client

import (
	"context"

	"triward/apiv1"
)

// Views lists one's own saved views.
func (c *Client) Views(ctx context.Context, q apiv1.ViewQuery) (apiv1.List[apiv1.View], error) {
	return get[apiv1.List[apiv1.View]](ctx, c, call{method: "GET", path: "/me/views", query: q})
}

// SaveView keeps a view; one of the same page and name is replaced.
func (c *Client) SaveView(ctx context.Context, in apiv1.ViewInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: "/me/views", body: in})
}

// RemoveView forgets a view.
func (c *Client) RemoveView(ctx context.Context, view string) error {
	return act(ctx, c, call{method: "DELETE", path: at("/me/views/{}", view)})
}
