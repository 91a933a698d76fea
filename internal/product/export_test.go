package product_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"testing"
	"time"

	"triward/internal/product"
	"triward/internal/sbom"
	"triward/internal/store"
	"triward/internal/testdb"
)

func TestExport(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		c := product.Catalog{DB: db}
		maker, id := addPump(t, c)
		must[product.ModelID](t)(c.AddModel(ctx, product.Model{Manufacturer: maker, Name: "=2+3"}))
		rel := must[product.ReleaseID](t)(c.AddRelease(ctx, product.Release{Model: id, Version: "-1", Released: time.Date(2024, 2, 3, 0, 0, 0, 0, time.UTC)}))
		sid := must[string](t)(c.AttachSBOM(ctx, rel, sbom.Document{Format: sbom.SPDXJSON, Components: []sbom.Component{{Ref: "a", Name: "@types/node"}}}, []byte("x")))
		must[string](t)(c.RecordFact(ctx, product.Fact{Model: id, Release: rel, Part: product.Part{Kind: product.Firmware, Product: "bios", Source: "x", Confidence: product.Assumed}}))
		view(t, db, func(r store.Reader) error {
			var out bytes.Buffer
			if err := product.ExportCSV(ctx, r, &out); err != nil {
				return err
			}
			rows, err := csv.NewReader(&out).ReadAll()
			if err != nil || len(rows) != 3 || rows[1][2] != "'=2+3" || rows[2][10] != "'-1" || rows[2][7] != "dose (catastrophic);log (negligible)" || rows[2][15] != "1" {
				t.Errorf("rows = %q, %v", rows, err)
			}
			out.Reset()
			if err := product.ExportJSON(ctx, r, &out); err != nil {
				return err
			}
			var all []product.Exported
			if err := json.Unmarshal(out.Bytes(), &all); err != nil || len(all) != 2 || len(all[1].Releases) != 1 || len(all[1].Releases[0].Facts) != 1 ||
				all[1].Releases[0].SBOM.ID != sid || len(all[1].Facts) != 0 {
				t.Errorf("json = %s, %v", out.String(), err)
			}
			out.Reset()
			err = product.ExportComponentsCSV(ctx, r, sid, &out)
			if rows, _ := csv.NewReader(&out).ReadAll(); len(rows) != 2 || rows[1][4] != "'@types/node" {
				t.Errorf("components = %q", rows)
			}
			return err
		})
	})
}
