// Package upkeep is what happens to documents that are in force: periodic reviews, deviations and waivers, legal holds and
// how long they are kept, and the banners that say so wherever a document is shown.
//
// Invariants:
//   - Every verdict and every deviation is signed, has a reason and an end.
//   - What is late or deviates is visible on the document itself, not only in a list.
//   - Nothing is deleted; how long something must be kept says when it may leave an archive.
package upkeep
