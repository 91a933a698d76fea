// Package signaturetest signs in tests of other packages, with real factors and keys and without ceremony:
//
//	s := signaturetest.New(t, db)
//	ann := s.Person(t, "ann", "Ann Author")
//	ctx := s.As(ann, "document.*")
//	proof, err := s.Verify(ctx, s.Factors(t, ann))
package signaturetest

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"triward/internal/ledger"
	"triward/internal/people"
	"triward/internal/signature"
	"triward/internal/store"
)

// Signer is a signer with people whose factors it knows.
type Signer struct {
	*signature.Signer
	people map[string]*person
}

type person struct {
	login, secret string
	session       string
	step          int64 // the newest TOTP step that was used
}

const (
	password = "seven kettles whistle"
	address  = "192.0.2.7"
	agent    = "test browser"
)

// New is a signer of a database with keys of its own.
func New(t testing.TB, db *store.DB) *Signer {
	t.Helper()
	dir := t.TempDir()
	key, err := ledger.OpenKey(filepath.Join(dir, "ledger.key"), "hospital.example/triward")
	if err != nil {
		t.Fatal(err)
	}
	authority, err := signature.OpenAuthority(filepath.Join(dir, "stamp.pem"), "hospital.example")
	if err != nil {
		t.Fatal(err)
	}
	d := &people.Directory{DB: db, Cost: people.Cost{Memory: 8, Passes: 1, Threads: 1}}
	return &Signer{Signer: &signature.Signer{DB: db, People: d, Key: key, Stamp: authority}, people: map[string]*person{}}
}

// As is a context in which an account acts with some kinds everywhere.
func (s *Signer) As(account string, kinds ...string) context.Context {
	name := account
	if p := s.people[account]; p != nil {
		name = p.login
	}
	return store.WithActor(context.Background(), store.Actor{ID: account, Name: name, Grants: []store.Grant{{Kinds: append(kinds, people.KindSelf), All: true}}})
}

// Newcomer makes an account with a password and an authenticator, which is signed in but may not sign yet.
func (s *Signer) Newcomer(t testing.TB, login, name string) string {
	t.Helper()
	ctx := store.WithActor(context.Background(), store.System("test"))
	account, err := s.People.CreateAccount(ctx, people.NewAccount{Login: login, Name: name, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	p := &person{login: login}
	s.people[account] = p
	s.signIn(t, p)
	e, err := s.People.EnrolTOTP(s.As(account))
	if err != nil {
		t.Fatal(err)
	}
	p.secret = e.Secret
	if _, err := s.People.ConfirmTOTP(s.As(account), s.code(t, p)); err != nil {
		t.Fatal(err)
	}
	return account
}

// Person makes an account that may sign: verified, and accountable.
func (s *Signer) Person(t testing.TB, login, name string) string {
	t.Helper()
	account := s.Newcomer(t, login, name)
	ctx := store.WithActor(context.Background(), store.System("test"))
	if err := s.VerifyIdentity(ctx, signature.Verify{Account: account, How: signature.InPerson, Evidence: "staff card"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Acknowledge(s.As(account), s.Factors(t, account)); err != nil {
		t.Fatal(err)
	}
	return account
}

// Factors are what an account has to show for its next signature: both components, or the password alone within a
// continuous period.
func (s *Signer) Factors(t testing.TB, account string) signature.Factors {
	t.Helper()
	p := s.people[account]
	if p == nil {
		t.Fatalf("%s is no person of this signer", account)
	}
	if _, _, err := s.People.Authenticate(context.Background(), p.session); err != nil {
		s.signIn(t, p)
	}
	f := signature.Factors{SessionToken: p.session, Password: password, Address: address, Agent: agent, Zone: "Europe/Berlin"}
	var n signature.Needs
	err := s.DB.View(context.Background(), func(r store.Reader) (err error) {
		n, err = s.Needs(s.As(account), r, f)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if n.Both {
		f.Code = s.code(t, p)
	}
	return f
}

func (s *Signer) signIn(t testing.TB, p *person) {
	t.Helper()
	c := people.Credentials{Login: p.login, Password: password, Address: address, Agent: agent}
	if p.secret != "" {
		c.Code = s.code(t, p)
	}
	in, err := s.People.SignIn(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	p.session = in.Token
}

// code is one that was not used yet, so that a test whose clock stands still gets three.
func (s *Signer) code(t testing.TB, p *person) string {
	t.Helper()
	for _, skew := range []time.Duration{-30 * time.Second, 0, 30 * time.Second} {
		at := s.DB.Now().Add(skew)
		if step := at.Unix() / 30; step > p.step {
			c, err := totp.GenerateCode(p.secret, at)
			if err != nil {
				t.Fatal(err)
			}
			p.step = step
			return c
		}
	}
	t.Fatal("this account has used up its codes: advance the clock by half a minute")
	return ""
}
