// Package blast finds the blast radius of something: from a weakness, a component, an advisory or an indicator to models,
// devices, wards, sites, and how many patients may be concerned, with what could take over.
//
// Invariants:
//   - Every answer is affected, unknown or not affected, and unknown is counted by itself. A device without a bill of
//     materials is unknown to a question for a component; a device that no event names with an indicator is not shown to be
//     free of it (Radius.Silent).
//   - In use unknown counts as in use. How many patients a model serves at once is added up where it is known; the devices
//     of which nobody knows it are counted beside the sum.
//   - Every device says why it is there: the finding, the bill of materials or the events, each by an id that opens it.
//   - What is kept with an incident is a snapshot: its bytes and their SHA-256 never change.
package blast
