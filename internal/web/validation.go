package web

import (
	"context"
	"net/http"
	"strings"

	"triward/internal/assurance/validation"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/store"
)

func validationRoutes() []route {
	return []route{
		{"GET", "/validation", validation.KindRead, (*Server).validations},
		{"POST", "/validation", validation.KindRun, (*Server).validationRun},
		{"GET", "/validation/{id}", validation.KindRead, (*Server).validation},
		{"GET", "/validation/{id}/report.json", validation.KindRead, (*Server).validationFile},
		{"POST", "/validation/{id}", validation.KindVerified + "|" + validation.KindApproved + "|" + validation.KindRefused, (*Server).validationSign},
	}
}

// validationsPage lists the qualifications of this installation.
type validationsPage struct {
	Frame
	Rows    []validation.Kept
	Base    validation.Kept     // released last; without an id when none was
	Changes []validation.Change // between it and what is installed now
	Run     *Form
	Empty   Empty
}

func (validationsPage) template() string { return "validations" }

func (s *Server) validationsPageOf(v *visit) (validationsPage, error) {
	p := validationsPage{Frame: v.frame("Validation", urlValidations()), Empty: Empty{Title: "This installation was not qualified yet",
		Text: "The checks look at this installation where it stands: what is installed, whether it refuses what it must, and how it works with your records. Two people sign the report."}}
	parts, err := s.Validation.Parts(v.r.Context())
	if err != nil {
		return p, err
	}
	err = v.view(func(ctx context.Context, r store.Reader) error {
		if p.Rows, err = validation.Reports(ctx, r); err != nil {
			return err
		}
		p.Base, err = validation.LastApproved(ctx, r)
		if problem.KindOf(err) == problem.NotFound {
			return nil
		}
		p.Changes = validation.Compare(p.Base.Parts, parts)
		return err
	})
	if v.may(validation.KindRun) {
		f := Form{ID: "qualify", Action: urlValidations(), Submit: "Run the checks"}.with(Field{Name: "reason", Label: "Why now", Kind: "text", Required: true, Placeholder: "Update to version 1.4",
			Help: "The checks read the whole journal and every file, and restore a backup beside the database: with much data this takes some minutes."})
		p.Run = &f
	}
	return p, err
}

func (s *Server) validations(v *visit) error {
	p, err := s.validationsPageOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) validationRun(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	made, err := s.Validation.Run(v.r.Context(), f.Get("reason"))
	if err == nil {
		return v.done(urlValidation(made), "The checks ran. Read the report and sign it.")
	}
	p, perr := s.validationsPageOf(v)
	if perr != nil || p.Run == nil {
		return err
	}
	return v.correct(&p, p.Run, f, err)
}

// validationPage is one qualification.
type validationPage struct {
	Frame
	Report     validation.Kept
	Verdict    string
	Passed     int
	Failed     int
	NotRun     int
	Stages     []validationStage
	Signatures []signature.Signature
	Sign       *Form // verify it, or release the installation
	Refuse     *Form
}

func (validationPage) template() string { return "validation" }

// validationStage is the checks of one part.
type validationStage struct {
	Title  string
	Checks []validation.Check
}

func (s *Server) validationPageOf(v *visit) (validationPage, error) {
	var p validationPage
	err := v.view(func(ctx context.Context, r store.Reader) error {
		var err error
		if p.Report, err = validation.Get(ctx, r, v.path("id")); err != nil {
			return err
		}
		if p.Signatures, err = signature.Of(ctx, r, p.Report.ID); err != nil {
			return err
		}
		return p.forms(ctx, v, r)
	})
	p.Frame = v.frame(p.Report.Title(), urlValidations(), Link{urlValidations(), "Validation"})
	p.Verdict = string(p.Report.Verdict())
	p.Passed, p.Failed, p.NotRun = p.Report.Count(validation.Passed), p.Report.Count(validation.Failed), p.Report.Count(validation.NotRun)
	for _, t := range []validationStage{{Title: "Installation (IQ)"}, {Title: "Operation (OQ)"}, {Title: "Performance (PQ)"}} {
		t.Checks = p.Report.Of(validation.Stages()[len(p.Stages)])
		p.Stages = append(p.Stages, t)
	}
	return p, err
}

// forms are what the visitor may sign about the report now.
func (p *validationPage) forms(ctx context.Context, v *visit, r store.Reader) error {
	next, label, kind := validation.Verified, "Sign that you verified the checks", validation.KindVerified
	switch p.Report.Verdict() {
	case validation.Verified:
		next, label, kind = validation.Approved, "Release the installation for use", validation.KindApproved
	case validation.Approved, validation.Refused:
		return nil
	}
	form := func(id string, verdict validation.Verdict, submit string) (*Form, error) {
		f := Form{ID: id, Action: urlValidation(p.Report.ID), Submit: submit, Danger: verdict == validation.Refused}.with(Field{Name: "verdict", Kind: "hidden", Value: string(verdict)},
			Field{Name: "reason", Label: "Remark", Kind: "textarea", Required: verdict == validation.Refused})
		var err error
		f.Sign, err = v.signForm(ctx, r, verdict.Meaning())
		if err == nil {
			f.Sign.within(id)
			f.Sign.over(verdict.Meaning(), p.Report.SHA256)
		}
		return &f, err
	}
	var err error
	if v.may(kind) {
		if p.Sign, err = form("sign", next, label); err != nil {
			return err
		}
	}
	if v.may(validation.KindRefused) {
		p.Refuse, err = form("refuse", validation.Refused, "Refuse the report")
	}
	return err
}

func (s *Server) validation(v *visit) error {
	p, err := s.validationPageOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

// validationFile is the report as it is sealed: the digest of these bytes is what is signed.
func (s *Server) validationFile(v *visit) error {
	var k validation.Kept
	if err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		k, err = validation.Get(ctx, r, v.path("id"))
		return err
	}); err != nil {
		return err
	}
	v.attach("application/json", k.ID+".json")
	v.w.WriteHeader(http.StatusOK)
	_, err := v.w.Write(k.Text)
	return err
}

func (s *Server) validationSign(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	in := validation.Signing{Report: v.path("id"), Verdict: validation.Verdict(f.Get("verdict")), Reason: strings.TrimSpace(f.Get("reason")), Factors: v.factors(f)}
	if err = s.Validation.Sign(v.r.Context(), in); err == nil {
		return v.done(urlValidation(in.Report), "The report is signed.")
	}
	p, perr := s.validationPageOf(v)
	if perr != nil {
		return err
	}
	form := p.Sign
	if in.Verdict == validation.Refused {
		form = p.Refuse
	}
	if form == nil {
		return err
	}
	return v.correct(&p, form, f, err)
}
