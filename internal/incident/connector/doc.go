// Package connector carries containment actions out, and takes them back: by a signed web request, by RADIUS (RFC 5176), by
// a command on this machine, or by a command over SSH.
//
// Invariants:
//   - Connectors and what they send stand in a file that the operator of the machine names in the configuration. The web
//     pages show them, they cannot change them.
//   - A connector is used only while a person's approval stands for it exactly as it is: another byte in its definition voids
//     the approval.
//   - What an action will send is fixed when the connector is chosen for it, before anybody signs it off: its definition and
//     every value. What is shown as the dry run is what is sent, but for secrets, which are only in files.
//   - No value reaches a shell: arguments are handed over one by one, or quoted whole where SSH knows only a line. No value
//     begins with "-", holds a control character, or leaves the pattern that it was given.
//   - That something will be sent is in the database before it is sent. It is sent until it was answered, under a key that
//     stays the same, and a return never gives up. Nothing is sent for an exercise.
//   - Whatever keeps an action from running keeps its run from being sent, at each try until one was answered: then it is
//     withdrawn, and whoever answers for it is told.
//   - An answer is no effect. Whether an action took effect is judged by events that a source saw; what a blind source did
//     not see proves nothing.
package connector
