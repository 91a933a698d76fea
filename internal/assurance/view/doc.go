// Package view shows the program's own records as of an instant, in rows that evidence queries are asked about.
//
// Invariants:
//   - A view as of an instant is the same whenever it is looked at: it is made from the journal up to an entry, or from
//     rows that say when they began and ended. Each view says from which; one that cannot be made for the past says so.
//   - What was written after the instant does not show, and what has ended since shows as it was.
//   - Views hold no text that may be about a patient. Names of people are marked, so that exports can leave them out.
package view
