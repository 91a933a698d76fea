package web

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"triward/internal/blob"
	"triward/internal/document"
	"triward/internal/document/documenttest"
	"triward/internal/people"
	"triward/internal/procedure"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
	"triward/internal/training"
)

const practised = `---
id: SOP-14
title: Incident response
level: procedure
for: [manufacturer]
owner_role: psirt_lead
review_months: 12
approvals: {review: [security_architect], approve: [quality]}
training: {audience: [psirt_lead], kind: quiz, pass: 80, attempts: 2}
retention: P10Y
steps:
  - {id: receive, do: "Write down what was reported.", role: psirt_lead, record: note, evidence: required}
  - {id: tell, do: "Telephone the ward.", role: psirt_lead, record: none, evidence: none}
quiz:
  - {id: q1, ask: "What comes first?", choices: ["Write it down", "Wait"], right: [1], steps: [receive]}
---

# Purpose

We answer every report.
`

// ward is a server with a procedure in force and a PSIRT lead who may sign.
type ward struct {
	*testing.T
	s     *Server
	h     http.Handler
	sign  *signaturetest.Signer
	ann   string
	c     *http.Cookie
	clock *testdb.Clock
}

func eachWard(t *testing.T, fn func(w *ward)) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		s := newServer(t, db)
		sign := signaturetest.New(t, db)
		s.Signer, s.People = sign.Signer, sign.People
		blobs, err := blob.Open(t.Context(), "dir:"+t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		s.Library = document.Library{DB: db, Signer: sign.Signer, Blobs: blobs}
		s.Desk, s.Runs = training.Desk{DB: db, Signer: sign.Signer}, procedure.Runs{DB: db, Signer: sign.Signer}
		w := &ward{T: t, s: s, h: s.Handler(), sign: sign, clock: clock}
		w.ann = sign.Person(t, "ann", "Ann Lead")
		if _, err := s.People.Grant(testdb.System(), people.Grant{Account: w.ann, Role: people.RolePSIRT, All: true}); err != nil {
			t.Fatal(err)
		}
		documenttest.Assign(t, db, "psirt_lead", w.ann)
		documenttest.Effective(t, db, practised)
		w.follow()
		w.c = &http.Cookie{Name: sessionCookie, Value: sign.Factors(t, w.ann).SessionToken}
		clock.Advance(time.Minute)
		fn(w)
	})
}

func (w *ward) follow() {
	w.Helper()
	for _, f := range []store.Follower{w.s.Desk.Follower(), w.s.Runs.Follower(w.s.Library)} {
		if err := w.s.DB.CatchUp(context.Background(), f); err != nil {
			w.Fatal(err)
		}
	}
}

// get is a page that must be there.
func (w *ward) get(target string, says ...string) string {
	w.Helper()
	a := ask(w.h, "GET", target, w.c, "")
	if a.Code != http.StatusOK {
		w.Fatalf("GET %s answers %d: %s", target, a.Code, a.Body)
	}
	for _, s := range says {
		if !strings.Contains(a.Body.String(), s) {
			w.Errorf("GET %s does not say %q:\n%s", target, s, a.Body)
		}
	}
	return a.Body.String()
}

// post sends a form and returns where it leads.
func (w *ward) post(target string, f url.Values) *httptest.ResponseRecorder {
	w.Helper()
	return ask(w.h, "POST", target, w.c, f.Encode())
}

func (w *ward) done(target string, f url.Values) string {
	w.Helper()
	a := w.post(target, f)
	if a.Code != http.StatusSeeOther {
		w.Fatalf("POST %s answers %d: %s", target, a.Code, a.Body)
	}
	return a.Header().Get("Location")
}

func (w *ward) factors() url.Values {
	w.clock.Advance(16 * time.Minute) // the continuous period of signings is over: both components are asked for
	f := w.sign.Factors(w.T, w.ann)
	return url.Values{"password": {f.Password}, "code": {f.Code}}
}

func TestARunOnItsPage(t *testing.T) {
	eachWard(t, func(w *ward) {
		w.get("/runs/new?code=SOP-14", `value="SOP-14" selected`)
		if a := w.post("/runs/new", url.Values{"code": {"SOP-14"}}); a.Code != http.StatusUnprocessableEntity || !strings.Contains(a.Body.String(), `href="#start-subject"`) {
			w.Errorf("a start without a subject answers %d", a.Code)
		}
		at := w.done("/runs/new", url.Values{"code": {"SOP-14"}, "subject": {"Alarm on ward 3"}, "reason": {"an alarm"}})
		w.get(at, "Alarm on ward 3", "<h2>Write down what was reported.</h2>", `class="badge accent">now`, "Waits for receive.")
		if a := w.post(at+"/steps/receive/done", url.Values{}); a.Code != http.StatusUnprocessableEntity || !strings.Contains(a.Body.String(), `href="#do-receive-note"`) {
			w.Errorf("a step without its note answers %d: %s", a.Code, a.Body)
		}
		if a := w.post(at+"/steps/tell/done", url.Values{}); a.Code != http.StatusConflict && a.Code != http.StatusUnprocessableEntity {
			w.Errorf("a step out of order answers %d", a.Code)
		}
		a := w.upload(at+"/steps/receive/done", url.Values{"note": {"at nine"}}, "alarm.txt", "beep")
		if a.Code != http.StatusSeeOther {
			w.Fatalf("a step with a file answers %d: %s", a.Code, a.Body)
		}
		page := w.get(at, "at nine", "alarm.txt", "1 of 2 steps settled")
		_, rest, _ := strings.Cut(page, `href="`+at+"/files/")
		item, _, _ := strings.Cut(rest, `"`)
		if f := ask(w.h, "GET", at+"/files/"+item, w.c, ""); f.Body.String() != "beep" || !strings.HasPrefix(f.Header().Get("Content-Disposition"), "attachment") {
			w.Errorf("the file answers %d %q", f.Code, f.Body)
		}
		w.get("/tasks", "Alarm on ward 3", "next: Telephone the ward.")
		w.get("/runs?state=open", "Alarm on ward 3", "1 of 2")
		w.get("/runs.csv", "SOP-14")
		w.get(at+"/steps/tell/wrong", "Mark it as wrong", "Runs that go on")
		w.done(at+"/steps/tell/wrong", url.Values{"wrong": {"The ward has no telephone."}, "instead": {"Send somebody to the ward."}})
		w.follow()
		w.get(at+"/steps/tell/wrong", "stands on the document", "Prepare a temporary instruction", "/changes/chg_")
		w.get("/documents/SOP-14", "The ward has no telephone.")
		w.get(at+"/proposal", "tell says what was done instead")
		w.done(at+"/finish", url.Values{"outcome": {"A false alarm."}})
		w.get(at, "A false alarm.", "finished")
		if a := w.post(at+"/notes", url.Values{"text": {"late"}}); a.Code != http.StatusConflict {
			w.Errorf("a note after the end answers %d", a.Code)
		}
	})
}

func (w *ward) upload(target string, f url.Values, name, content string) *httptest.ResponseRecorder {
	w.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for k, all := range f {
		for _, v := range all {
			if err := m.WriteField(k, v); err != nil {
				w.Fatal(err)
			}
		}
	}
	part, err := m.CreateFormFile("files", name)
	if err != nil {
		w.Fatal(err)
	}
	if _, err := part.Write([]byte(content)); err != nil {
		w.Fatal(err)
	}
	m.Close()
	r := httptest.NewRequest("POST", target, &b)
	r.Header.Set("Content-Type", m.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.AddCookie(w.c)
	a := httptest.NewRecorder()
	w.h.ServeHTTP(a, r)
	return a
}

func TestLearningOnItsPage(t *testing.T) {
	eachWard(t, func(w *ward) {
		page := w.get("/tasks", "SOP-14 Incident response", "to do")
		_, rest, _ := strings.Cut(page, `href="/training/trn_`)
		id, _, _ := strings.Cut(rest, `"`)
		at := "/training/trn_" + id
		w.get(at, "What comes first?", "80 % to pass", "2 tries left", "We answer every report.")
		if a := w.post(at+"/answers", url.Values{}); a.Code != http.StatusUnprocessableEntity || !strings.Contains(a.Body.String(), "choose an answer") {
			w.Errorf("no answer answers %d: %s", a.Code, a.Body)
		}
		w.done(at+"/answers", url.Values{"q1": {"2"}})
		w.get(at, "You answered 0 % right", "wrong last time", "1 try left")
		w.done(at+"/answers", url.Values{"q1": {"1"}})
		w.get(at, "Sign as acknowledgement", "passed")
		if a := w.post(at+"/sign", url.Values{"password": {"wrong"}, "code": {"000000"}}); a.Code == http.StatusSeeOther {
			w.Errorf("a wrong signature answers %d", a.Code)
		}
		w.done(at+"/sign", w.factors())
		w.get(at, "trained", "Ann Lead")
		w.get("/training", "Ann Lead", "trained", "1 of 1")
		w.get("/training?by=functions", "PSIRT lead")
		w.get("/training.csv", "SOP-14")
		w.get("/training/records?state=done", "Ann Lead")
		w.get("/training/records.csv", at[len("/training/"):])
		w.get("/training/records.json", "adlnet.gov/expapi/verbs/completed", "adlnet.gov/expapi/verbs/failed")
		w.get("/training/rules", "Rules")
		w.get("/documents/SOP-14/training", "What comes first?", "Wait")
		other := addPerson(w.T, w.s, "bob", people.RoleExternal, "mod_x")
		if a := ask(w.h, "GET", at, session(w.T, w.s, "bob"), ""); a.Code != http.StatusForbidden || other == "" {
			w.Errorf("somebody else's training answers %d", a.Code)
		}
	})
}

// What the program did by itself reads as such, and a change request that came of a run says which run it was.
func TestAChangeRequestOfARunNamesPeopleAndTitles(t *testing.T) {
	eachWard(t, func(w *ward) {
		at := w.done("/runs/new", url.Values{"code": {"SOP-14"}, "subject": {"Alarm on ward 3"}, "reason": {"an alarm"}})
		w.done(at+"/steps/receive/wrong", url.Values{"wrong": {"the form is lost"}, "instead": {"Write it on paper."}})
		w.follow()
		list := w.get("/changes", "Step receive of SOP-14 proved wrong", "Triward (after a wrong step)")
		_, rest, _ := strings.Cut(list, `href="/changes/chg_`)
		id, _, _ := strings.Cut(rest, `"`)
		page := w.get("/changes/chg_"+id, "the run of SOP-14, Alarm on ward 3", `href="`+at+`"`, "opened by Triward (after a wrong step)")
		if strings.Contains(page, ">defeat<") || strings.Contains(page, "from run_") {
			w.Errorf("names of parts of the program are shown:\n%s", page)
		}
	})
}
