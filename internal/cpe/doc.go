// Package cpe reads, writes and compares Common Platform Enumeration names.
//
// It follows NISTIR 7695 (naming: well-formed names, the 2.3 formatted string, the 2.2 URI) and NISTIR 7696 (matching:
// table 6-2), and adds a match with three values for a criterion against an asset of which not everything is known.
//
// Invariants:
//   - A [Name] is well formed: wildcards stand only at the ends of a value, and values are in lower case, because CPE names
//     compare without regard to case.
//   - Parsing what String or URI wrote gives the same name.
//   - [Criteria.Match] never says No for want of a fact: an attribute that the asset does not give and the criterion needs
//     makes it Maybe, and the attribute is named.
//
// The version order is handed in as a function, since it belongs to the caller's choice of scheme.
package cpe
