// Package risk says what a weakness can do to patients and keeps what is decided about it.
//
// For each device and vulnerability it derives an exploitability class E0..E4, a harm severity S1..S5 and, by an editable
// and versioned table, whether the risk is controlled (FDA Postmarket Management of Cybersecurity 2016, section VI).
//
// Invariants:
//   - Never a bare score: every class carries the reasons it was derived from, and every reason its source.
//   - Exploitability is ordinal, never a probability (FDA premarket guidance 2025, V.A.2). EPSS is one input, as evidence of
//     attackers' interest.
//   - What is not known counts as the worst it can be, and the reasons say so.
//   - Lines (the ranked list) are derived and can be made again; decisions, acceptances and progress are records.
package risk
