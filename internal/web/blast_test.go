package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"triward/internal/eventlog"
	"triward/internal/people"
	"triward/internal/store"
	"triward/internal/testdb"
)

// The blast radius of an indicator is asked for a time, and what a table leaves out is said.
func TestBlastPage(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		s := newServer(t, db)
		addPerson(t, s, "ann", people.RoleITSecurity, "")
		c, h := session(t, s, "ann"), s.Handler()
		at := db.Now().Add(-time.Hour)
		e := eventlog.Event{ID: eventlog.Derive("src", "blast").At(0), Source: "src", Received: at.UnixMicro(), Time: at.UnixMicro(), Format: "syslog", Device: "dev_1", DstIP: "203.0.113.9"}
		e.Fit()
		if _, err := s.Events.Log.(eventlog.Log).Append(t.Context(), []eventlog.Event{e}); err != nil {
			t.Fatal(err)
		}
		w := ask(h, "GET", "/blast?indicator=203.0.113%5B.%5D9&kind=address&from=2020-01-02T03:04&to=2040-01-01T00:00", c, "")
		for _, want := range []string{`name="from" value="2020-01-02T03:04"`, `name="kind" value="address"`, `type="datetime-local"`} {
			if body := w.Body.String(); w.Code != http.StatusOK || !strings.Contains(body, want) {
				t.Errorf("%d, it lacks %s", w.Code, want)
			}
		}
		for query, fault := range map[string]string{"indicator=203.0.113.9&from=soon": "must be a date and a time", "indicator=x.example&kind=hash": "is no MD5", "indicator=a.example&from=2026-01-02T00:00&to=2026-01-01T00:00": "lies before the begin"} {
			if w := ask(h, "GET", "/blast?"+query, c, ""); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), fault) {
				t.Errorf("%s: %d, want %q", query, w.Code, fault)
			}
		}
	})
	if rows, more := first([]int{1, 2, 3}, 2); len(rows) != 2 || more != 1 {
		t.Errorf("rows %v, %d more", rows, more)
	}
}
