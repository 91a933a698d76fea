package people

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"time"

	"triward/internal/people/passkey"
	"triward/internal/people/password"
	"triward/internal/problem"
	"triward/internal/store"
)

// Directory is the accounts of an installation. Make one per database and share it; do not copy it after first use.
type Directory struct {
	DB     *store.DB
	Cost   Cost   // of password hashes; zero is the default
	Limits Limits // zero fields are the defaults
	Issuer string // name shown in authenticator apps; "" is "Triward"

	// Trained refuses to give a role to somebody whose training is missing (21 CFR 11.10(i)); nil: nobody is refused.
	Trained func(ctx context.Context, r store.Reader, account string) error

	Passkeys *passkey.Ring // nil where browsers allow none

	once  sync.Once
	slots chan struct{}

	mu      sync.Mutex
	touched map[string]time.Time // when each session or token was last written as used, by id
}

// Cost is the work of one hash of a password; a lower one than the default is for tests only.
type Cost = password.Cost

// hash makes the stored form of a password: never call it inside of store.Update.
func (d *Directory) hash(chosen string) (string, error) {
	defer d.slot()()
	return d.Cost.Hash(chosen)
}

// matches compares a password with its stored form, as [password.Cost.Matches] does.
func (d *Directory) matches(stored, shown string) (ok, stale bool, err error) {
	defer d.slot()()
	return d.Cost.Matches(stored, shown)
}

// slot waits for a turn to hash and returns what gives it back: each hash holds its memory, and a flood of attempts must
// not take all there is.
func (d *Directory) slot() func() {
	d.once.Do(func() { d.slots = make(chan struct{}, 4) })
	d.slots <- struct{}{}
	return func() { <-d.slots }
}

// Limits are the times and counts of signing in. A zero field is the default.
type Limits struct {
	Idle         time.Duration // a session ends after so long without a request; 30 minutes
	Absolute     time.Duration // a session ends after so long in any case; 12 hours
	Link         time.Duration // a one-time link works for so long; 24 hours
	LoginTries   int           // failed attempts on one login before it is locked; 5
	AddressTries int           // failed attempts from one address before it is locked; 50: a hospital may share one
	LockFirst    time.Duration // the first lock; 30 seconds; each further failure doubles it
	LockMost     time.Duration // the longest lock; 15 minutes
	Forget       time.Duration // failures are forgotten after so long without another; 24 hours
}

func orElse[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

func (l Limits) orDefault() Limits {
	return Limits{
		Idle: orElse(l.Idle, 30*time.Minute), Absolute: orElse(l.Absolute, 12*time.Hour), Link: orElse(l.Link, 24*time.Hour),
		LoginTries: orElse(l.LoginTries, 5), AddressTries: orElse(l.AddressTries, 50),
		LockFirst: orElse(l.LockFirst, 30*time.Second), LockMost: orElse(l.LockMost, 15*time.Minute), Forget: orElse(l.Forget, 24*time.Hour),
	}
}

// Validate says what is wrong with configured limits.
func (l Limits) Validate() error {
	var faults problem.List
	for _, f := range []struct {
		path string
		d    time.Duration
	}{{"idle", l.Idle}, {"absolute", l.Absolute}, {"link", l.Link}, {"lock_first", l.LockFirst}, {"lock_most", l.LockMost}, {"forget", l.Forget}} {
		if f.d < 0 {
			faults.Add(f.path, "must not be negative")
		}
	}
	if l.LoginTries < 0 {
		faults.Add("login_tries", "must not be negative")
	}
	if l.AddressTries < 0 {
		faults.Add("address_tries", "must not be negative")
	}
	d := l.orDefault()
	if d.Absolute < d.Idle {
		faults.Add("absolute", "must not be shorter than the idle limit")
	}
	if d.LockMost < d.LockFirst {
		faults.Add("lock_most", "must not be shorter than the first lock")
	}
	return faults.Err("sign-in limits are not valid")
}

// acting is a context in which the program itself acts for somebody who has not proved yet who they are.
func acting(ctx context.Context) context.Context {
	return store.WithActor(ctx, store.System("people"))
}

// self is a context in which an account acts on itself and on nothing else.
func self(ctx context.Context, a Account, kinds ...string) context.Context {
	return store.WithActor(ctx, store.Actor{ID: a.ID, Name: a.Name, Grants: []store.Grant{{Kinds: append(kinds, KindSelf), All: true}}})
}

// own is the id of the account that acts; Forbidden when nobody, the program or an API token acts.
func ownID(ctx context.Context) (string, error) {
	a, ok := store.ActorOf(ctx)
	if !ok || !strings.HasPrefix(a.ID, "usr_") {
		return "", problem.New(problem.Forbidden, "sign in with your own account first")
	}
	return a.ID, nil
}

// mayRead allows reading about an account: one's own, or all with people.read.
func mayRead(ctx context.Context, account string) error {
	if a, ok := store.ActorOf(ctx); ok && account != "" && a.ID == account {
		return nil
	}
	s, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return err
	}
	if !s.All {
		return problem.New(problem.Forbidden, "your role does not allow %q everywhere", KindRead)
	}
	return nil
}

// newToken is 256 random bits as text, and their digest as it is stored.
func newToken(prefix string) (string, []byte, error) {
	var b [32]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", nil, fmt.Errorf("make token: %w", err)
	}
	s := prefix + base64.RawURLEncoding.EncodeToString(b[:])
	return s, digest(s), nil
}

// digest of a token. The token has 256 bits of its own, so that a fast hash is enough.
func digest(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// used notes that a session or token was used now, at most once a minute and without waiting for a long writer: what is
// lost is a time for display and at most some minutes of the idle limit.
func (d *Directory) used(ctx context.Context, id, statement string) {
	now := d.DB.Now()
	d.mu.Lock()
	if now.Sub(d.touched[id]) < time.Minute && !now.Before(d.touched[id]) {
		d.mu.Unlock()
		return
	}
	if d.touched == nil || len(d.touched) > 10_000 {
		d.touched = map[string]time.Time{}
	}
	d.touched[id] = now
	d.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	err := d.DB.Bulk(ctx, func(b *store.Bulk) error {
		_, err := b.Exec(ctx, statement, store.Micros(now), id)
		return err
	})
	if err != nil { // try again with the next request
		d.mu.Lock()
		delete(d.touched, id)
		d.mu.Unlock()
	}
}
