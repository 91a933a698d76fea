package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"triward/internal/detection"
	"triward/internal/document"
	"triward/internal/document/documenttest"
	"triward/internal/incident"
	"triward/internal/incident/clock"
	"triward/internal/incident/loop"
	"triward/internal/problem"
	"triward/internal/procedure"
	"triward/internal/risk"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

const loopPlan = `---
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
  - {id: call, do: "Call the ward at the number on the card.", role: psirt_lead, record: note, evidence: optional}
---

# Purpose

We answer every report.
`

const loopRule = `title: Pump calls an address outside
id: 6f1c4a52-30a4-4c0e-9a2e-1d6a1f7b0c11
status: experimental
logsource: {category: network_connection}
detection:
  selection: {DestinationIp: 203.0.113.66}
  condition: selection
level: high
`

// house is a fleet with an accepted weakness, a procedure, and an incident that hit one of its pumps.
type house struct {
	world
	clock *testdb.Clock
	sign  *signaturetest.Signer
	desk  loop.Desk
	cases incident.Cases
	anna  string
	inc   string
	acc   string // the acceptance
}

const weakness = "CVE-2026-90001"

func eachHouse(t *testing.T, exercise bool, fn func(h *house)) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		sign := signaturetest.New(t, db)
		h := &house{world: world{t, testdb.System(), db}, clock: c, sign: sign, desk: newLoop(db), cases: incident.Cases{DB: db, Runs: newRuns(db, nil)}}
		h.anna = sign.Person(t, "anna", "Anna Security")
		h.fleet(pumps)
		h.publish(csaf(t, "NM-1", "1", weakness, "Rill 300", "< 2.0"))
		documenttest.Effective(t, db, loopPlan)
		var err error
		h.acc, err = (risk.Decisions{DB: db}).Decide(h.as(), risk.Decision{Title: "Accept until the update", Vulnerabilities: []string{weakness}, Treatment: risk.Accept, Owner: "Anna Security",
			Reason: "hard to use", AcceptedBy: "Chief", AcceptedUntil: c.Now().AddDate(0, 6, 0)}, []string{string(h.deviceID("A"))})
		h.must(err)
		h.inc, err = h.cases.Declare(h.as(), incident.Declaration{Devices: []string{string(h.deviceID("A"))}, Plan: "SOP-14", Incident: incident.Incident{Title: "A pump calls outside", Cyber: 2, Clinical: 1, TLP: incident.Amber,
			PAP: incident.Amber, Care: incident.Normal, Legal: incident.NoLegal, Disclosure: incident.Undisclosed, Exercise: exercise, Aware: c.Now().Add(-time.Hour), AwareWho: "Anna", AwareHow: "an alert"}})
		h.must(err)
		h.catchUp()
		fn(h)
	})
}

func (h *house) as() context.Context {
	return h.sign.As(h.anna, "incident.*", "containment.*", "device.*", "run.*", "document.*", "risk.*", "vuln.*", "loop.*", "detection.*", "people.names")
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err, problem.FaultsOf(err))
	}
}

func (h *house) refused(err error, kind problem.Kind, says string) {
	h.t.Helper()
	if text := fmt.Sprint(err, problem.FaultsOf(err)); problem.KindOf(err) != kind || !strings.Contains(text, says) {
		h.t.Fatalf("got %s (%s), want %s with %q", problem.KindOf(err), text, kind, says)
	}
}

func (h *house) state() loop.State {
	h.t.Helper()
	var s loop.State
	h.must(h.db.View(h.as(), func(r store.Reader) (err error) { s, err = loop.Of(h.as(), r, h.inc); return err }))
	return s
}

func (h *house) counts() loop.Counts {
	h.t.Helper()
	h.catchUp()
	var c loop.Counts
	h.must(h.db.View(h.as(), func(r store.Reader) (err error) { c, err = loop.Count(h.as(), r); return err }))
	return c
}

func (h *house) decision(id string) risk.Decision {
	h.t.Helper()
	var d risk.Decision
	h.must(h.db.View(h.as(), func(r store.Reader) (err error) { d, err = risk.GetDecision(h.as(), r, id); return err }))
	return d
}

// part is the part of the loop with a kind; the last one where there are several.
func (h *house) part(kind incident.LinkKind) loop.Part {
	h.t.Helper()
	var out loop.Part
	for _, p := range h.state().Parts {
		if p.Kind == kind {
			out = p
		}
	}
	if out.Kind == "" {
		h.t.Fatalf("nothing of kind %s in %+v", kind, h.state().Parts)
	}
	return out
}

// nearlyOver brings the incident to where only its feedback is missing.
func (h *house) nearlyOver() {
	h.t.Helper()
	move := func(to incident.State) { h.t.Helper(); h.must(h.cases.Move(h.as(), h.inc, incident.Move{To: to})) }
	var f incident.File
	h.must(h.db.View(h.as(), func(r store.Reader) (err error) { f, err = incident.Get(h.as(), r, h.inc); return err }))
	to := f.Incident
	to.NoContainment, to.Extent, to.RootCause, to.Lessons, to.Reviewed, to.RetainUntil = "the firewall refuses it", "one pump", "a known weakness of the pump", "the card had the wrong number", h.clock.Now(), h.clock.Now().AddDate(5, 0, 0)
	h.must(h.cases.Change(h.as(), h.inc, to, ""))
	h.must(h.cases.SetDevice(h.as(), h.inc, f.Devices[0].ID, incident.DeviceChange{State: incident.Cleared, Reason: "its memory is as the maker made it"}))
	for _, s := range []incident.State{incident.Analysing, incident.Containing, incident.Eradicating, incident.Recovering, incident.Monitoring} {
		move(s)
	}
	_, err := h.cases.AddEntity(h.as(), h.inc, incident.Entity{Name: "Hospital", Entity: clock.Entity{Jurisdictions: []string{"eu"}, Roles: []string{"essential_entity"},
		Facts: map[string]clock.Truth{"recipients_affected": clock.No, "authority_request": clock.No, "still_ongoing": clock.No, "significant_incident": clock.No}, Instants: map[string]time.Time{"became_aware": h.clock.Now()}}})
	h.must(err)
}

func (h *house) close() error { return h.cases.Move(h.as(), h.inc, incident.Move{To: incident.Closed}) }

// What an incident shows changes what stands before the next one, and the loop is open until that is done and works.
func TestLoopFromIncidentToCheckedRevision(t *testing.T) {
	eachHouse(t, false, func(h *house) {
		h.want("before", "A CVE-2026-90001 affected E1 S4 uncontrolled not_started", "C CVE-2026-90001 unknown E1 S4 uncontrolled")
		h.nearlyOver()
		h.refused(h.close(), problem.Invalid, "link the decision or weakness")

		h.must(h.desk.Exploited(h.as(), h.inc, weakness, "its update service answered to a stranger"))
		h.refused(h.desk.Exploited(h.as(), h.inc, weakness, "again"), problem.Conflict, "already")
		h.refused(h.desk.Exploited(h.as(), h.inc, "CVE-2099-1", "x"), problem.NotFound, "no source describes")
		h.catchUp()
		h.want("seen exploited here", "A CVE-2026-90001 affected E4 S4 uncontrolled not_started", "C CVE-2026-90001 unknown E4 S4 uncontrolled")
		h.refused(h.close(), problem.Invalid, "link the step or change request")
		n, err := (risk.Decisions{DB: h.db}).Review(testdb.System())
		h.must(err)
		d := h.decision(h.acc)
		if n != 1 || d.State != risk.Reopened || !strings.Contains(d.StateReason, "INC-2026-0001") {
			t.Fatalf("%d opened again; %s: %s", n, d.State, d.StateReason)
		}
		h.inJournal(risk.KindReopened, h.acc, "INC-2026-0001")
		h.inJournal("vuln.exploitation_observed", weakness, "INC-2026-0001")

		h.must(h.desk.Step(h.as(), h.inc, loop.Wrong{Code: "SOP-14", Step: "call", Wrong: "the number is not in use any more", Instead: "call the switchboard"}))
		h.catchUp()
		change := h.part(incident.FedChange)
		if change.Done || !slices.Contains(change.Codes, "SOP-14") {
			t.Fatalf("the change request: %+v", change)
		}
		h.defeated("call", change.Target)
		h.must(h.close())
		if c := h.counts(); c != (loop.Counts{Open: 1}) {
			t.Fatalf("after closing: %+v", c)
		}

		h.clock.Advance(time.Hour)
		_, err = (risk.Decisions{DB: h.db}).Decide(h.as(), risk.Decision{Title: "Update today", Vulnerabilities: []string{weakness}, Treatment: risk.Fix, Owner: "Ben", Reason: "it was used against us",
			Due: h.clock.Now().AddDate(0, 0, 1)}, []string{string(h.deviceID("A"))})
		h.must(err)
		if p := h.part(incident.FedVulnerability); !p.Done {
			t.Errorf("decided anew: %+v", p)
		}

		check, err := h.desk.Plan(h.as(), h.inc, loop.Check{Of: change.Target, Question: "Does the number on the card answer?", Owner: h.anna, Due: h.clock.Now().AddDate(0, 3, 0)})
		h.must(err)
		_, err = h.desk.Answer(h.as(), check, loop.Answer{Result: loop.Effective, Finding: "three calls, three answers"})
		h.refused(err, problem.Conflict, "not in force")
		h.revise(change.Target)
		if p := h.part(incident.FedChange); !p.Done {
			t.Fatalf("after the revision: %+v", p)
		}
		if c := h.counts(); c != (loop.Counts{Open: 1}) {
			t.Fatalf("before the check: %+v, %+v", c, h.state())
		}
		_, err = h.desk.Answer(h.as(), check, loop.Answer{Result: loop.NotEffective, Finding: "nobody answers at night"})
		h.refused(err, problem.Invalid, "when it is checked again")
		again, err := h.desk.Answer(h.as(), check, loop.Answer{Result: loop.NotEffective, Finding: "nobody answers at night", Next: h.clock.Now().AddDate(0, 6, 0)})
		h.must(err)
		h.revise(again)
		s := h.state()
		last := s.Checks[len(s.Checks)-1]
		if len(s.Checks) != 2 || last.Of != again {
			t.Fatalf("checks: %+v", s.Checks)
		}
		_, err = h.desk.Answer(h.as(), last.ID, loop.Answer{Result: loop.Effective, Finding: "answered by day and by night"})
		h.must(err)
		if c := h.counts(); c != (loop.Counts{Closed: 1}) {
			t.Fatalf("at the end: %+v, %+v", c, h.state())
		}
		before := h.loops()
		h.must(Rebuild(h.ctx, h.db))
		if after := h.loops(); len(before) != 1 || len(after) != 1 || after[0] != before[0] || !before[0].Ended.Equal(h.clock.Now()) {
			t.Errorf("rebuilt: %+v, before %+v", after, before)
		}
	})
}

func (h *house) loops() []loop.Row {
	h.t.Helper()
	var p store.Page[loop.Row]
	h.must(h.db.View(h.as(), func(r store.Reader) (err error) { p, err = loop.List(h.as(), r, loop.Query{}); return err }))
	return p.Items
}

// inJournal demands an entry about a subject whose body says something.
func (h *house) inJournal(kind, subject, says string) {
	h.t.Helper()
	h.must(h.db.View(h.as(), func(r store.Reader) error {
		all, err := store.Journal(h.as(), r, store.JournalQuery{Kinds: []string{kind}, Subject: subject})
		if err == nil && !slices.ContainsFunc(all, func(e store.Entry) bool { return strings.Contains(string(e.Body), says) }) {
			h.t.Errorf("no entry %s about %s says %q", kind, subject, says)
		}
		return err
	}))
}

// defeated demands that the run says that a step proved wrong, and which change request that opened.
func (h *house) defeated(step, change string) {
	h.t.Helper()
	h.must(h.db.View(h.as(), func(r store.Reader) error {
		all, err := procedure.Defeats(h.as(), r, "SOP-14")
		if err == nil && (len(all) != 1 || all[0].Step != step || all[0].Change != change) {
			h.t.Errorf("defeats: %+v", all)
		}
		return err
	}))
}

// revise writes and releases the revision that a change request asks for.
func (h *house) revise(change string) {
	h.t.Helper()
	l := document.Library{DB: h.db}
	rev, err := l.Open(h.as(), document.Opening{Code: "SOP-14", Change: change, Reason: "the incident", Size: document.Major})
	h.must(err)
	h.clock.Advance(24 * time.Hour)
	documenttest.Approve(h.t, h.db, rev)
	h.must(l.Tick(testdb.System()))
	h.catchUp()
}

func TestExerciseChangesNoRisk(t *testing.T) {
	eachHouse(t, true, func(h *house) {
		h.refused(h.desk.Exploited(h.as(), h.inc, weakness, "seen"), problem.Conflict, "is an exercise")
		h.refused(h.desk.Decision(h.as(), h.inc, h.acc, "", "seen"), problem.Conflict, "is an exercise")
		h.catchUp()
		h.want("after the exercise", "A CVE-2026-90001 affected E1 S4 uncontrolled not_started", "C CVE-2026-90001 unknown E1 S4 uncontrolled")
		if n, err := (risk.Decisions{DB: h.db}).Review(testdb.System()); n != 0 || err != nil {
			t.Errorf("%d opened again, %v", n, err)
		}
		h.nearlyOver()
		h.must(h.desk.Nothing(h.as(), h.inc, incident.FeedbackNoRisk, "an exercise"))
		h.must(h.desk.Nothing(h.as(), h.inc, incident.FeedbackNoProcess, "everything went as written"))
		h.must(h.close())
		if c := h.counts(); c != (loop.Counts{Exercises: 1}) {
			t.Errorf("%+v", c)
		}
	})
}

func TestFailedControlsRulesAndWithdrawal(t *testing.T) {
	eachHouse(t, false, func(h *house) {
		control, err := (risk.Decisions{DB: h.db}).Decide(h.as(), risk.Decision{Title: "Zone", Vulnerabilities: []string{weakness}, Treatment: risk.Isolate, Owner: "Ben", Reason: "until the update",
			Controls: "the infusion zone lets nothing out", Due: h.clock.Now().AddDate(0, 1, 0)}, []string{string(h.deviceID("A"))})
		h.must(err)
		h.refused(h.desk.Decision(h.as(), h.inc, h.acc, "a firewall", "it let it out"), problem.Conflict, "names no control")
		h.must(h.desk.Decision(h.as(), h.inc, control, "the infusion zone lets nothing out", "a rule from 2023 lets one address out"))
		if d := h.decision(control); d.State != risk.Reopened || !strings.Contains(d.StateReason, "INC-2026-0001: the control failed") {
			t.Errorf("%s: %s", d.State, d.StateReason)
		}
		if p := h.part(incident.FedControl); p.Done || p.Target != control {
			t.Errorf("%+v", p)
		}

		_, err = h.desk.Propose(h.as(), h.inc, "title: x\n", "")
		h.refused(err, problem.Invalid, "not valid")
		rule, err := h.desk.Propose(h.as(), h.inc, loopRule, "it fired nowhere")
		h.must(err)
		_, err = h.desk.Propose(h.as(), h.inc, loopRule, "")
		h.refused(err, problem.Conflict, "already")
		h.must(h.db.View(h.as(), func(r store.Reader) error {
			it, err := detection.GetRule(h.as(), r, rule, h.clock.Now())
			if err == nil && (it.State != detection.Draft || it.Origin != detection.Proposed || !strings.Contains(it.Reason, "INC-2026-0001")) {
				t.Errorf("%+v", it.Rule)
			}
			return err
		}))
		if _, err := (detection.Rules{DB: h.db}).LoadPack(testdb.System()); err != nil {
			t.Fatal(err)
		}
		if p := h.part(incident.FedRule); p.Done || !strings.Contains(p.Waits, "draft") {
			t.Errorf("loading the pack changed the proposal: %+v", p)
		}

		h.must(h.desk.Exploited(h.as(), h.inc, weakness, "seen"))
		h.catchUp()
		h.refused(h.desk.NotExploited(h.as(), h.inc, weakness, ""), problem.Invalid, "reason")
		h.must(h.desk.NotExploited(h.as(), h.inc, weakness, "the log was of another pump"))
		h.catchUp()
		h.want("withdrawn", "A CVE-2026-90001 affected E1 S4 uncontrolled not_started", "C CVE-2026-90001 unknown E1 S4 uncontrolled")

		h.refused(h.cases.Link(h.as(), h.inc, incident.Link{Kind: incident.FedDecision, Target: "dec_nowhere"}), problem.NotFound, "no decision")
		h.refused(h.cases.Link(h.as(), h.inc, incident.Link{Kind: incident.FedChange, Target: "chg_nowhere"}), problem.NotFound, "no such change")
		h.must(h.desk.Step(h.as(), h.inc, loop.Wrong{Code: "SOP-14", Wrong: "it says nothing about the night"}))
		if p := h.part(incident.FedChange); p.Done || p.Note != "SOP-14" {
			t.Errorf("%+v", p)
		}
		h.refused(h.desk.Step(h.as(), h.inc, loop.Wrong{Code: "SOP-14", Step: "nowhere", Wrong: "x"}), problem.NotFound, "no step")
	})
}
