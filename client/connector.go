package client

import (
	"context"

	"triward/apiv1"
)

// Connectors reads what carries containment out.
func (c *Client) Connectors(ctx context.Context) (apiv1.List[apiv1.Connector], error) {
	return get[apiv1.List[apiv1.Connector]](ctx, c, call{method: "GET", path: at("/connectors")})
}

// ApproveConnector approves a connector exactly as it is defined.
func (c *Client) ApproveConnector(ctx context.Context, name string, in apiv1.ConnectorApproval) error {
	return act(ctx, c, call{method: "POST", path: at("/connectors/{}/approve", name), body: in})
}

// RevokeConnector ends the approval of a connector.
func (c *Client) RevokeConnector(ctx context.Context, name string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/connectors/{}/revoke", name), body: in})
}

// ChooseConnector chooses how a planned action is carried out.
func (c *Client) ChooseConnector(ctx context.Context, action string, in apiv1.ConnectorChoice) error {
	return act(ctx, c, call{method: "POST", path: at("/containments/{}/connector", action), body: in})
}

// ConnectorOrder reads exactly what an action sends through its connector, and how far that came.
func (c *Client) ConnectorOrder(ctx context.Context, action string) (apiv1.ConnectorOrder, error) {
	return get[apiv1.ConnectorOrder](ctx, c, call{method: "GET", path: at("/containments/{}/connector", action)})
}

// FlowProfile reads the clinical flows of a device.
func (c *Client) FlowProfile(ctx context.Context, device string) (apiv1.FlowProfile, error) {
	return get[apiv1.FlowProfile](ctx, c, call{method: "GET", path: at("/devices/{}/flows", device)})
}

// ProposeFlowProfile proposes the clinical flows of a device.
func (c *Client) ProposeFlowProfile(ctx context.Context, device string, in apiv1.FlowProfileInput) error {
	return act(ctx, c, call{method: "POST", path: at("/devices/{}/flows", device), body: in})
}

// ApproveFlowProfile approves the clinical flows of a device.
func (c *Client) ApproveFlowProfile(ctx context.Context, device string, in apiv1.FlowProfileApproval) error {
	return act(ctx, c, call{method: "POST", path: at("/devices/{}/flows/approve", device), body: in})
}
