// Package disclosure keeps how a weakness of a product that an incident revealed is told: the coordinated disclosure of the
// CERT/CC protocol Vultron (reference incidents.md 4.2), as three machines that run side by side.
//
// Invariants:
//   - Report management, embargo and case each move along one table (machine.go); what is not in it is no move. Every move
//     has a reason and is an entry of the journal.
//   - The bits of a case never go back, not even when what set one proves wrong: the journal then says why. A fix is ready only
//     where the vendor is aware, deployed only where it is ready. A public exploit makes the weakness public, and what is
//     public is known to the vendor (Vultron: those states do not last).
//   - What is public, exploited in public or attacked is under no embargo: one in force is exited, one that is proposed is
//     over, and none can be proposed. An embargo that was exited never begins again.
//   - An embargo in force has an end. It is exited by itself then, also after the program was away (see [Desk.EndDue]).
//   - Who may be told is said in one place, the disclosure of the incident ([incident.Incident.Reach]). The machines here
//     only push it forward, in the transaction that moves them: an embargo in force makes it at least embargoed; without one,
//     a public weakness makes it public. While an embargo is in force nobody makes it public by hand ([InForce]).
//   - That attacks were observed (bit A) comes from layer 3: the follower sets it when a weakness is seen exploited in any
//     real incident; a disclosure that is opened later has it from the beginning. An exercise neither gives nor takes it.
package disclosure
