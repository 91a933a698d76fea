// Package ladder holds the rules of containment: which action of which level may run on a device now, whose sign-off it
// needs, and how an action moves from planned to returned. It is a function of states and instants, without a database.
//
// Levels, from the mildest: 0 watch, 1 block the far side, 2 block flows that are not clinical, 3 only the clinical
// allow-list, 4 network off, 5 swap with a clean spare and isolate, 6 power off or remove, 7 close the service line.
//
// Invariants, which the tests hold over random states:
//   - In use unknown counts as in use; a class that is not known counts as life-sustaining; an unknown service connection
//     counts as open.
//   - Nothing above level 1 runs by itself on a device that is, or may be, in use and sustains or supports life. Nothing
//     above level 2 runs by itself at all.
//   - Nothing runs without the sign-offs that its level needs, each given by a named person for this action, not yet
//     expired, and for the state of the device as it is now. One person never gives two of them.
//   - Every action has a pre-check of the device as it is now, a statement of what it does to patients, a way to observe
//     that it took effect, and an instant at which it returns by itself.
//   - From level 2 it is said how a person at the bedside undoes it when this program is away.
//   - Whatever state an action is in, lifting it at the bedside is allowed in one step.
package ladder
