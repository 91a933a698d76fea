package incident_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"triward/internal/device"
	"triward/internal/device/network"
	"triward/internal/document/documenttest"
	"triward/internal/incident"
	"triward/internal/incident/clock"
	"triward/internal/incident/ladder"
	"triward/internal/problem"
	"triward/internal/procedure"
	"triward/internal/product"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

// scene is a hospital with one pump in use and one scanner that is not.
type scene struct {
	*testing.T
	db    *store.DB
	clock *testdb.Clock
	sign  *signaturetest.Signer
	cases incident.Cases
	fleet device.Fleet
	pump  string
	scan  string
	seals map[string]bool // incident/device of which something lies under seal
	anna  string          // IT security
	ben   string          // clinical engineer
	cleo  string          // clinical owner
}

func each(t *testing.T, fn func(s *scene)) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		sign := signaturetest.New(t, db)
		s := &scene{T: t, db: db, clock: c, sign: sign, fleet: device.Fleet{DB: db}, cases: incident.Cases{DB: db, Runs: procedure.Runs{DB: db, Signer: sign.Signer}, Signer: sign.Signer}}
		s.seals = map[string]bool{}
		s.cases.Preserves = func(_ context.Context, _ store.Reader, of, involved string) (bool, error) {
			return s.seals[of+"/"+involved], nil
		}
		s.anna, s.ben, s.cleo = sign.Person(t, "anna", "Anna Security"), sign.Newcomer(t, "ben", "Ben Biomed"), sign.Newcomer(t, "cleo", "Cleo Clinician")
		s.pump = s.device("P-1", product.Yes, product.LifeSustaining)
		s.scan = s.device("S-1", product.No, product.Diagnostic)
		fn(s)
	})
}

func (s *scene) as(account string) context.Context {
	return s.sign.As(account, "incident.*", "containment.*", "device.*", "run.*", "document.*")
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *scene) device(tag string, use product.Answer, class product.SafetyClass) string {
	s.Helper()
	d, err := s.fleet.Register(s.as(s.ben), device.Device{AssetTag: tag, RawVendor: "Nordmed", RawModel: "N-" + tag, InUse: use, OwnClass: class, Ward: "ICU",
		Connectivity: []network.Connectivity{network.PrivateNetwork}})
	s.must(err)
	return string(d)
}

func (s *scene) declaration() incident.Declaration {
	return incident.Declaration{Incident: incident.Incident{Title: "Unknown workstation reads studies", Cyber: 3, Clinical: 2, TLP: incident.Amber, PAP: incident.Green, Care: incident.Normal,
		Legal: incident.NoLegal, Disclosure: incident.Undisclosed, Aware: s.clock.Now().Add(-time.Hour), AwareWho: "Anna Security", AwareHow: "an alert"},
		Devices: []string{s.pump, s.scan}, Systems: []string{"Archive gateway"}}
}

func (s *scene) declare() string {
	s.Helper()
	i, err := s.cases.Declare(s.as(s.anna), s.declaration())
	s.must(err)
	return i
}

func (s *scene) get(i string) incident.File {
	s.Helper()
	var f incident.File
	s.must(s.db.View(context.Background(), func(r store.Reader) (err error) {
		f, err = incident.Get(s.as(s.anna), r, i)
		return err
	}))
	return f
}

func (s *scene) action(i string) incident.Action {
	s.Helper()
	all := s.get(i).Actions
	return all[len(all)-1]
}

// refused demands an error of a kind that says something.
func (s *scene) refused(err error, kind problem.Kind, says ...string) {
	s.Helper()
	if problem.KindOf(err) != kind {
		s.Fatalf("got %v, want %s", err, kind)
	}
	text := fmt.Sprint(err, problem.FaultsOf(err))
	for _, x := range says {
		if !strings.Contains(text, x) {
			s.Errorf("%s does not say %q", text, x)
		}
	}
}

func (s *scene) plan(i, what string, l ladder.Level) string {
	s.Helper()
	a, err := s.cases.PlanAction(s.as(s.ben), i, incident.Action{Device: what, Target: "switch port 12", Plan: ladder.Plan{Level: l, Impact: "no central alarm", Alternative: "alarm at the bedside",
		Compensating: "one nurse for two beds", Observe: "no packet of the device for a minute", Undo: "plug the cable into the free socket", Return: s.clock.Now().Add(2 * time.Hour)}})
	s.must(err)
	return a
}

func TestDeclareNeedsWhatItsGuardNames(t *testing.T) {
	each(t, func(s *scene) {
		d := s.declaration()
		d.Title, d.AwareWho, d.Aware, d.Devices, d.Systems, d.Cyber = "", "", time.Time{}, nil, nil, 9
		_, err := s.cases.Declare(s.as(s.anna), d)
		s.refused(err, problem.Invalid, "title", "aware_who", "reporting clocks run from it", "at least one device", "cyber")
		first, second := s.get(s.declare()), s.get(s.declare())
		if first.Number != "INC-2026-0001" || second.Number != "INC-2026-0002" || first.OwnerName != "anna" || len(first.Devices) != 3 || first.State != incident.Declared {
			s.Errorf("%s, %s, owner %q, %d devices, %s", first.Number, second.Number, first.OwnerName, len(first.Devices), first.State)
		}
	})
}

// The whole line, with what each guard asks for (reference incidents.md 4.2).
func TestFromDeclaredToClosed(t *testing.T) {
	each(t, func(s *scene) {
		documenttest.Effective(s.T, s.db, plan)
		i := s.declare()
		anna := s.as(s.anna)
		move := func(to incident.State) error { return s.cases.Move(anna, i, incident.Move{To: to}) }
		s.refused(move(incident.Containing), problem.Conflict, "cannot become containing")
		s.must(s.cases.Plan(anna, i, "SOP-14"))
		if f := s.get(i); !strings.HasPrefix(f.Run, "run_") {
			s.Errorf("the plan is %q", f.Run)
		}
		s.refused(s.cases.Plan(anna, i, "SOP-14"), problem.Conflict)
		s.must(move(incident.Analysing))
		s.refused(move(incident.Containing), problem.Invalid, "contain nothing")
		action := s.plan(i, s.scan, ladder.FarSide)
		s.must(move(incident.Containing))

		s.refused(move(incident.Eradicating), problem.Invalid, "which devices", "still unknown")
		set := func(what string, c incident.DeviceChange) { s.Helper(); s.must(s.cases.SetDevice(anna, i, what, c)) }
		system := s.get(i).Devices[slices.IndexFunc(s.get(i).Devices, func(d incident.Involved) bool { return d.Device == "" })].ID
		set(s.pump, incident.DeviceChange{State: incident.Cleared, Reason: "no contact with the workstation"})
		set(system, incident.DeviceChange{State: incident.Cleared, Reason: "logs read"})
		set(s.scan, incident.DeviceChange{State: incident.Compromised})
		edit := s.get(i).Incident
		edit.Extent = "one scanner"
		s.must(s.cases.Change(anna, i, edit, ""))
		s.refused(move(incident.Eradicating), problem.Invalid, "neither kept nor waived")
		kept := incident.DeviceChange{Evidence: incident.Preserved, EvidenceNote: "image EV-1"}
		s.refused(s.cases.SetDevice(anna, i, s.scan, kept), problem.Invalid, "under seal")
		s.seals[i+"/"+s.scan] = true
		set(s.scan, kept)
		s.must(move(incident.Eradicating))

		s.refused(move(incident.Recovering), problem.Invalid, "before it goes back to patients")
		set(s.scan, incident.DeviceChange{State: incident.Contained})
		set(s.scan, incident.DeviceChange{State: incident.Eradicated})
		s.refused(s.cases.SetDevice(anna, i, s.scan, incident.DeviceChange{State: incident.Revalidated, Checks: incident.RevalidationChecks()[:2]}), problem.Invalid, "clinical function")
		set(s.scan, incident.DeviceChange{State: incident.Revalidated, Checks: incident.RevalidationChecks()})
		s.must(move(incident.Recovering))
		s.refused(move(incident.Monitoring), problem.Invalid, "not back in use")
		set(s.scan, incident.DeviceChange{State: incident.BackInUse})
		s.must(move(incident.Monitoring))

		s.refused(move(incident.Closed), problem.Invalid, "say the cause", "what was learned", "evidence is kept", "legal entity", "say why there is none")
		entity, err := s.cases.AddEntity(anna, i, incident.Entity{Name: "Hospital", Entity: clock.Entity{Jurisdictions: []string{"eu"}, Roles: []string{"essential_entity"},
			Facts: map[string]clock.Truth{"recipients_affected": clock.No, "authority_request": clock.No, "still_ongoing": clock.No, "significant_incident": clock.Yes}, Instants: map[string]time.Time{"became_aware": s.clock.Now().Add(-time.Hour)}}})
		s.must(err)
		s.refused(move(incident.Closed), problem.Invalid, "Early warning is running", "Final or progress report is waiting")
		// A manufacturer that is told has clocks of its own, which keep nobody here from closing.
		s.must(s.db.Update(anna, func(tx *store.Tx) error {
			_, err := incident.AwareTx(anna, tx, i, incident.Entity{Name: "Nordmed", Entity: clock.Entity{Jurisdictions: []string{"Germany"}, Roles: []string{"manufacturer"},
				Instants: map[string]time.Time{"became_aware": s.clock.Now()}}}, "told by telephone")
			return err
		}))
		if theirs := s.clocks(i); len(theirs) != 2 || len(incident.Ours(theirs)) != 1 || s.clockOf(i, "eu-mdr-87-15").State != clock.MayRun {
			s.Errorf("%d legal entities, %d of them ours", len(theirs), len(incident.Ours(theirs)))
		}
		for _, stage := range []string{"warning", "notification", "final"} {
			s.must(s.cases.Discharge(anna, i, entity, incident.Sent{Duty: "eu-nis2-23", Stage: stage, At: s.clock.Now(), Evidence: "CSIRT 4711"}))
		}
		edit = s.get(i).Incident
		edit.RootCause, edit.Lessons, edit.Reviewed, edit.RetainUntil = "a shared account", "accounts have owners", s.clock.Now(), s.clock.Now().AddDate(5, 0, 0)
		s.must(s.cases.Change(anna, i, edit, ""))
		s.must(s.cases.Link(anna, i, incident.Link{Kind: incident.FedStep, Target: "SOP-14#receive"}))
		s.refused(s.cases.Link(anna, i, incident.Link{Kind: incident.FeedbackNoRisk, Target: "-"}), problem.Invalid, "why nothing changes")
		s.must(s.cases.Link(anna, i, incident.Link{Kind: incident.FeedbackNoRisk, Target: "-", Note: "no weakness of a device"}))

		s.must(move(incident.Closed)) // asks
		if got := s.get(i); got.State != incident.Monitoring || got.CloserName != "anna" {
			s.Errorf("one person closed a severe incident: %s, %q", got.State, got.CloserName)
		}
		s.refused(move(incident.Closed), problem.Conflict, "somebody else")
		s.must(s.cases.Move(s.as(s.ben), i, incident.Move{To: incident.Closed}))
		if got := s.get(i); got.State != incident.Closed || got.Closed.IsZero() {
			s.Errorf("%s at %v", got.State, got.Closed)
		}
		s.refused(s.cases.Change(anna, i, edit, ""), problem.Conflict, "closed")
		s.must(s.cases.Lift(s.as(s.cleo), action, "")) // a bedside lift is never blocked
	})
}

const plan = `---
id: SOP-14
title: Incident response
level: procedure
for: [hospital]
owner_role: psirt_lead
review_months: 12
approvals: {review: [security_architect], approve: [quality]}
retention: P10Y
steps:
  - {id: receive, do: "Write down what was reported.", role: psirt_lead, record: note, evidence: optional}
---

# Purpose

We answer every report.
`

func TestContainmentRunsOnlySignedForTheDeviceAsItIs(t *testing.T) {
	each(t, func(s *scene) {
		i := s.declare()
		a := s.plan(i, s.pump, ladder.NetworkOff)
		run := func() error { return s.cases.Run(s.as(s.ben), a) }
		s.refused(run(), problem.Invalid, "not checked", "clinical owner", "clinical engineering")
		s.must(s.cases.Check(s.as(s.ben), a, "infusing; nurse at the bed"))
		s.must(s.cases.SignOff(s.as(s.ben), a, ladder.ClinicalOwner, 0, ""))
		s.must(s.cases.SignOff(s.as(s.ben), a, ladder.Biomed, 0, ""))
		s.refused(run(), problem.Invalid, "clinical engineering") // one person is not two
		s.must(s.cases.SignOff(s.as(s.cleo), a, ladder.ClinicalOwner, 0, "while the nurse stays"))

		d, err := s.deviceOf(s.pump)
		s.must(err)
		d.Ward = "Theatre 2"
		s.must(s.fleet.Change(s.as(s.ben), d))
		s.refused(run(), problem.Invalid, "not checked as it is now", "another state of the device")
		s.must(s.cases.Check(s.as(s.ben), a, "in theatre; anaesthetist told"))
		s.must(s.cases.SignOff(s.as(s.ben), a, ladder.Biomed, 0, ""))
		s.must(s.cases.SignOff(s.as(s.cleo), a, ladder.ClinicalOwner, 10*time.Minute, ""))
		s.clock.Advance(11 * time.Minute)
		s.refused(run(), problem.Invalid, "clinical owner")
		s.must(s.cases.SignOff(s.as(s.cleo), a, ladder.ClinicalOwner, time.Hour, "")) // at most 30 minutes
		if got := s.action(i).SignOffs; got[len(got)-1].Until.After(s.clock.Now().Add(ladder.SignOffLasts)) {
			s.Errorf("a sign-off lasts until %v", got[len(got)-1].Until)
		}
		s.must(run())
		s.refused(run(), problem.Conflict)
		s.must(s.cases.See(s.as(s.ben), a, ladder.Answered, "port 12 is down"))
		if got := s.action(i).State; got != ladder.Verifying {
			s.Errorf("an answer makes it %s", got)
		}
		s.must(s.cases.See(s.as(s.ben), a, ladder.Observed, "no packet for two minutes"))

		told, err := s.cases.ReturnDue(testdb.System())
		if err != nil || told != 0 {
			s.Errorf("%d returned before their time, %v", told, err)
		}
		s.clock.Advance(3 * time.Hour)
		told, err = s.cases.ReturnDue(testdb.System())
		if err != nil || told != 1 || s.action(i).State != ladder.Returning {
			s.Errorf("%d returned, %v, %s", told, err, s.action(i).State)
		}
		s.must(s.cases.See(s.as(s.ben), a, ladder.Gone, "packets again"))
		if got := s.action(i); got.State != ladder.Returned || got.Ended.IsZero() {
			s.Errorf("%s, ended %v", got.State, got.Ended)
		}
	})
}

// What the incident finds out about a device or a system voids the checks and sign-offs that were given before (hard rule d).
func TestWhatTheIncidentFindsVoidsSignOffs(t *testing.T) {
	each(t, func(s *scene) {
		i := s.declare()
		devices := s.get(i).Devices
		system := devices[slices.IndexFunc(devices, func(d incident.Involved) bool { return d.Device == "" })].ID
		for what, found := range map[string]incident.DeviceChange{s.scan: {State: incident.Cleared, Reason: "logs read"}, system: {State: incident.Compromised}} {
			a := s.plan(i, what, ladder.AllowList)
			s.must(s.cases.Check(s.as(s.ben), a, "free"))
			s.must(s.cases.SignOff(s.as(s.ben), a, ladder.Biomed, 0, ""))
			if got := s.one(a).Refusals; len(got) > 0 {
				s.Fatalf("refused: %q", got)
			}
			s.clock.Advance(time.Minute)
			s.must(s.cases.SetDevice(s.as(s.anna), i, what, found))
			s.refused(s.cases.Run(s.as(s.ben), a), problem.Invalid, "not checked as it is now", "another state of the device")
		}
		a := s.plan(i, system, ladder.Watch)
		s.must(s.cases.Check(s.as(s.ben), a, "free"))
		s.clock.Advance(time.Minute)
		s.seals[i+"/"+system] = true
		s.must(s.cases.SetDevice(s.as(s.anna), i, system, incident.DeviceChange{Evidence: incident.Preserved, EvidenceNote: "image EV-1"}))
		s.refused(s.cases.Run(s.as(s.ben), a), problem.Invalid, "not checked as it is now")
	})
}

func (s *scene) deviceOf(id string) (d device.Device, err error) {
	err = s.db.View(context.Background(), func(r store.Reader) error {
		d, err = device.Get(s.as(s.ben), r, device.ID(id))
		return err
	})
	return d, err
}

func (s *scene) one(action string) incident.Sheet {
	s.Helper()
	var sheet incident.Sheet
	s.must(s.db.View(context.Background(), func(r store.Reader) (err error) {
		sheet, _, err = s.cases.SheetOf(s.as(s.anna), r, action, s.clock.Now())
		return err
	}))
	return sheet
}

// Two people run and lift the same action at the same moment: each call happens whole, one after the other.
func TestTwoPeopleAtOnce(t *testing.T) {
	each(t, func(s *scene) {
		i := s.declare()
		a := s.plan(i, s.scan, ladder.Watch)
		s.must(s.cases.Check(s.as(s.ben), a, "free"))
		var wait sync.WaitGroup
		errs := make([]error, 8)
		for n := range errs {
			wait.Go(func() {
				if n%2 == 0 {
					errs[n] = s.cases.Run(s.as(s.ben), a)
				} else {
					errs[n] = s.cases.Lift(s.as(s.cleo), a, "")
				}
			})
		}
		wait.Wait()
		ran := 0
		for n, err := range errs {
			if n%2 == 0 && err == nil {
				ran++
			} else if err != nil && problem.KindOf(err) != problem.Conflict {
				s.Errorf("call %d: %v", n, err)
			}
		}
		got := s.action(i)
		if ran > 1 || got.State != ladder.Returning && got.State != ladder.Cancelled {
			s.Errorf("ran %d times, %s", ran, got.State)
		}
	})
}

func TestAwarenessChangesOnlyWithAReason(t *testing.T) {
	each(t, func(s *scene) {
		i := s.declare()
		to := s.get(i).Incident
		to.Aware = to.Aware.Add(-time.Hour)
		s.refused(s.cases.Change(s.as(s.anna), i, to, ""), problem.Invalid, "clocks run from the awareness")
		s.must(s.cases.Change(s.as(s.anna), i, to, "the ward called before the alert"))
		entity, err := s.cases.AddEntity(s.as(s.anna), i, incident.Entity{Name: "Maker", Entity: clock.Entity{Jurisdictions: []string{"us"}, Roles: []string{"manufacturer"},
			Instants: map[string]time.Time{"became_aware": s.clock.Now()}}})
		s.must(err)
		back := map[string]time.Time{"became_aware": s.clock.Now().AddDate(0, 0, -40)}
		s.refused(s.cases.SetFacts(s.as(s.anna), i, entity, incident.EntityFacts{Instants: back}), problem.Invalid, "reason")
		s.refused(s.cases.SetFacts(s.as(s.anna), i, entity, incident.EntityFacts{Facts: map[string]clock.Truth{"deaht": clock.Yes}}), problem.Invalid, "deaht")
		s.must(s.cases.SetFacts(s.as(s.anna), i, entity, incident.EntityFacts{Instants: back, Facts: map[string]clock.Truth{"device_involved": clock.Yes, "death": clock.Yes}, Reason: "a letter lay unread"}))
		var clocks []incident.EntityClocks
		s.must(s.db.View(context.Background(), func(r store.Reader) (err error) {
			clocks, err = incident.Clocks(s.as(s.anna), r, i, s.clock.Now())
			return err
		}))
		n := slices.IndexFunc(clocks[0].Clocks, func(c clock.Clock) bool { return c.Duty.ID == "us-mdr-803-30" })
		if got := clocks[0].Clocks[n]; got.State != clock.Overdue || got.Slack >= 0 {
			s.Errorf("a fact learned late gives %s with slack %v", got.State, got.Slack)
		}
		s.must(s.cases.Rule(s.as(s.anna), i, entity, "us-mdr-803-30", "reported by the hospital's maker"))
		s.refused(s.cases.Rule(s.as(s.anna), i, entity, "us-mdr-803-31", "x"), problem.NotFound)
	})
}

func TestDuplicatesKeepTheirNumber(t *testing.T) {
	each(t, func(s *scene) {
		first, second := s.declare(), s.declare()
		s.refused(s.cases.SameAs(s.as(s.anna), first, first), problem.Conflict)
		s.must(s.cases.SameAs(s.as(s.anna), second, first))
		s.must(s.cases.SameAs(s.as(s.ben), second, first))
		if f := s.get("INC-2026-0002"); f.SameAs != first || f.State != incident.Closed {
			s.Errorf("%s points at %q", f.Number, f.SameAs)
		}
		var open store.Page[incident.Incident]
		s.must(s.db.View(context.Background(), func(r store.Reader) (err error) {
			open, err = incident.List(s.as(s.anna), r, incident.Query{Open: true, Device: s.pump})
			return err
		}))
		if len(open.Items) != 1 || open.Items[0].ID != first {
			s.Errorf("%d open", len(open.Items))
		}
		s.must(s.cases.Note(s.as(s.cleo), first, incident.Decision, "keep the ward open"))
		if n := s.get(first).Notes; len(n) != 1 || n[0].ActorName != "cleo" {
			s.Errorf("notes: %+v", n)
		}
	})
}

func TestScopeCoversIncidents(t *testing.T) {
	each(t, func(s *scene) {
		i := s.declare()
		err := s.cases.Note(store.WithActor(context.Background(), store.Actor{ID: "acc_x", Name: "X"}), i, incident.Remark, "hello")
		if problem.KindOf(err) != problem.Forbidden && !errors.Is(err, context.Canceled) {
			s.Errorf("somebody without a grant writes: %v", err)
		}
	})
}

// nobody is a legal entity without a duty.
func nobody(now time.Time) incident.Entity {
	return incident.Entity{Name: "Hospital", Entity: clock.Entity{Jurisdictions: []string{"eu"}, Roles: []string{"essential_entity"}, Facts: map[string]clock.Truth{"significant_incident": clock.No}, Instants: map[string]time.Time{"became_aware": now.Add(-time.Hour)}}}
}

func significant() map[string]clock.Truth {
	return map[string]clock.Truth{"recipients_affected": clock.No, "authority_request": clock.No, "still_ongoing": clock.No, "significant_incident": clock.Yes}
}
