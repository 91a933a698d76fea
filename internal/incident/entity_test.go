package incident_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"triward/internal/incident"
	"triward/internal/incident/clock"
	"triward/internal/problem"
	"triward/internal/store"
)

// concerned adds a legal entity that became aware an hour ago.
func (s *scene) concerned(i string, place string, facts map[string]clock.Truth, roles ...string) string {
	s.Helper()
	entity, err := s.cases.AddEntity(s.as(s.anna), i, incident.Entity{Name: "Hospital", Entity: clock.Entity{Jurisdictions: []string{place}, Roles: roles, Facts: facts,
		Instants: map[string]time.Time{"became_aware": s.clock.Now().Add(-time.Hour)}}})
	s.must(err)
	return entity
}

func (s *scene) clocks(i string) []incident.EntityClocks {
	s.Helper()
	var out []incident.EntityClocks
	s.must(s.db.View(context.Background(), func(r store.Reader) (err error) {
		out, err = incident.Clocks(s.as(s.anna), r, i, s.clock.Now())
		return err
	}))
	return out
}

func (s *scene) clockOf(i, duty string) clock.Clock {
	s.Helper()
	for _, e := range s.clocks(i) {
		if n := slices.IndexFunc(e.Clocks, func(c clock.Clock) bool { return c.Duty.ID == duty }); n >= 0 {
			return e.Clocks[n]
		}
	}
	s.Fatalf("no clock of %s", duty)
	return clock.Clock{}
}

func TestPlacesOfALegalEntityAreKnown(t *testing.T) {
	each(t, func(s *scene) {
		i := s.declare()
		add := func(places ...string) error {
			_, err := s.cases.AddEntity(s.as(s.anna), i, incident.Entity{Name: "Maker " + strings.Join(places, " "), Entity: clock.Entity{Jurisdictions: places, Roles: []string{"manufacturer"},
				Instants: map[string]time.Time{"became_aware": s.clock.Now()}}})
			return err
		}
		s.refused(add("atlantis"), problem.Invalid, "atlantis", "us, eu, uk, ca, au, jp, ch")
		s.refused(add("eu", ""), problem.Invalid, "jurisdictions")
		s.must(add("EU", "Germany", " France"))
		all := s.clocks(i)
		if len(all) != 1 || !slices.Equal(all[0].Jurisdictions, []string{"eu"}) || len(all[0].Clocks) == 0 {
			s.Errorf("the manufacturer is in %v with %d clocks", all[0].Jurisdictions, len(all[0].Clocks))
		}
	})
}

func TestLawEnforcementDelayIsRecorded(t *testing.T) {
	each(t, func(s *scene) {
		i := s.declare()
		entity := s.concerned(i, "us", map[string]clock.Truth{"health_data_breach": clock.Yes, "low_probability_shown": clock.No}, "covered_entity")
		before := s.clockOf(i, "us-hipaa-404").Latest
		wait := clock.Delay{From: s.clock.Now(), To: s.clock.Now().AddDate(0, 0, 20), Evidence: "FBI, Special Agent Orr: letter of today, EV-3"}
		set := func(reason string, all ...clock.Delay) error {
			return s.cases.SetFacts(s.as(s.anna), i, entity, incident.EntityFacts{Delays: append([]clock.Delay{}, all...), Reason: reason})
		}
		bare, long, back := wait, wait, wait
		bare.Evidence = " "
		long.Oral, long.To = true, wait.From.AddDate(0, 0, 31)
		back.To = back.From
		s.refused(set("", bare), problem.Invalid, "agency, official")
		s.refused(set("", long), problem.Invalid, "30 days after the statement")
		s.refused(set("", back), problem.Invalid, "after the beginning")
		s.must(set("", wait))
		if got := s.clockOf(i, "us-hipaa-404").Latest.Sub(before).Round(2 * time.Hour); got != 20*24*time.Hour {
			s.Errorf("the latest instant moved by %v, not by the delay", got)
		}
		s.refused(set(""), problem.Invalid, "law enforcement asked for is changed")
		s.must(set("withdrawn by the agency"))
		if got := s.clockOf(i, "us-hipaa-404").Latest; !got.Equal(before) {
			s.Errorf("without the delay it is %v, want %v", got, before)
		}
		said := 0
		s.must(s.db.View(context.Background(), func(r store.Reader) (err error) {
			said, err = store.Value[int](r.QueryRow(context.Background(), `SELECT count(*) FROM journal j JOIN journal_body b ON b.seq = j.seq WHERE j.kind = $1 AND b.body LIKE '%law_enforcement_delay%'`, incident.KindEntitySet))
			return err
		}))
		if said != 2 {
			s.Errorf("%d entries of the journal tell of the delay", said)
		}
	})
}

func TestDutiesThatAreNotInForceAreSwitchedOn(t *testing.T) {
	each(t, func(s *scene) {
		i := s.declare()
		entity := s.concerned(i, "us", map[string]clock.Truth{"substantial_cyber_incident": clock.Yes}, "user_facility")
		if got := s.clockOf(i, "us-circia-incident"); got.State != clock.NotInForce {
			s.Fatalf("the duty is %s", got.State)
		}
		s.refused(s.cases.Discharge(s.as(s.anna), i, entity, incident.Sent{Duty: "us-circia-incident", Stage: "report", At: s.clock.Now(), Evidence: "x"}), problem.Conflict, "not due")
		set := func(ids ...string) error {
			return s.cases.SetFacts(s.as(s.anna), i, entity, incident.EntityFacts{Observes: append([]string{}, ids...)})
		}
		s.refused(set("us-circus"), problem.Invalid, "us-circus")
		s.refused(set("us-806"), problem.Invalid, "before it is in force")
		s.must(set("us-circia-incident"))
		if got := s.clockOf(i, "us-circia-incident"); got.State != clock.Running {
			s.Errorf("observed, it is %s", got.State)
		}
		s.must(set())
		if got := s.clockOf(i, "us-circia-incident"); got.State != clock.NotInForce {
			s.Errorf("switched off, it is %s", got.State)
		}
	})
}

func TestASecondRecordOfAReportKeepsTheFirst(t *testing.T) {
	each(t, func(s *scene) {
		i := s.declare()
		entity := s.concerned(i, "eu", map[string]clock.Truth{"personal_data_breach": clock.Yes, "no_risk_to_persons": clock.No}, "controller")
		start := s.clockOf(i, "eu-gdpr-33").Start
		s.clock.Advance(80 * time.Hour)
		sent := func(at time.Time, reason string) error {
			return s.cases.Discharge(s.as(s.anna), i, entity, incident.Sent{Duty: "eu-gdpr-33", Stage: "notification", At: at, Evidence: "DPA 4711", Reason: reason})
		}
		s.refused(sent(start.Add(-time.Minute), ""), problem.Invalid, "from which its time runs")
		s.must(sent(s.clock.Now(), ""))
		if c := s.clockOf(i, "eu-gdpr-33"); !c.Late || c.State != clock.Discharged {
			s.Fatalf("%s, late %v", c.State, c.Late)
		}
		s.refused(sent(start.Add(time.Hour), ""), problem.Invalid, "recorded as sent already")
		s.must(sent(start.Add(time.Hour), "the portal shows an earlier receipt"))
		c := s.clockOf(i, "eu-gdpr-33")
		if c.Late || len(c.Answers) != 2 || c.Answers[0].Reason != "" || c.Answers[0].At.Sub(start) < 72*time.Hour || c.Answers[1].Reason == "" || c.Answers[1].ByName != "anna" || c.Answers[1].Evidence != "DPA 4711" {
			s.Errorf("late %v, answers %+v", c.Late, c.Answers)
		}
		s.refused(s.cases.Discharge(s.as(s.anna), i, entity, incident.Sent{Duty: "us-806", Stage: "report", At: s.clock.Now(), Evidence: "x"}), problem.Conflict, "does not concern")
		s.must(s.cases.SetFacts(s.as(s.anna), i, entity, incident.EntityFacts{Facts: map[string]clock.Truth{"high_risk_to_persons": clock.No}}))
		s.refused(s.cases.Discharge(s.as(s.anna), i, entity, incident.Sent{Duty: "eu-gdpr-34", Stage: "notice", At: s.clock.Now(), Evidence: "x"}), problem.Conflict, "condition is not met")
	})
}

func TestTheZoneOfAnAwarenessIsKept(t *testing.T) {
	each(t, func(s *scene) {
		i := s.declare()
		entity := s.concerned(i, "eu", nil, "controller")
		zone := func(z string) error {
			return s.cases.SetFacts(s.as(s.anna), i, entity, incident.EntityFacts{Zones: map[string]string{"became_aware": z}})
		}
		for _, bad := range []string{"Local", "Europe/Nowhere", "../etc"} {
			s.refused(zone(bad), problem.Invalid, "no time zone")
		}
		before := s.clockOf(i, "eu-gdpr-33").Latest
		s.must(zone("Asia/Tokyo"))
		e := s.clocks(i)[0]
		if got := e.In("became_aware"); got.Location().String() != "Asia/Tokyo" || !got.Equal(e.Instants["became_aware"]) {
			s.Errorf("the awareness is told as %v", got)
		}
		if c := s.clockOf(i, "eu-gdpr-33"); !c.Latest.Equal(before) || c.Latest.Location().String() != "Europe/Brussels" {
			s.Errorf("the zone in which it was told moved the clock to %v", c.Latest)
		}
	})
}

func TestHarmOpensTheDutiesOfDevices(t *testing.T) {
	each(t, func(s *scene) {
		i := s.declare()
		to := s.get(i).Incident
		to.Clinical = 5
		s.must(s.cases.Change(s.as(s.anna), i, to, "a patient was harmed"))
		ids := map[string]string{}
		for place, role := range map[string]string{"eu": "manufacturer", "us": "user_facility"} {
			ids[role] = s.concerned(i, place, nil, role)
		}
		for _, duty := range []string{"eu-mdr-87-15", "eu-mdr-87-10", "us-mdr-803-facility-death", "us-mdr-803-facility-injury"} {
			if c := s.clockOf(i, duty); c.State != clock.MayRun || c.Latest.IsZero() || len(c.Missing) == 0 {
				s.Errorf("%s is %s until %v, decided by %v", duty, c.State, c.Latest, c.Missing)
			}
		}
		no := incident.EntityFacts{Facts: map[string]clock.Truth{"serious_injury": clock.No}}
		s.refused(s.cases.SetFacts(s.as(s.anna), i, ids["user_facility"], no), problem.Invalid, "harm occurred")
		no.Reason = "a bruise; Dr. Brennan examined her"
		s.must(s.cases.SetFacts(s.as(s.anna), i, ids["user_facility"], no))
	})
}
