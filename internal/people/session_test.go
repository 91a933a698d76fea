package people

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/problem"
	"triward/internal/store"
)

func TestSessionLimits(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := context.Background()
		live := func(token string) bool {
			_, _, err := h.Authenticate(ctx, token)
			if err != nil {
				wantKind(t, err, problem.Forbidden)
			}
			return err == nil
		}
		idle, busy := h.signIn(t, "root"), h.signIn(t, "root")
		before := len(h.journal(t))
		for i := range 12*60/25 + 1 { // every 25 minutes
			if at := time.Duration(i) * 25 * time.Minute; live(busy) != (at < 12*time.Hour) {
				t.Fatalf("busy session after %v: live = %v", at, !(at < 12*time.Hour))
			}
			h.clock.Advance(25 * time.Minute)
		}
		if live(busy) {
			t.Error("a session outlives its absolute limit")
		}
		if live(idle) {
			t.Error("a session outlives its idle limit")
		}
		if n := len(h.journal(t)); n != before {
			t.Errorf("requests recorded %d events", n-before)
		}
		edge := h.signIn(t, "root")
		h.clock.Advance(30*time.Minute - time.Microsecond)
		if !live(edge) {
			t.Error("a session ends before its idle limit")
		}
		h.clock.Advance(30 * time.Minute)
		if live(edge) {
			t.Error("a session lives at its idle limit")
		}
		if live("") || live("no token at all") {
			t.Error("anything is a session")
		}
		if err := h.Prune(ctx); err != nil {
			t.Fatal(err)
		}
		h.clock.Advance(31 * 24 * time.Hour)
		if err := h.Prune(ctx); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := h.view(t, func(r store.Reader) error {
			return r.QueryRow(ctx, `SELECT count(*) FROM people_session`).Scan(&n)
		}); err != nil || n != 0 {
			t.Errorf("%d sessions are left after pruning, %v", n, err)
		}
	})
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada, bob := h.person(t, "ada", ""), h.person(t, "bob", "")
		in, err := h.SignIn(context.Background(), Credentials{Login: "ada", Password: adaPassword, Address: "192.0.2.1", Agent: "Firefox\x00\n on Linux"})
		if err != nil {
			t.Fatal(err)
		}
		ctx, second, third := h.actor(t, in.Token), h.signIn(t, "ada"), h.signIn(t, "ada")
		bobs := h.as(t, bob)
		list := func(ctx context.Context, q SessionQuery) ([]Session, error) {
			var out []Session
			err := h.view(t, func(r store.Reader) (err error) { out, err = h.Sessions(ctx, r, q); return err })
			return out, err
		}
		all, err := list(ctx, SessionQuery{Account: ada})
		if err != nil || len(all) != 3 {
			t.Fatalf("%d sessions, %v", len(all), err)
		}
		if d := cmp.Diff(in.Session, all[2]); d != "" {
			t.Errorf("session (-want +got):\n%s", d)
		}
		if all[2].Agent != "Firefox on Linux" || all[2].Address != "192.0.2.1" || all[2].Login != "ada" {
			t.Errorf("session = %+v", all[2])
		}
		page, err := list(ctx, SessionQuery{Account: ada, After: all[0].ID, Limit: 1})
		if err != nil || len(page) != 1 || page[0].ID != all[1].ID {
			t.Errorf("page = %v, %v", page, err)
		}
		_, err = list(bobs, SessionQuery{Account: ada})
		wantKind(t, err, problem.Forbidden)
		_, err = list(ctx, SessionQuery{})
		wantKind(t, err, problem.Forbidden)
		wantKind(t, h.EndSession(bobs, all[0].ID), problem.Forbidden)
		_, err = h.EndSessions(bobs, ada, "")
		wantKind(t, err, problem.Forbidden)

		if err := h.EndSession(ctx, all[0].ID); err != nil {
			t.Fatal(err)
		}
		wantKind(t, h.EndSession(ctx, all[0].ID), problem.NotFound)
		_, _, err = h.Authenticate(ctx, third)
		wantKind(t, err, problem.Forbidden)
		if n, err := h.EndSessions(ctx, ada, in.Session.ID); err != nil || n != 1 {
			t.Errorf("EndSessions = %d, %v", n, err)
		}
		_, _, err = h.Authenticate(ctx, second)
		wantKind(t, err, problem.Forbidden)
		if err := h.SignOut(context.Background(), in.Token); err != nil {
			t.Fatal(err)
		}
		if err := h.SignOut(context.Background(), in.Token); err != nil {
			t.Errorf("signing out twice: %v", err)
		}
		_, _, err = h.Authenticate(ctx, in.Token)
		wantKind(t, err, problem.Forbidden)
		if n, err := h.EndSessions(h.ctx, bob, ""); err != nil || n != 1 {
			t.Errorf("an administrator ends %d sessions, %v", n, err)
		}
	})
}

func TestTokens(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.person(t, "ada", "")
		grant := h.grant(t, Grant{Account: ada, Role: RoleHTM, Sites: []string{"sit_a", "sit_b"}})
		h.grant(t, Grant{Account: ada, Role: RoleExternal, Products: []string{"mod_x"}})
		ctx := h.as(t, ada)
		year := h.DB.Now().Add(tokenLife)
		site := []store.Grant{{Kinds: []string{"device.*", "risk.read"}, Sites: []string{"sit_b"}}}
		for path, n := range map[string]NewToken{
			"expires":           {Name: "x", Scope: site},
			"expires ":          {Name: "x", Scope: site, Expires: year.Add(time.Second)},
			"expires  ":         {Name: "x", Scope: site, Expires: h.DB.Now()},
			"name":              {Scope: site, Expires: year},
			"scope":             {Name: "x", Expires: year},
			"scope[0].kinds[0]": {Name: "x", Expires: year, Scope: []store.Grant{{Kinds: []string{"self.token_created"}, Sites: []string{"sit_b"}}}},
			"scope[0].scope":    {Name: "x", Expires: year, Scope: []store.Grant{{Kinds: []string{"device.read"}}}},
		} {
			_, _, err := h.CreateToken(ctx, n)
			if f := problem.FaultsOf(err); len(f) != 1 || f[0].Path != strings.TrimSpace(path) {
				t.Errorf("%+v: faults = %v (%v), want one at %s", n, f, err, path)
			}
		}
		for _, more := range []store.Grant{
			{Kinds: []string{"device.read"}, All: true}, {Kinds: []string{"device.read"}, Sites: []string{"sit_c"}}, {Kinds: []string{"*"}, Sites: []string{"sit_a"}},
			{Kinds: []string{"risk.*"}, Sites: []string{"sit_a"}}, {Kinds: []string{"device.read"}, Products: []string{"mod_x"}}, {Kinds: []string{KindGranted}, Sites: []string{"sit_a"}},
		} {
			_, _, err := h.CreateToken(ctx, NewToken{Name: "x", Scope: []store.Grant{more}, Expires: year})
			wantKind(t, err, problem.Forbidden)
		}
		secret, made, err := h.CreateToken(ctx, NewToken{Name: "nightly", Scope: site, Expires: year})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(secret, "trw_") || len(secret) != 47 {
			t.Errorf("secret has %d characters", len(secret))
		}
		a, err := h.AuthenticateToken(context.Background(), secret)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(store.Scope{Sites: []string{"sit_b"}}, a.Scope("device.moved")); d != "" || a.May("self.token_created") || a.May("product.read") {
			t.Errorf("actor = %+v\n%s", a, d)
		}
		if a.ID != made.ID || a.Name != "Person ada (API token nightly)" {
			t.Errorf("actor = %+v", a)
		}
		by := store.WithActor(context.Background(), a)
		_, _, err = h.CreateToken(by, NewToken{Name: "child", Scope: site, Expires: year})
		wantKind(t, err, problem.Forbidden)
		_, err = h.EnrolTOTP(by)
		wantKind(t, err, problem.Forbidden)
		wantKind(t, h.RevokeToken(by, made.ID), problem.Forbidden)
		wantKind(t, h.RevokeToken(h.as(t, h.person(t, "bob", "")), made.ID), problem.Forbidden)

		// What the owner loses, the token loses.
		if err := h.Revoke(h.ctx, grant, ""); err != nil {
			t.Fatal(err)
		}
		if a, err = h.AuthenticateToken(context.Background(), secret); err != nil || a.May("device.read") {
			t.Errorf("actor = %+v, %v after the owner lost the role", a, err)
		}
		h.clock.Advance(time.Hour)
		if _, err := h.AuthenticateToken(context.Background(), secret); err != nil {
			t.Fatal(err)
		}
		var list []Token
		if err := h.view(t, func(r store.Reader) (err error) { list, err = Tokens(h.ctx, r, TokenQuery{Account: ada}); return err }); err != nil || len(list) != 1 {
			t.Fatalf("%d tokens, %v", len(list), err)
		}
		made.Used = h.DB.Now()
		if d := cmp.Diff(made, list[0]); d != "" {
			t.Errorf("token (-want +got):\n%s", d)
		}
		h.clock.Advance(tokenLife - time.Hour)
		_, err = h.AuthenticateToken(context.Background(), secret)
		wantKind(t, err, problem.Forbidden)
		for _, bad := range []string{"", "trw_", secret[4:], secret + "x"} {
			_, err = h.AuthenticateToken(context.Background(), bad)
			wantKind(t, err, problem.Forbidden)
		}
	})
}

func TestTokenEndsWithRevocationAndOwner(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.person(t, "ada", RolePSIRT)
		ctx := h.as(t, ada)
		make := func() (string, Token) {
			secret, tok, err := h.CreateToken(ctx, NewToken{Name: "x", Scope: []store.Grant{{Kinds: []string{"vuln.*"}, All: true}}, Expires: h.DB.Now().AddDate(0, 0, 9)})
			if err != nil {
				t.Fatal(err)
			}
			return secret, tok
		}
		one, tok := make()
		two, _ := make()
		if err := h.RevokeToken(ctx, tok.ID); err != nil {
			t.Fatal(err)
		}
		wantKind(t, h.RevokeToken(ctx, tok.ID), problem.NotFound)
		_, err := h.AuthenticateToken(ctx, one)
		wantKind(t, err, problem.Forbidden)
		if _, err = h.AuthenticateToken(ctx, two); err != nil {
			t.Error(err)
		}
		session := h.signIn(t, "ada")
		if err := h.Disable(h.ctx, ada, "on leave"); err != nil {
			t.Fatal(err)
		}
		if err := h.Enable(h.ctx, ada, "back"); err != nil {
			t.Fatal(err)
		}
		_, err = h.AuthenticateToken(ctx, two)
		wantKind(t, err, problem.Forbidden)
		_, _, err = h.Authenticate(ctx, session)
		wantKind(t, err, problem.Forbidden)
		if err := h.try("ada", adaPassword, ""); err != nil {
			t.Errorf("enabled again: %v", err)
		}
	})
}

// A load of feeds may hold the embedded database's only writer for a long time: requests must not wait for it.
func TestRequestsDoNotWaitForALongWriter(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		token := h.signIn(t, "root")
		h.clock.Advance(5 * time.Minute)
		if err := h.DB.Bulk(context.Background(), func(*store.Bulk) error {
			_, _, err := h.Authenticate(context.Background(), token)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := h.Authenticate(context.Background(), token); err != nil { // writes what could not be written before
			t.Fatal(err)
		}
		h.clock.Advance(29 * time.Minute)
		if _, s, err := h.Authenticate(context.Background(), token); err != nil || s.Seen.Before(h.DB.Now().Add(-29*time.Minute)) {
			t.Errorf("session = %+v, %v", s, err)
		}
	})
}
