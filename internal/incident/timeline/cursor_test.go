package timeline

import (
	"testing"

	"triward/internal/problem"
	"triward/internal/store"
)

func FuzzCursor(f *testing.F) {
	c := cursor{At: 5, Key: "journal:0000000000000007", Order: store.NewestFirst}
	f.Add(c.String())
	f.Add(cursor{At: 1, Key: "event:00"}.String())
	f.Add("")
	f.Add("e30")
	f.Fuzz(func(t *testing.T, text string) {
		for _, q := range []Query{{}, {Order: store.NewestFirst}, {Undated: true}, {Told: true}} {
			q.After = text
			got, err := cursorOf(q)
			if err != nil {
				if problem.KindOf(err) != problem.Invalid {
					t.Fatal(err)
				}
				continue
			}
			if got == nil {
				continue
			}
			q.After = got.String()
			again, err := cursorOf(q)
			if err != nil || again.At != got.At || again.Key != got.Key || *again != *got {
				t.Fatalf("%+v became %+v, %v", got, again, err)
			}
		}
	})
}
