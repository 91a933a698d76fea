// Package claim keeps what is said about who did what and how: indicators, and claims with their evidence.
//
// Claims stand at the corners of the Diamond model (Caltagirone, Pendergast, Betz 2013: adversary, capability,
// infrastructure, victim), at its meta features (phase, result, direction, methodology, resources) or name a technique of MITRE ATT&CK.
//
// Invariants:
//   - A claim names its evidence, or says that it has none and is a hypothesis. It names who says so, and both letters of
//     the Admiralty grade.
//   - A claim is never edited. Another one takes its place, with a reason, or it is withdrawn, with a reason; both stay.
//   - Claims are chained to the events of an activity thread, in the order of what happened. A thread is changed by another
//     version of it, with a reason.
//   - A corner of which nothing is said is shown empty.
//   - Every indicator is searched over the kept events when it is added, again when devices join the incident, and again
//     every [Again]. A search that could not be made says so and is made later; the times in which nothing was seen stand
//     beside what was found.
//   - The look back works on our own records, which no PAP label forbids. Asking somebody outside is refused under PAP:RED.
package claim
