// Package problem holds the errors that reach users.
//
// An error of this package carries a kind (what the caller can do about it), a message in plain words and, for bad
// input, every fault by field path. Errors of any other type are internal: doors log them and answer with a reference,
// never with their text.
package problem
