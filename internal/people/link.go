package people

import (
	"context"
	"fmt"

	"triward/internal/people/password"
	"triward/internal/problem"
	"triward/internal/store"
)

// SetupNeeded reports whether there is no account yet.
func (d *Directory) SetupNeeded(ctx context.Context) (bool, error) {
	var needed bool
	err := d.DB.View(ctx, func(r store.Reader) error {
		var err error
		needed, err = empty(ctx, r)
		return err
	})
	return needed, err
}

func empty(ctx context.Context, r store.Reader) (bool, error) {
	var any bool
	err := r.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM people_account)`).Scan(&any)
	return !any, err
}

var errSetupDone = problem.New(problem.Conflict, "Triward is set up already; ask an administrator for an account")

// errLink is the answer to every link that does not work, whatever the reason.
var errLink = problem.New(problem.Forbidden, "this link does not work: it was used, has expired or was replaced by a newer one")

// StartSetup seeds the roles and returns the secret of a one-time link with which the first administrator is made. A link
// made before stops working. Conflict when there are accounts.
func (d *Directory) StartSetup(ctx context.Context) (string, error) {
	if err := d.Seed(ctx); err != nil {
		return "", err
	}
	secret, hash, err := newToken("")
	if err != nil {
		return "", err
	}
	err = d.DB.Update(acting(ctx), func(tx *store.Tx) error {
		if none, err := empty(ctx, tx); err != nil || !none {
			return orProblem(err, errSetupDone)
		}
		if _, err := tx.Exec(ctx, `DELETE FROM people_link WHERE account IS NULL`); err != nil {
			return err
		}
		expires := tx.Now.Add(d.Limits.orDefault().Link)
		if _, err := tx.Exec(ctx, `INSERT INTO people_link (hash, account, created, expires, used) VALUES ($1, NULL, $2, $3, 0)`,
			hash, store.Micros(tx.Now), store.Micros(expires)); err != nil {
			return err
		}
		_, err := tx.Record(ctx, store.Event{Kind: KindSetupStarted, Subject: "setup", Body: linkBody{Expires: expires}})
		return err
	})
	if err != nil {
		return "", fmt.Errorf("start set-up: %w", err)
	}
	return secret, nil
}

// orProblem is err when there is one, else the problem.
func orProblem(err error, p *problem.Error) error {
	if err != nil {
		return err
	}
	return p
}

// CheckSetup reports whether a set-up link works now: nil or Forbidden.
func (d *Directory) CheckSetup(ctx context.Context, secret string) error {
	return d.DB.View(ctx, func(r store.Reader) error { return setupLink(ctx, r, secret, store.Micros(d.DB.Now())) })
}

func setupLink(ctx context.Context, r store.Reader, secret string, now int64) error {
	var works bool
	err := r.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM people_link WHERE hash = $1 AND account IS NULL AND used = 0 AND expires > $2)`,
		digest(secret), now).Scan(&works)
	if err != nil || !works {
		return orProblem(err, errLink)
	}
	return nil
}

// CompleteSetup makes the first account, an administrator everywhere, and returns its id. The password is required.
// Forbidden when the link does not work.
func (d *Directory) CompleteSetup(ctx context.Context, secret string, n NewAccount) (string, error) {
	if err := d.CheckSetup(ctx, secret); err != nil {
		return "", err
	}
	if n.Password == "" {
		n.Password = " " // is found too short
	}
	a, stored, err := d.prepare(n)
	if err != nil {
		return "", err
	}
	err = d.DB.Update(acting(ctx), func(tx *store.Tx) error {
		ctx := acting(ctx)
		now := store.Micros(tx.Now)
		if err := setupLink(ctx, tx, secret, now); err != nil {
			return err
		}
		if none, err := empty(ctx, tx); err != nil || !none {
			return orProblem(err, errSetupDone)
		}
		if _, err := tx.Exec(ctx, `UPDATE people_link SET used = $1 WHERE hash = $2`, now, digest(secret)); err != nil {
			return err
		}
		if err := createTx(ctx, tx, a, stored); err != nil {
			return err
		}
		g, err := newGrant(Grant{Account: a.ID, Role: RoleAdministrator, All: true})
		if err != nil {
			return err
		}
		if err := grantTx(ctx, tx, g); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindSetupCompleted, Subject: a.ID, Body: loginBody{a.Login}})
		return err
	})
	if err != nil {
		return "", fmt.Errorf("complete set-up: %w", err)
	}
	return a.ID, nil
}

// MakeLink returns the secret of a one-time link with which the holder of an account chooses a password: for a new
// account, or a forgotten password. Links made before stop working. The actor must hold all that the account holds.
func (d *Directory) MakeLink(ctx context.Context, account string) (string, error) {
	secret, hash, err := newToken("")
	if err != nil {
		return "", err
	}
	err = d.changeOther(ctx, account, func(tx *store.Tx, a Account) error {
		if a.State == Disabled {
			return problem.New(problem.Conflict, "the account is disabled; enable it first")
		}
		if err := dropLinks(ctx, tx, account); err != nil {
			return err
		}
		expires := tx.Now.Add(d.Limits.orDefault().Link)
		if _, err := tx.Exec(ctx, `INSERT INTO people_link (hash, account, created, expires, used) VALUES ($1, $2, $3, $4, 0)`,
			hash, account, store.Micros(tx.Now), store.Micros(expires)); err != nil {
			return err
		}
		seq, err := tx.Record(ctx, store.Event{Kind: KindLinkMade, Subject: account, Body: linkBody{Login: a.Login, Expires: expires}})
		if err != nil {
			return err
		}
		return noteReset(ctx, tx, account, reset{"link", seq})
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

// LinkAccount is the account for which a link works now; Forbidden when it does not. The link itself is the permission.
func (d *Directory) LinkAccount(ctx context.Context, secret string) (Account, error) {
	var a Account
	err := d.DB.View(ctx, func(r store.Reader) error {
		var err error
		a, err = linkAccount(ctx, r, secret, store.Micros(d.DB.Now()))
		return err
	})
	return a, err
}

func linkAccount(ctx context.Context, r store.Reader, secret string, now int64) (Account, error) {
	a, err := scanAccount(r.QueryRow(ctx, `SELECT `+accountColumns+` FROM people_link l JOIN people_account a ON a.id = l.account
		WHERE l.hash = $1 AND l.used = 0 AND l.expires > $2 AND a.state = 'active'`, digest(secret), now))
	if problem.KindOf(err) == problem.NotFound {
		return a, errLink
	}
	return a, err
}

// UseLink sets the password of the account of a link and ends its sessions. It does not sign in and does not touch the
// second factor. Forbidden when the link does not work, Invalid when the password is refused.
func (d *Directory) UseLink(ctx context.Context, secret, password string) error {
	a, err := d.LinkAccount(ctx, secret)
	if err != nil {
		return err
	}
	stored, err := d.newPassword(password, a)
	if err != nil {
		return err
	}
	ctx = self(ctx, a)
	err = d.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := linkAccount(ctx, tx, secret, store.Micros(tx.Now)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE people_link SET used = $1 WHERE hash = $2`, store.Micros(tx.Now), digest(secret)); err != nil {
			return err
		}
		if err := setPassword(ctx, tx, a.ID, stored); err != nil {
			return err
		}
		n, err := endSessions(ctx, tx, a.ID, "")
		if err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindSelfPasswordChanged, Subject: a.ID, Body: passwordBody{Login: a.Login, How: "link", SessionsEnded: n}})
		return err
	})
	if err != nil {
		return err
	}
	return d.forgive(ctx, loginKey(a.Login))
}

// newPassword checks a password for an account and returns its stored form.
func (d *Directory) newPassword(chosen string, a Account) (string, error) {
	var l problem.List
	password.Check(&l, "password", chosen, a.owner())
	if err := l.Err("password is not accepted"); err != nil {
		return "", err
	}
	return d.hash(chosen)
}
