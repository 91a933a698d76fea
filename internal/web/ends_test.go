package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"triward/internal/document/documenttest"
	"triward/internal/eventlog"
	"triward/internal/incident"
	"triward/internal/incident/loop"
	"triward/internal/people"
	"triward/internal/procedure"
	"triward/internal/store"
	"triward/internal/testdb"
)

// What an incident fed names the incident on its own page: a document, a change request and a rule, which is shown with its
// back-test over real events.
func TestEndsOfALoopNameTheirIncident(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		s := newServer(t, db)
		s.Library.DB = db
		s.Cases, s.Loop = incident.Cases{DB: db}, loop.Desk{DB: db, Runs: procedure.Runs{DB: db}, Library: s.Library}
		addPerson(t, s, "ann", people.RoleITSecurity, "")
		c, h := session(t, s, "ann"), s.Handler()
		documenttest.Effective(t, db, practised)
		at := db.Now().Add(-time.Hour)
		e := eventlog.Event{ID: eventlog.Derive("src", "out").At(0), Source: "src", Received: at.UnixMicro(), Time: at.UnixMicro(), Format: "json", Category: "network", Raw: []byte("{}"), Fields: []eventlog.Field{{Name: "dst.ip", Value: "203.0.113.66"}}}
		e.Fit()
		if _, err := s.Events.Log.(eventlog.Log).Append(t.Context(), []eventlog.Event{e}); err != nil {
			t.Fatal(err)
		}
		inc, err := s.Cases.Declare(testdb.System(), incident.Declaration{Systems: []string{"Pump"}, Incident: incident.Incident{Title: "A pump calls outside", TLP: incident.Amber, PAP: incident.Green, Care: incident.Normal,
			Legal: incident.NoLegal, Disclosure: incident.Undisclosed, Aware: at, AwareWho: "Ann", AwareHow: "an alert"}})
		if err != nil {
			t.Fatal(err)
		}
		act := func(name string, f url.Values) {
			if w := ask(h, "POST", "/incidents/"+inc+"/learned/"+name, c, f.Encode()); w.Code != http.StatusSeeOther {
				t.Fatalf("%s: %d %s", name, w.Code, w.Body)
			}
		}
		const rule = "33333333-3333-4333-8333-333333333333"
		act("rule", url.Values{"why": {"it would have seen it"}, "rule": {"title: A pump calls outside\nid: " + rule + "\nlevel: high\nlogsource: {product: medical, category: network}\ndetection:\n  s: {dst.ip: 203.0.113.66}\n  condition: s\ntriward: {needs: [network]}\n"}})
		act("step", url.Values{"other": {"SOP-14"}, "wrong": {"nobody answers"}})
		learned := ask(h, "GET", "/incidents/"+inc+"/learned", c, "").Body.String()
		if !strings.Contains(learned, "tried on 1 events from") || !strings.Contains(learned, ": 1 hits") {
			t.Errorf("the rule does not stand with its back-test:\n%s", learned)
		}
		var change string
		if err := db.View(testdb.System(), func(r store.Reader) error {
			f, err := incident.Get(testdb.System(), r, inc)
			for _, l := range f.Links {
				if l.Kind == incident.FedChange {
					change = l.Target
				}
			}
			return err
		}); err != nil || change == "" {
			t.Fatal(change, err)
		}
		for _, page := range []string{"/rules/" + rule, urlChange(change), urlDocument("SOP-14")} {
			if w := ask(h, "GET", page, c, ""); !strings.Contains(w.Body.String(), "/incidents/"+inc+"/learned") {
				t.Errorf("%s does not name the incident: %d", page, w.Code)
			}
		}
	})
}
