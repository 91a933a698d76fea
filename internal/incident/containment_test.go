package incident_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"triward/internal/incident"
	"triward/internal/incident/ladder"
	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/testdb"
)

// The marking (PAP) counts for every level that can be noticed, whoever carries it out; a reason overrides it and stays in the
// journal. What lifts or returns never asks for it.
func TestPAPHoldsWhatCanBeNoticed(t *testing.T) {
	each(t, func(s *scene) {
		i := s.declare()
		edit := s.get(i).Incident
		mark := func(m incident.Marking) {
			s.Helper()
			edit.PAP = m
			s.must(s.cases.Change(s.as(s.anna), i, edit, ""))
		}
		ready := func(l ladder.Level) string {
			s.Helper()
			a := s.plan(i, s.scan, l)
			s.must(s.cases.Check(s.as(s.ben), a, "free"))
			for role, who := range map[ladder.Role]string{ladder.Biomed: s.ben, ladder.ClinicalOwner: s.cleo, ladder.Attending: s.cleo, ladder.Commander: s.anna} {
				s.must(s.cases.SignOff(s.as(who), a, role, 0, ""))
			}
			return a
		}
		for _, m := range []incident.Marking{incident.Red, incident.Amber} {
			mark(m)
			for l := ladder.FarSide; l <= ladder.ServiceLine; l++ {
				a := ready(l)
				s.refused(s.cases.Run(s.as(s.ben), a), problem.Invalid, "PAP:"+strings.ToUpper(string(m)))
				s.refused(s.cases.Noticed(s.as(s.ben), a, " "), problem.Invalid, "why")
			}
			s.must(s.cases.Run(s.as(s.ben), ready(ladder.Watch)))
		}
		a := ready(ladder.NetworkOff)
		s.must(s.cases.Noticed(s.as(s.ben), a, "the pump must not be reached any longer"))
		s.must(s.cases.Run(s.as(s.ben), a))
		s.must(s.cases.Return(s.as(s.cleo), a, ""))
		b := ready(ladder.NetworkOff)
		mark(incident.Green)
		s.must(s.cases.Run(s.as(s.ben), b))
		mark(incident.Red)
		s.must(s.cases.Lift(s.as(s.cleo), b, ""))
		noted := false
		s.must(s.db.View(context.Background(), func(r store.Reader) error {
			entries, err := store.Journal(s.as(s.anna), r, store.JournalQuery{Order: store.NewestFirst, Limit: 500})
			for _, e := range entries {
				noted = noted || e.Kind == incident.KindPlanned && strings.Contains(string(e.Body), "the pump must not be reached any longer")
			}
			return err
		}))
		if !noted {
			s.Error("the journal does not say why the marking was overridden")
		}
	})
}

// No step of the clock makes an action hold longer, or a check or a sign-off last longer.
func TestNoStepOfTheClockMakesAnythingLonger(t *testing.T) {
	each(t, func(s *scene) {
		i := s.declare()
		tick := func() {
			s.Helper()
			_, err := s.cases.ReturnDue(testdb.System())
			s.must(err)
		}
		hold := func() string {
			s.Helper()
			a := s.plan(i, s.pump, ladder.NetworkOff) // for two hours
			s.must(s.cases.Check(s.as(s.ben), a, "it infuses"))
			s.must(s.cases.SignOff(s.as(s.ben), a, ladder.Biomed, 0, ""))
			s.must(s.cases.SignOff(s.as(s.cleo), a, ladder.ClinicalOwner, 0, ""))
			s.must(s.cases.Run(s.as(s.ben), a))
			tick()
			return a
		}
		in := func(a string, want ladder.State) {
			s.Helper()
			if got := s.one(a).State; got != want {
				s.Fatalf("it is %s, want %s", got, want)
			}
		}
		a := hold()
		pass := func(d time.Duration) {
			for ; d > 0; d -= time.Minute {
				s.clock.Advance(time.Minute)
				tick()
			}
		}
		pass(90 * time.Minute)
		s.clock.Advance(-time.Hour) // its end is half an hour away all the same
		tick()
		pass(29 * time.Minute)
		in(a, ladder.Executing)
		pass(time.Minute)
		in(a, ladder.Returning)
		s.must(s.cases.See(s.as(s.ben), a, ladder.Gone, "packets again"))

		b := hold()
		s.clock.Advance(3 * time.Hour) // forward: at once, not later
		tick()
		in(b, ladder.Returning)

		c := s.plan(i, s.scan, ladder.AllowList)
		s.must(s.cases.Check(s.as(s.ben), c, "free"))
		s.must(s.cases.SignOff(s.as(s.ben), c, ladder.Biomed, 0, ""))
		tick()
		pass(14 * time.Minute)
		s.clock.Advance(-14 * time.Minute)
		tick()
		if got := s.one(c).Refusals; len(got) > 0 {
			s.Fatalf("refused: %q", got)
		}
		pass(2 * time.Minute)
		s.refused(s.cases.Run(s.as(s.ben), c), problem.Invalid, "not checked")
		s.must(s.cases.Check(s.as(s.ben), c, "free"))
		pass(15 * time.Minute)
		s.refused(s.cases.Run(s.as(s.ben), c), problem.Invalid, "clinical engineering")
	})
}
