package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/store"
	"triward/internal/testdb"
	"triward/internal/training"
)

func TestGettingReadyToSign(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		s := newServer(t, db)
		h := s.Handler()
		ada := addPerson(t, s, "ada", people.RoleQuality, "")
		rootID := addPerson(t, s, "root", people.RoleAdministrator, "")
		root, c := session(t, s, "root"), session(t, s, "ada")
		body := func(target string, of *http.Cookie) string { return ask(h, "GET", target, of, "").Body.String() }

		t.Run("P11-17 nobody signs before they are verified", func(t *testing.T) {
			if page := body("/account/signing/accountability", c); !strings.Contains(page, "You cannot sign yet") || !strings.Contains(page, "disabled>Sign") {
				t.Errorf("the form does not say that ada cannot sign:\n%s", page)
			}
			if w := ask(h, "POST", "/people/"+ada+"/identity", root, "how=in_person&evidence=Passport"); w.Code != http.StatusForbidden {
				t.Errorf("an administrator whom nobody verified verifies others: %d", w.Code)
			}
			if err := s.Signer.VerifyIdentity(testdb.System(), signature.Verify{Account: rootID, How: signature.InPerson, Evidence: "passport"}); err != nil {
				t.Fatal(err)
			}
			if w := ask(h, "POST", "/people/"+ada+"/identity", root, "how=guess&evidence="); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `href="#identity-evidence"`) {
				t.Errorf("an empty verification answers %d", w.Code)
			}
			if w := ask(h, "POST", "/people/"+ada+"/identity", root, "how=in_person&evidence=Passport"); w.Code != http.StatusSeeOther {
				t.Fatalf("the verification answers %d: %s", w.Code, w.Body)
			}
			if page := body("/people/"+ada, root); !strings.Contains(page, "in person: Passport") {
				t.Error("the page of the person does not say how they were verified")
			}
		})
		var secret string
		t.Run("P11-19 two components", func(t *testing.T) {
			if page := body("/account/signing/accountability", c); !strings.Contains(page, "set up an authenticator or a passkey first") {
				t.Errorf("the form does not ask for an authenticator:\n%s", page)
			}
			e, err := s.People.EnrolTOTP(asPerson(t, s, c))
			if err != nil {
				t.Fatal(err)
			}
			secret = e.Secret
			if _, err := s.People.ConfirmTOTP(asPerson(t, s, c), codeAt(t, secret, clock.Now())); err != nil {
				t.Fatal(err)
			}
			clock.Advance(time.Minute)
		})
		t.Run("P11-10 accountability is signed first", func(t *testing.T) {
			sent := url.Values{"password": {password}, "code": {"000000"}, "zone": {"Europe/Berlin"}}
			w := ask(h, "POST", "/account/signing/accountability", c, sent.Encode())
			if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `href="#sign-code"`) || strings.Contains(w.Body.String(), password) {
				t.Errorf("a wrong code answers %d without its fault beside the field, or sends the password back", w.Code)
			}
			sent.Set("code", codeAt(t, secret, clock.Now()))
			if w := ask(h, "POST", "/account/signing/accountability", c, sent.Encode()); w.Code != http.StatusSeeOther {
				t.Fatalf("signing answers %d: %s", w.Code, w.Body)
			}
			if page := body("/account/signing", c); !strings.Contains(page, "you can sign") || !strings.Contains(page, "Accountability for electronic signatures") {
				t.Errorf("the page does not say that ada can sign:\n%s", page)
			}
		})
		t.Run("P11-13 the signature shows name, time and meaning", func(t *testing.T) {
			_, rest, _ := strings.Cut(body("/account/signing", c), `href="/signatures/`)
			id, _, _ := strings.Cut(rest, `"`)
			page := body("/signatures/"+id, c)
			for _, want := range []string{"Person ada", "Acknowledgement", "for the signer Europe/Berlin, UTC&#43;01:00", "holds"} {
				if !strings.Contains(page, want) {
					t.Errorf("the page of the signature lacks %q", want)
				}
			}
			addPerson(t, s, "eve", people.RoleExternal, "mod_1")
			eve := session(t, s, "eve")
			if w := ask(h, "GET", "/signatures/"+id, eve, ""); w.Code != http.StatusNotFound {
				t.Errorf("somebody who may not see it gets %d", w.Code)
			}
			file := ask(h, "GET", "/signatures/"+id+"/signature.json", c, "")
			e, err := signature.ReadExport(file.Body.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			if got, err := e.Check(s.Signer.Keys()); err != nil || got.ID != id {
				t.Errorf("the downloaded file: %v", err)
			}
		})
	})
}

// asPerson is a context in which the holder of a session acts.
func asPerson(t *testing.T, s *Server, c *http.Cookie) context.Context {
	t.Helper()
	a, _, err := s.People.Authenticate(t.Context(), c.Value)
	if err != nil {
		t.Fatal(err)
	}
	return store.WithActor(t.Context(), a)
}

func codeAt(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	c, err := totp.GenerateCode(secret, at)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestFormBlamesTheFieldsOfTheSignature(t *testing.T) {
	var l problem.List
	l.Add("code", "is wrong")
	l.Add("reason", "is required")
	f := Form{Sign: &SignForm{Fields: []Field{{Name: "code", ID: "sign-code", Label: "Code"}}}}.with(Field{Name: "reason", Label: "Reason"})
	if !f.blame(l.Err("not signed")) || f.Sign.Fields[0].Fault != "is wrong" || f.Fields[0].Fault != "is required" {
		t.Errorf("faults are at %+v", f)
	}
}

func TestP11_25P11_18WhatPeopleSignWith(t *testing.T) {
	s := newServer(t, testdb.SQLite(t))
	h := s.Handler()
	addPerson(t, s, "root", people.RoleAdministrator, "")
	c := session(t, s, "root")
	id := addPerson(t, s, "ada", people.RoleQuality, "")
	if err := s.Signer.VerifyIdentity(testdb.System(), signature.Verify{Account: id, How: signature.InPerson, Evidence: "passport"}); err != nil {
		t.Fatal(err)
	}
	page := ask(h, "GET", "/people/credentials", c, "").Body.String()
	if !strings.Contains(page, "Person ada") || !strings.Contains(page, "not on file") {
		t.Errorf("the page:\n%s", page)
	}
	if w := ask(h, "GET", "/people/credentials/certification.txt?organisation=Northmere+Medical", c, ""); !strings.Contains(w.Body.String(), "Northmere Medical certifies") {
		t.Errorf("the letter: %s", w.Body)
	}
	if w := ask(h, "POST", "/people/credentials/certification", c, "sent=x"); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `href="#certification-sent"`) {
		t.Errorf("without a day it answers %d", w.Code)
	}
	for _, target := range []string{"/people/credentials/certification", "/people/credentials"} {
		if w := ask(h, "POST", target, c, "sent=2026-11-20&note=seen"); w.Code != http.StatusSeeOther {
			t.Errorf("%s answers %d: %s", target, w.Code, w.Body)
		}
	}
	if page := ask(h, "GET", "/people/credentials", c, "").Body.String(); !strings.Contains(page, "on file") || !strings.Contains(page, "Last reviewed by Person root") {
		t.Errorf("afterwards:\n%s", page)
	}
}

// 21 CFR 11.10(i): missing training warns who signs, or refuses it, as the policy says; that something was read can
// always be signed.
func TestSigningFormSaysWhatMissingTrainingDoes(t *testing.T) {
	eachWard(t, func(w *ward) {
		t := w.T
		w.clock.Advance(90 * 24 * time.Hour) // the training of SOP-14 is overdue
		token := w.sign.Factors(t, w.ann).SessionToken
		form := func(means signature.Meaning) *SignForm {
			t.Helper()
			r := httptest.NewRequest("GET", "/", nil)
			r.AddCookie(&http.Cookie{Name: sessionCookie, Value: token})
			v := &visit{s: w.s, r: r, actor: store.Actor{ID: w.ann, Name: "Ann Lead"}}
			var f *SignForm
			if err := w.s.DB.View(w.sign.As(w.ann), func(q store.Reader) (err error) {
				f, err = v.signForm(w.sign.As(w.ann), q, means)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return f
		}
		for _, c := range []struct {
			policy         training.Strictness
			means          signature.Meaning
			warns, refuses bool
		}{
			{training.Warn, signature.Approval, true, false}, {training.Block, signature.Approval, false, true}, {training.Off, signature.Approval, false, false},
			{training.Block, signature.Acknowledgement, false, false},
		} {
			if err := w.s.Desk.SetPolicy(testdb.System(), training.Policy{Signing: c.policy, Functions: training.Off}, "test"); err != nil {
				t.Fatal(err)
			}
			f := form(c.means)
			if strings.Contains(f.Warning, "SOP-14") != c.warns || strings.Contains(f.Blocked, "SOP-14") != c.refuses {
				t.Errorf("%s, %s: warning %q, blocked %q", c.policy, c.means, f.Warning, f.Blocked)
			}
		}
	})
}
