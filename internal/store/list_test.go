package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/testdb"
)

// Every order gives every row once, forwards and backwards, whatever the size of a page.
func TestListPagesGiveEachRowOnce(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		kinds := []string{"b.two", "a.one", "c.three"}
		err := db.Update(store.WithActor(ctx, store.System("test")), func(tx *store.Tx) error {
			for i := range 11 {
				if _, err := tx.Record(ctx, store.Event{Kind: kinds[i%3], Subject: fmt.Sprintf("s%d", i/2)}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		sorts := store.Sorts{"entry": {store.ByNumber("seq")}, "kind": {store.ByText("kind"), store.ByNumber("seq")}}
		type row struct {
			Seq  int64
			Kind string
		}
		read := func(t *testing.T, name string, limit int) []row {
			o, err := sorts.Named(name, "entry")
			if err != nil {
				t.Fatal(err)
			}
			var out []row
			l := store.Listing{Columns: "seq, kind", From: "journal", Sort: o, Limit: limit}
			for more := true; more; more = l.After != "" {
				var p store.Page[row]
				err := db.View(ctx, func(r store.Reader) error {
					var err error
					p, err = store.List(ctx, r, l, func(s store.Scanner) (v row, err error) { return v, s.Scan(&v.Seq, &v.Kind) })
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, p.Items...)
				l.After = p.Next
			}
			return out
		}
		for _, name := range []string{"", "entry", "kind"} {
			want := read(t, name, 1000)
			if len(want) < 11 {
				t.Fatalf("%q: %d rows", name, len(want))
			}
			for _, limit := range []int{1, 2, 5, 11, 12} {
				if got := read(t, name, limit); !cmp.Equal(got, want) {
					t.Errorf("%q in pages of %d:\n%s", name, limit, cmp.Diff(want, got))
				}
			}
			if name == "" {
				continue
			}
			slices.Reverse(want)
			if got := read(t, "-"+name, 3); !cmp.Equal(got, want) {
				t.Errorf("-%q:\n%s", name, cmp.Diff(want, got))
			}
		}
		if _, err := sorts.Named("nothing", "entry"); problem.KindOf(err) != problem.Invalid {
			t.Errorf("an unknown order: %v", err)
		}
		for _, mark := range []string{"%", "W10", "WyJ4Il0", "WzFd", "WyJ4IiwgMS41XQ"} { // "", [], ["x"], [1], ["x", 1.5]
			err := db.View(ctx, func(r store.Reader) error {
				_, err := store.List(ctx, r, store.Listing{Columns: "seq", From: "journal", Sort: store.Sort{Keys: sorts["kind"]}, After: mark}, store.Value[int64])
				return err
			})
			if problem.KindOf(err) != problem.Invalid {
				t.Errorf("mark %q: %v", mark, err)
			}
		}
		err = db.View(ctx, func(r store.Reader) error {
			var w store.Where
			w.And("kind = ?", "a.one")
			for most, want := range map[int]int{2: 2, 100: 4} {
				if n, err := store.CountUpTo(ctx, r, "journal", w, most); err != nil || n != want {
					t.Errorf("count up to %d: %d, %v", most, n, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
