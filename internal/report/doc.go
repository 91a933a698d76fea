// Package report is what is shown to people about the work of the other packages: what concerns them, and what runs.
//
// Notices are not kept: each is asked of the records when it is shown, so that one is gone when its cause is. Kept is only
// which a person has read. The same goes for activities, except exports, which leave no record elsewhere.
//
// Invariants:
//   - Nobody hears of what they may not read: a source that needs a permission is asked only with it, and reads within the
//     scope of the reader.
//   - A notice has a key that says the same of the same. When what it says changes (due becomes overdue), so does its key,
//     and it is unread again.
//   - A layer adds a row to [sources] or [works]; a package of this line hands its rows in by [Desk].
package report
