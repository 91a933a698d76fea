// Package device keeps the fleet: which devices there are, where, how they are connected and under which names they are
// known. Package fleetfile below it reads fleet files, package network holds the vocabulary of names and connections; both know
// no database.
//
// Invariants:
//   - One device known under several names is one record. Names are compared in a fixed order ([Resolve]): UDI with serial
//     number, manufacturer with model and serial number, site with asset tag, MAC address. Names that contradict each other
//     (one MAC address, two serial numbers) are reported and never merged in silence; [Fleet.Merge] is a person's decision,
//     and what was merged stays readable.
//   - Network identities are intervals: an address that moved to another device still says who had it when.
//   - What is not known is said to be unknown. Texts as imported are kept beside what they were resolved to.
//   - Every change is in the journal with the fields before and after, with the site and the model, so that a role may be
//     limited to sites or products.
//   - An import is refused, or acknowledged as a whole and then finished, also after a crash ([Fleet.Resume]).
//     Importing the same file again changes nothing.
//   - device.safety_class, device.sort_… , device_key, device_term and device_count follow from the rest; [ClassFollower]
//     keeps those that depend on sites and models.
package device
