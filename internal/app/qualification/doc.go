// Package qualification says what an installation consists of and checks it where it stands: the checks behind a validation
// report (IQ, OQ, PQ).
//
// Invariants:
//   - A check looks at this installation: its database, files, keys and settings. None has a result that is written here.
//   - A check leaves nothing behind: what it tries to change is refused or rolled back, and its files are removed.
//   - What a check says of the installation holds no secret and no content of records.
package qualification
