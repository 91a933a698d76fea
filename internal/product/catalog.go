package product

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/store"
)

// Catalog changes what is known of products.
type Catalog struct{ DB *store.DB }

// AddManufacturer adds a manufacturer; a name or alias that another one has is a Conflict.
func (c Catalog) AddManufacturer(ctx context.Context, m Manufacturer) (ManufacturerID, error) {
	if err := m.Validate(); err != nil {
		return "", err
	}
	err := c.DB.Update(ctx, func(tx *store.Tx) (err error) {
		m.ID, err = addManufacturerTx(ctx, tx, m)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("add manufacturer %q: %w", m.Name, err)
	}
	return m.ID, nil
}

func addManufacturerTx(ctx context.Context, tx *store.Tx, m Manufacturer) (ManufacturerID, error) {
	mid, err := id.New("mfr")
	if err != nil {
		return "", err
	}
	m.ID = ManufacturerID(mid)
	if _, err := tx.Exec(ctx, `INSERT INTO manufacturer (id, name, sort, at) VALUES ($1, $2, $3, $4)`,
		mid, m.Name, strings.ToLower(m.Name), store.Micros(tx.Now)); err != nil {
		return "", err
	}
	if err := putNames(ctx, tx, m); err != nil {
		return "", err
	}
	_, err = tx.Record(ctx, store.Event{Kind: KindManufacturerAdded, Subject: mid, Body: ManufacturerAdded{m.Name, m.Aliases}})
	return m.ID, err
}

// ChangeManufacturer replaces the names of a manufacturer.
func (c Catalog) ChangeManufacturer(ctx context.Context, m Manufacturer) error {
	if err := m.Validate(); err != nil {
		return err
	}
	err := c.DB.Update(ctx, func(tx *store.Tx) error {
		before, err := manufacturer(ctx, tx, m.ID)
		if err != nil {
			return err
		}
		var ch Changes
		ch.Note("name", before.Name, m.Name)
		ch.Note("aliases", strings.Join(before.Aliases, ", "), strings.Join(m.Aliases, ", "))
		if len(ch) == 0 {
			return nil
		}
		if _, err := tx.Exec(ctx, `UPDATE manufacturer SET name = $1, sort = $2 WHERE id = $3`, m.Name, strings.ToLower(m.Name), string(m.ID)); err != nil {
			return err
		}
		if err := putNames(ctx, tx, m); err != nil {
			return err
		}
		if before.Name != m.Name {
			models, err := store.All(ctx, tx, scanModel, `SELECT `+modelColumns+` FROM `+modelTables+` WHERE m.manufacturer_id = $1`, string(m.ID))
			if err != nil {
				return err
			}
			for _, mo := range models {
				if _, err := tx.Exec(ctx, `UPDATE model SET sort = $1 WHERE id = $2`, SortName(m.Name, mo.Name), string(mo.ID)); err != nil {
					return err
				}
			}
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindManufacturerChanged, Subject: string(m.ID), Body: Changed{ch}})
		return err
	})
	if err != nil {
		return fmt.Errorf("change manufacturer %q: %w", m.Name, err)
	}
	return nil
}

// SortName is the text by which models are ordered: manufacturer, then model, without regard to case.
func SortName(manufacturer, model string) string {
	return strings.ToLower(manufacturer + "\x1f" + model)
}

// AddModel adds a model to a manufacturer. A name that the manufacturer has already, or a device identifier that any
// model has, is a Conflict.
func (c Catalog) AddModel(ctx context.Context, m Model) (ModelID, error) {
	m.unset()
	if err := m.Validate(); err != nil {
		return "", err
	}
	err := c.DB.Update(ctx, func(tx *store.Tx) (err error) {
		m.ID, err = addModelTx(ctx, tx, m)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("add model %q: %w", m.Name, err)
	}
	return m.ID, nil
}

// unset gives fields left empty their "not known" value.
func (m *Model) unset() {
	if m.Class == "" {
		m.Class = ClassNotKnown
	}
	if m.MultiPatient == "" {
		m.MultiPatient = NotKnown
	}
	m.Functions = slices.Clone(m.Functions)
	for i := range m.Functions {
		if m.Functions[i].Harm == "" {
			m.Functions[i].Harm = SeverityNotKnown
		}
	}
}

func addModelTx(ctx context.Context, tx *store.Tx, m Model) (ModelID, error) {
	maker, err := manufacturer(ctx, tx, m.Manufacturer)
	if err != nil {
		return "", err
	}
	mid, err := id.New("mod")
	if err != nil {
		return "", err
	}
	m.ID = ModelID(mid)
	if _, err := tx.Exec(ctx, `INSERT INTO model (id, manufacturer_id, name, name_key, sort, safety_class, multi_patient, patients_at_once, at, changed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)`, mid, string(m.Manufacturer), m.Name, Fold(m.Name), SortName(maker.Name, m.Name),
		string(m.Class), string(m.MultiPatient), m.PatientsAtOnce, store.Micros(tx.Now)); err != nil {
		return "", err
	}
	if err := putModelLists(ctx, tx, m); err != nil {
		return "", err
	}
	_, err = tx.Record(ctx, store.Event{Kind: KindModelAdded, Subject: mid, Product: mid, Body: ModelAdded{m.Manufacturer, m.Name, m.DIs,
		m.Numbers, m.Class, m.Functions, m.MultiPatient, m.PatientsAtOnce}})
	return m.ID, err
}

// ChangeModel replaces what is known of a model.
func (c Catalog) ChangeModel(ctx context.Context, m Model) error {
	m.unset()
	if err := m.Validate(); err != nil {
		return err
	}
	if err := c.DB.Update(ctx, func(tx *store.Tx) error { return ChangeModelTx(ctx, tx, m) }); err != nil {
		return fmt.Errorf("change model %q: %w", m.Name, err)
	}
	return nil
}

// ChangeModelTx is [Catalog.ChangeModel] within a transaction, for a valid model.
func ChangeModelTx(ctx context.Context, tx *store.Tx, m Model) error {
	before, err := model(ctx, tx, m.ID)
	if err != nil {
		return err
	}
	ch := before.changes(m)
	if len(ch) == 0 {
		return nil
	}
	maker, err := manufacturer(ctx, tx, m.Manufacturer)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE model SET manufacturer_id = $1, name = $2, name_key = $3, sort = $4, safety_class = $5, multi_patient = $6,
		patients_at_once = $7, changed = $8 WHERE id = $9`, string(m.Manufacturer), m.Name, Fold(m.Name), SortName(maker.Name, m.Name), string(m.Class),
		string(m.MultiPatient), m.PatientsAtOnce, store.Micros(tx.Now), string(m.ID)); err != nil {
		return err
	}
	if err := putModelLists(ctx, tx, m); err != nil {
		return err
	}
	_, err = tx.Record(ctx, store.Event{Kind: KindModelChanged, Subject: string(m.ID), Product: string(m.ID), Body: Changed{ch}})
	return err
}

// AddRelease adds a release to a model; a version that the model has already is a Conflict.
func (c Catalog) AddRelease(ctx context.Context, r Release) (ReleaseID, error) {
	if err := r.Validate(); err != nil {
		return "", err
	}
	err := c.DB.Update(ctx, func(tx *store.Tx) (err error) {
		if _, err = model(ctx, tx, r.Model); err != nil {
			return err
		}
		r.ID, err = addReleaseTx(ctx, tx, r)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("add release %q: %w", r.Version, err)
	}
	return r.ID, nil
}

func addReleaseTx(ctx context.Context, tx *store.Tx, r Release) (ReleaseID, error) {
	rid, err := id.New("rel")
	if err != nil {
		return "", err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO product_release (id, model_id, version, version_key, released, end_of_support, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, rid, string(r.Model), r.Version, foldVersion(r.Version), store.Micros(r.Released),
		store.Micros(r.EndOfSupport), store.Micros(tx.Now)); err != nil {
		return "", err
	}
	_, err = tx.Record(ctx, store.Event{Kind: KindReleaseAdded, Subject: rid, Product: string(r.Model),
		Body: ReleaseAdded{r.Model, r.Version, Day(r.Released), Day(r.EndOfSupport)}})
	return ReleaseID(rid), err
}

// ChangeRelease replaces a release's version and dates; it stays with its model.
func (c Catalog) ChangeRelease(ctx context.Context, r Release) error {
	if err := r.Validate(); err != nil {
		return err
	}
	err := c.DB.Update(ctx, func(tx *store.Tx) error {
		before, err := release(ctx, tx, r.ID)
		if err != nil {
			return err
		}
		if before.Model != r.Model {
			return problem.New(problem.Invalid, "a release stays with its model")
		}
		var ch Changes
		ch.Note("version", before.Version, r.Version)
		ch.Note("released", Day(before.Released), Day(r.Released))
		ch.Note("end_of_support", Day(before.EndOfSupport), Day(r.EndOfSupport))
		if len(ch) == 0 {
			return nil
		}
		if _, err := tx.Exec(ctx, `UPDATE product_release SET version = $1, version_key = $2, released = $3, end_of_support = $4 WHERE id = $5`,
			r.Version, foldVersion(r.Version), store.Micros(r.Released), store.Micros(r.EndOfSupport), string(r.ID)); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindReleaseChanged, Subject: string(r.ID), Product: string(r.Model), Body: Changed{ch}})
		return err
	})
	if err != nil {
		return fmt.Errorf("change release %q: %w", r.Version, err)
	}
	return nil
}
