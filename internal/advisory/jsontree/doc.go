// Package jsontree reads a JSON document into a tree that can tell the place of each of its values.
//
// The readers of CSAF ([triward/internal/advisory]) and its checks and writer ([triward/internal/advisory/csaf]) stand on
// it; feeds of hundreds of megabytes do not, for a tree keeps every value.
//
// Invariants:
//   - Reading is strict: UTF-8 without byte order mark, no member named twice, nothing after the value (RFC 8259, RFC 7493).
//   - A document is bounded in size, depth and number of values before it is kept ([MaxBytes], [MaxDepth], [MaxNodes]).
//   - Every value has an RFC 6901 pointer, every syntax fault a line and a column.
package jsontree
