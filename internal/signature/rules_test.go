package signature_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"triward/internal/people"
	"triward/internal/people/passkey"
	"triward/internal/people/passkey/passkeytest"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

func verify(s *signaturetest.Signer, ctx context.Context, account string) error {
	return s.VerifyIdentity(ctx, signature.Verify{Account: account, How: signature.InPerson, Evidence: "staff card"})
}

func identity(t *testing.T, s *signaturetest.Signer, account string) (i signature.Identity) {
	t.Helper()
	view(t, s, func(ctx context.Context, r store.Reader) (err error) {
		i, err = signature.IdentityOf(ctx, r, account)
		return err
	})
	return i
}

func TestP11_17IdentityIsVerifiedFirst(t *testing.T) {
	each(t, func(t *testing.T, s *signaturetest.Signer, c *testdb.Clock) {
		ann := s.Newcomer(t, "ann", "Ann Author")
		_, err := s.Acknowledge(s.As(ann), s.Factors(t, ann))
		wantKind(t, err, problem.Forbidden)
		c.Advance(time.Minute)
		boss := s.Person(t, "boss", "Bea Boss")
		admin := s.As(boss, "people.*")
		t.Run("not by oneself", func(t *testing.T) { wantKind(t, verify(s, s.As(ann, "people.*"), ann), problem.Forbidden) })
		t.Run("not without the permission", func(t *testing.T) { wantKind(t, verify(s, s.As(boss), ann), problem.Forbidden) })
		t.Run("not by somebody whom nobody verified", func(t *testing.T) {
			wantKind(t, verify(s, s.As(s.Newcomer(t, "new", "Nora New"), "people.*"), ann), problem.Forbidden)
		})
		t.Run("not by an API token", func(t *testing.T) { wantKind(t, verify(s, s.As("tok_1", "people.*"), ann), problem.Forbidden) })
		t.Run("how and what was seen", func(t *testing.T) {
			wantFault(t, s.VerifyIdentity(admin, signature.Verify{Account: ann, How: "guess"}), "evidence", "how")
		})
		if err := verify(s, admin, ann); err != nil {
			t.Fatal(err)
		}
		if i := identity(t, s, ann); !i.Valid() || i.VerifiedBy != boss || i.Evidence != "staff card" || i.Name != "Ann Author" || !i.At.Equal(c.Now()) {
			t.Errorf("identity %+v", i)
		}
		if _, err := s.Acknowledge(s.As(ann), s.Factors(t, ann)); err != nil {
			t.Fatal(err)
		}
		t.Run("P11-16 a changed name is verified anew", func(t *testing.T) {
			if err := s.People.ChangeAccount(testdb.System(), people.Account{ID: ann, Login: "ann", Name: "Chief Physician"}); err != nil {
				t.Fatal(err)
			}
			_, err := sign(t, s, ann, s.Factors(t, ann))
			wantKind(t, err, problem.Forbidden)
			if err := verify(s, admin, ann); err != nil {
				t.Fatal(err)
			}
			if sig, err := sign(t, s, ann, s.Factors(t, ann)); err != nil || sig.Name != "Chief Physician" {
				t.Errorf("signed as %q, %v", sig.Name, err)
			}
		})
	})
}

func TestP11_10AccountabilityIsSignedFirst(t *testing.T) {
	each(t, func(t *testing.T, s *signaturetest.Signer, c *testdb.Clock) {
		ann := s.Newcomer(t, "ann", "Ann Author")
		if err := verify(s, testdb.System(), ann); err != nil {
			t.Fatal(err)
		}
		_, err := sign(t, s, ann, s.Factors(t, ann))
		wantKind(t, err, problem.Forbidden)
		c.Advance(time.Minute)
		sig, err := s.Acknowledge(s.As(ann), s.Factors(t, ann))
		if err != nil {
			t.Fatal(err)
		}
		if sig.Act.Meaning != signature.Acknowledgement || sig.Record.Document != "POL-09" || sig.Record.Content != sum(signature.Accountability) {
			t.Errorf("acknowledged %+v", sig.Record)
		}
		if _, err := sign(t, s, ann, s.Factors(t, ann)); err != nil {
			t.Fatal(err)
		}
		_, err = s.Acknowledge(s.As(ann), s.Factors(t, ann))
		wantKind(t, err, problem.Conflict)
	})
}

// Nobody can sign in another's name with the rights of one administrator: it takes two who agree.
func TestP11_22MisuseTakesTwo(t *testing.T) {
	each(t, func(t *testing.T, s *signaturetest.Signer, c *testdb.Clock) {
		ann := s.Person(t, "ann", "Ann Author")
		one, two := s.Person(t, "one", "Administrator One"), s.Person(t, "two", "Administrator Two")
		first, second := s.As(one, "*"), s.As(two, "*")
		for name, take := range map[string]func() error{
			"the password":      func() error { return s.People.SetPassword(first, ann, "another phrase of words") },
			"a link":            func() error { _, err := s.People.MakeLink(first, ann); return err },
			"the authenticator": func() error { return s.People.RemoveTOTP(first, ann) },
		} {
			t.Run(name, func(t *testing.T) {
				if err := take(); err != nil {
					t.Fatal(err)
				}
				if i := identity(t, s, ann); i.Valid() || !strings.Contains(i.Why, "third") {
					t.Errorf("the account can sign: %+v", i)
				}
				wantKind(t, verify(s, first, ann), problem.Forbidden)
				wantKind(t, verify(s, s.As(ann, "*"), ann), problem.Forbidden)
				if err := verify(s, second, ann); err != nil {
					t.Fatal(err)
				}
				if !identity(t, s, ann).Valid() {
					t.Error("the second administrator could not verify ann")
				}
			})
		}
		t.Run("an account made with a password", func(t *testing.T) {
			made, err := s.People.CreateAccount(first, people.NewAccount{Login: "made", Name: "Made Up", Password: "a phrase of some words"})
			if err != nil {
				t.Fatal(err)
			}
			wantKind(t, verify(s, first, made), problem.Forbidden)
			if err := verify(s, second, made); err != nil {
				t.Error(err)
			}
		})
		t.Run("an API token never signs", func(t *testing.T) {
			p, err := s.Verify(s.As(one), s.Factors(t, one))
			if err != nil {
				t.Fatal(err)
			}
			_, err = use(s.As("tok_1", "*"), s, p, record)
			wantKind(t, err, problem.Forbidden)
			_, err = use(testdb.System(), s, p, record)
			wantKind(t, err, problem.Forbidden)
		})
	})
}

func TestP11_27FailuresLockAndAlert(t *testing.T) {
	each(t, func(t *testing.T, s *signaturetest.Signer, c *testdb.Clock) {
		ann := s.Person(t, "ann", "Ann Author")
		good := s.Factors(t, ann)
		bad := good
		bad.Password = "wrong"
		for range 5 {
			_, err := s.Verify(s.As(ann), bad)
			wantFault(t, err, "password")
		}
		if _, err := s.Verify(s.As(ann), good); problem.KindOf(err) != problem.Forbidden {
			t.Errorf("after five failures the right password answers %v", err)
		}
		view(t, s, func(ctx context.Context, r store.Reader) error {
			locks, err := store.Journal(ctx, r, store.JournalQuery{Kinds: []string{people.KindSignInLocked}, Limit: 10})
			failures, err2 := store.Journal(ctx, r, store.JournalQuery{Kinds: []string{people.KindSignInFailed}, Limit: 10})
			if len(locks) != 1 || locks[0].Subject != ann || len(failures) != 5 || strings.Contains(string(failures[0].Body), "wrong\"") || err2 != nil {
				t.Errorf("%d alerts, %d failures: %s", len(locks), len(failures), failures[0].Body)
			}
			return err
		})
		c.Advance(time.Minute)
		if _, err := s.Verify(s.As(ann), good); err != nil {
			t.Errorf("after the lock: %v", err)
		}
	})
}

func TestAC11A11_05ClockMovedBack(t *testing.T) {
	each(t, func(t *testing.T, s *signaturetest.Signer, c *testdb.Clock) {
		c.Advance(time.Hour)
		ann := s.Person(t, "ann", "Ann Author")
		c.Advance(-time.Second)
		if _, err := sign(t, s, ann, s.Factors(t, ann)); err != nil {
			t.Errorf("a second of correction: %v", err)
		}
		p, err := s.Verify(s.As(ann), s.Factors(t, ann))
		if err != nil {
			t.Fatal(err)
		}
		c.Advance(-time.Minute)
		_, err = use(s.As(ann), s, p, record)
		wantKind(t, err, problem.Unavailable)
		c.Advance(time.Hour)
		if _, err := sign(t, s, ann, s.Factors(t, ann)); err != nil {
			t.Errorf("after the clock was put right: %v", err)
		}
	})
}

func TestP11_23PasskeySigns(t *testing.T) {
	each(t, func(t *testing.T, s *signaturetest.Signer, c *testdb.Clock) {
		var err error
		if s.People.Passkeys, err = passkey.Open(s.DB, "https://triward.example", "Triward"); err != nil {
			t.Fatal(err)
		}
		ann := s.Person(t, "ann", "Ann Author")
		ctx, key := s.As(ann), passkeytest.New(t, "https://triward.example")
		ask := func(p passkey.Purpose) []byte {
			t.Helper()
			o, err := s.People.AskPasskey(ctx, p)
			if err != nil {
				t.Fatal(err)
			}
			return o
		}
		if _, err := s.People.AddPasskey(ctx, people.NewPasskey{Name: "Key", Password: s.Factors(t, ann).Password, Response: key.Create(t, ask(passkey.Enrol))}); err != nil {
			t.Fatal(err)
		}
		if err := s.People.TestPasskey(ctx, key.Get(t, ask(passkey.Test))); err != nil {
			t.Fatal(err)
		}
		s.Policy.Always = true
		c.Advance(time.Minute)
		f := s.Factors(t, ann)
		f.Code, f.Passkey = "", key.Get(t, ask(passkey.Sign))
		sig, err := sign(t, s, ann, f)
		if err != nil || len(sig.Methods) != 2 || sig.Methods[0] != "passkey" || sig.Methods[1] != "password" {
			t.Fatalf("signed by %v, %v", sig.Methods, err)
		}
		t.Run("PRD-08 an answer counts once", func(t *testing.T) {
			_, err := sign(t, s, ann, f)
			wantFault(t, err, "passkey")
		})
		t.Run("P11-19 the passkey alone is one component", func(t *testing.T) {
			f.Password, f.Passkey = "", key.Get(t, ask(passkey.Sign))
			_, err := sign(t, s, ann, f)
			wantFault(t, err, "password")
		})
		t.Run("P11-20 and enough within a continuous period", func(t *testing.T) {
			s.Policy.Always = false
			f.Passkey = key.Get(t, ask(passkey.Sign))
			if _, err := sign(t, s, ann, f); err != nil {
				t.Error(err)
			}
		})
	})
}

func TestP11_13MeaningIsOfAClosedList(t *testing.T) {
	each(t, func(t *testing.T, s *signaturetest.Signer, c *testdb.Clock) {
		ann := s.Person(t, "ann", "Ann Author")
		ctx := s.As(ann)
		for _, m := range append(signature.Meanings(), "", "DT-02 agree") {
			p, err := s.Verify(ctx, s.Factors(t, ann))
			if err != nil {
				t.Fatal(err)
			}
			err = s.DB.Update(ctx, func(tx *store.Tx) error {
				_, err := s.SignTx(ctx, tx, p, record, signature.Act{Meaning: m})
				return err
			})
			if known := m != "" && !strings.Contains(string(m), " "); known != (err == nil) {
				t.Errorf("%q: %v", m, err)
			}
		}
	})
}

// The domain's event carries the permission: a signature without the right to act is undone with it.
func TestP11_07SigningGivesNoRights(t *testing.T) {
	each(t, func(t *testing.T, s *signaturetest.Signer, c *testdb.Clock) {
		ann := s.Person(t, "ann", "Ann Author")
		ctx := s.As(ann, "document.read")
		p, err := s.Verify(ctx, s.Factors(t, ann))
		if err != nil {
			t.Fatal(err)
		}
		err = s.DB.Update(ctx, func(tx *store.Tx) error {
			if _, err := s.SignTx(ctx, tx, p, record, approval); err != nil {
				return err
			}
			_, err := tx.Record(ctx, store.Event{Kind: "document.approved", Subject: record.ID})
			return err
		})
		wantKind(t, err, problem.Forbidden)
		view(t, s, func(ctx context.Context, r store.Reader) error {
			all, err := signature.Of(ctx, r, record.ID)
			if len(all) != 0 {
				t.Errorf("signatures are left: %+v", all)
			}
			return err
		})
	})
}

func TestP11_24LoginsAreUnique(t *testing.T) {
	each(t, func(t *testing.T, s *signaturetest.Signer, c *testdb.Clock) {
		s.Newcomer(t, "ann", "Ann Author")
		_, err := s.People.CreateAccount(testdb.System(), people.NewAccount{Login: " ANN ", Name: "Another"})
		wantKind(t, err, problem.Conflict)
	})
}

// P11-08: a signature says from where it came; the address and browser of the session are kept with it.
func TestP11_08SourceIsRecorded(t *testing.T) {
	each(t, func(t *testing.T, s *signaturetest.Signer, c *testdb.Clock) {
		ann := s.Person(t, "ann", "Ann Author")
		sig, err := sign(t, s, ann, s.Factors(t, ann))
		if err != nil || sig.Address != "192.0.2.7" || sig.Agent != "test browser" || !strings.HasPrefix(sig.Session, "sgn_") {
			t.Errorf("source %q %q %q, %v", sig.Address, sig.Agent, sig.Session, err)
		}
	})
}
