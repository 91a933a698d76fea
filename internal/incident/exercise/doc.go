// Package exercise leads people through stories on the same engine as real incidents: events that rules see, messages,
// facts, questions, and what people should do about them, with its time.
//
// Invariants:
//   - An exercise is an incident that carries the mark of an exercise from its first event to its last. One exercise runs at
//     a time, so that alerts and entries are known to belong to it.
//   - Its events come from "exercise:" and the number of its incident. They are tried by the rules that run, and teach no
//     baseline, count for no source, no rule and no device, and are left out where the past is searched.
//   - Nothing of it goes outside: its alerts are told to nobody, and no risk is changed by it.
//   - What an inject tells (facts, severity) is set on the incident of the exercise and its legal entities, and nowhere else.
//   - The scenario is kept with the exercise as it was when it started.
//   - The score is computed from the journal, never stored.
//   - Stopping it removes nothing.
package exercise
