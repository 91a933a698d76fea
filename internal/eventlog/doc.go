// Package eventlog is where security events stay: what they look like, how they are found, how long they are kept, and
// the interface that each place for them fulfils. The places are sub-packages: Parquet files in a folder, or ClickHouse.
//
// Invariants:
//   - The original of an event is kept byte for byte. Times are kept as the source and the receiver gave them; none is
//     corrected or made up. An event whose record has no time is undated, and stands at the time of its receipt.
//   - An event is kept once, however often it comes: its id decides. Ids are given when an event is accepted.
//   - Append takes events; Flush makes them durable, and findable by everybody. Who took events from a stream acknowledges them after a
//     Flush that began later than the Append returned without error, and never before. The stream is the write-ahead log.
//   - Events are removed by Expire alone. It says what it removes before it does, and keeps what a legal hold names.
//   - Text is compared without regard to the case of the ASCII letters, everywhere and by every implementation.
package eventlog
