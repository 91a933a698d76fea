package custody_test

import (
	"testing"

	"triward/internal/incident"
	"triward/internal/incident/custody"
	"triward/internal/problem"
	"triward/internal/store"
)

// An exhibit may be marked more strictly than its incident: then who reads the incident learns that it is there, and no more.
func TestRedExhibitsAreForNamedPeopleAndTheirChain(t *testing.T) {
	each(t, func(s *scene) {
		ben, cleo := s.as(s.ben), s.as(s.sign.Newcomer(t, "cleo", "Cleo Clinic"))
		mark := func(m incident.Marking) string {
			i, err := s.vault.Register(ben, custody.Item{Incident: s.inc, Kind: custody.Thing, Description: "disk of the informer", Source: "desk 4", Authority: "head of security", Method: "taken out",
				Began: s.clock.Now(), Patients: custody.NoPatients, Seal: "S-17", Place: "safe 2", TLP: m})
			s.must(err)
			return i
		}
		red, amber := mark(incident.Red), mark("")
		s.must(s.db.View(cleo, func(r store.Reader) error {
			_, err := custody.Get(cleo, r, red)
			s.refused(err, problem.Forbidden, "is marked TLP:RED, for named people only; ask anna")
			_, err = custody.Chain(cleo, r, red)
			s.refused(err, problem.Forbidden, "TLP:RED")
			_, err = custody.Signed(cleo, r, red)
			s.refused(err, problem.Forbidden, "TLP:RED")
			all, err := custody.List(cleo, r, s.inc)
			s.must(err)
			x := all[0]
			if !x.Withheld || x.Description != "Withheld (TLP:RED): ask anna" || x.Source+x.Method+x.Place+x.Authority+x.Seal+x.Location != "" || x.State != custody.Registered || x.HolderName != "ben" {
				s.Errorf("cleo sees %+v", x)
			}
			if all[1].Withheld || all[1].Description != "disk of the informer" {
				s.Errorf("cleo sees %+v", all[1])
			}
			for item, want := range map[string]bool{red: true, amber: false} {
				entries, err := store.Journal(cleo, r, store.JournalQuery{Subject: item})
				s.must(err)
				entries, err = incident.Withhold(cleo, r, entries)
				s.must(err)
				if len(entries) != 1 || incident.IsWithheld(entries[0]) != want {
					s.Errorf("the journal says %s", entries[0].Body)
				}
			}
			return nil
		}))
		s.refused(s.vault.Work(cleo, red, custody.Copied, "curious"), problem.Forbidden, "TLP:RED")
		_, _, err := s.vault.Open(cleo, red, "curious")
		s.refused(err, problem.Forbidden, "TLP:RED")
		_, _, err = s.vault.Export(cleo, s.inc, custody.Order{As: incident.ByLaw, To: "court", Reason: "order", Authority: "judge", Content: true})
		s.refused(err, problem.Forbidden, "TLP:RED")
		read := func(account string) error {
			ctx := s.as(account)
			return s.db.View(ctx, func(r store.Reader) error {
				_, err := custody.Get(ctx, r, red)
				return err
			})
		}
		a, _ := store.ActorOf(cleo)
		s.must(read(s.anna)) // owns the incident
		s.must(read(s.ben))  // collected it
		s.must(s.vault.Seal(ben, red, custody.Sealing{}))
		s.must(s.vault.Transfer(ben, red, custody.Hand{To: a.ID, Reason: "analysis", Authority: "head of security"}))
		s.must(read(a.ID))
		s.must(s.vault.Receive(cleo, red, "laboratory"))
		s.must(s.vault.TakeBack(s.as(s.anna), red, custody.Hand{Reason: "done", Authority: "head of security"}))
		s.must(read(a.ID)) // stands in the chain
		s.must(read(s.ben))
	})
}
