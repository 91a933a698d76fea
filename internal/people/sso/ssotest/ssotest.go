// Package ssotest starts a real OpenID provider (the library zitadel/oidc, certified by the OpenID Foundation) on this
// machine, and signs people in there as a browser does.
package ssotest

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"

	"triward/internal/people/sso"
)

// Redirect is where the provider sends browsers back to.
const Redirect = "https://triward.example/sign-in/provider/back"

// Password opens every account of the provider.
const Password = "kettle blue mountain"

// Provider is a running provider.
type Provider struct{ Issuer string }

// User is somebody whom the provider knows.
type User struct {
	ID, Login, Email string
	Unverified       bool // the provider did not verify the address
}

type users map[string]*storage.User

func (u users) GetUserByID(id string) *storage.User { return u[id] }

func (u users) GetUserByUsername(name string) *storage.User {
	for _, x := range u {
		if x.Username == name {
			return x
		}
	}
	return nil
}

func (u users) ExampleClientID() string { return storage.ServiceUserID }

// Start runs a provider until the test ends.
func Start(t testing.TB, redirect string, people ...User) Provider {
	t.Helper()
	known := users{}
	for _, p := range people {
		known[p.ID] = &storage.User{ID: p.ID, Username: p.Login, Password: Password, FirstName: p.Login, LastName: "Provided", Email: p.Email, EmailVerified: !p.Unverified}
	}
	var handler http.Handler
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(srv.Close)
	clients := map[string]*storage.Client{"triward": storage.WebClient("triward", "client secret", redirect)}
	before := slog.Default() // the example takes the logger of the whole process
	handler = exampleop.SetupServer(srv.URL, storage.NewStorageWithClients(known, clients), slog.New(slog.DiscardHandler), false)
	slog.SetDefault(before)
	return Provider{Issuer: srv.URL}
}

// Config is what Triward has to know of the provider.
func (p Provider) Config() sso.Config {
	return sso.Config{Issuer: p.Issuer, ClientID: "triward", Secret: "client secret", Redirect: Redirect, Name: "Provider", Match: sso.ByEmail}
}

// Visit signs somebody in at the provider, from the address that Triward sent the browser to, and is what the browser
// brings back.
func (p Provider) Visit(t testing.TB, address, login string) url.Values {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	var back url.Values
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if !strings.HasPrefix(r.URL.String(), p.Issuer) {
			back = r.URL.Query()
			return http.ErrUseLastResponse
		}
		return nil
	}}
	page, err := browser.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer page.Body.Close()
	id := page.Request.URL.Query().Get("authRequestID")
	if id == "" {
		body, _ := io.ReadAll(io.LimitReader(page.Body, 2000))
		t.Fatalf("the provider shows no sign-in page: %s %s", page.Request.URL, body)
	}
	done, err := browser.PostForm(p.Issuer+"/login/username", url.Values{"id": {id}, "username": {login}, "password": {Password}})
	if err != nil {
		t.Fatal(err)
	}
	done.Body.Close()
	if back == nil {
		t.Fatalf("the provider does not send the browser back: %s", done.Status)
	}
	return back
}
