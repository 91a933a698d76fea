package incident_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"triward/internal/document/documenttest"
	"triward/internal/incident"
	"triward/internal/incident/ladder"
	"triward/internal/problem"
	"triward/internal/procedure"
	"triward/internal/store"
)

// red marks an incident as for named people only.
func (s *scene) red(i string) {
	s.Helper()
	f := s.get(i)
	f.TLP = incident.Red
	s.must(s.cases.Change(s.as(s.anna), i, f.Incident, ""))
}

func TestRedIsForNamedPeopleOnly(t *testing.T) {
	each(t, func(s *scene) {
		i := s.declare()
		action := s.plan(i, s.pump, 1)
		s.red(i)
		read := func(who context.Context) error {
			return s.db.View(who, func(r store.Reader) error {
				_, err := incident.Get(who, r, i)
				return err
			})
		}
		ben := s.as(s.ben)
		s.refused(read(ben), problem.Forbidden, "INC-2026-0001 is marked TLP:RED", "ask anna")
		s.refused(read(s.sign.As(s.ben, "*")), problem.Forbidden)
		s.refused(s.cases.Note(ben, i, incident.Remark, "x"), problem.Forbidden)
		s.must(read(s.as(s.anna)))
		s.must(read(store.WithActor(context.Background(), store.System("room"))))
		// That it exists, how it stands and whom to ask is told, and nothing else.
		s.must(s.db.View(ben, func(r store.Reader) error {
			page, err := incident.List(ben, r, incident.Query{Device: s.pump})
			s.must(err)
			x := page.Items[0]
			if !x.Withheld || x.Number != "INC-2026-0001" || x.OwnerName != "anna" || x.State != incident.Declared || strings.Contains(x.Title, "studies") || x.AwareHow != "" || x.Cyber != 0 {
				s.Errorf("ben sees %+v", x)
			}
			return nil
		}))
		t.Run("containment at the bedside is not kept from anybody", func(*testing.T) {
			s.must(s.db.View(ben, func(r store.Reader) error {
				sheet, of, err := s.cases.SheetOf(ben, r, action, s.clock.Now())
				if sheet.ID != action || !of.Withheld {
					s.Errorf("the sheet is of %+v", of)
				}
				return err
			}))
			s.must(s.cases.SignOff(ben, action, ladder.Biomed, 0, ""))
			s.must(s.cases.Cancel(s.as(s.cleo), action, "patient needs it"))
		})
		t.Run("journal entries keep their proof and lose their body", func(*testing.T) {
			for who, want := range map[string]bool{s.anna: false, s.ben: true} {
				ctx := s.as(who)
				s.must(s.db.View(ctx, func(r store.Reader) error {
					all, err := store.Journal(ctx, r, store.JournalQuery{Subject: i})
					s.must(err)
					all, err = incident.Withhold(ctx, r, all)
					for _, e := range all {
						if incident.IsWithheld(e) != want || len(e.Hash) == 0 || e.Kind == "" {
							s.Errorf("%s reads %+v", who, e)
						}
					}
					return err
				}))
			}
		})
		t.Run("people are named by those who are, and that is recorded", func(*testing.T) {
			s.refused(s.cases.NameRecipient(ben, i, s.ben, "curious"), problem.Forbidden)
			s.refused(s.cases.NameRecipient(s.as(s.anna), i, s.ben, " "), problem.Invalid, "what they need it for")
			s.must(s.cases.NameRecipient(s.as(s.anna), i, s.ben, "swaps the pump"))
			s.must(read(ben))
			s.refused(s.cases.RemoveRecipient(ben, i, s.anna, "x"), problem.Conflict, "owns the incident")
			s.must(s.cases.RemoveRecipient(s.as(s.anna), i, s.ben, "swapped"))
			s.refused(read(ben), problem.Forbidden)
			s.must(s.db.View(ben, func(r store.Reader) error {
				all, err := store.Journal(ben, r, store.JournalQuery{Kinds: []string{incident.KindRecipientNamed, incident.KindRecipientRemoved}})
				if len(all) != 2 {
					s.Errorf("%d entries", len(all))
				}
				return err
			}))
		})
		t.Run("when everybody who is named is gone, others name", func(*testing.T) {
			s.must(s.sign.People.Disable(store.WithActor(context.Background(), store.System("test")), s.anna, "left"))
			s.must(s.cases.NameRecipient(ben, i, s.cleo, "takes over"))
			s.must(read(s.as(s.cleo)))
			s.refused(s.cases.NameRecipient(ben, i, s.ben, "too"), problem.Forbidden)
		})
	})
}

// A side learns that a task of such an incident waits, not what it is.
func TestTasksOfRedIncidentsAreWithheld(t *testing.T) {
	each(t, func(s *scene) {
		i := s.declare()
		task, err := s.cases.AddTask(s.as(s.anna), i, incident.Task{Title: "Watch bed 4", Side: incident.WardSide})
		s.must(err)
		s.red(i)
		cleo := s.on(s.cleo, incident.WardSide)
		s.must(s.db.View(cleo, func(r store.Reader) error {
			all, err := incident.OpenTasks(cleo, r, s.clock.Now())
			if len(all) != 1 || !all[0].Waits || strings.Contains(all[0].Title, "bed") || !all[0].In.Withheld {
				s.Errorf("cleo sees %+v", all)
			}
			return err
		}))
		s.refused(s.cases.MoveTask(cleo, i, task, incident.TaskMove{Accept: true}), problem.Forbidden)
		s.must(s.cases.NameRecipient(s.as(s.anna), i, s.cleo, "watches the bed"))
		s.must(s.cases.MoveTask(cleo, i, task, incident.TaskMove{Accept: true}))
		s.clock.Advance(time.Minute)
	})
}

// What a run says of its incident is read by everybody who sees runs, and stays when the incident becomes red.
func TestPlansNameTheirIncidentByNumberOnly(t *testing.T) {
	each(t, func(s *scene) {
		documenttest.Effective(t, s.db, plan)
		i := s.declare()
		s.must(s.cases.Plan(s.as(s.anna), i, "SOP-14"))
		s.red(i)
		ben := s.as(s.ben)
		s.must(s.db.View(ben, func(r store.Reader) error {
			page, err := procedure.List(ben, r, procedure.Query{})
			if len(page.Items) != 1 || page.Items[0].Subject != "INC-2026-0001" {
				s.Errorf("the run is about %+v", page.Items)
			}
			if err != nil {
				return err
			}
			all, err := store.Journal(ben, r, store.JournalQuery{Subject: page.Items[0].ID})
			for _, e := range all {
				if strings.Contains(string(e.Body), "studies") {
					s.Errorf("the journal of the run says %s", e.Body)
				}
			}
			return err
		}))
	})
}
