package device

import (
	"context"

	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

// Part is a configuration fact of one device.
type Part struct {
	ID     string
	Device ID
	product.Part
}

// RecordPart adds a configuration fact to a device and returns the fact's id.
func (f Fleet) RecordPart(ctx context.Context, p Part) (string, error) {
	if err := p.Validate(); err != nil {
		return "", err
	}
	fid, err := id.New("fct")
	if err != nil {
		return "", err
	}
	p.ID = fid
	return fid, f.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO device_part (id, device_id, kind, vendor, product, version, cpe, source, confidence, at, withdrawn)
			SELECT $1, id, $2, $3, $4, $5, $6, $7, $8, $9, 0 FROM device WHERE id = $10`, p.ID, string(p.Kind), p.Vendor, p.Product, p.Version, p.CPE,
			p.Source, string(p.Confidence), store.Micros(tx.Now), string(p.Device)); err != nil {
			return err
		}
		return recordPart(ctx, tx, KindPartRecorded, p)
	})
}

// WithdrawPart says that a configuration fact of a device does not hold any more.
func (f Fleet) WithdrawPart(ctx context.Context, partID string) error {
	return f.DB.Update(ctx, func(tx *store.Tx) error {
		p, err := scanPart(tx.QueryRow(ctx, `SELECT `+partColumns+` FROM device_part WHERE id = $1 AND withdrawn = 0`, partID))
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE device_part SET withdrawn = $1 WHERE id = $2`, store.Micros(tx.Now), partID); err != nil {
			return err
		}
		return recordPart(ctx, tx, KindPartWithdrawn, p)
	})
}

func recordPart(ctx context.Context, tx *store.Tx, kind string, p Part) error {
	d, err := one(ctx, tx, p.Device)
	if err != nil {
		return err
	}
	_, err = tx.Record(ctx, store.Event{Kind: kind, Subject: string(d.ID), Site: string(d.Site), Product: string(d.Model),
		Body: product.FactRecorded{ID: p.ID, Kind: p.Kind, Vendor: p.Vendor, Product: p.Product, Version: p.Version, CPE: p.CPE, Source: p.Source, Confidence: p.Confidence}})
	return err
}

const partColumns = `id, device_id, kind, vendor, product, version, cpe, source, confidence`

func scanPart(s store.Scanner) (Part, error) {
	var p Part
	err := s.Scan(&p.ID, &p.Device, &p.Kind, &p.Vendor, &p.Product, &p.Version, &p.CPE, &p.Source, &p.Confidence)
	return p, err
}

// Configuration is everything known of a device that can decide whether it is affected and what that means.
type Configuration struct {
	Device  Device
	Model   product.Model   // zero when the model is not resolved; then the device's raw texts are all there is
	Release product.Release // zero when not known
	Own     []Part          // facts of this device
	Shared  []product.Fact  // facts of its model and release
	SBOM    product.SBOM    // current one of the release, zero when there is none; its parts: product.Components
}

// Facts reads what is known of one device.
func Facts(ctx context.Context, r store.Reader, device ID) (Configuration, error) {
	all, err := FactsOf(ctx, r, []ID{device})
	if err != nil {
		return Configuration{}, err
	}
	if len(all) == 0 {
		return Configuration{}, problem.New(problem.NotFound, "there is no such device")
	}
	return all[0], nil
}

// FactsOf reads what is known of devices, in the order of their ids; ids that do not exist or that the actor may not read
// are left out. Models and releases are read once however many devices share them. Reading models and releases needs
// "product.read" as well.
func FactsOf(ctx context.Context, r store.Reader, ids []ID) ([]Configuration, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return nil, err
	}
	devices, err := load(ctx, r, ids)
	if err != nil {
		return nil, err
	}
	own, err := partsOf(ctx, r, ids)
	if err != nil {
		return nil, err
	}
	type key struct {
		model   product.ModelID
		release product.ReleaseID
	}
	shared := map[key]Configuration{}
	var out []Configuration
	for _, d := range devices {
		if !scope.Covers(string(d.Site), string(d.Model)) {
			continue
		}
		k := key{d.Model, d.Release}
		c, ok := shared[k]
		if !ok {
			if c, err = sharedFacts(ctx, r, d.Model, d.Release); err != nil {
				return nil, err
			}
			shared[k] = c
		}
		c.Device, c.Own = d, own[d.ID]
		out = append(out, c)
	}
	return out, nil
}

func sharedFacts(ctx context.Context, r store.Reader, m product.ModelID, rel product.ReleaseID) (Configuration, error) {
	var c Configuration
	if m == "" {
		return c, nil
	}
	var err error
	if c.Model, err = product.Get(ctx, r, m); err != nil {
		return c, err
	}
	if c.Shared, err = product.Facts(ctx, r, m, rel); err != nil || rel == "" {
		return c, err
	}
	if c.Release, err = product.GetRelease(ctx, r, rel); err != nil {
		return c, err
	}
	c.SBOM, err = product.CurrentSBOM(ctx, r, rel)
	if problem.KindOf(err) == problem.NotFound {
		err = nil
	}
	return c, err
}

func partsOf(ctx context.Context, r store.Reader, ids []ID) (map[ID][]Part, error) {
	out := map[ID][]Part{}
	for from := 0; from < len(ids); from += valuesPerStatement {
		var names []string
		for _, id := range ids[from:min(from+valuesPerStatement, len(ids))] {
			names = append(names, string(id))
		}
		var w store.Where
		w.In("device_id", names)
		w.And("withdrawn = 0")
		ps, err := store.All(ctx, r, scanPart, `SELECT `+partColumns+` FROM device_part`+w.SQL()+` ORDER BY id`, w.Args()...)
		if err != nil {
			return nil, err
		}
		for _, p := range ps {
			out[p.Device] = append(out[p.Device], p)
		}
	}
	return out, nil
}

// IDs reads up to limit ids of active devices after one, in order; where narrows to a model or release when set. It is for
// parts of the program that walk the fleet and checks no permission beyond "device.read".
func IDs(ctx context.Context, r store.Reader, where Walk) ([]ID, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return nil, err
	}
	var w store.Where
	w.And("id > ?", string(where.After))
	w.And("state = 'active'")
	if where.Model != "" {
		w.And("model_id = ?", string(where.Model))
	}
	if where.Release != "" {
		w.And("release_id = ?", string(where.Release))
		w.And("release_id <> ''")
	}
	return store.All(ctx, r, store.Value[ID], `SELECT id FROM device`+w.SQL()+` ORDER BY id`+w.Limit(min(max(where.Limit, 1), 10_000)), w.Args()...)
}

// Walk chooses devices for [IDs].
type Walk struct {
	After   ID
	Model   product.ModelID
	Release product.ReleaseID
	Limit   int // 1 to 10,000
}
