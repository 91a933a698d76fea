// Package telling keeps whom the organisation tells of incidents, and what was told to whom, when, and in which order.
//
// Invariants:
//   - The order is data (content.Tolds): wards before everybody, people concerned before the press. Who is to be told is computed
//     from clocks and facts each time, never stored.
//   - What was told, and what was answered, is recorded once and never changed; each is an entry of the journal, whose tree proves
//     the order.
//   - Telling somebody while others who come first were not told needs a reason, which is recorded with who was passed over.
//   - The TLP marking of the incident holds; what a duty asks for is told by law, whatever the marking.
//   - Telling a manufacturer records when it became aware: awareness is each legal entity's own (reference incidents.md 4.6).
package telling
