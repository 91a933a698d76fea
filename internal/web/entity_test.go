package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"triward/internal/incident"
	"triward/internal/incident/clock"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/testdb"
)

// A legal entity becomes aware in its own zone, keeps a duty that is not in force, has a delay asked for by law enforcement, and
// its report is recorded with evidence that its page shows.
func TestTheFormsOfALegalEntity(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, hand *testdb.Clock) {
		s := newServer(t, db)
		s.Cases = incident.Cases{DB: db}
		addPerson(t, s, "ann", people.RoleITSecurity, "")
		c, h := session(t, s, "ann"), s.Handler()
		post := func(target string, wants int, form url.Values) string {
			t.Helper()
			w := ask(h, "POST", target, c, form.Encode())
			if w.Code != wants {
				t.Fatalf("%s: %d, want %d: %s", target, w.Code, wants, w.Body)
			}
			return strings.TrimSuffix(w.Header().Get("Location"), "?"+strings.SplitN(w.Header().Get("Location")+"?", "?", 2)[1]) + w.Body.String()
		}
		shows := func(page string, all ...string) {
			t.Helper()
			body := ask(h, "GET", page, c, "").Body.String()
			for _, text := range all {
				if !strings.Contains(body, text) {
					t.Errorf("%s does not show %q", page, text)
				}
			}
		}
		now := hand.Now()
		local := func(at time.Time) []string { return []string{at.UTC().Format("2006-01-02T15:04")} }
		inc, _, _ := strings.Cut(post("/incidents/new", http.StatusSeeOther, url.Values{"title": {"Records leave"}, "cyber": {"2"}, "clinical": {"2"}, "aware": local(now.Add(-48 * time.Hour)), "aware_who": {"Ann"},
			"aware_how": {"a call"}, "care": {"normal"}, "tlp": {"amber"}, "pap": {"amber"}, "systems": {"Archive"}}), "?")

		entity := url.Values{"name": {"Maine General"}, "jurisdictions": {"us"}, "roles": {"covered_entity"}, "aware": {"2026-03-08T02:30"}, "zone": {"America/New_York"}, "whose": {"ours"}}
		if body := post(inc+"/entities/new", http.StatusUnprocessableEntity, entity); !strings.Contains(body, "clocks go forward") {
			t.Error("a time that does not exist is taken")
		}
		entity.Set("zone", "Mars/Olympus")
		if body := post(inc+"/entities/new", http.StatusUnprocessableEntity, entity); !strings.Contains(body, "no time zone") {
			t.Error("a zone that does not exist is taken")
		}
		entity["aware"], entity["zone"] = []string{now.Add(-48 * time.Hour).In(mustZone(t, "America/New_York")).Format("2006-01-02T15:04")}, []string{"America/New_York"}
		at, _, _ := strings.Cut(post(inc+"/entities/new", http.StatusSeeOther, entity), "?")
		shows(at, "aware "+now.Add(-48*time.Hour).In(mustZone(t, "America/New_York")).Format("2 Jan 2006 15:04 MST"), "not in force", `value="America/New_York"`)

		facts := url.Values{"fact.health_data_breach": {"yes"}, "fact.low_probability_shown": {"no"}, "fact.substantial_cyber_incident": {"yes"}, "observes": {"us-circia-incident"}}
		post(at+"/facts", http.StatusSeeOther, facts)
		shows(at, `value="us-circia-incident" checked`)

		delay := url.Values{"from": local(now), "to": local(now.AddDate(0, 0, 31)), "how": {"oral"}, "evidence": {"FBI, Orr, by telephone"}}
		if body := post(at+"/delays", http.StatusUnprocessableEntity, delay); !strings.Contains(body, "30 days after the statement") {
			t.Error("a spoken statement delays for more than 30 days")
		}
		delay.Set("how", "written")
		post(at+"/delays", http.StatusSeeOther, delay)
		shows(at, "Law enforcement asked to wait", "FBI, Orr, by telephone")
		take := url.Values{"take": {delayKeyOf(now, now.AddDate(0, 0, 31))}}
		if body := post(at+"/delays", http.StatusUnprocessableEntity, take); !strings.Contains(body, "is changed") {
			t.Error("a delay is taken back without a reason")
		}

		sent := url.Values{"report": {"us-circia-incident/report"}, "at": local(now.Add(-time.Hour)), "evidence": {"CISA 4711"}}
		post(at+"/sent", http.StatusSeeOther, sent)
		shows(at, "CISA 4711", "recorded by ")
		if body := post(at+"/sent", http.StatusUnprocessableEntity, sent); !strings.Contains(body, "recorded as sent already") {
			t.Error("a report is recorded twice without a reason")
		}
		sent.Set("reason", "the receipt tells another minute")
		post(at+"/sent", http.StatusSeeOther, sent)
		shows(at, "the receipt tells another minute")
	})
}

func delayKeyOf(from, to time.Time) string {
	var l problem.List
	cut := func(t time.Time) time.Time { return timeIn(&l, "at", inputTime(t), "UTC") }
	return delayKey(clock.Delay{From: cut(from), To: cut(to)})
}

func mustZone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestATimeThatComesTwiceIsTheEarlier(t *testing.T) {
	var l problem.List
	got := timeIn(&l, "at", "2026-10-25T02:30", "Europe/Berlin")
	if want := time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC); !got.Equal(want) || l.Err("") != nil {
		t.Errorf("%v, want %v (%v)", got.UTC(), want, l.Err(""))
	}
}
