package incident_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/incident"
	"triward/internal/incident/ladder"
	"triward/internal/problem"
	"triward/internal/store"
)

// minor is an incident that one person may end.
func (s *scene) minor() string {
	s.Helper()
	d := s.declaration()
	d.Cyber, d.Clinical = 1, 1
	i, err := s.cases.Declare(s.as(s.anna), d)
	s.must(err)
	return i
}

// clean answers for every device of an incident, so that no guard asks for more of them.
func (s *scene) clean(i string) {
	s.Helper()
	for _, d := range s.get(i).Devices {
		if d.State == incident.DeviceUnknown {
			s.must(s.cases.SetDevice(s.as(s.anna), i, d.ID, incident.DeviceChange{State: incident.Cleared, Reason: "looked at"}))
		}
	}
}

// say changes what is known of an incident.
func (s *scene) say(i, reason string, change func(*incident.Incident)) error {
	s.Helper()
	to := s.get(i).Incident
	change(&to)
	return s.cases.Change(s.as(s.anna), i, to, reason)
}

// brought gives an incident that one person may end, in a state.
func (s *scene) brought(to incident.State) string {
	s.Helper()
	i := s.minor()
	move := func(m incident.Move) { s.Helper(); s.must(s.cases.Move(s.as(s.anna), i, m)) }
	switch to {
	case incident.Declared:
		return i
	case incident.OnHold:
		move(incident.Move{To: incident.Analysing})
		move(incident.Move{To: to, Reason: "the maker answers on Monday", Until: s.clock.Now().Add(time.Hour)})
		return i
	case incident.FalseAlarm:
		move(incident.Move{To: to, Reason: "a test of the maker"})
		return i
	}
	s.ready(i)
	for _, x := range []incident.State{incident.Analysing, incident.Containing, incident.Eradicating, incident.Recovering, incident.Monitoring, incident.Closed} {
		move(incident.Move{To: x})
		if x == to {
			break
		}
	}
	return i
}

// ready fills in everything that guards ask for.
func (s *scene) ready(i string) {
	s.Helper()
	s.clean(i)
	s.must(s.say(i, "", func(x *incident.Incident) {
		x.NoContainment, x.Extent, x.RootCause, x.Lessons = "nothing runs", "nothing", "a shared account", "accounts have owners"
		x.Reviewed, x.RetainUntil = s.clock.Now(), s.clock.Now().AddDate(5, 0, 0)
	}))
	_, err := s.cases.AddEntity(s.as(s.anna), i, nobody(s.clock.Now()))
	s.must(err)
	for _, k := range []incident.LinkKind{incident.FeedbackNoRisk, incident.FeedbackNoProcess} {
		s.must(s.cases.Link(s.as(s.anna), i, incident.Link{Kind: k, Target: "-", Note: "nothing changes"}))
	}
}

// Every pair of states: what the table allows goes when its guard has what it asks for, everything else is refused.
func TestEveryPairOfStates(t *testing.T) {
	may := map[incident.State][]incident.State{
		incident.Declared:    {incident.Analysing, incident.OnHold, incident.FalseAlarm},
		incident.Analysing:   {incident.Containing, incident.OnHold, incident.FalseAlarm},
		incident.Containing:  {incident.Eradicating, incident.Analysing, incident.OnHold},
		incident.Eradicating: {incident.Recovering, incident.Analysing, incident.OnHold},
		incident.Recovering:  {incident.Monitoring, incident.Analysing, incident.OnHold},
		incident.Monitoring:  {incident.Closed, incident.Analysing, incident.OnHold},
		incident.Closed:      {incident.Analysing},
		incident.OnHold:      {incident.Analysing},
		incident.FalseAlarm:  {incident.Analysing},
	}
	each(t, func(s *scene) {
		for _, from := range incident.States() {
			for _, to := range incident.States() {
				i := s.brought(from)
				err := s.cases.Move(s.as(s.anna), i, incident.Move{To: to, Reason: "because", Until: s.clock.Now().Add(time.Hour)})
				want := problem.Kind("")
				if !slices.Contains(may[from], to) {
					want = problem.Conflict
				}
				if got := s.get(i).State; problem.KindOf(err) != want || want == "" && got != to || want != "" && got != from {
					s.Errorf("%s to %s: %v, now %s", from, to, err, got)
				}
			}
		}
	})
}

func TestHoldsEnd(t *testing.T) {
	each(t, func(s *scene) {
		i := s.minor()
		hold := func(until time.Time) error {
			return s.cases.Move(s.as(s.anna), i, incident.Move{To: incident.OnHold, Reason: "the maker answers on Monday", Until: until})
		}
		s.refused(hold(time.Time{}), problem.Invalid, "a hold has an end")
		s.refused(hold(s.clock.Now()), problem.Invalid, "lie in the future")
		s.must(s.cases.Move(s.as(s.anna), i, incident.Move{To: incident.Analysing}))
		s.must(s.say(i, "", func(x *incident.Incident) { x.NoContainment = "nothing runs" }))
		s.must(s.cases.Move(s.as(s.anna), i, incident.Move{To: incident.Containing}))
		s.must(hold(s.clock.Now().Add(time.Hour)))
		over := func() []incident.Incident {
			var page store.Page[incident.Incident]
			s.must(s.db.View(context.Background(), func(r store.Reader) (err error) {
				page, err = incident.List(s.as(s.anna), r, incident.Query{HoldOver: s.clock.Now()})
				return err
			}))
			return page.Items
		}
		if n := len(over()); n != 0 || s.get(i).HoldOver(s.clock.Now()) {
			s.Errorf("%d holds are over before their end", n)
		}
		s.clock.Advance(time.Hour)
		if all := over(); len(all) != 1 || all[0].ID != i || !all[0].HoldOver(s.clock.Now()) {
			s.Errorf("holds that are over: %+v", all)
		}
		if got := s.get(i).Moves(); !cmp.Equal(got, []incident.State{incident.Containing, incident.Analysing}) {
			s.Errorf("a hold goes on to %v", got)
		}
		s.refused(s.cases.Move(s.as(s.anna), i, incident.Move{To: incident.Analysing}), problem.Invalid, "reason")
		s.must(s.cases.Move(s.as(s.anna), i, incident.Move{To: incident.Containing}))
		if f := s.get(i); f.State != incident.Containing || !f.HeldTill.IsZero() || f.HeldFor != "" || f.Resumes != "" {
			s.Errorf("after the hold: %+v", f.Incident)
		}
		if n := len(over()); n != 0 {
			s.Errorf("%d holds are over after they were ended", n)
		}
	})
}

func TestFalseAlarms(t *testing.T) {
	each(t, func(s *scene) {
		i := s.minor()
		anna := s.as(s.anna)
		alarm := incident.Move{To: incident.FalseAlarm, Reason: "a test of the maker"}
		s.refused(s.cases.Move(anna, i, incident.Move{To: incident.FalseAlarm}), problem.Invalid, "reason")
		a := s.plan(i, s.scan, ladder.Watch)
		s.must(s.cases.Check(s.as(s.ben), a, "free"))
		s.must(s.cases.Run(s.as(s.ben), a))
		s.refused(s.cases.Move(anna, i, alarm), problem.Conflict, "in force")
		s.must(s.cases.Lift(s.as(s.cleo), a, ""))
		s.must(s.cases.See(s.as(s.ben), a, ladder.Gone, "packets again"))
		s.must(s.cases.SetDevice(anna, i, s.pump, incident.DeviceChange{State: incident.Compromised}))
		s.refused(s.cases.Move(anna, i, alarm), problem.Invalid, "found compromised")

		i = s.minor()
		s.must(s.cases.Move(anna, i, alarm))
		s.refused(s.cases.Move(anna, i, incident.Move{To: incident.Analysing}), problem.Invalid, "reason")
		s.must(s.cases.Move(anna, i, incident.Move{To: incident.Analysing, Reason: "the maker made no test"}))
		if f := s.get(i); f.State != incident.Analysing || !f.Closed.IsZero() {
			s.Errorf("opened again: %s, closed %v", f.State, f.Closed)
		}

		i = s.declare() // severe: two people, whichever way it ends
		s.must(s.cases.Move(anna, i, alarm))
		if f := s.get(i); f.State != incident.Declared || f.Asked != "false_alarm" {
			s.Errorf("one person ended a severe incident: %s", f.State)
		}
		s.must(s.cases.Move(s.as(s.ben), i, alarm))
		if f := s.get(i); f.State != incident.FalseAlarm {
			s.Errorf("two people did not end it: %s", f.State)
		}
	})
}

func TestClosedIncidentsAreOpenedAgain(t *testing.T) {
	each(t, func(s *scene) {
		i := s.brought(incident.Closed)
		s.refused(s.cases.Move(s.as(s.anna), i, incident.Move{To: incident.Analysing}), problem.Invalid, "why it is not over")
		s.must(s.cases.Move(s.as(s.anna), i, incident.Move{To: incident.Analysing, Reason: "it calls again"}))
		f := s.get(i)
		if f.State != incident.Analysing || !f.Closed.IsZero() || !f.State.Open() {
			s.Errorf("%s, closed %v", f.State, f.Closed)
		}
		s.must(s.cases.Involve(s.as(s.anna), i, nil, []string{"Second archive"}))
		s.must(s.cases.Move(s.as(s.anna), i, incident.Move{To: incident.Containing}))
		s.refused(s.cases.Move(s.as(s.anna), i, incident.Move{To: incident.Eradicating}), problem.Invalid, "Second archive is still unknown")
	})
}

// A device that comes in late is asked for its evidence and its checks at every later step.
func TestDevicesThatComeLate(t *testing.T) {
	for _, at := range []incident.State{incident.Eradicating, incident.Recovering, incident.Monitoring} {
		t.Run(string(at), func(t *testing.T) {
			each(t, func(s *scene) {
				anna := s.as(s.anna)
				next := map[incident.State]incident.State{incident.Eradicating: incident.Recovering, incident.Recovering: incident.Monitoring, incident.Monitoring: incident.Closed}[at]
				i := s.brought(at)
				move := func() error { return s.cases.Move(anna, i, incident.Move{To: next}) }
				s.must(s.cases.Involve(anna, i, nil, []string{"Second archive"}))
				d := s.get(i).Devices[slices.IndexFunc(s.get(i).Devices, func(d incident.Involved) bool { return d.Name == "Second archive" })]
				set := func(c incident.DeviceChange) { s.Helper(); s.must(s.cases.SetDevice(anna, i, d.ID, c)) }
				s.refused(move(), problem.Invalid, "Second archive is still unknown")
				set(incident.DeviceChange{State: incident.Compromised})
				set(incident.DeviceChange{State: incident.Contained})
				set(incident.DeviceChange{State: incident.Eradicated})
				set(incident.DeviceChange{State: incident.Revalidated, Checks: incident.RevalidationChecks()})
				set(incident.DeviceChange{State: incident.BackInUse})
				s.refused(move(), problem.Invalid, "Second archive was found compromised: its evidence is neither kept nor waived")
				s.seals[i+"/"+d.ID] = true
				set(incident.DeviceChange{Evidence: incident.Preserved, EvidenceNote: "image"})
				s.seals[i+"/"+d.ID] = false // its integrity broke
				s.refused(move(), problem.Invalid, "nothing of it is under seal")
				s.seals[i+"/"+d.ID] = true
				s.must(move())
			})
		})
	}
}

// That no evidence is kept is signed by somebody else than who asks for it.
func TestWaiversAreSignedByASecondPerson(t *testing.T) {
	each(t, func(s *scene) {
		id := s.minor()
		anna := s.as(s.anna)
		s.must(s.cases.SetDevice(anna, id, s.scan, incident.DeviceChange{State: incident.Compromised, Evidence: incident.Waived, EvidenceNote: "it lost its memory when it was off"}))
		s.must(s.cases.Move(anna, id, incident.Move{To: incident.Analysing}))
		s.must(s.say(id, "", func(x *incident.Incident) { x.NoContainment, x.Extent = "nothing runs", "one scanner" }))
		s.must(s.cases.Move(anna, id, incident.Move{To: incident.Containing}))
		s.clean(id)
		eradicate := func() error { return s.cases.Move(anna, id, incident.Move{To: incident.Eradicating}) }
		s.refused(eradicate(), problem.Invalid, "nobody else signed")
		s.must(s.cases.SetDevice(s.as(s.ben), id, s.scan, incident.DeviceChange{State: incident.Contained})) // who asked stays who asked
		dora := s.sign.Person(s.T, "dora", "Dora Quality")
		device := func() incident.Involved {
			f := s.get(id)
			return f.Devices[slices.IndexFunc(f.Devices, func(d incident.Involved) bool { return d.ID == s.scan })]
		}
		waive := func(account, reason string) error {
			f := s.get(id)
			_, digest := device().Statement(f.Incident)
			ctx := s.sign.As(account, "incident.*")
			return s.cases.Waive(ctx, id, s.scan, incident.Consent{Displayed: digest, Reason: reason, Factors: s.sign.Factors(s.T, account)})
		}
		s.refused(waive(s.anna, "it is so"), problem.Conflict, "somebody else has to sign")
		s.refused(waive(dora, ""), problem.Invalid, "reason")
		_, digest := device().Statement(s.get(id).Incident)
		s.refused(s.cases.Waive(s.sign.As(dora, "incident.read", "incident.device_moved"), id, s.scan, incident.Consent{Displayed: digest, Reason: "seen", Factors: s.sign.Factors(s.T, dora)}), problem.Forbidden)
		s.refused(s.cases.Waive(s.sign.As(dora, "incident.*"), id, s.scan, incident.Consent{Displayed: "other", Reason: "seen", Factors: s.sign.Factors(s.T, dora)}), problem.Conflict, "read it again")
		s.must(waive(dora, "nothing can be read out of it any more"))
		if d := device(); d.WaiverName != "Dora Quality" && d.WaiverName != "dora" || d.Waiver == "" || d.WaivedAt.IsZero() {
			s.Errorf("signed: %+v", d)
		}
		s.refused(waive(dora, "again"), problem.Conflict, "nobody asks")
		s.must(s.cases.SetDevice(anna, id, s.scan, incident.DeviceChange{Evidence: incident.Waived, EvidenceNote: "another reason"}))
		s.refused(eradicate(), problem.Invalid, "nobody else signed") // what was signed was something else
		s.must(waive(dora, "nothing can be read out of it any more"))
		s.must(eradicate())
	})
}

// Duplicates of duplicates: what began in the first is asked for in the last; every id and number is found for ever.
func TestChainOfDuplicates(t *testing.T) {
	each(t, func(s *scene) {
		anna, ben := s.as(s.anna), s.as(s.ben)
		a, b, c := s.declare(), s.declare(), s.minor()
		same := func(x, y string) {
			s.Helper()
			s.must(s.cases.SameAs(anna, x, y))
			if f := s.get(x); f.State == incident.Closed || f.Asked != y {
				s.Errorf("one person ended a severe incident: %s", f.State)
			}
			s.refused(s.cases.SameAs(anna, x, y), problem.Conflict, "somebody else")
			s.must(s.cases.SameAs(ben, x, y))
		}
		running := nobody(s.clock.Now())
		running.Facts = significant()
		entity, err := s.cases.AddEntity(anna, a, running)
		s.must(err)
		s.must(s.cases.SetDevice(anna, a, s.pump, incident.DeviceChange{State: incident.Compromised}))
		same(a, b)
		same(b, c)
		var chain []incident.Incident
		s.must(s.db.View(context.Background(), func(r store.Reader) (err error) {
			chain, err = incident.Duplicates(anna, r, c)
			return err
		}))
		if len(chain) != 2 || chain[0].ID != b || chain[1].ID != a {
			s.Errorf("duplicates of the last: %+v", chain)
		}
		for _, x := range []string{a, b, "INC-2026-0001", "INC-2026-0002"} {
			if f := s.get(x); f.State != incident.Closed || f.SameAs == "" {
				s.Errorf("%s is %s and points at %q", x, f.State, f.SameAs)
			}
		}
		pump := s.get(c).Devices[slices.IndexFunc(s.get(c).Devices, func(d incident.Involved) bool { return d.ID == s.pump })]
		if pump.State != incident.Compromised {
			s.Errorf("the pump that was compromised in the first is %s in the last", pump.State)
		}
		s.clean(c)
		s.seals[a+"/"+s.pump] = true // the evidence lies with the first
		for _, x := range []incident.DeviceChange{{Evidence: incident.Preserved, EvidenceNote: "image"}, {State: incident.Contained}, {State: incident.Eradicated},
			{State: incident.Revalidated, Checks: incident.RevalidationChecks()}, {State: incident.BackInUse}} {
			s.must(s.cases.SetDevice(anna, c, s.pump, x))
		}
		s.ready(c)
		for _, x := range []incident.State{incident.Analysing, incident.Containing, incident.Eradicating, incident.Recovering, incident.Monitoring} {
			s.must(s.cases.Move(anna, c, incident.Move{To: x}))
		}
		s.refused(s.cases.Move(anna, c, incident.Move{To: incident.Closed}), problem.Invalid, "Early warning is running")
		for _, stage := range []string{"warning", "notification", "final"} {
			s.must(s.cases.Discharge(anna, a, entity, incident.Sent{Duty: "eu-nis2-23", Stage: stage, At: s.clock.Now(), Evidence: "CSIRT 4711"}))
		}
		s.must(s.cases.Move(anna, c, incident.Move{To: incident.Closed}))
		s.refused(s.cases.SameAs(anna, s.declare(), c), problem.Conflict, "go on nowhere")
	})
}

func TestDuplicatesStayInTheirWorld(t *testing.T) {
	each(t, func(s *scene) {
		anna := s.as(s.anna)
		d := s.declaration()
		d.Exercise = true
		drill, err := s.cases.Declare(anna, d)
		s.must(err)
		real := s.declare()
		s.refused(s.cases.SameAs(anna, real, drill), problem.Conflict, "kept apart")
		s.refused(s.cases.SameAs(anna, drill, real), problem.Conflict, "kept apart")
		over := s.brought(incident.FalseAlarm)
		s.refused(s.cases.SameAs(anna, real, over), problem.Conflict, "false alarm")
		one, two := s.minor(), s.minor()
		s.must(s.cases.SameAs(anna, one, two))
		s.refused(s.cases.SameAs(anna, two, one), problem.Conflict, "go on nowhere") // no circle
		s.must(s.cases.Move(anna, one, incident.Move{To: incident.Analysing, Reason: "it is another one"}))
		if f := s.get(one); f.SameAs != "" {
			s.Errorf("opened again, it points at %q", f.SameAs)
		}
		s.must(s.cases.SameAs(anna, two, one))
	})
}

func TestMachinesBesideAnIncident(t *testing.T) {
	each(t, func(s *scene) {
		check := func(name string, all []string, moves func(from string) []string, set func(x *incident.Incident, to string)) {
			for _, from := range all {
				for _, to := range all {
					if from == to {
						continue
					}
					d := s.declaration()
					set(&d.Incident, from)
					if from == "released" {
						d.Legal = incident.LegalHold
					}
					i, err := s.cases.Declare(s.as(s.anna), d)
					s.must(err)
					if from == "released" {
						s.must(s.say(i, "the court is done", func(x *incident.Incident) { x.Legal = incident.Released }))
					}
					allowed := slices.Contains(moves(from), to)
					if err := s.say(i, "", func(x *incident.Incident) { set(x, to) }); problem.KindOf(err) != problem.Invalid {
						s.Errorf("%s from %s to %s without a reason: %v", name, from, to, err)
					}
					err = s.say(i, "as asked", func(x *incident.Incident) { set(x, to) })
					if allowed != (err == nil) || err != nil && problem.KindOf(err) != problem.Invalid {
						s.Errorf("%s from %s to %s: %v, allowed %v", name, from, to, err, allowed)
					}
				}
			}
		}
		check("care", texts(incident.Cares()), func(x string) []string {
			return map[string][]string{"normal": {"degraded", "downtime", "diversion"}, "degraded": {"normal", "downtime", "diversion"}, "downtime": {"normal", "degraded", "diversion"}, "diversion": {"degraded", "downtime"}}[x]
		}, func(x *incident.Incident, to string) { x.Care = incident.Care(to) })
		check("legal", texts(incident.Legals()), func(x string) []string {
			return map[string][]string{"nothing_asked": {"hold", "privileged"}, "hold": {"privileged", "released"}, "privileged": {"hold", "released"}, "released": {"hold", "privileged"}}[x]
		}, func(x *incident.Incident, to string) { x.Legal = incident.Legal(to) })
		check("disclosure", texts(incident.Disclosures()), func(x string) []string {
			return map[string][]string{"undisclosed": {"embargoed", "coordinated", "public"}, "embargoed": {"coordinated", "public"}, "coordinated": {"public"}}[x]
		}, func(x *incident.Incident, to string) { x.Disclosure = incident.Disclosure(to) })
	})
}

func texts[T ~string](all []T) []string {
	out := make([]string, len(all))
	for n, x := range all {
		out[n] = string(x)
	}
	return out
}

func TestEmbargoAndPrivilegeNarrowWhoIsTold(t *testing.T) {
	widest := func(i incident.Incident) incident.Audience {
		var out incident.Audience
		for _, a := range []incident.Audience{incident.Recipients, incident.Organisation, incident.Clients, incident.Community, incident.Everyone} {
			if i.Share("the report", a) == nil {
				out = a
			}
		}
		if i.Share("the report", incident.ByLaw) != nil {
			t.Errorf("%+v keeps from the law what it asks for", i)
		}
		return out
	}
	for _, x := range []struct {
		tlp        incident.Marking
		legal      incident.Legal
		disclosure incident.Disclosure
		want       incident.Audience
	}{
		{incident.Clear, incident.NoLegal, incident.Undisclosed, incident.Everyone},
		{incident.Clear, incident.LegalHold, incident.Public, incident.Everyone},
		{incident.Clear, incident.NoLegal, incident.Embargoed, incident.Organisation},
		{incident.Clear, incident.Privileged, incident.Public, incident.Recipients},
		{incident.Red, incident.NoLegal, incident.Embargoed, incident.Recipients},
		{incident.Green, incident.Released, incident.Coordinated, incident.Community},
	} {
		i := incident.Incident{TLP: x.tlp, Legal: x.legal, Disclosure: x.disclosure}
		if got := widest(i); got != x.want {
			t.Errorf("TLP %s, %s, %s: shared with %s, want %s", x.tlp, x.legal, x.disclosure, got, x.want)
		}
		if held := x.legal == incident.LegalHold || x.legal == incident.Privileged; i.Held() != held {
			t.Errorf("%s is held: %v", x.legal, i.Held())
		}
	}
}

func TestSeverityThatFellCountsAtTheEnd(t *testing.T) {
	each(t, func(s *scene) {
		i := s.declare()
		less := func(x *incident.Incident) { x.Cyber, x.Clinical = 1, 1 }
		s.refused(s.say(i, "", less), problem.Invalid, "why it is less severe")
		s.must(s.say(i, "only one viewer", less))
		if f := s.get(i); f.Worst != 3 || f.Severity() != 1 || !f.TakesTwo() {
			s.Errorf("severity %d, worst %d", f.Severity(), f.Worst)
		}
		s.must(s.cases.Move(s.as(s.anna), i, incident.Move{To: incident.FalseAlarm, Reason: "a test"}))
		if got := s.get(i).State; got != incident.Declared {
			s.Errorf("one person ended an incident that was severe: %s", got)
		}
		other := s.minor() // and what became severe
		s.must(s.say(other, "", func(x *incident.Incident) { x.Clinical = 4 }))
		s.must(s.say(other, "a mistake", less))
		if w := s.get(other).Worst; w != 4 {
			s.Errorf("worst is %d", w)
		}
	})
}

func TestDatesOfTheReview(t *testing.T) {
	each(t, func(s *scene) {
		i := s.minor()
		now := s.clock.Now()
		s.refused(s.say(i, "", func(x *incident.Incident) { x.Reviewed = now.Add(time.Hour) }), problem.Invalid, "reviewed")
		s.refused(s.say(i, "", func(x *incident.Incident) { x.RetainUntil = now.Add(-time.Hour) }), problem.Invalid, "retain_until")
		s.must(s.say(i, "", func(x *incident.Incident) { x.Reviewed, x.RetainUntil = now, now.Add(time.Hour) }))
		s.clock.Advance(2 * time.Hour)
		s.must(s.say(i, "", func(x *incident.Incident) { x.Lessons = "keep lists" })) // an old date does not block other work
	})
}

// A clock that began to run after the last change of the incident keeps it open.
func TestClosingLooksAtClocksNow(t *testing.T) {
	each(t, func(s *scene) {
		i := s.brought(incident.Monitoring)
		late := nobody(s.clock.Now())
		late.Facts = significant()
		_, err := s.cases.AddEntity(s.as(s.anna), i, late)
		s.must(err)
		s.clock.Advance(100 * 24 * time.Hour)
		s.refused(s.cases.Move(s.as(s.anna), i, incident.Move{To: incident.Closed}), problem.Invalid, "is overdue")
	})
}

func TestStaleChangesAreRefused(t *testing.T) {
	each(t, func(s *scene) {
		i := s.minor()
		mine, theirs := s.get(i).Incident, s.get(i).Incident
		s.clock.Advance(time.Second)
		theirs.Extent = "one scanner"
		s.must(s.cases.Change(s.as(s.ben), i, theirs, ""))
		mine.RootCause = "a shared account"
		s.refused(s.cases.Change(s.as(s.anna), i, mine, ""), problem.Conflict, "changed meanwhile")
		if got := s.get(i).Extent; got != "one scanner" {
			s.Errorf("the extent is %q", got)
		}
	})
}

// Several people edit, move and end the same incident at once: each call happens whole, and nothing is overwritten.
func TestPeopleAtOnceInOneIncident(t *testing.T) {
	each(t, func(s *scene) {
		i := s.brought(incident.Monitoring)
		from := s.get(i).Incident
		s.clock.Advance(time.Second)
		people := []string{s.anna, s.ben, s.cleo}
		errs := make([]error, 12)
		var wait sync.WaitGroup
		for n := range errs {
			wait.Go(func() {
				ctx := s.as(people[n%3])
				switch n % 2 {
				case 0:
					to := from
					to.Summary = fmt.Sprint("seen by ", n)
					errs[n] = s.cases.Change(ctx, i, to, "")
				default:
					errs[n] = s.cases.Move(ctx, i, incident.Move{To: incident.Closed})
				}
			})
		}
		wait.Wait()
		var edited, closed int
		for n, err := range errs {
			switch {
			case err != nil && problem.KindOf(err) != problem.Conflict:
				s.Errorf("call %d: %v", n, err)
			case err == nil && n%2 == 0:
				edited++
			case err == nil:
				closed++
			}
		}
		if got := s.get(i).State; edited > 1 || closed != 1 || got != incident.Closed {
			s.Errorf("edited %d times, closed %d times, %s", edited, closed, got)
		}
	})
}
