package web

import (
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"triward/internal/assurance"
	"triward/internal/assurance/bundle"
	"triward/internal/blob"
	"triward/internal/document"
	"triward/internal/document/documenttest"
	"triward/internal/ledger"
	"triward/internal/people"
	"triward/internal/store"
	"triward/internal/testdb"
)

const servedProcedure = `---
id: SOP-01
title: Documents
level: procedure
for: [manufacturer]
owner_role: quality
review_months: 12
approvals: {review: [quality], approve: [regulatory]}
effective: {gate: none}
retention: P10Y
satisfies: [{set: iso-13485-2016, ref: "4.2.4"}]
steps:
  - {id: read, do: "Read the document", role: quality, record: note, evidence: none}
---

# Documents

Keep them.
`

func assurancePages() []page {
	return []page{coveragePage{}, coverageSetPage{}, clausePage{}, editionsPage{}, evidencePage{}, evidenceQueryPage{}, managementPage{}, trailsPage{}, trailPage{}, validationsPage{}, validationPage{}, inquiriesPage{}, inquiryPage{}}
}

// inquiryServer is a server that can build bundles.
func inquiryServer(t *testing.T, db *store.DB) *Server {
	t.Helper()
	s := newServer(t, db)
	key, err := ledger.OpenKey(filepath.Join(t.TempDir(), "ledger.key"), "maker.example/triward")
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := blob.Open(t.Context(), "dir:"+t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s.Library = document.Library{DB: db, Blobs: blobs}
	s.Inquiries = assurance.Inquiries{DB: db, Library: s.Library, Builder: assurance.Builder{Ledger: ledger.Ledger{DB: db, Key: key}, Blobs: blobs}}
	return s
}

func TestInquiryPages(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		s := inquiryServer(t, db)
		h := s.Handler()
		documenttest.Effective(t, db, servedProcedure)
		clock.Advance(time.Minute)
		addPerson(t, s, "quinn", people.RoleRegulatory, "")
		quinn := session(t, s, "quinn")
		post := func(c *http.Cookie, target string, f url.Values) (int, string) {
			w := ask(h, "POST", target, c, f.Encode())
			return w.Code, w.Header().Get("Location")
		}
		get := func(c *http.Cookie, target string) (int, string) {
			w := ask(h, "GET", target, c, "")
			return w.Code, w.Body.String()
		}
		code, here := post(quinn, "/inquiries/new", url.Values{"title": {"Letter"}, "authority": {"Authority"}, "requests": {"1. The procedure\n2. Proof"}})
		if code != http.StatusSeeOther || !strings.HasPrefix(here, "/inquiries/inq_") {
			t.Fatalf("opening answers %d, %s", code, here)
		}
		for _, f := range []url.Values{{"line": {"1"}, "kind": {"document"}, "target": {"SOP-01"}}, {"line": {"2"}, "kind": {"evidence"}, "target": {"ev-documents-reviewed"}}} {
			if code, _ := post(quinn, here+"/do/bind", f); code != http.StatusSeeOther {
				t.Errorf("binding %v answers %d", f, code)
			}
		}
		if code, _ := post(quinn, here+"/do/bind", url.Values{"line": {"1"}, "kind": {"document"}, "target": {"SOP-99"}}); code == http.StatusSeeOther {
			t.Error("a document that is not there is bound")
		}
		if code, _ := post(quinn, here+"/do/build", nil); code != http.StatusSeeOther {
			t.Fatalf("building answers %d", code)
		}
		_, page := get(quinn, here)
		link := regexp.MustCompile(`/inquiries/inq_\w+/bundles/bdl_\w+`).FindString(page)
		if link == "" || !strings.Contains(page, "Who looked") {
			t.Fatal("the page shows no bundle")
		}
		w := ask(h, "GET", link, quinn, "")
		if r := bundle.Verify(t.Context(), w.Body.Bytes(), s.Inquiries.Builder.Ledger.Key.Verifier()); w.Code != http.StatusOK || !r.OK() {
			t.Errorf("the download answers %d, faults %v", w.Code, r.Faults)
		}
		t.Run("a person from outside", func(t *testing.T) {
			eve, err := s.People.CreateAccount(testdb.System(), people.NewAccount{Login: "eve", Name: "Eve Auditor", Password: password})
			if err != nil {
				t.Fatal(err)
			}
			id := strings.TrimPrefix(here, "/inquiries/")
			if err := s.Inquiries.Admit(testdb.System(), assurance.Visitor{Inquiry: id, Account: eve, Organisation: "Auditors", Until: clock.Now().Add(time.Hour)}); err != nil {
				t.Fatal(err)
			}
			guest := session(t, s, "eve")
			code, page := get(guest, here)
			if code != http.StatusOK || !strings.Contains(page, "You are a visitor here") || strings.Contains(page, "Who looked") || strings.Contains(page, "Bind an answer") {
				t.Errorf("their page answers %d", code)
			}
			file := link + "/file?path="
			if code, body := get(guest, file+"documents/SOP-01/1.0/document.md"); code != http.StatusOK || !strings.Contains(body, "Keep them.") {
				t.Errorf("a file of the bundle answers %d", code)
			}
			for _, target := range []string{"/documents", "/documents/SOP-01", "/coverage", "/evidence", "/journal", "/devices", "/trail-reviews", "/management-review", "/inquiries/inq_other"} {
				if code, _ := get(guest, target); code != http.StatusForbidden && code != http.StatusNotFound {
					t.Errorf("%s answers %d to a visitor", target, code)
				}
			}
			for _, act := range []string{"bind", "build", "answer", "close", "reveal", "admit"} {
				if code, _ := post(guest, here+"/do/"+act, url.Values{"reason": {"x"}, "line": {"1"}}); code != http.StatusForbidden {
					t.Errorf("%s answers %d to a visitor", act, code)
				}
			}
			if code, page := get(quinn, here); code != http.StatusOK || !strings.Contains(page, "file documents/SOP-01/1.0/document.md") || !strings.Contains(page, "the request list") {
				t.Error("their looks are not in the log")
			}
			if code, _ := post(quinn, here+"/do/dismiss", url.Values{"account": {eve}, "reason": {"done"}}); code != http.StatusSeeOther {
				t.Errorf("dismissing answers %d", code)
			}
			if code, _ := get(guest, here); code != http.StatusForbidden {
				t.Errorf("a dismissed visitor gets %d", code)
			}
		})
	})
}

func TestCoveragePages(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		s := inquiryServer(t, db)
		h := s.Handler()
		documenttest.Effective(t, db, servedProcedure)
		clock.Advance(time.Hour)
		addPerson(t, s, "quinn", people.RoleQuality, "")
		quinn := session(t, s, "quinn")
		if _, err := (assurance.Evidence{DB: db}).Tick(testdb.System()); err != nil {
			t.Fatal(err)
		}
		for target, says := range map[string][]string{
			"/coverage":                                             {"ISO 13485", "not legal advice"},
			"/coverage?sets=off":                                    {"COM(2025)1023"},
			"/coverage/iso-13485-2016":                              {"4.2.4", "SOP-01"},
			"/coverage/iso-13485-2016?cover=nothing":                {"8.4"},
			"/coverage/iso-13485-2016/export":                       {"4.2.4,", "SOP-01 (proposed)"},
			"/coverage/iso-13485-2016/clauses/4.2.4":                {"proposed mapping, not legal advice", "No document in force is overdue"},
			"/coverage/fda-premarket-2026/since/fda-premarket-2025": {"Documents that name what changed"},
			"/evidence":                                       {"No document in force is overdue for its review", "unknown"},
			"/evidence/ev-documents-reviewed":                 {"1 of 1 row holds", "the same rows as the result sealed"},
			"/evidence/ev-documents-reviewed?at=2020-01-01":   {"There was nothing to look at"},
			"/evidence/ev-uncontrolled-decided?at=2026-11-22": {"as of the past"},
			"/management-review":                              {"Whether our processes work"},
		} {
			w := ask(h, "GET", target, quinn, "")
			for _, text := range says {
				if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), text) {
					t.Errorf("%s answers %d and lacks %q", target, w.Code, text)
				}
			}
		}
		clause := "/coverage/iso-13485-2016/clauses/4.2.4"
		if w := ask(h, "POST", clause+"/confirm", quinn, url.Values{"code": {"SOP-01"}}.Encode()); w.Code == http.StatusSeeOther {
			t.Error("a mapping is confirmed without a word")
		}
		if w := ask(h, "POST", clause+"/confirm", quinn, url.Values{"code": {"SOP-01"}, "note": {"our copy"}}.Encode()); w.Code != http.StatusSeeOther {
			t.Errorf("confirming answers %d", w.Code)
		}
		if w := ask(h, "GET", clause, quinn, ""); !strings.Contains(w.Body.String(), "our copy") {
			t.Error("the confirmation is not shown")
		}
	})
}
