package signature

import (
	"context"
	"encoding/json"
	"fmt"

	"triward/internal/ledger"
	"triward/internal/problem"
	"triward/internal/store"
)

// KindStamped is that an authority outside stamped a signature; its subject is the record.
const KindStamped = "system.signature_stamped"

type stampedBody struct {
	Signature string `json:"signature"`
	Authority string `json:"authority"`
	Token     string `json:"time_stamp_sha256"`
}

// Outside is a time-stamp authority outside. What it stamps is trusted by its certificates.
type Outside struct {
	Name         string   // its address
	Certificates []string // PEM: it, or roots that it descends from
}

// Pending is a signature that an authority outside has not stamped yet.
type Pending struct {
	Signature string
	Record    string
	Data      []byte // what is to be stamped: the envelope's signature
}

// Unstamped are the oldest signatures that an authority has not stamped yet.
func (s *Signer) Unstamped(ctx context.Context, r store.Reader, o Outside, limit int) ([]Pending, error) {
	all, err := store.All(ctx, r, scan, `SELECT `+columns+` FROM signature s
		WHERE NOT EXISTS (SELECT 1 FROM signature_stamp t WHERE t.signature = s.id AND t.authority = $1) ORDER BY seq LIMIT $2`, o.Name, limit)
	if err != nil {
		return nil, fmt.Errorf("find signatures to stamp: %w", err)
	}
	var out []Pending
	for _, sig := range all {
		sealed, err := ledger.OpenEnvelope(ctx, sig.Envelope, MediaType, s.Key.Verifier())
		if err != nil {
			return nil, fmt.Errorf("find signatures to stamp: %q: %w", sig.ID, err)
		}
		out = append(out, Pending{sig.ID, sig.Record.ID, sealed.Signature})
	}
	return out, nil
}

// AddStamp keeps the token of an authority outside, after checking it. It stands beside the built-in one, which came first.
func (s *Signer) AddStamp(ctx context.Context, o Outside, p Pending, token []byte) error {
	at, err := CheckToken(token, p.Data, o.Certificates...)
	if err != nil {
		return fmt.Errorf("stamp %q: %w", p.Signature, err)
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		seq, err := tx.Record(ctx, store.Event{Kind: KindStamped, Subject: p.Record, Body: stampedBody{p.Signature, o.Name, digest(token)}})
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO signature_stamp (signature, authority, at, token, seq) VALUES ($1, $2, $3, $4, $5)`, p.Signature, o.Name, store.Micros(at), token, seq)
		return err
	})
}

// Stamp is a token of a time-stamp authority outside, over the envelope's signature, and the proof that the journal holds
// its digest.
type Stamp struct {
	Authority string       `json:"authority"`
	Token     []byte       `json:"token"`
	Proof     ledger.Proof `json:"proof"`
}

// stamps are those of a signature, without proofs, and their entries.
func stampsOf(ctx context.Context, r store.Reader, id string) ([]Stamp, []int64, error) {
	var seqs []int64
	out, err := store.All(ctx, r, func(s store.Scanner) (Stamp, error) {
		var x Stamp
		var seq int64
		err := s.Scan(&x.Authority, &x.Token, &seq)
		seqs = append(seqs, seq)
		return x, err
	}, `SELECT authority, token, seq FROM signature_stamp WHERE signature = $1 ORDER BY authority`, id)
	return out, seqs, err
}

// check is Invalid unless the journal holds the token for a signature. Whether its authority is trusted is for the reader
// to say, with [CheckToken].
func (x Stamp) check(s Signature, keys Keys) error {
	entry, err := proved(x.Proof, keys)
	if err != nil {
		return err
	}
	var body stampedBody
	if err := json.Unmarshal(entry.Body, &body); err != nil {
		return problem.New(problem.Invalid, "the proof does not hold what the journal says")
	}
	if entry.Kind != KindStamped || entry.Subject != s.Record.ID || body != (stampedBody{s.ID, x.Authority, digest(x.Token)}) {
		return problem.New(problem.Invalid, "the journal has no such time stamp of %s on signature %s", x.Authority, s.ID)
	}
	return nil
}
