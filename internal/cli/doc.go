// Package cli is the command line of triward.
//
// Offline commands (sbom, advisory, assess, journal, backup, restore) work on files or the database themselves; the others
// speak to a running server. Exit codes: 0 done, 1 a negative answer (invalid, not found, altered), 2 wrong usage, 3 the
// server cannot be reached.
package cli
