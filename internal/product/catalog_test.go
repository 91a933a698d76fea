package product_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/sbom"
	"triward/internal/store"
	"triward/internal/testdb"
)

// view runs fn on a snapshot and fails the test when it fails.
func view(t *testing.T, db *store.DB, fn func(r store.Reader) error) {
	t.Helper()
	if err := db.View(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func addPump(t *testing.T, c product.Catalog) (product.ManufacturerID, product.ModelID) {
	t.Helper()
	ctx := testdb.System()
	maker := must[product.ManufacturerID](t)(c.AddManufacturer(ctx, product.Manufacturer{Name: "Nordlicht Medical, Inc.", Aliases: []string{"NLM"}}))
	model := must[product.ModelID](t)(c.AddModel(ctx, product.Model{Manufacturer: maker, Name: "Pulsar 3", DIs: []string{"04012345000016"},
		Numbers: []string{"PX-300"}, Class: product.LifeSupporting, MultiPatient: product.No, PatientsAtOnce: 1,
		Functions: []product.Function{{Name: "dose", Harm: product.Catastrophic}, {Name: "log", Harm: product.Negligible}}}))
	return maker, model
}

func TestModelIsKeptAndChangesAreJournaled(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		c := product.Catalog{DB: db}
		maker, id := addPump(t, c)
		var m product.Model
		view(t, db, func(r store.Reader) (err error) { m, err = product.Get(ctx, r, id); return err })
		want := product.Model{ID: id, Manufacturer: maker, ManufacturerName: "Nordlicht Medical, Inc.", Name: "Pulsar 3", DIs: []string{"04012345000016"},
			Numbers: []string{"PX-300"}, Class: product.LifeSupporting, MultiPatient: product.No, PatientsAtOnce: 1, Changed: testdb.Start,
			Functions: []product.Function{{Name: "dose", Harm: product.Catastrophic}, {Name: "log", Harm: product.Negligible}}}
		if d := cmp.Diff(want, m); d != "" {
			t.Errorf("model (-want +got):\n%s", d)
		}
		m.Class, m.PatientsAtOnce = product.LifeSustaining, 2
		for range 2 { // the second time nothing differs and nothing is recorded
			if err := c.ChangeModel(ctx, m); err != nil {
				t.Fatal(err)
			}
		}
		view(t, db, func(r store.Reader) error {
			es, err := store.Journal(ctx, r, store.JournalQuery{Subject: string(id), Kinds: []string{product.KindModelChanged}})
			if err != nil || len(es) != 1 || es[0].Product != string(id) {
				t.Fatalf("entries = %v, %v", es, err)
			}
			var body product.Changed
			if err := json.Unmarshal(es[0].Body, &body); err != nil {
				return err
			}
			if d := cmp.Diff(product.Changes{{"safety_class", "life_supporting", "life_sustaining"}, {"patients_at_once", "1", "2"}}, body.Changes); d != "" {
				t.Error(d)
			}
			return nil
		})
	})
}

func TestNamesAreUniqueAfterFolding(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		c := product.Catalog{DB: db}
		maker, _ := addPump(t, c)
		for _, name := range []string{"NORDLICHT MEDICAL GmbH & Co. KG", "nlm", "Nordlicht-Medical S.p.A."} {
			if _, err := c.AddManufacturer(ctx, product.Manufacturer{Name: name}); problem.KindOf(err) != problem.Conflict {
				t.Errorf("AddManufacturer(%q) = %v, want Conflict", name, err)
			}
		}
		for _, m := range []product.Model{{Manufacturer: maker, Name: "PULSAR-3"}, {Manufacturer: maker, Name: "Other", DIs: []string{"04012345000016"}}} {
			if _, err := c.AddModel(ctx, m); problem.KindOf(err) != problem.Conflict {
				t.Errorf("AddModel(%+v) = %v, want Conflict", m, err)
			}
		}
	})
}

func TestValidationReportsEveryFault(t *testing.T) {
	err := product.Model{Class: "deadly", MultiPatient: "maybe", PatientsAtOnce: -1, Functions: []product.Function{{Harm: "bad"}}}.Validate()
	var paths []string
	for _, f := range problem.FaultsOf(err) {
		paths = append(paths, f.Path)
	}
	want := []string{"functions[0].harm", "functions[0].name", "manufacturer", "multi_patient", "name", "patients_at_once", "safety_class"}
	if d := cmp.Diff(want, paths); d != "" {
		t.Error(d)
	}
}

func TestEnsureFindsByAliasAndNumber(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		_, id := addPump(t, product.Catalog{DB: db})
		var added product.ModelID
		var rel [2]product.ReleaseID
		err := db.Update(ctx, func(tx *store.Tx) error {
			for _, n := range [][2]string{{"Nordlicht Medical", "pulsar 3"}, {"NLM Ltd.", "px 300"}} {
				got, err := product.EnsureModelTx(ctx, tx, n[0], product.Model{Name: n[1]})
				if err != nil || got != id {
					t.Errorf("EnsureModelTx(%q) = %q, %v", n, got, err)
				}
			}
			var err error
			if added, err = product.EnsureModelTx(ctx, tx, "Vela", product.Model{Name: "V1"}); err != nil {
				return err
			}
			for i, v := range []string{"1.0 B", "1.0  b "} {
				if rel[i], err = product.EnsureReleaseTx(ctx, tx, added, v); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || added == id || rel[0] != rel[1] {
			t.Errorf("added %q, releases %q, %v", added, rel, err)
		}
	})
}

func TestSupportStageOfARelease(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		c := product.Catalog{DB: db}
		_, id := addPump(t, c)
		rel := must[product.ReleaseID](t)(c.AddRelease(ctx, product.Release{Model: id, Version: "2.1"}))
		day := func(y int) time.Time { return time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC) }
		for _, s := range []product.Support{
			{Model: id, Stage: product.Supported, AssertedBy: "maker", Since: day(2020)},
			{Model: id, Release: rel, Stage: product.EndOfSupport, AssertedBy: "maker", Since: day(2024)},
			{Model: id, Stage: product.LimitedSupport, AssertedBy: "maker", Since: day(2025)},
		} {
			if err := c.AssertSupport(ctx, s); err != nil {
				t.Fatal(err)
			}
		}
		var all []product.Support
		view(t, db, func(r store.Reader) (err error) { all, err = product.Supports(ctx, r, id); return err })
		for _, x := range []struct {
			rel  product.ReleaseID
			at   time.Time
			want product.Stage
		}{{rel, day(2019), product.StageNotKnown}, {rel, day(2021), product.Supported}, {rel, day(2024), product.EndOfSupport},
			{rel, day(2026), product.EndOfSupport}, {"", day(2026), product.LimitedSupport}} {
			if got, _ := product.StageAt(all, x.rel, x.at); got != x.want {
				t.Errorf("StageAt(%q, %s) = %q, want %q", x.rel, product.Day(x.at), got, x.want)
			}
		}
	})
}

func TestFactsOfAReleaseIncludeThoseOfItsModel(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		c := product.Catalog{DB: db}
		_, id := addPump(t, c)
		rel := must[product.ReleaseID](t)(c.AddRelease(ctx, product.Release{Model: id, Version: "2.1"}))
		part := product.Part{Kind: product.OperatingSystem, Vendor: "microsoft", Product: "windows_10", Version: "1607",
			CPE: "cpe:2.3:o:microsoft:windows_10:1607:*:*:*:*:*:*:*", Source: "manual", Confidence: product.Declared}
		must[string](t)(c.RecordFact(ctx, product.Fact{Model: id, Part: part}))
		own := must[string](t)(c.RecordFact(ctx, product.Fact{Model: id, Release: rel, Part: product.Part{Kind: product.Firmware, Product: "bios", Source: "x", Confidence: product.Assumed}}))
		count := func(rel product.ReleaseID) (n int) {
			view(t, db, func(r store.Reader) error {
				fs, err := product.Facts(ctx, r, id, rel)
				n = len(fs)
				return err
			})
			return n
		}
		if a, b := count(""), count(rel); a != 1 || b != 2 {
			t.Errorf("facts: model %d, release %d", a, b)
		}
		if err := c.WithdrawFact(ctx, own); err != nil {
			t.Fatal(err)
		}
		if err := c.WithdrawFact(ctx, own); problem.KindOf(err) != problem.NotFound {
			t.Errorf("second withdrawal = %v", err)
		}
		if n := count(rel); n != 1 {
			t.Errorf("facts after withdrawal: %d", n)
		}
		if _, err := c.RecordFact(ctx, product.Fact{Model: id, Part: product.Part{Kind: "x", CPE: "cpe:/o:a"}}); len(problem.FaultsOf(err)) != 4 {
			t.Errorf("faults = %v", err)
		}
	})
}

func TestSBOMSupersedesAndKeepsComponents(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		ctx := testdb.System()
		c := product.Catalog{DB: db}
		_, id := addPump(t, c)
		rel := must[product.ReleaseID](t)(c.AddRelease(ctx, product.Release{Model: id, Version: "2.1"}))
		doc := sbom.Document{Format: sbom.CycloneDXJSON, SpecVersion: "1.6", Name: "pulsar"}
		for i := range 1200 {
			doc.Components = append(doc.Components, sbom.Component{Ref: fmt.Sprint("c", i), Name: "openssl", Version: fmt.Sprint("3.0.", i),
				PURL: "pkg:generic/openssl", CPEs: []string{"cpe:2.3:a:openssl:openssl:3.0:*:*:*:*:*:*:*"},
				Hashes: []sbom.Hash{{Alg: "SHA-256", Value: "ab"}}, Licences: []sbom.Licence{{ID: "Apache-2.0"}}, Support: sbom.Support{Level: "abandoned\x00", EndOfSupport: "2027"}})
		}
		first := must[string](t)(c.AttachSBOM(ctx, rel, doc, []byte("one")))
		if again := must[string](t)(c.AttachSBOM(ctx, rel, doc, []byte("one"))); again != first {
			t.Errorf("the same bytes gave %q, want %q", again, first)
		}
		clock.Advance(time.Minute)
		second := must[string](t)(c.AttachSBOM(ctx, rel, sbom.Document{Format: sbom.SPDXJSON}, []byte("two")))
		view(t, db, func(r store.Reader) error {
			now, err := product.CurrentSBOM(ctx, r, rel)
			if err != nil || now.ID != second {
				t.Errorf("current = %+v, %v", now, err)
			}
			cs, err := product.Components(ctx, r, first)
			if err != nil || len(cs) != 1200 {
				t.Fatalf("%d components, %v", len(cs), err)
			}
			want := product.Component{Ref: "c1199", Name: "openssl", Version: "3.0.1199", PURLs: []string{"pkg:generic/openssl"},
				CPEs: []string{"cpe:2.3:a:openssl:openssl:3.0:*:*:*:*:*:*:*"}, Hashes: []string{"sha256:ab"}, Licences: []string{"Apache-2.0"},
				Support: "abandoned", EndOfSupport: "2027"}
			if d := cmp.Diff(want, cs[1199], cmpopts.EquateEmpty()); d != "" {
				t.Error(d)
			}
			raw, err := product.SBOMFile(ctx, r, first)
			if string(raw) != "one" {
				t.Errorf("bytes = %q", raw)
			}
			return err
		})
	})
}

func TestModelsPageByPageWithinScope(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		c := product.Catalog{DB: db}
		maker, first := addPump(t, c)
		for i := range 7 {
			must[product.ModelID](t)(c.AddModel(ctx, product.Model{Manufacturer: maker, Name: fmt.Sprint("Vela ", i)}))
		}
		list := func(ctx context.Context, q product.ModelQuery) string {
			var names []string
			view(t, db, func(r store.Reader) error {
				for {
					p, err := product.Models(ctx, r, q)
					if err != nil {
						return err
					}
					for _, m := range p.Models {
						names = append(names, m.Name)
					}
					if q.After = p.Next; p.Next == "" {
						return nil
					}
				}
			})
			return strings.Join(names, ",")
		}
		if got := list(ctx, product.ModelQuery{Limit: 3}); got != "Pulsar 3,Vela 0,Vela 1,Vela 2,Vela 3,Vela 4,Vela 5,Vela 6" {
			t.Error(got)
		}
		if got := list(ctx, product.ModelQuery{Text: "vela", Class: product.ClassNotKnown, Limit: 6}); strings.Count(got, "Vela") != 7 {
			t.Error(got)
		}
		if got := list(ctx, product.ModelQuery{Text: "nlm", Class: product.LifeSupporting}); got != "Pulsar 3" {
			t.Error(got)
		}
		one := store.WithActor(context.Background(), store.Actor{ID: "usr_1", Grants: []store.Grant{{Kinds: []string{"product.read"}, Products: []string{string(first)}}}})
		if got := list(one, product.ModelQuery{}); got != "Pulsar 3" {
			t.Error(got)
		}
	})
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{"B. Braun Melsungen AG": "b braun melsungen", "Koninklijke Philips N.V.": "koninklijke philips",
		"Inc": "inc", "  ": "", "Ärzte & Söhne GmbH & Co. KG": "ärzte söhne"} {
		if got := product.FoldMaker(in); got != want {
			t.Errorf("FoldMaker(%q) = %q, want %q", in, got, want)
		}
	}
}
