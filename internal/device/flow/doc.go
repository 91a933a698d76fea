// Package flow keeps which network flows of a device are clinical: with whom it talks, over which port, in which direction,
// and what for. Containment that leaves only these flows is safe as far as the list is right.
//
// Invariants:
//   - A profile counts only after clinical engineering approved exactly that list.
//   - It stops counting when the device gets other addresses or other software, until somebody approves it again.
//   - What was observed is a proposal, never a profile: an attacker's flows are observed too.
package flow
