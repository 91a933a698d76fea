// Package match judges one configuration against one published record, or against a [Corpus] of them, with a proof for
// every answer. It holds no storage: facts and records in, answers out.
//
// An [Asset] is what is known of a device, release or model. A record is compiled once ([Compile]) and an asset prepared
// once ([Prepare]); Evaluate lays each statement of the record over each part of the asset: by package URL, by CPE name
// over the whole configuration, by model number, by manufacturer and name with the versions in words.
//
// Invariants:
//   - An answer has three values. What cannot be read or is not known gives unknown, never a silent no.
//   - Every [Match] carries a proof: the rule used, the source record and its hash, the facts used, and for unknown the
//     one fact that would settle it.
//   - Keys never lose a match: if an asset and a record give any answer, they share a key ([AssetKeys], [RecordKeys]).
//   - The same facts against the same records give the same matches in the same order.
//   - [Compiled] and [Prepared] are immutable and safe for many goroutines.
package match
