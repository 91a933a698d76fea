package device

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"triward/internal/product"
	"triward/internal/store"
)

// exportPage is how many devices one snapshot reads: an export of a large fleet keeps no snapshot open for long.
const exportPage = 500

// Export calls fn with every device that a query chooses, whole, in the query's order and within the actor's scope. After
// and Limit of the query are not looked at. Devices that change meanwhile are given as they are when their page is read.
func Export(ctx context.Context, db *store.DB, q Query, fn func(Device) error) error {
	q.After, q.Limit = "", exportPage
	for {
		var found []Device
		err := db.View(ctx, func(r store.Reader) error {
			places, p, err := page(ctx, r, q)
			if err != nil {
				return err
			}
			ids := make([]ID, len(places))
			for i, x := range places {
				ids[i] = x.id
			}
			all, err := load(ctx, r, ids)
			if err != nil {
				return err
			}
			at := make(map[ID]Device, len(all))
			for _, d := range all {
				at[d.ID] = d
			}
			found = found[:0]
			for _, id := range ids {
				found = append(found, at[id])
			}
			q.After = p.Next
			return nil
		})
		if err != nil {
			return fmt.Errorf("export devices: %w", err)
		}
		for _, d := range found {
			if err := fn(d); err != nil {
				return err
			}
		}
		if q.After == "" {
			return nil
		}
	}
}

// exportFields are the columns of an exported fleet file, named so that it can be imported again.
var exportFields = []Field{FieldTag, FieldVendor, FieldModel, FieldVersion, FieldSerial, FieldLot, FieldManufactured, FieldUDI, FieldIP, FieldMAC,
	FieldHostname, FieldAETitle, FieldSite, FieldLocation, FieldZone, FieldConnectivity, FieldPatientData, FieldInUse, FieldClass, FieldClinicalOwner,
	FieldITOwner}

// ExportCSV writes devices as a fleet file (RFC 4180) with the columns that an import reads, and in the last one their other facts as
// "name=value; …". A cell that a spreadsheet would run as a formula is written with an apostrophe before it.
func ExportCSV(ctx context.Context, db *store.DB, q Query, w io.Writer) error {
	names, err := exportNames(ctx, db)
	if err != nil {
		return fmt.Errorf("export devices: %w", err)
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	header := make([]string, 0, len(exportFields)+3)
	header = append(header, "id", "state")
	for _, f := range exportFields {
		header = append(header, string(f))
	}
	if err := out.Write(append(header, "facts")); err != nil {
		return err
	}
	err = Export(ctx, db, q, func(d Device) error {
		cells := names.cells(d)
		for i, c := range cells {
			cells[i] = product.Cell(c)
		}
		return out.Write(cells)
	})
	if err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

// modelNames are what an export says of models: their manufacturer and their own name.
type modelNames struct {
	model   map[product.ModelID][2]string
	release map[product.ReleaseID]string
}

func exportNames(ctx context.Context, db *store.DB) (modelNames, error) {
	n := modelNames{map[product.ModelID][2]string{}, map[product.ReleaseID]string{}}
	err := db.View(ctx, func(r store.Reader) error {
		_, err := store.All(ctx, r, func(s store.Scanner) (struct{}, error) {
			var id product.ModelID
			var v [2]string
			err := s.Scan(&id, &v[0], &v[1])
			n.model[id] = v
			return struct{}{}, err
		}, `SELECT m.id, f.name, m.name FROM model m JOIN manufacturer f ON f.id = m.manufacturer_id`)
		if err != nil {
			return err
		}
		_, err = store.All(ctx, r, func(s store.Scanner) (struct{}, error) {
			var id product.ReleaseID
			var v string
			err := s.Scan(&id, &v)
			n.release[id] = v
			return struct{}{}, err
		}, `SELECT id, version FROM product_release`)
		return err
	})
	return n, err
}

func (n modelNames) cells(d Device) []string {
	vendor, model, version := d.RawVendor, d.RawModel, d.RawVersion
	if m, ok := n.model[d.Model]; ok {
		vendor, model = m[0], m[1]
	}
	if v := n.release[d.Release]; v != "" {
		version = v
	}
	facts := make([]string, len(d.Values))
	for i, v := range d.Values {
		facts[i] = v.Name + "=" + v.Value
	}
	now := func(k IdentityKind) string { return strings.Join(d.Current(k), "; ") }
	return []string{string(d.ID), string(d.State), d.AssetTag, vendor, model, version, d.Serial, d.Lot, product.Day(d.Manufactured), d.UDI, now(IP), now(MAC),
		now(Hostname), now(AETitle), d.SiteName, d.Ward, d.Zone, strings.ReplaceAll(joinWays(d.Connectivity), ",", "; "), string(d.PatientData),
		string(d.InUse), string(d.Class), d.ClinicalOwner, d.ITOwner, strings.Join(facts, "; ")}
}
