// Package record puts a signed revision with all its proofs into one archive, and checks it where the program is not.
//
// Invariants:
//   - Every signature in an archive is of the document beside it, and none is missing.
//   - An archive has one form only, and the server's key signs the names and digests of its parts: a changed bit anywhere is
//     seen.
package record
