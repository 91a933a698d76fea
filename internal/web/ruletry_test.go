package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"triward/internal/detection"
	"triward/internal/eventlog"
	"triward/internal/people"
	"triward/internal/store"
	"triward/internal/testdb"
)

const triedRule = `title: Study deleted
id: 11111111-1111-4111-8111-111111111111
level: high
logsource: {product: medical, category: audit}
detection:
  s: {audit.event: '110105'}
  condition: s
triward: {needs: [audit]}
`

// A rule is tried on the past from its page; what it would have found stays with it, and faults stand beside the form.
func TestARuleIsTriedOnThePast(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		s := newServer(t, db)
		addPerson(t, s, "ann", people.RoleITSecurity, "")
		c, h := session(t, s, "ann"), s.Handler()
		const rule = "11111111-1111-4111-8111-111111111111"
		if _, err := s.Rules.Load(testdb.System(), detection.FromPack, []detection.RuleText{{ID: rule, Path: "deleted.yml", Title: "Study deleted", Level: detection.High, Digest: "d1", Body: triedRule}}, 0); err != nil {
			t.Fatal(err)
		}
		at := db.Now().Add(-time.Hour)
		e := eventlog.Event{ID: eventlog.Derive("src", "past").At(0), Source: "src", Received: at.UnixMicro(), Time: at.UnixMicro(), Format: "atna", Category: "audit", Raw: []byte("<AuditMessage/>"), Fields: []eventlog.Field{{Name: "audit.event", Value: "110105"}}}
		e.Fit()
		if _, err := s.Events.Log.(eventlog.Log).Append(t.Context(), []eventlog.Event{e}); err != nil {
			t.Fatal(err)
		}
		try := func(from, to time.Time) (int, string) {
			w := ask(h, "POST", "/rules/"+rule+"/try", c, url.Values{"from": {dateValue(from)}, "to": {dateValue(to)}}.Encode())
			return w.Code, w.Body.String()
		}
		if code, body := try(db.Now(), db.Now().AddDate(0, 0, -2)); code != http.StatusUnprocessableEntity || !strings.Contains(body, "must not lie before the start") {
			t.Errorf("a window that ends before it begins: %d", code)
		}
		if code, body := try(db.Now().AddDate(-2, 0, 0), db.Now()); code != http.StatusUnprocessableEntity || !strings.Contains(body, "at most a year") {
			t.Errorf("two years: %d", code)
		}
		if code, body := try(db.Now().AddDate(0, 0, -1), db.Now()); code != http.StatusSeeOther {
			t.Fatalf("%d: %s", code, body)
		}
		w := ask(h, "GET", "/rules/"+rule, c, "")
		if !strings.Contains(w.Body.String(), `data-label="Would have hit" class="num">1<`) {
			t.Error("the result is not on the page of the rule")
		}
	})
}
