package kit_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/content"
	"triward/internal/document"
	"triward/internal/document/documenttest"
	"triward/internal/document/kit"
	"triward/internal/document/source"
	"triward/internal/store"
	"triward/internal/testdb"
)

func manuals(t *testing.T, db *store.DB) map[kit.ManualState][]string {
	t.Helper()
	out := map[kit.ManualState][]string{}
	if err := db.View(testdb.System(), func(r store.Reader) error {
		all, err := kit.Manuals(testdb.System(), r)
		for _, m := range all {
			out[m.State] = append(out[m.State], m.Code)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestP11_11ManualsAreControlledDocuments(t *testing.T) {
	kits, err := content.Kits()
	if err != nil {
		t.Fatal(err)
	}
	codes := kits[slices.IndexFunc(kits, func(k content.Kit) bool { return k.ID == kit.ManualsKit })].Documents
	t.Run("P11-11 the kit holds every manual, and their links stay inside", func(t *testing.T) {
		files, err := content.Manuals()
		if err != nil {
			t.Fatal(err)
		}
		var there []string
		for _, f := range files {
			d, err := source.Parse(f.Name, f.Text)
			if err != nil {
				t.Fatal(err)
			}
			there = append(there, d.Code)
		}
		slices.Sort(there)
		if diff := cmp.Diff(codes, there); diff != "" {
			t.Error(diff)
		}
	})
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx, l := testdb.System(), document.Library{DB: db}
		if got := manuals(t, db); !slices.Equal(got[kit.ManualAbsent], codes) {
			t.Fatalf("before: %v", got)
		}
		if again, err := kit.Renew(ctx, l, "another version"); err != nil || len(again) > 0 {
			t.Fatalf("what is not under control was added: %v, %v", again, err)
		}
		got, err := kit.Install(ctx, l, kit.Installing{Kit: kit.ManualsKit, Reason: "manuals under control"})
		if err != nil || !slices.Equal(slices.Sorted(slices.Values(got.Added)), codes) || len(got.Missing) > 0 {
			t.Fatalf("installed %+v, %v", got, err)
		}
		if got := manuals(t, db); !slices.Equal(got[kit.ManualProposed], codes) {
			t.Fatalf("installed, before approval: %v", got)
		}
		v := newest(t, db, "MAN-05")
		if strings.Contains(v.Source, ".md)") || !strings.Contains(v.Source, "(doc:MAN-08)") {
			t.Errorf("links of a manual lead to files:\n%s", v.Source)
		}
	})
}

// An installation of an older program has manuals with other texts, and none of this program's.
func TestP11_11UpdateProposesNewText(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		ctx, l := testdb.System(), document.Library{DB: db}
		files, err := content.Manuals()
		if err != nil {
			t.Fatal(err)
		}
		d, err := source.Parse(files[0].Name, files[0].Text)
		if err != nil {
			t.Fatal(err)
		}
		d.Body = "# What the version before said\n"
		documenttest.Effective(t, db, string(d.Format()))
		if got := manuals(t, db); !slices.Equal(got[kit.ManualOlder], []string{d.Code}) {
			t.Fatalf("before the update: %v", got)
		}
		got, err := kit.Renew(ctx, l, "Triward 2")
		if err != nil || !slices.Equal(got, []string{d.Code}) {
			t.Fatalf("Renew = %v, %v", got, err)
		}
		v := newest(t, db, d.Code)
		if v.Label != "2.0" || v.State != document.Draft || v.Reason != "Triward 2" || strings.Contains(v.Source, "version before said") {
			t.Errorf("the draft is %s, %s, %q", v.Label, v.State, v.Reason)
		}
		if got := manuals(t, db); !slices.Equal(got[kit.ManualProposed], []string{d.Code}) {
			t.Fatalf("after the update: %v", got)
		}
		// Somebody turns it down: it does not come again.
		if err := l.Reject(ctx, v.ID, "keep our own words"); err != nil {
			t.Fatal(err)
		}
		if got, err := kit.Renew(ctx, l, "Triward 2"); err != nil || len(got) > 0 {
			t.Errorf("a second time: %v, %v", got, err)
		}
		c.Advance(time.Hour)
		documenttest.Effective(t, db, newest(t, db, d.Code).Source)
		if got := manuals(t, db); !slices.Equal(got[kit.ManualInForce], []string{d.Code}) {
			t.Errorf("approved after all: %v", got)
		}
	})
}

func newest(t *testing.T, db *store.DB, code string) document.Revision {
	t.Helper()
	var v document.Revision
	if err := db.View(testdb.System(), func(r store.Reader) error {
		d, err := document.ByCode(testdb.System(), r, code)
		if err != nil {
			return err
		}
		v, err = document.RevisionOf(testdb.System(), r, d.Newest)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return v
}
