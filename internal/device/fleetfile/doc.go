// Package fleetfile reads descriptions of a fleet: delimited text as spreadsheets and inventories write it, and FHIR R4
// Device resources. It knows no database.
//
// Invariants:
//   - A file has limits ([MaxFileBytes], [MaxRows], [MaxColumns], [MaxCellBytes]); what exceeds them is refused.
//   - A row is read whole or not at all. Each fault names its row and column, or its resource; no row is dropped without one.
//   - Columns that no field stands for are kept as facts under their own names.
//   - Every row names its device: by asset tag, serial number, UDI or a name on the network, in its canonical form
//     (package network).
package fleetfile
