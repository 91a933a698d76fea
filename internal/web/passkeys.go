package web

import (
	"encoding/json"
	"net/http"

	"triward/internal/people"
	"triward/internal/people/passkey"
	"triward/internal/problem"
	"triward/internal/signature"
)

func newPasskeyForm() Form {
	f := Form{ID: "passkey", Action: "/account/passkeys", Passkey: &PasskeyAsk{URL: urlPasskeyOptions(passkey.Enrol), Text: "Add a passkey", Create: true, Only: true}}
	return f.with(
		Field{Name: "name", Label: "Name", Kind: "text", Required: true, Placeholder: "Blue key on my key ring"},
		Field{Name: "current_password", Label: "Your password", Kind: "password", Required: true, Autocomplete: "current-password"},
		Field{Name: "passkey", Kind: "hidden"})
}

func testPasskeyForm() Form {
	f := Form{ID: "test-passkey", Action: "/account/passkeys/test", Passkey: &PasskeyAsk{URL: urlPasskeyOptions(passkey.Test), Text: "Test the passkey", Only: true}}
	return f.with(Field{Name: "passkey", Kind: "hidden"})
}

// options answers the script with the options for the browser, or with what is wrong.
func (v *visit) options(body []byte, err error) error {
	status := http.StatusOK
	if err != nil {
		if problem.KindOf(err) == "" {
			return err
		}
		status = http.StatusConflict
		if body, err = json.Marshal(map[string]string{"detail": sentence(problem.Text(err))}); err != nil {
			return err
		}
	}
	v.w.Header().Set("Content-Type", "application/json")
	v.w.WriteHeader(status)
	_, err = v.w.Write(body)
	return err
}

// passkeyOptions makes a challenge for a passkey of the visitor.
func (s *Server) passkeyOptions(v *visit) error {
	p := passkey.Purpose(v.query("for"))
	if p != passkey.Enrol && p != passkey.Test && p != passkey.Sign {
		return s.missing(v)
	}
	if displayed := v.query("displayed"); p == passkey.Sign && displayed != "" {
		return v.options(s.People.AskPasskeyToSign(v.r.Context(), signature.Intent(v.actor.ID, signature.Meaning(v.query("means")), displayed)))
	}
	return v.options(s.People.AskPasskey(v.r.Context(), p))
}

// passkeySignIn makes a challenge for somebody whose password was right a moment ago.
func (s *Server) passkeySignIn(v *visit) error {
	p, ok := s.pending.peek(v.cookie(pendingCookie), s.now())
	if !ok {
		return v.options(nil, problem.New(problem.Forbidden, "that took too long; sign in again"))
	}
	return v.options(s.People.AskPasskeyToSignIn(v.r.Context(), p.credentials.Login))
}

func (s *Server) passkeyAdd(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	_, err = s.People.AddPasskey(v.r.Context(), people.NewPasskey{Name: f.Get("name"), Password: f.Get("current_password"), Response: []byte(f.Get("passkey"))})
	if err == nil {
		return v.done(urlAccount()+"#passkeys", "The passkey is added. Test it once, then it counts.")
	}
	p, perr := s.accountOf(v)
	if perr != nil {
		return perr
	}
	return v.correct(&p, &p.NewPasskey, f, err)
}

func (s *Server) passkeyTest(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if err := s.People.TestPasskey(v.r.Context(), []byte(f.Get("passkey"))); err != nil {
		return err
	}
	return v.done(urlAccount()+"#passkeys", "The passkey works. It counts from now on.")
}

func (s *Server) passkeyRevoke(v *visit) error {
	if err := s.People.RevokePasskey(v.r.Context(), v.path("id")); err != nil {
		return err
	}
	return v.done(urlAccount()+"#passkeys", "The passkey is revoked.")
}

func (s *Server) personPasskey(v *visit) error {
	if err := s.People.RevokePasskeyOf(v.r.Context(), v.path("id"), v.path("key")); err != nil {
		return err
	}
	return v.done(urlAccountOf(v.path("id")), "The passkey is revoked. Before they sign again, a third person must verify who they are.")
}
