package app

import (
	"context"
	"time"

	"triward/internal/product"
	"triward/internal/store"
)

// lifetimeEnd is when the support of the last release of a model ends, for how long the documents of its device file are
// kept; zero when that is not known of one of them.
func lifetimeEnd(ctx context.Context, r store.Reader, model string) (time.Time, error) {
	all, err := product.Releases(ctx, r, product.ModelID(model))
	if err != nil {
		return time.Time{}, err
	}
	var last time.Time
	for _, x := range all {
		if x.EndOfSupport.IsZero() {
			return time.Time{}, nil
		}
		if x.EndOfSupport.After(last) {
			last = x.EndOfSupport
		}
	}
	return last, nil
}
