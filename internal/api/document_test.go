package api_test

import (
	"fmt"
	"strings"
	"testing"

	"triward/apiv1"
	"triward/internal/document"
	"triward/internal/document/documenttest"
	"triward/internal/people"
	"triward/internal/store"
	"triward/internal/testdb"
)

const wi = `---
id: WI-01
title: Score a vulnerability
level: instruction
for: [manufacturer]
owner_role: psirt_lead
review_months: 12
approvals: {review: [security_architect], approve: [cpso]}
retention: P10Y
steps:
  - {id: score, do: "Score it.", role: psirt_lead, record: note}
---

Score it.
`

func TestDocumentsOverTheAPI(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		made := must[apiv1.Made](f, "POST", "/documents", apiv1.DocumentInput{Content: "authored", RevisionText: apiv1.RevisionText{Source: wi, Reason: "first"}, Products: []string{"mod_a"}})
		rev := "/revisions/" + made.ID
		if p := must[apiv1.Page[apiv1.Document]](f, "GET", "/documents?product=mod_a&q=score", nil); len(p.Items) != 1 || p.Items[0].State != "draft" || p.Items[0].Working != made.ID {
			t.Errorf("documents = %+v", p)
		}
		t.Run("faults name their line", func(t *testing.T) {
			p := refused(f, 422, "POST", "/documents", apiv1.DocumentInput{Content: "authored", RevisionText: apiv1.RevisionText{Source: strings.Replace(wi, "P10Y", "soon", 1), Reason: "x"}})
			if !strings.Contains(fmt.Sprintf("%+v", p), "retention") {
				t.Errorf("problem = %+v", p)
			}
			refused(f, 409, "POST", "/documents", apiv1.DocumentInput{Content: "authored", RevisionText: apiv1.RevisionText{Source: wi, Reason: "again"}})
		})
		t.Run("a linked document is registered with its edition", func(t *testing.T) {
			in := apiv1.DocumentInput{Content: "linked", RevisionText: apiv1.RevisionText{Reason: "we use it", Source: strings.Replace(wi, "WI-01", "EXT-1", 1),
				External: apiv1.External{Edition: "2016", Publisher: "a body", Address: "https://example.org/13485", Watch: "2027-01-01"}}}
			id := must[apiv1.Made](f, "POST", "/documents", in).ID
			if v := must[apiv1.RevisionShown](f, "GET", "/revisions/"+id, nil); v.External == nil || v.External.Edition != "2016" {
				t.Errorf("revision = %+v", v)
			}
		})
		must[empty](f, "PUT", rev, apiv1.RevisionEdit{Version: 1, RevisionText: apiv1.RevisionText{Source: strings.Replace(wi, "\nScore it.\n", "\nScore it twice.\n", 1), Reason: "clearer"}})
		refused(f, 409, "PUT", rev, apiv1.RevisionEdit{Version: 1, RevisionText: apiv1.RevisionText{Source: strings.Replace(wi, "\nScore it.\n", "\nNever.\n", 1), Reason: "mine"}})
		comment := must[apiv1.Made](f, "POST", rev+"/comments", apiv1.CommentInput{Text: "why twice?"})
		must[empty](f, "POST", "/comments/"+comment.ID+"/settle", apiv1.SettleInput{Outcome: "done", Answer: "two people"})
		if l := must[apiv1.List[apiv1.Comment]](f, "GET", rev+"/comments", nil); len(l.Items) != 1 || l.Items[0].Outcome != "done" {
			t.Errorf("comments = %+v", l)
		}
		must[empty](f, "POST", rev+"/submit", apiv1.Reason{Reason: "ready"})
		refused(f, 409, "POST", rev+"/freeze", apiv1.Reason{Reason: "now"})
		must[empty](f, "POST", rev+"/send-back", apiv1.Reason{Reason: "not yet"})
		v := must[apiv1.RevisionShown](f, "GET", rev, nil)
		if v.State != "changes_requested" || v.Version != 2 || len(v.Decisions) != 1 || v.Decisions[0].Voided.IsZero() || len(v.Approve) != 1 || v.Approve[0] != "cpso" {
			t.Errorf("revision = %+v", v)
		}
		if l := must[apiv1.List[apiv1.SavedText]](f, "GET", rev+"/edits", nil); len(l.Items) != 2 {
			t.Errorf("edits = %+v", l)
		}
		if w := f.send("GET", rev+"/page", nil); w.Code != 200 || !strings.Contains(w.Body.String(), "Score it twice.") {
			t.Errorf("page: %d %s", w.Code, w.Body)
		}
		must[empty](f, "POST", rev+"/reject", apiv1.Reason{Reason: "another way"})
		must[empty](f, "PUT", "/documents/WI-01/classes", apiv1.DocumentClasses{Inspectable: true, Products: []string{"mod_b"}, Reason: "moved"})
		if d := must[apiv1.DocumentShown](f, "GET", "/documents/WI-01", nil); !d.Inspectable || d.Products[0] != "mod_b" {
			t.Errorf("document = %+v", d)
		}
	})
}

func TestUploadedDocumentsOverTheAPI(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		const facts = "&code=MAN-1&title=Manual&level=standard&owner=clinical_engineering&for=hospital&approve=quality&reason=first"
		refused(f, 422, "POST", "/document-uploads?name=a.pdf"+facts, "no PDF")
		refused(f, 422, "POST", "/document-uploads?name=a.docx", "x")
		made := must[apiv1.Made](f, "POST", "/document-uploads?name=a.pdf"+facts, pdf)
		v := must[apiv1.RevisionShown](f, "GET", "/revisions/"+made.ID, nil)
		if v.FileName != "a.pdf" || v.FileHash == "" || v.Approve[0] != "quality" {
			t.Errorf("revision = %+v", v)
		}
		must[empty](f, "POST", "/revisions/"+made.ID+"/file?name=b.pdf&reason=newer", pdf+"% newer\n")
		if w := must[apiv1.RevisionShown](f, "GET", "/revisions/"+made.ID, nil); w.FileName != "b.pdf" || w.FileHash == v.FileHash || w.ContentHash == v.ContentHash {
			t.Errorf("revision = %+v", w)
		}
	})
}

// pdf is the smallest file that readers take: one empty page.
const pdf = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n" +
	"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R/Size 4>>\n%%EOF\n"

func TestDocumentControlOverTheAPI(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		_, ann := f.person("ann", people.RoleQuality)
		documenttest.Effective(t, db, wi)
		fn := must[apiv1.Made](f, "POST", "/functions", apiv1.FunctionInput{Function: "psirt_lead", Account: ann.ID, Reason: "chart"})
		must[apiv1.Made](f, "POST", "/functions", apiv1.FunctionInput{Function: "psirt_lead", Account: otherPerson(f), DelegateOf: ann.ID, Until: "2026-12-24", Reason: "holiday"})
		if l := must[apiv1.List[apiv1.FunctionHolder]](f, "GET", "/functions", nil); len(l.Items) != 2 {
			t.Errorf("functions = %+v", l)
		}
		change := must[apiv1.Made](f, "POST", "/change-requests", apiv1.ChangeRequestInput{Title: "Better", Class: "minor", Codes: []string{"WI-01"}, OnDocuments: "none", OnDevices: "none",
			OnTraining: "none", OnSubmissions: "none", OnValidation: "none", Reason: "lessons"})
		rev := must[apiv1.Made](f, "POST", "/documents/WI-01/revisions", apiv1.RevisionInput{Change: change.ID, Size: "minor", Reason: "lessons"})
		if c := must[apiv1.ChangeRequest](f, "GET", "/change-requests/"+change.ID, nil); c.Waits["WI-01"] != "approval" {
			t.Errorf("change request = %+v", c)
		}
		v := must[apiv1.Revision](f, "GET", "/documents/WI-01/effective", nil)
		if d := must[apiv1.List[apiv1.TextLine]](f, "GET", "/revisions/"+v.ID+"/diff/"+rev.ID, nil); len(d.Items) == 0 {
			t.Error("nothing compared")
		}
		must[empty](f, "PUT", "/documents/WI-01/distribution", apiv1.DistributionInput{Functions: []string{"psirt_lead"}, Reason: "list"})
		if l := must[apiv1.List[apiv1.DocumentReceipt]](f, "GET", "/revisions/"+v.ID+"/receipts", nil); len(l.Items) != 2 {
			t.Errorf("receipts = %+v", l)
		}
		c := must[apiv1.Made](f, "POST", "/revisions/"+v.ID+"/copies", apiv1.CopyInput{Holder: "Ward 7", Reason: "no screen"})
		must[empty](f, "POST", "/copies/"+c.ID+"/recall", apiv1.Reason{Reason: "coffee"})
		must[empty](f, "POST", "/copies/"+c.ID+"/confirm", apiv1.Reason{Reason: "shredded"})
		must[empty](f, "POST", "/revisions/"+v.ID+"/prints", apiv1.Reason{Reason: "meeting"})
		if l := must[apiv1.List[apiv1.PrintLine]](f, "GET", "/documents/WI-01/prints", nil); len(l.Items) != 2 {
			t.Errorf("prints = %+v", l)
		}
		hold := must[apiv1.Made](f, "POST", "/documents/WI-01/holds", apiv1.Reason{Reason: "lawsuit"})
		must[empty](f, "POST", "/holds/"+hold.ID+"/release", apiv1.Reason{Reason: "settled"})
		must[empty](f, "POST", "/functions/"+fn.ID+"/release", apiv1.Reason{Reason: "left"})
		must[empty](f, "PUT", "/document-settings", apiv1.SettingInput{Name: document.SettingAuthorship, Value: "lenient", Reason: "small"})
		if s := must[apiv1.DocumentSettings](f, "GET", "/document-settings", nil); s.Authorship != "lenient" || s.TemporaryDays != 14 {
			t.Errorf("settings = %+v", s)
		}
		must[apiv1.Made](f, "POST", "/documents/WI-01/temporary", apiv1.TemporaryInput{Reason: "at once"})
		if k := must[apiv1.KitInstalled](f, "POST", "/kits/hospital", apiv1.KitInput{Reason: "set-up", Answers: map[string]string{"organisation": "North Hospital"}}); len(k.Added) != 14 {
			t.Errorf("installed = %+v", k)
		}
		if l := must[apiv1.List[apiv1.DocumentTurn]](f, "GET", "/me/documents", nil); l.Items == nil {
			t.Errorf("turns = %+v", l)
		}
	})
}

func otherPerson(f *fixture) string {
	_, bob := f.person("bob", people.RoleQuality)
	return bob.ID
}
