// Package reading is the door through which people read security events.
//
// Invariants:
//   - A reader sees events of the sites of their role only, and events that concern patients only with a right of its own.
//     Without it those events are left out of everything, also of counts, and it is said that they are.
//   - Who reads events that concern patients is in the journal: who, when, and coarsely what was asked for.
//   - An export carries its query, the digest of its events and the blind intervals of its time, and is in the journal.
package reading
