// Package vuln says which configurations are affected by which published weaknesses, with a proof for every answer.
//
// The unit of matching is a configuration ([Asset]): the facts that can change an answer. Devices with the same facts
// share one configuration, so that a fleet of 100,000 devices is judged as a few thousand configurations.
//
// Invariants:
//   - An answer has three values. What cannot be read or is not known gives unknown, never a silent no.
//   - Every [Match] carries a proof: the rule used, the source record and its hash, the facts used, and for unknown the one
//     fact that would settle it.
//   - Keys never lose a match: if evaluate(asset, record) gives anything but "not named", asset and record share a key.
//   - Matching the same facts against the same records gives the same matches in the same order.
package vuln
