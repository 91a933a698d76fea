// Package ingest is the door for what comes in from the outside: it downloads feeds and the advisories of CSAF providers.
//
// Invariants:
//   - Only https is fetched (http on this machine alone), never a file. A download that starts on the internet does not
//     end inside the network, however it is redirected and whatever a document names.
//   - Every download has a limit, is written to a temporary file or a bounded buffer, and is tried again only for
//     failures that may pass, with growing pauses or those that the server asks for.
//   - A hash or signature that is there and does not hold is an error of that document; one that is not there is told.
//   - Clock, pauses and randomness come in from outside.
package ingest
