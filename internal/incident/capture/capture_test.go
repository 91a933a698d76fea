package capture_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/internal/device"
	"triward/internal/incident/capture"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

func TestGuides(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		s := signaturetest.New(t, db)
		ctx := s.As(s.Person(t, "anna", "Anna Biomed"), "product.*", "device.*", "capture.*")
		ok := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err, problem.FaultsOf(err))
			}
		}
		c := product.Catalog{DB: db}
		maker, err := c.AddManufacturer(ctx, product.Manufacturer{Name: "Nordlicht"})
		ok(err)
		model := func(name string) product.ModelID {
			m, err := c.AddModel(ctx, product.Model{Manufacturer: maker, Name: name, Class: product.LifeSupporting, MultiPatient: product.NotKnown})
			ok(err)
			return m
		}
		pump, odd := model("Infusion pump 3"), model("Pulsar 3")
		fleet := device.Fleet{DB: db}
		site, err := fleet.AddSite(ctx, "North")
		ok(err)
		register := func(tag string, m product.ModelID) device.ID {
			id, err := fleet.Register(ctx, device.Device{AssetTag: tag, Model: m, Site: site, InUse: product.Yes})
			ok(err)
			return id
		}
		p, o := register("P-1", pump), register("O-1", odd)
		desk := capture.Desk{DB: db}
		titles := func(d device.ID, name string) (out []string, a capture.Advice) {
			ok(db.View(ctx, func(r store.Reader) (err error) {
				a, err = capture.For(ctx, r, capture.Subject{ID: d, Name: name})
				return err
			}))
			for _, g := range a.Guides {
				out = append(out, g.ID)
			}
			return out, a
		}
		same := func(d device.ID, want ...string) capture.Advice {
			t.Helper()
			got, a := titles(d, "")
			if diff := cmp.Diff(want, got); diff != "" || a.General != (len(want) == 1) {
				t.Errorf("general %t (-want +got):\n%s", a.General, diff)
			}
			return a
		}
		same(p, "any", "battery", "infusion-pump")
		same(o, "any") // no guide fits, and that is said
		same("", "any")

		refused := func(g capture.Guide, kind problem.Kind, says string) {
			t.Helper()
			if err := desk.Write(ctx, g); problem.KindOf(err) != kind || !strings.Contains(err.Error()+problem.Text(err)+faults(err), says) {
				t.Errorf("%v, want %s with %q", err, kind, says)
			}
		}
		refused(capture.Guide{Model: odd, First: []string{" "}}, problem.Invalid, "is required")
		refused(capture.Guide{Model: "mod_none", First: []string{"x"}}, problem.NotFound, "")
		ok(desk.Write(ctx, capture.Guide{Model: odd, First: []string{" Copy the drug log. ", ""}}))
		if a := same(o, "any", "house"); a.Guides[1].First[0] != "Copy the drug log." || a.House.ActorName == "" {
			t.Errorf("advice %+v", a)
		}
		refused(capture.Guide{Model: odd, First: []string{"x"}}, problem.Conflict, "changed the guide since")
		refused(capture.Guide{Model: odd, Version: 1, First: []string{"x"}}, problem.Invalid, "why the guide changes")
		ok(desk.Write(ctx, capture.Guide{Model: pump, First: []string{"Photo of the alarm list"}}))
		same(p, "any", "battery", "infusion-pump", "house")
		ok(desk.Write(ctx, capture.Guide{Model: pump, Version: 1, First: []string{"Photo of the alarm list"}, Alone: true, Reason: "ours is enough"}))
		same(p, "any", "house")
		ok(desk.Write(ctx, capture.Guide{Model: pump, Version: 2, Reason: "it was wrong"})) // taken back
		same(p, "any", "battery", "infusion-pump")
		ok(db.View(ctx, func(r store.Reader) error {
			all, err := store.Journal(testdb.System(), r, store.JournalQuery{Subject: string(pump), Kinds: []string{capture.KindWritten}, Limit: 10})
			if len(all) != 3 {
				t.Errorf("%d entries", len(all))
			}
			return err
		}))
		if err := db.Update(ctx, func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE capture_guide SET body = '{}'`)
			return err
		}); err == nil {
			t.Error("a version was changed")
		}
		reader := store.WithActor(context.Background(), store.Actor{ID: "usr_x", Grants: []store.Grant{{Kinds: []string{"product.read"}}}})
		if err := desk.Write(reader, capture.Guide{Model: odd, Version: 1, First: []string{"x"}, Reason: "y"}); err == nil {
			t.Error("a reader wrote a guide")
		}
	})
}

func faults(err error) string {
	var out strings.Builder
	for _, f := range problem.FaultsOf(err) {
		out.WriteString(f.Path + " " + f.Reason + "\n")
	}
	return out.String()
}
