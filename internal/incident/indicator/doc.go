// Package indicator reads what the other side is recognised by, and says where it can stand: in events and in the fleet.
//
// There is one way to read an indicator and one list of places to look in, so that every question about it in an incident gets
// the same answer.
package indicator
