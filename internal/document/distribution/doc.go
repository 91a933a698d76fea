// Package distribution is whom documents reach: distribution lists, receipts, prints and numbered copies on paper.
//
// Invariants:
//   - Every print has a reason and a person. A copy has a number of its own, which is never used again.
//   - The copies of a revision that leaves force are recalled by that, in the same transaction.
package distribution
