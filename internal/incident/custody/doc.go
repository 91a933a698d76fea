// Package custody keeps the evidence of incidents and its chain of custody (ISO/IEC 27037, RFC 3227).
//
// Invariants:
//   - An item's content is encrypted before it lies in the blob store, hashed on its way in, and never changed. Its SHA-256
//     is fixed when it is sealed.
//   - What happens to an item is an entry of its chain: numbered without gaps, each with the hash of the one before it.
//     Entries are only ever added, in the transaction that changes the item, and their hash stands in the journal too.
//   - Reading is an entry, written before the first byte is given out.
//   - What may be done in which state is one table (Operation). A transfer has a hash before and after, a return too. A hash that
//     differs makes the item integrity_broken, whatever it was; then it can be looked at, held and hashed again, and nothing else,
//     until somebody accepts that with a reason.
//   - The hash that was taken at collection is that of what is sealed, or the seal says why not.
//   - An item is kept while its incident is open, or asks for it by a legal hold or its retention, at the time when somebody
//     wants to destroy it; so it is by a hold of its own. Destroying takes two people.
//   - What is known of where an item came from is frozen when it is registered, and stands in its first entry.
//   - Keys may be changed at any time: an item that is hashed meanwhile is hashed as it lies then.
//   - An upload that was cut short goes on where it stopped, also after the program was stopped: what was acknowledged is
//     kept, and the state of the hash is kept with it.
package custody
