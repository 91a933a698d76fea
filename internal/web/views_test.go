package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"triward/internal/people"
	"triward/internal/testdb"
)

func TestSavedViews(t *testing.T) {
	s := newServer(t, testdb.SQLite(t))
	h := s.Handler()
	addPerson(t, s, "ada", people.RoleAdministrator, "")
	addPerson(t, s, "bob", people.RoleAdministrator, "")
	ada, bob := session(t, s, "ada"), session(t, s, "bob")
	for _, at := range lists() {
		if w := ask(h, "GET", at, ada, ""); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Save this view") {
			t.Errorf("%s answers %d, without a menu of views", at, w.Code)
		}
	}
	form := url.Values{"path": {"/devices"}, "query": {"in_use=yes&after=x"}, "name": {"Night <shift>"}}
	w := ask(h, "POST", "/views", ada, form.Encode())
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/devices?") {
		t.Fatalf("saving answers %d, to %q", w.Code, w.Header().Get("Location"))
	}
	body := ask(h, "GET", "/devices?in_use=yes", ada, "").Body.String()
	if !strings.Contains(body, `<a href="/devices?in_use=yes" aria-current="page">Night &lt;shift&gt;</a>`) {
		t.Errorf("the view is not in the menu:\n%s", body)
	}
	for at, c := range map[string]*http.Cookie{"/devices": bob, "/risk": ada} {
		if strings.Contains(ask(h, "GET", at, c, "").Body.String(), "Night") {
			t.Errorf("the view shows on %s of another list or person", at)
		}
	}
	_, rest, _ := strings.Cut(body, `action="/views/`)
	id, _, _ := strings.Cut(rest, "/")
	if w := ask(h, "POST", "/views/"+id+"/remove", bob, ""); w.Code != http.StatusNotFound {
		t.Errorf("removing the view of another answers %d", w.Code)
	}
	if w := ask(h, "POST", "/views/"+id+"/remove", ada, "back=https%3A%2F%2Fx.example"); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/" {
		t.Errorf("removing answers %d, to %q", w.Code, w.Header().Get("Location"))
	}
	if w := ask(h, "POST", "/views", ada, "path=%2Fdevices&name="); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a view without a name answers %d", w.Code)
	}
}
