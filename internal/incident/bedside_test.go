package incident_test

import (
	"context"
	"testing"
	"time"

	"triward/internal/device"
	"triward/internal/incident"
	"triward/internal/incident/ladder"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

// at is a bedside role of one site.
func (s *scene) at(account, site string, kinds ...string) context.Context {
	return store.WithActor(context.Background(), store.Actor{ID: account, Name: account, Grants: []store.Grant{{Kinds: append(kinds, incident.KindRead, "device.read"), Sites: []string{site}}}})
}

// moved registers two sites, and puts the pump and the scanner into them.
func (s *scene) moved() (north, south string) {
	s.Helper()
	put := func(name, device string) string {
		site, err := s.fleet.AddSite(s.as(s.ben), name)
		s.must(err)
		d, err := s.deviceOf(device)
		s.must(err)
		d.Site = site
		s.must(s.fleet.Change(s.as(s.ben), d))
		return string(site)
	}
	return put("North", s.pump), put("South", s.scan)
}

// Who stands at the device signs and lifts, whatever place the incident has; nobody of another place does
// (reference incidents.md 4.5 e).
func TestBedsideRolesOfOneSiteSignAndLift(t *testing.T) {
	each(t, func(s *scene) {
		north, south := s.moved()
		i := s.declare() // devices of two places: it belongs to none
		if got := s.get(i).Site; got != "" {
			t.Fatalf("the incident is of %q", got)
		}
		a := s.plan(i, s.pump, ladder.NetworkOff)
		here := s.at(s.cleo, north, incident.KindSignedClinical, incident.KindLifted)
		away := s.at(s.cleo, south, incident.KindSignedClinical, incident.KindLifted)
		s.refused(s.cases.SignOff(away, a, ladder.ClinicalOwner, 0, ""), problem.Forbidden)
		s.refused(s.cases.Lift(away, a, ""), problem.Forbidden)
		s.must(s.cases.Check(s.as(s.ben), a, "infusing"))
		s.must(s.cases.SignOff(here, a, ladder.ClinicalOwner, 0, "while the nurse stays"))
		s.must(s.cases.SignOff(s.as(s.ben), a, ladder.Biomed, 0, ""))
		s.must(s.cases.Run(s.as(s.ben), a))

		standing := func(ctx context.Context, device string) (out []incident.Standing) {
			t.Helper()
			s.must(s.db.View(ctx, func(r store.Reader) (err error) {
				out, err = incident.StandingOn(ctx, r, device, s.clock.Now())
				return err
			}))
			return out
		}
		if got := standing(here, s.pump); len(got) != 1 || got[0].Site != north || got[0].Of.ID != i || len(got[0].SignOffs) != 2 {
			t.Errorf("at the pump stands %+v", got)
		}
		if got := standing(away, ""); len(got) != 0 {
			t.Errorf("another site sees %+v", got)
		}
		s.must(s.db.View(here, func(r store.Reader) error {
			if _, _, err := s.cases.SheetOf(here, r, a, s.clock.Now()); err != nil {
				return err
			}
			_, err := incident.Get(here, r, i)
			s.refused(err, problem.Forbidden) // the action, not the whole incident
			return nil
		}))
		s.must(s.fleet.Retire(s.as(s.ben), device.ID(s.pump), "broken")) // its place stays known
		s.must(s.cases.Lift(here, a, "the infusion stopped"))
		if got := s.action(i).State; got != ladder.Returning {
			t.Errorf("lifted, it is %s", got)
		}
	})
}

// Who may sign next is told as the ladder sees it: each person fills one capacity, and only where they stand.
func TestWhoseSignOffIsWanted(t *testing.T) {
	each(t, func(s *scene) {
		north, south := s.moved()
		i := s.declare()
		a := s.plan(i, s.pump, ladder.NetworkOff)
		may := func(ctx context.Context) ladder.Role {
			t.Helper()
			var role ladder.Role
			s.must(s.db.View(ctx, func(r store.Reader) error {
				all, err := incident.StandingOn(s.as(s.anna), r, "", s.clock.Now())
				if err != nil || len(all) != 1 {
					t.Fatalf("%d stand, %v", len(all), err)
				}
				actor, _ := store.ActorOf(ctx)
				role, _ = all[0].MaySign(actor, s.clock.Now())
				return nil
			}))
			return role
		}
		both := []string{incident.KindSignedClinical, incident.KindSignedBiomed}
		if got := may(s.at(s.cleo, south, both...)); got != "" {
			t.Errorf("another site may sign as %q", got)
		}
		if got := may(s.at(s.cleo, north, both...)); got != ladder.ClinicalOwner {
			t.Errorf("the clinician may sign as %q", got)
		}
		s.must(s.cases.SignOff(s.at(s.cleo, north, both...), a, ladder.ClinicalOwner, 0, ""))
		if got := may(s.at(s.cleo, north, both...)); got != "" {
			t.Errorf("who signed may sign again as %q", got)
		}
		if got := may(s.at(s.ben, north, both...)); got != ladder.Biomed {
			t.Errorf("the engineer may sign as %q", got)
		}
		s.clock.Advance(31 * time.Minute)
		if got := may(s.at(s.cleo, north, both...)); got != ladder.ClinicalOwner {
			t.Errorf("after it expired the clinician may sign as %q", got)
		}
	})
}

func TestDeclaringTakesThePlace(t *testing.T) {
	each(t, func(s *scene) {
		north, south := s.moved()
		declare := func(ctx context.Context, change func(d *incident.Declaration)) (incident.Incident, error) {
			d := s.declaration()
			change(&d)
			id, err := s.cases.Declare(ctx, d)
			if err != nil {
				return incident.Incident{}, err
			}
			return s.get(id).Incident, nil
		}
		one := s.at(s.cleo, north, incident.KindDeclared, incident.KindDeviceInvolved)
		i, err := declare(one, func(d *incident.Declaration) { d.Devices = []string{s.pump} })
		s.must(err)
		if i.Site != north {
			t.Errorf("the incident about the pump is of %q", i.Site)
		}
		_, err = declare(one, func(d *incident.Declaration) { d.Devices = []string{s.scan} })
		s.refused(err, problem.Forbidden)
		i, err = declare(s.as(s.anna), func(d *incident.Declaration) { d.Devices, d.Site = nil, south })
		s.must(err)
		if i.Site != south {
			t.Errorf("the incident without a device is of %q", i.Site)
		}
		_, err = declare(s.as(s.anna), func(d *incident.Declaration) { d.Site = "sit_nowhere" })
		s.refused(err, problem.Invalid, "no such site")
		unknown := s.device("X-1", product.NotKnown, product.ClassNotKnown)
		i, err = declare(s.as(s.anna), func(d *incident.Declaration) { d.Devices = []string{s.pump, unknown} })
		s.must(err)
		if i.Site != "" {
			t.Errorf("a device whose place is not known is of %q", i.Site)
		}
	})
}
