// Package stream keeps what came in until it is in the event log: a write-ahead log in front of it. It is a stream of NATS
// JetStream, with the server in this process ("dir:/path") or in a cluster of servers elsewhere ("nats://host"); everything
// above the connection is the same code.
//
// Invariants:
//   - Publish returns nil only when all its messages are on disk. An error means that the caller still has them.
//   - A message leaves the stream only when its Delivery was acknowledged. What was not comes again, also after the
//     machine stopped; so who consumes meets messages twice and must be idempotent by message id.
//   - Nothing is dropped to make room: a full stream or a disk with less than the reserve refuses what is new.
//   - Messages are kept in packs: a pack is one message of JetStream, so that it is there as a whole or not at all, is
//     written with one sync, and is published again under one id, which the server drops if it has it. The window in which
//     the server remembers is two minutes; after it the event log, which knows every id, drops what came twice.
//   - What waits for an acknowledgement of the server is bounded; so is what waits for one of the consumer.
package stream
