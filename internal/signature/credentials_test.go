package signature_test

import (
	"context"
	"testing"
	"time"

	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

func TestP11_25P11_28CredentialsAreTestedAndReviewed(t *testing.T) {
	each(t, func(t *testing.T, s *signaturetest.Signer, c *testdb.Clock) {
		ann, bob := s.Person(t, "ann", "Ann Author"), s.Person(t, "bob", "Bob Boss")
		s.Newcomer(t, "eve", "Eve New") // nobody verified her: she has nothing to review
		admin := s.As(bob, "people.*", "people.read")
		look := func() (all []signature.Credential, last signature.Looked, mine []signature.Mean) {
			t.Helper()
			if err := s.DB.View(admin, func(r store.Reader) (err error) {
				if all, err = signature.Credentials(admin, r, c.Now()); err != nil {
					return err
				}
				if last, err = signature.LastReview(admin, r, c.Now()); err != nil {
					return err
				}
				mine, err = signature.Untested(s.As(ann), r, ann, c.Now())
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return all, last, mine
		}
		all, last, mine := look()
		if len(all) != 2 || all[0].Account.ID != ann || all[0].Due() || all[0].Signed.IsZero() || last.Due || len(mine) != 0 {
			t.Errorf("at first: %+v, %+v, %v", all, last, mine)
		}
		c.Advance(366 * 24 * time.Hour)
		if _, err := sign(t, s, bob, s.Factors(t, bob)); err != nil { // using it is the test
			t.Fatal(err)
		}
		all, last, mine = look()
		if !all[0].Due() || all[1].Due() || !last.Due || len(mine) != 1 || mine[0].Name != "authenticator" {
			t.Errorf("after a year: %+v, %+v, %v", all, last, mine)
		}
		wantKind(t, s.ReviewCredentials(s.As(ann), ""), problem.Forbidden)
		wantFault(t, s.ReviewCredentials(admin, "two\nlines"), "note")
		if err := s.ReviewCredentials(admin, "Ann is on leave"); err != nil {
			t.Fatal(err)
		}
		if _, last, _ = look(); last.Due || !last.At.Equal(c.Now()) {
			t.Errorf("after the review: %+v", last)
		}
		if err := s.DB.View(context.Background(), func(r store.Reader) error {
			_, err := signature.Credentials(s.As(ann), r, c.Now())
			return err
		}); problem.KindOf(err) != problem.Forbidden {
			t.Errorf("without the permission: %v", err)
		}
	})
}
