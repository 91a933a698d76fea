package digest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/document/documenttest"
	"triward/internal/incident"
	"triward/internal/people"
	"triward/internal/people/mail"
	"triward/internal/people/mail/mailtest"
	"triward/internal/problem"
	"triward/internal/report"
	"triward/internal/report/digest"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
	"triward/internal/training"
)

const sop = `---
id: SOP-14
title: Incident response
level: procedure
for: [hospital]
owner_role: psirt_lead
review_months: 12
approvals: {approve: [quality]}
retention: P10Y
training: {audience: [psirt_lead], kind: read, due_days: 14}
---

Answer every report, revision %d.
`

type scene struct {
	*testing.T
	db    *store.DB
	clock *testdb.Clock
	desk  training.Desk
	w     digest.Worker
	srv   *mailtest.Server
	ann   string
	extra []report.Notice // for everybody
	fault error           // of the mail server
}

func each(t *testing.T, fn func(s *scene)) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		sign := signaturetest.New(t, db)
		s := &scene{T: t, db: db, clock: c, desk: training.Desk{DB: db, Signer: sign.Signer}, srv: mailtest.Start(t, mailtest.Options{})}
		if err := sign.People.Seed(testdb.System()); err != nil {
			t.Fatal(err)
		}
		var err error
		if s.ann, err = sign.People.CreateAccount(testdb.System(), people.NewAccount{Login: "ann", Name: "Ann Lead", Email: "ann@hospital.example", Password: "seven kettles whistle"}); err != nil {
			t.Fatal(err)
		}
		if _, err := sign.People.Grant(testdb.System(), people.Grant{Account: s.ann, Role: people.RolePSIRT, All: true}); err != nil {
			t.Fatal(err)
		}
		if _, err := sign.People.CreateAccount(testdb.System(), people.NewAccount{Login: "bob", Name: "Bob Silent", Password: "seven kettles whistle"}); err != nil {
			t.Fatal(err)
		}
		documenttest.Assign(t, db, "psirt_lead", s.ann)
		server, err := mail.Open(mail.Config{URL: "smtp://" + s.srv.Address, From: "triward@hospital.example", Roots: s.srv.Roots})
		if err != nil {
			t.Fatal(err)
		}
		s.w = digest.Worker{DB: db, URL: "https://triward.example", Send: func(ctx context.Context, l mail.Letter) error {
			if s.fault != nil {
				return s.fault
			}
			return server.Send(ctx, l)
		}, Notices: report.Desk{DB: db, Sources: []report.Source{{Kind: "test", Read: func(context.Context, report.Asked) ([]report.Notice, error) { return s.extra, nil }}}}}
		fn(s)
	})
}

func (s *scene) revise(n int) {
	s.Helper()
	documenttest.Effective(s.T, s.db, fmt.Sprintf(sop, n))
	if err := s.db.CatchUp(s.Context(), s.desk.Follower()); err != nil {
		s.Fatal(err)
	}
	if err := s.desk.Tick(testdb.System()); err != nil {
		s.Fatal(err)
	}
}

// letters are those that a run sends, by address and text.
func (s *scene) letters() []string {
	s.Helper()
	before := len(s.srv.Taken())
	n, err := s.w.Run(testdb.System())
	if err != nil && s.fault == nil {
		s.Fatal(err)
	}
	var out []string
	for _, x := range s.srv.Taken()[before:] {
		out = append(out, x.To+"\n"+strings.ReplaceAll(string(x.Body), "=\n", ""))
	}
	if len(out) != n {
		s.Errorf("%d letters, Run says %d", len(out), n)
	}
	return out
}

func (s *scene) sent() (n int) {
	s.Helper()
	if err := s.db.View(testdb.System(), func(r store.Reader) error {
		all, err := store.Journal(testdb.System(), r, store.JournalQuery{Kinds: []string{digest.KindSent}, Subject: s.ann, Limit: 100})
		n = len(all)
		return err
	}); err != nil {
		s.Fatal(err)
	}
	return n
}

func TestUR19DigestOfWhatIsPending(t *testing.T) {
	each(t, func(s *scene) {
		s.letters() // that a second component is missing
		s.clock.Advance(24 * time.Hour)
		s.revise(1)
		s.clock.Advance(24 * time.Hour)
		got := s.letters()
		t.Run("UR-19 it names the training and its date, to its reader alone", func(t *testing.T) {
			if len(got) != 1 || !strings.HasPrefix(got[0], "ann@hospital.example\n") || !strings.Contains(got[0], "- Training: SOP-14 Incident response (due 2026-12-08)") || !strings.Contains(got[0], "https://triward.example/tasks") {
				t.Fatalf("letters: %q", got)
			}
			if s.sent() == 0 {
				t.Error("the journal does not say that it was sent")
			}
		})
		t.Run("UR-19 nothing new, no letter", func(t *testing.T) {
			s.clock.Advance(24 * time.Hour)
			if got := s.letters(); len(got) != 0 {
				t.Errorf("letters: %q", got)
			}
		})
		t.Run("UR-19 at most one a day", func(t *testing.T) {
			s.extra = []report.Notice{{Key: "one", Title: "Something happened\r\nBcc: eve@evil.example", At: s.db.Now()}}
			if got := s.letters(); len(got) != 1 || !strings.Contains(got[0], "- Something happened Bcc: eve@evil.example") {
				t.Fatalf("letters: %q", got)
			}
			s.extra = append(s.extra, report.Notice{Key: "two", Title: "More", At: s.db.Now()})
			s.clock.Advance(time.Hour)
			if got := s.letters(); len(got) != 0 {
				t.Errorf("letters: %q", got)
			}
			s.clock.Advance(23 * time.Hour)
			if got := s.letters(); len(got) != 1 || !strings.Contains(got[0], "- More") {
				t.Errorf("letters: %q", got)
			}
		})
		t.Run("UR-19 what is due within a day, and what stands for a week", func(t *testing.T) {
			s.clock.Advance(8 * 24 * time.Hour)
			if got := s.letters(); len(got) != 1 {
				t.Fatalf("after a week: %q", got)
			}
			due := time.Date(2026, 12, 7, 20, 0, 0, 0, time.UTC)
			s.clock.Advance(due.Sub(s.db.Now()))
			if got := s.letters(); len(got) != 1 || !strings.Contains(got[0], "due 2026-12-08") {
				t.Errorf("a day before: %q", got)
			}
			s.clock.Advance(8 * 24 * time.Hour)
			if got := s.letters(); len(got) != 1 || !strings.Contains(got[0], "overdue since 2026-12-08") || !strings.Contains(got[0], "1 overdue") {
				t.Errorf("overdue: %q", got)
			}
		})
	})
}

func TestUR19MailServerThatDoesNotTake(t *testing.T) {
	each(t, func(s *scene) {
		s.revise(1)
		s.fault = problem.New(problem.Unavailable, "greylisted")
		before := s.sent()
		if got := s.letters(); len(got) != 0 || s.sent() != before {
			t.Errorf("letters: %q", got)
		}
		s.fault = nil
		if got := s.letters(); len(got) != 1 {
			t.Fatalf("it is not sent again: %q", got)
		}
		s.clock.Advance(24 * time.Hour)
		s.extra = []report.Notice{{Key: "one", Title: "Something", At: s.db.Now()}}
		s.fault = problem.New(problem.Invalid, "no such mailbox")
		if n, err := s.w.Run(testdb.System()); n != 0 || err != nil {
			t.Errorf("Run = %d, %v", n, err)
		}
		s.fault = nil
		if got := s.letters(); len(got) != 0 {
			t.Errorf("a refused address is asked again on the same day: %q", got)
		}
		s.clock.Advance(24 * time.Hour)
		if got := s.letters(); len(got) != 1 {
			t.Errorf("and never after: %q", got)
		}
	})
}

func TestItemsAreThoseOfTheReader(t *testing.T) {
	each(t, func(s *scene) {
		s.revise(1)
		if _, err := s.w.Items(store.WithActor(t.Context(), store.Actor{ID: s.ann, Name: "Ann", Grants: []store.Grant{{Kinds: []string{"*"}, All: true}}}), s.ann); problem.KindOf(err) != problem.Forbidden {
			t.Errorf("somebody reads for somebody else: %v", err)
		}
		items, err := s.w.Items(testdb.System(), s.ann)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, i := range items {
			if strings.HasPrefix(i.Key, "training:") || strings.HasPrefix(i.Key, "turn:") {
				got = append(got, i.Text)
			}
		}
		if diff := cmp.Diff([]string{"Training: SOP-14 Incident response"}, got); diff != "" {
			t.Error(diff)
		}
	})
}

// Nobody is written to about an exercise: its notices stay on the page, with their mark.
func TestNothingOfAnExerciseIsMailed(t *testing.T) {
	each(t, func(s *scene) {
		s.extra = []report.Notice{{Key: "1", Title: incident.ExerciseMark + "INC-2026-0001: C4", Urgent: true}}
		if got := s.letters(); len(got) != 0 {
			t.Errorf("an exercise sent %q", got)
		}
		s.clock.Advance(24 * time.Hour)
		s.extra = append(s.extra, report.Notice{Key: "2", Title: "INC-2026-0002: C4", Urgent: true})
		if got := s.letters(); len(got) != 1 || !strings.Contains(got[0], "INC-2026-0002") || strings.Contains(got[0], "INC-2026-0001") {
			t.Errorf("with a real one beside it: %q", got)
		}
	})
}
