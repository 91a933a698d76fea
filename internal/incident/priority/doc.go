// Package priority decides how soon an incident is acted upon, by a table that is data (content.Priority).
//
// Invariants: every combination of what is known has exactly one answer; what is not known counts as the worst; a worse input
// never gives a milder answer. There are no weights: an answer is a row of the table, with its reason.
package priority
