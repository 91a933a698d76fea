// Package people keeps who may use Triward: accounts, how they prove who they are, what they may do, and their sessions.
//
// How a door uses it: [Directory.SignIn] gives a session token, [Directory.Authenticate] turns that token into a
// [store.Actor] on every request (one query, no event), [Directory.AuthenticateToken] does the same for an API token,
// and store.WithActor puts the actor into the context. Everything else asks for that actor.
//
// Permissions are event kinds ([Vocabulary]). A role is a named set of kinds; a grant gives an account a role in a scope
// (everywhere, or sites and products), until a date or without end. Every account holds the kinds "self.*" about itself
// without a grant; the methods that record them act on the actor's own account only.
//
// Invariants:
//   - Passwords are kept as argon2id with their parameters, recovery codes as argon2id, random tokens as SHA-256. None of
//     them, and no TOTP secret, is ever in an event, an error or a log.
//   - Nobody can give more than they hold: a role is granted, a role is widened, a token is made and another account's
//     means of signing in are changed only by somebody who holds all of it.
//   - An API token never holds more than its owner holds at that moment, and of the kinds "self.*" at
//     most those of saved views, which give no power over the account.
//   - There is always an active administrator who can sign in: a change that would leave none is a Conflict.
//   - Failed attempts lock a login and an address for a growing time, never for good. An attempt counts before its
//     password is looked at, so that parallel attempts count too; an unknown login costs the same time, answer and lock
//     as a known one.
//   - Hashing happens outside of store.Update.
//   - When sessions and tokens were last used, and failed attempts, are operational state: they are written by store.Bulk
//     without events.
package people
