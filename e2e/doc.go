// Package e2e holds tests of the program as users run it: built, started, and used in a real browser.
//
// Invariants:
//   - The tests know the program by what a user sees: the command line, pages, words on buttons. They import nothing of it,
//     except to lay down what takes too long to make as a user would: a fleet of 100,000, a bundle.
//   - Every page that can be reached by links from the demonstration is opened, in a wide and a narrow window, light and dark.
//     A new page needs no change here.
//   - A page has no serious finding of axe-core, no error on the console, nothing that the content security policy
//     refused, and nothing wider than a narrow window.
//   - So is every page that is empty, that holds one row with names that do not fit and text from right to left, and that
//     other roles see; and the lists with 100,000 rows.
//   - Screenshots lie in shots/, which is not kept.
package e2e
