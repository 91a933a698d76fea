// Package passkey keeps security keys and passkeys (W3C Web Authentication): a private key in a device of their owner, who
// proves to the device, by a PIN or a finger, that it is them. No biometric feature leaves the device (21 CFR 11.200(b)).
//
// Invariants:
//   - The device always verifies its user; an answer without that is refused.
//   - A challenge is for one account and one purpose, ends after five minutes, and the transaction that it serves uses it up.
//   - A passkey counts only after it answered a first challenge: that is its test at enrolment (21 CFR 11.300(e)).
//   - A signature counter that does not grow refuses the answer, because the key may have been copied.
//   - Challenges are operational state, written by store.Bulk without events.
package passkey
