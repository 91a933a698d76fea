// Package content holds data that was written for Triward and is built into the program.
//
// demo/ is the demonstration: an invented hospital, invented makers, their advisories, software lists and feeds. No maker,
// product or weakness in it is real, except the open-source components in the software lists and what is published about
// them. A date is written as @-12@ (twelve days before the demonstration was made) or @-12T09:00@ or @-12T09:00:30@ (an
// instant, UTC), so that the demonstration is of today whenever it is made. Files of feeds lie in the folder of the day on
// which they appear. demo/events/ holds attacks on the hospital as raw records, and scenarios.yaml what must come of them.
//
// clauses/ holds the clause sets: for each edition of a law, standard or guidance the numbers of its clauses with short
// titles in our own words. Never their text. They are proposals until somebody who holds the licensed text confirms them.
//
// documents/ holds the seeded hierarchy: policies, standards, procedures, work instructions and forms, one file for each, in
// the format of package document/source. A time stands in STD-08 alone. kits.yaml says which of them an organisation starts
// with, and which stand inside others in a small one; curricula.yaml says what each function must know.
//
// rules/ holds the medical rule pack: Sigma rules, one a file, in folders by what they look at; rules/tests the events that
// each must and must not fire on; rules/catalogue.yaml the catalogue that they cover, with a reason where there is no rule
// yet. A rule of level informational is a building block of correlations. attack.yaml names tactics and techniques.
//
// capture.yaml says what to capture of a device before it is switched off.
package content
