// Package draft fills in reports to authorities and letters to people from what is known of an incident, and keeps them until
// they are sent (reference incidents.md 4.6: pre-filled drafts).
//
// Invariants:
//   - A value comes from the fact sheet, from the standing words of a template (content.Template), or from a person who typed
//     it. Each says which. Nothing else is ever written.
//   - What is not known is empty, is printed as "unknown", and is listed as missing.
//   - Every change makes a version; versions are never changed. What is approved is one version, named by its SHA-256 in the
//     signature and in the journal.
//   - Whoever wrote in a draft does not approve it.
//   - Sending an approved draft that answers a duty discharges the clock in the same transaction, with the record as evidence.
//   - Nothing removes a draft or a version. What was sent is not changed or taken back. A paper of what is approved is sealed,
//     and is not printed from a text other than the one that was signed.
//   - TLP holds for what is sent; what a duty asks for is sent by law, whatever the marking.
package draft
