package exercise_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/device"
	"triward/internal/incident"
	"triward/internal/incident/clock"
	"triward/internal/incident/exercise"
	"triward/internal/product"
	"triward/internal/store"
)

func (s *scene) happens(x, inject string) {
	s.Helper()
	s.must(s.drills.Inject(s.as(s.anna), x, inject))
	s.tick()
}

// stands gives the states of the clocks of an exercise, by duty and stage.
func (s *scene) stands(x string) map[string]clock.State {
	s.Helper()
	out := map[string]clock.State{}
	for _, e := range s.sheet(x).Clocks {
		for _, c := range e.Clocks {
			out[clock.Key(c.Duty.ID, c.Stage.ID)] = c.State
		}
	}
	return out
}

func (s *scene) entities(of string) []incident.EntityClocks {
	s.Helper()
	var out []incident.EntityClocks
	s.view(func(ctx context.Context, r store.Reader) (err error) {
		out, err = incident.Clocks(ctx, r, of, s.clock.Now())
		return err
	})
	return out
}

const breach = "eu-gdpr-33/notification"

// What an inject tells moves the clocks of the exercise, from its beginning and therefore late, and nothing beside it.
func TestFactsOfAnInjectStartClocksLate(t *testing.T) {
	each(t, func(s *scene) {
		real, err := s.cases.Declare(s.as(s.anna), incident.Declaration{Devices: []string{s.archive}, Incident: incident.Incident{Title: "Real", TLP: incident.Amber, PAP: incident.Green, Care: incident.Normal,
			Legal: incident.NoLegal, Disclosure: incident.Undisclosed, Aware: s.clock.Now(), AwareWho: "Anna", AwareHow: "a call"}})
		s.must(err)
		_, err = s.cases.AddEntity(s.as(s.anna), real, incident.Entity{Name: "Hospital of the exercise", Entity: clock.Entity{Jurisdictions: []string{"eu"}, Roles: []string{"controller"}, Instants: map[string]time.Time{"became_aware": s.clock.Now()}}})
		s.must(err)
		x := s.start("pacs-theft", 0)
		if got := s.stands(x.ID); len(got) != 0 {
			t.Errorf("before anything is told: %v", got)
		}
		s.clock.Advance(2 * time.Hour)
		s.happens(x.ID, "count")
		if got := s.stands(x.ID)[breach]; got != clock.Running {
			t.Errorf("the breach was told, and its clock is %q of %v", got, s.stands(x.ID))
		}
		if m := s.mark(x.ID, "entity"); m.Standing != exercise.Expected {
			t.Errorf("what the exercise told counts as done by people: %+v", m)
		}
		s.view(func(ctx context.Context, r store.Reader) error {
			i, err := incident.Brief(ctx, r, x.Incident)
			if err != nil {
				return err
			}
			all, err := incident.Ticking(ctx, r, []incident.Incident{i}, s.clock.Now())
			for _, c := range all {
				if clock.Key(c.Duty.ID, c.Stage.ID) == breach && (!c.Start.Equal(x.Started) || !c.Retroactive()) {
					t.Errorf("it runs from %s and became known at %s", c.Start, c.Known)
				}
			}
			return err
		})
		for _, e := range s.entities(real) {
			if len(e.Facts) != 0 {
				t.Errorf("the real incident knows %v", e.Facts)
			}
		}
		s.view(func(ctx context.Context, r store.Reader) error {
			d, err := device.Briefs(ctx, r, []string{s.archive})
			if err == nil && (len(d) != 1 || d[0].InUse != product.Yes) {
				t.Errorf("the record of the device: %+v", d)
			}
			return err
		})
	})
}

// A fact is told of the entity that people named, whatever they had answered; no second one is added.
func TestFactsAreToldOfTheNamedEntity(t *testing.T) {
	each(t, func(s *scene) {
		x := s.start("pump-push", 0)
		_, err := s.cases.AddEntity(s.as(s.anna), x.Incident, incident.Entity{Name: "Our house", Entity: clock.Entity{Jurisdictions: []string{"eu"}, Roles: []string{"essential_entity"},
			Instants: map[string]time.Time{"became_aware": s.clock.Now()}, Facts: map[string]clock.Truth{"significant_incident": clock.No, "device_link_possible": clock.Yes}}})
		s.must(err)
		s.happens(x.ID, "dose")
		s.happens(x.ID, "harm")
		all := s.entities(x.Incident)
		want := map[string]clock.Truth{"significant_incident": clock.Yes, "device_involved": clock.Yes, "serious_deterioration": clock.Yes, "recipients_affected": clock.Yes, "device_link_possible": clock.Unknown}
		if len(all) != 1 || all[0].Name != "Our house" || !cmp.Equal(want, all[0].Facts) {
			t.Errorf("%+v", all)
		}
		if got := s.sheet(x.ID).Case; got.Clinical != incident.HarmOccurred || got.Cyber != 4 {
			t.Errorf("severity C%d, cyber %d", got.Clinical, got.Cyber)
		}
	})
}

// Reports that clocks run for are counted: sent in time, too late, not at all.
func TestClocksAreCounted(t *testing.T) {
	each(t, func(s *scene) {
		x := s.start("worm", 0)
		if got := s.sheet(x.ID).Report.Clocks; got != (exercise.ClockTally{}) {
			t.Errorf("before a fact is told: %+v", got)
		}
		s.happens(x.ID, "ed")
		s.happens(x.ID, "note")
		e := s.entities(x.Incident)[0].ID
		open := s.sheet(x.ID).Report.Clocks
		if open.InTime+open.Late+open.Overdue != 0 || open.Unanswered < 3 {
			t.Errorf("when they began: %+v", open)
		}
		s.clock.Advance(23 * time.Hour)
		s.must(s.cases.Discharge(s.as(s.anna), x.Incident, e, incident.Sent{Duty: "eu-nis2-23", Stage: "warning", At: s.clock.Now(), Evidence: "CSIRT-1"}))
		s.clock.Advance(50 * time.Hour)
		s.must(s.cases.Discharge(s.as(s.anna), x.Incident, e, incident.Sent{Duty: "eu-nis2-23", Stage: "notification", At: s.clock.Now(), Evidence: "CSIRT-2"}))
		got := s.sheet(x.ID).Report.Clocks
		if got.InTime != 1 || got.Late != 1 || got.Overdue != 1 || s.stands(x.ID)[breach] != clock.Overdue {
			t.Errorf("after one in time and one late: %+v", got)
		}
		s.must(s.drills.Stop(s.as(s.anna), x.ID))
		s.clock.Advance(90 * 24 * time.Hour)
		s.must(s.cases.Discharge(s.as(s.anna), x.Incident, e, incident.Sent{Duty: "eu-gdpr-33", Stage: "notification", At: s.clock.Now(), Evidence: "DPA-1"}))
		if after := s.sheet(x.ID).Report.Clocks; after != got {
			t.Errorf("the exercise is over, and it goes from %+v to %+v", got, after)
		}
	})
}
