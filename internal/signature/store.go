package signature

import (
	"context"
	"fmt"
	"time"

	"triward/internal/problem"
	"triward/internal/store"
)

const columns = `id, statement, envelope, token, seq`

func scan(s store.Scanner) (Signature, error) {
	var id string
	var statement, envelope, token []byte
	var seq int64
	if err := s.Scan(&id, &statement, &envelope, &token, &seq); err != nil {
		return Signature{}, err
	}
	sig, err := decode(statement)
	if err != nil || sig.ID != id {
		return Signature{}, fmt.Errorf("read signature %q: its row was changed: %w", id, err)
	}
	sig.Envelope, sig.Token, sig.Seq = envelope, token, seq
	return sig, nil
}

func insert(ctx context.Context, tx *store.Tx, s Signature) error {
	_, err := tx.Exec(ctx, `INSERT INTO signature (id, record, document, meaning, account, at, digest, statement, envelope, token, seq)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, s.ID, s.Record.ID, s.Record.Document, string(s.Act.Meaning), s.Signer,
		store.Micros(s.At), s.Digest, s.Statement, s.Envelope, s.Token, s.Seq)
	return err
}

// Of are the signatures on a record, oldest first. Whoever may see the record may see them.
func Of(ctx context.Context, r store.Reader, record string) ([]Signature, error) {
	return store.All(ctx, r, scan, `SELECT `+columns+` FROM signature WHERE record = $1 ORDER BY seq`, record)
}

// Get reads a signature; NotFound when there is none.
func Get(ctx context.Context, r store.Reader, id string) (Signature, error) {
	return scan(r.QueryRow(ctx, `SELECT `+columns+` FROM signature WHERE id = $1`, id))
}

// newestOn is the digest of the statement signed last on a record; "" for none.
func newestOn(ctx context.Context, r store.Reader, record string) (string, error) {
	var d string
	err := r.QueryRow(ctx, `SELECT digest FROM signature WHERE record = $1 ORDER BY seq DESC LIMIT 1`, record).Scan(&d)
	if problem.KindOf(err) == problem.NotFound {
		return "", nil
	}
	return d, err
}

// newestTime is when the newest signature of all was made; zero for none.
func newestTime(ctx context.Context, r store.Reader) (time.Time, error) {
	var at int64
	err := r.QueryRow(ctx, `SELECT coalesce(max(at), 0) FROM signature`).Scan(&at)
	return store.Time(at), err
}

// period is a continuous period of signings in one session; the zero value before the first. Comparable.
type period struct {
	id             string // sgn_…
	started, at    time.Time
	ordinal        int64
	address, agent string
}

func periodOf(ctx context.Context, r store.Reader, session string) (period, error) {
	var p period
	var started, at int64
	err := r.QueryRow(ctx, `SELECT id, started, at, ordinal, address, agent FROM signature_session WHERE session = $1`, session).
		Scan(&p.id, &started, &at, &p.ordinal, &p.address, &p.agent)
	if problem.KindOf(err) == problem.NotFound {
		return period{}, nil
	}
	p.started, p.at = store.Time(started), store.Time(at)
	return p, err
}

func (p period) save(ctx context.Context, tx *store.Tx, by Proof) error {
	_, err := tx.Exec(ctx, `INSERT INTO signature_session (session, id, account, started, at, ordinal, address, agent)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (session) DO UPDATE SET id = excluded.id, started = excluded.started,
		at = excluded.at, ordinal = excluded.ordinal, address = excluded.address, agent = excluded.agent`,
		by.session, p.id, by.reproof.Account.ID, store.Micros(p.started), store.Micros(p.at), p.ordinal, p.address, p.agent)
	return err
}

func newestIdentity(ctx context.Context, r store.Reader, account string) (Identity, error) {
	i := Identity{Account: account}
	var at int64
	err := r.QueryRow(ctx, `SELECT seq, name, how, evidence, verified_by, verifier_name, at FROM signature_identity
		WHERE account = $1 ORDER BY seq DESC LIMIT 1`, account).Scan(&i.Seq, &i.Name, &i.How, &i.Evidence, &i.VerifiedBy, &i.VerifierName, &at)
	if err != nil {
		return Identity{}, err
	}
	i.At = store.Time(at)
	return i, nil
}

func insertIdentity(ctx context.Context, tx *store.Tx, i Identity) error {
	_, err := tx.Exec(ctx, `INSERT INTO signature_identity (seq, account, name, how, evidence, verified_by, verifier_name, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, i.Seq, i.Account, i.Name, string(i.How), i.Evidence, i.VerifiedBy, i.VerifierName, store.Micros(i.At))
	return err
}

// Until are the signatures that the journal holds up to an entry, oldest first. It checks no right: it is for what is
// derived from all of them.
func Until(ctx context.Context, r store.Reader, head int64) ([]Signature, error) {
	return store.All(ctx, r, scan, `SELECT `+columns+` FROM signature WHERE seq <= $1 ORDER BY seq`, head)
}
