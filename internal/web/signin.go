package web

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"triward/internal/people"
	"triward/internal/problem"
)

// doorPage is a page in front of the sign-in: a title, some words and a form.
type doorPage struct {
	Frame
	Text  string
	Other []Link // other ways in
	Form  Form
	Links []Link
}

func (doorPage) template() string { return "door" }

func (v *visit) doorFrame(title string) Frame {
	f := v.frame(title, "")
	f.Person = ""
	return f
}

// start leads to the first page that the visitor may see.
func (s *Server) start(v *visit) error {
	for _, n := range navigation() {
		if v.may(n.kinds) {
			return v.redirect(n.url)
		}
	}
	return v.redirect(urlAccount())
}

func (s *Server) setupPage(v *visit, link string) doorPage {
	return doorPage{Frame: v.doorFrame("Set up Triward"), Text: "This makes the first account, an administrator. The link works once.",
		Form: Form{ID: "setup", Action: urlSetup(), Submit: "Set up Triward"}.with(
			Field{Name: "link", Kind: "hidden", Value: link},
			Field{Name: "name", Label: "Your name", Kind: "text", Required: true, Autocomplete: "name"},
			Field{Name: "login", Label: "Login", Kind: "text", Required: true, Autocomplete: "username", Help: "Letters a to z, digits and . _ @ + -"},
			Field{Name: "email", Label: "E-mail address", Kind: "email", Autocomplete: "email"},
			Field{Name: "password", Label: "Password", Kind: "password", Required: true, Autocomplete: "new-password", Help: "At least 12 characters; a phrase of several words is easy to keep in mind."},
			Field{Name: "again", Label: "Password again", Kind: "password", Required: true, Autocomplete: "new-password"})}
}

// setup shows the form behind the one-time link of the first start.
func (s *Server) setup(v *visit) error {
	link := v.query("link")
	if err := s.People.CheckSetup(v.r.Context(), link); err != nil {
		return err
	}
	return v.show(s.setupPage(v, link))
}

func (s *Server) setupDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	p := s.setupPage(v, f.Get("link"))
	p.Form.fill(f)
	err = samePassword(f)
	if err == nil {
		_, err = s.People.CompleteSetup(v.r.Context(), f.Get("link"), people.NewAccount{Login: f.Get("login"), Name: f.Get("name"), Email: f.Get("email"), Password: f.Get("password")})
	}
	if err != nil {
		if p.Form.blame(err) {
			return v.again(p, err)
		}
		return err
	}
	v.setNotice("Triward is set up. Sign in with the account that you made.")
	return v.redirect(urlSignIn())
}

func samePassword(f url.Values) error {
	var l problem.List
	if f.Get("password") != f.Get("again") {
		l.Add("again", "is not the same as the password")
	}
	return l.Err("the password is not accepted")
}

func (s *Server) passwordPage(v *visit, link, name string) doorPage {
	return doorPage{Frame: v.doorFrame("Choose a password"), Text: "For the account of " + name + ". The link works once; sessions of this account end.",
		Form: Form{ID: "password", Action: urlPassword(), Submit: "Set the password"}.with(
			Field{Name: "link", Kind: "hidden", Value: link},
			Field{Name: "password", Label: "New password", Kind: "password", Required: true, Autocomplete: "new-password", Help: "At least 12 characters; a phrase of several words is easy to keep in mind."},
			Field{Name: "again", Label: "New password again", Kind: "password", Required: true, Autocomplete: "new-password"})}
}

// password shows the form behind a one-time link for a password.
func (s *Server) password(v *visit) error {
	a, err := s.People.LinkAccount(v.r.Context(), v.query("link"))
	if err != nil {
		return err
	}
	return v.show(s.passwordPage(v, v.query("link"), a.Name))
}

func (s *Server) passwordDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	a, err := s.People.LinkAccount(v.r.Context(), f.Get("link"))
	if err != nil {
		return err
	}
	p := s.passwordPage(v, f.Get("link"), a.Name)
	if err = samePassword(f); err == nil {
		err = s.People.UseLink(v.r.Context(), f.Get("link"), f.Get("password"))
	}
	if err != nil {
		if p.Form.blame(err) {
			return v.again(p, err)
		}
		return err
	}
	v.setNotice("The password is set. Sign in with it.")
	return v.redirect(urlSignIn())
}

func (s *Server) signInPage(v *visit, next string) doorPage {
	p := doorPage{Frame: v.doorFrame("Sign in"), Text: v.takeNotice(),
		Form: Form{ID: "sign-in", Action: urlSignIn(), Submit: "Sign in"}.with(
			Field{Name: "next", Kind: "hidden", Value: next},
			Field{Name: "login", Label: "Login", Kind: "text", Required: true, Autocomplete: "username"},
			Field{Name: "password", Label: "Password", Kind: "password", Required: true, Autocomplete: "current-password"})}
	if s.Provider != nil {
		p.Other = []Link{{urlProvider(next), "Sign in with " + s.Provider.Name()}}
	}
	return p
}

func (s *Server) signIn(v *visit) error {
	if v.actor.ID != "" {
		return v.redirect(localPath(v.query("next")))
	}
	p := s.signInPage(v, v.query("next"))
	needed, err := s.People.SetupNeeded(v.r.Context())
	if err != nil {
		return err
	}
	if needed {
		p.Text = "Triward is not set up yet. Open the one-time link that it printed when it started."
	}
	return v.show(p)
}

// signInDone checks login and password. Where the account has a second factor, the code is asked for on its own page.
func (s *Server) signInDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	c := people.Credentials{Login: f.Get("login"), Password: f.Get("password"), Address: v.address(), Agent: v.r.UserAgent()}
	in, err := s.People.SignIn(v.r.Context(), c)
	switch {
	case errors.Is(err, people.ErrCodeNeeded):
		v.setCookie(pendingCookie, s.pending.keep(pendingSignIn{credentials: c, next: f.Get("next"), until: s.now().Add(pendingLife)}), time.Time{})
		return v.redirect(urlCode())
	case err != nil:
		p := s.signInPage(v, f.Get("next"))
		p.Form.fill(f)
		return v.refused(p, err)
	}
	return v.begun(in.Token, f.Get("next"))
}

func (s *Server) codePage(v *visit) doorPage {
	p := doorPage{Frame: v.doorFrame("Enter the code"), Text: "Of your authenticator app, or one of your recovery codes.",
		Form: Form{ID: "code", Action: urlCode(), Submit: "Sign in", Cancel: urlSignIn()}.with(
			Field{Name: "code", Label: "Code", Kind: "text", Required: true, Autocomplete: "one-time-code"},
			Field{Name: "passkey", Kind: "hidden"})}
	if s.People.Passkeys != nil {
		p.Text = "Of your authenticator app, or one of your recovery codes. Or use your passkey."
		p.Form.Passkey = &PasskeyAsk{URL: "/sign-in/passkey/options", Text: "Use a passkey"}
	}
	return p
}

func (s *Server) code(v *visit) error {
	if _, ok := s.pending.peek(v.cookie(pendingCookie), s.now()); !ok {
		return v.redirect(urlSignIn())
	}
	return v.show(s.codePage(v))
}

func (s *Server) codeDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	p, ok := s.pending.peek(v.cookie(pendingCookie), s.now())
	if !ok {
		v.setNotice("That took too long. Sign in again.")
		return v.redirect(urlSignIn())
	}
	p.credentials.Code, p.credentials.Passkey = f.Get("code"), []byte(f.Get("passkey"))
	in, err := s.People.SignIn(v.r.Context(), p.credentials)
	if err != nil {
		return v.refused(s.codePage(v), err)
	}
	s.pending.drop(v.cookie(pendingCookie))
	return v.begun(in.Token, p.next)
}

// begun keeps a session and goes where the visitor wanted to.
func (v *visit) begun(token, next string) error {
	v.dropCookie(pendingCookie)
	v.setSession(token)
	return v.redirect(localPath(next))
}

func (v *visit) setSession(token string) { v.setCookie(sessionCookie, token, time.Time{}) }

func (s *Server) signOut(v *visit) error {
	if err := s.People.SignOut(v.r.Context(), v.cookie(sessionCookie)); err != nil {
		return err
	}
	v.dropCookie(sessionCookie)
	v.w.Header().Set("Clear-Site-Data", `"cache"`)
	v.setNotice("You are signed out.")
	return v.redirect(urlSignIn())
}

// refused shows the sign-in form again with what was wrong, with the status of a refusal.
func (v *visit) refused(p doorPage, err error) error {
	if problem.KindOf(err) == "" || problem.KindOf(err) == problem.Unavailable {
		return err
	}
	p.Form.Message = sentence(problem.Text(err))
	return v.write(http.StatusForbidden, p)
}
