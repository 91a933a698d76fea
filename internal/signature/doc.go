// Package signature is who signed what, when and why, and the proof of it (21 CFR Part 11, EU GMP Annex 11).
//
// A domain signs inside its own change: it asks [Signer.Verify] to check what the signer shows (hashing, outside of the
// transaction) and calls [Signer.SignTx] in its Update. The permission to decide is the domain's own event; a signature
// proves, it gives no rights.
//
// A signature is a statement (JSON in the canonical form of RFC 8785), sealed by the server's key (a DSSE envelope),
// stamped by a time-stamp authority (RFC 3161) and named by its digest in the journal, whose tree proves when it was there.
// All of it is checked offline by [Check].
//
// Invariants:
//   - A statement names one record and the digest of what was shown: moved to another record, it does not check.
//   - The first signing of a continuous period takes two components, each later one at least one that only the signer has.
//     A period ends with the session, after a while without signing, and when address or browser change.
//   - What was shown counts once: the transaction that signs uses it up, and signs once.
//   - Nobody signs before somebody else verified who they are, under the name that they have now; a change of how they sign
//     in, made by another, asks for that anew by a third. Nobody signs before they acknowledged what a signature means.
//   - Only people sign: an API token and the program itself cannot.
//   - Signatures, verifications and time stamps are never changed or deleted.
package signature
