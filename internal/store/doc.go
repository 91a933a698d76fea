// Package store is the database of Triward: one SQL text on SQLite (embedded) and PostgreSQL (grown), one door for
// writes, one journal.
//
// Invariants:
//   - Only this package imports database/sql and the drivers.
//   - [DB.Update] is the only way to change a record. It needs an [Actor] in the context, refuses changed rows without a
//     recorded event, refuses an event whose kind the actor may not record about that site or product, and does not
//     commit after a statement that the database refused.
//   - The journal is gap-free and hash-chained; triggers refuse UPDATE and DELETE on it, and callers' statements on its
//     tables are refused. The chain commits to a salted digest of each event's body, so that a body can be erased by law
//     and the chain still verifies. [Verify] and [VerifyBackup] name the first entry that was tampered with.
//   - A [Reader] of [DB.View] cannot write: its session is read-only. [Inspect] opens a database that nothing can change.
//   - [DB.Bulk] writes derived tables only (what `triward rebuild` makes again), without events.
//   - Update locks the head of the journal first: one writer at a time on both databases.
//   - A follower's position moves in the transaction of what it wrote, from where it was read: each entry counts once,
//     whatever crashes and however many processes run it.
//   - A backup is one snapshot of everything that is not derived; a restore gives all of it or leaves an empty database.
package store
