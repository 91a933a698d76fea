package web

import (
	"net/http"
	"net/url"

	"triward/internal/people/sso"
	"triward/internal/problem"
)

// ProviderBack is the path that an identity provider sends browsers back to.
const ProviderBack = "/sign-in/provider/back"

func urlProvider(next string) string {
	return queryURL("/sign-in/provider", url.Values{"next": {next}}.Encode())
}

func urlProviderAgain(next string) string {
	return queryURL("/sign-in/provider/again", url.Values{"next": {next}}.Encode())
}

// provider sends the visitor to the identity provider to sign in.
func (s *Server) provider(v *visit) error {
	if s.Provider == nil {
		return s.missing(v)
	}
	w, err := s.Provider.Begin(v.r.Context(), localPath(v.query("next")))
	if err != nil {
		return err
	}
	return v.leaveFor(w)
}

// providerAgain sends the visitor there to prove again who they are, before they sign something.
func (s *Server) providerAgain(v *visit) error {
	if s.Provider == nil {
		return s.missing(v)
	}
	w, err := s.Provider.BeginAgain(v.r.Context(), v.session, localPath(v.query("next")))
	if err != nil {
		return err
	}
	return v.leaveFor(w)
}

// leaveFor sends the browser to the provider. The cookie comes along when the provider sends it back, as one of the session
// (SameSite=Strict) would not.
func (v *visit) leaveFor(w sso.Way) error {
	http.SetCookie(v.w, &http.Cookie{Name: v.cookieName(providerCookie), Value: w.Secret, Path: "/", MaxAge: 600, HttpOnly: true,
		Secure: v.s.secure(v.r), SameSite: http.SameSiteLaxMode})
	return v.redirect(w.Address)
}

// providerBack takes what the browser brings back. The browser does not send the session's cookie on a way that another
// site began, so that a page of this site leads on.
func (s *Server) providerBack(v *visit) error {
	if s.Provider == nil {
		return s.missing(v)
	}
	secret := v.cookie(providerCookie)
	v.dropCookie(providerCookie)
	a, err := s.Provider.Finish(v.r.Context(), sso.Back{Secret: secret, Answer: v.r.URL.Query(), Address: v.address(), Agent: v.r.UserAgent()})
	if err != nil {
		if k := problem.KindOf(err); k == "" || k == problem.Unavailable {
			return err
		}
		s.Log.Info("sign-in with provider refused", "error", err)
		return v.refused(s.signInPage(v, ""), err)
	}
	if a.SignedIn.Token != "" {
		v.dropCookie(pendingCookie)
		v.setSession(a.SignedIn.Token)
	}
	p := doorPage{Frame: v.doorFrame("You are known"), Text: s.Provider.Name() + " knows you.", Links: []Link{{localPath(a.Next), "Go on"}}}
	p.Refresh = localPath(a.Next)
	return v.show(p)
}
