// Package detection keeps what is known of security events beside the events themselves: where they come from, the rules
// that look at them, what is normal, and the alerts that people work on.
//
// Invariants:
//   - A source that nobody has confirmed is kept as "new": its events are taken, and it says so.
//   - What was lost or not seen is a blind interval with a source, a reason and, where it is known, a number. It is never
//     shown as "nothing happened".
//   - A rule raises alerts only as active or tuned. As canary its hits are kept in shadow. It becomes active when a
//     sample of its hits was judged, its rate is known, and it has an owner ([Rules.Move]).
//   - An exception and a suppression end by themselves; both name a reason and who answers for them.
//   - Hits of one rule about one entity make one alert, until it is closed. An event counts once for a rule, whatever
//     crashes ([Alerts.Take]).
//   - A closed alert has a reason and a person; a false positive says what becomes of the rule. Merging changes no text,
//     and the id of a merged alert leads to the other for ever.
//   - A device of which nobody knows whether it is in use counts as in use.
//   - Events in the journal carry ids, names of fields and numbers, never what a record says about a patient.
//   - Every change is in the journal with its site. Counters and what is learned are derived rows.
package detection
