package web

import (
	"net/http/httptest"
	"strings"
	"testing"

	"triward/internal/device"
	"triward/internal/people"
	"triward/internal/store"
	"triward/internal/testdb"
)

// Beside a list goes a part of the same page, also when the page is an error.
func TestPanelHoldsAPartOfThePage(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		s := newServer(t, db)
		h := s.Handler()
		addPerson(t, s, "ada", people.RoleHTM, "")
		c := session(t, s, "ada")
		id, err := s.Fleet.Register(store.WithActor(t.Context(), store.System("test")), device.Device{AssetTag: "P-1", Serial: "100"})
		if err != nil {
			t.Fatal(err)
		}
		for path, says := range map[string]string{urlDevice(id): "Open the page", urlDevice("dev_none"): "Open the page"} {
			r := httptest.NewRequest("GET", path, nil)
			r.AddCookie(c)
			r.Header.Set("HX-Request", "true")
			r.Header.Set("HX-Target", "panel")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if body := w.Body.String(); strings.Contains(body, "<html") || !strings.Contains(body, says) {
				t.Errorf("%s answers %d, which is not a part that says %q:\n%s", path, w.Code, says, body)
			}
		}
		if w := ask(h, "GET", urlDevice(id), c, ""); !strings.Contains(w.Body.String(), "<html") {
			t.Error("a link leads to no whole page")
		}
	})
}
