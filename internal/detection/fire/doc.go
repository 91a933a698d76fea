// Package fire tries a set of rules on events: what of it fires, with baselines and correlations. The pipeline uses it on
// what arrives, the back-test on what is kept, so that both come to the same result.
//
// Invariants:
//   - An event is tried as it is stored. What the inventory says of its devices is in it before.
//   - A rule with a baseline fires, and feeds correlations, only for what its baseline calls unusual. An event that lacks a
//     field of the baseline is not judged and does not fire.
//   - Rules of level informational and those that only feed correlations fire for nobody.
//   - Given the same events in the same order, the result is the same.
package fire
