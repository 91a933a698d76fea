package client

import (
	"context"
	"io"

	"triward/apiv1"
)

// EvidenceItems reads the evidence of an incident.
func (c *Client) EvidenceItems(ctx context.Context, incident string) (apiv1.List[apiv1.EvidenceItem], error) {
	return get[apiv1.List[apiv1.EvidenceItem]](ctx, c, call{method: "GET", path: at("/incidents/{}/evidence", incident)})
}

// RegisterEvidence registers evidence of an incident; its content comes afterwards.
func (c *Client) RegisterEvidence(ctx context.Context, incident string, in apiv1.EvidenceInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: at("/incidents/{}/evidence", incident), body: in})
}

// EvidenceItem reads one piece of evidence; its size says where an upload goes on.
func (c *Client) EvidenceItem(ctx context.Context, item string) (apiv1.EvidenceItem, error) {
	return get[apiv1.EvidenceItem](ctx, c, call{method: "GET", path: at("/evidence-items/{}", item)})
}

// CustodyChain reads the chain of custody of a piece of evidence.
func (c *Client) CustodyChain(ctx context.Context, item string) (apiv1.List[apiv1.CustodyEntry], error) {
	return get[apiv1.List[apiv1.CustodyEntry]](ctx, c, call{method: "GET", path: at("/evidence-items/{}/custody", item)})
}

// AppendEvidence sends the next piece of the content, at most 64 MiB, and gives how much is acknowledged now.
func (c *Client) AppendEvidence(ctx context.Context, item string, q apiv1.EvidenceOffset, content io.Reader) (apiv1.EvidencePlace, error) {
	return get[apiv1.EvidencePlace](ctx, c, call{method: "PUT", path: at("/evidence-items/{}/content", item), query: q, body: file{content}, long: true})
}

// AnnounceEvidence tells the name of the file that comes in and the hash that was taken at collection.
func (c *Client) AnnounceEvidence(ctx context.Context, item string, in apiv1.EvidenceComing) error {
	return act(ctx, c, call{method: "POST", path: at("/evidence-items/{}/announce", item), body: in})
}

// EvidenceContent writes the content of a piece of evidence; that it was read, and why, is recorded.
func (c *Client) EvidenceContent(ctx context.Context, item string, q apiv1.EvidenceWhy, w io.Writer) error {
	return save(ctx, c, w, call{method: "GET", path: at("/evidence-items/{}/content", item), query: q, from: q.Begins, long: true})
}

// ExportEvidence writes the evidence of an incident as a bundle, and records that.
func (c *Client) ExportEvidence(ctx context.Context, incident string, in apiv1.EvidenceExport, w io.Writer) error {
	return save(ctx, c, w, call{method: "POST", path: at("/incidents/{}/evidence-exports", incident), body: in, long: true})
}

// RewrapEvidence encrypts with the newest key what is encrypted with an older one.
func (c *Client) RewrapEvidence(ctx context.Context) (apiv1.EvidenceRewrapped, error) {
	return get[apiv1.EvidenceRewrapped](ctx, c, call{method: "POST", path: "/evidence-rewraps", long: true})
}

// SealEvidence seals evidence.
func (c *Client) SealEvidence(ctx context.Context, item string, in apiv1.SealInput) error {
	return act(ctx, c, call{method: "POST", path: at("/evidence-items/{}/seal", item), body: in, long: true})
}

// TransferEvidence hands evidence to somebody.
func (c *Client) TransferEvidence(ctx context.Context, item string, in apiv1.HandInput) error {
	return act(ctx, c, call{method: "POST", path: at("/evidence-items/{}/transfer", item), body: in, long: true})
}

// ReceiveEvidence says that the actor has what was handed over.
func (c *Client) ReceiveEvidence(ctx context.Context, item string, in apiv1.HandInput) error {
	return act(ctx, c, call{method: "POST", path: at("/evidence-items/{}/receive", item), body: in, long: true})
}

// TakeBackEvidence puts evidence back under seal.
func (c *Client) TakeBackEvidence(ctx context.Context, item string, in apiv1.HandInput) error {
	return act(ctx, c, call{method: "POST", path: at("/evidence-items/{}/take-back", item), body: in, long: true})
}

// ReleaseEvidence gives evidence out of the organisation.
func (c *Client) ReleaseEvidence(ctx context.Context, item string, in apiv1.HandInput) error {
	return act(ctx, c, call{method: "POST", path: at("/evidence-items/{}/release", item), body: in, long: true})
}

// ReceiptEvidence records the receipt of whom evidence was released to.
func (c *Client) ReceiptEvidence(ctx context.Context, item string, in apiv1.HandInput) error {
	return act(ctx, c, call{method: "POST", path: at("/evidence-items/{}/receipt", item), body: in, long: true})
}

// WorkOnEvidence records that evidence was copied, analysed or exported.
func (c *Client) WorkOnEvidence(ctx context.Context, item string, in apiv1.WorkInput) error {
	return act(ctx, c, call{method: "POST", path: at("/evidence-items/{}/work", item), body: in})
}

// VerifyEvidence hashes evidence again.
func (c *Client) VerifyEvidence(ctx context.Context, item string) error {
	return act(ctx, c, call{method: "POST", path: at("/evidence-items/{}/verify", item), long: true})
}

// HoldEvidence puts evidence under a legal hold.
func (c *Client) HoldEvidence(ctx context.Context, item string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/evidence-items/{}/hold", item), body: in})
}

// EndHold ends a legal hold.
func (c *Client) EndHold(ctx context.Context, item string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/evidence-items/{}/end-hold", item), body: in})
}

// AcceptBroken accepts that the integrity of evidence is broken.
func (c *Client) AcceptBroken(ctx context.Context, item string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/evidence-items/{}/accept-broken", item), body: in})
}

// DestroyEvidence asks to destroy evidence, or destroys it when somebody else asked before.
func (c *Client) DestroyEvidence(ctx context.Context, item string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/evidence-items/{}/destroy", item), body: in, long: true})
}

// TakeEvents takes the events of a search as a sealed item of evidence.
func (c *Client) TakeEvents(ctx context.Context, incident string, in apiv1.EventsTaken) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: at("/incidents/{}/evidence/from-events", incident), body: in})
}
