// Package room is the war room of an incident: how it stands now, how urgent it is, and the situation reports about it.
//
// Invariants:
//   - What a room shows is read from the records each time; it keeps no copy. An incident that was found to be the same as
//     another one leaves its tasks and clocks there, in sight.
//   - The priority is decided by the table (package priority) from what the program knows; a person may say otherwise with a
//     reason, which is shown. What nobody knows counts as the worst.
//   - A situation report is a record: numbered, with its SHA-256, never changed. It says what changed since the one before.
//   - A task that nobody of its side accepted in time is told to the owner once for each hand-over.
package room
