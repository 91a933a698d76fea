package people

import (
	"context"
	"fmt"

	"triward/internal/people/passkey"
	"triward/internal/problem"
	"triward/internal/store"
)

var errNoPasskeys = problem.New(problem.Unavailable, "browsers allow no passkeys at this address: it needs a name and TLS (public_url)")

// second checks what was shown beside the password.
func (d *Directory) second(ctx context.Context, s secrets, c Credentials) (proof, error) {
	switch {
	case len(c.Passkey) > 0:
		return d.checkPasskey(ctx, s.account, passkey.SignIn, c.Passkey)
	case !s.totp.confirmed: // only a recovery code is left
		p := proof{factor: "recovery_code", recovery: d.findRecovery(s.recovery, c.Code)}
		if p.recovery == nil {
			p.why = WrongCode
		}
		return p, nil
	}
	return d.secondFactor(s, c.Code)
}

func ownerOf(a Account) passkey.Owner {
	return passkey.Owner{Account: a.ID, Login: a.Login, Name: a.Name}
}

// checkPasskey checks the answer of a passkey of an account.
func (d *Directory) checkPasskey(ctx context.Context, a Account, p passkey.Purpose, response []byte) (proof, error) {
	out := proof{factor: "passkey"}
	if d.Passkeys == nil {
		return out, errNoPasskeys
	}
	var err error
	out.passkey, err = d.Passkeys.Check(ctx, ownerOf(a), p, response)
	if problem.KindOf(err) == problem.Invalid {
		out.why = WrongPasskey
		return out, nil
	}
	return out, err
}

// AskPasskey makes a challenge for the actor's own account and returns the options for the browser, as JSON.
func (d *Directory) AskPasskey(ctx context.Context, p passkey.Purpose) ([]byte, error) {
	account, err := ownID(ctx)
	if err != nil {
		return nil, err
	}
	return d.askPasskey(ctx, account, p)
}

// AskPasskeyToSign makes a challenge for the actor that commits to the digest of what they are to sign.
func (d *Directory) AskPasskeyToSign(ctx context.Context, digest []byte) ([]byte, error) {
	account, err := ownID(ctx)
	if err != nil {
		return nil, err
	}
	o, err := d.owner(ctx, account)
	if err != nil {
		return nil, err
	}
	return d.Passkeys.AskToSign(ctx, o, digest)
}

// AskPasskeyToSignIn makes a challenge for the second step of signing in. It needs no actor: the caller has seen
// [ErrCodeNeeded] for this login, and the challenge alone is worth nothing.
func (d *Directory) AskPasskeyToSignIn(ctx context.Context, login string) ([]byte, error) {
	var s secrets
	err := d.DB.View(ctx, func(r store.Reader) (err error) {
		s, err = secretsOf(ctx, r, login)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ask for passkey: %w", err)
	}
	return d.askPasskey(ctx, s.account.ID, passkey.SignIn)
}

func (d *Directory) askPasskey(ctx context.Context, account string, p passkey.Purpose) ([]byte, error) {
	o, err := d.owner(ctx, account)
	if err != nil {
		return nil, err
	}
	return d.Passkeys.Ask(ctx, o, p)
}

// owner is whose passkeys are asked for.
func (d *Directory) owner(ctx context.Context, account string) (passkey.Owner, error) {
	if d.Passkeys == nil {
		return passkey.Owner{}, errNoPasskeys
	}
	var a Account
	if err := d.DB.View(ctx, func(r store.Reader) (err error) {
		a, err = accountByID(ctx, r, account)
		return err
	}); err != nil {
		return passkey.Owner{}, fmt.Errorf("ask for passkey: %w", err)
	}
	return ownerOf(a), nil
}

// NewPasskey is an answer to a challenge for enrolment.
type NewPasskey struct {
	Name     string
	Password string // of the actor: a stolen session must not add a key
	Response []byte // JSON of the browser
}

// AddPasskey keeps a passkey of the actor's own account. It counts once it was tested.
func (d *Directory) AddPasskey(ctx context.Context, n NewPasskey) (passkey.Passkey, error) {
	if d.Passkeys == nil {
		return passkey.Passkey{}, errNoPasskeys
	}
	a, err := d.confirm(ctx, n.Password)
	if err != nil {
		return passkey.Passkey{}, err
	}
	return d.Passkeys.Add(ctx, ownerOf(a), n.Name, n.Response)
}

// TestPasskey takes the answer of one of the actor's own passkeys to a challenge for the test.
func (d *Directory) TestPasskey(ctx context.Context, response []byte) error {
	account, err := ownID(ctx)
	if err != nil {
		return err
	}
	if d.Passkeys == nil {
		return errNoPasskeys
	}
	a, err := d.Passkeys.Check(ctx, passkey.Owner{Account: account}, passkey.Test, response)
	if err != nil {
		return err
	}
	return d.Passkeys.Tested(ctx, a)
}

// Passkeys are those of an account, with those revoked: one's own, or anybody's with people.read.
func Passkeys(ctx context.Context, r store.Reader, account string) ([]passkey.Passkey, error) {
	if err := mayRead(ctx, account); err != nil {
		return nil, err
	}
	return passkey.List(ctx, r, account)
}

// RevokePasskey ends one of the actor's own passkeys, which needs no password: a lost one must end at once.
func (d *Directory) RevokePasskey(ctx context.Context, id string) error {
	account, err := ownID(ctx)
	if err != nil {
		return err
	}
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		_, err := passkey.RevokeTx(ctx, tx, account, id)
		return err
	})
}

// RevokePasskeyOf ends a passkey of another account. The actor must hold all that the account holds.
func (d *Directory) RevokePasskeyOf(ctx context.Context, account, id string) error {
	return d.changeOther(ctx, account, func(tx *store.Tx, a Account) error {
		seq, err := passkey.RevokeTx(ctx, tx, a.ID, id)
		if err != nil {
			return err
		}
		return noteReset(ctx, tx, a.ID, reset{"passkey", seq})
	})
}
