// Package capture says what to capture of a device before it loses power.
//
// Invariants:
//   - A house may write a guide of its own for a product model. It stands beside the guide of the class of device, or in its
//     place. The guide for every device always stands first.
//   - A guide is changed by another version, with a reason; all versions stay, and each is in the journal.
//   - A device that no guide fits gets the one for every device, and that is said.
package capture
