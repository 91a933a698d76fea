// Package timeline puts what is known about an incident or a device in the order of time: stored events, the journal's
// entries (alerts, decisions, containment, custody, answered clocks, notes, runs), what people add by hand, and the times in
// which nothing was seen. Nothing is copied together: a page is merged from its sources as it is read.
//
// Invariants:
//   - Entries stand by the instant that their source told, and by their key where instants are the same: a total order. A
//     page goes on behind the last entry of the one before, so that none is lost or repeated while others arrive.
//   - The told instant is never changed. What a clock was wrong by stands beside it as an estimate with the number of
//     anchors that it rests on, and moves nothing.
//   - What has no instant gets none: undated entries have a list of their own, in the order of their receipt.
//   - A time that was not seen is an entry. Where something is left out, the page and the export say what and why.
//   - Who reads sees what they may read elsewhere: events through package reading, an entry of the journal when the
//     reader's role covers its area there.
package timeline
