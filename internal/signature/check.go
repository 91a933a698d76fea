package signature

import (
	"bytes"
	"context"
	"time"

	"triward/internal/ledger"
	"triward/internal/problem"
)

// Keys are what signatures are checked with: of the server that signed them, by another way than the signatures.
type Keys struct {
	Servers     []string // texts of verifiers, as [ledger.Key.Verifier] gives them; one of them signed
	Authorities []string // certificates of time-stamp authorities in PEM; one of them stamped
}

// Check checks a signature offline against the record that it is shown on: canonical statement, envelope, time stamp, and
// that it was made for this record with this content. Everything wrong is Invalid and says what.
func Check(sig Signature, rec Record, keys Keys) error {
	stated, err := open(sig.Envelope, sig.Token, keys)
	if err != nil {
		return problem.About(err, "signature %s", sig.ID)
	}
	if !bytes.Equal(stated.Statement, sig.Statement) || stated.Digest != sig.Digest || stated.ID != sig.ID {
		return problem.New(problem.Invalid, "signature %s: its envelope holds another statement", sig.ID)
	}
	for _, f := range []struct{ what, signed, shown string }{
		{"kind", stated.Record.Kind, rec.Kind}, {"id", stated.Record.ID, rec.ID}, {"document", stated.Record.Document, rec.Document},
		{"revision", stated.Record.Revision, rec.Revision}, {"content", stated.Record.Content, rec.Content},
		{"rendition", stated.Record.Rendition, rec.Rendition}, {"displayed bytes", stated.Record.Displayed, rec.Displayed},
	} {
		if f.signed != f.shown {
			return problem.New(problem.Invalid, "signature %s was made for another record: its %s is %q, not %q", sig.ID, f.what, f.signed, f.shown)
		}
	}
	return nil
}

// open checks envelope and token and reads the statement.
func open(envelope, token []byte, keys Keys) (Signature, error) {
	sealed, err := ledger.OpenEnvelope(context.Background(), envelope, MediaType, keys.Servers...)
	if err != nil {
		return Signature{}, err
	}
	s, err := decode(sealed.Payload)
	if err != nil {
		return Signature{}, err
	}
	at, err := CheckToken(token, sealed.Signature, keys.Authorities...)
	if err != nil {
		return Signature{}, err
	}
	if !at.Equal(s.At.Truncate(time.Second)) {
		return Signature{}, problem.New(problem.Invalid, "the time stamp says %s, the statement %s", at.UTC().Format(time.RFC3339), s.At.Format(time.RFC3339))
	}
	s.Envelope, s.Token = envelope, token
	return s, nil
}
