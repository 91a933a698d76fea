// Package validation keeps what shows that this installation is fit for its use (21 CFR 11.10(a), ISO 13485:2016 4.1.6): what
// it consists of, what changed since it was validated last, which checks ran on it and what they found, and who signed.
//
// A report is one qualification of this installation, in the parts that auditors know: installation (IQ), operation (OQ) and
// performance (PQ). What differs from the report that was approved last is its delta.
//
// Invariants:
//   - A report is never changed. Its digest is in the journal and in every signature on it; a stored text that does not have
//     it is not shown.
//   - The outcome of a check is what was observed on this installation, then. A check that could not run is not passed.
//   - Two people sign: who verified the checks, and who releases the installation for use. Only the newest report can be
//     released.
package validation
