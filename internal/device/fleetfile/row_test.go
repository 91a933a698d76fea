package fleetfile_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/internal/device/fleetfile"
	"triward/internal/problem"
	"triward/internal/product"
)

func TestFaultsNameRowAndColumn(t *testing.T) {
	rows, faults := fleetfile.Parse("f.csv", strings.NewReader("asset tag;mac;ip;in use;manufactured;safety class\nA;zz;;;;\nB;;10.0.0.300;maybe;03/04/2020;deadly\n;;;yes;;\nC;00:1b:c5:00:00:01;\nD;;;;2021-02;\n"))
	want := []problem.Fault{
		{Path: "row 5", Reason: "has 3 cells where the header has 6"},
		{Path: "row 2, column mac", Reason: `"zz" is not a MAC address of one device`},
		{Path: "row 3, column ip", Reason: `"10.0.0.300" is not an IP address of one device`},
		{Path: "row 3, column in use", Reason: `"maybe" is not one of yes, no, unknown`},
		{Path: "row 3, column manufactured", Reason: `"03/04/2020" is not a date that has one reading: write YYYY-MM-DD`},
		{Path: "row 3, column safety class", Reason: `"deadly": must be one of life_sustaining, life_supporting, therapeutic, diagnostic, monitoring, other, unknown`},
		{Path: "row 4", Reason: "names no device: it has no asset tag, serial number, UDI or network identity"},
	}
	if d := cmp.Diff(want, faults); d != "" {
		t.Errorf("faults (-want +got):\n%s", d)
	}
	if len(rows) != 1 || rows[0].AssetTag != "D" || product.Day(rows[0].Manufactured) != "2021-02-01" {
		t.Errorf("rows = %+v", rows)
	}
}

func TestNetBoxHeaders(t *testing.T) {
	rows, faults := fleetfile.Parse("netbox.csv", strings.NewReader(`name,status,role,manufacturer,device_type,serial,asset_tag,site,location,primary_ip4,primary_ip6,Infusion pumps
pump-01,Active,Medical,Nordlicht,Pulsar 3,S1,BM-1,North,ICU,10.0.0.1/24,2001:db8::1/64,x
Bedside 4 (left),Offline,Medical,Nordlicht,Pulsar 3,S2,,North,ICU,,,
`))
	if len(faults) > 0 || len(rows) != 2 {
		t.Fatalf("%v %v", rows, faults)
	}
	want := fleetfile.Row{Line: 2, AssetTag: "BM-1", Vendor: "Nordlicht", Model: "Pulsar 3", Serial: "S1", IP: []string{"10.0.0.1", "2001:db8::1"}, Hostname: []string{"pump-01"},
		Site: "North", Location: "ICU", InUse: product.Yes, PatientData: product.NotKnown, Class: product.ClassNotKnown,
		Facts: []fleetfile.Fact{{Name: "role", Value: "Medical"}, {Name: "Infusion pumps", Value: "x"}}}
	if d := cmp.Diff(want, rows[0]); d != "" {
		t.Error(d)
	}
	if rows[1].InUse != product.No || rows[1].Facts[0] != (fleetfile.Fact{Name: "name", Value: "Bedside 4 (left)"}) {
		t.Errorf("%+v", rows[1])
	}
}

func TestUDIOfARow(t *testing.T) {
	rows, faults := fleetfile.Parse("f.csv", strings.NewReader("asset_tag,udi,serial\nA,0100844588018923\x1d2112,12\nB,(01)00844588018924,\nC,(01)00844588018923(21)12,13\n"))
	if len(rows) != 1 || rows[0].DI != "00844588018923" || len(faults) != 3 || faults[0].Path != "row 3, column udi" ||
		faults[2].Reason != `the serial number is "13" in its column and "12" in the UDI` {
		t.Errorf("%+v %v", rows, faults)
	}
}
