package people

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/testdb"
)

// cheap makes hashing fast enough for tests.
var cheap = Cost{Memory: 8, Passes: 1, Threads: 1}

const (
	rootPassword = "brown heron over the dam"
	adaPassword  = "seven kettles whistle"
)

// house is a set-up installation.
type house struct {
	*Directory
	clock *testdb.Clock
	root  string          // id of the administrator
	ctx   context.Context // in which the administrator acts
}

func each(t *testing.T, fn func(t *testing.T, h *house)) {
	t.Helper()
	t.Parallel()
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		h := &house{Directory: &Directory{DB: db, Cost: cheap}, clock: c}
		link, err := h.StartSetup(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if h.root, err = h.CompleteSetup(context.Background(), link, NewAccount{Login: "root", Name: "Rosa Root", Password: rootPassword}); err != nil {
			t.Fatal(err)
		}
		h.ctx = h.as(t, h.root)
		fn(t, h)
	})
}

// as is a context in which an account acts, as its session would make it.
func (h *house) as(t *testing.T, account string) context.Context {
	t.Helper()
	var login string
	if err := h.DB.View(context.Background(), func(r store.Reader) error {
		return r.QueryRow(context.Background(), `SELECT login FROM people_account WHERE id = $1`, account).Scan(&login)
	}); err != nil {
		t.Fatal(err)
	}
	return h.actor(t, h.signIn(t, login))
}

func passwordOf(login string) string {
	if login == "root" {
		return rootPassword
	}
	return adaPassword
}

func (h *house) signIn(t *testing.T, login string) string {
	t.Helper()
	in, err := h.SignIn(context.Background(), Credentials{Login: login, Password: passwordOf(login), Address: "192.0.2.7", Agent: "test browser"})
	if err != nil {
		t.Fatal(err)
	}
	return in.Token
}

func (h *house) actor(t *testing.T, token string) context.Context {
	t.Helper()
	a, _, err := h.Authenticate(context.Background(), token)
	if err != nil {
		t.Fatal(err)
	}
	return store.WithActor(context.Background(), a)
}

// person makes an account with a role everywhere ("" for none) and returns its id.
func (h *house) person(t *testing.T, login, role string) string {
	t.Helper()
	account, err := h.CreateAccount(h.ctx, NewAccount{Login: login, Name: "Person " + login, Email: login + "@example.org", Password: adaPassword})
	if err != nil {
		t.Fatal(err)
	}
	if role != "" {
		h.grant(t, Grant{Account: account, Role: role, All: true})
	}
	return account
}

func (h *house) grant(t *testing.T, g Grant) string {
	t.Helper()
	grant, err := h.Grant(h.ctx, g)
	if err != nil {
		t.Fatal(err)
	}
	return grant
}

func (h *house) journal(t *testing.T, kinds ...string) []store.Entry {
	t.Helper()
	var out []store.Entry
	err := h.DB.View(context.Background(), func(r store.Reader) error {
		var err error
		out, err = store.Journal(context.Background(), r, store.JournalQuery{Kinds: kinds, Limit: 1000})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func wantKind(t *testing.T, err error, kind problem.Kind) {
	t.Helper()
	if problem.KindOf(err) != kind {
		t.Errorf("error = %v (kind %q), want %q", err, problem.KindOf(err), kind)
	}
}

func code(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	c, err := totp.GenerateCode(secret, at)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSetupLinkWorksOnceAndExpires(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		d, ctx := &Directory{DB: db, Cost: cheap}, context.Background()
		if needed, err := d.SetupNeeded(ctx); err != nil || !needed {
			t.Fatalf("SetupNeeded = %v, %v", needed, err)
		}
		first, err := d.StartSetup(ctx)
		if err != nil {
			t.Fatal(err)
		}
		n := NewAccount{Login: " Root ", Name: "Rosa Root", Password: rootPassword}
		c.Advance(24 * time.Hour)
		_, err = d.CompleteSetup(ctx, first, n)
		wantKind(t, err, problem.Forbidden)
		second, err := d.StartSetup(ctx)
		if err != nil {
			t.Fatal(err)
		}
		third, err := d.StartSetup(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, dead := range []string{"", first, second, third + "x"} {
			_, err = d.CompleteSetup(ctx, dead, n)
			wantKind(t, err, problem.Forbidden)
		}
		weak := n
		weak.Password = ""
		_, err = d.CompleteSetup(ctx, third, weak)
		wantKind(t, err, problem.Invalid)
		if _, err := d.CompleteSetup(ctx, third, n); err != nil {
			t.Fatal(err)
		}
		_, err = d.CompleteSetup(ctx, third, n)
		wantKind(t, err, problem.Forbidden)
		_, err = d.StartSetup(ctx)
		wantKind(t, err, problem.Conflict)
		if needed, err := d.SetupNeeded(ctx); err != nil || needed {
			t.Errorf("SetupNeeded = %v, %v after set-up", needed, err)
		}
		in, err := d.SignIn(ctx, Credentials{Login: "ROOT", Password: rootPassword})
		if err != nil {
			t.Fatal(err)
		}
		a, _, err := d.Authenticate(ctx, in.Token)
		if err != nil {
			t.Fatal(err)
		}
		if !a.Scope("system.configured").All || a.ID == "" || a.Name != "Rosa Root" {
			t.Errorf("actor = %+v", a)
		}
		if strings.Contains(in.Token, "=") || len(in.Token) != 43 {
			t.Errorf("token has %d characters", len(in.Token))
		}
	})
}
