// Package sso signs people in who prove who they are to an identity provider (OpenID Connect Core 1.0), and lets them do so
// again before they sign something.
//
// How a door uses it: [Door.Begin] gives the address to send the browser to and a secret for a cookie; the provider sends
// the browser back, and [Door.Finish] takes what it brings.
//
// Invariants:
//   - A visit is bound to the browser that began it (state in a cookie), to one answer (nonce) and to the program (PKCE,
//     RFC 7636), ends after ten minutes, and counts once.
//   - An account is known to a provider by issuer and subject. The first time it is found by an address that the provider
//     has verified, or by login, as configured; afterwards neither matters.
//   - No account is made unless that is configured, and one that is made holds no role.
//   - Signing in again counts for one signature, within five minutes, in the session that asked for it, and only when the
//     provider says that it happened after it was asked for (prompt=login, max_age=0, auth_time).
//   - No token of the provider is stored, logged or put into an event.
package sso
