// Package rendition makes the forms of a revision that people read: an HTML page, a PDF and a DOCX, and seals the PDF.
//
// Invariants:
//   - The HTML page is whole: it loads nothing, runs nothing, and its bytes are what is displayed and what is signed.
//   - The same sheet gives the same bytes, in every form.
//   - Every page of every form carries code, title, revision, state and effective date; a state other than effective is
//     written across it.
//   - A signature is shown by the same words in every form (21 CFR 11.50).
//   - A sealed file is sealed once, after the last signature; a change of any byte is seen.
package rendition
