package people

import (
	"context"
	"slices"
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

func TestPasswordRules(t *testing.T) {
	a := Account{Login: "ada.lovelace", Name: "Ada Lovelace", Email: "countess@example.org"}
	for _, good := range []string{adaPassword, rootPassword, "            x", "zwölf Kühe ü", "пароль на двенадцать", "🐄🐖🐑🐓🦆🐎🐐🐇🐿🦔🐀🐁", strings.Repeat("brown heron ", 21), "hospital bed rails"} {
		var l problem.List
		if checkPassword(&l, "password", good, a); l.Len() != 0 {
			t.Errorf("%q: %v", good, l.Err("refused"))
		}
	}
	for _, bad := range []string{"", "eleven char", "ééééé́", strings.Repeat("ab cd ef gh ", 22), "\xff\xfe not text at all",
		"aaaaaaaaaaaa", "abababababab", "xyz1xyz1xyz1xy", "abcdefghijklm", "123456789012", "987654321098", "Password1234", "passwordpassword",
		"Administrator", "qwertyuiop12", "1q2w3e4r5t6y", "Hospital2026!!", "ada.lovelace", "adalovelace1", "Countess12345", "LOVELACE-2026", "correct-horse-battery-staple"} {
		var l problem.List
		if checkPassword(&l, "password", bad, a); l.Len() != 1 {
			t.Errorf("%q is accepted", bad)
		}
	}
	if normalise("ﬁne e\u0301") != normalise("fine é") {
		t.Error("the same characters from two keyboards differ")
	}
	if words := strings.Fields(refusals); len(words) != len(slices.Compact(slices.Sorted(slices.Values(words)))) {
		t.Error("the refusal list repeats itself")
	}
}

func TestStoredHashIsReadBack(t *testing.T) {
	d := &Directory{Cost: cheap}
	stored, err := d.hash(adaPassword)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		stored, password string
		ok               bool
	}{{stored, adaPassword, true}, {stored, adaPassword + " ", false}, {stored, "", false}, {"", "", false}} {
		if ok, _, err := d.matches(c.stored, c.password); err != nil || ok != c.ok {
			t.Errorf("matches(%q) = %v, %v", c.password, ok, err)
		}
	}
	for i := range stored {
		if _, _, _, err := decode(stored[:i]); err == nil {
			t.Errorf("a hash cut at %d is read", i)
		}
	}
	for _, huge := range []string{"m=4294967295,t=1,p=1", "m=8,t=4294967295,p=1", "m=8,t=0,p=1", "m=0,t=1,p=1", "m=8,t=1,p=0", "m=8,t=1,p=256"} {
		if _, _, _, err := decode(strings.Replace(stored, "m=8,t=1,p=1", huge, 1)); err == nil {
			t.Errorf("%s is accepted", huge)
		} else if strings.Contains(err.Error(), "$") {
			t.Errorf("the error shows the hash: %v", err)
		}
	}
	c := DefaultCost()
	if c.Memory < 19*1024 || c.Passes*c.Memory < 38*1024 {
		t.Errorf("cost = %+v is below what OWASP asks for", c)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=8,t=1$$")
	f.Fuzz(func(t *testing.T, s string) {
		c, salt, key, err := decode(s)
		if err != nil {
			return
		}
		c2, salt2, key2, err := decode(encode(c, salt, key))
		if err != nil || c2 != c || string(salt2) != string(salt) || string(key2) != string(key) {
			t.Errorf("%q is not read back: %v", s, err)
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
