package store_test

import (
	"context"
	"testing"

	"triward/internal/store"
	"triward/internal/testdb"
)

func TestSettledWaitsForFollowers(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		if err := record(ctx, db, "test.done", "a"); err != nil {
			t.Fatal(err)
		}
		ended, cancel := context.WithCancel(ctx)
		cancel()
		if ok, err := db.Settled(ended, "slow"); ok || err != nil && ended.Err() == nil {
			t.Errorf("before the follower passed: %v, %v", ok, err)
		}
		go func() {
			f := store.Follower{Name: "slow", Derive: func(context.Context, *store.Bulk, []store.Entry) error { return nil }}
			if err := db.CatchUp(ctx, f); err != nil {
				t.Error(err)
			}
		}()
		if ok, err := db.Settled(ctx, "slow"); !ok || err != nil {
			t.Errorf("after it passed: %v, %v", ok, err)
		}
	})
}
