// Package procedure runs procedures: the steps of an effective document become a checklist that people work through, and
// what they do, when, and with which evidence becomes a record.
//
// Invariants:
//   - A run pins one revision by its id and the hash of its content. That another revision becomes effective changes
//     nothing in the run; somebody may move it ([Runs.Migrate]), and what was done stays done.
//   - A step is settled once, by one person, at one instant. A step waits for the steps that it names as those before
//     it, or else for the step above it. Done otherwise, out of order, or by somebody whose function it is not, it needs
//     a reason and is a deviation, as skipping it is.
//   - A run that ended is not changed any more. Only that a step was wrong can still be found.
//   - A defeated step (one that proved wrong) stands beside what relied on it at that moment, found in the transaction
//     that records it. A follower puts the caution on the document.
//   - Clocks do not stop while a run is paused: the duties that the targets stand for do not stop either.
//   - Every change is in the journal. Events carry the run's site and product, so that a role may be limited to them.
package procedure
