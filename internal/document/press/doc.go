// Package press makes files of revisions: what is printed or given away, and the record copy that is kept.
//
// Invariants:
//   - A file says what its revision is at the instant at which it is made: state, warnings, signatures, and where to ask
//     whether it is still good.
//   - A file is sealed once, and only when no signature can follow: of a revision that is not approved it is not sealed, and
//     its watermark says why.
//   - The record copy of a revision is made once after its last approval and never again.
package press
