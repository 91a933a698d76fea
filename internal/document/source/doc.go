// Package source is the canonical content of controlled documents: CommonMark with GFM tables and task lists below YAML
// front matter, as plain text that outlives any program.
//
// Invariants:
//   - Parse names every fault of a text at once, each with its line, and Parse(Format(d)) is d.
//   - Functions, levels, variables and every other vocabulary are closed lists.
//   - A time that matters is written once, as a target of STD-08; Check refuses a number of minutes, hours or days anywhere
//     else.
//   - What HTML returns holds no script, no style and nothing that is loaded from elsewhere.
//   - Nothing here reads a file, the network, the clock or a database.
package source
