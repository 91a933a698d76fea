// Package query evaluates evidence: typed conditions in CEL over views of the program's own records.
//
// A query is one expression of the form
//
//	VIEW.all(r, CONDITION)
//	VIEW.filter(r, WHICH).all(r, CONDITION)
//	VIEW.filter(r, WHICH).exists(r, CONDITION)
//
// It is judged row by row, so that each result opens the rows that hold, fail, or could not be judged. Within conditions
// every view is a list, now is the instant that is asked about, target("id") the length of a target of STD-08,
// due(from, "id") its latest instant, and days(n) a length.
//
// Invariants:
//   - The same rows and the same instant give the same result: CEL has no clock, no random numbers and no input.
//   - Every field is checked against the type of its row before anything runs.
//   - What a condition may cost is bounded, and so is the length of its text.
//   - A row that cannot be judged is unclear. It neither holds nor fails.
package query
