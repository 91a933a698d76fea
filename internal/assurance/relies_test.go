package assurance_test

import (
	"context"
	"slices"
	"testing"

	"triward/internal/assurance"
	"triward/internal/document/documenttest"
	"triward/internal/procedure"
	"triward/internal/store"
	"triward/internal/testdb"
)

func TestRelies(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		documenttest.Effective(t, db, satisfying("Read the document"))
		relies := func(code, step string) []string {
			return sees(t, db, func(ctx context.Context, r store.Reader) ([]string, error) {
				all, err := assurance.Relies(ctx, r, code, step)
				var out []string
				for _, x := range all {
					out = append(out, string(x.Kind)+" "+x.ID)
				}
				return out, err
			})
		}
		got := relies("SOP-01", "read")
		for _, want := range []string{string(procedure.OnClause) + " iso-13485-2016 4.2.5", string(procedure.OnClause) + " iso-13485-2016 4.2.4"} {
			if !slices.Contains(got, want) {
				t.Errorf("lacks %s: %v", want, got)
			}
		}
		if got := relies("SOP-01", "another"); slices.Contains(got, string(procedure.OnClause)+" iso-13485-2016 4.2.5") {
			t.Error("the clause of another step is named")
		}
		if got := relies("SOP-14", "declare"); !slices.Contains(got, string(procedure.OnEvidence)+" ev-incident-declared-in-time") {
			t.Errorf("the evidence about its runs is not named: %v", got)
		}
	})
}
