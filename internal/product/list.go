package product

import (
	"context"
	"strings"

	"triward/internal/store"
)

// Get reads a model.
func Get(ctx context.Context, r store.Reader, m ModelID) (Model, error) {
	if err := mayRead(ctx, m); err != nil {
		return Model{}, err
	}
	return model(ctx, r, m)
}

// GetManufacturer reads a manufacturer; whoever may read any product may read it.
func GetManufacturer(ctx context.Context, r store.Reader, m ManufacturerID) (Manufacturer, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return Manufacturer{}, err
	}
	return manufacturer(ctx, r, m)
}

// GetRelease reads a release.
func GetRelease(ctx context.Context, r store.Reader, rid ReleaseID) (Release, error) {
	rel, err := release(ctx, r, rid)
	if err != nil {
		return Release{}, err
	}
	return rel, mayRead(ctx, rel.Model)
}

// Releases reads the releases of a model, the newest date first, those without a date last.
func Releases(ctx context.Context, r store.Reader, m ModelID) ([]Release, error) {
	if err := mayRead(ctx, m); err != nil {
		return nil, err
	}
	return store.All(ctx, r, scanRelease, `SELECT `+releaseColumns+` FROM product_release WHERE model_id = $1 ORDER BY released DESC, version_key DESC`, string(m))
}

// ModelQuery chooses models. Zero fields do not restrict.
type ModelQuery struct {
	Manufacturer ManufacturerID
	Class        SafetyClass
	Text         string // words that begin the manufacturer's or the model's name, in any case
	Sort         string // of [ModelSorts]; "" is by manufacturer and name
	After        string // Next of the page before
	Limit        int    // at most 1,000; 0 means 50
}

// ModelSorts are the orders of the list of models.
func ModelSorts() store.Sorts {
	id := store.ByText("m.id")
	return store.Sorts{"model": {store.ByText("m.sort"), id}, "class": {store.ByText("m.safety_class"), store.ByText("m.sort"), id}, "changed": {store.ByNumber("m.changed"), id}}
}

// ModelPage is a page of models. Functions and identifiers are not filled.
type ModelPage struct {
	Models []Model
	Next   string // "" on the last page
}

// Models reads a page of models.
func Models(ctx context.Context, r store.Reader, q ModelQuery) (ModelPage, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return ModelPage{}, err
	}
	sort, err := ModelSorts().Named(q.Sort, "model")
	if err != nil {
		return ModelPage{}, err
	}
	var w store.Where
	w.Scope(scope, "", "m.id")
	if q.Manufacturer != "" {
		w.And("m.manufacturer_id = ?", string(q.Manufacturer))
	}
	if q.Class != "" {
		w.And("m.safety_class = ?", string(q.Class))
	}
	if t := Fold(q.Text); t != "" {
		low, high := prefix(t)
		w.And("(m.name_key >= ? AND m.name_key < ? OR m.manufacturer_id IN (SELECT n.manufacturer_id FROM manufacturer_name n WHERE n.name_key >= ? AND n.name_key < ?))",
			low, high, low, high)
	}
	p, err := store.List(ctx, r, store.Listing{Columns: modelColumns, From: modelTables, Where: w, Sort: sort, After: q.After, Limit: q.Limit}, scanModel)
	return ModelPage{Models: p.Items, Next: p.Next}, err
}

// CountModels counts the models that the reader may see, by safety class.
func CountModels(ctx context.Context, r store.Reader) (map[SafetyClass]int, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return nil, err
	}
	var w store.Where
	w.Scope(scope, "", "id")
	type row struct {
		class SafetyClass
		n     int
	}
	all, err := store.All(ctx, r, func(s store.Scanner) (v row, err error) { return v, s.Scan(&v.class, &v.n) },
		`SELECT safety_class, count(*) FROM model`+w.SQL()+` GROUP BY safety_class`, w.Args()...)
	out := map[SafetyClass]int{}
	for _, v := range all {
		out[v.class] = v.n
	}
	return out, err
}

// Manufacturers reads up to limit manufacturers whose name comes after a name (in lower case), in order.
func Manufacturers(ctx context.Context, r store.Reader, after string, limit int) ([]Manufacturer, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return nil, err
	}
	all, err := store.All(ctx, r, func(s store.Scanner) (Manufacturer, error) {
		var m Manufacturer
		err := s.Scan(&m.ID, &m.Name)
		return m, err
	}, `SELECT id, name FROM manufacturer WHERE sort > $1 ORDER BY sort, id LIMIT $2`, strings.ToLower(after), min(max(limit, 1), 1000))
	if err != nil || len(all) == 0 {
		return nil, err
	}
	at := map[ManufacturerID]int{}
	ids := make([]string, len(all))
	for i, m := range all {
		at[m.ID], ids[i] = i, string(m.ID)
	}
	var w store.Where
	w.In("manufacturer_id", ids)
	type alias struct {
		of   ManufacturerID
		name string
	}
	names, err := store.All(ctx, r, func(s store.Scanner) (a alias, err error) { return a, s.Scan(&a.of, &a.name) },
		`SELECT manufacturer_id, name FROM manufacturer_name`+w.SQL()+` AND position > 0 ORDER BY manufacturer_id, position`, w.Args()...)
	for _, a := range names {
		m := &all[at[a.of]]
		m.Aliases = append(m.Aliases, a.name)
	}
	return all, err
}

// prefix is the half-open range of texts that begin with t.
func prefix(t string) (string, string) { return t, t + "\U0010ffff" }
