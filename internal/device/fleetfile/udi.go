package fleetfile

import (
	"time"

	"triward/internal/problem"
	"triward/internal/udi"
)

// Separator is the GS1 FNC1 as scanners send it; the only control character that a carrier has.
const Separator = "\x1d"

// udi reads the label: its check digits are verified, and what it says stands in for columns that are empty.
func (p *rowParser) udi(row *Row, s string) {
	if Blank(s) {
		return
	}
	u, err := udi.Parse(s)
	for _, f := range problem.FaultsOf(err) {
		p.fault("%s", f)
	}
	if err != nil {
		return
	}
	row.UDI, row.DI, p.label = s, u.DI, u
}

// fromLabel compares what the UDI says with the other columns and fills those that are empty.
func (p *rowParser) fromLabel(row *Row) {
	u := p.label
	if a, b := Mark(row.Serial), Mark(u.Serial); a != "" && b != "" && a != b {
		p.fault("the serial number is %q in its column and %q in the UDI", row.Serial, u.Serial)
	}
	if row.Serial == "" {
		row.Serial = u.Serial
	}
	if row.Lot == "" {
		row.Lot = u.Lot
	}
	if row.Version == "" {
		row.Version = u.Software
	}
	if row.Manufactured.IsZero() {
		row.Manufactured = LabelDate(u.Manufactured)
	}
}

// LabelDate is a date of a label; without a day it is the last of its month (GS1 General Specifications 3.4).
func LabelDate(d udi.Date) time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	d = d.LastDay()
	return time.Date(d.Year, time.Month(d.Month), d.Day, 0, 0, 0, 0, time.UTC)
}
