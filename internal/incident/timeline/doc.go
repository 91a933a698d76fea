// Package timeline puts what is known about an incident or a device in the order of time: stored events, the journal's
// entries (alerts, decisions, containment, custody, answered clocks, notes, runs), what people add by hand, and the times in
// which nothing was seen. Nothing is copied together: a page is merged from its sources as it is read.
//
// Invariants:
//   - Entries stand by their corrected instant: the told one less what the clock of the source was wrong by, as far as it is
//     known; who asks gets them by the told one. Where instants are the same they stand by their key: a total order. A page
//     goes on behind the last entry of the one before, so that none is lost or repeated while others arrive.
//   - The told instant is never changed, and chooses which events belong to a window. What its clock was wrong by stands
//     beside it as an estimate with the number of anchors that it rests on: at most, since the largest of the hour is kept.
//   - What has no instant gets none: undated entries have a list of their own, in the order of their receipt.
//   - A time that was not seen, or in which a device was silent, is an entry. Where something is left out, the page and the export say what and why.
//   - Who reads sees what they may read elsewhere: events through package reading, an entry of the journal when the
//     reader's role covers its area there.
package timeline
