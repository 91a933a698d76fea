package assurance_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/assurance"
	"triward/internal/content"
	"triward/internal/document"
	"triward/internal/document/documenttest"
	"triward/internal/document/source"
	"triward/internal/document/upkeep"
	"triward/internal/problem"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

// satisfying is a procedure that names clauses, one for the whole and one for a step.
func satisfying(do string) string {
	return `---
id: SOP-01
title: Documents
level: procedure
for: [manufacturer]
owner_role: quality
review_months: 12
approvals: {review: [quality], approve: [regulatory]}
effective: {gate: none}
retention: P10Y
satisfies: [{set: iso-13485-2016, ref: "4.2.4"}, {set: fda-premarket-2025, ref: "V.A"}]
steps:
  - {id: read, do: "` + do + `", role: quality, record: note, evidence: none, satisfies: [{set: iso-13485-2016, ref: "4.2.5"}, {set: fda-premarket-2025, ref: "VII.B"}]}
---

# Documents

Keep them.
`
}

func cover(t *testing.T, db *store.DB, q assurance.CoverageQuery) map[string]assurance.ClauseCover {
	t.Helper()
	c := sees(t, db, func(ctx context.Context, r store.Reader) (assurance.Coverage, error) {
		return assurance.CoverageOf(ctx, r, q)
	})
	out := map[string]assurance.ClauseCover{}
	for _, v := range c.Clauses {
		out[v.Ref] = v
	}
	return out
}

func TestCoverage(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		iso := func() map[string]assurance.ClauseCover {
			t.Helper()
			return cover(t, db, assurance.CoverageQuery{Set: "iso-13485-2016", Now: clock.Now()})
		}
		if got := iso()["4.2.4"]; got.Cover != assurance.Nothing || got.Evidence != assurance.Unknown || len(got.Asked) == 0 {
			t.Errorf("without documents it is %s, evidence %s", got.Cover, got.Evidence)
		}
		v := documenttest.Approved(t, db, satisfying("Read the document"))
		if got := iso(); got["4.2.4"].Cover != assurance.DraftOnly || got["4.2"].Cover != assurance.InParts || got["8.4"].Cover != assurance.Nothing {
			t.Errorf("with a draft: 4.2.4 %s, 4.2 %s, 8.4 %s", got["4.2.4"].Cover, got["4.2"].Cover, got["8.4"].Cover)
		}
		documenttest.Release(t, db, v)
		got := iso()
		if got["4.2.4"].Cover != assurance.InForce || got["4.2.5"].Cover != assurance.InForce || got["4.2.5"].Mappings[0].Step != "read" || got["4.2.3"].Cover != assurance.Nothing {
			t.Errorf("in force: %+v", got["4.2.5"])
		}
		t.Run("MF-01 per product", func(t *testing.T) {
			if err := (upkeep.Desk{Library: document.Library{DB: db}}).Classify(testdb.System(), "SOP-01", document.Classes{Products: []string{"mod_a"}}, "test"); err != nil {
				t.Fatal(err)
			}
			for product, want := range map[string]assurance.Cover{"mod_a": assurance.InForce, "mod_b": assurance.Nothing, "": assurance.InForce} {
				if got := cover(t, db, assurance.CoverageQuery{Set: "iso-13485-2016", Product: product, Now: clock.Now()})["4.2.4"].Cover; got != want {
					t.Errorf("of product %q it is %s, want %s", product, got, want)
				}
			}
		})
		t.Run("per audience", func(t *testing.T) {
			if len(cover(t, db, assurance.CoverageQuery{Set: "us-21cfr-803", For: source.Hospital, Now: clock.Now()})) == len(cover(t, db, assurance.CoverageQuery{Set: "us-21cfr-803", Now: clock.Now()})) {
				t.Error("hospitals see the same clauses as everybody")
			}
		})
		t.Run("BR-01 BR-02 evidence", func(t *testing.T) {
			clock.Advance(time.Hour)
			if _, err := (assurance.Evidence{DB: db}).Tick(testdb.System()); err != nil {
				t.Fatal(err)
			}
			for _, c := range iso() {
				for _, a := range c.Asked {
					if a.State == assurance.Passing && (a.Result.At.IsZero() || a.Result.Seq == 0) {
						t.Errorf("%s of %s is green without evidence", a.Query.ID, c.Ref)
					}
				}
			}
			clock.Advance(30 * 24 * time.Hour)
			for _, c := range iso() {
				if c.Evidence == assurance.Passing {
					t.Errorf("%s is green with evidence of a month ago", c.Ref)
				}
			}
		})
	})
}

func TestConfirmation(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		s := signaturetest.New(t, db)
		ada := s.Person(t, "ada", "Ada")
		ctx := s.As(ada, "clause.*", assurance.KindRead)
		clauses := assurance.Clauses{DB: db}
		in := assurance.Confirming{Clause: source.Clause{Set: "iso-13485-2016", Ref: "4.2.5"}, Code: "SOP-01", Step: "read", Note: "our licensed copy, page 9"}
		status := func() assurance.Mapping {
			t.Helper()
			for _, m := range sees(t, db, assurance.Mappings) {
				if m.Clause == in.Clause && m.Step == in.Step {
					return m
				}
			}
			t.Fatal("the mapping is gone")
			return assurance.Mapping{}
		}
		refused := func(ctx context.Context, in assurance.Confirming, kind problem.Kind) {
			t.Helper()
			if _, err := clauses.Confirm(ctx, in); problem.KindOf(err) != kind {
				t.Errorf("confirm %+v: %v, want %s", in, err, kind)
			}
		}
		v := documenttest.Approved(t, db, satisfying("Read the document"))
		refused(ctx, in, problem.Conflict) // not in force
		documenttest.Release(t, db, v)
		if status().Status != assurance.Proposed {
			t.Error("a mapping begins as proposed")
		}
		refused(s.As(ada, assurance.KindRead), in, problem.Forbidden)
		refused(ctx, assurance.Confirming{Clause: in.Clause, Code: "SOP-01", Note: "x"}, problem.NotFound)
		refused(ctx, assurance.Confirming{Clause: in.Clause, Code: "SOP-01", Step: "read"}, problem.Invalid)
		if _, err := clauses.Confirm(ctx, in); err != nil {
			t.Fatal(err)
		}
		if m := status(); m.Status != assurance.Confirmed || m.Confirmed.Name != "ada" || m.Confirmed.Edition == "" {
			t.Errorf("got %+v", m)
		}
		clock.Advance(time.Hour)
		documenttest.Effective(t, db, satisfying("Read the document twice"))
		if m := status(); m.Status != assurance.Suspect || m.Label != "2.0" {
			t.Errorf("after the words changed it is %s", m.Status)
		}
		again, err := clauses.Confirm(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		if status().Status != assurance.Confirmed {
			t.Error("it cannot be confirmed again")
		}
		if err := clauses.EndConfirmation(ctx, again, "was about another edition"); err != nil {
			t.Fatal(err)
		}
		if status().Status != assurance.Proposed {
			t.Error("it is not proposed again")
		}
	})
}

func TestSetsProposedAreOff(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		on := func() map[string]bool {
			out := map[string]bool{}
			for _, s := range sees(t, db, assurance.Sets) {
				out[s.ID] = s.On
				if s.On != (s.Status == content.InForce) && s.Chosen.Set == "" {
					t.Errorf("%s is %s and on: %v", s.ID, s.Status, s.On)
				}
			}
			return out
		}
		if on()["com-2025-1023"] {
			t.Error("a proposed set is on")
		}
		if err := (assurance.Clauses{DB: db}).Choose(testdb.System(), assurance.Choice{Set: "com-2025-1023", On: true, Reason: "we prepare for it"}); err != nil {
			t.Fatal(err)
		}
		if !on()["com-2025-1023"] {
			t.Error("it cannot be turned on")
		}
		if err := (assurance.Clauses{DB: db}).Choose(testdb.System(), assurance.Choice{Set: "com-2025-1023", On: false}); problem.KindOf(err) != problem.Invalid {
			t.Errorf("without a reason: %v", err)
		}
	})
}

func TestCompareEditions(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		s := signaturetest.New(t, db)
		ctx := s.As(s.Person(t, "ada", "Ada"), "document.*", "clause.*", assurance.KindRead)
		documenttest.Effective(t, db, satisfying("Read the document"))
		const older, newer = "fda-premarket-2025", "fda-premarket-2026"
		compare := func() assurance.Difference {
			t.Helper()
			return sees(t, db, func(ctx context.Context, r store.Reader) (assurance.Difference, error) {
				return assurance.Compare(ctx, r, older, newer)
			})
		}
		d := compare()
		if len(d.Added)+len(d.Removed)+len(d.Renamed) == 0 {
			t.Error("nothing changed between the editions")
		}
		for _, c := range d.Removed {
			if _, err := d.New.Clause(c.Ref); err == nil {
				t.Errorf("%s is called removed, but is there", c.Ref)
			}
		}
		for _, c := range d.Added {
			if _, err := d.Old.Clause(c.Ref); err == nil {
				t.Errorf("%s is called added, but was there", c.Ref)
			}
		}
		clauses, library := assurance.Clauses{DB: db}, document.Library{DB: db}
		made, err := clauses.OpenChanges(ctx, library, older, newer)
		if err != nil {
			t.Fatal(err)
		}
		if len(made) != len(d.Touched) {
			t.Errorf("%d change requests for %d documents", len(made), len(d.Touched))
		}
		for _, x := range compare().Touched {
			if x.Change == "" || !strings.HasPrefix(x.Change, "chg_") {
				t.Errorf("%s has no change request", x.Code)
			}
		}
		if again, err := clauses.OpenChanges(ctx, library, older, newer); err != nil || len(again) != 0 {
			t.Errorf("a second time: %v, %v", again, err)
		}
	})
}

// The comparison itself, on two small editions.
func TestCompareNamesEachKindOfChange(t *testing.T) {
	db := testdb.SQLite(t)
	d := sees(t, db, func(ctx context.Context, r store.Reader) (assurance.Difference, error) {
		return assurance.Compare(ctx, r, "fda-premarket-2023", "fda-premarket-2025")
	})
	var got []string
	for _, c := range d.Added {
		got = append(got, "+"+c.Ref)
	}
	for _, c := range d.Removed {
		got = append(got, "-"+c.Ref)
	}
	golden := []string{"+VII", "+VII.A", "+VII.B", "+VII.C", "+VII.D", "+VII.E"}
	for _, want := range golden {
		if !strings.Contains(strings.Join(got, " ")+" ", want+" ") {
			t.Errorf("lacks %s", want)
		}
	}
	if d := cmp.Diff([]string(nil), duplicates(got)); d != "" {
		t.Error(d)
	}
}

func duplicates(all []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, s := range all {
		if seen[s] {
			out = append(out, s)
		}
		seen[s] = true
	}
	return out
}
