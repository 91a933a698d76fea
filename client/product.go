package client

import (
	"context"
	"io"

	"triward/apiv1"
)

// Manufacturers reads a page of manufacturers.
func (c *Client) Manufacturers(ctx context.Context, q apiv1.Cursor) (apiv1.Page[apiv1.Manufacturer], error) {
	return get[apiv1.Page[apiv1.Manufacturer]](ctx, c, call{method: "GET", path: "/manufacturers", query: q})
}

// AddManufacturer adds a manufacturer.
func (c *Client) AddManufacturer(ctx context.Context, in apiv1.ManufacturerInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: "/manufacturers", body: in})
}

// Manufacturer reads one manufacturer.
func (c *Client) Manufacturer(ctx context.Context, manufacturer string) (apiv1.Manufacturer, error) {
	return get[apiv1.Manufacturer](ctx, c, call{method: "GET", path: at("/manufacturers/{}", manufacturer)})
}

// ChangeManufacturer replaces the names of a manufacturer.
func (c *Client) ChangeManufacturer(ctx context.Context, manufacturer string, in apiv1.ManufacturerInput) error {
	return act(ctx, c, call{method: "PUT", path: at("/manufacturers/{}", manufacturer), body: in})
}

// Models reads a page of models.
func (c *Client) Models(ctx context.Context, q apiv1.ModelQuery) (apiv1.Page[apiv1.Model], error) {
	return get[apiv1.Page[apiv1.Model]](ctx, c, call{method: "GET", path: "/models", query: q})
}

// AddModel adds a model.
func (c *Client) AddModel(ctx context.Context, in apiv1.ModelInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: "/models", body: in})
}

// Model reads one model.
func (c *Client) Model(ctx context.Context, model string) (apiv1.Model, error) {
	return get[apiv1.Model](ctx, c, call{method: "GET", path: at("/models/{}", model)})
}

// ChangeModel replaces what is known of a model.
func (c *Client) ChangeModel(ctx context.Context, model string, in apiv1.ModelInput) error {
	return act(ctx, c, call{method: "PUT", path: at("/models/{}", model), body: in})
}

// ModelFacts reads configuration facts of a model, or those that hold for a release.
func (c *Client) ModelFacts(ctx context.Context, model string, q apiv1.FactQuery) (apiv1.List[apiv1.Fact], error) {
	return get[apiv1.List[apiv1.Fact]](ctx, c, call{method: "GET", path: at("/models/{}/facts", model), query: q})
}

// RecordModelFact records a configuration fact of a model or a release.
func (c *Client) RecordModelFact(ctx context.Context, model string, in apiv1.FactInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: at("/models/{}/facts", model), body: in})
}

// WithdrawModelFact says that a configuration fact of a model does not hold any more.
func (c *Client) WithdrawModelFact(ctx context.Context, fact string) error {
	return act(ctx, c, call{method: "DELETE", path: at("/model-facts/{}", fact)})
}

// ModelSupport reads the assertions about the support of a model and its releases.
func (c *Client) ModelSupport(ctx context.Context, model string) (apiv1.List[apiv1.Support], error) {
	return get[apiv1.List[apiv1.Support]](ctx, c, call{method: "GET", path: at("/models/{}/support", model)})
}

// AssertSupport asserts the stage of support of a model or a release.
func (c *Client) AssertSupport(ctx context.Context, model string, in apiv1.SupportInput) error {
	return act(ctx, c, call{method: "POST", path: at("/models/{}/support", model), body: in})
}

// Releases reads the releases of a model.
func (c *Client) Releases(ctx context.Context, model string) (apiv1.List[apiv1.Release], error) {
	return get[apiv1.List[apiv1.Release]](ctx, c, call{method: "GET", path: at("/models/{}/releases", model)})
}

// AddRelease adds a release to a model.
func (c *Client) AddRelease(ctx context.Context, model string, in apiv1.ReleaseInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: at("/models/{}/releases", model), body: in})
}

// Release reads one release.
func (c *Client) Release(ctx context.Context, release string) (apiv1.Release, error) {
	return get[apiv1.Release](ctx, c, call{method: "GET", path: at("/releases/{}", release)})
}

// ChangeRelease replaces version and dates of a release.
func (c *Client) ChangeRelease(ctx context.Context, release string, in apiv1.ReleaseInput) error {
	return act(ctx, c, call{method: "PUT", path: at("/releases/{}", release), body: in})
}

// SBOMs reads the SBOMs of a release, the current one first.
func (c *Client) SBOMs(ctx context.Context, release string) (apiv1.List[apiv1.SBOM], error) {
	return get[apiv1.List[apiv1.SBOM]](ctx, c, call{method: "GET", path: at("/releases/{}/sboms", release)})
}

// AttachSBOM attaches an SBOM to a release.
func (c *Client) AttachSBOM(ctx context.Context, release string, q apiv1.Upload, sbom io.Reader) (apiv1.SBOMAttached, error) {
	return get[apiv1.SBOMAttached](ctx, c, call{method: "POST", path: at("/releases/{}/sboms", release), query: q, body: file{sbom}})
}

// SBOM reads one SBOM.
func (c *Client) SBOM(ctx context.Context, sbom string) (apiv1.SBOM, error) {
	return get[apiv1.SBOM](ctx, c, call{method: "GET", path: at("/sboms/{}", sbom)})
}

// Components reads every component that an SBOM lists.
func (c *Client) Components(ctx context.Context, sbom string) (apiv1.List[apiv1.Component], error) {
	return get[apiv1.List[apiv1.Component]](ctx, c, call{method: "GET", path: at("/sboms/{}/components", sbom)})
}

// SBOMFile writes an SBOM as it was received.
func (c *Client) SBOMFile(ctx context.Context, sbom string, w io.Writer) error {
	return save(ctx, c, w, call{method: "GET", path: at("/sboms/{}/file", sbom)})
}

// DiffSBOMs says how two SBOMs differ.
func (c *Client) DiffSBOMs(ctx context.Context, from, to string) (apiv1.SBOMDiff, error) {
	return get[apiv1.SBOMDiff](ctx, c, call{method: "GET", path: at("/sboms/{}/diff/{}", from, to)})
}
