// Package network says how a device can be reached and what it is called there. It knows no database.
//
// Invariants: the lists of ways and of kinds of names are closed; each name has one way to be written ([Canonical]), so that
// two names are the same exactly when their texts are.
package network
