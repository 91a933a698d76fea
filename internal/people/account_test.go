package people

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/testdb"
)

func TestAccountFaultsByField(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		_, err := h.CreateAccount(h.ctx, NewAccount{Login: "a b", Name: "\x00", Email: "Ada <ada@example.org>", Password: "short"})
		var paths []string
		for _, f := range problem.FaultsOf(err) {
			paths = append(paths, f.Path)
		}
		if d := cmp.Diff([]string{"email", "login", "name", "password"}, paths); d != "" {
			t.Errorf("faults (-want +got):\n%s", d)
		}
		h.person(t, "ada", "")
		_, err = h.CreateAccount(h.ctx, NewAccount{Login: "ADA", Name: "Another"})
		wantKind(t, err, problem.Conflict)
		bob := h.person(t, "bob", "")
		wantKind(t, h.ChangeAccount(h.ctx, Account{ID: bob, Login: "ada", Name: "Bob"}), problem.Conflict)
		wantKind(t, h.ChangeAccount(h.ctx, Account{ID: "usr_none", Login: "carl", Name: "Carl"}), problem.NotFound)
		wantKind(t, h.ChangeAccount(h.ctx, Account{ID: bob, Login: "", Name: ""}), problem.Invalid)
		wantKind(t, h.Disable(h.ctx, "usr_none", ""), problem.NotFound)
		if err := h.ChangeAccount(h.ctx, Account{ID: bob, Login: "robert", Name: "Robert", Email: "r@example.org"}); err != nil {
			t.Fatal(err)
		}
		if err := h.try("robert", adaPassword, ""); err != nil {
			t.Errorf("new login: %v", err)
		}
	})
}

func TestAccountPages(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for _, l := range []string{"dora", "ada", "carl_x", "bob"} {
			h.person(t, l, "")
		}
		off := h.person(t, "off", RoleAuditor)
		if err := h.Disable(h.ctx, off, ""); err != nil {
			t.Fatal(err)
		}
		logins := func(q AccountQuery) string {
			t.Helper()
			var all store.Page[Account]
			if err := h.view(t, func(r store.Reader) (err error) { all, err = Accounts(h.ctx, r, q); return err }); err != nil {
				t.Fatal(err)
			}
			var out []string
			for _, a := range all.Items {
				out = append(out, a.Login)
			}
			return strings.Join(out, " ")
		}
		for want, q := range map[string]AccountQuery{
			"ada bob carl_x dora off root":  {},
			"ada bob":                       {Limit: 2},
			"ada bob carl_x dora off root ": {Sort: "login"},
			"root off dora carl_x bob ada":  {Sort: "-login"},
			"off":                           {State: Disabled},
			"carl_x":                        {Text: "_"},
			"":                              {Text: "%"},
			"dora":                          {Text: "DORA@Example"},
			"off ":                          {Role: RoleAuditor},
			"root":                          {Text: "rosa"},
		} {
			if got := logins(q); got != strings.TrimSpace(want) {
				t.Errorf("%+v: %s, want %s", q, got, want)
			}
		}
		if err := h.view(t, func(r store.Reader) error {
			names, err := Names(h.ctx, r, []string{off, h.root, "usr_none"})
			if d := cmp.Diff(map[string]string{off: "Person off", h.root: "Rosa Root"}, names); d != "" {
				t.Errorf("names (-want +got):\n%s", d)
			}
			if err != nil {
				return err
			}
			if _, err := Names(context.Background(), r, nil); problem.KindOf(err) != problem.Forbidden {
				t.Errorf("error = %v without actor", err)
			}
			found, err := Choices(h.ctx, r, "o", 10)
			var got []string
			for _, n := range found {
				got = append(got, n.Name)
			}
			if d := cmp.Diff([]string{"Person ada", "Person bob", "Person carl_x", "Person dora", "Rosa Root"}, got); d != "" {
				t.Errorf("choices (-want +got):\n%s", d)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestVocabulary(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range Vocabulary() {
		if seen[k.Name] || k.Text == "" || k.Area() == "self" || !strings.Contains(k.Name, ".") {
			t.Errorf("kind %+v", k)
		}
		seen[k.Name] = true
	}
	for _, o := range Seeded() {
		if err := o.Validate(); err != nil {
			t.Errorf("%s: %v", o.Name, err)
		}
	}
}

func BenchmarkAuthenticate(b *testing.B) {
	d, ctx := &Directory{DB: testdb.SQLite(b), Cost: cheap}, context.Background()
	link, err := d.StartSetup(ctx)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := d.CompleteSetup(ctx, link, NewAccount{Login: "root", Name: "Rosa", Password: rootPassword}); err != nil {
		b.Fatal(err)
	}
	in, err := d.SignIn(ctx, Credentials{Login: "root", Password: rootPassword})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, _, err := d.Authenticate(ctx, in.Token); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHash(b *testing.B) {
	d := &Directory{}
	for b.Loop() {
		if _, err := d.hash(adaPassword); err != nil {
			b.Fatal(err)
		}
	}
}
