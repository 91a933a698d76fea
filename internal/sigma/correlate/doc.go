// Package correlate follows Sigma correlations over the events that rules fired on.
//
// # What a correlation means
//
// The specification leaves open what follows; these are our decisions.
//
// Group. Events are counted apart for each combination of the values of group-by, without regard to the case of letters.
// An event that lacks one of the fields takes no part; such events are counted (Stats.Ungrouped). An event that several
// of the correlation's rules fired on is one event.
//
// Counts that can only be reached by more events (event_count, value_count and value_sum with gt or gte alone; temporal;
// temporal_ordered) are looked at with each event, over every window of the timespan that holds it, both ends included.
// A correlation fires once, and again for the same group only on events more than a timespan away.
//
// All others (an upper bound, eq, neq, value_avg, value_percentile) say something about a whole window. Their windows
// begin with the first event of the group, last a timespan (the end excluded), and are looked at when the watermark has
// passed the end. A window without events is not looked at: no event, no group.
//
// temporal asks how many of its rules were seen; all of them, when it has no condition. temporal_ordered asks for
// different events in the order of its rules; events of one instant stand in the order of their arrival. value_count
// counts different values. value_sum, value_avg and value_percentile take the first value of the field when it is a
// number, and leave out the event otherwise. The percentile p of n values is the smallest value that at least p per cent
// of them do not exceed (nearest rank).
//
// Chaining. When a correlation fires, those that name it see one event, at the time of the last one, with the fields of
// its group and no others. A correlation or rule that is named by others reports on its own only when one of them says
// generate.
//
// Time. Only the time of events counts. Whoever uses the state says how far time has come (Advance); events that are
// more than a timespan behind are too late and are counted. So an event from a wrong clock in the future disturbs nobody.
//
// Bounds. Groups and events that are kept are limited. What is dropped for that is counted (Stats.Evicted): then a
// correlation may have missed something.
package correlate
