package sso_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"triward/internal/people"
	"triward/internal/people/sso"
	"triward/internal/people/sso/ssotest"
	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/testdb"
)

// house is an installation with a provider beside it.
type house struct {
	*sso.Door
	people   *people.Directory
	provider ssotest.Provider
	clock    *testdb.Clock
	config   sso.Config
}

func each(t *testing.T, change func(c *sso.Config), fn func(t *testing.T, h *house)) {
	t.Helper()
	t.Parallel()
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		clock.Advance(time.Since(clock.Now())) // the provider has a clock of its own
		h := &house{people: &people.Directory{DB: db, Cost: people.Cost{Memory: 8, Passes: 1, Threads: 1}}, clock: clock}
		h.provider = ssotest.Start(t, ssotest.Redirect, ssotest.User{ID: "1", Login: "ada", Email: "Ada@hospital.example"},
			ssotest.User{ID: "2", Login: "bob", Email: "bob@hospital.example", Unverified: true}, ssotest.User{ID: "3", Login: "eve", Email: "eve@elsewhere.example"})
		h.config = h.provider.Config()
		if change != nil {
			change(&h.config)
		}
		var err error
		if h.Door, err = sso.Open(h.people, h.config, http.DefaultTransport); err != nil {
			t.Fatal(err)
		}
		fn(t, h)
	})
}

func (h *house) account(t *testing.T, login, email string) string {
	t.Helper()
	id, err := h.people.CreateAccount(testdb.System(), people.NewAccount{Login: login, Name: "Person " + login, Email: email})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (h *house) begin(t *testing.T) sso.Way {
	t.Helper()
	w, err := h.Begin(context.Background(), "/devices")
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (h *house) finish(w sso.Way, answer url.Values) (sso.Arrival, error) {
	return h.Finish(context.Background(), sso.Back{Secret: w.Secret, Answer: answer, Address: "192.0.2.7", Agent: "test browser"})
}

func (h *house) signIn(t *testing.T, login string) (sso.Arrival, error) {
	t.Helper()
	w := h.begin(t)
	return h.finish(w, h.provider.Visit(t, w.Address, login))
}

func wantKind(t *testing.T, err error, kind problem.Kind) {
	t.Helper()
	if problem.KindOf(err) != kind {
		t.Errorf("error = %v (kind %q), want %q", err, problem.KindOf(err), kind)
	}
}

func (h *house) journal(t *testing.T, kinds ...string) []store.Entry {
	t.Helper()
	var out []store.Entry
	ctx := testdb.System()
	if err := h.DB.View(ctx, func(r store.Reader) (err error) {
		out, err = store.Journal(ctx, r, store.JournalQuery{Kinds: kinds, Limit: 1000})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSignInWithAProvider(t *testing.T) {
	each(t, nil, func(t *testing.T, h *house) {
		ada := h.account(t, "lovelace", "ada@Hospital.example")
		in, err := h.signIn(t, "ada")
		if err != nil {
			t.Fatal(err)
		}
		if in.SignedIn.Session.Account != ada || in.Next != "/devices" {
			t.Errorf("arrived %+v", in)
		}
		a, s, err := h.people.Authenticate(context.Background(), in.SignedIn.Token)
		if err != nil || a.ID != ada || s.SecondFactor {
			t.Errorf("session of %s: %+v, %v", a.ID, s, err)
		}
		if e := h.journal(t, people.KindSignedIn); len(e) != 1 || !strings.Contains(string(e[0].Body), `"provider"`) {
			t.Errorf("journal %+v", e)
		}
		t.Run("the account is known by its subject afterwards", func(t *testing.T) {
			ctx := testdb.System()
			if err := h.people.ChangeAccount(ctx, people.Account{ID: ada, Login: "lovelace", Name: "Ada King", Email: "new@hospital.example"}); err != nil {
				t.Fatal(err)
			}
			h.account(t, "thief", "ada@hospital.example")
			in, err := h.signIn(t, "ada")
			if err != nil || in.SignedIn.Session.Account != ada {
				t.Errorf("signed in as %+v, %v", in.SignedIn.Session, err)
			}
		})
		t.Run("a disabled account", func(t *testing.T) {
			if err := h.people.Disable(testdb.System(), ada, ""); err != nil {
				t.Fatal(err)
			}
			_, err := h.signIn(t, "ada")
			wantKind(t, err, problem.Forbidden)
		})
	})
}

func TestWhoIsNotLetIn(t *testing.T) {
	each(t, nil, func(t *testing.T, h *house) {
		h.account(t, "bob", "bob@hospital.example")
		h.account(t, "eve1", "eve@elsewhere.example")
		h.account(t, "eve2", "EVE@elsewhere.example")
		for login, why := range map[string]string{"ada": "unknown_subject", "bob": "unknown_subject", "eve": "address_of_two_accounts"} {
			_, err := h.signIn(t, login)
			wantKind(t, err, problem.Forbidden)
			e := h.journal(t, people.KindSignInFailed)
			if len(e) == 0 || !strings.Contains(string(e[len(e)-1].Body), why) {
				t.Errorf("%s: the journal does not say %s: %+v", login, why, e)
			}
		}
	})
}

func TestDomains(t *testing.T) {
	each(t, func(c *sso.Config) { c.Domains = []string{"hospital.example"}; c.Match = sso.ByLogin }, func(t *testing.T, h *house) {
		for _, login := range []string{"ada", "bob", "eve"} {
			h.account(t, login, "")
		}
		if in, err := h.signIn(t, "ada"); err != nil || in.SignedIn.Session.Login != "ada" {
			t.Errorf("ada: %v", err)
		}
		for _, login := range []string{"bob", "eve"} { // an address that was not verified, and one of another domain
			_, err := h.signIn(t, login)
			wantKind(t, err, problem.Forbidden)
		}
	})
}

func TestAccountsAreMadeOnlyWhenConfigured(t *testing.T) {
	each(t, func(c *sso.Config) { c.Create = true }, func(t *testing.T, h *house) {
		in, err := h.signIn(t, "ada")
		if err != nil {
			t.Fatal(err)
		}
		a, _, err := h.people.Authenticate(context.Background(), in.SignedIn.Token)
		if err != nil || len(a.Grants) != 1 || a.May("device.read") || in.SignedIn.Session.Login != "ada" {
			t.Errorf("the new account holds %+v, %v", a.Grants, err)
		}
	})
}

func TestAnAnswerIsBound(t *testing.T) {
	each(t, nil, func(t *testing.T, h *house) {
		h.account(t, "ada", "ada@hospital.example")
		t.Run("to the browser", func(t *testing.T) {
			w := h.begin(t)
			answer := h.provider.Visit(t, w.Address, "ada")
			for _, secret := range []string{"", "other", h.begin(t).Secret} {
				_, err := h.finish(sso.Way{Secret: secret}, answer)
				wantKind(t, err, problem.Forbidden)
			}
			if _, err := h.finish(w, answer); err != nil {
				t.Fatal(err)
			}
			_, err := h.finish(w, answer)
			wantKind(t, err, problem.Forbidden)
		})
		t.Run("to its nonce and verifier", func(t *testing.T) {
			mine, theirs := h.begin(t), h.begin(t)
			code := h.provider.Visit(t, theirs.Address, "ada").Get("code")
			_, err := h.finish(mine, url.Values{"state": {mine.Secret}, "code": {code}})
			wantKind(t, err, problem.Forbidden)
		})
		t.Run("to ten minutes", func(t *testing.T) {
			w := h.begin(t)
			answer := h.provider.Visit(t, w.Address, "ada")
			h.clock.Advance(10*time.Minute + time.Second)
			_, err := h.finish(w, answer)
			wantKind(t, err, problem.Forbidden)
			h.clock.Advance(-10 * time.Minute)
		})
		t.Run("and may be a refusal", func(t *testing.T) {
			w := h.begin(t)
			_, err := h.finish(w, url.Values{"state": {w.Secret}, "error": {"access_denied"}})
			wantKind(t, err, problem.Forbidden)
		})
		for _, e := range h.journal(t) {
			if strings.Contains(string(e.Body), "eyJ") {
				t.Errorf("a token is in the journal: %s", e.Body)
			}
		}
	})
}

func TestDT01ProvingAgain(t *testing.T) {
	each(t, nil, func(t *testing.T, h *house) {
		h.account(t, "ada", "ada@hospital.example")
		h.account(t, "eve", "eve@elsewhere.example")
		in, err := h.signIn(t, "ada")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.signIn(t, "eve"); err != nil {
			t.Fatal(err)
		}
		ctx, session := context.Background(), in.SignedIn.Session
		again := func(login string, late time.Duration) error {
			t.Helper()
			h.clock.Advance(late)
			w, err := h.BeginAgain(ctx, session, "/sign")
			if err != nil {
				t.Fatal(err)
			}
			if q, err := url.Parse(w.Address); err != nil || q.Query().Get("prompt") != "login" || q.Query().Get("max_age") != "0" || q.Query().Get("code_challenge_method") != "S256" {
				t.Errorf("the browser goes to %s", w.Address)
			}
			arrived, err := h.finish(w, h.provider.Visit(t, w.Address, login))
			if err == nil && (arrived.SignedIn.Token != "" || arrived.Next != "/sign") {
				t.Errorf("arrived %+v", arrived)
			}
			return err
		}
		ready := func(session string) (step string) {
			t.Helper()
			if err := h.DB.View(ctx, func(r store.Reader) (err error) {
				step, err = sso.Ready(ctx, r, session, h.clock.Now())
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return step
		}
		use := func(step, session string) (ok bool) {
			t.Helper()
			ctx := testdb.System()
			if err := h.DB.Update(ctx, func(tx *store.Tx) (err error) {
				if ok, err = sso.Use(ctx, tx, step, session); err != nil {
					return err
				}
				_, err = tx.Record(ctx, store.Event{Kind: "test.used", Subject: "s"})
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return ok
		}
		t.Run("somebody else", func(t *testing.T) { wantKind(t, again("eve", 0), problem.Forbidden) })
		t.Run("an earlier sign-in at the provider", func(t *testing.T) {
			wantKind(t, again("ada", 2*time.Minute), problem.Forbidden)
			h.clock.Advance(time.Since(h.clock.Now()))
		})
		if step := ready(session.ID); step != "" {
			t.Errorf("%s counts", step)
		}
		if err := again("ada", 0); err != nil {
			t.Fatal(err)
		}
		step := ready(session.ID)
		if step == "" || use(step, "ses_other") || !use(step, session.ID) || use(step, session.ID) || ready(session.ID) != "" {
			t.Error("a proof counts once, in its session")
		}
		t.Run("for five minutes", func(t *testing.T) {
			if err := again("ada", 0); err != nil {
				t.Fatal(err)
			}
			step := ready(session.ID)
			h.clock.Advance(5*time.Minute + time.Second)
			if step == "" || use(step, session.ID) || ready(session.ID) != "" {
				t.Error("a proof counts after five minutes")
			}
		})
	})
}

func TestStartsWithoutTheProvider(t *testing.T) {
	db := testdb.SQLite(t)
	d, err := sso.Open(&people.Directory{DB: db}, sso.Config{Issuer: "https://127.0.0.1:1/", ClientID: "x", Redirect: ssotest.Redirect, Match: sso.ByEmail}, http.DefaultTransport)
	if err != nil || d.Name() != "127.0.0.1:1" {
		t.Fatal(err)
	}
	_, err = d.Begin(context.Background(), "")
	wantKind(t, err, problem.Unavailable)
	_, err = sso.Open(&people.Directory{DB: db}, sso.Config{Issuer: "http://provider.example", Match: "guess"}, http.DefaultTransport)
	if n := len(problem.FaultsOf(err)); n != 4 {
		t.Errorf("%d faults: %v", n, err)
	}
}
