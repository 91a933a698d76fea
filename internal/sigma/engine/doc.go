// Package engine matches events with Sigma rules, thousands of rules at a time. What rules mean stands in package sigma;
// this is how they are matched quickly.
//
//   - A record is read once. Its members go to slots, one for each name that some rule uses; the rest is stepped over.
//     Values are decoded and folded when something asks for them.
//   - An event meets the rules of its log sources only. The rules for each combination of log sources are a route, made
//     when its first event comes.
//   - A rule has witnesses: texts of which one stands in every event that it fires on. A route finds the witnesses in an
//     event by tables, one for each field: whole values by hash; beginnings and ends by four bytes at the distance of
//     each length that occurs; texts inside by four bytes that few other texts have. Only rules with a witness in the
//     event, and the few that have none, are evaluated.
//   - The condition is a tree with quick comparisons first. Comparisons that are the same in several rules are made once
//     for an event.
//   - Keywords are looked for in the bytes of the record, as long as these are written plainly.
//
// Invariants:
//   - An Engine does not change and is shared; a Worker belongs to one goroutine.
//   - In the steady state nothing is allocated for an event (TestNothingIsAllocated).
//   - The engine agrees with the interpreter of package sigmatest on every rule and event.
//   - No rule and no event stops it: expressions are linear and see 64 KiB of a value, patterns go back to their last
//     star only, records are read to 32 levels.
package engine
