package api_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"triward/apiv1"
	"triward/internal/incident/draft"
	"triward/internal/incident/telling"
	"triward/internal/store"
	"triward/internal/testdb"
)

// paper is a draft as a telling needs it.
func paper(ctx context.Context, r store.Reader, id string) (telling.Paper, error) {
	d, err := draft.Get(ctx, r, id)
	return telling.Paper{Incident: d.Incident, Title: d.Title, Digest: d.Digest, Ready: d.State != draft.Open}, err
}

func TestDraftsAndTellings(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		facts := apiv1.IncidentFacts{Title: "Studies leave", Cyber: 2, Clinical: 1, TLP: "clear", PAP: "green", Care: "normal", Aware: db.Now().Add(-time.Hour), AwareWho: "Anna", AwareHow: "an alert"}
		at := "/incidents/" + must[apiv1.Made](f, "POST", "/incidents", apiv1.IncidentInput{IncidentFacts: facts, Systems: []string{"Archive"}}).ID
		entity := must[apiv1.Made](f, "POST", at+"/entities", apiv1.LegalEntityInput{Name: "Hospital", Jurisdictions: []string{"eu"}, Roles: []string{"essential_entity"}, Aware: db.Now().Add(-time.Hour)}).ID
		refused(f, 422, "POST", at+"/drafts", apiv1.DraftInput{Template: "nis2-warning", Duty: "eu-nis2-23", Stage: "warning"})
		id := must[apiv1.Made](f, "POST", at+"/drafts", apiv1.DraftInput{Template: "nis2-warning", Entity: entity, Duty: "eu-nis2-23", Stage: "warning"}).ID
		must[empty](f, "POST", "/drafts/"+id+"/edit", apiv1.DraftEdit{Version: 1, Fields: []apiv1.DraftTyped{{Field: "malicious", Text: "Yes."}}})
		refused(f, 409, "POST", "/drafts/"+id+"/edit", apiv1.DraftEdit{Version: 1, Fields: []apiv1.DraftTyped{{Field: "malicious", Text: "No."}}})
		must[empty](f, "POST", "/drafts/"+id+"/refresh", nil)
		refused(f, 409, "POST", "/drafts/"+id+"/send", apiv1.DraftSending{At: db.Now(), Whom: "CSIRT", Channel: "portal"})
		refused(f, 409, "POST", "/drafts/"+id+"/reopen", apiv1.Reason{Reason: "x"})
		d := must[apiv1.Draft](f, "GET", "/drafts/"+id, nil)
		if l := must[apiv1.List[apiv1.Draft]](f, "GET", at+"/drafts", nil); len(l.Items) != 1 || d.Version != 2 || d.Fields[0].Source != "the legal entity Hospital" || len(d.Missing) != 1 {
			t.Errorf("drafts = %+v", d)
		}

		if w := f.send("GET", "/drafts/"+id+"/pdf", nil); w.Code != 200 || w.Header().Get("Content-Type") != "application/pdf" || !strings.HasPrefix(w.Body.String(), "%PDF-") {
			t.Errorf("PDF: %d %s", w.Code, w.Header().Get("Content-Type"))
		}
		refused(f, 404, "GET", "/drafts/drf_none/pdf", nil)

		ward := must[apiv1.Made](f, "POST", "/stakeholders", apiv1.StakeholderInput{Role: "ward", Name: "ICU", Contact: "4410", Channel: "telephone"}).ID
		must[empty](f, "PUT", "/stakeholders/"+ward, apiv1.StakeholderInput{Name: "ICU 1", Contact: "4411", Channel: "telephone", Order: 5})
		if x := must[apiv1.Stakeholder](f, "GET", "/stakeholders/"+ward, nil); x.Name != "ICU 1" || x.Role != "ward" || x.Order != 5 {
			t.Errorf("stakeholder = %+v", x)
		}
		refused(f, 422, "POST", at+"/tellings", apiv1.TellingInput{Role: "media", Whom: "Daily", Channel: "e-mail", What: "we work on it"})
		told := must[apiv1.Made](f, "POST", at+"/tellings", apiv1.TellingInput{Stakeholder: ward, Channel: "telephone", What: "go on working"}).ID
		must[empty](f, "POST", "/tellings/"+told+"/answers", apiv1.TellingAnswer{From: "Sister Ada", Text: "yes"})
		if l := must[apiv1.List[apiv1.Telling]](f, "GET", at+"/tellings", nil); len(l.Items) != 1 || l.Items[0].Whom != "ICU 1" || len(l.Items[0].Answers) != 1 {
			t.Errorf("tellings = %+v", l)
		}
		if l := must[apiv1.List[apiv1.ToTell]](f, "GET", at+"/to-tell", nil); len(l.Items) == 0 || l.Items[0].Role != "authority" || !l.Items[0].Waits {
			t.Errorf("to tell = %+v", l)
		}
		must[empty](f, "POST", "/stakeholders/"+ward+"/retire", apiv1.Reason{Reason: "the ward moved"})
		if l := must[apiv1.List[apiv1.Stakeholder]](f, "GET", "/stakeholders", nil); len(l.Items) != 0 {
			t.Errorf("stakeholders = %+v", l)
		}
	})
}
