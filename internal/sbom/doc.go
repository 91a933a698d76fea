// Package sbom reads software bills of materials and says what they hold, what is wrong with them and how they differ.
//
// [Read] turns CycloneDX (JSON, XML; 1.0 to 1.7), SPDX 2.1 to 2.3 (JSON, tag-value) and SPDX 3.0 (JSON-LD) into one
// [Document] of plain facts; [Check] judges a file against the model of its format and scores its completeness;
// [Diff] compares two documents. Bytes in, facts out: no network, no clock, no database.
//
// Invariants:
//   - Nothing is dropped in silence: a part of the file that has no place in a Document is named in Document.Notes.
//   - A file that departs from the model of its format is still read where its meaning is clear, with every departure
//     in Document.Faults, so that one mistyped licence does not hide a weakness. What cannot be understood is an error.
//   - Validity and quality are separate: a valid document may score 0, an invalid one 100.
//   - Every reader is bounded by [Limits] before it builds anything, and names the place of a fault: line and column
//     for a syntax error, JSON pointer or XML path for a fault of the model.
//   - XML is read without document type declarations, so there are no entities to expand and nothing external to fetch.
//
// The rules of Check are tables in [triward/internal/sbom/conform], which also says what is not judged.
package sbom
