// Package assurance proves to others what the rest of the program knows: which clause is met by which document, what
// shows that it is lived, and what answers an inquiry.
//
// Invariants:
//   - A mapping of a document or step to a clause is proposed until a person confirms it, and again when the edition of
//     the clause or the words that satisfy it change.
//   - Evidence that was not evaluated, found nothing to look at, or could not be judged is unknown, never passing. A
//     passing result grows stale.
//   - A result is sealed in the journal with the digest of the rows that it looked at. Evaluated again as of the same
//     instant it has the same digest, where its view has a past.
//   - An inquiry shows records as of one instant. What a person from outside looks at is recorded before it is shown.
//   - A bundle is built only when the records in it are as many as the database has.
package assurance
