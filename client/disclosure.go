package client

import (
	"context"

	"triward/apiv1"
)

// Disclosures reads the coordinated disclosures of an incident.
func (c *Client) Disclosures(ctx context.Context, incident string) (apiv1.List[apiv1.Disclosure], error) {
	return get[apiv1.List[apiv1.Disclosure]](ctx, c, call{method: "GET", path: at("/incidents/{}/disclosures", incident)})
}

// OpenDisclosure begins the disclosure of a weakness.
func (c *Client) OpenDisclosure(ctx context.Context, incident string, in apiv1.DisclosureInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: at("/incidents/{}/disclosures", incident), body: in})
}

// Disclosure reads a disclosure.
func (c *Client) Disclosure(ctx context.Context, disclosure string) (apiv1.Disclosure, error) {
	return get[apiv1.Disclosure](ctx, c, call{method: "GET", path: at("/disclosures/{}", disclosure)})
}

// MoveDisclosure moves the report, acts on the embargo, or says what became true.
func (c *Client) MoveDisclosure(ctx context.Context, disclosure string, in apiv1.DisclosureMove) error {
	return act(ctx, c, call{method: "POST", path: at("/disclosures/{}/move", disclosure), body: in})
}

// JoinDisclosure adds who takes part, or since when a vendor is aware.
func (c *Client) JoinDisclosure(ctx context.Context, disclosure string, in apiv1.DisclosureParticipant) error {
	return act(ctx, c, call{method: "POST", path: at("/disclosures/{}/participants", disclosure), body: in})
}
