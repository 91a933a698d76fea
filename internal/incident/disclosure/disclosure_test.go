package disclosure_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"triward/internal/device"
	"triward/internal/incident"
	"triward/internal/incident/disclosure"
	"triward/internal/problem"
	"triward/internal/procedure"
	"triward/internal/product"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
	"triward/internal/vuln"
)

type scene struct {
	*testing.T
	db    *store.DB
	clock *testdb.Clock
	cases incident.Cases
	desk  disclosure.Desk
	sign  *signaturetest.Signer
	anna  string
	ctx   context.Context
	pump  string
}

func each(t *testing.T, fn func(s *scene)) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		sign := signaturetest.New(t, db)
		s := &scene{T: t, db: db, clock: c, cases: incident.Cases{DB: db, Runs: procedure.Runs{DB: db}, Embargo: disclosure.InForce}, desk: disclosure.Desk{DB: db}, sign: sign}
		s.anna = sign.Person(t, "anna", "Anna Security")
		s.ctx = sign.As(s.anna, "incident.*", "disclosure.*", "device.*", "vuln.*")
		pump, err := device.Fleet{DB: db}.Register(s.ctx, device.Device{AssetTag: "P-1", RawVendor: "Nordmed", RawModel: "N-1", InUse: product.No, OwnClass: product.Diagnostic, Ward: "ICU"})
		s.must(err)
		s.pump = string(pump)
		fn(s)
	})
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err, problem.FaultsOf(err))
	}
}

func (s *scene) refused(err error, kind problem.Kind) {
	s.Helper()
	if problem.KindOf(err) != kind {
		s.Fatalf("got %v (%s), want %s", err, problem.KindOf(err), kind)
	}
}

func (s *scene) declare(exercise bool) string {
	s.Helper()
	i, err := s.cases.Declare(s.ctx, incident.Declaration{Devices: []string{s.pump}, Incident: incident.Incident{Title: "A pump calls outside", Cyber: 1, Clinical: 1, TLP: incident.Green, PAP: incident.Amber,
		Care: incident.Normal, Legal: incident.NoLegal, Disclosure: incident.Undisclosed, Exercise: exercise, Aware: s.clock.Now(), AwareWho: "Anna", AwareHow: "a call"}})
	s.must(err)
	return i
}

func (s *scene) open(i, weakness string) string {
	s.Helper()
	d, err := s.desk.Open(s.ctx, i, disclosure.Disclosure{Title: "Open service port " + weakness, Weakness: weakness})
	s.must(err)
	return d
}

func (s *scene) move(d string, step disclosure.Step) error {
	step.Reason = "agreed on the telephone"
	return s.desk.Move(s.ctx, d, step)
}

func (s *scene) embargo(d string) {
	s.Helper()
	s.must(s.move(d, disclosure.Step{Act: disclosure.Propose, Until: s.clock.Now().Add(45 * 24 * time.Hour)}))
	s.must(s.move(d, disclosure.Step{Act: disclosure.Accept}))
}

func (s *scene) get(d string) (out disclosure.Disclosure, of incident.Incident) {
	s.Helper()
	s.must(s.db.View(s.ctx, func(r store.Reader) (err error) {
		if out, err = disclosure.Get(s.ctx, r, d); err == nil {
			of, err = incident.Brief(s.ctx, r, out.Incident)
		}
		return err
	}))
	return out, of
}

func TestAnEmbargoMovesTheIncident(t *testing.T) {
	each(t, func(s *scene) {
		i := s.declare(false)
		one, two := s.open(i, "CVE-2026-1001"), s.open(i, "CVE-2026-1002")
		_, err := s.desk.Open(s.ctx, i, disclosure.Disclosure{Title: "Again", Weakness: "CVE-2026-1001"})
		s.refused(err, problem.Conflict)
		_, err = s.desk.Open(s.ctx, i, disclosure.Disclosure{Title: "Of nothing"})
		s.refused(err, problem.Invalid)
		s.refused(s.desk.Move(s.ctx, one, disclosure.Step{Report: disclosure.Received}), problem.Invalid) // no reason
		s.refused(s.move(one, disclosure.Step{Report: disclosure.Received, Bit: disclosure.PublicAware}), problem.Invalid)
		s.refused(s.move(one, disclosure.Step{Act: disclosure.Propose}), problem.Invalid) // no end
		s.must(s.move(one, disclosure.Step{Report: disclosure.Received}))
		s.embargo(one)
		s.embargo(two)
		_, of := s.get(one)
		if of.Disclosure != incident.Embargoed || of.Reach() != incident.AmberStrict {
			t.Fatalf("the incident is %s, reach %s", of.Disclosure, of.Reach())
		}
		loudly := of
		loudly.Disclosure = incident.Public
		s.refused(s.cases.Change(s.ctx, i, loudly, "the press has it"), problem.Conflict)

		s.must(s.move(one, disclosure.Step{Bit: disclosure.PublicAware}))
		d, of := s.get(one)
		if d.Embargo != disclosure.Exited || d.Case.String() != "VfdPxa" || of.Disclosure != incident.Embargoed {
			t.Fatalf("one is %s %s, the incident %s: the other embargo is still in force", d.Embargo, d.Case, of.Disclosure)
		}
		s.refused(s.move(one, disclosure.Step{Act: disclosure.Propose, Until: s.clock.Now().Add(time.Hour)}), problem.Conflict)
		s.must(s.move(two, disclosure.Step{Act: disclosure.Exit}))
		if _, of = s.get(two); of.Disclosure != incident.Public || of.Reach() != incident.Green {
			t.Fatalf("the incident is %s, reach %s", of.Disclosure, of.Reach())
		}

		var said []string
		s.must(s.db.View(s.ctx, func(r store.Reader) error {
			all, err := store.Journal(s.ctx, r, store.JournalQuery{Kinds: []string{disclosure.KindMoved}, Limit: 50})
			for _, e := range all {
				if e.Subject == i && strings.Contains(string(e.Body), "agreed on the telephone") {
					said = append(said, e.Kind)
				}
			}
			return err
		}))
		if len(said) != 7 {
			t.Errorf("the journal has %d moves with their reason", len(said))
		}
	})
}

func TestAnEmbargoEndsByItself(t *testing.T) {
	each(t, func(s *scene) {
		d := s.open(s.declare(false), "CVE-2026-1001")
		s.embargo(d)
		system := store.WithActor(s.ctx, store.System("embargoes"))
		s.clock.Advance(44 * 24 * time.Hour)
		if n, err := s.desk.EndDue(system); err != nil || n != 0 {
			t.Fatal(n, err)
		}
		s.clock.Advance(48 * time.Hour)
		if n, err := s.desk.EndDue(system); err != nil || n != 1 {
			t.Fatal(n, err)
		}
		if n, err := s.desk.EndDue(system); err != nil || n != 0 {
			t.Fatal(n, err)
		}
		if got, of := s.get(d); got.Embargo != disclosure.Exited || of.Disclosure != incident.Embargoed {
			t.Errorf("%s, the incident %s: nobody said that the public knows", got.Embargo, of.Disclosure)
		}
	})
}

func TestParticipantsAndAwareness(t *testing.T) {
	each(t, func(s *scene) {
		d := s.open(s.declare(false), "CVE-2026-1001")
		aware := s.clock.Now().Add(-time.Hour)
		s.must(s.desk.Join(s.ctx, d, disclosure.Participant{Role: disclosure.Vendor, Name: "Nordmed"}))
		s.refused(s.desk.Join(s.ctx, d, disclosure.Participant{Role: disclosure.Vendor, Name: "Nordmed"}), problem.Conflict)
		s.refused(s.desk.Join(s.ctx, d, disclosure.Participant{Role: disclosure.Finder, Name: "Kim", Aware: aware}), problem.Invalid)
		s.refused(s.desk.Join(s.ctx, d, disclosure.Participant{Role: disclosure.Vendor, Name: "Other", Aware: s.clock.Now().Add(time.Hour)}), problem.Invalid)
		if got, _ := s.get(d); got.Case.Has(disclosure.VendorAware) {
			t.Error("a vendor that takes part is aware")
		}
		s.must(s.desk.Join(s.ctx, d, disclosure.Participant{Role: disclosure.Vendor, Name: "Nordmed", Aware: aware}))
		if got, _ := s.get(d); len(got.Participants) != 1 || !got.Participants[0].Aware.Equal(aware) || !got.Case[disclosure.VendorAware].Equal(aware) {
			t.Errorf("got %+v", got)
		}
		reader := s.sign.As(s.anna, "incident.read")
		s.refused(s.desk.Join(reader, d, disclosure.Participant{Role: disclosure.Finder, Name: "Kim"}), problem.Forbidden)
		s.refused(s.desk.Move(reader, d, disclosure.Step{Report: disclosure.Received, Reason: "x"}), problem.Forbidden)
	})
}

func TestAttacksAreNotedByLayerThree(t *testing.T) {
	each(t, func(s *scene) {
		i, drill := s.declare(false), s.declare(true)
		same, other, played := s.open(i, "CVE-2026-1001"), s.open(i, "CVE-2026-1002"), s.open(drill, "CVE-2026-1001")
		s.embargo(same)
		s.must(s.db.Update(s.ctx, func(tx *store.Tx) error {
			_, err := tx.Record(s.ctx, store.Event{Kind: vuln.KindExploitationObserved, Subject: "CVE-2026-1001", Body: vuln.ObservedNoted{Incident: i}})
			return err
		}))
		for {
			n, err := s.db.Step(context.Background(), disclosure.Attacks())
			s.must(err)
			if n == 0 {
				break
			}
		}
		for d, want := range map[string]string{same: "vfdpxA", other: "vfdpxa", played: "vfdpxa"} {
			if got, _ := s.get(d); got.Case.String() != want {
				t.Errorf("%s is %s, want %s", got.Title, got.Case, want)
			}
		}
		if got, _ := s.get(same); got.Embargo != disclosure.Exited {
			t.Errorf("the embargo is %s", got.Embargo)
		}
	})
}
