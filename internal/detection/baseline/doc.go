// Package baseline learns what is normal for a rule, for each device or whatever else the rule names.
//
// Invariants:
//   - While a baseline learns, nothing is unusual. What it has learned waits for an owner, and so does each value that is
//     new afterwards: the value is unusual until somebody says that it is normal.
//   - What is learned is derived and bounded, and what was evicted is counted. What owners decided is kept.
package baseline
