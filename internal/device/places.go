package device

import (
	"context"
	"maps"
	"strings"

	"triward/internal/device/fleetfile"
	"triward/internal/device/network"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

// places remembers, during an import, what names of sites, models and versions were resolved to.
type places struct {
	sites    map[string]SiteID
	models   map[[2]string]product.ModelID
	classes  map[product.ModelID]product.SafetyClass
	releases map[[2]string]product.ReleaseID
}

func newPlaces() *places {
	return &places{map[string]SiteID{}, map[[2]string]product.ModelID{}, map[product.ModelID]product.SafetyClass{}, map[[2]string]product.ReleaseID{}}
}

func (p *places) clone() *places {
	return &places{maps.Clone(p.sites), maps.Clone(p.models), maps.Clone(p.classes), maps.Clone(p.releases)}
}

// describe turns a row into the device it describes, with its site, model and release resolved; what is missing is added
// where the import may.
func (p *planner) describe(ctx context.Context, row fleetfile.Row) (Device, error) {
	d := Device{Ward: row.Location, AssetTag: row.AssetTag, Serial: row.Serial, Lot: row.Lot, Manufactured: row.Manufactured, UDI: row.UDI, DI: row.DI,
		RawVendor: row.Vendor, RawModel: row.Model, RawVersion: row.Version, Zone: row.Zone, Connectivity: row.Connectivity, PatientData: row.PatientData,
		InUse: row.InUse, OwnClass: product.ClassNotKnown, ClinicalOwner: row.ClinicalOwner, ITOwner: row.ITOwner}
	for _, v := range row.Facts {
		d.Values = append(d.Values, Value(v))
	}
	for _, m := range row.MAC { // to be recognised by
		d.Identities = append(d.Identities, Identity{Kind: network.MAC, Value: m})
	}
	if row.SBOM != "" {
		d.Values = append(d.Values, Value{"sbom", row.SBOM})
	}
	var err error
	if d.Site, err = p.site(ctx, row.Site); err != nil {
		return d, err
	}
	if d.Model, err = p.model(ctx, row); err != nil {
		return d, err
	}
	if d.Model != "" && row.Version != "" {
		if d.Release, err = p.release(ctx, d.Model, row.Version); err != nil {
			return d, err
		}
	}
	switch of, err := p.class(ctx, d.Model); {
	case err != nil:
		return d, err
	case row.Class == product.ClassNotKnown || row.Class == of:
	case of == product.ClassNotKnown:
		d.OwnClass = row.Class
	default: // what is said of the model counts; what the file says stays visible
		d.Values = append(d.Values, Value{"safety class as imported", string(row.Class)})
	}
	d.unset()
	return d, nil
}

func (p *planner) site(ctx context.Context, name string) (SiteID, error) {
	key := product.Fold(name)
	if key == "" {
		return "", nil
	}
	if s, ok := p.places.sites[key]; ok {
		return s, nil
	}
	found, err := store.All(ctx, p.r, store.Value[SiteID], `SELECT id FROM site WHERE name_key = $1`, key)
	if err != nil {
		return "", err
	}
	var s SiteID
	switch {
	case len(found) > 0:
		s = found[0]
	case p.tx == nil:
		s = SiteID("new site " + key)
	default:
		if s, err = addSiteTx(ctx, p.tx, strings.TrimSpace(name)); err != nil {
			return "", err
		}
	}
	p.places.sites[key] = s
	return s, nil
}

func (p *planner) model(ctx context.Context, row fleetfile.Row) (product.ModelID, error) {
	key := [2]string{product.FoldMaker(row.Vendor), product.Fold(row.Model)}
	if key[0] == "" || key[1] == "" {
		if row.DI == "" {
			return "", nil
		}
		m, err := product.FindDI(ctx, p.r, row.DI)
		if problem.KindOf(err) == problem.NotFound {
			err = nil
		}
		return m, err
	}
	if m, ok := p.places.models[key]; ok {
		return m, nil
	}
	m, err := product.FindModel(ctx, p.r, row.Vendor, row.Model)
	if problem.KindOf(err) == problem.NotFound {
		m, err = "", nil
		switch {
		case p.imp.addModels && p.tx != nil:
			m, err = product.EnsureModelTx(ctx, p.tx, row.Vendor, product.Model{Name: strings.TrimSpace(row.Model), Class: row.Class})
		case p.imp.addModels:
			m = product.ModelID("new model " + key[0] + " " + key[1])
			p.places.classes[m] = row.Class
		}
	}
	if err = unnamed(err); err != nil {
		return "", err
	}
	p.places.models[key] = m
	return m, nil
}

// unnamed lets pass that a text is no name for a model or release: the device then keeps the text alone.
func unnamed(err error) error {
	if problem.KindOf(err) == problem.Invalid {
		return nil
	}
	return err
}

func (p *planner) class(ctx context.Context, m product.ModelID) (product.SafetyClass, error) {
	if m == "" {
		return product.ClassNotKnown, nil
	}
	if c, ok := p.places.classes[m]; ok {
		return c, nil
	}
	var c product.SafetyClass
	if err := p.r.QueryRow(ctx, `SELECT safety_class FROM model WHERE id = $1`, string(m)).Scan(&c); err != nil {
		return "", err
	}
	p.places.classes[m] = c
	return c, nil
}

func (p *planner) release(ctx context.Context, m product.ModelID, version string) (product.ReleaseID, error) {
	key := [2]string{string(m), version}
	if r, ok := p.places.releases[key]; ok {
		return r, nil
	}
	var r product.ReleaseID
	var err error
	switch {
	case p.tx != nil && p.imp.addModels:
		r, err = product.EnsureReleaseTx(ctx, p.tx, m, version)
	default:
		if r, err = product.FindRelease(ctx, p.r, m, version); problem.KindOf(err) == problem.NotFound {
			err = nil
			if p.imp.addModels {
				r = product.ReleaseID("new release " + string(m) + " " + version)
			}
		}
	}
	if err = unnamed(err); err != nil {
		return "", err
	}
	p.places.releases[key] = r
	return r, nil
}

// Preview is what an import would do.
type Preview struct {
	Header  []string
	Mapping fleetfile.Mapping
	Notes   []string        // how the file was read
	Total   int             // rows that can be read
	First   []fleetfile.Row // as understood
	Faults  []problem.Fault
	Added   int
	Changed int
	Same    int
	Held    int
	Issues  []Issue // at most 100: rows that would be held
}

// DryRun says what importing a file, a table with a mapping, would do, without doing it: every row is compared with what is known,
// in the order of the file. It shows the first rows as understood.
func (f Fleet) DryRun(ctx context.Context, s fleetfile.Source, m fleetfile.Mapping, first int) (Preview, error) {
	rows, faults := s.Rows(m)
	v := Preview{Header: s.Table.Header, Mapping: m, Notes: s.Notes, Total: len(rows), First: rows[:min(first, len(rows))], Faults: faults}
	if len(rows) > fleetfile.MaxRows {
		return v, rowCount(len(rows))
	}
	actor, ok := store.ActorOf(ctx)
	if !ok {
		return v, problem.New(problem.Forbidden, "sign in first")
	}
	err := f.DB.View(ctx, func(r store.Reader) error {
		site, err := mayImport(ctx, r, actor, rows)
		if err != nil {
			return err
		}
		imp := Import{site: site, addModels: actor.Scope(product.KindModelAdded).All}
		known, planned := newPlaces(), &index{ids: map[string][]ID{}, devices: map[ID]*Device{}}
		for from := 0; from < len(rows); from += rowsPerStep {
			part := make([]staged, 0, rowsPerStep)
			for i, row := range rows[from:min(from+rowsPerStep, len(rows))] {
				part = append(part, staged{from + i, row})
			}
			p := planner{r: r, imp: imp, places: known, now: f.DB.Now(), planned: planned}
			if err := p.plan(ctx, part); err != nil {
				return err
			}
			v.Added += p.added
			v.Changed += p.changed
			v.Same += p.same
			v.Held += len(p.issues)
			v.Issues = append(v.Issues, p.issues[:min(len(p.issues), 100-len(v.Issues))]...)
		}
		return nil
	})
	return v, err
}
