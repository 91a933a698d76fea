// Package exhibits exports the evidence of an incident as a bundle (package bundle), which anybody checks offline.
//
// Invariants:
//   - The same evidence and the same state of the journal give the same bytes.
//   - Every entry of every chain of custody, also that of the export itself, has its proof of inclusion in the journal.
//   - What is left out is named, with the reason.
package exhibits
