package procedure_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/document"
	"triward/internal/document/documenttest"
	"triward/internal/document/source"
	"triward/internal/problem"
	"triward/internal/procedure"
	"triward/internal/signature"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

const times = `---
id: STD-08
title: Time targets
level: standard
for: [manufacturer]
owner_role: psirt_lead
review_months: 12
approvals: {approve: [quality]}
retention: P10Y
targets:
  - {id: declare, within: PT1H, what: "from first sign to a decision whether this is an incident"}
---

# Purpose

Every time that matters stands here.
`

// response is a procedure with three steps; more are lines below the last one.
func response(more ...string) string {
	return `---
id: SOP-14
title: Incident response
level: procedure
for: [manufacturer]
owner_role: psirt_lead
review_months: 12
approvals: {review: [security_architect], approve: [quality]}
retention: P10Y
steps:
  - {id: receive, do: "Write down what was reported.", role: psirt_lead, record: note, evidence: optional}
  - {id: declare, do: "Decide whether this is an incident.", role: psirt_lead, target: "STD-08#declare", record: decision, evidence: required, after: [receive]}
  - {id: tell, do: "Tell the ward.", role: psirt_lead, record: note, evidence: optional}
` + strings.Join(more, "") + `---

# Purpose

We answer every report.
`
}

// scene is what a test needs of one database.
type scene struct {
	*testing.T
	db    *store.DB
	clock *testdb.Clock
	runs  procedure.Runs
	sign  *signaturetest.Signer
	ann   string
	bob   string
}

func each(t *testing.T, fn func(s *scene)) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		sign := signaturetest.New(t, db)
		s := &scene{T: t, db: db, clock: c, sign: sign, runs: procedure.Runs{DB: db, Signer: sign.Signer}}
		s.ann, s.bob = sign.Person(t, "ann", "Ann Author"), sign.Newcomer(t, "bob", "Bob Responder")
		fn(s)
	})
}

func (s *scene) as(account string) context.Context {
	return s.sign.As(account, "run.*", "document.*")
}

func (s *scene) get(id string) procedure.Run {
	s.Helper()
	var v procedure.Run
	s.view(func(r store.Reader) (err error) {
		v, err = procedure.Get(testdb.System(), r, id)
		return err
	})
	return v
}

func (s *scene) view(fn func(r store.Reader) error) {
	s.Helper()
	if err := s.db.View(context.Background(), fn); err != nil {
		s.Fatal(err)
	}
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *scene) start(of procedure.Start) string {
	s.Helper()
	if of.Code == "" {
		of.Code = "SOP-14"
	}
	if of.Subject == "" {
		of.Subject = "Alarm on ward 3"
	}
	of.Reason = "an alarm"
	id, err := s.runs.Start(s.as(s.ann), of)
	s.must(err)
	return id
}

func (s *scene) do(run, step string) error {
	return s.runs.Do(s.as(s.ann), run, procedure.Act{Step: step, Value: "yes"}, signature.Factors{})
}

// kinds are those of the journal about a subject, oldest first.
func (s *scene) kinds(subject string) []string {
	var out []string
	s.view(func(r store.Reader) error {
		all, err := store.Journal(testdb.System(), r, store.JournalQuery{Subject: subject, Limit: 1000})
		for _, e := range all {
			out = append(out, e.Kind)
		}
		return err
	})
	return out
}

func TestARunFromStartToEnd(t *testing.T) {
	each(t, func(s *scene) {
		documenttest.Effective(t, s.db, times)
		v := documenttest.Effective(t, s.db, response())
		if _, err := s.runs.Start(s.as(s.ann), procedure.Start{Code: "SOP-99", Subject: "x", Reason: "y"}); problem.KindOf(err) != problem.NotFound {
			t.Errorf("start of what is not there: %v", err)
		}
		if _, err := s.runs.Start(s.as(s.ann), procedure.Start{Code: "STD-08", Subject: "x", Reason: "y"}); problem.KindOf(err) != problem.Invalid {
			t.Errorf("start of what has no steps: %v", err)
		}
		id := s.start(procedure.Start{Since: testdb.Start.Add(-10 * time.Minute)})
		r := s.get(id)
		if r.Revision != string(v.ID) || r.Content != v.ContentHash || r.State != procedure.Running || r.Lead != s.ann {
			t.Errorf("run = %+v", r)
		}
		if due := r.Steps[1].Due; !due.Equal(testdb.Start.Add(50 * time.Minute)) {
			t.Errorf("declare is due %s: the target of STD-08 counts from the beginning of the clock", due)
		}
		s.must(s.do(id, "receive"))
		if err := s.runs.Do(s.as(s.ann), id, procedure.Act{Step: "declare"}, signature.Factors{}); problem.KindOf(err) != problem.Invalid {
			t.Errorf("a decision without the decision: %v", err)
		}
		s.clock.Advance(time.Hour)
		s.must(s.do(id, "declare"))
		s.must(s.runs.Note(s.as(s.bob), id, procedure.Note{Step: "tell", Text: "The ward has no telephone.", Files: []procedure.File{{Digest: strings.Repeat("a", 64), Name: "ward.jpg", Size: 7}}}))
		s.must(s.runs.Pause(s.as(s.ann), id, "lunch"))
		if err := s.do(id, "tell"); problem.KindOf(err) != problem.Conflict {
			t.Errorf("a step of a paused run: %v", err)
		}
		s.must(s.runs.HandOver(s.as(s.ann), id, s.bob, "end of shift"))
		s.must(s.runs.Resume(s.as(s.bob), id))
		s.must(s.runs.Skip(s.as(s.bob), id, "tell", "nobody could be reached"))
		s.must(s.runs.Add(s.as(s.bob), id, procedure.Extra{After: "tell", Do: "Walk to the ward.", Reason: "no telephone"}))
		s.must(s.runs.End(s.as(s.bob), id, procedure.End{State: procedure.Finished, Outcome: "A false alarm."}))
		if err := s.runs.Note(s.as(s.bob), id, procedure.Note{Text: "late"}); problem.KindOf(err) != problem.Conflict {
			t.Errorf("a note after the end: %v", err)
		}
		r = s.get(id)
		if r.State != procedure.Finished || r.Lead != s.bob || r.Outcome != "A false alarm." || len(r.Items) != 2 || !r.Took(s.bob) {
			t.Errorf("run = %+v", r)
		}
		if late := r.Late(r.Steps[1], s.clock.Now()); late != 10*time.Minute {
			t.Errorf("declare is late by %s", late)
		}
		want := []string{procedure.KindStarted, procedure.KindStepRecorded, procedure.KindStepRecorded, procedure.KindNoted, procedure.KindNoted, procedure.KindPaused,
			procedure.KindHandedOver, procedure.KindResumed, procedure.KindStepDeviated, procedure.KindStepDeviated, procedure.KindFinished}
		if d := cmp.Diff(want, s.kinds(id)); d != "" {
			t.Error(d)
		}
		s.view(func(r store.Reader) error {
			p, err := procedure.List(testdb.System(), r, procedure.Query{Code: "SOP-14"})
			if len(p.Items) != 1 || p.Items[0].Counts != (procedure.Counts{Total: 4, Settled: 4, Deviations: 2}) {
				t.Errorf("list = %+v", p)
			}
			if err != nil {
				return err
			}
			dev, err := procedure.Deviations(testdb.System(), r, procedure.DeviationQuery{Code: "SOP-14"})
			if len(dev) != 2 {
				t.Errorf("deviations = %+v", dev)
			}
			return err
		})
	})
}

func TestOnlyWhoHoldsTheKindActs(t *testing.T) {
	each(t, func(s *scene) {
		documenttest.Effective(t, s.db, response())
		id := s.start(procedure.Start{})
		reader := s.sign.As(s.bob, "run.read", "document.read")
		for name, err := range map[string]error{
			"do":    s.runs.Do(reader, id, procedure.Act{Step: "receive"}, signature.Factors{}),
			"skip":  s.runs.Skip(reader, id, "receive", "x"),
			"pause": s.runs.Pause(reader, id, "x"),
			"abort": s.runs.End(reader, id, procedure.End{State: procedure.Aborted, Outcome: "x"}),
			"defeat": func() error {
				_, err := s.runs.Defeat(reader, id, procedure.Defeat{Step: "tell", Wrong: "x"})
				return err
			}(),
		} {
			if problem.KindOf(err) != problem.Forbidden {
				t.Errorf("%s: %v", name, err)
			}
		}
		site := store.WithActor(context.Background(), store.Actor{ID: s.bob, Name: "bob", Grants: []store.Grant{{Kinds: []string{"run.*", "document.read"}, Sites: []string{"sit_other"}}}})
		s.view(func(r store.Reader) error {
			if _, err := procedure.Get(site, r, id); problem.KindOf(err) != problem.Forbidden {
				t.Errorf("a run of no site, read by who sees one site: %v", err)
			}
			return nil
		})
	})
}

// Two people press the same button at once: one of them settles the step, the other is told who did.
func TestTwoPeopleAtOnceSettleAStepOnce(t *testing.T) {
	each(t, func(s *scene) {
		documenttest.Effective(t, s.db, response())
		id := s.start(procedure.Start{})
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			who := s.ann
			if i%2 == 1 {
				who = s.bob
			}
			wg.Go(func() {
				errs[i] = s.runs.Do(s.as(who), id, procedure.Act{Step: "receive", Note: "n"}, signature.Factors{})
			})
		}
		wg.Wait()
		done := 0
		for _, err := range errs {
			switch {
			case err == nil:
				done++
			case problem.KindOf(err) != problem.Conflict:
				t.Error(err)
			}
		}
		if done != 1 {
			t.Errorf("%d people settled the step", done)
		}
		if got := s.kinds(id); !slices.Equal(got, []string{procedure.KindStarted, procedure.KindStepRecorded}) {
			t.Errorf("journal = %v", got)
		}
	})
}

func TestAC05(t *testing.T) {
	each(t, func(s *scene) {
		first := documenttest.Effective(t, s.db, response())
		id := s.start(procedure.Start{})
		s.must(s.do(id, "receive"))
		s.clock.Advance(time.Minute)
		second := documenttest.Effective(t, s.db, response(`  - {id: learn, do: "Write down what was learned.", role: psirt_lead, record: note, evidence: optional}`+"\n"))
		t.Run("AC-05 a running run keeps its pinned revision when another becomes effective", func(t *testing.T) {
			r := s.get(id)
			if r.Revision != string(first.ID) || r.Content != first.ContentHash || len(r.Steps) != 3 {
				t.Errorf("run = %+v", r)
			}
			s.must(s.do(id, "declare"))
			s.view(func(rd store.Reader) error {
				v, newer, err := procedure.Newer(testdb.System(), rd, r)
				if !newer || v.ID != second.ID {
					t.Errorf("migration is not offered: %v %v", v.ID, newer)
				}
				return err
			})
		})
		t.Run("AC-05 migration keeps what is done and asks for what is new", func(t *testing.T) {
			if err := s.runs.Migrate(s.as(s.ann), id, ""); problem.KindOf(err) != problem.Invalid {
				t.Errorf("migration without a reason: %v", err)
			}
			s.must(s.runs.Migrate(s.as(s.ann), id, "the new step is needed"))
			r := s.get(id)
			var states []string
			for _, x := range r.Steps {
				states = append(states, x.ID+" "+string(x.State))
			}
			if d := cmp.Diff([]string{"receive done", "declare done", "tell open", "learn open"}, states); d != "" || r.Revision != string(second.ID) {
				t.Error(d)
			}
			if err := s.runs.Migrate(s.as(s.ann), id, "again"); problem.KindOf(err) != problem.Conflict {
				t.Errorf("migration to the same revision: %v", err)
			}
		})
	})
}

func TestSignaturesWhereTheDocumentAsks(t *testing.T) {
	each(t, func(s *scene) {
		documenttest.Effective(t, s.db, response(`  - {id: confirm, do: "Confirm that care is safe.", role: psirt_lead, record: signature, evidence: required}`+"\n"))
		id := s.start(procedure.Start{})
		for _, step := range []string{"receive", "declare", "tell"} {
			s.must(s.do(id, step))
		}
		if err := s.do(id, "confirm"); err == nil {
			t.Error("a step that asks for a signature was settled without one")
		}
		s.must(s.runs.Do(s.as(s.ann), id, procedure.Act{Step: "confirm"}, s.sign.Factors(t, s.ann)))
		if err := s.runs.End(s.as(s.ann), id, procedure.End{State: procedure.Finished, Outcome: "Over."}); err == nil {
			t.Error("the run was finished without a signature")
		}
		s.must(s.runs.End(s.as(s.ann), id, procedure.End{State: procedure.Finished, Outcome: "Over.", Factors: s.sign.Factors(t, s.ann)}))
		r := s.get(id)
		s.view(func(rd store.Reader) error {
			for record, want := range map[string]signature.Meaning{id: signature.Responsibility, id + "#confirm": signature.Verification} {
				all, err := signature.Of(testdb.System(), rd, record)
				if err != nil {
					return err
				}
				if len(all) != 1 || all[0].Act.Meaning != want || all[0].Signer != s.ann {
					t.Errorf("signatures on %s = %+v", record, all)
					continue
				}
				if err := signature.Check(all[0], all[0].Record, s.sign.Keys()); err != nil {
					t.Error(err)
				}
			}
			return nil
		})
		if r.Signature == "" || r.Steps[3].Signature == "" {
			t.Errorf("run = %+v", r)
		}
	})
}

func TestDefeat(t *testing.T) {
	each(t, func(s *scene) {
		v := documenttest.Effective(t, s.db, response())
		documenttest.Effective(t, s.db, strings.NewReplacer("STD-08", "WI-07", "Time targets", "Telephone list", "level: standard", "level: instruction\nrefs: [SOP-14]").Replace(times[:strings.Index(times, "targets:")])+"---\n\nCall.\n")
		other := s.start(procedure.Start{Subject: "Alarm on ward 5"})
		id := s.start(procedure.Start{})
		s.runs.Reliers = []procedure.Relier{func(_ context.Context, _ store.Reader, code, step string) ([]procedure.Reliance, error) {
			return []procedure.Reliance{{Kind: procedure.OnClause, ID: "nist-csf-2.0 RS.MA", Title: code + " " + step, Why: "is satisfied by it"}}, nil
		}}
		got, err := s.runs.Defeat(s.as(s.ann), id, procedure.Defeat{Step: "tell", Wrong: "The ward has no telephone.", Instead: "Send somebody to the ward."})
		s.must(err)
		var on []string
		for _, r := range got.Reliance {
			on = append(on, string(r.Kind)+" "+r.Code+" "+r.ID)
		}
		t.Run("MS-04 everything that relies on it is listed", func(t *testing.T) {
			if len(on) != 4 || !strings.HasPrefix(on[0], "document WI-07 rev_") || !slices.Contains(on, "run SOP-14 "+v.Label+" "+other) || !slices.Contains(on, "run SOP-14 "+v.Label+" "+id) ||
				on[3] != "clause  nist-csf-2.0 RS.MA" {
				t.Errorf("reliance = %q", on)
			}
		})
		if r := s.get(id); !r.Steps[2].Wrong || r.Steps[2].State != procedure.Defeated {
			t.Errorf("step = %+v", r.Steps[2])
		}
		if _, err := s.runs.Defeat(s.as(s.bob), id, procedure.Defeat{Step: "tell", Wrong: "again"}); problem.KindOf(err) != problem.Conflict {
			t.Errorf("the same step twice: %v", err)
		}
		t.Run("MS-04 a caution stands on the document and a change request is open", func(t *testing.T) {
			s.must(s.db.CatchUp(context.Background(), s.runs.Follower(document.Library{DB: s.db})))
			s.view(func(r store.Reader) error {
				all, err := document.Cautions(testdb.System(), r, v.Document)
				if len(all) != 1 || all[0].Step != "tell" || !strings.Contains(all[0].Text, "no telephone") || all[0].Source != id {
					t.Errorf("cautions = %+v", all)
				}
				if err != nil {
					return err
				}
				found, err := procedure.DefeatsOf(testdb.System(), r, id)
				if err != nil || len(found) != 1 {
					t.Fatalf("defeats = %+v, %v", found, err)
				}
				c, err := document.ChangeOf(testdb.System(), r, found[0].Change)
				if c.Class != document.MajorChange || !strings.Contains(c.Reason, "Send somebody to the ward.") || !strings.Contains(c.Impact.Documents, "WI-07") || len(c.Items) != 1 {
					t.Errorf("change = %+v", c)
				}
				return err
			})
		})
		t.Run("MS-08 a run becomes a proposed revision", func(t *testing.T) {
			s.must(s.runs.Add(s.as(s.ann), id, procedure.Extra{After: "receive", Do: "Look at the alarm log.", Reason: "it says more than the caller"}))
			s.must(s.runs.Note(s.as(s.ann), id, procedure.Note{Step: "declare", Text: "The log shows the firmware."}))
			d, err := v.Parsed()
			s.must(err)
			var found []procedure.Defeat
			s.view(func(r store.Reader) (err error) {
				found, err = procedure.DefeatsOf(testdb.System(), r, id)
				return err
			})
			p, err := procedure.Propose(s.get(id), found, d)
			s.must(err)
			next, err := source.Parse("SOP-14.md", []byte(p.Text))
			s.must(err)
			var steps []string
			for _, x := range next.Steps {
				steps = append(steps, x.ID+": "+x.Do)
			}
			if d := cmp.Diff([]string{"receive: Write down what was reported.", "look-at-the-alarm-log: Look at the alarm log.", "declare: Decide whether this is an incident.",
				"tell: Send somebody to the ward."}, steps); d != "" {
				t.Error(d)
			}
			for _, want := range []string{"## Learned in practice", "The ward has no telephone.", "The log shows the firmware.", "it says more than the caller"} {
				if !strings.Contains(next.Body, want) {
					t.Errorf("the text does not say %q", want)
				}
			}
		})
	})
}

func TestAnExerciseMayRunWhatIsInTraining(t *testing.T) {
	each(t, func(s *scene) {
		v := documenttest.Approved(t, s.db, response())
		if _, err := s.runs.Start(s.as(s.ann), procedure.Start{Code: "SOP-14", Subject: "x", Reason: "y"}); problem.KindOf(err) != problem.NotFound {
			t.Errorf("a real run of what is not in force: %v", err)
		}
		if _, err := s.runs.Start(s.as(s.ann), procedure.Start{Code: "SOP-14", Subject: "x", Reason: "y", Revision: string(v.ID)}); problem.KindOf(err) != problem.Invalid {
			t.Errorf("a real run of a chosen revision: %v", err)
		}
		id := s.start(procedure.Start{Revision: string(v.ID), Exercise: true})
		if r := s.get(id); !r.Exercise || r.Revision != string(v.ID) {
			t.Errorf("run = %+v", r)
		}
	})
}
