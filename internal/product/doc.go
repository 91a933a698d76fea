// Package product keeps what was made: manufacturers, models, releases, what they consist of and how they are supported.
//
// Invariants:
//   - A manufacturer's names (its own and its aliases) are unique over all manufacturers after folding (see [FoldMaker]):
//     "ACME Medical, Inc." and "Acme Medical" are one. A model's name is unique for its manufacturer, a UDI device
//     identifier is unique over all models.
//   - What is not known is said to be unknown, never zero or "no".
//   - Support stages (IMDRF/CYBER WG/N70) and configuration facts are assertions with an asserter or source and a date.
//     They are added and withdrawn, never edited.
//   - An SBOM belongs to one release; its bytes are kept as received. A newer one supersedes, the older stays readable.
//   - Every change is in the journal, with the fields before and after. Events carry the model as their product, so that
//     a role may be limited to products.
package product
