package device

import (
	"context"
	"strings"

	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

// ClassFollower keeps what device rows repeat of their site and model: names to sort by and the safety class. It runs
// under the name "device.derived".
func ClassFollower() store.Follower {
	return store.Follower{
		Name:   "device.derived",
		Kinds:  []string{KindSiteChanged, product.KindModelChanged, product.KindManufacturerChanged},
		Derive: derive,
	}
}

func derive(ctx context.Context, b *store.Bulk, entries []store.Entry) error {
	done := map[string]bool{}
	for _, e := range entries {
		if done[e.Subject] {
			continue
		}
		done[e.Subject] = true
		var err error
		switch e.Kind {
		case KindSiteChanged:
			err = deriveSite(ctx, b, e.Subject)
		case product.KindModelChanged:
			err = deriveModel(ctx, b, e.Subject)
		case product.KindManufacturerChanged:
			var models []string
			models, err = store.All(ctx, b, store.Value[string], `SELECT id FROM model WHERE manufacturer_id = $1`, e.Subject)
			for _, m := range models {
				if err == nil {
					err = deriveModel(ctx, b, m)
				}
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func deriveSite(ctx context.Context, b *store.Bulk, site string) error {
	var name string
	if err := b.QueryRow(ctx, `SELECT name FROM site WHERE id = $1`, site).Scan(&name); err != nil {
		return err
	}
	_, err := b.Exec(ctx, `UPDATE device SET sort_site = $1 WHERE site_id = $2`, strings.ToLower(name), site)
	return err
}

func deriveModel(ctx context.Context, b *store.Bulk, model string) error {
	_, err := b.Exec(ctx, `UPDATE device SET sort_model = (SELECT m.sort FROM model m WHERE m.id = device.model_id),
		safety_class = CASE WHEN own_class <> 'unknown' THEN own_class ELSE (SELECT m.safety_class FROM model m WHERE m.id = device.model_id) END
		WHERE model_id = $1`, model)
	return err
}

// Count is how many active devices share a site, a model, a use and a safety class.
type Count struct {
	Site    SiteID
	Model   product.ModelID
	InUse   product.Answer
	Class   product.SafetyClass
	Devices int
}

// Counts reads how many active devices there are, for each combination, within the actor's scope. It reads counters, not
// the devices.
func Counts(ctx context.Context, r store.Reader) ([]Count, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return nil, err
	}
	var w store.Where
	w.Scope(scope, "c.site_id", "c.model_id")
	w.And("c.devices > 0")
	return store.All(ctx, r, func(s store.Scanner) (Count, error) {
		var c Count
		err := s.Scan(&c.Site, &c.Model, &c.InUse, &c.Class, &c.Devices)
		return c, err
	}, `SELECT c.site_id, c.model_id, c.in_use, CASE WHEN c.own_class <> 'unknown' THEN c.own_class ELSE coalesce(m.safety_class, 'unknown') END, c.devices
		FROM device_count c LEFT JOIN model m ON m.id = c.model_id`+w.SQL()+` ORDER BY c.site_id, c.model_id, c.in_use, c.own_class`, w.Args()...)
}

// Dimension is what devices are counted by.
type Dimension string

// The closed list of dimensions.
const (
	PerSite  Dimension = "site"
	PerModel Dimension = "model"
	PerUse   Dimension = "in_use"
	PerClass Dimension = "safety_class"
)

// Tally is how many active devices share a value of a dimension: a site's or model's id ("" for not known), an answer or a
// safety class.
type Tally struct {
	Value   string
	Devices int
}

// CountBy reads how many active devices there are for each value of a dimension within the actor's scope, most first.
func CountBy(ctx context.Context, r store.Reader, by Dimension) ([]Tally, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return nil, err
	}
	var column string
	switch by {
	case PerSite:
		column = "c.site_id"
	case PerModel:
		column = "c.model_id"
	case PerUse:
		column = "c.in_use"
	case PerClass:
		column = "CASE WHEN c.own_class <> 'unknown' THEN c.own_class ELSE coalesce(m.safety_class, 'unknown') END"
	default:
		return nil, problem.New(problem.Invalid, "%q is nothing that devices are counted by", by)
	}
	var w store.Where
	w.Scope(scope, "c.site_id", "c.model_id")
	w.And("c.devices > 0")
	return store.All(ctx, r, func(s store.Scanner) (Tally, error) {
		var t Tally
		err := s.Scan(&t.Value, &t.Devices)
		return t, err
	}, `SELECT `+column+`, CAST(sum(c.devices) AS BIGINT) FROM device_count c LEFT JOIN model m ON m.id = c.model_id`+w.SQL()+` GROUP BY 1 ORDER BY 2 DESC, 1`, w.Args()...)
}
