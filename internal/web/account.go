package web

import (
	"bytes"
	"context"
	"image/png"
	"net/http"
	"slices"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"

	"triward/internal/people"
	"triward/internal/people/passkey"
	"triward/internal/problem"
	"triward/internal/store"
)

// accountPage is one's own account.
type accountPage struct {
	Frame
	Account      people.Account
	Grants       []grantRow
	Password     Form
	Sessions     []sessionRow
	Tokens       []people.Token
	RecoveryLeft int
	Codes        Form
	Passkeys     []passkey.Passkey
	NewPasskey   Form
	TestPasskey  Form
	MayPasskey   bool
	Remove       Form
	NewToken     Form
	Secret       string   // a new token, shown once
	NewCodes     []string // new recovery codes, shown once
}

func (accountPage) template() string { return "account" }

type sessionRow struct {
	people.Session
	Here bool
}

// grantRow is a grant with the names of its places.
type grantRow struct {
	people.Grant
	Where string
	Ended bool
}

func (s *Server) accountOf(v *visit) (accountPage, error) {
	p := accountPage{Frame: v.frame("Your account", "")}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		var err error
		if p.Account, err = people.Get(ctx, r, v.actor.ID); err != nil {
			return err
		}
		grants, err := people.Grants(ctx, r, v.actor.ID)
		if err != nil {
			return err
		}
		if p.Grants, err = s.grantRows(ctx, r, grants); err != nil {
			return err
		}
		sessions, err := s.People.Sessions(ctx, r, people.SessionQuery{Account: v.actor.ID})
		if err != nil {
			return err
		}
		for _, x := range sessions {
			p.Sessions = append(p.Sessions, sessionRow{x, x.ID == v.session.ID})
		}
		if p.Tokens, err = people.Tokens(ctx, r, people.TokenQuery{Account: v.actor.ID}); err != nil {
			return err
		}
		if p.Passkeys, err = people.Passkeys(ctx, r, v.actor.ID); err != nil {
			return err
		}
		p.RecoveryLeft, err = people.RecoveryLeft(ctx, r, v.actor.ID)
		return err
	})
	p.Password = Form{ID: "password", Action: "/account/password", Submit: "Change the password"}.with(
		Field{Name: "current", Label: "Current password", Kind: "password", Required: true, Autocomplete: "current-password"},
		Field{Name: "password", Label: "New password", Kind: "password", Required: true, Autocomplete: "new-password", Help: "At least 12 characters. Your other sessions end."},
		Field{Name: "again", Label: "New password again", Kind: "password", Required: true, Autocomplete: "new-password"})
	confirm := Field{Name: "password", Label: "Your password", Kind: "password", Required: true, Autocomplete: "current-password"}
	p.MayPasskey = s.People.Passkeys != nil
	p.NewPasskey, p.TestPasskey = newPasskeyForm(), testPasskeyForm()
	p.Codes = Form{ID: "codes", Action: "/account/recovery-codes", Submit: "Make new recovery codes"}.with(confirm)
	p.Remove = Form{ID: "remove", Action: "/account/authenticator/remove", Submit: "Remove the authenticator", Danger: true}.with(confirm)
	p.NewToken = Form{ID: "token", Action: "/account/tokens", Submit: "Make a token"}.with(
		Field{Name: "name", Label: "Name", Kind: "text", Required: true, Placeholder: "Nightly export"},
		Field{Name: "expires", Label: "Ends on", Kind: "date", Required: true, Value: dateValue(s.now().AddDate(0, 3, 0))},
		Field{Name: "scope", Label: "May do", Kind: "checks", Options: v.kindOptions()})
	return p, err
}

// kindOptions are the kinds that the visitor holds, to give some to a token.
func (v *visit) kindOptions() []Option {
	var out []Option
	for _, k := range people.Vocabulary() {
		if v.actor.May(k.Name) {
			out = append(out, Option{Value: k.Name, Text: sentence(k.Text)})
		}
	}
	return out
}

// account shows one's own account.
func (s *Server) account(v *visit) error {
	p, err := s.accountOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

// accountForm runs what one of the account's forms asks for; on a fault the page comes back with the form that had it.
func (s *Server) accountForm(v *visit, which func(p *accountPage) *Form, act func() (notice string, err error)) error {
	notice, err := act()
	if err == nil {
		return v.done(urlAccount(), notice)
	}
	p, perr := s.accountOf(v)
	if perr != nil {
		return perr
	}
	f := which(&p)
	f.fill(v.r.PostForm)
	if !f.blame(err) {
		return err
	}
	return v.again(p, err)
}

func (s *Server) accountPassword(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	return s.accountForm(v, func(p *accountPage) *Form { return &p.Password }, func() (string, error) {
		if err := samePassword(f); err != nil {
			return "", err
		}
		return "Your password is changed. Other sessions have ended.", s.People.ChangePassword(v.r.Context(), f.Get("current"), f.Get("password"), v.session.ID)
	})
}

// authenticatorPage enrols an authenticator.
type authenticatorPage struct {
	Frame
	Secret string
	Image  string
	Form   Form
}

func (authenticatorPage) template() string { return "authenticator" }

// authenticator shows the secret that was made for this session and asks for its first code.
func (s *Server) authenticator(v *visit) error {
	e, ok := s.enrolled(v)
	if !ok {
		return v.redirect(urlAccount())
	}
	return v.show(s.authenticatorPage(v, e))
}

func (s *Server) authenticatorPage(v *visit, e people.Enrolment) authenticatorPage {
	return authenticatorPage{Frame: v.frame("Set up an authenticator", "", Link{urlAccount(), "Your account"}), Secret: grouped(e.Secret), Image: "/account/authenticator.png",
		Form: Form{ID: "confirm", Action: "/account/authenticator/confirm", Submit: "Confirm", Cancel: urlAccount()}.with(
			Field{Name: "code", Label: "Code that the app shows now", Kind: "text", Mode: "numeric", Autocomplete: "one-time-code", Required: true})}
}

// grouped writes a secret in groups of four, to be typed.
func grouped(secret string) string {
	var b bytes.Buffer
	for i, c := range secret {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(c)
	}
	return b.String()
}

func (s *Server) authenticatorBegin(v *visit) error {
	e, err := s.People.EnrolTOTP(v.r.Context())
	if err != nil {
		return err
	}
	s.enrolments.Store(v.session.ID, e)
	return v.redirect("/account/authenticator")
}

func (s *Server) enrolled(v *visit) (people.Enrolment, bool) {
	x, ok := s.enrolments.Load(v.session.ID)
	if !ok {
		return people.Enrolment{}, false
	}
	e, ok := x.(people.Enrolment)
	return e, ok
}

// authenticatorImage is the secret as a QR code.
func (s *Server) authenticatorImage(v *visit) error {
	e, ok := s.enrolled(v)
	if !ok {
		return problem.New(problem.NotFound, "no authenticator is being set up in this session")
	}
	code, err := qr.Encode(e.URL, qr.M, qr.Auto)
	if err != nil {
		return err
	}
	if code, err = barcode.Scale(code, 400, 400); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := png.Encode(&b, code); err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "image/png")
	_, err = b.WriteTo(v.w)
	return err
}

func (s *Server) authenticatorConfirm(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	e, ok := s.enrolled(v)
	if !ok {
		return v.redirect(urlAccount())
	}
	codes, err := s.People.ConfirmTOTP(v.r.Context(), f.Get("code"))
	if err != nil {
		p := s.authenticatorPage(v, e)
		if p.Form.blame(err) {
			return v.again(p, err)
		}
		return err
	}
	s.enrolments.Delete(v.session.ID)
	return s.once(v, func(p *accountPage) { p.NewCodes = codes })
}

// once shows the account page with a secret that is not shown again.
func (s *Server) once(v *visit, put func(p *accountPage)) error {
	p, err := s.accountOf(v)
	if err != nil {
		return err
	}
	put(&p)
	return v.write(http.StatusOK, p)
}

func (s *Server) authenticatorRemove(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	return s.accountForm(v, func(p *accountPage) *Form { return &p.Remove }, func() (string, error) {
		return "The authenticator is removed.", s.People.DisableTOTP(v.r.Context(), f.Get("password"))
	})
}

func (s *Server) recoveryCodes(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	codes, err := s.People.RecoveryCodes(v.r.Context(), f.Get("password"))
	if err != nil {
		return s.accountForm(v, func(p *accountPage) *Form { return &p.Codes }, func() (string, error) { return "", err })
	}
	return s.once(v, func(p *accountPage) { p.NewCodes = codes })
}

func (s *Server) sessionEnd(v *visit) error {
	if err := s.People.EndSession(v.r.Context(), v.path("id")); err != nil {
		return err
	}
	return v.done(urlAccount(), "The session has ended.")
}

func (s *Server) tokenCreate(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	var l problem.List
	n := people.NewToken{Name: f.Get("name"), Expires: date(&l, f, "expires"), Scope: tokenScope(v.actor, f["scope"])}
	err = l.Err("the token is not valid")
	var secret string
	if err == nil {
		secret, _, err = s.People.CreateToken(v.r.Context(), n)
	}
	if err != nil {
		return s.accountForm(v, func(p *accountPage) *Form { return &p.NewToken }, func() (string, error) { return "", err })
	}
	return s.once(v, func(p *accountPage) { p.Secret = secret })
}

// tokenScope gives a token the chosen kinds, each where its owner holds it.
func tokenScope(a store.Actor, kinds []string) []store.Grant {
	var out []store.Grant
	for _, k := range kinds {
		sc := a.Scope(k)
		if !a.May(k) {
			continue
		}
		i := slices.IndexFunc(out, func(g store.Grant) bool {
			return g.All == sc.All && slices.Equal(g.Sites, sc.Sites) && slices.Equal(g.Products, sc.Products)
		})
		if i < 0 {
			out = append(out, store.Grant{All: sc.All, Sites: sc.Sites, Products: sc.Products})
			i = len(out) - 1
		}
		out[i].Kinds = append(out[i].Kinds, k)
	}
	return out
}

func (s *Server) tokenRevoke(v *visit) error {
	if err := s.People.RevokeToken(v.r.Context(), v.path("id")); err != nil {
		return err
	}
	return v.done(urlAccount(), "The token is revoked.")
}
