// Package hindsight looks back when something new is known: were we hit before we knew? It does so by itself for each new
// or changed rule and for the advisories that changed last.
//
// What is looked for, over the days that [Desk.Back] names:
//
//   - A rule is tried on the kept events (package replay), and the result stays with it.
//   - An advisory is searched by what it names: events that name one of its CVE ids, as scanners and intrusion detection
//     write them; events with an address, a name or a digest that the advisory gives as an indicator; and what rules fire
//     that are tagged with one of its CVE ids ("cve.2019-11687").
//
// An indicator is what the text marks as one, so that the maker's own web site is none: an address or a name that is
// written with brackets ("203.0.113[.]40"), an address right behind the word "IP" or "address", a digest in hexadecimal.
// Private addresses are none.
//
// Invariants:
//   - A find raises one alert for an advisory. Finding nothing is kept too, with the times in which nothing could be seen.
//   - An advisory is looked up once for each of its texts, a rule once for each of its texts.
package hindsight
