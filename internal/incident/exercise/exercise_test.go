package exercise_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/content"
	"triward/internal/detection"
	"triward/internal/detection/baseline"
	"triward/internal/detection/notify"
	"triward/internal/detection/pipeline"
	"triward/internal/detection/replay"
	"triward/internal/device"
	"triward/internal/device/network"
	"triward/internal/document/documenttest"
	"triward/internal/eventlog"
	"triward/internal/eventlog/decode"
	"triward/internal/eventlog/parquet"
	"triward/internal/incident"
	"triward/internal/incident/custody"
	"triward/internal/incident/exercise"
	"triward/internal/incident/ladder"
	"triward/internal/problem"
	"triward/internal/procedure"
	"triward/internal/product"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
	"triward/internal/training"
)

const procedureText = `---
id: SOP-26
title: Incident of clinical devices
level: procedure
for: [hospital]
owner_role: clinical_engineering
review_months: 12
approvals: {review: [it_security], approve: [quality]}
retention: P10Y
steps:
  - {id: log, do: "Log what was seen.", role: responder, record: note, evidence: optional}
---

# Purpose

One step is enough.
`

// scene is a hospital with its archive, the rules of the pack and a place for events.
type scene struct {
	*testing.T
	db        *store.DB
	clock     *testdb.Clock
	sign      *signaturetest.Signer
	cases     incident.Cases
	drills    exercise.Drills
	log       eventlog.Log
	anna, ben string // IT security who leads; clinical engineering
	archive   string
}

func each(t *testing.T, fn func(s *scene)) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		sign := signaturetest.New(t, db)
		s := &scene{T: t, db: db, clock: c, sign: sign}
		var err error
		if s.log, err = parquet.Open(testdb.System(), db, filepath.Join(t.TempDir(), "events")); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.log.Close(context.Background()) })
		_, err = detection.Rules{DB: db}.LoadPack(testdb.System())
		s.must(err)
		documenttest.Effective(t, db, procedureText)
		s.anna, s.ben = sign.Person(t, "anna", "Anna Security"), sign.Newcomer(t, "ben", "Ben Biomed")
		runs := procedure.Runs{DB: db, Signer: sign.Signer}
		s.cases = incident.Cases{DB: db, Runs: runs}
		rehearsal := pipeline.Rehearsal{DB: db, Events: s.log, Salt: []byte("a salt for the tests of exercises"), Log: slog.New(slog.DiscardHandler)}
		s.drills = exercise.Drills{DB: db, Cases: s.cases, Desk: training.Desk{DB: db, Signer: sign.Signer}, Play: func(ctx context.Context, number string, at time.Time, all []exercise.Record) error {
			return rehearsal.Play(ctx, number, at, rehearsed(number, all))
		}}
		d, err := device.Fleet{DB: db}.Register(s.as(s.ben), device.Device{AssetTag: "SB-10178", RawVendor: "Lumenfold", RawModel: "Archive", InUse: product.Yes, OwnClass: product.Diagnostic, Ward: "Data centre",
			Connectivity: []network.Connectivity{network.PrivateNetwork}, Identities: []device.Identity{{Kind: network.IP, Value: "10.20.16.145"}}})
		s.must(err)
		s.archive = string(d)
		fn(s)
	})
}

func rehearsed(number string, all []exercise.Record) []pipeline.Rehearsed {
	out := make([]pipeline.Rehearsed, len(all))
	for i, r := range all {
		out[i] = pipeline.Rehearsed{New: r.New, Input: decode.Input{ID: eventlog.Derive("exercise "+number, r.File).At(int64(r.Line)), Received: r.At.UnixMicro(), Payload: r.Text, Format: r.Format}}
	}
	return out
}

func (s *scene) as(account string) context.Context {
	return s.sign.As(account, "incident.*", "containment.*", "device.*", "run.*", "document.*", "exercise.*", "detection.*", "custody.*", "training.*", "people.read_names")
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *scene) refused(err error, kind problem.Kind, says string) {
	s.Helper()
	if problem.KindOf(err) != kind || !strings.Contains(fmt.Sprint(err, problem.FaultsOf(err)), says) {
		s.Fatalf("got %v, want %s that says %q", err, kind, says)
	}
}

func (s *scene) view(fn func(ctx context.Context, r store.Reader) error) {
	s.Helper()
	ctx := s.as(s.anna)
	s.must(s.db.View(ctx, func(r store.Reader) error { return fn(ctx, r) }))
}

func (s *scene) sheet(x string) exercise.Sheet {
	s.Helper()
	var out exercise.Sheet
	s.view(func(ctx context.Context, r store.Reader) (err error) {
		out, err = exercise.Get(ctx, r, x, s.clock.Now())
		return err
	})
	return out
}

func (s *scene) alerts(q detection.AlertQuery) []detection.Alert {
	s.Helper()
	var out []detection.Alert
	q.Limit = 500
	s.view(func(ctx context.Context, r store.Reader) error {
		page, err := detection.ListAlerts(ctx, r, q)
		out = page.Items
		return err
	})
	return out
}

func (s *scene) start(scenario string, pace int) exercise.Sheet {
	s.Helper()
	x, err := s.drills.Start(s.as(s.anna), exercise.Start{Scenario: scenario, Pace: pace})
	s.must(err)
	return s.sheet(x)
}

func (s *scene) tick() {
	s.Helper()
	s.must(s.drills.Tick(store.WithActor(context.Background(), store.System("exercises"))))
}

func (s *scene) mark(x, name string) exercise.Mark {
	s.Helper()
	for _, m := range s.sheet(x).Report.Marks {
		if m.ID == name {
			return m
		}
	}
	s.Fatalf("no mark %s", name)
	return exercise.Mark{}
}

// From the start to the training records: everything carries the mark, and nothing goes outside.
func TestExerciseFromStartToTraining(t *testing.T) {
	each(t, func(s *scene) {
		_, err := notify.Desk{DB: s.db}.Add(s.as(s.anna), notify.Target{Name: "SIEM", Way: notify.Syslog, Address: "udp://192.0.2.1:514", Least: detection.Informational})
		s.must(err)
		x := s.start("pacs-theft", 2)
		if !x.Case.Exercise || x.Number != "INC-2026-0001" || !strings.HasPrefix(x.Case.Run, "run_") {
			t.Errorf("the incident %+v", x.Case)
		}
		_, err = s.drills.Start(s.as(s.anna), exercise.Start{Scenario: "worm"})
		s.refused(err, problem.Conflict, "stop it first")

		s.tick()
		if g := s.sheet(x.ID).Given; g[0].At.IsZero() || !g[1].At.IsZero() || !g[1].Due.Equal(x.Started.Add(2*time.Minute)) {
			t.Errorf("after the start: %v, the second is due %v", g[0].At, g[1].Due)
		}
		first := s.alerts(detection.AlertQuery{})
		titles := map[string]bool{}
		for _, a := range first {
			titles[a.Title] = true
			if !a.Exercise || a.Source != "" {
				t.Errorf("%s carries no mark, or names the source %q", a.Title, a.Source)
			}
		}
		if len(first) == 0 || titles["Theft of an image archive, from its audit trail"] {
			t.Errorf("%d alerts, the theft among them: %v", len(first), titles)
		}
		if real := s.alerts(detection.AlertQuery{Real: true}); len(real) != 0 {
			t.Errorf("%d of them count as real", len(real))
		}
		s.clock.Advance(2 * time.Minute)
		s.tick()
		s.tick() // nothing happens twice
		found := false
		for _, a := range s.alerts(detection.AlertQuery{}) {
			found = found || a.Title == "Theft of an image archive, from its audit trail" && a.Device == s.archive
		}
		if !found {
			t.Error("no alert of the theft about the archive after the second inject")
		}
		s.nothingOutside(x.Number)
		s.work(x)

		s.must(s.drills.Inject(s.as(s.anna), x.ID, "power"))
		s.refused(s.drills.Answer(s.as(s.ben), x.ID, "power", "No."), problem.Conflict, "not asked yet")
		s.tick()
		s.must(s.drills.Answer(s.as(s.ben), x.ID, "power", "No: its memory is evidence."))
		s.refused(s.drills.Answer(s.as(s.anna), x.ID, "power", "Yes."), problem.Conflict, "ben answered it")
		s.refused(s.drills.Confirm(s.as(s.anna), x.ID, []string{s.ben}), problem.Conflict, "running")
		s.must(s.drills.Stop(s.as(s.anna), x.ID))
		s.refused(s.drills.Inject(s.as(s.anna), x.ID, "press"), problem.Conflict, "stopped")
		before := len(s.alerts(detection.AlertQuery{}))
		s.clock.Advance(time.Hour)
		s.tick()
		if n := len(s.alerts(detection.AlertQuery{})); n != before {
			t.Errorf("%d alerts after the stop, %d before", n, before)
		}
		s.confirm(s.sheet(x.ID))
	})
}

// work is what people do about the theft.
func (s *scene) work(x exercise.Sheet) {
	s.Helper()
	alerts := s.alerts(detection.AlertQuery{Waiting: true})
	s.must(detection.Alerts{DB: s.db}.Acknowledge(s.as(s.ben), []string{alerts[0].ID}))
	s.must(s.cases.Move(s.as(s.anna), x.Incident, incident.Move{To: incident.Analysing}))
	_, err := s.cases.PlanAction(s.as(s.ben), x.Incident, incident.Action{Device: s.archive, Target: "answer only the list", Plan: ladder.Plan{Level: ladder.AllowList, Impact: "viewers off the list show nothing",
		Alternative: "reading room", Observe: "the archive refuses the workstation", Undo: "switch the list off at its console", Return: s.clock.Now().Add(time.Hour)}})
	s.must(err)
	if m := s.mark(x.ID, "look"); m.Standing != exercise.InTime || m.ByName != "ben" || m.Took != 2*time.Minute {
		s.Errorf("the first look: %+v", m)
	}
	if m := s.mark(x.ID, "clinic"); m.Standing != exercise.NotYet {
		s.Errorf("the sign-off before its inject: %+v", m)
	}
}

// nothingOutside looks where something real could have changed.
func (s *scene) nothingOutside(number string) {
	s.Helper()
	s.must(s.db.CatchUp(testdb.System(), notify.Follower()))
	s.view(func(ctx context.Context, r store.Reader) error {
		told, err := notify.Log(ctx, r)
		if len(told) != 0 {
			s.Errorf("%d messages wait to be told", len(told))
		}
		if err != nil {
			return err
		}
		learned, err := baseline.List(ctx, r, baseline.Query{Now: s.clock.Now(), Limit: 10})
		if len(learned.Items) != 0 {
			s.Errorf("baselines learned from an exercise: %+v", learned.Items)
		}
		if err != nil {
			return err
		}
		for _, kind := range []string{"risk.", "vuln."} {
			entries, err := store.Journal(ctx, r, store.JournalQuery{Limit: 1000})
			if err != nil {
				return err
			}
			for _, e := range entries {
				if strings.HasPrefix(e.Kind, kind) {
					s.Errorf("%s was recorded", e.Kind)
				}
			}
		}
		n, err := store.Value[int](r.QueryRow(ctx, `SELECT (SELECT count(*) FROM rule_hit) + (SELECT count(*) FROM rule_day WHERE hits > 0)`))
		if n != 0 {
			s.Errorf("%d counters of rules", n)
		}
		return err
	})
	page, err := s.log.Search(context.Background(), eventlog.Query{})
	s.must(err)
	if len(page.Events) == 0 {
		s.Fatal("no event is kept")
	}
	for _, e := range page.Events {
		if e.Source != eventlog.Exercise+number {
			s.Fatalf("an event of source %q", e.Source)
		}
		if at := store.Time(e.At()); at.After(s.clock.Now()) || at.Before(s.clock.Now().Add(-6*time.Hour)) {
			s.Fatalf("an event of %s at %s", at, s.clock.Now())
		}
	}
	seen := 0
	s.must(s.log.Scan(context.Background(), eventlog.Query{Where: []eventlog.Condition{eventlog.Real()}}, func(all []eventlog.Event) error { seen += len(all); return nil }))
	r, err := replay.Run(context.Background(), s.log, replay.Order{From: s.clock.Now().AddDate(-1, 0, 0), To: s.clock.Now().Add(time.Hour)})
	s.must(err)
	if seen != 0 || r.Events != 0 {
		s.Errorf("%d events count as real, a back-test sees %d", seen, r.Events)
	}
}

// confirm says who took part and looks at the records of training.
func (s *scene) confirm(x exercise.Sheet) {
	s.Helper()
	if m := s.mark(x.ID, "run"); m.Standing != exercise.Missed {
		s.Errorf("containment that never ran: %+v", m)
	}
	if m := s.mark(x.ID, "close"); m.Standing != exercise.NotReached {
		s.Errorf("closing before its inject: %+v", m)
	}
	names := []string{}
	for _, p := range x.Report.People {
		names = append(names, p.Name)
	}
	if diff := cmp.Diff([]string{"anna", "ben"}, names); diff != "" {
		s.Errorf("who took part (-want +got):\n%s", diff)
	}
	s.refused(s.drills.Confirm(s.as(s.anna), x.ID, nil), problem.Invalid, "who took part")
	s.must(s.drills.Confirm(s.as(s.anna), x.ID, []string{s.ben, s.anna, s.ben}))
	s.view(func(ctx context.Context, r store.Reader) error {
		page, err := training.List(ctx, r, training.Query{Limit: 10})
		if err != nil {
			return err
		}
		if len(page.Items) != 2 {
			s.Errorf("%d records of training", len(page.Items))
		}
		for _, one := range page.Items {
			if one.Code != "SOP-26" || one.State != training.Done || one.Kind != training.Exercise || one.Run != x.Case.Run || one.ObserverName != "anna" || !strings.Contains(one.Because, x.Number) {
				s.Errorf("%+v", one)
			}
			if one.Account == s.ben && !strings.Contains(one.Reason, "did 3 of what was expected in time and 0 late") {
				s.Errorf("ben: %s", one.Reason)
			}
		}
		return nil
	})
	s.refused(s.drills.Confirm(s.as(s.anna), x.ID, []string{s.ben}), problem.Conflict, "confirmed")
}

// A real alert about the same is never joined by events of an exercise, and the other way round.
func TestAlertsOfExercisesStayApart(t *testing.T) {
	each(t, func(s *scene) {
		var rule string
		s.view(func(ctx context.Context, r store.Reader) error {
			return r.QueryRow(ctx, `SELECT min(id) FROM detection_rule WHERE state = 'active'`).Scan(&rule)
		})
		alerts := detection.Alerts{DB: s.db}
		hit := func(event, of string) detection.Hit {
			return detection.Hit{Rule: rule, Event: event, At: s.clock.Now(), Entity: "device:" + s.archive, Device: s.archive, Exercise: of}
		}
		for _, h := range []detection.Hit{hit("e1", ""), hit("e2", "INC-2026-0001"), hit("e3", ""), hit("e4", "INC-2026-0002"), hit("e5", "INC-2026-0001")} {
			_, err := alerts.Take(testdb.System(), []detection.Hit{h})
			s.must(err)
		}
		got := map[string]int{}
		for _, a := range s.alerts(detection.AlertQuery{}) {
			got[fmt.Sprint(a.Exercise, " ", a.Listed)]++
			if a.Exercise && a.Previous != "" {
				t.Errorf("an exercise follows the real alert %s", a.Previous)
			}
		}
		if diff := cmp.Diff(map[string]int{"false 2": 1, "true 2": 1, "true 1": 1}, got); diff != "" {
			t.Errorf("alerts by mark and events (-want +got):\n%s", diff)
		}
	})
}

// Sealed evidence counts, though its entry is about the exhibit.
func TestEvidenceCounts(t *testing.T) {
	each(t, func(s *scene) {
		x := s.start("pacs-theft", 0)
		s.must(s.drills.Inject(s.as(s.anna), x.ID, "sweep"))
		s.refused(s.drills.Inject(s.as(s.anna), x.ID, "sweep"), problem.Conflict, "happens now")
		s.must(s.drills.Inject(s.as(s.anna), x.ID, "pull"))
		s.tick()
		vault := custody.Vault{DB: s.db}
		item, err := vault.Register(s.as(s.ben), custody.Item{Incident: x.Incident, Kind: custody.Thing, Description: "Disk of the workstation", Source: "socket 4-117", Authority: "head of IT security", Method: "taken out",
			Began: s.clock.Now(), Patients: custody.NoPatients, Seal: "CE-1", Place: "safe"})
		s.must(err)
		s.clock.Advance(41 * time.Minute)
		s.must(vault.Seal(s.as(s.ben), item, custody.Sealing{}))
		if m := s.mark(x.ID, "seal"); m.Standing != exercise.Late || m.Took != 41*time.Minute {
			t.Errorf("%+v", m)
		}
	})
}

// Each inject with events is played within its set, and every set is whole.
func TestScenariosAreWhole(t *testing.T) {
	all, err := content.Exercises()
	if err != nil {
		t.Fatal(err)
	}
	sides := map[string]bool{"": true}
	for _, side := range incident.Sides() {
		sides[string(side)] = true
	}
	now := testdb.Start
	attacks := map[string]bool{}
	for _, x := range all {
		t.Run(x.ID, func(t *testing.T) {
			attacks[x.Set] = true
			names, last := map[string]bool{"": true}, time.Duration(0)
			records := 0
			for _, in := range x.Injects {
				if names[in.ID] || in.After < last || !sides[in.To] || in.Text == "" || in.Kind != exercise.Events && in.To == "" || (in.Kind == exercise.Question) != (in.Within > 0) {
					t.Errorf("inject %+v", in)
				}
				names[in.ID], last = true, in.After
				if in.Kind != exercise.Events {
					continue
				}
				got, err := exercise.Records(x, in.ID, now)
				if err != nil {
					t.Fatal(err)
				}
				fresh := 0
				for _, r := range got {
					if r.New {
						fresh++
					}
				}
				if fresh == 0 || !got[len(got)-1].New || !got[len(got)-1].At.Equal(now) || strings.Contains(string(got[0].Text), "@-") {
					t.Errorf("%s: %d new of %d, the last at %s", in.ID, fresh, len(got), got[len(got)-1].At)
				}
				records += fresh
			}
			if records == 0 || len(x.Objectives) == 0 || len(x.Expects) < 5 {
				t.Errorf("%d records, %d objectives, %d expectations", records, len(x.Objectives), len(x.Expects))
			}
			for _, e := range x.Expects {
				if !names[e.After] || !sides[e.Role] || e.Role == "" || e.Within <= 0 || e.Kind == "" {
					t.Errorf("expected %+v", e)
				}
			}
		})
	}
	if all[0].ID != "pacs-theft" || len(attacks) < 8 {
		t.Errorf("%d attacks, the first is %s", len(attacks), all[0].ID)
	}
}
