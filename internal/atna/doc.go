// Package atna reads audit messages of DICOM PS3.15 A.5 (IHE ATNA) and of their older form, RFC 3881.
//
// Bytes in, facts out. The scanner knows the schema, so that a message costs a few microseconds: strings are parts of
// the input, and a [Message] that is used again costs no allocation unless the text holds entities. Invariants:
//   - Codes are read under both spellings: csd-code, originalText, codeSystemName (DICOM) and code, displayName,
//     codeSystem (RFC 3881); names with a namespace prefix count as without one.
//   - Values stay as written: times, outcomes and base64 are not interpreted here.
//   - What the schema does not know is passed over. What is not well-formed XML is an error with its place.
//   - Document types are refused: an entity of the sender's own never expands.
//   - Depth, elements and bytes are bounded.
package atna
