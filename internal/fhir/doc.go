// Package fhir reads devices and audit events from HL7 FHIR R4 (4.0.1): one resource, a Bundle of resources, or
// newline-delimited JSON (one resource a line, as bulk export gives).
//
// Bytes in, facts out; nothing is looked up. Invariants:
//   - Every Device of the input comes out; a resource of another type is counted in Result.Skipped, and a reference to
//     a Location, Organization or Patient is kept as written, with the name when the same Bundle holds the resource.
//   - Of devices, patients are never kept: only that a device is assigned to one. An audit event says whose record was
//     used; the caller replaces that before it is kept.
//   - A fault names the resource by JSON pointer (and line, in NDJSON) and never hides the other devices.
//   - Size, depth and number of resources are bounded by [Limits].
package fhir
