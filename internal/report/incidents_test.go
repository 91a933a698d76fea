package report_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"triward/internal/detection"
	"triward/internal/device"
	"triward/internal/incident"
	"triward/internal/incident/clock"
	"triward/internal/incident/ladder"
	"triward/internal/incident/loop"
	"triward/internal/people"
	"triward/internal/product"
	"triward/internal/report"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

// shift are people of a hospital who work on an incident about a pump.
type shift struct {
	*testing.T
	desk                 report.Desk
	clock                *testdb.Clock
	cases                incident.Cases
	sec, eng, doc, audit context.Context
	pump, inc            string
}

func eachShift(t *testing.T, exercise bool, fn func(s *shift)) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		dir := signaturetest.New(t, db).People
		if err := dir.Seed(testdb.System()); err != nil {
			t.Fatal(err)
		}
		s := &shift{T: t, desk: report.Desk{DB: db}, clock: c, cases: incident.Cases{DB: db}}
		s.sec, _ = person(t, dir, "sec", people.RoleITSecurity)
		s.eng, _ = person(t, dir, "eng", people.RoleHTM)
		s.doc, _ = person(t, dir, "doc", people.RoleClinicianOwner)
		s.audit, _ = person(t, dir, "audit", people.RoleAuditor)
		pump, err := device.Fleet{DB: db}.Register(testdb.System(), device.Device{AssetTag: "P-1", RawModel: "Pump", InUse: product.Yes, OwnClass: product.LifeSustaining})
		s.ok(err)
		s.pump = string(pump)
		s.inc, err = s.cases.Declare(s.sec, incident.Declaration{Devices: []string{s.pump}, Incident: incident.Incident{Title: "A pump calls outside", Exercise: exercise, Cyber: 2, Clinical: 2, TLP: incident.Amber, PAP: incident.Green,
			Care: incident.Normal, Legal: incident.NoLegal, Disclosure: incident.Undisclosed, Aware: c.Now(), AwareWho: "sec", AwareHow: "an alert"}})
		s.ok(err)
		fn(s)
	})
}

func (s *shift) ok(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// hears demands that somebody is told something, with or without urgency.
func (s *shift) hears(who context.Context, urgent bool, says string) {
	s.Helper()
	for _, n := range notices(s.T, s.desk, who) {
		if strings.Contains(n.Title, says) {
			if n.Urgent != urgent {
				s.Errorf("%q is urgent: %v", n.Title, n.Urgent)
			}
			return
		}
	}
	actor, _ := store.ActorOf(who)
	s.Errorf("%s is not told %q:\n%s", actor.Name, says, told(notices(s.T, s.desk, who)))
}

func (s *shift) silent(who context.Context, about string) {
	s.Helper()
	if got := told(notices(s.T, s.desk, who)); strings.Contains(got, about) {
		actor, _ := store.ActorOf(who)
		s.Errorf("%s is told:\n%s", actor.Name, got)
	}
}

func (s *shift) set(change func(i *incident.Incident)) {
	s.Helper()
	var i incident.Incident
	s.ok(s.desk.DB.View(s.sec, func(r store.Reader) (err error) {
		i, err = incident.Brief(s.sec, r, s.inc)
		return err
	}))
	change(&i)
	s.ok(s.cases.Change(s.sec, s.inc, i, "seen"))
}

func TestContainmentIsToldToThoseWhoAct(t *testing.T) {
	eachShift(t, false, func(s *shift) {
		a, err := s.cases.PlanAction(s.eng, s.inc, incident.Action{Device: s.pump, Target: "switch port 12", Plan: ladder.Plan{Level: ladder.NetworkOff, Undo: "plug the cable into the free socket", Impact: "no central alarm", Alternative: "its own alarm",
			Compensating: "one nurse for two beds", Observe: "no packet", Return: s.clock.Now().Add(2 * time.Hour)}})
		s.ok(err)
		const wanted = "L4 take off the network on P-1 Pump waits for your sign-off"
		s.hears(s.doc, true, "INC-2026-0001: "+wanted)
		s.hears(s.eng, true, wanted)
		s.silent(s.audit, "sign-off")
		s.ok(s.cases.SignOff(s.doc, a, ladder.ClinicalOwner, 0, ""))
		s.silent(s.doc, "sign-off")
		s.ok(s.desk.MarkRead(s.eng, []string{notices(s.T, s.desk, s.eng)[0].Key}))
		s.clock.Advance(31 * time.Minute)
		s.hears(s.doc, true, wanted) // it expired
		s.ok(s.cases.SignOff(s.doc, a, ladder.ClinicalOwner, 0, ""))
		s.ok(s.cases.SignOff(s.eng, a, ladder.Biomed, 0, ""))
		s.ok(s.cases.Check(s.eng, a, "infusing"))
		s.ok(s.cases.Run(s.eng, a))
		s.silent(s.eng, "undone")
		s.ok(s.cases.See(s.eng, a, ladder.Observed, "no packet"))
		s.clock.Advance(2 * time.Hour)
		s.hears(s.eng, true, "is past its time and has to be undone by hand")
		_, err = s.cases.ReturnDue(testdb.System())
		s.ok(err)
		for _, who := range []context.Context{s.eng, s.doc, s.sec} {
			s.hears(who, true, "on P-1 Pump has to be undone by hand")
		}
		s.silent(s.audit, "undone")
		before := notices(s.T, s.desk, s.eng)[0].Key
		s.clock.Advance(time.Minute)
		s.ok(s.cases.See(s.eng, a, ladder.NotSeen, "the port is still down"))
		if after := notices(s.T, s.desk, s.eng)[0]; after.Key == before || !strings.Contains(after.Detail, "still down") {
			t.Errorf("a return that failed is not told anew: %+v", after)
		}
		s.ok(s.cases.Lift(s.doc, a, ""))
		s.hears(s.sec, true, "Person doc lifted L4 on P-1 Pump at the bedside") // owns the incident
		s.hears(s.eng, true, "lifted L4")                                       // answers for it
		s.silent(s.audit, "lifted")
		s.ok(s.cases.See(s.eng, a, ladder.Gone, "packets again"))
		s.silent(s.eng, "undone")
	})
}

// A clock is told of at our own aim, when it is over, at once where the law says without delay, and when a late fact starts it
// in the past.
func TestClocksAreTold(t *testing.T) {
	eachShift(t, false, func(s *shift) {
		add := func(name string, roles ...string) string {
			id, err := s.cases.AddEntity(s.sec, s.inc, incident.Entity{Name: name, Entity: clock.Entity{Jurisdictions: []string{"eu"}, Roles: roles, Instants: map[string]time.Time{"became_aware": s.clock.Now()}}})
			s.ok(err)
			return id
		}
		say := func(entity, fact string, v clock.Truth) {
			s.ok(s.cases.SetFacts(s.sec, s.inc, entity, incident.EntityFacts{Facts: map[string]clock.Truth{fact: v}}))
		}
		hospital := add("Hospital", "essential_entity")
		s.silent(s.sec, "of Hospital is due")
		s.clock.Advance(13 * time.Hour)
		s.hears(s.sec, false, "INC-2026-0001: reports of Hospital may be due")
		s.silent(s.eng, "Hospital") // neither owns it nor answers clocks
		say(hospital, "significant_incident", clock.Yes)
		s.hears(s.sec, true, "Early warning of Hospital runs already since")
		s.clock.Advance(12 * time.Hour)
		s.hears(s.sec, true, "Early warning of Hospital is overdue since")
		s.ok(s.cases.Discharge(s.sec, s.inc, hospital, incident.Sent{Duty: "eu-nis2-23", Stage: "warning", At: s.clock.Now(), Evidence: "CSIRT 1"}))
		s.silent(s.sec, "Early warning of Hospital")

		clinic := add("Clinic", "essential_entity")
		say(clinic, "significant_incident", clock.Yes)
		s.silent(s.sec, "Early warning of Clinic")
		s.clock.Advance(12*time.Hour + time.Minute)
		s.hears(s.sec, false, "Early warning of Clinic is due: at the latest")

		maker := add("Maker", "manufacturer")
		s.ok(s.cases.SetFacts(s.sec, s.inc, maker, incident.EntityFacts{Facts: map[string]clock.Truth{"device_involved": clock.Yes, "rising_trend": clock.Yes}}))
		s.hears(s.sec, true, "of Maker is due without delay")
	})
}

func TestHoldsAndHarmAreTold(t *testing.T) {
	eachShift(t, true, func(s *shift) {
		s.silent(s.doc, "INC-2026-0001")
		s.set(func(i *incident.Incident) { i.Clinical = 3 })
		s.hears(s.doc, true, "EXERCISE · INC-2026-0001: C3, injury possible")
		s.silent(s.audit, "INC-2026-0001")
		s.ok(s.desk.MarkRead(s.doc, []string{notices(s.T, s.desk, s.doc)[0].Key}))
		e, err := s.cases.AddEntity(s.sec, s.inc, incident.Entity{Name: "Hospital", Entity: clock.Entity{Jurisdictions: []string{"us"}, Roles: []string{"user_facility"}, Instants: map[string]time.Time{"became_aware": s.clock.Now()},
			Facts: map[string]clock.Truth{"device_involved": clock.Yes, "serious_injury": clock.No, "death": clock.No}}})
		s.ok(err)
		states := func() map[clock.State]bool {
			out := map[clock.State]bool{}
			s.ok(s.desk.DB.View(s.sec, func(r store.Reader) error {
				all, err := incident.Clocks(s.sec, r, s.inc, s.clock.Now())
				for _, c := range all[0].Clocks {
					if c.Duty.ID == "us-mdr-803-facility-death" {
						out[c.State] = true
					}
				}
				return err
			}))
			return out
		}
		if got := states(); !got[clock.NotApplicable] {
			t.Fatalf("nobody came to harm, and the report is %v", got)
		}
		s.set(func(i *incident.Incident) { i.Clinical = 5 })
		s.hears(s.doc, true, "C5, harm occurred")
		if n := notices(s.T, s.desk, s.doc)[0]; n.Read || !strings.Contains(n.Detail, "answer the facts") {
			t.Errorf("what rose is not told anew: %+v", n)
		}
		if got := states(); !got[clock.MayRun] {
			t.Errorf("harm occurred, and the report is %v", got)
		}
		s.ok(s.cases.SetFacts(s.sec, s.inc, e, incident.EntityFacts{Facts: map[string]clock.Truth{"death": clock.No}, Reason: "the patient recovered"}))
		if got := states(); !got[clock.NotApplicable] {
			t.Errorf("it was answered after the harm, and the report is %v", got)
		}
		s.ok(s.cases.Move(s.sec, s.inc, incident.Move{To: incident.OnHold, Reason: "the vendor comes", Until: s.clock.Now().Add(time.Hour)}))
		s.silent(s.sec, "hold")
		s.clock.Advance(61 * time.Minute)
		s.hears(s.sec, true, "EXERCISE · INC-2026-0001: its hold is over since")
	})
}

func TestNoticesOfExercisesAreMarked(t *testing.T) {
	eachShift(t, true, func(s *shift) {
		_, err := detection.Alerts{DB: s.desk.DB}.Report(testdb.System(), detection.Report{Title: "It calls outside", Level: detection.Critical, Said: "seen", Exercise: true})
		s.ok(err)
		_, err = s.cases.AddTask(s.sec, s.inc, incident.Task{Title: "Read the log", Side: incident.WardSide})
		s.ok(err)
		_, err = s.cases.PlanAction(s.eng, s.inc, incident.Action{Device: s.pump, Target: "port", Plan: ladder.Plan{Level: ladder.AllowList, Undo: "plug the cable into the free socket", Impact: "none", Observe: "no packet", Return: s.clock.Now().Add(time.Hour)}})
		s.ok(err)
		s.clock.Advance(16 * time.Minute)
		s.hears(s.sec, false, "EXERCISE · It calls outside")
		for _, who := range []context.Context{s.sec, s.eng} {
			for _, n := range notices(s.T, s.desk, who) {
				if strings.Contains(n.Kind, "certification") || n.Kind == "credentials_due" {
					continue
				}
				if !strings.HasPrefix(n.Title, incident.ExerciseMark) {
					t.Errorf("%s: %q is not marked", n.Kind, n.Title)
				}
			}
		}
	})
}

// Who is to check a change after an incident that became red hears that it waits, and what is asked once they are named.
func TestChecksOfRedIncidentsAreToldWithoutTheirQuestion(t *testing.T) {
	eachShift(t, true, func(s *shift) {
		eng, _ := store.ActorOf(s.eng)
		_, err := loop.Desk{DB: s.desk.DB}.Plan(s.sec, s.inc, loop.Check{Of: s.inc, Question: "Is the informer safe?", Owner: eng.ID, Due: s.clock.Now().Add(time.Hour)})
		s.ok(err)
		s.hears(s.eng, false, "Is the informer safe?")
		s.set(func(i *incident.Incident) { i.TLP = incident.Red })
		s.silent(s.eng, "informer")
		s.hears(s.eng, false, incident.ExerciseMark+"Look by ")
		s.hears(s.eng, false, "what is asked is withheld; ask to be named in INC-2026-0001")
		s.ok(s.cases.NameRecipient(s.sec, s.inc, eng.ID, "checks it"))
		s.hears(s.eng, false, "Is the informer safe?")
	})
}
