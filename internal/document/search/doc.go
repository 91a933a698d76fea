// Package search finds documents by what they say.
//
// Invariants:
//   - Without a word about states, only what is in force is found: what is obsolete or a draft must be asked for.
//   - The index holds every revision and is derived: a follower of the journal keeps it, and Rebuild makes it again.
//   - Nobody finds a document that they may not read.
package search
