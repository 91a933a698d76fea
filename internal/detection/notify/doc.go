// Package notify tells people and other systems about alerts: by letter, by a signed web request, and as a line for the
// hospital's SIEM.
//
// Invariants:
//   - It follows the journal, so that an alert is told once to each target, whatever crashes. A target may get the same
//     message twice when a machine stops between sending and noting; its key says that it is the same.
//   - Nothing that a record or a person said about a patient is told: the rule's title, the level, ids, times, a link.
//   - What cannot be sent is tried again with growing pauses, for a day, and stays in the log as failed.
//   - Quiet hours put off what is not critical.
package notify
