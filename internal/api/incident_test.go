package api_test

import (
	"strings"
	"testing"
	"time"

	"triward/apiv1"
	"triward/internal/store"
	"triward/internal/testdb"
)

// An incident from its declaration to a report that was sent, as another program works on it.
func TestIncidents(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		facts := apiv1.IncidentFacts{Title: "Unknown workstation reads studies", Cyber: 2, Clinical: 1, TLP: "amber", PAP: "green", Care: "normal", Aware: db.Now().Add(-time.Hour), AwareWho: "Anna", AwareHow: "an alert"}
		refused(f, 422, "POST", "/incidents", apiv1.IncidentInput{IncidentFacts: facts})
		id := must[apiv1.Made](f, "POST", "/incidents", apiv1.IncidentInput{IncidentFacts: facts, Systems: []string{"Archive"}, From: []apiv1.IncidentLink{{Kind: "call", Target: "ward 3"}}}).ID
		at := "/incidents/" + id
		must[empty](f, "POST", at+"/move", apiv1.IncidentMove{To: "analysing"})
		refused(f, 422, "POST", at+"/move", apiv1.IncidentMove{To: "containing"})
		must[empty](f, "POST", at+"/notes", apiv1.IncidentNoteInput{Kind: "decision", Text: "leave it on"})
		must[empty](f, "POST", at+"/devices", apiv1.IncidentInvolve{Systems: []string{"Gateway"}})
		v := must[apiv1.IncidentShown](f, "GET", at, nil)
		if v.Number != "INC-2026-0001" || len(v.Devices) != 2 || len(v.Links) != 1 || len(v.Notes) != 1 || v.State != "analysing" || len(v.Moves) != 3 {
			t.Fatalf("incident = %+v", v)
		}
		must[empty](f, "POST", at+"/devices/"+v.Devices[0].ID, apiv1.IncidentDeviceChange{State: "suspected"})
		task := must[apiv1.Made](f, "POST", at+"/tasks", apiv1.IncidentTaskInput{Title: "Read the log", Side: "it_security"}).ID
		refused(f, 403, "POST", at+"/tasks/"+task, apiv1.IncidentTaskMove{Accept: true}) // who may do everything is no side
		refused(f, 403, "POST", at+"/tasks/"+task, apiv1.IncidentTaskMove{State: "done", Outcome: "read"})
		all := f.actor
		f.actor = store.Actor{ID: "usr_it", Name: "Ida", Grants: []store.Grant{{All: true, Kinds: []string{"incident.read", "incident.task_set", "incident.accepted_it_security"}}}}
		refused(f, 409, "POST", at+"/tasks/"+task, apiv1.IncidentTaskMove{State: "done", Outcome: "read"})
		must[empty](f, "POST", at+"/tasks/"+task, apiv1.IncidentTaskMove{Accept: true})
		refused(f, 409, "POST", at+"/tasks/"+task, apiv1.IncidentTaskMove{Accept: true})
		f.actor = all
		changed := v.IncidentFacts
		changed.Extent = "one archive"
		must[empty](f, "POST", at, apiv1.IncidentChange{IncidentFacts: changed})

		entity := must[apiv1.Made](f, "POST", at+"/entities", apiv1.LegalEntityInput{Name: "Hospital", Jurisdictions: []string{"eu"}, Roles: []string{"controller"}, Aware: db.Now().Add(-time.Hour)}).ID
		refused(f, 422, "POST", at+"/entities/"+entity+"/facts", apiv1.LegalFacts{Facts: map[string]string{"deaht": "yes"}})
		must[empty](f, "POST", at+"/entities/"+entity+"/facts", apiv1.LegalFacts{Facts: map[string]string{"personal_data_breach": "yes", "no_risk_to_persons": "no", "high_risk_to_persons": "unknown"}})
		must[empty](f, "POST", at+"/entities/"+entity+"/sent", apiv1.ReportSent{Duty: "eu-gdpr-33", Stage: "notification", At: db.Now(), Evidence: "case 17"})
		must[empty](f, "POST", at+"/entities/"+entity+"/rule", apiv1.DutyRuling{Duty: "eu-gdpr-34", Reason: "the studies carry no names"})
		states := map[string]string{}
		for _, c := range must[apiv1.List[apiv1.Clock]](f, "GET", at+"/clocks", nil).Items {
			states[c.Duty] = c.State
		}
		if states["eu-gdpr-33"] != "discharged" || states["eu-gdpr-34"] != "not_applicable" {
			t.Errorf("clocks = %v", states)
		}

		action := must[apiv1.Made](f, "POST", at+"/containments", apiv1.ContainmentInput{Device: v.Devices[0].ID, Level: 1, Target: "block 10.20.9.77", Impact: "none", Observe: "no packet", Undo: "plug it in again", Returns: db.Now().Add(time.Hour)}).ID
		on := "/containments/" + action
		refused(f, 422, "POST", on+"/run", nil)
		must[empty](f, "POST", on+"/check", apiv1.Seen{What: "nobody works at it"})
		if a := must[apiv1.ContainmentShown](f, "GET", on, nil); len(a.Needs) != 1 || a.Needs[0] != "biomed" || len(a.Refusals) != 1 {
			t.Errorf("what is unknown does not count as the worst: %+v", a)
		}
		refused(f, 409, "POST", on+"/see", apiv1.ContainmentSeen{Event: "observed", What: "no packet"})
		must[empty](f, "POST", on+"/cancel", apiv1.MaybeReason{})
		pump := must[apiv1.Made](f, "POST", "/devices", apiv1.DeviceInput{AssetTag: "P-9", RawVendor: "Nordmed", RawModel: "N1"}).ID
		must[empty](f, "POST", at+"/devices", apiv1.IncidentInvolve{Devices: []string{pump}})
		must[apiv1.Made](f, "POST", at+"/containments", apiv1.ContainmentInput{Device: pump, Level: 4, Target: "port 12", Impact: "no central alarm", Alternative: "alarm at the bedside", Compensating: "a nurse", Observe: "no packet", Undo: "plug it in again", Returns: db.Now().Add(time.Hour)})
		if l := must[apiv1.List[apiv1.ContainmentOnDevice]](f, "GET", "/devices/"+pump+"/containments", nil).Items; len(l) != 1 || l[0].Number != v.Number || l[0].Impact != "no central alarm" || len(l[0].Wanted) != 2 || l[0].State != "planned" {
			t.Errorf("on the device stands %+v", l)
		}
		refused(f, 404, "GET", "/devices/dev_nowhere/containments", nil)
		refused(f, 422, "POST", "/event-holds", apiv1.EventHoldInput{Incident: id, Reason: "a claim"})
		hold := must[apiv1.Made](f, "POST", "/event-holds", apiv1.EventHoldInput{Incident: id, Reason: "a claim", Q: "user:jdoe archive", From: db.Now().Add(-time.Hour)}).ID
		if l := must[apiv1.List[apiv1.EventHold]](f, "GET", "/event-holds?incident="+id, nil); len(l.Items) != 1 || !strings.HasPrefix(l.Items[0].Events, "archive, user is jdoe, from 2026-") {
			t.Errorf("holds = %+v", l)
		}
		must[empty](f, "POST", "/event-holds/"+hold+"/release", apiv1.Reason{Reason: "settled"})
		if l := must[apiv1.List[apiv1.EventHold]](f, "GET", "/event-holds", nil); len(l.Items) != 0 {
			t.Errorf("holds in force = %+v", l)
		}
		other := must[apiv1.Made](f, "POST", "/incidents", apiv1.IncidentInput{IncidentFacts: facts, Systems: []string{"Archive"}}).ID
		must[empty](f, "POST", "/incidents/"+other+"/same-as", apiv1.OtherIncident{Other: "INC-2026-0001"})
		if p := must[apiv1.Page[apiv1.Incident]](f, "GET", "/incidents?state=open", nil); len(p.Items) != 1 || p.Items[0].ID != id {
			t.Errorf("open = %+v", p)
		}
	})
}

// A war room, its reports and a blast radius, as another program reads them.
func TestRooms(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		id := must[apiv1.Made](f, "POST", "/incidents", apiv1.IncidentInput{Systems: []string{"Archive"}, IncidentFacts: apiv1.IncidentFacts{Title: "Studies leave", TLP: "amber", PAP: "green", Care: "normal",
			Aware: db.Now().Add(-time.Hour), AwareWho: "Anna", AwareHow: "an alert"}}).ID
		at := "/incidents/" + id
		must[apiv1.Made](f, "POST", at+"/tasks", apiv1.IncidentTaskInput{Title: "Read the log", Side: "it_security"})
		for _, in := range []apiv1.PrioritySaying{{Input: "exploitation", Value: "none", Reason: "looked"}, {Input: "device", Value: "not_in_use", Reason: "it is a server"}, {Input: "data", Value: "none", Reason: "looked"}} {
			must[empty](f, "POST", at+"/priority", in)
		}
		refused(f, 422, "POST", at+"/priority", apiv1.PrioritySaying{Input: "data", Value: "some", Reason: "x"})
		v := must[apiv1.Room](f, "GET", at+"/room", nil)
		if v.Priority != "track" || len(v.Facts) != 5 || len(v.Tasks) != 1 || v.Tasks[0].Unaccepted || len(v.Devices) != 1 || len(v.People) != 1 || v.Reports != 0 {
			t.Errorf("room = %+v", v)
		}
		first := must[apiv1.Situation](f, "POST", at+"/situations", apiv1.SituationInput{})
		must[apiv1.Situation](f, "POST", at+"/situations", apiv1.SituationInput{Next: db.Now().Add(time.Hour)})
		refused(f, 422, "POST", at+"/situations", apiv1.SituationInput{Next: db.Now().Add(-time.Hour)})
		if l := must[apiv1.List[apiv1.Situation]](f, "GET", at+"/situations", nil); len(l.Items) != 2 || l.Items[1].Number != first.Number || len(l.Items[0].Digest) != 64 {
			t.Errorf("situations = %+v", l.Items)
		}
		refused(f, 404, "GET", at+"/situations/soon/report.md", nil)
		refused(f, 422, "GET", "/blast-radius", nil)
		if b := must[apiv1.BlastRadius](f, "GET", "/blast-radius?weakness=CVE-2026-1", nil); b.Sum != (apiv1.BlastSum{}) {
			t.Errorf("radius of what nobody knows = %+v", b.Sum)
		}
		must[apiv1.Made](f, "POST", at+"/blast-radius", apiv1.BlastKeep{BlastQuery: apiv1.BlastQuery{Weakness: "CVE-2026-1"}})
		must[empty](f, "PUT", "/holidays", apiv1.HolidayYear{Calendar: "eu", Year: "2027", Reason: "gazette", Days: []apiv1.HolidayDay{{Day: "2027-05-01", Name: "Labour Day"}}})
		refused(f, 422, "PUT", "/holidays", apiv1.HolidayYear{Calendar: "eu", Year: "2027", Reason: "gazette", Days: []apiv1.HolidayDay{{Day: "2026-05-01"}}})
		if l := must[apiv1.List[apiv1.Holiday]](f, "GET", "/holidays", nil); len(l.Items) != 1 || l.Items[0].Day != "2027-05-01" {
			t.Errorf("holidays = %+v", l.Items)
		}
	})
}
