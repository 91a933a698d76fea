package device

import "strings"

// udi keeps what the label says.
func (p *rowParser) udi(row *Row, s string) {
	if Blank(s) {
		return
	}
	row.UDI = s
	if digits := strings.Trim(s, "0123456789") == ""; digits && len(s) == 14 {
		row.DI = s
	}
}
