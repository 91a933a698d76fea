// Package custody keeps the evidence of incidents and its chain of custody (ISO/IEC 27037, RFC 3227).
//
// Invariants:
//   - An item's content is encrypted before it lies in the blob store, hashed on its way in, and never changed. Its SHA-256
//     is fixed when it is sealed.
//   - What happens to an item is an entry of its chain: numbered without gaps, each with the hash of the one before it.
//     Entries are only ever added, in the transaction that changes the item, and their hash stands in the journal too.
//   - Reading is an entry, written before the first byte is given out.
//   - A transfer has a hash before and after. A hash that differs makes the item integrity_broken, whatever it was; it stays
//     so, visibly, until somebody accepts that with a reason. Everything else about it goes on being recorded.
//   - A legal hold keeps an item from being destroyed; so does its retention. Destroying takes two people.
//   - An upload that was cut short goes on where it stopped, also after the program was stopped: what was acknowledged is
//     kept, and the state of the hash is kept with it.
package custody
