// Package store is the database of Triward: one SQL text on SQLite (embedded) and PostgreSQL (grown), one door for
// writes, one journal.
//
// Invariants:
//   - Only this package imports database/sql and the drivers.
//   - [DB.Update] is the only way to change a record. It needs an [Actor] in the context, refuses changed rows without a
//     recorded event, and refuses an event whose kind the actor may not record about that site or product.
//   - The journal is gap-free and hash-chained; triggers refuse UPDATE and DELETE on it. The chain commits to a salted
//     digest of each event's body, so that a body can be erased by law and the chain still verifies.
//   - A [Reader] of [DB.View] cannot write: its session is read-only.
//   - [DB.Bulk] writes derived tables only (what `triward rebuild` makes again), without events.
//   - Update locks the head of the journal first: one writer at a time on both databases.
package store
