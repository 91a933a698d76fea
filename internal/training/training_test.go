package training_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/document"
	"triward/internal/document/documenttest"
	"triward/internal/document/source"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
	"triward/internal/training"
)

// sop is a procedure that the PSIRT lead and field service must know; lines replace those with the same key.
func sop(lines ...string) string {
	keys := []string{"id", "title", "level", "for", "owner_role", "review_months", "approvals", "retention", "training", "effective", "steps", "quiz"}
	is := map[string]string{"id": "SOP-14", "title": "Incident response", "level": "procedure", "for": "[manufacturer]", "owner_role": "psirt_lead", "review_months": "12",
		"approvals": "{approve: [quality]}", "retention": "P10Y",
		"training": "{audience: [psirt_lead, field_service], kind: read, due_days: 14}", "effective": "{gate: training, threshold: 50}",
		"steps": "\n  - {id: receive, do: \"Write down what was reported.\", role: psirt_lead, record: note}\n  - {id: tell, do: \"Telephone the ward.\", role: psirt_lead, record: note}",
		"quiz":  "\n  - {id: q1, ask: \"What comes first?\", choices: [\"Write it down\", \"Wait\"], right: [1], steps: [receive]}\n  - {id: q2, ask: \"Who is told?\", choices: [\"Nobody\", \"The ward\", \"The press\"], right: [2], steps: [tell]}"}
	for _, l := range lines {
		key, value, _ := strings.Cut(l, ": ")
		is[key] = value
	}
	var b strings.Builder
	b.WriteString("---\n")
	for _, k := range keys {
		if is[k] != "" {
			b.WriteString(k + ": " + is[k] + "\n")
		}
	}
	return b.String() + "---\n\n# Purpose\n\nWe answer every report.\n"
}

const quizzed = "training: {audience: [psirt_lead, field_service], kind: quiz, pass: 80, attempts: 2, due_days: 14, recert_months: 12}"

// scene is one database with two people in their functions.
type scene struct {
	*testing.T
	db    *store.DB
	clock *testdb.Clock
	desk  training.Desk
	sign  *signaturetest.Signer
	ann   string // PSIRT lead
	bob   string // field service
	eve   string // learning, holds training.*
}

func each(t *testing.T, fn func(s *scene)) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		sign := signaturetest.New(t, db)
		s := &scene{T: t, db: db, clock: c, sign: sign, desk: training.Desk{DB: db, Signer: sign.Signer}}
		s.ann, s.bob, s.eve = sign.Person(t, "ann", "Ann Lead"), sign.Person(t, "bob", "Bob Service"), sign.Person(t, "eve", "Eve Learning")
		documenttest.Assign(t, db, "psirt_lead", s.ann)
		documenttest.Assign(t, db, "field_service", s.bob)
		fn(s)
	})
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// follow lets the follower and the tick do what waits for them.
func (s *scene) follow() {
	s.Helper()
	s.must(s.db.CatchUp(context.Background(), s.desk.Follower()))
	s.must(s.desk.Tick(testdb.System()))
}

func (s *scene) view(fn func(r store.Reader) error) {
	s.Helper()
	s.must(s.db.View(context.Background(), fn))
}

// mine are the open trainings of an account.
func (s *scene) mine(account string) []training.Training {
	s.Helper()
	var out []training.Training
	s.view(func(r store.Reader) (err error) {
		out, err = training.Mine(s.sign.As(account), r)
		return err
	})
	return out
}

// one is the single open training of an account.
func (s *scene) one(account string) training.Training {
	s.Helper()
	all := s.mine(account)
	if len(all) != 1 {
		s.Fatalf("open trainings = %+v, want one", all)
	}
	return all[0]
}

func (s *scene) get(id string) training.Training {
	s.Helper()
	var t training.Training
	s.view(func(r store.Reader) (err error) {
		t, err = training.Get(testdb.System(), r, id)
		return err
	})
	return t
}

func (s *scene) read(account string, t training.Training) {
	s.Helper()
	s.clock.Advance(time.Minute)
	s.must(s.desk.Sign(s.sign.As(account), t.ID, s.sign.Factors(s.T, account)))
}

func (s *scene) ready(v document.Revision) [2]int {
	s.Helper()
	var out [2]int
	s.view(func(r store.Reader) (err error) {
		out[0], out[1], err = s.desk.Ready(testdb.System(), r, v.ID)
		return err
	})
	return out
}

func TestAssignment(t *testing.T) {
	each(t, func(s *scene) {
		v := documenttest.Approved(t, s.db, sop())
		s.follow()
		t.Run("PRD-11 training is assigned when a revision is approved and counts towards its gate", func(t *testing.T) {
			a := s.one(s.ann)
			if a.Revision != string(v.ID) || a.Kind != training.Read || a.Basis != training.FromAudience || !a.Due.Equal(testdb.Start.AddDate(0, 0, 14)) || a.Known != "" {
				t.Errorf("training = %+v", a)
			}
			if got := s.ready(v); got != [2]int{0, 2} {
				t.Errorf("ready = %v", got)
			}
			s.read(s.ann, a)
			if got := s.ready(v); got != [2]int{1, 2} {
				t.Errorf("ready after one signature = %v", got)
			}
		})
		t.Run("UR-02 read and understood is a signature on the revision", func(t *testing.T) {
			var done training.Page
			s.view(func(r store.Reader) (err error) {
				done, err = training.List(testdb.System(), r, training.Query{Account: s.ann, State: training.Done})
				return err
			})
			if len(done.Items) != 1 || done.Items[0].Signature == "" {
				t.Fatalf("done = %+v", done)
			}
			s.view(func(r store.Reader) error {
				all, err := signature.Of(testdb.System(), r, done.Items[0].ID)
				if err != nil {
					return err
				}
				if len(all) != 1 || all[0].Act.Meaning != signature.Acknowledgement || all[0].Record.Content != v.ContentHash || all[0].Signer != s.ann {
					t.Errorf("signatures = %+v", all)
				}
				return nil
			})
			if err := s.desk.Sign(s.sign.As(s.ann), done.Items[0].ID, s.sign.Factors(t, s.ann)); problem.KindOf(err) != problem.Conflict {
				t.Errorf("the same training twice: %v", err)
			}
			s.clock.Advance(time.Minute)
			if err := s.desk.Sign(s.sign.As(s.ann), s.one(s.bob).ID, s.sign.Factors(t, s.ann)); problem.KindOf(err) != problem.Forbidden {
				t.Errorf("the training of somebody else: %v", err)
			}
		})
		t.Run("a function gives and takes trainings", func(t *testing.T) {
			documenttest.Release(t, s.db, v)
			eve := s.sign.Newcomer(t, "new", "New Service")
			documenttest.Assign(t, s.db, "field_service", eve)
			s.follow()
			x := s.one(eve)
			l := document.Library{DB: s.db}
			s.view(func(r store.Reader) error {
				held, err := document.FunctionsOf(testdb.System(), r, eve, s.db.Now())
				if err != nil {
					return err
				}
				return l.Release(testdb.System(), held[0].ID, "left")
			})
			s.follow()
			if got := s.get(x.ID); got.State != training.Excused || len(s.mine(eve)) != 0 {
				t.Errorf("training = %+v", got)
			}
		})
		s.follow() // nothing more to do
		var n int
		s.view(func(r store.Reader) error {
			head, _, err := store.JournalHead(testdb.System(), r)
			n = int(head)
			return err
		})
		s.follow()
		s.view(func(r store.Reader) error {
			head, _, err := store.JournalHead(testdb.System(), r)
			if int(head) != n {
				t.Errorf("a second pass recorded %d entries", int(head)-n)
			}
			return err
		})
	})
}

func TestPRD13(t *testing.T) {
	each(t, func(s *scene) {
		first := documenttest.Effective(t, s.db, sop())
		s.follow()
		s.read(s.ann, s.one(s.ann))
		old := s.one(s.bob)
		s.clock.Advance(time.Hour)
		second := documenttest.Effective(t, s.db, sop("steps: \n  - {id: receive, do: \"Write down what was reported.\", role: psirt_lead, record: note}\n  - {id: tell, do: \"Walk to the ward.\", role: psirt_lead, record: note}"))
		s.follow()
		t.Run("PRD-13 superseding closes what is open on the old revision", func(t *testing.T) {
			if got := s.get(old.ID); got.State != training.Superseded {
				t.Errorf("training = %+v", got)
			}
			if err := s.desk.Sign(s.sign.As(s.bob), old.ID, s.sign.Factors(t, s.bob)); problem.KindOf(err) != problem.Conflict {
				t.Errorf("a signature on it: %v", err)
			}
		})
		t.Run("PRD-13 UR-03 MS-10 the new one shows what changed since the own last signature", func(t *testing.T) {
			a, b := s.one(s.ann), s.one(s.bob)
			if a.Revision != string(second.ID) || a.Known != string(first.ID) || b.Revision != string(second.ID) || b.Known != "" {
				t.Errorf("ann = %+v, bob = %+v", a, b)
			}
			s.view(func(r store.Reader) error {
				x, err := training.ReadingOf(s.sign.As(s.ann), r, a)
				if err != nil {
					return err
				}
				if x.Known.ID != first.ID || !slices.Equal(x.Steps, []string{"tell"}) {
					t.Errorf("reading = %+v", x)
				}
				if _, err := training.ReadingOf(s.sign.As(s.bob), r, a); problem.KindOf(err) != problem.Forbidden {
					t.Errorf("read by somebody else: %v", err)
				}
				return nil
			})
		})
	})
}

func TestPRD12NotifyOnly(t *testing.T) {
	each(t, func(s *scene) {
		first := documenttest.Effective(t, s.db, sop(quizzed))
		s.follow()
		s.clock.Advance(time.Minute)
		a := s.one(s.ann) // ann passes the quiz, bob does not
		_, err := s.desk.Answer(s.sign.As(s.ann), a.ID, map[string][]int{"q1": {1}, "q2": {2}})
		s.must(err)
		s.read(s.ann, a)
		l := document.Library{DB: s.db}
		change := document.Change{Title: "Spelling", Reason: "a word was wrong", Class: document.MinorChange, NotifyOnly: true, Items: []document.Item{{Code: "SOP-14"}},
			Impact: document.Impact{Documents: "none", Devices: "none", Training: "telling is enough", Submissions: "none", Validation: "none"}}
		t.Run("PRD-12 is for minor revisions alone", func(t *testing.T) {
			major := change
			major.Class = document.MajorChange
			if _, err := l.OpenChange(testdb.System(), major); problem.KindOf(err) != problem.Invalid {
				t.Errorf("a major change that only tells: %v", err)
			}
		})
		cid, err := l.OpenChange(testdb.System(), change)
		s.must(err)
		rid, err := l.Open(testdb.System(), document.Opening{Code: "SOP-14", Change: cid, Reason: "spelling", Size: document.Minor})
		s.must(err)
		_, err = l.Save(testdb.System(), document.Edit{Revision: rid, Version: 1, Text: document.Text{Source: strings.Replace(sop(quizzed), "every report", "each report", 1), Reason: "spelling"}})
		s.must(err)
		s.clock.Advance(time.Hour)
		documenttest.Release(t, s.db, documenttest.Approve(t, s.db, rid))
		s.follow()
		told, asked := s.one(s.ann), s.one(s.bob)
		t.Run("PRD-12 who was trained before is told, without a quiz", func(t *testing.T) {
			if told.Kind != training.Notify || told.Revision != string(rid) || told.Known != string(first.ID) {
				t.Errorf("training = %+v", told)
			}
		})
		t.Run("PRD-12 who was not has the whole training", func(t *testing.T) {
			if asked.Kind != training.Quiz || asked.Revision != string(rid) {
				t.Errorf("training = %+v", asked)
			}
			if err := s.desk.Seen(s.sign.As(s.bob), asked.ID); problem.KindOf(err) != problem.Conflict {
				t.Errorf("a quiz that was only seen: %v", err)
			}
		})
		t.Run("PRD-12 being told ends by seeing it, without a signature", func(t *testing.T) {
			if err := s.desk.Seen(s.sign.As(s.bob), told.ID); problem.KindOf(err) != problem.Forbidden {
				t.Errorf("seen by somebody else: %v", err)
			}
			s.must(s.desk.Seen(s.sign.As(s.ann), told.ID))
			if got := s.get(told.ID); got.State != training.Done || got.Signature != "" {
				t.Errorf("training = %+v", got)
			}
			s.follow()
			if got := s.mine(s.ann); len(got) != 0 {
				t.Errorf("asked again: %+v", got)
			}
		})
		t.Run("PRD-12 a later revision asks in full again", func(t *testing.T) {
			s.clock.Advance(time.Hour)
			next := documenttest.Effective(t, s.db, strings.Replace(sop(quizzed), "every report", "all reports", 1))
			s.follow()
			if x := s.one(s.ann); x.Kind != training.Quiz || x.Revision != string(next.ID) || x.Known != string(first.ID) {
				t.Errorf("training = %+v", x)
			}
		})
	})
}

func TestQuiz(t *testing.T) {
	each(t, func(s *scene) {
		documenttest.Effective(t, s.db, sop(quizzed))
		s.follow()
		a := s.one(s.ann)
		ctx := s.sign.As(s.ann)
		if err := s.desk.Sign(ctx, a.ID, s.sign.Factors(t, s.ann)); problem.KindOf(err) != problem.Conflict {
			t.Errorf("a signature before the quiz: %v", err)
		}
		if _, err := s.desk.Answer(ctx, a.ID, map[string][]int{"q1": {1}}); problem.KindOf(err) != problem.Invalid {
			t.Errorf("half the answers: %v", err)
		}
		if _, err := s.desk.Answer(ctx, a.ID, map[string][]int{"q1": {1}, "q2": {2}, "q3": {1}}); problem.KindOf(err) != problem.Invalid {
			t.Errorf("an answer to what is not asked: %v", err)
		}
		try, err := s.desk.Answer(ctx, a.ID, map[string][]int{"q1": {1}, "q2": {3}})
		if err != nil || try.Score != 50 || try.Passed || try.Number != 1 {
			t.Fatalf("attempt = %+v, %v", try, err)
		}
		t.Run("PRD-12 after the last try the training is locked until somebody trains the person again", func(t *testing.T) {
			if _, err := s.desk.Answer(ctx, a.ID, map[string][]int{"q1": {2}, "q2": {1}}); err != nil {
				t.Fatal(err)
			}
			if _, err := s.desk.Answer(ctx, a.ID, map[string][]int{"q1": {1}, "q2": {2}}); problem.KindOf(err) != problem.Conflict || s.get(a.ID).State != training.Locked {
				t.Errorf("a third try: %v", err)
			}
			if err := s.desk.Unlock(s.sign.As(s.ann, "training.*"), a.ID, "I read it again"); problem.KindOf(err) != problem.Forbidden {
				t.Errorf("unlocked by the person: %v", err)
			}
			if err := s.desk.Unlock(s.sign.As(s.bob), a.ID, "a favour"); problem.KindOf(err) != problem.Forbidden {
				t.Errorf("unlocked by somebody without the right: %v", err)
			}
			s.must(s.desk.Unlock(s.sign.As(s.eve, "training.*"), a.ID, "an hour with the PSIRT lead of the other site"))
			try, err := s.desk.Answer(ctx, a.ID, map[string][]int{"q1": {1}, "q2": {2}})
			if err != nil || !try.Passed || try.Score != 100 || try.Number != 3 {
				t.Errorf("attempt = %+v, %v", try, err)
			}
			s.clock.Advance(time.Minute)
			s.must(s.desk.Sign(ctx, a.ID, s.sign.Factors(t, s.ann)))
			if got := s.get(a.ID); got.State != training.Done || got.Valid.IsZero() || got.Attempts != 3 {
				t.Errorf("training = %+v", got)
			}
		})
		t.Run("TR-01 what was answered wrong is counted for each question", func(t *testing.T) {
			s.view(func(r store.Reader) error {
				f, err := s.desk.FiguresOf(testdb.System(), r, document.RevisionID(a.Revision))
				want := training.Figures{Trained: 1, Open: 1, Attempts: 3, Failed: 2, Items: []training.Item{
					{Question: "q1", Ask: "What comes first?", Asked: 1, Right: 1}, {Question: "q2", Ask: "Who is told?", Asked: 1, Wrong: map[int]int{3: 1}}}}
				if d := cmp.Diff(want, f); d != "" {
					t.Error(d)
				}
				return err
			})
		})
		t.Run("MS-10 after a revision only what changed is asked", func(t *testing.T) {
			documenttest.Effective(t, s.db, sop(quizzed, "steps: \n  - {id: receive, do: \"Write down what was reported.\", role: psirt_lead, record: note}\n  - {id: tell, do: \"Walk to the ward.\", role: psirt_lead, record: note}"))
			s.follow()
			s.view(func(r store.Reader) error {
				x, err := training.ReadingOf(ctx, r, s.one(s.ann))
				if len(x.Quiz) != 1 || x.Quiz[0].ID != "q2" || x.Pass != 80 {
					t.Errorf("quiz = %+v", x.Quiz)
				}
				return err
			})
		})
		t.Run("training that counts no longer is assigned again in time", func(t *testing.T) {
			try, err := s.desk.Answer(ctx, s.one(s.ann).ID, map[string][]int{"q2": {2}})
			if err != nil || !try.Passed {
				t.Fatal(try, err)
			}
			x := s.one(s.ann)
			s.read(s.ann, x)
			until := s.get(x.ID).Valid
			s.clock.Advance(until.Sub(s.db.Now()) - 15*24*time.Hour)
			s.follow()
			if len(s.mine(s.ann)) != 0 {
				t.Errorf("assigned too early: %+v", s.mine(s.ann))
			}
			s.clock.Advance(2 * 24 * time.Hour)
			s.follow()
			if again := s.one(s.ann); again.Basis != training.FromExpiry || !again.Due.Equal(until) {
				t.Errorf("training = %+v", again)
			}
		})
	})
}

func TestPractical(t *testing.T) {
	each(t, func(s *scene) {
		v := documenttest.Effective(t, s.db, sop("training: {audience: [field_service], kind: practical}"))
		s.follow()
		run := training.Observed{Code: "SOP-14", Revision: string(v.ID), Finished: true, People: []string{s.bob}}
		s.desk.RunOf = func(context.Context, store.Reader, string) (training.Observed, error) { return run, nil }
		b := s.one(s.bob)
		saw := func(account string) error {
			s.clock.Advance(time.Minute)
			return s.desk.Observe(s.sign.As(account, "training.observed"), b.ID, training.Observation{Run: "run_1", Note: "calm and complete", Factors: s.sign.Factors(t, account)})
		}
		if err := saw(s.bob); problem.KindOf(err) != problem.Forbidden {
			t.Errorf("observed by the person: %v", err)
		}
		for name, bad := range map[string]training.Observed{
			"another revision": {Code: "SOP-14", Revision: "rev_x", Finished: true, People: run.People},
			"not finished":     {Code: "SOP-14", Revision: string(v.ID), People: run.People},
			"somebody else":    {Code: "SOP-14", Revision: string(v.ID), Finished: true, People: []string{s.ann}},
		} {
			good := run
			run = bad
			if err := saw(s.ann); problem.KindOf(err) != problem.Invalid {
				t.Errorf("a run of %s: %v", name, err)
			}
			run = good
		}
		s.must(saw(s.ann))
		if got := s.get(b.ID); got.State != training.Done || got.Observer != s.ann || got.ObserverName != "ann" || got.Run != "run_1" || got.Signature == "" {
			t.Errorf("training = %+v", got)
		}
	})
}

// A curriculum asks one kind for all its documents; those without steps cannot be carried out.
func TestWithoutStepsThereIsNoPractical(t *testing.T) {
	for quiz, want := range map[string]training.Kind{"\n  - {id: q1, ask: \"What comes first?\", choices: [\"Write it down\", \"Wait\"], right: [1]}": training.Quiz, "": training.Read} {
		each(t, func(s *scene) {
			s.desk.Curricula = []training.Curriculum{{ID: "hands", Title: "Hands", Functions: []source.Function{"field_service"}, Minutes: 60, Kind: training.Practical, Documents: []string{"SOP-14"}}}
			documenttest.Effective(t, s.db, sop("training: ", "effective: ", "steps: ", "quiz: "+quiz))
			s.follow()
			if b := s.one(s.bob); b.Kind != want {
				t.Errorf("the curriculum asks for a %s, want %s", b.Kind, want)
			}
		})
	}
}

func TestRulesAndCurricula(t *testing.T) {
	each(t, func(s *scene) {
		s.desk.Curricula = []training.Curriculum{{ID: "board", Title: "Board", Functions: []source.Function{"board"}, Minutes: 60, RecertMonths: 12, Kind: training.Read, Documents: []string{"SOP-14"}}}
		documenttest.Effective(t, s.db, sop("training: ", "effective: "))
		s.follow()
		if len(s.mine(s.ann)) != 0 {
			t.Errorf("trainings that nothing asks for: %+v", s.mine(s.ann))
		}
		documenttest.Assign(t, s.db, "board", s.eve)
		s.follow()
		if e := s.one(s.eve); e.Basis != training.FromCurriculum || e.Kind != training.Read {
			t.Errorf("training = %+v", e)
		}
		learn := s.sign.As(s.eve, "training.*", "document.read")
		rule := training.Rule{Function: "field_service", Code: "SOP-14", Product: "mod_pump", Kind: training.Certificate, Reason: "the pump needs a licence"}
		id, err := s.desk.AddRule(learn, rule)
		s.must(err)
		if _, err := s.desk.AddRule(learn, rule); problem.KindOf(err) != problem.Conflict {
			t.Errorf("the same rule twice: %v", err)
		}
		s.follow()
		b := s.one(s.bob)
		if b.Product != "mod_pump" || b.Kind != training.Certificate || b.Basis != training.FromRule {
			t.Errorf("training = %+v", b)
		}
		cert := training.External{Issuer: "Pump works", Note: "service level 2", File: training.File{Digest: strings.Repeat("a", 64), Name: "licence.pdf", Size: 9}}
		if err := s.desk.Certify(s.sign.As(s.bob, "training.*"), b.ID, cert); problem.KindOf(err) != problem.Forbidden {
			t.Errorf("one's own certificate: %v", err)
		}
		s.must(s.desk.EndRule(learn, id, "the pump is gone"))
		s.follow()
		if got := s.get(b.ID); got.State != training.Excused {
			t.Errorf("training = %+v", got)
		}
		if err := s.desk.Certify(learn, b.ID, cert); problem.KindOf(err) != problem.Conflict {
			t.Errorf("a certificate for what is over: %v", err)
		}
		id, err = s.desk.AddRule(learn, rule)
		s.must(err)
		s.follow()
		b = s.one(s.bob)
		s.must(s.desk.Certify(learn, b.ID, cert))
		if got := s.get(b.ID); got.State != training.Done || got.Issuer != "Pump works" || got.File.Name != "licence.pdf" || id == "" {
			t.Errorf("training = %+v", got)
		}
		by, err := s.desk.Assign(learn, training.ByHand{Account: s.ann, Code: "SOP-14", Reason: "she asked for it"})
		s.must(err)
		if _, err := s.desk.Assign(learn, training.ByHand{Account: s.ann, Code: "SOP-14", Reason: "again"}); problem.KindOf(err) != problem.Conflict {
			t.Errorf("assigned twice: %v", err)
		}
		s.follow()
		if got := s.one(s.ann); got.ID != by || got.Basis != training.FromHand {
			t.Errorf("training = %+v", got)
		}
		s.must(s.desk.Excuse(learn, by, "she wrote it"))
		if len(s.mine(s.ann)) != 0 {
			t.Error("excused and still open")
		}
	})
}

func TestReminders(t *testing.T) {
	each(t, func(s *scene) {
		documenttest.Effective(t, s.db, sop("training: {audience: [psirt_lead], kind: read, due_days: 14}"))
		s.follow()
		var at []int
		for day := range 40 {
			s.follow()
			if n := s.one(s.ann).Reminders; n > len(at) {
				at = append(at, day)
			}
			s.clock.Advance(24 * time.Hour)
		}
		if d := cmp.Diff([]int{7, 13, 14, 21, 28, 35}, at); d != "" {
			t.Error(d)
		}
		s.view(func(r store.Reader) error {
			p, err := training.List(testdb.System(), r, training.Query{Overdue: s.db.Now()})
			if len(p.Items) != 1 {
				t.Errorf("overdue = %+v", p)
			}
			return err
		})
		if d := training.DigestOf(s.mine(s.ann), s.db.Now()); d.Overdue != 1 || d.Open != 0 {
			t.Errorf("digest = %+v", d)
		}
	})
}
