package passkey

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/go-webauthn/webauthn/webauthn"

	"triward/internal/store"
)

// row is a passkey with its public key.
type row struct {
	Passkey
	key webauthn.Credential
}

func scan(s store.Scanner) (row, error) {
	var x row
	var text string
	var created, used, revoked int64
	if err := s.Scan(&x.ID, &x.Account, &x.Name, &text, &created, &used, &revoked); err != nil {
		return x, err
	}
	x.Created, x.Used, x.Revoked = store.Time(created), store.Time(used), store.Time(revoked)
	if err := json.Unmarshal([]byte(text), &x.key); err != nil {
		return x, fmt.Errorf("read passkey %q: %w", x.ID, err)
	}
	x.Synced = x.key.Flags.BackupEligible
	return x, nil
}

const columns = `id, account, name, record, created, used, revoked`

func insert(ctx context.Context, tx *store.Tx, x row) error {
	text, err := json.Marshal(x.key)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO people_passkey (id, credential, account, name, record, counter, created, used, revoked)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0)`, x.ID, x.key.ID, x.Account, x.Name, string(text), int64(x.key.Authenticator.SignCount), store.Micros(x.Created))
	return err
}

// List are the passkeys of an account, oldest first, with those revoked. The caller says who may see them.
func List(ctx context.Context, r store.Reader, account string) ([]Passkey, error) {
	rows, err := store.All(ctx, r, scan, `SELECT `+columns+` FROM people_passkey WHERE account = $1 ORDER BY id`, account)
	out := make([]Passkey, len(rows))
	for i, x := range rows {
		out[i] = x.Passkey
	}
	return out, err
}

// usable are the passkeys that may answer for a purpose: to be excluded from enrolment, all; to be tested, those that are
// not revoked; else those that were tested.
func usable(ctx context.Context, r store.Reader, account string, p Purpose) ([]row, error) {
	all, err := store.All(ctx, r, scan, `SELECT `+columns+` FROM people_passkey WHERE account = $1 AND revoked = 0 ORDER BY id`, account)
	if p == Enrol || p == Test {
		return all, err
	}
	var out []row
	for _, x := range all {
		if x.Ready() {
			out = append(out, x)
		}
	}
	return out, err
}

func credentials(rows []row) []webauthn.Credential {
	out := make([]webauthn.Credential, len(rows))
	for i, x := range rows {
		out[i] = x.key
	}
	return out
}

// useChallenge takes a challenge; Invalid when it is not there any more.
func useChallenge(ctx context.Context, tx *store.Tx, challenge string) error {
	n, err := tx.Exec(ctx, `DELETE FROM people_challenge WHERE hash = $1 AND expires > $2`, challengeHash(challenge), store.Micros(tx.Now))
	if err != nil {
		return err
	}
	if n == 0 {
		return errAnswer
	}
	return nil
}
