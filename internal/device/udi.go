package device

import (
	"strings"

	"triward/internal/device/fleetfile"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/udi"
)

// readUDI fills what the label says and the record does not; a label that cannot be read stays for Validate to refuse.
func (d *Device) readUDI() {
	u, err := udi.Parse(d.UDI)
	if d.UDI == "" || err != nil {
		return
	}
	if d.DI == "" {
		d.DI = u.DI
	}
	if d.Serial == "" {
		d.Serial = u.Serial
	}
	if d.Lot == "" {
		d.Lot = u.Lot
	}
	if d.Manufactured.IsZero() {
		d.Manufactured = fleetfile.LabelDate(u.Manufactured)
	}
}

func (d Device) validateUDI(l *problem.List) {
	if d.UDI == "" {
		return
	}
	product.Text(l, "udi", strings.ReplaceAll(d.UDI, fleetfile.Separator, ""), fleetfile.MaxUDI)
	u, err := udi.Parse(d.UDI)
	for _, f := range problem.FaultsOf(err) {
		l.Add("udi", "%s", f)
	}
	if err == nil && d.DI != "" && u.DI != "" && d.DI != u.DI {
		l.Add("di", "is %q, but the UDI says %q", d.DI, u.DI)
	}
}
