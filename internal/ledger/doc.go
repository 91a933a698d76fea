// Package ledger makes the journal provable to people who do not trust the one who runs it.
//
// The journal's entries are the leaves of a Merkle tree (RFC 6962 2.1): leaf i is the encoding of entry i+1. A signed
// checkpoint (C2SP tlog-checkpoint in a C2SP signed note) commits to the whole tree. Somebody who keeps a checkpoint can
// later be shown that an entry was in the journal then (inclusion) and that nothing before it was changed since
// (consistency), offline, with any program that knows these formats.
//
// Invariants:
//   - The nodes in table ledger_node are derived: a follower makes the same ones again from the journal.
//   - Nodes are roots of complete subtrees and never change once written.
//   - The signing key never leaves its file, which only its owner may read. It is not part of a backup.
//   - A proof holds what it proves: the entry's encoding, and its body with salt unless the body was erased.
package ledger
