package api

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"triward/internal/problem"
	"triward/internal/store"
)

// sessionCookie is what the web pages call their cookie; over TLS with the prefix of RFC 6265bis 4.1.3.2.
const sessionCookie = "triward_session"

// unauthenticated is an answer of status 401.
type unauthenticated struct{ detail string }

func (e unauthenticated) Error() string { return e.detail }

// actor says who makes a request.
func (s *Server) actor(hc huma.Context) (store.Actor, error) {
	ctx := hc.Context()
	if a, ok := store.ActorOf(ctx); ok {
		return a, nil
	}
	r, _ := humago.Unwrap(hc)
	if h := r.Header.Get("Authorization"); h != "" {
		scheme, token, _ := strings.Cut(h, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return store.Actor{}, unauthenticated{"send an API token: Authorization: Bearer trw_…"}
		}
		a, err := s.People.AuthenticateToken(ctx, strings.TrimSpace(token))
		return a, refused(err, "the API token does not work")
	}
	token := cookie(r)
	if token == "" {
		return store.Actor{}, unauthenticated{"send an API token: Authorization: Bearer trw_…"}
	}
	// A browser sends the cookie along with requests that other sites make. Those must not act.
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return store.Actor{}, problem.New(problem.Forbidden, "a session may only read here; use an API token to change something")
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return store.Actor{}, problem.New(problem.Forbidden, "a session may be used from pages of this address only")
	}
	a, _, err := s.People.Authenticate(ctx, token)
	return a, refused(err, "sign in again")
}

func cookie(r *http.Request) string {
	for _, name := range []string{"__Host-" + sessionCookie, sessionCookie} {
		if c, err := r.Cookie(name); err == nil && c.Value != "" {
			return c.Value
		}
	}
	return ""
}

// refused turns a refusal into an answer of status 401; failures stay what they are.
func refused(err error, detail string) error {
	switch problem.KindOf(err) {
	case problem.Forbidden, problem.NotFound, problem.Invalid:
		return unauthenticated{detail}
	}
	return err
}

func forbidden(kinds string) error {
	return problem.New(problem.Forbidden, "your role does not allow this: it needs %s", `"`+strings.ReplaceAll(kinds, "|", `" or "`)+`"`)
}
