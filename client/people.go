package client

import (
	"context"
	"encoding/json"
	"strconv"

	"triward/apiv1"
)

// Me says who acts.
func (c *Client) Me(ctx context.Context) (apiv1.Me, error) {
	return get[apiv1.Me](ctx, c, call{method: "GET", path: "/me"})
}

// Accounts reads a page of accounts.
func (c *Client) Accounts(ctx context.Context, q apiv1.AccountQuery) (apiv1.Page[apiv1.Account], error) {
	return get[apiv1.Page[apiv1.Account]](ctx, c, call{method: "GET", path: "/accounts", query: q})
}

// AddAccount makes an account without any role.
func (c *Client) AddAccount(ctx context.Context, in apiv1.AccountInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: "/accounts", body: in})
}

// Account reads one account.
func (c *Client) Account(ctx context.Context, account string) (apiv1.Account, error) {
	return get[apiv1.Account](ctx, c, call{method: "GET", path: at("/accounts/{}", account)})
}

// ChangeAccount replaces login, name and e-mail address of an account.
func (c *Client) ChangeAccount(ctx context.Context, account string, in apiv1.AccountInput) error {
	return act(ctx, c, call{method: "PUT", path: at("/accounts/{}", account), body: in})
}

// DisableAccount shuts an account.
func (c *Client) DisableAccount(ctx context.Context, account string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/accounts/{}/disable", account), body: in})
}

// EnableAccount opens a disabled account again.
func (c *Client) EnableAccount(ctx context.Context, account string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/accounts/{}/enable", account), body: in})
}

// MakeLink makes a one-time link for choosing a password.
func (c *Client) MakeLink(ctx context.Context, account string) (apiv1.Link, error) {
	return get[apiv1.Link](ctx, c, call{method: "POST", path: at("/accounts/{}/link", account)})
}

// VerifyIdentity records that the caller verified who the holder of an account is.
func (c *Client) VerifyIdentity(ctx context.Context, account string, in apiv1.VerificationInput) error {
	return act(ctx, c, call{method: "POST", path: at("/accounts/{}/identity", account), body: in})
}

// Names looks for people by name.
func (c *Client) Names(ctx context.Context, q apiv1.NameQuery) (apiv1.List[apiv1.PersonName], error) {
	return get[apiv1.List[apiv1.PersonName]](ctx, c, call{method: "GET", path: "/names", query: q})
}

// Roles reads the roles.
func (c *Client) Roles(ctx context.Context) (apiv1.List[apiv1.Role], error) {
	return get[apiv1.List[apiv1.Role]](ctx, c, call{method: "GET", path: "/roles"})
}

// AddRole makes a role.
func (c *Client) AddRole(ctx context.Context, in apiv1.RoleInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: "/roles", body: in})
}

// Role reads one role.
func (c *Client) Role(ctx context.Context, role string) (apiv1.Role, error) {
	return get[apiv1.Role](ctx, c, call{method: "GET", path: at("/roles/{}", role)})
}

// ChangeRole changes a role for everybody who has it.
func (c *Client) ChangeRole(ctx context.Context, role string, in apiv1.RoleInput) error {
	return act(ctx, c, call{method: "PUT", path: at("/roles/{}", role), body: in})
}

// DeleteRole removes a role that nobody has.
func (c *Client) DeleteRole(ctx context.Context, role string) error {
	return act(ctx, c, call{method: "DELETE", path: at("/roles/{}", role)})
}

// Vocabulary reads every kind that a role may hold.
func (c *Client) Vocabulary(ctx context.Context) (apiv1.List[apiv1.Kind], error) {
	return get[apiv1.List[apiv1.Kind]](ctx, c, call{method: "GET", path: "/vocabulary"})
}

// Grants reads what an account was given.
func (c *Client) Grants(ctx context.Context, account string) (apiv1.List[apiv1.Grant], error) {
	return get[apiv1.List[apiv1.Grant]](ctx, c, call{method: "GET", path: at("/accounts/{}/grants", account)})
}

// Grant gives an account a role within a scope.
func (c *Client) Grant(ctx context.Context, account string, in apiv1.GrantInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: at("/accounts/{}/grants", account), body: in})
}

// RevokeGrant takes a grant back.
func (c *Client) RevokeGrant(ctx context.Context, grant string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/grants/{}/revoke", grant), body: in})
}

// Sessions reads a page of the live sessions of an account.
func (c *Client) Sessions(ctx context.Context, account string, q apiv1.Cursor) (apiv1.Page[apiv1.Session], error) {
	return get[apiv1.Page[apiv1.Session]](ctx, c, call{method: "GET", path: at("/accounts/{}/sessions", account), query: q})
}

// EndSession ends a session.
func (c *Client) EndSession(ctx context.Context, session string) error {
	return act(ctx, c, call{method: "DELETE", path: at("/sessions/{}", session)})
}

// Tokens reads a page of API tokens without their secrets.
func (c *Client) Tokens(ctx context.Context, q apiv1.TokenQuery) (apiv1.Page[apiv1.Token], error) {
	return get[apiv1.Page[apiv1.Token]](ctx, c, call{method: "GET", path: "/tokens", query: q})
}

// CreateToken makes an API token; its secret is in the answer and nowhere else.
func (c *Client) CreateToken(ctx context.Context, in apiv1.TokenInput) (apiv1.NewToken, error) {
	return get[apiv1.NewToken](ctx, c, call{method: "POST", path: "/tokens", body: in})
}

// RevokeToken revokes an API token.
func (c *Client) RevokeToken(ctx context.Context, token string) error {
	return act(ctx, c, call{method: "DELETE", path: at("/tokens/{}", token)})
}

// Journal reads a page of the journal, the newest entry first.
func (c *Client) Journal(ctx context.Context, q apiv1.JournalQuery) (apiv1.Page[apiv1.Entry], error) {
	return get[apiv1.Page[apiv1.Entry]](ctx, c, call{method: "GET", path: "/journal", query: q})
}

// JournalEntry reads one entry with the proof that it is in the journal.
func (c *Client) JournalEntry(ctx context.Context, entry int64) (apiv1.ProvedEntry, error) {
	return get[apiv1.ProvedEntry](ctx, c, call{method: "GET", path: at("/journal/{}", strconv.FormatInt(entry, 10))})
}

// Checkpoint reads a signed note over the whole journal.
func (c *Client) Checkpoint(ctx context.Context) (apiv1.Checkpoint, error) {
	return get[apiv1.Checkpoint](ctx, c, call{method: "GET", path: "/journal-checkpoint"})
}

// Consistency reads the proof that the journal begins with that of an earlier checkpoint.
func (c *Client) Consistency(ctx context.Context, q apiv1.ConsistencyQuery) (json.RawMessage, error) {
	return get[json.RawMessage](ctx, c, call{method: "GET", path: "/journal-consistency", query: q})
}

// Health says whether the program works.
func (c *Client) Health(ctx context.Context) (apiv1.Health, error) {
	return get[apiv1.Health](ctx, c, call{method: "GET", path: "/health"})
}

// System says how the program is doing.
func (c *Client) System(ctx context.Context, q apiv1.SystemQuery) (apiv1.System, error) {
	return get[apiv1.System](ctx, c, call{method: "GET", path: "/system", query: q})
}
