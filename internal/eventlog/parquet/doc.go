// Package parquet keeps events in a folder of Parquet files, one writer process to a folder.
//
// A segment is one file of events received in the same hour, sorted by time, and an index beside it. The list of segments
// is in the database; the files alone tell it again. New events wait in memory, where they are searched too, until Flush
// writes them. Small segments of an hour become one later.
//
// Invariants:
//   - A segment is whole or not there: both files are written under another name, synced and renamed, the index first,
//     and count when the row in the database is committed.
//   - What replaces other segments names them. A file that the database does not know is taken in when it replaces
//     nothing that is known, because events must not be lost with a list; otherwise it is what a crash left, and goes.
//   - An event is in one segment or in the tail: each id is looked for before it is taken.
//   - The filters of an index say "not here" or "perhaps", never wrongly "not here".
//   - A file is removed only when nobody reads it any more.
package parquet
