package web

import (
	"context"
	"io"
	"net/url"

	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/store"
)

func urlCredentials() string { return "/people/credentials" }

// credentialsPage is what all people who may sign sign with, for the yearly review.
type credentialsPage struct {
	Frame
	Rows   []signature.Credential
	Last   signature.Looked
	Review *Form // nil without the permission
	Sent   signature.Certification
	File   *Form // nil without the permission
}

func (credentialsPage) template() string { return "credentials" }

func (s *Server) credentialsOf(v *visit) (credentialsPage, error) {
	p := credentialsPage{Frame: v.frame("What people sign with", urlPeople(), Link{urlPeople(), "People"})}
	if v.may(people.KindReviewed) {
		f := Form{ID: "review", Action: urlCredentials(), Submit: "I reviewed it"}.with(
			Field{Name: "note", Label: "What you found, and what was done", Kind: "text", Placeholder: "Two authenticators to be tested; both were told"})
		p.Review = &f
	}
	if v.may(people.KindCertified) {
		f := Form{ID: "certification", Action: urlCredentials() + "/certification", Submit: "It was sent"}.with(
			Field{Name: "sent", Label: "Sent on", Kind: "date", Required: true},
			Field{Name: "note", Label: "How, and where the copy is", Kind: "text"})
		p.File = &f
	}
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		if p.Sent, err = signature.LastCertification(ctx, r); err != nil {
			return err
		}
		if p.Last, err = signature.LastReview(ctx, r, s.now()); err != nil {
			return err
		}
		p.Rows, err = signature.Credentials(ctx, r, s.now())
		return err
	})
	return p, err
}

func (s *Server) credentials(v *visit) error {
	p, err := s.credentialsOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

// credentialsAct is one of the forms of the page and what it does.
type credentialsAct struct {
	notice string
	form   func(p *credentialsPage) *Form
	act    func(ctx context.Context, f url.Values) error
}

// credentialsForm runs a form of the page; on a fault the page comes back with it.
func (s *Server) credentialsForm(v *visit, a credentialsAct) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if err = a.act(v.r.Context(), f); err == nil {
		return v.done(urlCredentials(), a.notice)
	}
	if !validFault(err) {
		return err
	}
	p, perr := s.credentialsOf(v)
	if perr != nil {
		return perr
	}
	form := a.form(&p)
	if form == nil {
		return err
	}
	form.fill(f)
	form.blame(err)
	return v.again(p, err)
}

func (s *Server) credentialsReview(v *visit) error {
	return s.credentialsForm(v, credentialsAct{"The review is recorded. The next one is due in a year.", func(p *credentialsPage) *Form { return p.Review },
		func(ctx context.Context, f url.Values) error { return s.Signer.ReviewCredentials(ctx, f.Get("note")) }})
}

func (s *Server) certificationFiled(v *visit) error {
	return s.credentialsForm(v, credentialsAct{"The certification is on file.", func(p *credentialsPage) *Form { return p.File }, func(ctx context.Context, f url.Values) error {
		var l problem.List
		sent := date(&l, f, "sent")
		if err := l.Err("the certification is not recorded"); err != nil {
			return err
		}
		return s.Signer.FileCertification(ctx, sent, f.Get("note"))
	}})
}

// certificationLetter is the letter to print. Without the name of the organisation a line is left for it.
func (s *Server) certificationLetter(v *visit) error {
	organisation := v.query("organisation")
	if organisation == "" {
		organisation = "______________________________"
	}
	v.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := io.WriteString(v.w, signature.Letter(organisation, "Triward", s.now()))
	return err
}
