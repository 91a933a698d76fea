package web

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"triward/internal/people"
	"triward/internal/signature"
	"triward/internal/store"
	"triward/internal/testdb"
)

func TestSV_01ValidationInThePages(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		s := newServer(t, db)
		h := s.Handler()
		page := func(target string, of *http.Cookie) string { return ask(h, "GET", target, of, "").Body.String() }
		cookies, secrets := map[string]*http.Cookie{}, map[string]string{}
		for login, role := range map[string]string{"ira": people.RoleITSecurity, "quinn": people.RoleQuality} {
			id := addPerson(t, s, login, role, "")
			if err := s.Signer.VerifyIdentity(testdb.System(), signature.Verify{Account: id, How: signature.InPerson, Evidence: "passport"}); err != nil {
				t.Fatal(err)
			}
			c := session(t, s, login)
			e, err := s.People.EnrolTOTP(asPerson(t, s, c))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.People.ConfirmTOTP(asPerson(t, s, c), codeAt(t, e.Secret, clock.Now())); err != nil {
				t.Fatal(err)
			}
			cookies[login], secrets[login] = c, e.Secret
		}
		send := func(login, target string, form url.Values) (int, string) {
			clock.Advance(time.Minute)
			form.Set("password", password)
			form.Set("code", codeAt(t, secrets[login], clock.Now()))
			form.Set("zone", "Europe/Berlin")
			w := ask(h, "POST", target, cookies[login], form.Encode())
			return w.Code, w.Body.String()
		}
		for login := range cookies {
			if code, body := send(login, "/account/signing/accountability", url.Values{}); code != http.StatusSeeOther {
				t.Fatalf("%d: %s", code, body)
			}
		}
		if body := page("/validation", cookies["ira"]); !strings.Contains(body, "Nobody has released") {
			t.Errorf("before the first report:\n%s", body)
		}
		if w := ask(h, "POST", "/validation", cookies["ira"], "reason="); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("without a reason: %d", w.Code)
		}
		w := ask(h, "POST", "/validation", cookies["ira"], "reason=first+use")
		if w.Code != http.StatusSeeOther {
			t.Fatalf("the checks answer %d: %s", w.Code, w.Body)
		}
		at := w.Header().Get("Location")
		if code, _ := send("ira", at, url.Values{"verdict": {"approved"}}); code == http.StatusSeeOther {
			t.Error("released without the right, and before anybody verified")
		}
		for login, verdict := range map[string]string{"ira": "verified"} {
			if code, body := send(login, at, url.Values{"verdict": {verdict}}); code != http.StatusSeeOther {
				t.Fatalf("%s: %d %s", verdict, code, body)
			}
		}
		if code, body := send("quinn", at, url.Values{"verdict": {"approved"}}); code != http.StatusSeeOther {
			t.Fatalf("approved: %d %s", code, body)
		}
		body := page(at, cookies["ira"])
		sum := sha256.Sum256([]byte(page(at+"/report.json", cookies["ira"])))
		if !strings.Contains(body, "Person quinn") || !strings.Contains(body, "Release") || !strings.Contains(body, hex.EncodeToString(sum[:])) {
			t.Errorf("the report does not show who released it, or another digest than that of its file:\n%s", body)
		}
		if body := page("/validation", cookies["ira"]); !strings.Contains(body, "It is as it was released") {
			t.Errorf("after the release:\n%s", body)
		}
		s.Version = "next"
		if body := page("/validation", cookies["ira"]); !strings.Contains(body, "1 part is other than") {
			t.Errorf("after an update:\n%s", body)
		}
	})
}
