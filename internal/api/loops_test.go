package api_test

import (
	"testing"
	"time"

	"triward/apiv1"
	"triward/internal/eventlog"
	"triward/internal/store"
	"triward/internal/testdb"
)

const callsOut = `title: A pump calls outside
id: 22222222-2222-4222-8222-222222222222
status: experimental
level: high
logsource: {product: medical, category: network}
detection:
  selection: {dst.ip: 203.0.113.66}
  condition: selection
triward: {needs: [network]}
`

// What an incident teaches, as another program records it: a rule with its back-test over real events, reasons, a check, an
// estimate, and the metrics.
func TestLoops(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		anna := f.signer.Newcomer(t, "anna", "Anna")
		facts := apiv1.IncidentFacts{Title: "A pump calls outside", Cyber: 1, Clinical: 1, TLP: "amber", PAP: "green", Care: "normal", Owner: anna, Aware: db.Now().Add(-time.Hour), AwareWho: "Anna", AwareHow: "an alert"}
		id := must[apiv1.Made](f, "POST", "/incidents", apiv1.IncidentInput{IncidentFacts: facts, Systems: []string{"Pump"}}).ID
		at := "/incidents/" + id

		var events []eventlog.Event
		for n, to := range []string{"203.0.113.66", "203.0.113.66", "203.0.113.7"} {
			when := db.Now().Add(-time.Duration(n+1) * time.Hour).UnixMicro()
			e := eventlog.Event{ID: eventlog.Derive("src", "out").At(int64(n)), Source: "src", Received: when, Time: when, Format: "json", Category: "network", Raw: []byte("{}"), Fields: []eventlog.Field{{Name: "dst.ip", Value: to}}}
			e.Fit()
			events = append(events, e)
		}
		if _, err := f.server.Events.Log.(eventlog.Log).Append(t.Context(), events); err != nil {
			t.Fatal(err)
		}
		refused(f, 422, "POST", at+"/rules", apiv1.RuleProposal{Rule: "title: none"})
		rule := must[apiv1.RuleProposed](f, "POST", at+"/rules", apiv1.RuleProposal{Rule: callsOut, Why: "it would have seen it"})
		if !rule.Tried || rule.Hits != 2 || rule.Events < 2 || rule.Why != "" {
			t.Errorf("proposed %+v", rule)
		}
		must[empty](f, "POST", at+"/nothing-changes", apiv1.NothingInput{Part: "procedure", Why: "it was followed"})
		refused(f, 422, "POST", at+"/nothing-changes", apiv1.NothingInput{Part: "risk"})
		refused(f, 404, "POST", at+"/not-exploited", apiv1.NotExploitedInput{Vulnerability: "CVE-2026-1", Reason: "x"})
		refused(f, 422, "POST", at+"/effect-checks", apiv1.EffectCheckInput{Of: "chg_other", Question: "Does it work?", Owner: anna, Due: db.Now().Add(time.Hour)})
		must[apiv1.Made](f, "POST", at+"/effect-checks", apiv1.EffectCheckInput{Of: rule.Rule, Question: "Does it fire?", Owner: anna, Due: db.Now().Add(time.Hour)})
		then := db.Now().Add(-2 * time.Hour)
		must[empty](f, "POST", at+"/instants", apiv1.InstantInput{Instant: "t0", At: then, Earliest: then.Add(-time.Hour), Latest: then, Basis: "the log"})
		v := must[apiv1.Learned](f, "GET", at+"/learned", nil)
		if len(v.Parts) != 2 || v.Parts[0].Kind != "rule" && v.Parts[1].Kind != "rule" || len(v.Checks) != 1 || v.Closed || len(v.Missing) != 1 || v.Instants[0].Who == "" {
			t.Errorf("learned = %+v", v)
		}
		for _, p := range v.Parts {
			if p.Kind == "rule" && (p.Tried == "" || p.Done) {
				t.Errorf("the rule does not say what it would have found: %+v", p)
			}
		}
		refused(f, 409, "POST", "/effect-checks/"+v.Checks[0].ID+"/answer", apiv1.EffectAnswer{Result: "effective", Finding: "it fired"}) // it calls nobody yet
		if m := must[apiv1.IncidentMetrics](f, "GET", "/incident-metrics", nil); m.Incidents != 1 || m.Exercises != 0 || len(m.Real) == 0 || m.Techniques == 0 {
			t.Errorf("metrics = %+v", m)
		}
		if l := must[apiv1.Page[apiv1.Loop]](f, "GET", "/loops?state=open", nil); len(l.Items) != 0 {
			t.Errorf("the loop of an open incident is listed: %+v", l.Items)
		}
	})
}

// An incident that is marked TLP:RED, for another program: named people read it, others learn whom to ask.
func TestRecipients(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		anna, ben := f.signer.Newcomer(t, "anna", "Anna"), f.signer.Newcomer(t, "ben", "Ben")
		facts := apiv1.IncidentFacts{Title: "Studies leave", TLP: "red", PAP: "green", Care: "normal", Owner: anna, Aware: db.Now().Add(-time.Hour), AwareWho: "Anna", AwareHow: "an alert"}
		id := must[apiv1.Made](f, "POST", "/incidents", apiv1.IncidentInput{IncidentFacts: facts, Systems: []string{"Archive"}}).ID
		at, all := "/incidents/"+id, []store.Grant{{Kinds: []string{"*"}, All: true}}
		owner, other := f.as(store.Actor{ID: anna, Name: "Anna", Grants: all}), f.as(store.Actor{ID: ben, Name: "Ben", Grants: all})
		for _, path := range []string{"", "/room", "/clocks", "/learned", "/who", "/who.md", "/situations", "/recipients"} {
			refused(other, 403, "GET", at+path, nil)
		}
		l := must[apiv1.Page[apiv1.Incident]](other, "GET", "/incidents", nil).Items
		if len(l) != 1 || !l[0].Withheld || l[0].OwnerName != "Anna" || l[0].AwareHow != "" || l[0].Title == facts.Title {
			t.Errorf("ben sees %+v", l)
		}
		j := must[apiv1.Page[apiv1.Entry]](other, "GET", "/journal?subject="+id, nil).Items
		if len(j) == 0 || string(j[0].Body) != `{"withheld":"TLP:RED, for named people only"}` || j[0].Hash == "" {
			t.Errorf("ben reads %+v", j)
		}
		must[apiv1.IncidentShown](owner, "GET", at, nil)
		must[apiv1.Situation](owner, "POST", at+"/situations", apiv1.SituationInput{})
		refused(owner, 403, "GET", at+"/situations/last/report.md", nil) // for the organisation
		refused(owner, 403, "GET", at+"/who.md?for=clients", nil)
		for _, path := range []string{"/situations/last/report.md?for=recipients", "/who.md?for=by_law"} {
			if w := owner.send("GET", at+path, nil); w.Code != 200 {
				t.Errorf("%s: %d", path, w.Code)
			}
		}
		refused(other, 403, "POST", at+"/recipients", apiv1.IncidentNaming{Person: ben, Why: "curious"})
		must[empty](owner, "POST", at+"/recipients", apiv1.IncidentNaming{Person: ben, Why: "reads the log"})
		must[apiv1.IncidentShown](other, "GET", at, nil)
		must[empty](owner, "POST", at+"/recipients/"+ben+"/remove", apiv1.Reason{Reason: "read"})
		refused(other, 403, "GET", at, nil)
	})
}

// An exercise from its start to its score, as another program leads it; it changes no risk.
func TestExercises(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		leader := f.as(store.Actor{ID: f.signer.Newcomer(t, "lea", "Lea"), Name: "Lea", Grants: []store.Grant{{Kinds: []string{"*"}, All: true}}})
		all := must[apiv1.List[apiv1.Scenario]](leader, "GET", "/exercise-scenarios", nil).Items
		if len(all) < 8 {
			t.Fatalf("%d scenarios", len(all))
		}
		refused(leader, 404, "POST", "/exercises", apiv1.ExerciseStart{Scenario: "nothing", Pace: 1})
		x := must[apiv1.Made](leader, "POST", "/exercises", apiv1.ExerciseStart{Scenario: all[0].ID, Pace: 1}).ID
		v := must[apiv1.ExerciseShown](leader, "GET", "/exercises/"+x, nil)
		if v.State != "running" || len(v.Injects) == 0 || len(v.Marks) == 0 || len(v.Tallies) < 2 || v.LeaderName != "Lea" || v.Clocks == nil {
			t.Errorf("started %+v", v)
		}
		refused(leader, 409, "POST", "/incidents/"+v.Incident+"/exploited", apiv1.ExploitedInput{Vulnerability: "CVE-2026-1", Seen: "x"})
		refused(leader, 409, "POST", "/incidents/"+v.Incident+"/failed-decisions", apiv1.FailedDecisionInput{Decision: "dec_1", Why: "x"})
		entity := must[apiv1.Made](leader, "POST", "/incidents/"+v.Incident+"/entities", apiv1.LegalEntityInput{Name: "Hospital", Jurisdictions: []string{"eu"}, Roles: []string{"controller"}, Aware: db.Now()}).ID
		must[empty](leader, "POST", "/incidents/"+v.Incident+"/entities/"+entity+"/facts", apiv1.LegalFacts{Facts: map[string]string{"personal_data_breach": "yes", "no_risk_to_persons": "no"}})
		must[empty](leader, "POST", "/exercises/"+x+"/stop", nil)
		refused(leader, 409, "POST", "/exercises/"+x+"/stop", nil)
		v = must[apiv1.ExerciseShown](leader, "GET", "/exercises/"+x, nil)
		late := 0
		for _, m := range v.Marks {
			if m.Standing == "not_yet" || m.Standing == "expected" {
				late++
			}
		}
		if v.State != "stopped" || late != 0 || len(v.People) == 0 || len(v.Clocks) == 0 {
			t.Errorf("stopped: %d marks still expected, people %+v, clocks %+v", late, v.People, v.Clocks)
		}
	})
}
