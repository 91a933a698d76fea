// Package training keeps who must know which document, who does, and whether that works (ISO 13485 6.2).
//
// Invariants:
//   - A training is about one revision, for one person (and one product, where a rule names one). There is at most one
//     open training of a person on a revision.
//   - What is required follows from three sources only: the audience that a document names, rules that people add, and the
//     curricula. [Desk.Tick] makes the trainings that are missing and closes those that nothing asks for any more; nothing
//     else does.
//   - When a revision is superseded, the trainings on it that are open close, and those on the new one name the revision
//     that the person signed last: only what changed since is to be read.
//   - Reading, quizzes and practicals end with a signature; a notice ends when it was seen. A quiz must be passed before.
//   - After the last try a quiz is locked until somebody says how the person was trained again.
//   - Nobody observes their own practical.
//   - People act on their own trainings with the kinds "self.*"; everything about others needs a kind of this package.
package training
