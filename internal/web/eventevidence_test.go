package web

import (
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"triward/internal/blob"
	"triward/internal/eventlog"
	"triward/internal/incident"
	"triward/internal/incident/custody"
	"triward/internal/people"
	"triward/internal/store"
	"triward/internal/testdb"
)

// What a search found becomes a sealed item of evidence in one step, and a wrong incident leaves nothing behind.
func TestEventsAreTakenAsEvidence(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		s := newServer(t, db)
		s.Cases = incident.Cases{DB: db}
		blobs, err := blob.Open(t.Context(), "dir:"+t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		keys, err := custody.OpenKeys(filepath.Join(t.TempDir(), "key"))
		if err != nil {
			t.Fatal(err)
		}
		s.Vault = custody.Vault{DB: db, Blobs: blobs, Keys: keys}
		addPerson(t, s, "ann", people.RoleITSecurity, "")
		c, h := session(t, s, "ann"), s.Handler()
		of, err := s.Cases.Declare(testdb.System(), incident.Declaration{Systems: []string{"Archive"}, Incident: incident.Incident{Title: "Studies are read", Cyber: 2, Clinical: 2, TLP: incident.Amber, PAP: incident.Amber, Care: incident.Normal,
			Legal: incident.NoLegal, Disclosure: incident.Undisclosed, Aware: db.Now().Add(-time.Hour), AwareWho: "Ann", AwareHow: "a call"}})
		if err != nil {
			t.Fatal(err)
		}
		at := db.Now().Add(-time.Hour)
		e := eventlog.Event{ID: eventlog.Derive("src", "evidence").At(0), Source: "src", Received: at.UnixMicro(), Time: at.UnixMicro(), Format: "syslog", User: "jdoe", Raw: []byte("as it came")}
		e.Fit()
		if _, err := s.Events.Log.(eventlog.Log).Append(t.Context(), []eventlog.Event{e}); err != nil {
			t.Fatal(err)
		}
		take := func(incident string) (int, string) {
			w := ask(h, "POST", "/events/evidence", c, url.Values{"q": {"user:jdoe"}, "incident": {incident}, "authority": {"head of IT security"}}.Encode())
			return w.Code, w.Header().Get("Location")
		}
		if code, _ := take("INC-1999-0001"); code != http.StatusNotFound {
			t.Errorf("an incident that is not there: %d", code)
		}
		code, to := take(of)
		if code != http.StatusSeeOther || !strings.HasPrefix(to, "/exhibits/evd_") {
			t.Fatalf("%d to %q", code, to)
		}
		var all []custody.Item
		if err := db.View(testdb.System(), func(r store.Reader) (err error) {
			all, err = custody.List(testdb.System(), r, of)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if len(all) != 1 || all[0].State != custody.Sealed || all[0].SHA256 == "" || all[0].Size == 0 || !strings.Contains(all[0].Description, "jdoe") {
			t.Errorf("%+v", all)
		}
	})
}
