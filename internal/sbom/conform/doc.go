// Package conform judges whether an SBOM file keeps to the model of its format.
//
// It holds the trees that JSON and XML files are parsed into ([Node]), the object models of CycloneDX 1.0 to 1.7 and
// SPDX 2.1 to 3.0 as tables (model_*.go), and the walk that compares the two ([Judge]). The tables are written from the
// published specifications and proved against CycloneDX's own valid and invalid cases.
//
// Invariants:
//   - Every fault names its place: JSON pointer (RFC 6901), XML path with positions from 1, or line of a tag-value file.
//   - Faults make a file invalid; warnings are what is allowed but probably not meant. Both are bounded in number.
//   - A tree is only as deep as the caller allows, and a document type declaration is refused, so no entity expands.
//
// Known limits: the order of XML elements is not judged; in XML the parts of CycloneDX beside the bill of materials
// itself (formulation, declarations, definitions, model cards, cryptography, patents) are not judged; signatures are
// not verified; SPDX 3.0 is judged for identity, creation, references and the required properties of its main classes.
package conform
