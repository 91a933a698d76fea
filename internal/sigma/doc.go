// Package sigma reads Sigma rules, version 2.1 (https://github.com/SigmaHQ/sigma-specification): detection rules,
// correlations and filters. Package engine matches events with them; package correlate follows correlations.
//
// What is not fully understood is an error with file and line. Nothing is left out silently: an unknown modifier, a
// combination of modifiers without meaning, a regular expression outside of RE2, an aggregation behind a pipe and a
// timeframe of Sigma 1, a placeholder without values. Keys of a document's head that Sigma does not define are notes of
// the author's and do not matter.
//
// # What a rule means
//
// The specification leaves open what follows. These are our decisions; the interpreter in sigmatest is written from
// them alone, and the engine has to agree with it.
//
// Fields. A field's values come from the first of these that has the name: the fields that the caller normalised; the
// members of the record, at the top or flattened with dots; the members inside of a container that shippers of Windows
// events use, or another name that they use (engine.SourceOf and the tables beside it). A list gives several values, and
// so does a name that stands there twice; objects in a list give theirs under the same name. Names are told apart by the
// case of letters.
//
// Values. Text is compared without regard to the case of letters, by the simple lower case of Unicode; with "cased" as
// it is. Numbers, true and false are compared as the text that stands in the record; lt, lte, gt and gte compare them as
// numbers, and a value that is none does not match. null is no value.
//
// Several values. A comparison holds for a field when it holds for one of its values. With "all" each wanted value has
// to be in one of them.
//
// Absent and empty. Collectors drop empty fields, so for an event of the rule's own log source a field without a value
// reads as the empty text wherever text is compared, and null and the empty text are the same. Where rules are tried on
// events of any log source (engine.Options.Everywhere), an absent field matches null only. In both cases a lone * wants
// a value, though it may be empty; numbers, networks, times and references do not match what is absent; exists asks for
// the name alone, so that null and the empty text exist.
//
// Not. The condition "not" turns the result around, also for absent fields: "not selection" holds where the field of the
// selection is absent. neq is "not" of the comparison, so it holds for an absent field.
//
// Wildcards. * is any text and ? one character. \* \? and \\ are the characters themselves; a backslash before anything
// else is a backslash. startswith, endswith and contains put a * at the end, at the beginning and at both.
//
// Regular expressions match anywhere in the first 64 KiB of a value, as it is. i, m and s are the flags of RE2.
//
// windash replaces each dash that begins a word (not preceded by a letter, digit or underscore, and followed by one) by
// each of - / – — ―, in every combination, for at most four in one value.
//
// utf16le, wide, utf16be and utf16 (little endian with the byte order mark) make bytes, which base64 and base64offset
// write as text. base64offset makes three texts, with the characters cut off that depend on the bytes around.
//
// cidr takes networks of IPv4 and IPv6; IPv4 inside of IPv6 counts as IPv4. minute, hour, day, week (ISO 8601), month
// and year take the part of an instant in UTC, alone (equal) or with lt, lte, gt, gte.
//
// Keywords are looked for in each value of the record, not across values; in a record that is not JSON, in the whole
// text.
//
// Conditions. not binds closer than and, and closer than or. "1 of", "any of" and "all of" take a name with * or "them";
// names with a leading underscore only when the pattern has it too. Several conditions are joined by or.
//
// Filters. A filter's condition has to hold besides the rule's: write "not selection" to take something out.
//
// Log sources. A rule is tried on events that belong to a log source with each part that the rule names. An event may
// belong to several.
package sigma
