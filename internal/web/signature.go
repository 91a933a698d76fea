package web

import (
	"context"
	"fmt"
	"net/http"

	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/store"
)

// signaturePage is one signature: what was signed, and whether its proof holds now.
type signaturePage struct {
	Frame
	Signature signature.Signature
	Fault     string // what is wrong with it; "" when all of it was checked and holds
	Method    string
}

func (signaturePage) template() string { return "signature" }

// signatureOf reads a signature that the visitor may see: their own, one on a document, or any with the journal.
func (s *Server) signatureOf(v *visit) (signature.Signature, error) {
	var sig signature.Signature
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		sig, err = signature.Get(ctx, r, v.path("id"))
		return err
	})
	if err == nil && sig.Signer != v.actor.ID && !v.may("journal.read") && (sig.Record.Document == "" || !v.may("document.read")) {
		err = problem.New(problem.NotFound, "there is no signature %q", v.path("id"))
	}
	return sig, err
}

func (s *Server) signature(v *visit) error {
	sig, err := s.signatureOf(v)
	if err != nil {
		return err
	}
	p := signaturePage{Frame: v.frame("Signature of "+sig.Name, ""), Signature: sig}
	for i, m := range sig.Methods {
		if i > 0 {
			p.Method += " and "
		}
		p.Method += word(m)
	}
	if err := signature.Check(sig, sig.Record, s.Signer.Keys()); err != nil {
		p.Fault = sentence(problem.Text(err))
	}
	return v.show(p)
}

// signatureFile is the file that checks offline.
func (s *Server) signatureFile(v *visit) error {
	sig, err := s.signatureOf(v)
	if err != nil {
		return err
	}
	body, err := s.Signer.Export(v.r.Context(), sig.ID)
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "application/json")
	v.w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", sig.ID+".json"))
	v.w.WriteHeader(http.StatusOK)
	_, err = v.w.Write(body)
	return err
}
