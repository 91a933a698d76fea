// Package csaf tells what is wrong with a CSAF 2.0 document ([Check]) and writes CSAF of the VEX profile ([WriteVEX]).
//
// [triward/internal/advisory] reads CSAF for what it says and takes what is published as it is; this package judges it by
// the tests of CSAF 2.0 section 6. It never fetches anything, so the tests that need a network or a dictionary are listed
// as not run.
//
// Invariants:
//   - Every fault names its test and its place: JSON pointer, or line and column of text that is not JSON.
//   - The time and the memory of a check grow with the size of the document; faults are bounded for each test.
//   - What WriteVEX writes passes every mandatory test.
//
// Known limits: 6.3.6 and 6.3.7 (links that answer) and 6.3.8 (spelling) are not run; CSAF 2.1 is not judged.
package csaf
