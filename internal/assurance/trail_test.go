package assurance_test

import (
	"context"
	"testing"
	"time"

	"triward/internal/assurance"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

func TestTrailReview(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		t.Run("A11-02 reviewing the audit trail is a scheduled, signed task", func(t *testing.T) {
			signer := signaturetest.New(t, db)
			trails := assurance.Trails{DB: db, Signer: signer.Signer}
			quinn := signer.Person(t, "quinn", "Quinn Quality")
			ctx := signer.As(quinn, "assurance.*")
			tick := func() int {
				t.Helper()
				n, err := trails.Tick(testdb.System())
				if err != nil {
					t.Fatal(err)
				}
				return n
			}
			if tick() != 0 {
				t.Error("a review is planned on the first day")
			}
			clock.Advance(32 * 24 * time.Hour)
			if tick() != 1 || tick() != 0 {
				t.Error("after a month one review is planned")
			}
			all := sees(t, db, assurance.TrailReviews)
			if len(all) != 1 || all[0].First != 1 || all[0].Last == 0 || !all[0].Due.After(clock.Now()) {
				t.Fatalf("got %+v", all)
			}
			summary := func() assurance.TrailSummary {
				return sees(t, db, func(ctx context.Context, r store.Reader) (assurance.TrailSummary, error) {
					return assurance.SummaryOf(ctx, r, all[0])
				})
			}
			before := summary()
			if before.Entries != int(all[0].Last) || len(before.Actors) == 0 {
				t.Errorf("got %+v", before)
			}
			in := assurance.TrailSigning{Review: all[0].ID, Verdict: assurance.TrailFindings}
			if err := trails.Review(ctx, in); problem.KindOf(err) != problem.Invalid {
				t.Errorf("findings without words: %v", err)
			}
			in.Findings = "one account was locked: its owner was on leave"
			if err := trails.Review(ctx, in); err == nil {
				t.Error("it is signed without factors")
			}
			in.Factors = signer.Factors(t, quinn)
			if err := trails.Review(signer.As(quinn, assurance.KindRead), in); problem.KindOf(err) != problem.Forbidden {
				t.Errorf("without the right: %v", err)
			}
			in.Factors = signer.Factors(t, quinn)
			if err := trails.Review(ctx, in); err != nil {
				t.Fatal(err)
			}
			in.Factors = signer.Factors(t, quinn)
			if err := trails.Review(ctx, in); problem.KindOf(err) != problem.Conflict {
				t.Errorf("twice: %v", err)
			}
			if after := summary(); after.Head != before.Head || after.Entries != before.Entries {
				t.Error("the summary changed")
			}
			sigs := sees(t, db, func(ctx context.Context, r store.Reader) ([]signature.Signature, error) {
				return signature.Of(ctx, r, all[0].ID)
			})
			if len(sigs) != 1 || sigs[0].Act.Meaning != signature.Review || sigs[0].Name != "Quinn Quality" {
				t.Errorf("got %d signatures", len(sigs))
			}
			clock.Advance(32 * 24 * time.Hour)
			tick()
			if next := sees(t, db, assurance.TrailReviews); len(next) != 2 || next[0].First != all[0].Last+1 {
				t.Errorf("the next review leaves a gap: %+v", next[0])
			}
		})
	})
}
