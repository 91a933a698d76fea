package signature_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

func sum(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}

var record = signature.Record{Kind: "revision", ID: "rev_1", Document: "SOP-14", Revision: "1.0", Title: "Incident response",
	Content: sum("content"), Rendition: sum("page"), Displayed: sum("page")}

var approval = signature.Act{Meaning: signature.Approval, Reason: "it is complete", Function: "quality"}

// sign signs the record as an account would, in an Update.
func sign(t *testing.T, s *signaturetest.Signer, account string, f signature.Factors) (signature.Signature, error) {
	t.Helper()
	ctx := s.As(account)
	p, err := s.Verify(ctx, f)
	if err != nil {
		return signature.Signature{}, err
	}
	return use(ctx, s, p, record)
}

func use(ctx context.Context, s *signaturetest.Signer, p signature.Proof, rec signature.Record) (sig signature.Signature, err error) {
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		sig, err = s.SignTx(ctx, tx, p, rec, approval)
		return err
	})
	return sig, err
}

func wantKind(t *testing.T, err error, kind problem.Kind) {
	t.Helper()
	if problem.KindOf(err) != kind {
		t.Errorf("error = %v (kind %q), want %q", err, problem.KindOf(err), kind)
	}
}

func wantFault(t *testing.T, err error, paths ...string) {
	t.Helper()
	var got []string
	for _, f := range problem.FaultsOf(err) {
		got = append(got, f.Path)
	}
	if d := cmp.Diff(paths, got); d != "" {
		t.Errorf("faults of %v: %s", err, d)
	}
}

func each(t *testing.T, fn func(t *testing.T, s *signaturetest.Signer, c *testdb.Clock)) {
	t.Helper()
	t.Parallel()
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) { fn(t, signaturetest.New(t, db), c) })
}

func view(t *testing.T, s *signaturetest.Signer, fn func(ctx context.Context, r store.Reader) error) {
	t.Helper()
	ctx := testdb.System()
	if err := s.DB.View(ctx, func(r store.Reader) error { return fn(ctx, r) }); err != nil {
		t.Fatal(err)
	}
}

func TestPRD08SignatureStatesAndProves(t *testing.T) {
	each(t, func(t *testing.T, s *signaturetest.Signer, c *testdb.Clock) {
		ann := s.Person(t, "ann", "Ann Author")
		c.Advance(time.Minute)
		first, err := sign(t, s, ann, s.Factors(t, ann))
		if err != nil {
			t.Fatal(err)
		}
		c.Advance(time.Minute)
		second, err := sign(t, s, ann, s.Factors(t, ann))
		if err != nil {
			t.Fatal(err)
		}
		var stored []signature.Signature
		view(t, s, func(ctx context.Context, r store.Reader) (err error) {
			stored, err = signature.Of(ctx, r, record.ID)
			return err
		})
		if d := cmp.Diff([]signature.Signature{first, second}, stored); d != "" {
			t.Error(d)
		}
		if first.Previous != "" || second.Previous != first.Digest {
			t.Errorf("previous statements are %q and %q", first.Previous, second.Previous)
		}
		got := stored[0]
		want := signature.Signature{Record: record, Act: approval, Signer: ann, Name: "Ann Author", At: testdb.Start.Add(time.Minute), Zone: "Europe/Berlin", Offset: "+01:00",
			Methods: []string{"password"}, Ordinal: 2, Address: "192.0.2.7", Agent: "test browser"}
		got.ID, got.Session, got.Statement, got.Envelope, got.Token, got.Digest, got.Seq = "", "", nil, nil, nil, "", 0
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		if err := signature.Check(first, record, s.Keys()); err != nil {
			t.Error(err)
		}
		var entry store.Entry
		view(t, s, func(ctx context.Context, r store.Reader) error {
			entries, err := store.Journal(ctx, r, store.JournalQuery{After: first.Seq - 1, Limit: 1})
			if err == nil {
				entry = entries[0]
			}
			return err
		})
		if entry.Kind != people.KindSelfSigned || entry.Subject != record.ID || !cmp.Equal(entry.Actor, ann) {
			t.Errorf("entry %+v", entry)
		}
	})
}

func TestAC01SigningWithoutShowingWhoYouAre(t *testing.T) {
	each(t, func(t *testing.T, s *signaturetest.Signer, c *testdb.Clock) {
		ann := s.Person(t, "ann", "Ann Author")
		t.Run("DT-01 nothing shown", func(t *testing.T) {
			f := s.Factors(t, ann)
			f.Password = ""
			_, err := sign(t, s, ann, f)
			wantFault(t, err, "password")
		})
		t.Run("no proof", func(t *testing.T) {
			_, err := use(s.As(ann), s, signature.Proof{}, record)
			wantKind(t, err, problem.Forbidden)
		})
		t.Run("no session", func(t *testing.T) {
			f := s.Factors(t, ann)
			f.SessionToken = "x"
			_, err := sign(t, s, ann, f)
			wantKind(t, err, problem.Forbidden)
		})
		t.Run("P11-16 somebody else's session", func(t *testing.T) {
			bob := s.Person(t, "bob", "Bob Boss")
			_, err := sign(t, s, bob, s.Factors(t, ann))
			wantKind(t, err, problem.Forbidden)
			p, err := s.Verify(s.As(ann), s.Factors(t, ann))
			if err != nil {
				t.Fatal(err)
			}
			_, err = use(s.As(bob), s, p, record)
			wantKind(t, err, problem.Forbidden)
		})
		t.Run("an old proof", func(t *testing.T) {
			p, err := s.Verify(s.As(ann), s.Factors(t, ann))
			if err != nil {
				t.Fatal(err)
			}
			c.Advance(2 * time.Minute)
			_, err = use(s.As(ann), s, p, record)
			wantKind(t, err, problem.Forbidden)
		})
		t.Run("a proof used twice", func(t *testing.T) {
			p, err := s.Verify(s.As(ann), s.Factors(t, ann))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := use(s.As(ann), s, p, record); err != nil {
				t.Fatal(err)
			}
			_, err = use(s.As(ann), s, p, record)
			wantKind(t, err, problem.Conflict)
		})
	})
}

func TestP11_20ContinuousPeriod(t *testing.T) {
	each(t, func(t *testing.T, s *signaturetest.Signer, c *testdb.Clock) {
		ann := s.Person(t, "ann", "Ann Author")
		both := func(what string, f signature.Factors) {
			t.Helper()
			f.Code = ""
			_, err := sign(t, s, ann, f)
			if wantFault(t, err, "code"); err == nil {
				t.Errorf("%s: one component was enough", what)
			}
		}
		t.Run("P11-20 later signings take one component", func(t *testing.T) {
			for range 3 {
				c.Advance(14 * time.Minute)
				f := s.Factors(t, ann)
				if f.Code != "" {
					t.Fatal("the period ended")
				}
				if _, err := sign(t, s, ann, f); err != nil {
					t.Fatal(err)
				}
			}
		})
		t.Run("P11-20 the code alone", func(t *testing.T) {
			f := s.Factors(t, ann)
			s.Policy.Always = true
			f.Code = s.Factors(t, ann).Code
			s.Policy.Always = false
			f.Password = ""
			if _, err := sign(t, s, ann, f); err != nil {
				t.Fatal(err)
			}
		})
		t.Run("P11-21 after a pause", func(t *testing.T) {
			c.Advance(15*time.Minute + time.Second)
			f := s.Factors(t, ann)
			both("after a pause", f)
			if _, err := sign(t, s, ann, f); err != nil {
				t.Fatal(err)
			}
		})
		t.Run("P11-21 another address or browser", func(t *testing.T) {
			f := s.Factors(t, ann)
			f.Address = "192.0.2.99"
			both("another address", f)
			f = s.Factors(t, ann)
			f.Agent = "another browser"
			both("another browser", f)
		})
		t.Run("P11-21 signed out", func(t *testing.T) {
			if err := s.People.SignOut(context.Background(), s.Factors(t, ann).SessionToken); err != nil {
				t.Fatal(err)
			}
			c.Advance(time.Minute)
			f := s.Factors(t, ann)
			both("a new session", f)
			if _, err := sign(t, s, ann, f); err != nil {
				t.Fatal(err)
			}
		})
		t.Run("P11-21 signed out between showing and signing", func(t *testing.T) {
			f := s.Factors(t, ann)
			p, err := s.Verify(s.As(ann), f)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.People.SignOut(context.Background(), f.SessionToken); err != nil {
				t.Fatal(err)
			}
			_, err = use(s.As(ann), s, p, record)
			wantKind(t, err, problem.Forbidden)
		})
		t.Run("P11-20 policy of both each time", func(t *testing.T) {
			c.Advance(time.Minute)
			s.Policy.Always = true
			both("always", s.Factors(t, ann))
		})
	})
}

func TestP11_19TwoComponents(t *testing.T) {
	each(t, func(t *testing.T, s *signaturetest.Signer, c *testdb.Clock) {
		ann := s.Newcomer(t, "ann", "Ann Author")
		f := s.Factors(t, ann)
		for _, tt := range []struct {
			name   string
			change func(f *signature.Factors)
			fault  string
		}{
			{"no password", func(f *signature.Factors) { f.Password = "" }, "password"},
			{"no code", func(f *signature.Factors) { f.Code = "" }, "code"},
			{"a wrong password", func(f *signature.Factors) { f.Password = "x" }, "password"},
			{"a wrong code", func(f *signature.Factors) { f.Code = "000000" }, "code"},
			{"a recovery code", func(f *signature.Factors) { f.Code = "abcde-fghij" }, "code"},
		} {
			t.Run(tt.name, func(t *testing.T) {
				g := f
				tt.change(&g)
				_, err := sign(t, s, ann, g)
				wantFault(t, err, tt.fault)
			})
		}
		t.Run("PRD-08 a code works once", func(t *testing.T) {
			if err := s.VerifyIdentity(testdb.System(), signature.Verify{Account: ann, How: signature.Remote, Evidence: "passport"}); err != nil {
				t.Fatal(err)
			}
			ctx := s.As(ann)
			p, err := s.Verify(ctx, f)
			if err != nil {
				t.Fatal(err)
			}
			again, err := s.Verify(ctx, f)
			if err != nil {
				t.Fatal(err)
			}
			acknowledge := func(p signature.Proof) error {
				return s.DB.Update(ctx, func(tx *store.Tx) error {
					_, err := s.SignTx(ctx, tx, p, signature.AccountabilityRecord(), signature.Act{Meaning: signature.Acknowledgement})
					return err
				})
			}
			if err := acknowledge(p); err != nil {
				t.Fatal(err)
			}
			if err := acknowledge(again); err == nil {
				t.Error("a code was used twice")
			}
		})
	})
}
