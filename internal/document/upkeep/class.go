package upkeep

import (
	"context"
	"slices"

	"triward/internal/document"
	"triward/internal/store"
)

// ClassifiedNoted is the body of [document.KindClassified].
type ClassifiedNoted struct {
	document.About
	Before document.Classes `json:"before"`
	After  document.Classes `json:"after"`
	Reason string           `json:"reason"`
}

// Classify replaces the marks of a document, for a reason.
func (k Desk) Classify(ctx context.Context, code string, c document.Classes, reason string) error {
	if err := document.Reasoned(reason); err != nil {
		return err
	}
	slices.Sort(c.Products)
	c.Products = slices.Compact(c.Products)
	return k.DB.Update(ctx, func(tx *store.Tx) error {
		d, err := document.ByCode(ctx, tx, code)
		if err != nil {
			return err
		}
		before, err := document.ProductsOf(ctx, tx, d.ID)
		if err != nil {
			return err
		}
		if err := document.PutClasses(ctx, tx, d.ID, c); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: document.KindClassified, Subject: string(d.ID),
			Body: ClassifiedNoted{document.About{Code: code}, document.Classes{Inspectable: d.Inspectable, Products: before}, c, reason}})
		return err
	})
}
