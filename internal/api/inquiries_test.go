package api_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"triward/apiv1"
	"triward/internal/assurance"
	"triward/internal/document/documenttest"
	"triward/internal/people"
	"triward/internal/store"
	"triward/internal/testdb"
)

// Redaction, admission and the access log of an inquiry; people from outside see none of it.
func TestInquiryBehindTheRequestList(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		at := "/inquiries/" + must[apiv1.Made](f, "POST", "/inquiries", apiv1.InquiryInput{Title: "Inspection", Authority: "FDA", Requests: "1. The incident procedure"}).ID
		red := must[apiv1.Made](f, "POST", at+"/redactions", apiv1.RedactionInput{Path: "documents/SOP-14.md", At: "lines 3-5", Reason: "trade secret"})
		refused(f, 422, "POST", at+"/redactions", apiv1.RedactionInput{Path: "x"})
		if l := must[apiv1.List[apiv1.Redaction]](f, "GET", at+"/redactions", nil); len(l.Items) != 1 || l.Items[0].ID != red.ID || l.Items[0].At != "lines 3-5" || l.Items[0].Reason != "trade secret" {
			t.Errorf("redactions = %+v", l)
		}
		refused(f, 404, "POST", at+"/revelations", apiv1.RevealInput{Path: "documents/SOP-14.md", At: "lines 3-5", Reason: "a court asks"})
		must[empty](f, "POST", at+"/redactions/"+red.ID+"/restore", apiv1.Reason{Reason: "it is public"})
		refused(f, 404, "POST", at+"/redactions/"+red.ID+"/restore", apiv1.Reason{Reason: "again"})

		guest, err := f.server.People.CreateAccount(testdb.System(), people.NewAccount{Login: "ivy", Name: "Ivy Inspector", Password: "seven kettles whistle"})
		if err != nil {
			t.Fatal(err)
		}
		until := db.Now().Add(24 * time.Hour)
		refused(f, 422, "POST", at+"/visitors", apiv1.AdmissionInput{Account: guest, Organisation: "FDA", Until: db.Now().Add(100 * 24 * time.Hour)})
		must[empty](f, "POST", at+"/visitors", apiv1.AdmissionInput{Account: guest, Organisation: "FDA", Until: until})
		if l := must[apiv1.List[apiv1.Visitor]](f, "GET", at+"/visitors", nil); len(l.Items) != 1 || l.Items[0].Name != "Ivy Inspector" || !l.Items[0].Live {
			t.Errorf("visitors = %+v", l)
		}
		in, err := f.server.People.SignIn(testdb.System(), people.Credentials{Login: "ivy", Password: "seven kettles whistle"})
		if err != nil {
			t.Fatal(err)
		}
		actor, _, err := f.server.People.Authenticate(context.Background(), in.Token)
		if err != nil {
			t.Fatal(err)
		}
		ivy := f.as(actor)
		must[apiv1.Inquiry](ivy, "GET", at, nil)
		for _, behind := range []string{"/redactions", "/visitors", "/looks"} {
			refused(ivy, 403, "GET", at+behind, nil)
		}
		refused(ivy, 403, "POST", at+"/redactions", apiv1.RedactionInput{Path: "x", Reason: "y"})
		if l := must[apiv1.List[apiv1.Look]](f, "GET", at+"/looks", nil); len(l.Items) != 1 || l.Items[0].Name != "Ivy Inspector" {
			t.Errorf("looks = %+v", l)
		}
		must[empty](f, "POST", at+"/visitors/"+guest+"/dismiss", apiv1.Reason{Reason: "the inspection is over"})
		refused(ivy, 403, "GET", at, nil)
	})
}

func TestEditionsAndTrails(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		f := newFixture(t, db)
		d := must[apiv1.EditionDifference](f, "GET", "/clause-sets/fda-premarket-2026/since/fda-premarket-2025", nil)
		if d.Old != "fda-premarket-2025" || len(d.Added)+len(d.Removed)+len(d.Renamed) == 0 {
			t.Errorf("difference = %+v", d)
		}
		refused(f, 422, "GET", "/clause-sets/fda-premarket-2025/since/fda-premarket-2026", nil)
		if l := must[apiv1.List[apiv1.Made]](f, "POST", "/clause-sets/fda-premarket-2026/since/fda-premarket-2025/change-requests", nil); len(l.Items) != 0 {
			t.Errorf("no document names a clause, but change requests were opened: %+v", l)
		}
		must[apiv1.Made](f, "POST", "/sites", apiv1.SiteInput{Name: "North"})
		clock.Advance(32 * 24 * time.Hour)
		if _, err := (assurance.Trails{DB: db}).Tick(testdb.System()); err != nil {
			t.Fatal(err)
		}
		l := must[apiv1.List[apiv1.TrailReview]](f, "GET", "/trail-reviews", nil)
		if len(l.Items) != 1 || l.Items[0].Verdict != "" {
			t.Fatalf("reviews = %+v", l)
		}
		if v := must[apiv1.TrailShown](f, "GET", "/trail-reviews/"+l.Items[0].ID, nil); v.Entries == 0 || len(v.Head) != 64 || len(v.Kinds) == 0 || len(v.Actors) == 0 {
			t.Errorf("review = %+v", v)
		}
	})
}

func TestFilesOfRuns(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		documenttest.Effective(t, db, strings.Replace(drill, "record: note, evidence: required", "record: file, evidence: required", 1))
		at := "/runs/" + must[apiv1.Made](f, "POST", "/runs", apiv1.RunInput{Code: "SOP-14", Subject: "Alarm on ward 3", Reason: "an alarm"}).ID
		must[empty](f, "POST", at+"/files?name=ward.jpg&text=the%20ward", "a picture")
		refused(f, 422, "POST", at+"/files?name=ward.jpg", "")
		refused(f, 422, "POST", at+"/files", "a picture")
		refused(f, 422, "POST", at+"/steps/receive/done", apiv1.StepAct{Reason: "nobody holds the function"})
		must[empty](f, "POST", at+"/steps/receive/file?name=alarm.txt&reason=nobody%20holds%20the%20function", "beep")
		r := must[apiv1.RunShown](f, "GET", at, nil)
		found := map[string]string{}
		for _, i := range r.Items {
			if i.File != "" {
				w := f.send("GET", at+"/files/"+i.ID, nil)
				if w.Code != 200 || w.Header().Get("Content-Type") != "application/octet-stream" {
					t.Errorf("%s answers %d %s", i.File, w.Code, w.Header().Get("Content-Type"))
				}
				found[i.Step+" "+i.File] = w.Body.String()
			}
		}
		if found[" ward.jpg"] != "a picture" || found["receive alarm.txt"] != "beep" || len(found) != 2 || r.Settled != 1 {
			t.Errorf("files = %+v of %+v", found, r)
		}
		refused(f, 404, "GET", at+"/files/rit_0", nil)
	})
}
