// Package replay tries rules on the past: what would have fired when, on which devices, and how noisy it would have been.
// It runs the same code over the kept events that the pipeline runs over new ones, so a rule that fires here fires there.
//
// Invariants:
//   - Events of exercises are left out.
//   - Nothing is changed: no alert is raised, no baseline of the house learns.
//   - Baselines learn from the window itself, from its beginning. What matched while a baseline still learned is counted
//     apart: it is neither a firing nor proof that all was well.
//   - What could not be seen is said: blind intervals of sources, kinds of events that a rule needs and the window lacks,
//     groups that correlations had no room for.
//   - The demands on fields that are given to the event log never leave out an event that a rule fires on.
package replay
