// Package advisory reads what is published about weaknesses: CSAF 2.0, CISA KEV, FIRST EPSS, OSV, CVE records 5.x,
// NVD API 2.0 and configuration records, and OpenVEX.
// It also writes OpenVEX ([WriteOpenVEX]). What is wrong with a CSAF document and how one is written is in
// [triward/internal/advisory/csaf], the tree that both read it into in [triward/internal/advisory/jsontree].
//
// A reader turns bytes into a [Record] (or a list of assertions) and nothing else: no network, no database, no matching.
// Invariants:
//   - Nothing is dropped in silence: what a source says and a reader cannot interpret stays as text ([Affected].VersionText,
//     [Affected].Note), so that the matcher can answer "unknown" and show it.
//   - A record says what its source says. Names are not normalised and versions are not compared here.
//   - Every reader is bounded in size, depth and count and names the place of a fault.
package advisory
