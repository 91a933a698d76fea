package client

import (
	"context"

	"triward/apiv1"
)

// CaptureOfDevice reads what to capture of a device before it loses power.
func (c *Client) CaptureOfDevice(ctx context.Context, device string) (apiv1.CaptureAdvice, error) {
	return get[apiv1.CaptureAdvice](ctx, c, call{method: "GET", path: at("/devices/{}/capture-guide", device)})
}

// CaptureOfModel reads what this house says to capture of devices of a model.
func (c *Client) CaptureOfModel(ctx context.Context, model string) (apiv1.CaptureOfModel, error) {
	return get[apiv1.CaptureOfModel](ctx, c, call{method: "GET", path: at("/models/{}/capture-guide", model)})
}

// WriteCapture writes what to capture of devices of a model.
func (c *Client) WriteCapture(ctx context.Context, model string, in apiv1.CaptureInput) error {
	return act(ctx, c, call{method: "PUT", path: at("/models/{}/capture-guide", model), body: in})
}
