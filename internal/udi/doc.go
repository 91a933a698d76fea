// Package udi reads Unique Device Identifiers as they stand on labels and in barcodes.
//
// It knows the three issuing agencies of 21 CFR 830: GS1 (General Specifications: element strings with FNC1 or
// human-readable parentheses), HIBCC (ANSI/HIBC 2.6: primary and secondary data, mod 43) and ICCBBA (ISBT 128 data
// structures), and the bare device identifiers that registries list.
//
// Invariants:
//   - Check characters are verified; a wrong one is a fault that says which was found and which is right.
//   - Every fault names its place as "character N", counted from 1 in the text given, and all faults are reported.
//   - What was read stands in the result also when there are faults, so that a person can see it.
//   - Two-digit years from 80 mean 19xx and all others 20xx: no device with a UDI is older.
package udi
