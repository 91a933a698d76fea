package client

import (
	"context"
	"io"

	"triward/apiv1"
)

// Signatures reads the signatures on a record, the oldest first.
func (c *Client) Signatures(ctx context.Context, q apiv1.SignatureQuery) (apiv1.List[apiv1.Signature], error) {
	return get[apiv1.List[apiv1.Signature]](ctx, c, call{method: "GET", path: "/signatures", query: q})
}

// SignatureFile writes a signature with its proof.
func (c *Client) SignatureFile(ctx context.Context, signature string, w io.Writer) error {
	return save(ctx, c, w, call{method: "GET", path: at("/signatures/{}/file", signature)})
}

// CheckSignature checks a signature: statement, seal, time stamp and journal.
func (c *Client) CheckSignature(ctx context.Context, signature string) (apiv1.SignatureCheck, error) {
	return get[apiv1.SignatureCheck](ctx, c, call{method: "GET", path: at("/signatures/{}/check", signature)})
}

// PersonIdentity reads who verified who a person is.
func (c *Client) PersonIdentity(ctx context.Context, account string) (apiv1.PersonIdentity, error) {
	return get[apiv1.PersonIdentity](ctx, c, call{method: "GET", path: at("/accounts/{}/identity", account)})
}

// Passkeys reads the passkeys of an account.
func (c *Client) Passkeys(ctx context.Context, account string) (apiv1.List[apiv1.Passkey], error) {
	return get[apiv1.List[apiv1.Passkey]](ctx, c, call{method: "GET", path: at("/accounts/{}/passkeys", account)})
}

// RevokePasskey ends a passkey of an account.
func (c *Client) RevokePasskey(ctx context.Context, account, passkey string) error {
	return act(ctx, c, call{method: "DELETE", path: at("/accounts/{}/passkeys/{}", account, passkey)})
}
