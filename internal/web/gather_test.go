package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"triward/internal/detection"
	"triward/internal/incident"
	"triward/internal/people"
	"triward/internal/store"
	"triward/internal/testdb"
)

// An alert is escalated into an incident that is declared on the way, or into one that is there.
func TestEscalatingDeclaresAnIncident(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		s := newServer(t, db)
		s.Cases = incident.Cases{DB: db}
		addPerson(t, s, "ann", people.RoleITSecurity, "")
		c, h := session(t, s, "ann"), s.Handler()
		report := func() string {
			id, err := s.Alerts.Report(testdb.System(), detection.Report{Title: "It calls outside", Level: detection.High, Said: "seen at the switch"})
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
		one := report()
		w := ask(h, "POST", "/alerts/move/escalate", c, url.Values{"pick": {one}, "case": {"new"}, "reason": {"real"}}.Encode())
		to := w.Header().Get("Location")
		if w.Code != http.StatusSeeOther || !strings.HasPrefix(to, "/incidents/new?") {
			t.Fatalf("%d to %q", w.Code, to)
		}
		if w = ask(h, "GET", to, c, ""); !strings.Contains(w.Body.String(), `value="It calls outside"`) || !strings.Contains(w.Body.String(), one) {
			t.Fatalf("the form does not know the alert: %d", w.Code)
		}
		form := url.Values{"title": {"It calls outside"}, "cyber": {"2"}, "clinical": {"2"}, "aware": {"2026-11-23T08:00"}, "aware_who": {"Ann"}, "aware_how": {"an alert"}, "care": {"normal"}, "tlp": {"amber"}, "pap": {"amber"},
			"systems": {"Firewall"}, "alerts": {one}, "why": {"real"}}
		w = ask(h, "POST", "/incidents/new", c, form.Encode())
		at := w.Header().Get("Location")
		if w.Code != http.StatusSeeOther || !strings.HasPrefix(at, "/incidents/inc_") {
			t.Fatalf("%d to %q: %s", w.Code, at, w.Body)
		}
		inc, _, _ := strings.Cut(strings.TrimPrefix(at, "/incidents/"), "?")
		if w = ask(h, "GET", "/alerts/"+one, c, ""); !strings.Contains(w.Body.String(), "/incidents/"+inc) {
			t.Error("the alert does not lead to its incident")
		}
		two := report()
		if w = ask(h, "GET", "/alerts/move/escalate?pick="+two, c, ""); !strings.Contains(w.Body.String(), `value="`+inc+`"`) {
			t.Errorf("the incident is not offered: %d", w.Code)
		}
		if w = ask(h, "POST", "/alerts/move/escalate", c, url.Values{"pick": {two}, "case": {inc}, "reason": {"the same"}}.Encode()); w.Code != http.StatusSeeOther {
			t.Fatalf("%d: %s", w.Code, w.Body)
		}
		if w = ask(h, "GET", "/incidents/"+inc, c, ""); strings.Count(w.Body.String(), "came from alert") != 2 {
			t.Error("the incident does not show both alerts")
		}
	})
}
