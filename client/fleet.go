package client

import (
	"context"
	"io"

	"triward/apiv1"
)

// Sites reads the sites.
func (c *Client) Sites(ctx context.Context) (apiv1.List[apiv1.Site], error) {
	return get[apiv1.List[apiv1.Site]](ctx, c, call{method: "GET", path: "/sites"})
}

// AddSite adds a site.
func (c *Client) AddSite(ctx context.Context, in apiv1.SiteInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: "/sites", body: in})
}

// RenameSite renames a site.
func (c *Client) RenameSite(ctx context.Context, site string, in apiv1.SiteInput) error {
	return act(ctx, c, call{method: "PUT", path: at("/sites/{}", site), body: in})
}

// Devices reads a page of devices.
func (c *Client) Devices(ctx context.Context, q apiv1.DeviceQuery) (apiv1.Page[apiv1.DeviceItem], error) {
	return get[apiv1.Page[apiv1.DeviceItem]](ctx, c, call{method: "GET", path: "/devices", query: q})
}

// Device reads one device.
func (c *Client) Device(ctx context.Context, device string) (apiv1.Device, error) {
	return get[apiv1.Device](ctx, c, call{method: "GET", path: at("/devices/{}", device)})
}

// RegisterDevice registers a device.
func (c *Client) RegisterDevice(ctx context.Context, in apiv1.DeviceInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: "/devices", body: in})
}

// ChangeDevice replaces what is known of a device.
func (c *Client) ChangeDevice(ctx context.Context, device string, in apiv1.DeviceChange) error {
	return act(ctx, c, call{method: "PUT", path: at("/devices/{}", device), body: in})
}

// RetireDevice takes a device out of the fleet.
func (c *Client) RetireDevice(ctx context.Context, device string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/devices/{}/retire", device), body: in})
}

// ReinstateDevice brings a retired device back.
func (c *Client) ReinstateDevice(ctx context.Context, device string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/devices/{}/reinstate", device), body: in})
}

// MergeDevice says that another record is the same device.
func (c *Client) MergeDevice(ctx context.Context, device string, in apiv1.DeviceMerge) error {
	return act(ctx, c, call{method: "POST", path: at("/devices/{}/merge", device), body: in})
}

// DeviceHistory reads what happened to a device, the newest first.
func (c *Client) DeviceHistory(ctx context.Context, device string, q apiv1.Cursor) (apiv1.Page[apiv1.Entry], error) {
	return get[apiv1.Page[apiv1.Entry]](ctx, c, call{method: "GET", path: at("/devices/{}/history", device), query: q})
}

// ExportDevicesCSV writes the fleet as CSV.
func (c *Client) ExportDevicesCSV(ctx context.Context, q apiv1.DeviceFilter, w io.Writer) error {
	return save(ctx, c, w, call{method: "GET", path: "/devices.csv", query: q})
}

// ExportDevicesJSON writes the fleet as a JSON array.
func (c *Client) ExportDevicesJSON(ctx context.Context, q apiv1.DeviceFilter, w io.Writer) error {
	return save(ctx, c, w, call{method: "GET", path: "/devices.json", query: q})
}

// DeviceIdentities reads the network identities of a device.
func (c *Client) DeviceIdentities(ctx context.Context, device string) (apiv1.List[apiv1.Identity], error) {
	return get[apiv1.List[apiv1.Identity]](ctx, c, call{method: "GET", path: at("/devices/{}/identities", device)})
}

// AddDeviceIdentity adds a network identity to a device.
func (c *Client) AddDeviceIdentity(ctx context.Context, device string, in apiv1.IdentityInput) error {
	return act(ctx, c, call{method: "POST", path: at("/devices/{}/identities", device), body: in})
}

// DeviceFacts reads the configuration facts that hold for a device.
func (c *Client) DeviceFacts(ctx context.Context, device string) (apiv1.List[apiv1.Fact], error) {
	return get[apiv1.List[apiv1.Fact]](ctx, c, call{method: "GET", path: at("/devices/{}/facts", device)})
}

// RecordDeviceFact records a configuration fact of a device.
func (c *Client) RecordDeviceFact(ctx context.Context, device string, in apiv1.Part) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: at("/devices/{}/facts", device), body: in})
}

// WithdrawDeviceFact says that a configuration fact of a device does not hold any more.
func (c *Client) WithdrawDeviceFact(ctx context.Context, fact string) error {
	return act(ctx, c, call{method: "DELETE", path: at("/device-facts/{}", fact)})
}

// DeviceMatches reads every answer about a device, with its proof.
func (c *Client) DeviceMatches(ctx context.Context, device string) (apiv1.List[apiv1.Match], error) {
	return get[apiv1.List[apiv1.Match]](ctx, c, call{method: "GET", path: at("/devices/{}/matches", device)})
}

// Contradictions lists records that share what only one device can have.
func (c *Client) Contradictions(ctx context.Context, q apiv1.ContradictionQuery) (apiv1.Page[apiv1.Contradiction], error) {
	return get[apiv1.Page[apiv1.Contradiction]](ctx, c, call{method: "GET", path: "/contradictions", query: q})
}

// SettleContradiction says that two contradicting records are two devices.
func (c *Client) SettleContradiction(ctx context.Context, contradiction string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/contradictions/{}/settle", contradiction), body: in})
}

// PreviewImport says what importing a fleet file would do.
func (c *Client) PreviewImport(ctx context.Context, q apiv1.PreviewQuery, fleet io.Reader) (apiv1.ImportPreview, error) {
	return get[apiv1.ImportPreview](ctx, c, call{method: "POST", path: "/import-previews", query: q, body: file{fleet}})
}

// StartImport imports a fleet file; [Client.Import] says how it goes.
func (c *Client) StartImport(ctx context.Context, q apiv1.ImportStart, fleet io.Reader) (apiv1.Import, error) {
	return get[apiv1.Import](ctx, c, call{method: "POST", path: "/imports", query: q, body: file{fleet}})
}

// Imports reads a page of imports, the newest first.
func (c *Client) Imports(ctx context.Context, q apiv1.ImportListQuery) (apiv1.Page[apiv1.Import], error) {
	return get[apiv1.Page[apiv1.Import]](ctx, c, call{method: "GET", path: "/imports", query: q})
}

// Import reads how an import stands.
func (c *Client) Import(ctx context.Context, imp string) (apiv1.Import, error) {
	return get[apiv1.Import](ctx, c, call{method: "GET", path: at("/imports/{}", imp)})
}

// ImportIssues reads a page of the rows of an import that were not applied.
func (c *Client) ImportIssues(ctx context.Context, imp string, q apiv1.Cursor) (apiv1.Page[apiv1.ImportIssue], error) {
	return get[apiv1.Page[apiv1.ImportIssue]](ctx, c, call{method: "GET", path: at("/imports/{}/issues", imp), query: q})
}
