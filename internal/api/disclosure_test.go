package api_test

import (
	"testing"
	"time"

	"triward/apiv1"
	"triward/internal/store"
	"triward/internal/testdb"
)

func TestDisclosures(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		facts := apiv1.IncidentFacts{Title: "Studies leave", Cyber: 2, Clinical: 1, TLP: "clear", PAP: "green", Care: "normal", Aware: db.Now().Add(-time.Hour), AwareWho: "Anna", AwareHow: "an alert"}
		at := "/incidents/" + must[apiv1.Made](f, "POST", "/incidents", apiv1.IncidentInput{IncidentFacts: facts, Systems: []string{"Archive"}}).ID
		refused(f, 422, "POST", at+"/disclosures", apiv1.DisclosureInput{Title: "Of nothing"})
		d := "/disclosures/" + must[apiv1.Made](f, "POST", at+"/disclosures", apiv1.DisclosureInput{Title: "Archive answers anybody", Weakness: "CVE-2026-1001"}).ID
		refused(f, 409, "POST", at+"/disclosures", apiv1.DisclosureInput{Title: "Again", Weakness: "CVE-2026-1001"})
		refused(f, 409, "POST", d+"/move", apiv1.DisclosureMove{Report: "accepted", Reason: "too early"})
		must[empty](f, "POST", d+"/move", apiv1.DisclosureMove{Report: "received", Reason: "the finder wrote"})
		must[empty](f, "POST", d+"/participants", apiv1.DisclosureParticipant{Role: "vendor", Name: "Nordmed", Aware: db.Now().Add(-time.Hour)})
		must[empty](f, "POST", d+"/move", apiv1.DisclosureMove{Act: "propose", Until: db.Now().Add(time.Hour), Reason: "the vendor asks for it"})
		must[empty](f, "POST", d+"/move", apiv1.DisclosureMove{Act: "accept", Reason: "all agree"})
		if i := must[apiv1.Incident](f, "GET", at, nil); i.Disclosure != "embargoed" {
			t.Errorf("the incident is %s", i.Disclosure)
		}
		must[empty](f, "POST", d+"/move", apiv1.DisclosureMove{Bit: "public_aware", Reason: "the press has it"})
		got := must[apiv1.Disclosure](f, "GET", d, nil)
		if got.Report != "received" || got.Embargo != "exited" || got.Case != "VfdPxa" || len(got.Bits) != 2 || len(got.Participants) != 1 || got.Participants[0].Aware.IsZero() {
			t.Errorf("disclosure = %+v", got)
		}
		if l := must[apiv1.List[apiv1.Disclosure]](f, "GET", at+"/disclosures", nil); len(l.Items) != 1 || l.Items[0].ID != got.ID {
			t.Errorf("disclosures = %+v", l)
		}
	})
}
