package device_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"triward/internal/device"
	"triward/internal/store"
	"triward/internal/testdb"
)

func TestExportIsNeutralAndImportsAgain(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		f := device.Fleet{DB: db}
		text := "asset_tag,serial,vendor,model,version,site,location,mac,ip,udi,note,connectivity,safety class\n"
		for i := range 603 {
			text += fmt.Sprintf("T%d,S%d,%s,v-%d,1.%d,\"North, old\",W%d,02:00:00:00:%02x:%02x,10.0.%d.%d,,\"=cmd|' /C calc'!A0\",wireless;internet,monitoring\n", i, i, []string{"Vela", "VELA Inc."}[i%2], i%5, i%3, i%4, i>>8, i&255, i>>8, i&255)
		}
		text += "-T,+1,@V,\"M \"\"x\"\"\",,,,,,(01)00844588018923(11)141231(10)A213B1(21)1234,line\n"
		text = strings.TrimSuffix(text, "\n") + ",,\n"
		if _, err := f.Import(ctx, upload(t, strings.Replace(text, ",+1,", ",,", 1))); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		view(t, db, func(r store.Reader) error { return device.ExportCSV(ctx, r, device.Query{}, &out) })
		cells, err := csv.NewReader(bytes.NewReader(out.Bytes())).ReadAll()
		if err != nil || len(cells) != 605 {
			t.Fatalf("%d rows, %v", len(cells), err)
		}
		for _, row := range cells {
			for _, c := range row {
				if c != "" && strings.ContainsAny(c[:1], "=+-@\t\r") {
					t.Fatalf("the cell %q would run", c)
				}
			}
		}
		imp, err := f.Import(ctx, upload(t, out.String()))
		if err != nil || imp.Same != 604 {
			t.Errorf("import of the export = %+v, %v", imp, err)
		}
		view(t, db, func(r store.Reader) error {
			var js bytes.Buffer
			if err := device.ExportJSON(ctx, r, device.Query{Prefix: "-t"}, &js); err != nil {
				return err
			}
			var ds []device.Exported
			if err := json.Unmarshal(js.Bytes(), &ds); err != nil || len(ds) != 1 {
				t.Fatalf("%s, %v", js.String(), err)
			}
			if d := ds[0]; d.DI != "00844588018923" || d.Serial != "1234" || d.Lot != "A213B1" || d.Manufactured != "2014-12-31" || d.Facts["note"] != "line" {
				t.Errorf("device = %+v", d)
			}
			js.Reset()
			err := device.ExportJSON(ctx, r, device.Query{Ward: "nowhere"}, &js)
			if js.String() != "[]\n" {
				t.Errorf("empty export = %q", js.String())
			}
			return err
		})
	})
}
