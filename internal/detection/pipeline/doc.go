// Package pipeline is the worker between the stream and the event log: it decodes records, says which devices they are
// about, tries the rules, and keeps events and alerts.
//
// Invariants:
//   - A record leaves the stream only after its events are on disk in the event log, its hits are alerts and what baselines
//     learned from it is saved. After a stop at any moment it comes again; events and alerts know what they have by the
//     event's id, so nothing is there twice.
//   - An event carries what the inventory said of its devices at the event's time: network identities are intervals, and
//     the places and the use of a device are taken back to that time with the journal. What nobody recorded is not known.
//   - The time of a record is never changed. The skew of a source's clock is an estimate beside it.
//   - A slow event log or detection shows as a backlog of the stream. Nothing is dropped here.
package pipeline
