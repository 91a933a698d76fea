// Package loop lets an incident change what stands before the next one: risks, controls, procedures and rules of detection.
//
// Invariants:
//   - What an incident feeds is a link of the incident ([incident.Link]) and a record at the other end, written in one
//     transaction.
//   - An exercise never says that a weakness was exploited, and never opens a decision again.
//   - A loop is closed when its incident is, when everything that it fed is done at the other end, and when a check says
//     that what was changed works. That is derived from records, see [Parts]; the follower keeps the result for the overview.
//   - Closing an incident plans a check where nobody did, 90 days later, for its owner.
//   - A check that finds no effect opens what it was about again: a new change request, or the decision. A next check follows.
//   - A metric comes from instants of records, or from what people estimate with an interval; otherwise it is unknown and
//     says what is missing.
package loop
