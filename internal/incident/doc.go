// Package incident keeps security incidents: what is known, what is in them, what is done, and whom the law says to tell.
// Sub-packages hold what needs no database: the rules of containment (ladder) and reporting clocks (clock).
//
// Invariants:
//   - An incident moves along one table of moves. What a move needs (guards, reference incidents.md 4.2) is checked inside
//     the transaction that moves it, and every fault is told at once.
//   - The instant of awareness, who became aware and how are set when it is declared, because clocks run from it. They are
//     corrected only with a reason, and the journal keeps what stood before.
//   - Containment runs as package ladder allows it, checked against the device as it is inside the transaction. An action
//     in force returns by itself when its time is over, also after the program was away (see Cases.ReturnDue).
//   - Clocks are computed, never stored: facts, instants, rulings and discharges of each legal entity are the records.
//   - Numbers (INC-2026-0001) are never used again. A duplicate keeps its number and points at the other.
//   - Exercises run on the same tables and carry the mark of an exercise in every event.
package incident
