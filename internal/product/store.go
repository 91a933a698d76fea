package product

import (
	"context"

	"triward/internal/problem"
	"triward/internal/store"
)

func mayRead(ctx context.Context, m ModelID) error {
	s, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return err
	}
	if !s.Covers("", string(m)) {
		return problem.New(problem.Forbidden, "your role does not cover this product")
	}
	return nil
}

func mustHave(ctx context.Context, r store.Reader, m ModelID, rel ReleaseID) error {
	if _, err := model(ctx, r, m); err != nil {
		return err
	}
	if rel == "" {
		return nil
	}
	got, err := release(ctx, r, rel)
	if err != nil {
		return err
	}
	if got.Model != m {
		return problem.New(problem.Invalid, "the release belongs to another model")
	}
	return nil
}

func manufacturer(ctx context.Context, r store.Reader, mid ManufacturerID) (Manufacturer, error) {
	m := Manufacturer{ID: mid}
	if err := r.QueryRow(ctx, `SELECT name FROM manufacturer WHERE id = $1`, string(mid)).Scan(&m.Name); err != nil {
		return m, err
	}
	names, err := store.All(ctx, r, store.Value[string], `SELECT name FROM manufacturer_name WHERE manufacturer_id = $1 AND position > 0 ORDER BY position`, string(mid))
	m.Aliases = names
	return m, err
}

func putNames(ctx context.Context, tx *store.Tx, m Manufacturer) error {
	if _, err := tx.Exec(ctx, `DELETE FROM manufacturer_name WHERE manufacturer_id = $1`, string(m.ID)); err != nil {
		return err
	}
	seen := map[string]bool{}
	for i, n := range append([]string{m.Name}, m.Aliases...) {
		key := FoldMaker(n)
		if key == "" || seen[key] {
			continue
		}
		seen[key] = true
		if _, err := tx.Exec(ctx, `INSERT INTO manufacturer_name (name_key, manufacturer_id, position, name) VALUES ($1, $2, $3, $4)`,
			key, string(m.ID), i, n); err != nil {
			return err
		}
	}
	return nil
}

const (
	modelColumns = `m.id, m.manufacturer_id, f.name, m.name, m.safety_class, m.multi_patient, m.patients_at_once, m.changed`
	modelTables  = `model m JOIN manufacturer f ON f.id = m.manufacturer_id`
)

func scanModel(s store.Scanner) (Model, error) {
	var m Model
	var changed int64
	err := s.Scan(&m.ID, &m.Manufacturer, &m.ManufacturerName, &m.Name, &m.Class, &m.MultiPatient, &m.PatientsAtOnce, &changed)
	m.Changed = store.Time(changed)
	return m, err
}

func model(ctx context.Context, r store.Reader, mid ModelID) (Model, error) {
	m, err := scanModel(r.QueryRow(ctx, `SELECT `+modelColumns+` FROM `+modelTables+` WHERE m.id = $1`, string(mid)))
	if err != nil {
		return m, err
	}
	return m, fillModel(ctx, r, &m)
}

func fillModel(ctx context.Context, r store.Reader, m *Model) error {
	var err error
	if m.DIs, err = store.All(ctx, r, store.Value[string], `SELECT di FROM model_di WHERE model_id = $1 ORDER BY di`, string(m.ID)); err != nil {
		return err
	}
	if m.Numbers, err = store.All(ctx, r, store.Value[string], `SELECT number FROM model_number WHERE model_id = $1 ORDER BY number_key`, string(m.ID)); err != nil {
		return err
	}
	m.Functions, err = store.All(ctx, r, func(s store.Scanner) (Function, error) {
		var f Function
		err := s.Scan(&f.Name, &f.Harm)
		return f, err
	}, `SELECT name, harm FROM model_function WHERE model_id = $1 ORDER BY position`, string(m.ID))
	return err
}

func putModelLists(ctx context.Context, tx *store.Tx, m Model) error {
	for _, q := range []string{`DELETE FROM model_di WHERE model_id = $1`, `DELETE FROM model_number WHERE model_id = $1`, `DELETE FROM model_function WHERE model_id = $1`} {
		if _, err := tx.Exec(ctx, q, string(m.ID)); err != nil {
			return err
		}
	}
	for _, di := range m.DIs {
		if _, err := tx.Exec(ctx, `INSERT INTO model_di (di, model_id) VALUES ($1, $2)`, di, string(m.ID)); err != nil {
			return err
		}
	}
	for _, n := range m.Numbers {
		if _, err := tx.Exec(ctx, `INSERT INTO model_number (model_id, number_key, number) VALUES ($1, $2, $3)
			ON CONFLICT (model_id, number_key) DO NOTHING`, string(m.ID), Fold(n), n); err != nil {
			return err
		}
	}
	for i, f := range m.Functions {
		if _, err := tx.Exec(ctx, `INSERT INTO model_function (model_id, position, name, harm) VALUES ($1, $2, $3, $4)`,
			string(m.ID), i, f.Name, string(f.Harm)); err != nil {
			return err
		}
	}
	return nil
}

const releaseColumns = `id, model_id, version, released, end_of_support`

func scanRelease(s store.Scanner) (Release, error) {
	var r Release
	var released, end int64
	err := s.Scan(&r.ID, &r.Model, &r.Version, &released, &end)
	r.Released, r.EndOfSupport = store.Time(released), store.Time(end)
	return r, err
}

func release(ctx context.Context, r store.Reader, rid ReleaseID) (Release, error) {
	return scanRelease(r.QueryRow(ctx, `SELECT `+releaseColumns+` FROM product_release WHERE id = $1`, string(rid)))
}
