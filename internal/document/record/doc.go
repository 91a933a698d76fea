// Package record makes the copies of a revision that leave the program, and checks them where the program is not.
//
// Invariants:
//   - A copy shows the bytes that were displayed and signed, with what is true now around them: state, signatures, revisions,
//     warnings.
//   - Each copy names its revision, in the name of the file and on each page.
//   - The PDF of what was approved is sealed once, when it is made.
//   - An exported record is checked offline: every signature is of the document beside it, and the archive has one form only,
//     so that a changed bit anywhere is seen.
package record
