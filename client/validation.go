package client

import (
	"context"

	"triward/apiv1"
)

// Validations reads the validation reports of the installation, the newest first.
func (c *Client) Validations(ctx context.Context) (apiv1.List[apiv1.Validation], error) {
	return get[apiv1.List[apiv1.Validation]](ctx, c, call{method: "GET", path: "/validations"})
}

// Validation reads a validation report.
func (c *Client) Validation(ctx context.Context, report string) (apiv1.ValidationReport, error) {
	return get[apiv1.ValidationReport](ctx, c, call{method: "GET", path: at("/validations/{}", report)})
}

// Qualify runs the checks of the installation and keeps the report.
func (c *Client) Qualify(ctx context.Context, in apiv1.Reason) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: "/validations", body: in})
}
