// Package clock decides which reporting duties an incident starts for a legal entity, and when each report is due at the
// latest.
//
// Duties are data (content.Duties). Everything here is a function of facts, instants and the present instant; there is no
// clock that a person starts or stops. Invariants:
//
//   - A fact is yes, no or unknown, and a fact that nobody answered is unknown. A duty whose condition cannot be decided is
//     counted as if it applied (MayRun) and names the facts that would decide it.
//   - A duty does not apply because its condition is no, or because a person ruled so with a reason. Nothing else silences it.
//   - Hours run through nights, week-ends and changes of the clock. Days are counted in the authority's zone from the day
//     after the start, and end with their last second there (Regulation (EEC, Euratom) 1182/71, Article 3; 21 CFR 803.3).
//   - Where the calendar of holidays is not known the earlier instant is shown. So the latest instant shown is never after
//     the lawful one because of a holiday that somebody forgot to enter.
//   - A fact learned late starts the clock where it would have started: its slack may be negative from the first moment.
package clock
