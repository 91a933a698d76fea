// Package digest tells people by mail what waits for them: their turns on documents, trainings that are due, and notices.
//
// Invariants:
//   - A person gets at most one letter a day, and only when something in it is new, due, or has stood for a week.
//   - A letter is read with the rights of its reader: it holds nothing that they could not see, and names titles, never details.
//   - That a letter was sent stands in the journal, after the mail server took it. A machine that stops in between sends it
//     again with the same Message-ID.
package digest
