package report_test

import (
	"strings"
	"testing"
	"time"

	"triward/internal/people"
	"triward/internal/report"
	"triward/internal/signature"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

// The security unit is told at once, without any right over accounts.
func TestP11_27AC11AlarmsReachTheSecurityUnit(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		s := signaturetest.New(t, db)
		if err := s.People.Seed(testdb.System()); err != nil {
			t.Fatal(err)
		}
		desk := report.Desk{DB: db}
		security, _ := person(t, s.People, "sec", people.RoleITSecurity)
		clinician, _ := person(t, s.People, "doc", people.RoleClinicianOwner)
		ann := s.Person(t, "ann", "Ann Author")
		f := s.Factors(t, ann)
		f.Password = "guess"
		for range 5 {
			if _, err := s.Verify(s.As(ann), f); err == nil {
				t.Fatal("a guess is right")
			}
		}
		ctx := testdb.System()
		if err := db.Update(ctx, func(tx *store.Tx) error {
			if _, err := tx.Record(ctx, store.Event{Kind: signature.KindClockMoved, Subject: "clock", Body: map[string]any{"moved_seconds": -3600}}); err != nil {
				return err
			}
			_, err := tx.Record(ctx, store.Event{Kind: signature.KindDamaged, Subject: "rev_1", Body: signature.Fault{Record: "rev_1", Reason: "it is missing"}})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		got := told(notices(t, desk, security))
		for _, want := range []string{"Sign-in of Ann Author is locked", "The clock of the server was moved by -1h0m0s", "A signature on rev_1 does not prove what it says"} {
			if !strings.Contains(got, want) {
				t.Errorf("the security unit is not told %q:\n%s", want, got)
			}
		}
		if got := told(notices(t, desk, clinician)); got != "" {
			t.Errorf("a clinician is told:\n%s", got)
		}
		t.Run("P11-28 the holder is reminded after a year", func(t *testing.T) {
			clock.Advance(366 * 24 * time.Hour)
			if got := told(notices(t, desk, s.As(ann))); !strings.Contains(got, "Test your authenticator") {
				t.Errorf("ann is told:\n%s", got)
			}
			if got := told(notices(t, desk, s.As(ann, people.KindReviewed))); !strings.Contains(got, "Review what people sign with") {
				t.Errorf("P11-25 the reviewer is told:\n%s", got)
			}
		})
		t.Run("P11-18 the certification is missing until it is filed", func(t *testing.T) {
			regulatory := s.As(ann, people.KindCertified)
			const want = "No certification of electronic signatures is on file"
			if got := told(notices(t, desk, regulatory)); !strings.Contains(got, want) {
				t.Errorf("told:\n%s", got)
			}
			if err := s.FileCertification(regulatory, clock.Now(), "by courier, copy in the quality office"); err != nil {
				t.Fatal(err)
			}
			if got := told(notices(t, desk, regulatory)); strings.Contains(got, want) {
				t.Errorf("told:\n%s", got)
			}
		})
	})
}
