package kit_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"triward/internal/content"
	"triward/internal/document"
	"triward/internal/document/kit"
	"triward/internal/document/source"
	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/testdb"
)

func answers() map[string]string {
	out := map[string]string{}
	for _, v := range source.Variables {
		out[v.Name] = v.Example
	}
	return out
}

func TestEveryKitInstallsAsDrafts(t *testing.T) {
	kits, err := content.Kits()
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range kits {
		t.Run(k.ID, func(t *testing.T) {
			testdb.Each(t, func(t *testing.T, db *store.DB) {
				ctx, l := testdb.System(), document.Library{DB: db}
				got, err := kit.Install(ctx, l, kit.Installing{Kit: k.ID, Answers: answers(), Reason: "set-up"})
				if err != nil {
					t.Fatal(err)
				}
				want := slices.Sorted(slices.Values(k.Documents))
				if !slices.Equal(slices.Sorted(slices.Values(got.Added)), want) || len(got.Missing) > 0 || len(got.Present) > 0 {
					t.Errorf("installed %+v", got)
				}
				if k.ID == "full" {
					for _, c := range got.Absent {
						if hospital := kits[slices.IndexFunc(kits, func(k content.Kit) bool { return k.ID == "hospital" })]; !slices.Contains(hospital.Documents, c) {
							t.Errorf("the full kit refers to %s, which is in no kit", c)
						}
					}
				}
				again, err := kit.Install(ctx, l, kit.Installing{Kit: k.ID, Reason: "set-up"})
				if err != nil || len(again.Added) > 0 || len(again.Present) != len(want) {
					t.Errorf("second time: %+v, %v", again, err)
				}
				err = db.View(ctx, func(r store.Reader) error {
					p, err := document.Documents(ctx, r, document.Query{Limit: 500})
					for _, d := range p.Items {
						v, err := document.RevisionOf(ctx, r, d.Newest)
						if err != nil {
							return err
						}
						if d.State != document.Draft || strings.Contains(v.Source, "{{") {
							t.Errorf("%s is %s, or has variables left", d.Code, d.State)
						}
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

func TestInstallWithoutAnswersLeavesVariables(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx, l := testdb.System(), document.Library{DB: db}
		got, err := kit.Install(ctx, l, kit.Installing{Kit: "starter", Reason: "set-up"})
		if err != nil || !slices.Contains(got.Missing, "organisation") {
			t.Fatalf("Install = %+v, %v", got, err)
		}
		var rid document.RevisionID
		if err := db.View(ctx, func(r store.Reader) error {
			d, err := document.ByCode(ctx, r, "POL-01")
			rid = d.Working
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := l.Submit(ctx, rid, ""); problem.KindOf(err) != problem.Invalid {
			t.Errorf("a draft with variables went to review: %v", err)
		}
		if _, err := kit.Install(context.WithoutCancel(ctx), l, kit.Installing{Kit: "none", Reason: "x"}); problem.KindOf(err) != problem.NotFound {
			t.Errorf("an unknown kit: %v", err)
		}
	})
}
