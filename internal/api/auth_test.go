package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"triward/apiv1"
	"triward/internal/people"
	"triward/internal/store"
	"triward/internal/testdb"
)

// person makes an account with a role everywhere and signs it in.
func (f *fixture) person(login, role string) (people.SignedIn, store.Actor) {
	f.t.Helper()
	ctx := testdb.System()
	id, err := f.server.People.CreateAccount(ctx, people.NewAccount{Login: login, Name: login, Password: "violet kettle 93 harbour"})
	if err != nil {
		f.t.Fatal(err)
	}
	if _, err := f.server.People.Grant(ctx, people.Grant{Account: id, Role: role, All: true}); err != nil {
		f.t.Fatal(err)
	}
	in, err := f.server.People.SignIn(ctx, people.Credentials{Login: login, Password: "violet kettle 93 harbour"})
	if err != nil {
		f.t.Fatal(err)
	}
	a, _, err := f.server.People.Authenticate(ctx, in.Token)
	if err != nil {
		f.t.Fatal(err)
	}
	return in, a
}

func TestWhoActs(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		in, actor := f.person("robin", people.RoleHTM)
		token := must[apiv1.NewToken](f.as(actor), "POST", "/tokens", apiv1.TokenInput{Name: "script", Expires: db.Now().Add(time.Hour),
			Scope: []apiv1.Permitted{{Kinds: []string{"device.read"}, All: true}}})
		try := func(method, path string, change func(*http.Request)) int {
			r := f.request(method, path, nil)
			change(r)
			w := httptest.NewRecorder()
			f.http.ServeHTTP(w, r)
			return w.Code
		}
		bearer := func(s string) func(*http.Request) {
			return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+s) }
		}
		session := func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "triward_session", Value: in.Token}) }
		for _, c := range []struct {
			name, method, path string
			change             func(*http.Request)
			want               int
		}{
			{"nobody", "GET", "/devices", func(*http.Request) {}, 401},
			{"nobody may ask for health", "GET", "/health", func(*http.Request) {}, 200},
			{"token", "GET", "/devices", bearer(token.Secret), 200},
			{"token beyond its scope", "GET", "/lines", bearer(token.Secret), 403},
			{"unknown token", "GET", "/devices", bearer("trw_nothing"), 401},
			{"other scheme", "GET", "/devices", func(r *http.Request) { r.SetBasicAuth("robin", "x") }, 401},
			{"session reads", "GET", "/devices", session, 200},
			{"session reads from its own page", "GET", "/devices", func(r *http.Request) { session(r); r.Header.Set("Sec-Fetch-Site", "same-origin") }, 200},
			{"session of another site", "GET", "/devices", func(r *http.Request) { session(r); r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
			{"session does not change", "POST", "/sites", session, 403},
			{"broken session", "GET", "/devices", func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "triward_session", Value: "x"}) }, 401},
		} {
			if got := try(c.method, c.path, c.change); got != c.want {
				t.Errorf("%s: %d, want %d", c.name, got, c.want)
			}
		}
		must[empty](f.as(actor), "DELETE", "/tokens/"+token.ID, nil)
		if got := try("GET", "/devices", bearer(token.Secret)); got != 401 {
			t.Errorf("revoked token: %d, want 401", got)
		}
		w := httptest.NewRecorder()
		f.http.ServeHTTP(w, f.request("GET", "/devices", nil))
		if w.Header().Get("Www-Authenticate") != `Bearer realm="Triward"` || !strings.Contains(w.Header().Get("Cache-Control"), "no-store") {
			t.Errorf("header of a refusal = %v", w.Header())
		}
	})
}

func TestMutatingOperationsNeedPermission(t *testing.T) {
	f := newFixture(t, testdb.SQLite(t))
	known := map[string]bool{}
	for _, k := range people.Vocabulary() {
		known[k.Name] = true
	}
	areas := map[string]bool{"self": true}
	for k := range known {
		area, _, _ := strings.Cut(k, ".")
		areas[area] = true
	}
	for _, o := range f.server.Operations() {
		switch o.Permission {
		case "":
			t.Errorf("%s %s names no permission", o.Method, o.Path)
		case "public", "signed in":
			if o.Method != http.MethodGet {
				t.Errorf("%s %s changes something and asks for no permission", o.Method, o.Path)
			}
		default:
			for kind := range strings.SplitSeq(o.Permission, "|") {
				area, _, ok := strings.Cut(kind, ".")
				if !ok || !areas[area] {
					t.Errorf("%s %s: %q is no kind of event", o.Method, o.Path, kind)
				}
				if reads := strings.HasSuffix(kind, ".read"); reads && o.Method != http.MethodGet {
					t.Errorf("%s %s changes something with the permission to read", o.Method, o.Path)
				}
			}
		}
	}
}

// TestRoles calls every operation as every role and compares who is let in with a table.
func TestRoles(t *testing.T) {
	f := newFixture(t, testdb.SQLite(t))
	roles := people.Seeded()
	var out strings.Builder
	out.WriteString("# Who may call what: every operation as every seeded role, granted everywhere (\"external\" for one product).\n")
	names := make([]string, 0, len(roles)+1)
	for _, o := range roles {
		names = append(names, strings.TrimPrefix(o.ID, "rol_"))
	}
	fmt.Fprintf(&out, "operation | nobody | %s\n", strings.Join(names, " | "))
	for _, o := range f.server.Operations() {
		path := strings.TrimPrefix(o.Path, "/api/v1")
		for _, p := range []string{"{id}", "{device}", "{vulnerability}", "{to}"} {
			path = strings.ReplaceAll(path, p, "none_1")
		}
		path = strings.ReplaceAll(path, "{source}", "csaf")
		row := []string{o.Method + " " + o.Path}
		for i := range len(roles) + 1 {
			var a store.Actor
			if i > 0 {
				a = actorOf(roles[i-1])
			}
			code := f.as(a).send(o.Method, path, nil).Code
			switch {
			case code == http.StatusUnauthorized && i == 0, code == http.StatusForbidden && i > 0:
				row = append(row, "-")
			case code >= 500 && !strings.Contains(path, "/journal"):
				t.Errorf("%s as %s: %d", row[0], a.Name, code)
				row = append(row, "broken")
			default:
				row = append(row, "yes")
			}
		}
		out.WriteString(strings.Join(row, " | ") + "\n")
	}
	golden(t, "testdata/roles.golden", []byte(out.String()))
}

func actorOf(o people.Role) store.Actor {
	g := store.Grant{Kinds: o.Kinds, All: !o.Scoped}
	if o.Scoped {
		g.Products = []string{"mod_1"}
	}
	kinds := []string{people.KindSelf}
	return store.Actor{ID: "usr_" + strings.TrimPrefix(o.ID, "rol_"), Name: o.Name, Grants: []store.Grant{g, {Kinds: slices.Clone(kinds), All: true}}}
}
