package web

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/internal/assurance/validation"
	"triward/internal/detection"
	"triward/internal/detection/baseline"
	"triward/internal/detection/reading"
	"triward/internal/device"
	"triward/internal/eventlog/parquet"
	"triward/internal/people"
	"triward/internal/product"
	"triward/internal/risk"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
	"triward/internal/vuln"
)

var update = flag.Bool("update", false, "write the golden files")

// newServer is a server on a database, with hashes that cost nothing.
func newServer(t *testing.T, db *store.DB) *Server {
	t.Helper()
	signer := signaturetest.New(t, db)
	s := &Server{DB: db, People: signer.People, Signer: signer.Signer, Fleet: device.Fleet{DB: db}, Catalog: product.Catalog{DB: db},
		Verdicts: vuln.Verdicts{DB: db}, Feeds: vuln.Feeds{DB: db}, Decisions: risk.Decisions{DB: db}, Tables: risk.Tables{DB: db},
		RunFeed: func(context.Context, string) error { return nil }, Version: "test", Log: slog.New(slog.DiscardHandler), SecurityMail: "security@example.org"}
	s.Validation = validation.Desk{DB: db, Signer: signer.Signer,
		Parts: func(context.Context) ([]validation.Part, error) {
			return []validation.Part{{Area: "program", Name: "version", Value: s.Version}}, nil
		},
		Checks: func(context.Context) ([]validation.Check, error) {
			return []validation.Check{{ID: "IQ-01", Stage: validation.Installation, Title: "Look.", Expected: "all is there", Observed: "all is there", Outcome: validation.Passed, Rules: []string{"SV-01"}}}, nil
		}}
	events, err := parquet.Open(t.Context(), db, filepath.Join(t.TempDir(), "events"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { events.Close(context.Background()) })
	s.Sources, s.Rules, s.Alerts, s.Baselines, s.Events = detection.Sources{DB: db}, detection.Rules{DB: db}, detection.Alerts{DB: db}, baseline.Desk{DB: db}, reading.Desk{DB: db, Log: events}
	if err := s.People.Seed(testdb.System()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Wait)
	return s
}

const password = "harbour lamp violet nineteen"

// addPerson makes an account with a role, everywhere or for one product.
func addPerson(t *testing.T, s *Server, login, role, productID string) string {
	t.Helper()
	ctx := testdb.System()
	id, err := s.People.CreateAccount(ctx, people.NewAccount{Login: login, Name: "Person " + login, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	g := people.Grant{Account: id, Role: role, All: productID == ""}
	if productID != "" {
		g.Products = []string{productID}
	}
	if _, err := s.People.Grant(ctx, g); err != nil {
		t.Fatal(err)
	}
	return id
}

// session signs somebody in without the form.
func session(t *testing.T, s *Server, login string) *http.Cookie {
	t.Helper()
	in, err := s.People.SignIn(t.Context(), people.Credentials{Login: login, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	return &http.Cookie{Name: sessionCookie, Value: in.Token}
}

// ask sends a request as the browser of this site would.
func ask(h http.Handler, method, target string, c *http.Cookie, form string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(form))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if c != nil {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

var wildcard = regexp.MustCompile(`\{[a-z$]+\}`)

// TestRoutesByRole walks every route as every seeded role, as somebody without a role and as nobody.
func TestRoutesByRole(t *testing.T) {
	db := testdb.SQLite(t)
	s := newServer(t, db)
	s.Handler()
	maker, err := s.Catalog.AddManufacturer(testdb.System(), product.Manufacturer{Name: "Nordlicht"})
	if err != nil {
		t.Fatal(err)
	}
	model, err := s.Catalog.AddModel(testdb.System(), product.Model{Manufacturer: maker, Name: "Pulsar"})
	if err != nil {
		t.Fatal(err)
	}
	type visitor struct {
		name   string
		cookie *http.Cookie
	}
	visitors := []visitor{{"nobody", nil}}
	for _, o := range people.Seeded() {
		login := strings.ReplaceAll(strings.TrimPrefix(o.ID, "rol_"), "_", "-")
		productID := ""
		if o.Scoped {
			productID = string(model)
		}
		addPerson(t, s, login, o.ID, productID)
		visitors = append(visitors, visitor{login, session(t, s, login)})
	}
	if _, err := s.People.CreateAccount(testdb.System(), people.NewAccount{Login: "no-role", Name: "No Role", Password: password}); err != nil {
		t.Fatal(err)
	}
	visitors = append(visitors, visitor{"no-role", session(t, s, "no-role")})

	var got strings.Builder
	fmt.Fprintln(&got, "# route | permission | who passes the door; made by go test -update")
	for _, rt := range routes() {
		var pass []string
		target := wildcard.ReplaceAllString(rt.Pattern, "x")
		if rt.Pattern == "/{$}" {
			target = "/"
		}
		for _, v := range visitors {
			if passes(s, rt, v.cookie, target) {
				pass = append(pass, v.name)
			}
		}
		switch {
		case len(pass) == len(visitors):
			pass = []string{"everybody"}
		case len(pass) == len(visitors)-1 && rt.Permission == signedIn:
			pass = []string{"every account"}
		}
		fmt.Fprintf(&got, "%s %s | %s | %s\n", rt.Method, rt.Pattern, rt.Permission, strings.Join(pass, " "))
	}
	golden := filepath.Join("testdata", "routes.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got.String()); d != "" {
		t.Errorf("routes by role (-golden +got):\n%s", d)
	}
}

// passes reports whether a visitor reaches the handler of a route; the handler itself does not run, so that signing out
// or changing something cannot spoil the walk.
func passes(s *Server, rt route, c *http.Cookie, target string) bool {
	reached := false
	rt.handle = func(*Server, *visit) error { reached = true; return nil }
	w := ask(s.protect(s.door(rt)), rt.Method, target, c, "")
	if !reached && w.Code != http.StatusForbidden && w.Code != http.StatusSeeOther {
		return true
	}
	return reached
}

// TestAuditorWritesNothing checks with the real handlers that an auditor, who reads everything, writes nothing.
func TestAuditorWritesNothing(t *testing.T) {
	db := testdb.SQLite(t)
	s := newServer(t, db)
	h := s.Handler()
	addPerson(t, s, "auditor", people.RoleAuditor, "")
	c := session(t, s, "auditor")
	before := head(t, db)
	for _, rt := range routes() {
		target := wildcard.ReplaceAllString(rt.Pattern, "x")
		if rt.Permission == public || rt.Permission == signedIn {
			continue
		}
		w := ask(h, rt.Method, target, c, "name=x")
		if rt.Method == http.MethodPost && w.Code != http.StatusForbidden {
			t.Errorf("%s %s answers %d, want 403", rt.Method, rt.Pattern, w.Code)
		}
		if w.Code >= 500 {
			t.Errorf("%s %s answers %d", rt.Method, rt.Pattern, w.Code)
		}
	}
	if now := head(t, db); now != before {
		t.Errorf("the journal grew from %d to %d entries", before, now)
	}
}

func head(t *testing.T, db *store.DB) int64 {
	t.Helper()
	var n int64
	if err := db.View(context.Background(), func(r store.Reader) (err error) {
		n, _, err = store.JournalHead(context.Background(), r)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestEveryPermissionIsKnown keeps typing errors out of the table.
func TestEveryPermissionIsKnown(t *testing.T) {
	admin := store.Actor{ID: "usr_x", Grants: []store.Grant{{Kinds: []string{"*"}, All: true}}}
	for _, rt := range routes() {
		if rt.Permission == public || rt.Permission == signedIn {
			continue
		}
		for _, k := range strings.Split(rt.Permission, "|") {
			area, name, ok := strings.Cut(k, ".")
			if !ok || area == "" || name == "" || !admin.May(k) {
				t.Errorf("%s %s needs %q, which is no kind", rt.Method, rt.Pattern, k)
			}
		}
		if rt.Method == http.MethodPost && strings.HasSuffix(rt.Permission, ".read") {
			t.Errorf("%s %s changes something and needs only %q", rt.Method, rt.Pattern, rt.Permission)
		}
	}
}
