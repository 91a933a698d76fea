// Package interchange writes what is known of an incident in the formats that other programs read: its custody as CASE 1.4 (UCO,
// JSON-LD), and by what the other side is recognised as a STIX 2.1 bundle (reference incidents.md 4.3).
//
// Invariants:
//   - The same records give the same bytes: ids are UUIDs of version 5 over our ids, instants are those of the records.
//   - Every reference in a file leads to an object in the same file.
//   - What the marking in effect keeps from the audience is refused.
//   - What nobody has evidence for is no object of its own; a note tells it.
package interchange
