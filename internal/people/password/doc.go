// Package password judges passwords and keeps them as argon2id hashes (RFC 9106, NIST SP 800-63B 5.1.1.2).
//
// Invariants: no error holds a password or a hash; a stored hash may not ask for more work than the machine has.
package password
