package document

import (
	"context"

	"triward/internal/store"
)

// Classes is what a document is marked with beside its content.
type Classes struct {
	Inspectable bool     // an authority may ask for it: management reviews, audit reports (QMSR dropped 820.180(c))
	Products    []string // models whose device file it belongs to (ISO 13485 4.2.3)
}

// PutClasses replaces the marks of a document.
func PutClasses(ctx context.Context, tx *store.Tx, doc ID, c Classes) error {
	if _, err := tx.Exec(ctx, `UPDATE document SET inspectable = $1 WHERE id = $2`, c.Inspectable, string(doc)); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM document_product WHERE document = $1`, string(doc)); err != nil {
		return err
	}
	for _, p := range c.Products {
		if _, err := tx.Exec(ctx, `INSERT INTO document_product (document, product) VALUES ($1, $2) ON CONFLICT (document, product) DO NOTHING`, string(doc), p); err != nil {
			return err
		}
	}
	return nil
}

func productsOf(ctx context.Context, r store.Reader, doc ID) ([]string, error) {
	return store.All(ctx, r, store.Value[string], `SELECT product FROM document_product WHERE document = $1 ORDER BY product`, string(doc))
}

// ProductsOf reads the models whose device file a document belongs to.
func ProductsOf(ctx context.Context, r store.Reader, doc ID) ([]string, error) {
	if err := mayRead(ctx, r, doc); err != nil {
		return nil, err
	}
	return productsOf(ctx, r, doc)
}
