package signature

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"triward/internal/ledger"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// ExportFormat names the file of a signature.
const ExportFormat = "triward-signature/1"

// maxExport bounds such a file, in bytes.
const maxExport = 1 << 20

// Export is a signature with all that checks it but the keys. As JSON, bytes are base64.
type Export struct {
	Format   string          `json:"format"`
	Envelope json.RawMessage `json:"envelope"`
	Token    []byte          `json:"time_stamp"`
	Stamps   []Stamp         `json:"other_time_stamps,omitempty"`
	Proof    ledger.Proof    `json:"proof"` // that the journal holds the digest of the statement
}

// Export is a signature as a file. Whoever may see the record may have it.
func (s *Signer) Export(ctx context.Context, id string) ([]byte, error) {
	e := Export{Format: ExportFormat}
	var seq int64
	var stamped []int64
	err := s.DB.View(ctx, func(r store.Reader) error {
		sig, err := Get(ctx, r, id)
		if err != nil {
			return err
		}
		e.Envelope, e.Token, seq = sig.Envelope, sig.Token, sig.Seq
		e.Stamps, stamped, err = stampsOf(ctx, r, id)
		return err
	})
	l := ledger.Ledger{DB: s.DB, Key: s.Key}
	if err == nil {
		e.Proof, err = l.Prove(ctx, seq)
	}
	for i := 0; err == nil && i < len(e.Stamps); i++ {
		e.Stamps[i].Proof, err = l.Prove(ctx, stamped[i])
	}
	if err != nil {
		return nil, fmt.Errorf("export signature %q: %w", id, err)
	}
	return e.encode()
}

// encode is the one form of a file, so that no change of it goes unseen.
func (e Export) encode() ([]byte, error) {
	out, err := json.MarshalIndent(e, "", "  ")
	return append(out, '\n'), err
}

// ReadExport reads the file of a signature, byte for byte as it was exported. It checks nothing but the form: see
// [Export.Check].
func ReadExport(text []byte) (Export, error) {
	var e Export
	if len(text) > maxExport {
		return e, problem.New(problem.Invalid, "the file is larger than %d KiB", maxExport>>10)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil || d.More() || e.Format != ExportFormat || e.Proof.Format != ledger.ProofFormat {
		return Export{}, problem.New(problem.Invalid, "this is not the file of a signature (%s)", ExportFormat)
	}
	if again, err := e.encode(); err != nil || !bytes.Equal(again, text) {
		return Export{}, problem.New(problem.Invalid, "the file was changed since it was exported, if only in how it is written")
	}
	return e, nil
}

// Check checks all of a file offline and returns the signature: envelope, time stamp, and that the journal holds both and
// the time stamps of authorities outside, which [CheckToken] judges. Everything wrong is Invalid.
func (e Export) Check(keys Keys) (Signature, error) {
	s, err := open(e.Envelope, e.Token, keys)
	if err != nil {
		return Signature{}, err
	}
	entry, err := proved(e.Proof, keys)
	if err != nil {
		return Signature{}, err
	}
	var body signedBody
	if err := json.Unmarshal(entry.Body, &body); err != nil {
		return Signature{}, problem.New(problem.Invalid, "the proof does not hold what the journal says")
	}
	var envelope bytes.Buffer
	if err := json.Compact(&envelope, e.Envelope); err != nil {
		return Signature{}, problem.New(problem.Invalid, "the envelope is not JSON")
	}
	s.Envelope = envelope.Bytes()
	if err := s.fits(entry, body); err != nil {
		return Signature{}, err
	}
	for _, x := range e.Stamps {
		if err := x.check(s, keys); err != nil {
			return Signature{}, err
		}
	}
	s.Seq = entry.Seq
	return s, nil
}

// proved is the entry that a proof proves with one of the keys.
func proved(p ledger.Proof, keys Keys) (entry store.Entry, err error) {
	if p.Format != ledger.ProofFormat {
		return entry, problem.New(problem.Invalid, "this is not a proof of the journal (%s)", ledger.ProofFormat)
	}
	err = problem.New(problem.Invalid, "give the key that the proof is to be checked with")
	for _, verifier := range keys.Servers {
		if entry, err = ledger.VerifyProof(p, verifier); err == nil {
			return entry, nil
		}
	}
	return entry, err
}

// fits is Invalid unless an entry of the journal is the one of the signature.
func (s Signature) fits(entry store.Entry, body signedBody) error {
	switch {
	case entry.Kind != people.KindSelfSigned || entry.Subject != s.Record.ID || entry.Actor != s.Signer || body.Signature != s.ID || !entry.At.Equal(s.At):
		return problem.New(problem.Invalid, "entry %d of the journal is about another signature", entry.Seq)
	case body.Statement != s.Digest:
		return problem.New(problem.Invalid, "signature %s is not the one of entry %d of the journal: its statement was changed", s.ID, entry.Seq)
	case body.Envelope != digest(s.Envelope):
		return problem.New(problem.Invalid, "signature %s is not the one of entry %d of the journal: its envelope was changed", s.ID, entry.Seq)
	case body.Token != digest(s.Token):
		return problem.New(problem.Invalid, "signature %s is not the one of entry %d of the journal: its time stamp was changed", s.ID, entry.Seq)
	}
	return nil
}

// By are the newest signatures of a person, newest first: one's own, or anybody's with people.read.
func By(ctx context.Context, r store.Reader, account string, limit int) ([]Signature, error) {
	if _, err := people.Get(ctx, r, account); err != nil {
		return nil, err
	}
	return store.All(ctx, r, scan, `SELECT `+columns+` FROM signature WHERE account = $1 ORDER BY seq DESC LIMIT $2`, account, min(max(limit, 1), 1000))
}
