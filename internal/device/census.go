package device

import (
	"context"

	"triward/internal/store"
)

// censusPage is how many records [Census] reads at a time.
const censusPage = 500

// Census reads whole records of every state, in the order of their ids, a page at a time; none after the last. It checks
// no permission: it is for the part of the program that says whose an address is.
func Census(ctx context.Context, r store.Reader, after ID) ([]Device, error) {
	var w store.Where
	w.And("id > ?", string(after))
	ids, err := store.All(ctx, r, store.Value[ID], `SELECT id FROM device`+w.SQL()+` ORDER BY id`+w.Limit(censusPage), w.Args()...)
	if err != nil {
		return nil, err
	}
	return load(ctx, r, ids)
}

// Records reads whole records by their ids, as [Census] does. Ids without a record are left out.
func Records(ctx context.Context, r store.Reader, ids []ID) ([]Device, error) {
	return load(ctx, r, ids)
}
