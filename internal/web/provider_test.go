package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"triward/internal/people"
	"triward/internal/people/sso"
	"triward/internal/people/sso/ssotest"
	"triward/internal/signature"
	"triward/internal/store"
	"triward/internal/testdb"
)

// asks sends a request with cookies, as a browser does.
func asks(h http.Handler, method, target, form string, cookies ...*http.Cookie) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(form))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for _, c := range cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestSigningWithAProvider(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		clock.Advance(time.Since(clock.Now())) // the provider has a clock of its own
		s := newServer(t, db)
		p := ssotest.Start(t, ssotest.Redirect, ssotest.User{ID: "1", Login: "ada", Email: "ada@hospital.example"})
		var err error
		if s.Provider, err = sso.Open(s.People, p.Config(), http.DefaultTransport); err != nil {
			t.Fatal(err)
		}
		h := s.Handler()
		// Somebody without a password of their own here.
		ada, err := s.People.CreateAccount(testdb.System(), people.NewAccount{Login: "ada", Name: "Ada King", Email: "ada@hospital.example"})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Signer.VerifyIdentity(testdb.System(), signature.Verify{Account: ada, How: signature.Remote, Evidence: "passport"}); err != nil {
			t.Fatal(err)
		}
		// visit goes to the provider and comes back with what the provider set and this site set.
		visit := func(start string, with ...*http.Cookie) *httptest.ResponseRecorder {
			t.Helper()
			w := asks(h, "GET", start, "", with...)
			c := cookieOf(w, providerCookie)
			if w.Code != http.StatusSeeOther || c == nil || c.SameSite != http.SameSiteLaxMode || !c.HttpOnly {
				t.Fatalf("%s answers %d with cookie %v", start, w.Code, c)
			}
			answer := p.Visit(t, w.Header().Get("Location"), "ada")
			return asks(h, "GET", ProviderBack+"?"+answer.Encode(), "", c)
		}
		if page := asks(h, "GET", "/sign-in?next=/account", "").Body.String(); !strings.Contains(page, `href="/sign-in/provider?next=%2Faccount"`) || !strings.Contains(page, "Sign in with Provider") {
			t.Errorf("the sign-in page does not offer the provider:\n%s", page)
		}
		w := visit("/sign-in/provider?next=//evil.example/")
		session := cookieOf(w, sessionCookie)
		if session == nil || !strings.Contains(w.Body.String(), `content="0; url=/"`) {
			t.Fatalf("the provider's answer gives no session, or leads elsewhere: %d %s", w.Code, w.Body)
		}
		t.Run("an answer from nowhere", func(t *testing.T) {
			w := asks(h, "GET", ProviderBack+"?state=x&code=y", "")
			if w.Code != http.StatusForbidden || cookieOf(w, sessionCookie) != nil {
				t.Errorf("it answers %d", w.Code)
			}
		})
		e, err := s.People.EnrolTOTP(asPerson(t, s, session))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.People.ConfirmTOTP(asPerson(t, s, session), codeAt(t, e.Secret, clock.Now())); err != nil {
			t.Fatal(err)
		}
		clock.Advance(30 * time.Second)
		page := asks(h, "GET", "/account/signing/accountability", "", session).Body.String()
		again := "/sign-in/provider/again?next=%2Faccount%2Fsigning%2Faccountability"
		if !strings.Contains(page, `href="`+again+`"`) || !strings.Contains(page, "disabled>Sign") {
			t.Errorf("the form does not lead to the provider:\n%s", page)
		}
		t.Run("DT-01 without proving it again", func(t *testing.T) {
			sent := url.Values{"code": {codeAt(t, e.Secret, clock.Now())}, "step_up": {"stp_guess"}}
			if w := asks(h, "POST", "/account/signing/accountability", sent.Encode(), session); w.Code != http.StatusUnprocessableEntity {
				t.Errorf("it answers %d", w.Code)
			}
		})
		// The provider proves it now, so that its clock and ours are brought together again.
		clock.Advance(time.Since(clock.Now()))
		w = visit(again, session)
		if w.Code != http.StatusOK || cookieOf(w, sessionCookie) != nil || !strings.Contains(w.Body.String(), `url=/account/signing/accountability"`) {
			t.Fatalf("coming back answers %d: %s", w.Code, w.Body)
		}
		page = asks(h, "GET", "/account/signing/accountability", "", session).Body.String()
		_, rest, _ := strings.Cut(page, `name="step_up" value="`)
		step, _, _ := strings.Cut(rest, `"`)
		sent := url.Values{"code": {codeAt(t, e.Secret, clock.Now().Add(30*time.Second))}, "step_up": {step}, "zone": {"Europe/Berlin"}}
		if w := asks(h, "POST", "/account/signing/accountability", sent.Encode(), session); w.Code != http.StatusSeeOther {
			t.Fatalf("signing answers %d: %s", w.Code, w.Body)
		}
		if page := asks(h, "GET", "/account/signing", "", session).Body.String(); !strings.Contains(page, "you can sign") {
			t.Errorf("the page does not say that ada can sign:\n%s", page)
		}
	})
}
