package product

import (
	"context"
	"strings"

	"triward/internal/problem"
	"triward/internal/store"
)

// FindModel finds a model by its manufacturer's name or alias and its name or one of its numbers. NotFound when there is
// none, or when a number fits several. It does not ask for permission: callers resolve names, they do not show records.
func FindModel(ctx context.Context, r store.Reader, maker, name string) (ModelID, error) {
	mk, nk := FoldMaker(maker), Fold(name)
	if mk == "" || nk == "" {
		return "", problem.New(problem.NotFound, "there is no model %q of %q", name, maker)
	}
	for _, q := range []string{
		`SELECT m.id FROM model m JOIN manufacturer_name n ON n.manufacturer_id = m.manufacturer_id WHERE n.name_key = $1 AND m.name_key = $2`,
		`SELECT m.id FROM model_number x JOIN model m ON m.id = x.model_id JOIN manufacturer_name n ON n.manufacturer_id = m.manufacturer_id
			WHERE n.name_key = $1 AND x.number_key = $2 LIMIT 2`,
	} {
		found, err := store.All(ctx, r, store.Value[ModelID], q, mk, nk)
		if err != nil {
			return "", err
		}
		if len(found) == 1 {
			return found[0], nil
		}
	}
	return "", problem.New(problem.NotFound, "there is no model %q of %q", name, maker)
}

// FindDI finds the model that a UDI device identifier belongs to; NotFound when there is none.
func FindDI(ctx context.Context, r store.Reader, di string) (ModelID, error) {
	var m ModelID
	err := r.QueryRow(ctx, `SELECT model_id FROM model_di WHERE di = $1`, di).Scan(&m)
	return m, err
}

// EnsureModelTx is [FindModel], or adds what is missing: the manufacturer, the model.
func EnsureModelTx(ctx context.Context, tx *store.Tx, maker string, m Model) (ModelID, error) {
	found, err := FindModel(ctx, tx, maker, m.Name)
	if problem.KindOf(err) != problem.NotFound {
		return found, err
	}
	makers, err := store.All(ctx, tx, store.Value[ManufacturerID], `SELECT manufacturer_id FROM manufacturer_name WHERE name_key = $1`, FoldMaker(maker))
	if err != nil {
		return "", err
	}
	if len(makers) == 1 {
		m.Manufacturer = makers[0]
	} else {
		mf := Manufacturer{Name: strings.TrimSpace(maker)}
		if err := mf.Validate(); err != nil {
			return "", err
		}
		if m.Manufacturer, err = addManufacturerTx(ctx, tx, mf); err != nil {
			return "", err
		}
	}
	m.unset()
	if err := m.Validate(); err != nil {
		return "", err
	}
	return addModelTx(ctx, tx, m)
}

// EnsureReleaseTx finds the release of a model by its version, or adds it.
func EnsureReleaseTx(ctx context.Context, tx *store.Tx, m ModelID, version string) (ReleaseID, error) {
	found, err := FindRelease(ctx, tx, m, version)
	if problem.KindOf(err) != problem.NotFound {
		return found, err
	}
	r := Release{Model: m, Version: strings.TrimSpace(version)}
	if err := r.Validate(); err != nil {
		return "", err
	}
	return addReleaseTx(ctx, tx, r)
}

// FindRelease finds the release of a model by its version; NotFound when there is none.
func FindRelease(ctx context.Context, r store.Reader, m ModelID, version string) (ReleaseID, error) {
	var rel ReleaseID
	err := r.QueryRow(ctx, `SELECT id FROM product_release WHERE model_id = $1 AND version_key = $2`, string(m), foldVersion(version)).Scan(&rel)
	return rel, err
}
