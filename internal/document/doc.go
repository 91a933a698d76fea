// Package document keeps controlled documents: policies, standards, procedures, instructions, templates and records, and
// how each of their revisions comes into force and goes out of it.
//
// Invariants:
//   - A code is immutable and never used again; nothing is deleted. A title may change by revision.
//   - One life cycle for what is written here, uploaded, and linked. [Moves] is all of it; nothing else moves a revision.
//   - At any instant a document has one effective revision at most. The table effective_range holds half-open ranges, and
//     the database refuses a second open one. [Library.Tick] alone opens and closes them.
//   - A draft never touches the effective revision: what is shown of a document comes from the latter.
//   - A decision is bound to the hash of the content that it was made about. An edit voids it, and it stays readable as void.
//   - What is displayed is what is signed: the rendition is fixed when a revision is frozen, and signatures name its digest.
//   - Rules about people name functions, not persons; who holds a function, also for another, is dated.
package document
