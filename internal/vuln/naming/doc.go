// Package naming compares what makers and products are called: a product's name in a published advisory ([Published])
// with a product's name in an inventory ([Recorded]). Neither carries identifiers in medical practice, so the names
// themselves have to decide.
//
// A name is taken apart into atoms (runs of letters, runs of digits), each worth something by its class; a published name
// expands to the phrases in which it may be written. Laying a phrase over the atoms gives a [Relation]: the same product,
// a member of the line, possibly the same, or another one.
//
// Invariants:
//   - Spelling does not count: case, accents, spaces, strokes, legal forms of manufacturers, one letter's slip.
//   - A model number that contradicts makes another product; one that is missing leaves the answer open, never no.
//   - The table of other names ([Names]) widens what a recorded name may be, not what a published one says, so that
//     published names keep their keys when people add names.
//   - Everything is bounded: length of a name, ways to write it, lines of a table. Nothing is read from outside.
package naming
