package web

import (
	"context"
	"net/url"

	"triward/internal/people/passkey"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/store"
	"triward/internal/training"
)

// SignForm are the fields by which a form is signed, and what the signature will mean. It is nil on forms that need none.
type SignForm struct {
	ID      string
	Means   string // "approval"
	Both    bool   // both components are asked for
	Fields  []Field
	Passkey *PasskeyAsk
	Again   Link   // to the identity provider, in place of the password
	Proved  bool   // the visitor was there a moment ago
	Warning string // what the signer should put right first; "" for nothing
	Blocked string // why the visitor cannot sign now; "" when they can
	Link    Link   // where to put either right
}

// signForm makes the fields for the next signature of the visitor. v.factors reads what is sent.
func (v *visit) signForm(ctx context.Context, r store.Reader, means signature.Meaning) (*SignForm, error) {
	n, err := v.s.Signer.Needs(ctx, r, v.who())
	if err != nil {
		return nil, err
	}
	f := &SignForm{ID: "sign", Means: word(means), Both: n.Both}
	provider := n.Provider && v.s.Provider != nil
	again := Link{}
	if provider {
		again = Link{urlProviderAgain(v.r.URL.RequestURI()), "Prove to " + v.s.Provider.Name() + " who you are"}
	}
	switch {
	case n.Identity:
		f.Blocked, f.Link = "Nobody has verified yet who you are, or it must be done again.", Link{urlSigning(), "How to get ready to sign"}
	case !n.Password && !provider || !n.Code && !n.Passkey:
		f.Blocked, f.Link = "A signature takes two components: set up an authenticator or a passkey first.", Link{urlSigning(), "How to get ready to sign"}
	case n.Accountability && means != signature.Acknowledgement:
		f.Blocked, f.Link = "Acknowledge once what your signature means.", Link{urlAccountability(), "Read and sign"}
	case n.Both && !n.Password && n.StepUp == "":
		f.Blocked, f.Link = "You sign in elsewhere, so that your proof comes from there.", again
	}
	if f.Blocked == "" {
		if err := f.hinder(ctx, r, training.Signer{Account: v.actor.ID, Means: means, At: v.s.now()}); err != nil {
			return nil, err
		}
	}
	f.fields(n)
	if provider && n.StepUp == "" {
		f.Again = again
	}
	if n.Passkey && v.s.People.Passkeys != nil {
		f.Passkey = &PasskeyAsk{URL: urlPasskeyOptions(passkey.Sign), Text: "Sign with your passkey"}
	}
	return f, nil
}

// hinder says what missing training does to the signature.
func (f *SignForm) hinder(ctx context.Context, r store.Reader, signer training.Signer) error {
	h, err := training.Hinders(ctx, r, signer)
	tasks := Link{urlTasks(), "Go to your tasks"}
	switch h.Does {
	case training.Warn:
		f.Warning, f.Link = "Your training on "+h.Codes+" is overdue. You may sign; it stays overdue until you complete it.", tasks
	case training.Block:
		f.Blocked, f.Link = "Your training on "+h.Codes+" is overdue: complete it before you sign.", tasks
	}
	return err
}

// within gives the fields ids of their own, for a page with several forms that are signed.
func (f *SignForm) within(form string) {
	f.ID = form + "-sign"
	for i := range f.Fields {
		f.Fields[i].ID = f.ID + "-" + f.Fields[i].Name
	}
}

// over lets a passkey sign what is displayed (its digest) with what the signature means, and not only answer a question.
func (f *SignForm) over(means signature.Meaning, displayed string) {
	if f.Passkey != nil && displayed != "" {
		f.Passkey.URL += "&" + url.Values{"means": {string(means)}, "displayed": {displayed}}.Encode()
	}
}

// fields are those that the signer has to fill in.
func (f *SignForm) fields(n signature.Needs) {
	f.Fields = []Field{{Name: "zone", Kind: "hidden"}, {Name: "step_up", Label: "Identity provider", Kind: "hidden", Value: n.StepUp}, {Name: "passkey", Label: "Passkey", Kind: "hidden"}}
	if n.StepUp != "" {
		f.Proved = true
	} else if n.Password {
		x := Field{Name: "password", Label: "Your password", Kind: "password", Required: true, Autocomplete: "current-password"}
		if !n.Both {
			x.Help = "You signed a moment ago, so that one component is enough."
		}
		f.Fields = append(f.Fields, x)
	}
	if n.Code && (n.Both || !n.Password) {
		f.Fields = append(f.Fields, Field{Name: "code", Label: "Code of your authenticator", Kind: "text", Required: true, Autocomplete: "one-time-code", Mode: "numeric"})
	}
	for i := range f.Fields {
		f.Fields[i].ID = f.ID + "-" + f.Fields[i].Name
	}
}

// who is the visitor's session as signing wants to know it.
func (v *visit) who() signature.Factors {
	return signature.Factors{SessionToken: v.cookie(sessionCookie), Address: v.address(), Agent: v.r.UserAgent()}
}

// factors are what the visitor showed in the fields of a [SignForm].
func (v *visit) factors(f url.Values) signature.Factors {
	out := v.who()
	out.Password, out.Code, out.Zone = f.Get("password"), f.Get("code"), f.Get("zone")
	out.Passkey, out.StepUp = []byte(f.Get("passkey")), f.Get("step_up")
	return out
}

// signingPage says what the visitor has to do before they can sign, and what they signed.
type signingPage struct {
	Frame
	Identity signature.Identity
	Needs    signature.Needs
	Signed   []signature.Signature
}

func (signingPage) template() string { return "signing" }

const signedOnPage = 50

func (s *Server) signing(v *visit) error {
	p := signingPage{Frame: v.frame("Signing", "", Link{urlAccount(), "Your account"})}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		var err error
		if p.Needs, err = s.Signer.Needs(ctx, r, v.who()); err != nil {
			return err
		}
		if p.Identity, err = signature.IdentityOf(ctx, r, v.actor.ID); err != nil {
			return err
		}
		p.Signed, err = signature.By(ctx, r, v.actor.ID, signedOnPage)
		return err
	})
	if err != nil {
		return err
	}
	return v.show(p)
}

// accountabilityPage is the text that everybody signs before their first signature.
type accountabilityPage struct {
	Frame
	Text []string
	Done bool
	Form Form
}

func (accountabilityPage) template() string { return "accountability" }

func (s *Server) accountabilityOf(v *visit) (accountabilityPage, error) {
	p := accountabilityPage{Frame: v.frame("Accountability for signatures", "", Link{urlAccount(), "Your account"}, Link{urlSigning(), "Signing"}),
		Text: lines(signature.Accountability), Form: Form{ID: "accountability", Action: urlAccountability(), Submit: "Sign", Cancel: urlSigning()}}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		n, err := s.Signer.Needs(ctx, r, v.who())
		if err != nil {
			return err
		}
		p.Done = !n.Accountability
		p.Form.Sign, err = v.signForm(ctx, r, signature.Acknowledgement)
		return err
	})
	return p, err
}

func (s *Server) accountability(v *visit) error {
	p, err := s.accountabilityOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) accountabilityDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if _, err = s.Signer.Acknowledge(v.r.Context(), v.factors(f)); err == nil {
		return v.done(urlSigning(), "You acknowledged what your signature means. You can sign now.")
	}
	if problem.KindOf(err) != problem.Invalid {
		return err
	}
	p, perr := s.accountabilityOf(v)
	if perr != nil {
		return perr
	}
	p.Form.blame(err)
	return v.again(p, err)
}

// identityForm records that the visitor verified who a person is.
func identityForm(id string) Form {
	return Form{ID: "identity", Action: urlAccountOf(id) + "/identity", Submit: "I verified who this is"}.with(
		Field{Name: "how", Label: "How", Kind: "select", Required: true, Options: options("", signature.Ways())},
		Field{Name: "evidence", Label: "What you saw", Kind: "text", Required: true, Placeholder: "Passport", Help: "The kind of document. Write no numbers of documents here."})
}

func (s *Server) personIdentity(v *visit) error {
	return s.personForm(v, func(p *personPage) *Form { return p.Verify }, func(ctx context.Context, id string, f url.Values) (string, error) {
		return "The identity is verified.", s.Signer.VerifyIdentity(ctx, signature.Verify{Account: id, How: signature.How(f.Get("how")), Evidence: f.Get("evidence")})
	})
}
