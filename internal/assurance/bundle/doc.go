// Package bundle writes and checks the archive that answers an inquiry. It needs no database and no network.
//
// A bundle is a ZIP archive (APPNOTE 6.3.10) in one canonical form: entries sorted by name, stored without compression,
// all with the same date, no comments, no extra fields. So the same contents are the same bytes, any program can unpack
// them, and whoever checks one rebuilds every byte of the archive's structure from the contents.
//
// Invariants:
//   - Every file but manifest.json and its envelope is named in the manifest with size and SHA-256.
//   - The manifest counts the records of each kind, and the writer refuses counts that do not agree with those that the
//     caller got elsewhere.
//   - The manifest is signed (DSSE, Ed25519) with the key that signs the journal's checkpoints.
//   - Every proof is of the one checkpoint in checkpoint.txt.
//   - What is removed leaves a salted commitment: nobody learns the text by guessing, and nobody can later show another.
//   - Whatever is wrong with a bundle is named: which file, which part of the archive.
package bundle
