package api_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"triward/apiv1"
	"triward/internal/detection"
	"triward/internal/eventlog"
	"triward/internal/store"
	"triward/internal/testdb"
)

const trialRule = `title: Study deleted
id: 11111111-1111-4111-8111-111111111111
level: high
logsource: {product: medical, category: audit}
detection:
  s: {audit.event: '110105'}
  condition: s
triward: {needs: [audit]}
`

// A back-test over the API reads only what its reader may read, and records that it read of patients.
func TestRulesAreTriedOnTheKeptEvents(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		var all []eventlog.Event
		for i, site := range []string{"sit_a", "sit_b", "sit_a"} {
			at := db.Now().Add(-time.Duration(i+1) * time.Hour)
			e := eventlog.Event{ID: eventlog.Derive("src", "trial").At(int64(i)), Source: "src", Received: at.UnixMicro(), Time: at.UnixMicro(), Format: "atna", Category: "audit", Site: site,
				Device: "dev_" + site, Raw: []byte("<AuditMessage/>"), Fields: []eventlog.Field{{Name: "audit.event", Value: "110105"}}}
			e.Fit()
			all = append(all, e)
		}
		if _, err := f.server.Events.Log.(eventlog.Log).Append(t.Context(), all); err != nil {
			t.Fatal(err)
		}
		try := func(f *fixture, in apiv1.TrialInput, status int) apiv1.Trial {
			t.Helper()
			w := f.send("POST", "/rule-trials", in)
			if w.Code != status {
				t.Fatalf("status %d: %s", w.Code, w.Body)
			}
			var out apiv1.Trial
			if status == http.StatusOK {
				if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
					t.Fatal(err)
				}
			}
			return out
		}
		in := apiv1.TrialInput{Text: trialRule, From: db.Now().Add(-24 * time.Hour), To: db.Now()}
		got := try(f, in, http.StatusOK)
		if len(got.Rules) != 1 || got.Rules[0].Firings != 3 || got.Rules[0].Devices != 2 || got.Withheld {
			t.Errorf("%+v", got)
		}
		var read []store.Entry
		if err := db.View(testdb.System(), func(r store.Reader) (err error) {
			read, err = store.Journal(testdb.System(), r, store.JournalQuery{Kinds: []string{detection.KindPatientsRead}, Limit: 10})
			return err
		}); err != nil || len(read) != 1 {
			t.Errorf("%d records of reading, %v", len(read), err)
		}
		in.Site = "sit_b"
		if got = try(f, in, http.StatusOK); got.Rules[0].Firings != 1 {
			t.Errorf("of one site: %+v", got.Rules[0])
		}
		in.Site = ""
		narrow := f.as(store.Actor{ID: "usr_x", Name: "X", Grants: []store.Grant{{Kinds: []string{detection.KindRuleBacktested, detection.KindEventRead, detection.KindRead}, Sites: []string{"sit_b"}}}})
		if got = try(narrow, in, http.StatusOK); got.Events != 0 || !got.Withheld {
			t.Errorf("without the right to read of patients: %+v", got)
		}
		try(f, apiv1.TrialInput{Text: "title: x", From: in.From, To: in.To}, http.StatusUnprocessableEntity)
		try(f, apiv1.TrialInput{Rules: []string{"none"}, From: in.From, To: in.To}, http.StatusNotFound)
		try(f, apiv1.TrialInput{Text: trialRule, From: in.To.AddDate(-2, 0, 0), To: in.To}, http.StatusUnprocessableEntity)
		try(f, apiv1.TrialInput{Text: trialRule, From: in.To, To: in.To}, http.StatusUnprocessableEntity)
	})
}
