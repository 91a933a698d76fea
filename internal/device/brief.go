package device

import (
	"context"
	"time"

	"triward/internal/device/network"
	"triward/internal/product"
	"triward/internal/store"
)

// Brief is what ranking and lists of other packages need of a device.
type Brief struct {
	ID           ID
	AssetTag     string
	Serial       string
	UDI          string // as scanned or imported
	Site         SiteID
	SiteName     string
	Ward         string
	Model        product.ModelID
	ModelName    string
	Release      product.ReleaseID
	Version      string // of the release, else as imported
	Connectivity []network.Connectivity
	InUse        product.Answer
	Class        product.SafetyClass
	At           time.Time
}

// Briefs reads active devices by id, in the order of their ids; at most 1,000 at once. It checks no permission: it is for
// packages that have chosen the ids within the scope of their reader.
func Briefs(ctx context.Context, r store.Reader, ids []string) ([]Brief, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var w store.Where
	w.In("d.id", ids)
	w.And("d.state = 'active'")
	return store.All(ctx, r, func(s store.Scanner) (Brief, error) {
		var b Brief
		var ways, vendor, model, raw string
		var at int64
		err := s.Scan(&b.ID, &b.AssetTag, &b.Serial, &b.UDI, &b.Site, &b.SiteName, &b.Ward, &b.Model, &b.ModelName, &b.Release, &b.Version, &raw, &vendor, &model,
			&ways, &b.InUse, &b.Class, &at)
		b.Connectivity, b.At = network.SplitWays(ways), store.Time(at)
		if b.ModelName == "" {
			b.ModelName = joinWords(vendor, model)
		}
		if b.Version == "" {
			b.Version = raw
		}
		return b, err
	}, `SELECT d.id, d.asset_tag, d.serial, d.udi, d.site_id, coalesce(s.name, ''), d.ward, d.model_id, coalesce(f.name || ' ' || m.name, ''), d.release_id,
		coalesce(p.version, ''), d.raw_version, d.raw_vendor, d.raw_model, d.connectivity, d.in_use, d.safety_class, d.at
		FROM device d`+deviceJoins+` LEFT JOIN product_release p ON p.id = d.release_id`+w.SQL()+` ORDER BY d.id`, w.Args()...)
}

func joinWords(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " " + b
}
