// Package fhir reads devices from HL7 FHIR R4 (4.0.1): a Device resource, a Bundle of resources, or newline-delimited
// JSON (one resource a line, as bulk export gives).
//
// Bytes in, facts out; nothing is looked up. Invariants:
//   - Every Device of the input comes out; a resource of another type is counted in Result.Skipped, and a reference to
//     a Location, Organization or Patient is kept as written, with the name when the same Bundle holds the resource.
//   - Patients are never kept: only that a device is assigned to one.
//   - A fault names the resource by JSON pointer (and line, in NDJSON) and never hides the other devices.
//   - Size, depth and number of resources are bounded by [Limits].
package fhir
