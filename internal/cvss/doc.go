// Package cvss reads CVSS vectors of versions 2.0, 3.0, 3.1 and 4.0 and says in one vocabulary what they mean for
// exploitation: where the attacker must be, what the attack needs, whether an exploit is known, what is lost.
//
// Invariants:
//   - A vector that is read is complete: every base metric of its version is there once, with a value of that version.
//   - An error names the metric at fault.
//   - Scores follow the published formulas (github.com/pandatix/go-cvss); nothing is converted from one version to another,
//     since the standards give no such conversion.
package cvss
