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

	"github.com/google/go-cmp/cmp"
	"github.com/pquerna/otp/totp"

	"triward/internal/device"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
	"triward/internal/testdb"
)

func cookieOf(w *httptest.ResponseRecorder, name string) *http.Cookie {
	for _, c := range w.Result().Cookies() {
		if c.Name == name && c.MaxAge >= 0 {
			return c
		}
	}
	return nil
}

func TestSetUpAndSignIn(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		s := newServer(t, db)
		h := s.Handler()
		link, err := s.People.StartSetup(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if w := ask(h, "GET", "/setup?link=wrong", nil, ""); w.Code != http.StatusForbidden {
			t.Errorf("a wrong link answers %d", w.Code)
		}
		form := url.Values{"link": {link}, "name": {"Ada"}, "login": {"ada"}, "password": {"short"}, "again": {"short"}}
		w := ask(h, "POST", "/setup", nil, form.Encode())
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `href="#setup-password"`) || strings.Contains(w.Body.String(), `value="short"`) {
			t.Errorf("a short password answers %d without its fault beside the field, or sends the password back:\n%s", w.Code, w.Body)
		}
		form["password"], form["again"] = []string{password}, []string{password}
		if w := ask(h, "POST", "/setup", nil, form.Encode()); w.Code != http.StatusSeeOther {
			t.Fatalf("set-up answers %d: %s", w.Code, w.Body)
		}
		if w := ask(h, "POST", "/sign-in", nil, "login=ada&password=wrong"); w.Code != http.StatusForbidden || cookieOf(w, sessionCookie) != nil {
			t.Errorf("a wrong password answers %d", w.Code)
		}
		w = ask(h, "POST", "/sign-in", nil, url.Values{"login": {"ada"}, "password": {password}, "next": {"//evil.example/x"}}.Encode())
		c := cookieOf(w, sessionCookie)
		if c == nil || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || w.Header().Get("Location") != "/" {
			t.Fatalf("sign-in gives cookie %v and leads to %q", c, w.Header().Get("Location"))
		}
		if w := ask(h, "GET", "/overview", c, ""); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "No device is known yet") {
			t.Errorf("the overview answers %d", w.Code)
		}
		if w := ask(h, "POST", "/sign-out", c, ""); w.Code != http.StatusSeeOther {
			t.Errorf("sign-out answers %d", w.Code)
		}
		if w := ask(h, "GET", "/overview", c, ""); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/sign-in?next=%2Foverview" {
			t.Errorf("after sign-out the overview answers %d %q", w.Code, w.Header().Get("Location"))
		}
	})
}

func TestSignInAsksForTheCode(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		s := newServer(t, db)
		h := s.Handler()
		addPerson(t, s, "ada", people.RoleHTM, "")
		c := session(t, s, "ada")
		if w := ask(h, "POST", "/account/authenticator", c, ""); w.Code != http.StatusSeeOther {
			t.Fatalf("enrolment answers %d", w.Code)
		}
		if w := ask(h, "GET", "/account/authenticator.png", c, ""); w.Code != http.StatusOK || w.Header().Get("Content-Type") != "image/png" {
			t.Errorf("the QR code answers %d", w.Code)
		}
		page := ask(h, "GET", "/account/authenticator", c, "").Body.String()
		_, rest, _ := strings.Cut(page, `Secret</span> <code>`)
		secret, _, _ := strings.Cut(rest, "<")
		secret = strings.ReplaceAll(secret, " ", "")
		code := func() string {
			v, err := totp.GenerateCode(secret, clock.Now())
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		if w := ask(h, "POST", "/account/authenticator/confirm", c, "code=000000"); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("a wrong code answers %d", w.Code)
		}
		if w := ask(h, "POST", "/account/authenticator/confirm", c, "code="+code()); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Your recovery codes") {
			t.Fatalf("the right code answers %d", w.Code)
		}
		clock.Advance(time.Minute)
		w := ask(h, "POST", "/sign-in", nil, url.Values{"login": {"ada"}, "password": {password}}.Encode())
		pending := cookieOf(w, pendingCookie)
		if pending == nil || cookieOf(w, sessionCookie) != nil || w.Header().Get("Location") != "/sign-in/code" {
			t.Fatalf("the password alone gives %v and leads to %q", w.Result().Cookies(), w.Header().Get("Location"))
		}
		if w := ask(h, "POST", "/sign-in/code", pending, "code=000000"); w.Code != http.StatusForbidden {
			t.Errorf("a wrong code answers %d", w.Code)
		}
		if w := ask(h, "POST", "/sign-in/code", pending, "code="+code()); cookieOf(w, sessionCookie) == nil {
			t.Errorf("the right code answers %d without a session", w.Code)
		}
	})
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	s := newServer(t, testdb.SQLite(t))
	h := s.Handler()
	addPerson(t, s, "ada", people.RoleHTM, "")
	c := session(t, s, "ada")
	r := httptest.NewRequest("POST", "/sites", strings.NewReader("name=Evil"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	r.AddCookie(c)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "another site") {
		t.Errorf("a foreign form answers %d: %s", w.Code, w.Body)
	}
}

func TestEveryAnswerIsProtected(t *testing.T) {
	s := newServer(t, testdb.SQLite(t))
	s.Secure = true
	h := s.Handler()
	for _, target := range []string{"/sign-in", "/nowhere", "/healthz", "/.well-known/security.txt"} {
		w := ask(h, "GET", target, nil, "")
		got := map[string]string{}
		for _, name := range []string{"Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy", "Strict-Transport-Security"} {
			got[name] = w.Header().Get(name)
		}
		want := map[string]string{"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin", "Strict-Transport-Security": "max-age=31536000"}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", target, d)
		}
	}
	addPerson(t, s, "ada", people.RoleHTM, "")
	w := ask(h, "POST", "/sign-in", nil, url.Values{"login": {"ada"}, "password": {password}}.Encode())
	if c := cookieOf(w, "__Host-"+sessionCookie); c == nil || !c.Secure {
		t.Errorf("over TLS the cookies are %v", w.Result().Cookies())
	}
}

func TestDeviceFormKeepsWhatWasTyped(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		s := newServer(t, db)
		h := s.Handler()
		addPerson(t, s, "ada", people.RoleHTM, "")
		c := session(t, s, "ada")
		form := url.Values{"asset_tag": {"=TAG-1"}, "serial": {"S<1>"}, "ip": {"10.0.0.999"}, "in_use": {"yes"}, "safety_class": {"unknown"}, "patient_data": {"unknown"}}
		w := ask(h, "POST", "/devices/new", c, form.Encode())
		if b := w.Body.String(); w.Code != http.StatusUnprocessableEntity || !strings.Contains(b, "10.0.0.999") || !strings.Contains(b, "S&lt;1&gt;") || !strings.Contains(b, `id="device-ip-fault"`) {
			t.Fatalf("a wrong address answers %d:\n%s", w.Code, b)
		}
		form.Set("ip", "10.0.0.9")
		if w = ask(h, "POST", "/devices/new", c, form.Encode()); w.Code != http.StatusSeeOther {
			t.Fatalf("registering answers %d: %s", w.Code, w.Body)
		}
		at := w.Header().Get("Location")
		if w := ask(h, "GET", at, c, ""); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "10.0.0.9") {
			t.Errorf("the device answers %d", w.Code)
		}
		if w := ask(h, "GET", "/devices.csv", c, ""); !strings.Contains(w.Body.String(), "'=TAG-1") {
			t.Errorf("a formula is not neutralised: %s", w.Body)
		}
		if w := ask(h, "GET", "/search?q=10.0.0", c, ""); !strings.Contains(w.Body.String(), at) {
			t.Errorf("the search does not find the device by its address")
		}
		form.Set("changed", "2020-01-01T00:00:00Z")
		if w := ask(h, "POST", at+"/edit", c, form.Encode()); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "changed meanwhile") {
			t.Errorf("an old form answers %d", w.Code)
		}
	})
}

func TestPagesOfOneScopeShowNoOther(t *testing.T) {
	s := newServer(t, testdb.SQLite(t))
	h := s.Handler()
	ctx := testdb.System()
	var models []product.ModelID
	for _, name := range []string{"One", "Two"} {
		m, err := s.Catalog.AddManufacturer(ctx, product.Manufacturer{Name: "Maker " + name})
		if err != nil {
			t.Fatal(err)
		}
		id, err := s.Catalog.AddModel(ctx, product.Model{Manufacturer: m, Name: "Model " + name})
		if err != nil {
			t.Fatal(err)
		}
		models = append(models, id)
	}
	addPerson(t, s, "guest", people.RoleExternal, string(models[0]))
	c := session(t, s, "guest")
	if w := ask(h, "GET", "/products", c, ""); !strings.Contains(w.Body.String(), "Model One") || strings.Contains(w.Body.String(), "Model Two") {
		t.Errorf("the list shows another product")
	}
	for target, want := range map[string]int{urlProduct(models[0]): 200, urlProduct(models[1]): 403, "/devices": 403, "/risk": 403, "/feeds": 403} {
		if w := ask(h, "GET", target, c, ""); w.Code != want {
			t.Errorf("%s answers %d, want %d", target, w.Code, want)
		}
	}
}

func TestPagerWalksBack(t *testing.T) {
	u := &url.URL{Path: "/risk", RawQuery: "class=uncontrolled"}
	var passed []string
	for _, cursor := range []string{"a~1", "b 2", "c/3"} {
		passed = append(passed, u.String())
		p := pager(u, cursor, 1)
		next, err := url.Parse(p.Older)
		if err != nil {
			t.Fatal(err)
		}
		if next.Query().Get("after") != cursor || next.Query().Get("class") != "uncontrolled" {
			t.Errorf("next is %s", p.Older)
		}
		u = next
	}
	for i := len(passed) - 1; i >= 0; i-- {
		p := pager(u, "", 1)
		back, err := url.Parse(p.Newer)
		if err != nil {
			t.Fatal(err)
		}
		want, err := url.Parse(passed[i])
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want.Query(), back.Query()); d != "" {
			t.Errorf("back from page %d (-want +got):\n%s", i+2, d)
		}
		u = back
	}
}

func TestLocalPath(t *testing.T) {
	for in, want := range map[string]string{"/risk?class=x": "/risk?class=x", "": "/", "//evil.example": "/", "https://evil.example/": "/", `/\evil.example`: "/", "risk": "/", "javascript:alert(1)": "/"} {
		if got := localPath(in); got != want {
			t.Errorf("localPath(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestUnknownIsNeverGreen(t *testing.T) {
	if b := string(badge("unknown")); !strings.Contains(b, `class="badge unknown"`) {
		t.Error(b)
	}
	if e := string(noEPSS()); strings.Contains(e, "0") {
		t.Errorf("no EPSS row reads %q", e)
	}
}

func TestImportFromPreviewToEnd(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		s := newServer(t, db)
		h := s.Handler()
		addPerson(t, s, "ada", people.RoleHTM, "")
		c := session(t, s, "ada")
		body, kind := multipartFile(t, "fleet.csv", "asset_tag,vendor,model,site,in_use,odd\nT-1,Nordlicht,Pulsar,North,yes,x\nT-2,Nordlicht,Pulsar,North,perhaps,y\n")
		r := httptest.NewRequest("POST", "/imports/new", body)
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.AddCookie(c)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		page := w.Body.String()
		_, rest, ok := strings.Cut(page, `name="upload" value="`)
		if w.Code != http.StatusOK || !ok || !strings.Contains(page, "row 3, column in_use") {
			t.Fatalf("the preview answers %d:\n%s", w.Code, page)
		}
		id, _, _ := strings.Cut(rest, `"`)
		if w := ask(h, "POST", "/imports", c, "upload="+id); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("a file with faults answers %d", w.Code)
		}
		w = ask(h, "POST", "/imports", c, "skip=yes&upload="+id)
		if w.Code != http.StatusSeeOther {
			t.Fatalf("the import answers %d: %s", w.Code, w.Body)
		}
		s.Wait()
		if w := ask(h, "GET", w.Header().Get("Location"), c, ""); !strings.Contains(w.Body.String(), "1 of 1 row applied") {
			t.Errorf("the import's page does not say that it is done:\n%s", w.Body)
		}
		err := db.View(testdb.System(), func(r store.Reader) error {
			p, err := device.List(testdb.System(), r, device.Query{})
			if err == nil && (len(p.Items) != 1 || p.Items[0].AssetTag != "T-1") {
				t.Errorf("devices are %v", p.Items)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		addPerson(t, s, "eve", people.RoleHTM, "")
		if w := ask(h, "POST", "/imports", session(t, s, "eve"), "upload="+id); w.Code != http.StatusNotFound {
			t.Errorf("another person's file answers %d", w.Code)
		}
	})
}

func TestErrorsSayWhatToDo(t *testing.T) {
	s := newServer(t, testdb.SQLite(t))
	for _, x := range []struct {
		err  error
		code int
		text string
	}{{problem.New(problem.NotFound, "there is no pump"), 404, "there is no pump"}, {context.DeadlineExceeded, 500, "Triward failed"}} {
		h := s.door(route{Permission: public, handle: func(*Server, *visit) error { return x.err }})
		w := ask(h, "GET", "/x", nil, "")
		if w.Code != x.code || !strings.Contains(w.Body.String(), x.text) || !strings.Contains(w.Body.String(), "Reference to quote") || strings.Contains(w.Body.String(), "deadline") {
			t.Errorf("%v answers %d: %s", x.err, w.Code, w.Body)
		}
	}
	h := s.door(route{Permission: public, handle: func(*Server, *visit) error { panic("secret") }})
	if w := ask(h, "GET", "/x", nil, ""); w.Code != 500 || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("a panic answers %d: %s", w.Code, w.Body)
	}
}

// multipartFile is a form with one file.
func multipartFile(t *testing.T, name, content string) (*bytes.Buffer, string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	f, err := w.CreateFormFile("file", name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &b, w.FormDataContentType()
}
