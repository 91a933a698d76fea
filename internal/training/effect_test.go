package training_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/content"
	"triward/internal/document/documenttest"
	"triward/internal/document/source"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/store"
	"triward/internal/testdb"
	"triward/internal/training"
)

func TestP11_09(t *testing.T) {
	each(t, func(s *scene) {
		documenttest.Effective(t, s.db, sop("training: {audience: [psirt_lead], kind: read, due_days: 14}"))
		s.follow()
		s.clock.Advance(15 * 24 * time.Hour)
		ask := func(fn func(r store.Reader) error) error {
			var out error
			s.view(func(r store.Reader) error { out = fn(r); return nil })
			return out
		}
		sign := func(m signature.Meaning) error {
			return ask(func(r store.Reader) error { return s.desk.MaySign(testdb.System(), r, s.ann, m) })
		}
		hold := func(account string, f source.Function) error {
			return ask(func(r store.Reader) error { return s.desk.MayHold(testdb.System(), r, account, f) })
		}
		t.Run("P11-09 a warning by default", func(t *testing.T) {
			if err := sign(signature.Approval); err != nil {
				t.Error(err)
			}
			if err := hold(s.bob, "psirt_lead"); err != nil {
				t.Error(err)
			}
			lacks := func() (out []string) {
				s.view(func(r store.Reader) (err error) {
					out, err = s.desk.Lacks(testdb.System(), r, s.bob, "psirt_lead")
					return err
				})
				return out
			}
			if got := lacks(); !slices.Equal(got, []string{"SOP-14"}) {
				t.Errorf("lacks = %v", got)
			}
		})
		s.must(s.desk.SetPolicy(s.sign.As(s.eve, "training.*"), training.Policy{Signing: training.Block, Functions: training.Block}, "after the audit"))
		t.Run("P11-09 missing training blocks signing, but not that something was read", func(t *testing.T) {
			if err := sign(signature.Approval); problem.KindOf(err) != problem.Forbidden || !strings.Contains(err.Error(), "SOP-14") {
				t.Errorf("approval: %v", err)
			}
			if err := sign(signature.Acknowledgement); err != nil {
				t.Errorf("acknowledgement: %v", err)
			}
			s.must(s.desk.Sign(s.sign.As(s.ann), s.one(s.ann).ID, s.sign.Factors(t, s.ann)))
			if err := sign(signature.Approval); err != nil {
				t.Errorf("approval after training: %v", err)
			}
		})
		t.Run("P11-09 missing training blocks a function", func(t *testing.T) {
			if err := hold(s.bob, "psirt_lead"); problem.KindOf(err) != problem.Forbidden {
				t.Errorf("without training: %v", err)
			}
			if err := hold(s.ann, "psirt_lead"); err != nil {
				t.Errorf("with training: %v", err)
			}
		})
	})
}

func TestWrongStepIsTold(t *testing.T) {
	each(t, func(s *scene) {
		v := documenttest.Effective(t, s.db, sop())
		s.follow()
		s.read(s.ann, s.one(s.ann))
		defeat := func(step, wrong string) {
			s.must(s.db.Update(testdb.System(), func(tx *store.Tx) error {
				_, err := tx.Record(testdb.System(), store.Event{Kind: "run.step_defeated", Subject: "run_1", Body: map[string]any{"code": "SOP-14", "document": string(v.Document),
					"revision": string(v.ID), "label": v.Label, "step": step, "wrong": wrong, "instead": "Walk there."}})
				return err
			}))
			s.follow()
		}
		defeat("tell", "The ward has no telephone.")
		t.Run("MS-04 trained people are told, those who learn it just now see the caution", func(t *testing.T) {
			a := s.one(s.ann)
			if a.Basis != training.FromWrongStep || a.Kind != training.Notify || !strings.Contains(a.Because, "no telephone") || !strings.Contains(a.Because, "Walk there.") {
				t.Errorf("training = %+v", a)
			}
			if b := s.one(s.bob); b.Basis != training.FromAudience {
				t.Errorf("training = %+v", b)
			}
			defeat("receive", "There is no paper.")
			if b := s.one(s.ann).Because; !strings.Contains(b, "no telephone") || !strings.Contains(b, "no paper") {
				t.Errorf("because = %q", b)
			}
			s.must(s.desk.Seen(s.sign.As(s.ann), a.ID))
			if len(s.mine(s.ann)) != 0 {
				t.Error("seen and still open")
			}
		})
		t.Run("TR-01 a check of effect is planned, and judged with a signature", func(t *testing.T) {
			var checks []training.Check
			s.view(func(r store.Reader) (err error) {
				checks, err = training.Checks(testdb.System(), r, "SOP-14")
				return err
			})
			if len(checks) != 3 || checks[0].Verdict != training.Planned {
				t.Fatalf("checks = %+v", checks)
			}
			s.desk.Performances = func(context.Context, store.Reader, string) ([]training.Performance, error) {
				now := s.db.Now()
				return []training.Performance{{Step: "tell", Account: s.ann, At: now.Add(-30 * 24 * time.Hour), Deviated: true}, {Step: "tell", Account: s.ann, At: now},
					{Step: "receive", Account: s.bob, At: now, Late: true}}, nil
			}
			ctx := s.sign.As(s.eve, "training.*", "document.read")
			judge := training.Judgement{Verdict: training.NotEffective, Reason: "the ward was not reached"}
			s.clock.Advance(time.Minute)
			judge.Factors = s.sign.Factors(t, s.eve)
			s.must(s.desk.Judge(ctx, checks[0].ID, judge))
			judge.Factors = s.sign.Factors(t, s.eve)
			if err := s.desk.Judge(ctx, checks[0].ID, judge); problem.KindOf(err) != problem.Conflict {
				t.Errorf("judged twice: %v", err)
			}
			s.view(func(r store.Reader) (err error) {
				checks, err = training.Checks(testdb.System(), r, "SOP-14")
				return err
			})
			c := checks[len(checks)-1]
			if c.Verdict != training.NotEffective || c.Signature == "" || c.Figures.Before != (training.Practice{Steps: 2, Deviated: 1, Late: 1}) || c.Figures.After != (training.Practice{Steps: 1}) {
				t.Errorf("check = %+v", c)
			}
		})
	})
}

func TestMatrix(t *testing.T) {
	each(t, func(s *scene) {
		documenttest.Effective(t, s.db, sop())
		s.clock.Advance(time.Minute)
		documenttest.Approved(t, s.db, sop("title: Incident response, again"))
		s.follow()
		for _, x := range s.mine(s.ann) {
			if x.Label == "1.0" {
				s.read(s.ann, x)
			}
		}
		words := func(q training.MatrixQuery) []string {
			var out []string
			s.view(func(r store.Reader) error {
				q.Now = s.db.Now()
				m, err := training.MatrixOf(testdb.System(), r, q)
				for _, row := range m.Rows {
					line := row.Name
					for i, c := range row.Cells {
						line += " | " + m.Columns[i].Label + " " + string(c.Badge)
					}
					out = append(out, line)
				}
				return err
			})
			return out
		}
		if d := cmp.Diff([]string{"Ann Lead | 1.0 trained | 2.0 to_do", "Bob Service | 1.0 to_do | 2.0 to_do"}, words(training.MatrixQuery{})); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]string{"Field service | 1.0 to_do | 2.0 to_do", "PSIRT lead | 1.0 trained | 2.0 to_do"}, words(training.MatrixQuery{By: training.ByFunctions})); d != "" {
			t.Error(d)
		}
		s.clock.Advance(20 * 24 * time.Hour)
		if d := cmp.Diff([]string{"Field service | 1.0 overdue | 2.0 overdue"}, words(training.MatrixQuery{By: training.ByFunctions, Function: "field_service"})); d != "" {
			t.Error(d)
		}
	})
}

func TestCurriculaAreReadStrictly(t *testing.T) {
	good := "- {id: board, title: Board, functions: [board], minutes: 60, recert_months: 12, kind: read, documents: [POL-01]}\n"
	all, err := training.ReadCurricula([]byte(good))
	if err != nil || len(all) != 1 || all[0].Minutes != 60 {
		t.Errorf("%+v, %v", all, err)
	}
	for _, bad := range []string{"- {id: board, nonsense: 1}", "- {id: B}", good + good, strings.Replace(good, "[board]", "[king]", 1), strings.Replace(good, "POL-01", "pol1", 1), "{"} {
		if _, err := training.ReadCurricula([]byte(bad)); problem.KindOf(err) != problem.Invalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestSeededCurriculaNameSeededDocuments(t *testing.T) {
	all, err := training.ReadCurricula(content.Curricula())
	if err != nil {
		t.Fatal(err)
	}
	files, err := content.Documents()
	if err != nil {
		t.Fatal(err)
	}
	seeded := map[string]bool{}
	for _, f := range files {
		seeded[strings.TrimSuffix(f.Name, ".md")] = true
	}
	board := false
	for _, c := range all {
		board = board || slices.Contains(c.Functions, "board") && c.RecertMonths == 12
		for _, code := range c.Documents {
			if !seeded[code] {
				t.Errorf("%s asks for %s, which is not seeded", c.ID, code)
			}
		}
	}
	if !board {
		t.Error("the board has no yearly curriculum (NIS2 20(2))")
	}
}
