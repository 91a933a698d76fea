package device

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"triward/internal/device/network"
	"triward/internal/product"
	"triward/internal/store"
)

const deviceColumns = `d.id, d.state, d.site_id, coalesce(s.name, ''), d.ward, d.asset_tag, d.serial, d.lot, d.manufactured, d.udi, d.di, d.model_id,
	coalesce(f.name, ''), coalesce(f.name || ' ' || m.name, ''), d.release_id, d.raw_vendor, d.raw_model, d.raw_version, d.zone, d.connectivity, d.patient_data, d.in_use,
	d.own_class, d.safety_class, d.clinical_owner, d.it_owner, d.at, d.changed, d.merged_into`

const deviceJoins = ` LEFT JOIN site s ON s.id = d.site_id LEFT JOIN model m ON m.id = d.model_id LEFT JOIN manufacturer f ON f.id = m.manufacturer_id`

func scanDevice(s store.Scanner) (Device, error) {
	var d Device
	var made, at, changed int64
	var ways string
	err := s.Scan(&d.ID, &d.State, &d.Site, &d.SiteName, &d.Ward, &d.AssetTag, &d.Serial, &d.Lot, &made, &d.UDI, &d.DI, &d.Model, &d.Maker, &d.ModelName,
		&d.Release, &d.RawVendor, &d.RawModel, &d.RawVersion, &d.Zone, &ways, &d.PatientData, &d.InUse, &d.OwnClass, &d.Class, &d.ClinicalOwner,
		&d.ITOwner, &at, &changed, &d.MergedInto)
	d.Manufactured, d.At, d.Changed, d.Connectivity = store.Time(made), store.Time(at), store.Time(changed), network.SplitWays(ways)
	if d.Model == "" {
		d.ModelName = strings.TrimSpace(d.RawVendor + " " + d.RawModel)
	}
	return d, err
}

// load reads whole records, in the order of their ids. Ids without a record are left out.
func load(ctx context.Context, r store.Reader, ids []ID) ([]Device, error) {
	var out []Device
	for part := range slices.Chunk(ids, valuesPerStatement) {
		names := make([]string, len(part))
		for i, id := range part {
			names[i] = string(id)
		}
		var w store.Where
		w.In("d.id", names)
		some, err := store.All(ctx, r, scanDevice, `SELECT `+deviceColumns+` FROM device d`+deviceJoins+w.SQL()+` ORDER BY d.id`, w.Args()...)
		if err != nil {
			return nil, err
		}
		if err := fill(ctx, r, some, names); err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	return out, nil
}

// fill reads the identities and values of devices.
func fill(ctx context.Context, r store.Reader, ds []Device, names []string) error {
	at := make(map[ID]*Device, len(ds))
	for i := range ds {
		at[ds[i].ID] = &ds[i]
	}
	var w store.Where
	w.In("device_id", names)
	_, err := store.All(ctx, r, func(s store.Scanner) (struct{}, error) {
		var id ID
		var n Identity
		var since, until int64
		err := s.Scan(&id, &n.Kind, &n.Value, &since, &until, &n.Source)
		n.Since, n.Until = store.Time(since), store.Time(until)
		if d := at[id]; d != nil {
			d.Identities = append(d.Identities, n)
		}
		return struct{}{}, err
	}, `SELECT device_id, kind, value, since, until, source FROM device_identity`+w.SQL()+` ORDER BY device_id, kind, since, value`, w.Args()...)
	if err != nil {
		return err
	}
	_, err = store.All(ctx, r, func(s store.Scanner) (struct{}, error) {
		var id ID
		var v Value
		err := s.Scan(&id, &v.Name, &v.Value)
		if d := at[id]; d != nil {
			d.Values = append(d.Values, v)
		}
		return struct{}{}, err
	}, `SELECT device_id, name, value FROM device_value`+w.SQL()+` ORDER BY device_id, name`, w.Args()...)
	return err
}

// valuesPerStatement is where longer statements stop paying: shorter ones of equal length are prepared once and used again.
const valuesPerStatement = 150

// target is where rows go: a table, its columns, and what follows the values (ON CONFLICT …).
type target struct {
	table   string
	columns []string
	suffix  string
}

// insert writes rows with few statements.
func insert(ctx context.Context, tx *store.Tx, to target, rows [][]any) error {
	for part := range slices.Chunk(rows, max(1, valuesPerStatement/len(to.columns))) {
		var q strings.Builder
		q.WriteString("INSERT INTO " + to.table + " (" + strings.Join(to.columns, ", ") + ") VALUES ")
		args := make([]any, 0, len(part)*len(to.columns))
		for i, row := range part {
			if i > 0 {
				q.WriteString(", ")
			}
			for j := range row {
				q.WriteString([]string{"($", ", $"}[min(j, 1)])
				q.WriteString(strconv.Itoa(len(args) + j + 1))
			}
			q.WriteString(")")
			args = append(args, row...)
		}
		q.WriteString(to.suffix)
		if _, err := tx.Exec(ctx, q.String(), args...); err != nil {
			return err
		}
	}
	return nil
}

// drop deletes the rows of devices from a table that hangs on them.
func drop(ctx context.Context, tx *store.Tx, from string, ids []string) error {
	for part := range slices.Chunk(ids, valuesPerStatement) {
		var w store.Where
		w.In("device_id", part)
		if _, err := tx.Exec(ctx, `DELETE FROM `+from+w.SQL(), w.Args()...); err != nil {
			return err
		}
	}
	return nil
}

// derived is what a device row repeats from its site and model.
type derived struct {
	model string // to sort by
	class product.SafetyClass
}

// derivedOf looks up what device rows repeat of sites and models.
func derivedOf(ctx context.Context, r store.Reader, ds []Device) (map[SiteID]string, map[product.ModelID]derived, error) {
	sites, models := map[SiteID]string{}, map[product.ModelID]derived{}
	var siteIDs, modelIDs []string
	for _, d := range ds {
		siteIDs, modelIDs = append(siteIDs, string(d.Site)), append(modelIDs, string(d.Model))
	}
	for part := range slices.Chunk(distinct(siteIDs), valuesPerStatement) {
		var w store.Where
		w.In("id", part)
		found, err := store.All(ctx, r, scanSite, `SELECT id, name FROM site`+w.SQL(), w.Args()...)
		if err != nil {
			return nil, nil, err
		}
		for _, s := range found {
			sites[s.ID] = strings.ToLower(s.Name)
		}
	}
	for part := range slices.Chunk(distinct(modelIDs), valuesPerStatement) {
		var w store.Where
		w.In("id", part)
		_, err := store.All(ctx, r, func(s store.Scanner) (struct{}, error) {
			var id product.ModelID
			var v derived
			err := s.Scan(&id, &v.model, &v.class)
			models[id] = v
			return struct{}{}, err
		}, `SELECT id, sort, safety_class FROM model`+w.SQL(), w.Args()...)
		if err != nil {
			return nil, nil, err
		}
	}
	return sites, models, nil
}

// distinct sorts names and drops repeated and empty ones.
func distinct(names []string) []string {
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) > 0 && names[0] == "" {
		names = names[1:]
	}
	return names
}

func scanSite(s store.Scanner) (Site, error) {
	var v Site
	err := s.Scan(&v.ID, &v.Name)
	return v, err
}

// sortTag is the text by which devices are ordered: the asset tag, and after all tags what else names a device.
func (d Device) sortTag() string {
	if d.AssetTag != "" {
		return strings.ToLower(d.AssetTag)
	}
	for _, s := range append([]string{d.Serial}, d.terms()...) {
		if s != "" {
			return "~" + strings.ToLower(s)
		}
	}
	return "~"
}
