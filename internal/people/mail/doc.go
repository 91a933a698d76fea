// Package mail sends short text letters by SMTP (RFC 5321, RFC 3207 STARTTLS, RFC 8314 implicit TLS, RFC 4954 AUTH).
//
// Invariants:
//   - A letter has one reader, so that nobody learns who else was told and one refusal stops nobody else's letter.
//   - Nothing of a letter can add a header or a recipient: line breaks and control characters are refused before a
//     connection is opened.
//   - A password goes over TLS only. A letter goes without TLS only to this machine or where the configuration says so.
//   - Neither the password nor what a letter says is in an error.
package mail
