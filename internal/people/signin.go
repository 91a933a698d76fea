package people

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"triward/internal/id"
	"triward/internal/people/password"
	"triward/internal/problem"
	"triward/internal/store"
)

// Credentials are what somebody shows to sign in.
type Credentials struct {
	Login    string
	Password string
	Code     string // of the authenticator, or a recovery code; empty at first
	Passkey  []byte // answer of a passkey in place of the code
	Address  string // where the request came from, for lock-out and display; "" for a local socket
	Agent    string // user agent text, for display
}

// Failure is why signing in failed: for the journal, never for the one who tries.
type Failure string

// The closed list of failures.
const (
	UnknownLogin  Failure = "unknown_login"
	WrongPassword Failure = "wrong_password"
	NoPassword    Failure = "no_password" // the one-time link was not used yet
	IsDisabled    Failure = "disabled"
	WrongCode     Failure = "wrong_code"
	WrongPasskey  Failure = "wrong_passkey"
	UsedCode      Failure = "used_code" // a code of this or an earlier time step
	WrongConfirm  Failure = "wrong_password_to_confirm"
)

// ErrCodeNeeded answers a right password without a code where the account has a second factor: ask for the code and try
// again with both. errors.Is finds it.
var ErrCodeNeeded = problem.New(problem.Forbidden, "enter the code of your authenticator or a recovery code, or use your passkey")

// errSignIn is the one answer to every failure, so that it tells nothing.
var errSignIn = problem.New(problem.Forbidden, "the login, password or code is wrong")

// SignedIn is a new session. Token is the secret that the door gives to the browser; it is not stored and not shown again.
type SignedIn struct {
	Token   string
	Session Session
}

// secrets is what is stored to check credentials against; the zero value when the login is unknown.
type secrets struct {
	account  Account
	password string
	totp     totpRow
	recovery recoverySet
}

// SignIn checks credentials and begins a session. Failures answer Forbidden: [*Locked] before the password is looked at,
// [ErrCodeNeeded] when only the code is missing, one and the same text otherwise. It needs no actor.
func (d *Directory) SignIn(ctx context.Context, c Credentials) (SignedIn, error) {
	c.Address, c.Agent = printable(c.Address, 64), printable(c.Agent, 300)
	// A body far above any password is not worth the work; it fails like the others.
	if len(c.Password) > 4*password.Most {
		c.Password = ""
	}
	try, err := d.count(ctx, c.Login, c.Address)
	if err != nil {
		return SignedIn{}, err
	}
	var s secrets
	err = d.DB.View(ctx, func(r store.Reader) error {
		var err error
		s, err = secretsOf(ctx, r, c.Login)
		return err
	})
	if err != nil {
		return SignedIn{}, fmt.Errorf("sign in: %w", err)
	}
	ok, stale, err := d.matches(s.password, c.Password)
	if err != nil {
		return SignedIn{}, fmt.Errorf("sign in %q: %w", s.account.ID, err)
	}
	if why := s.failure(ok); why != "" {
		return SignedIn{}, d.failed(ctx, s.account, c, failedAttempt{why, try})
	}
	p := proof{factor: "password"}
	if s.account.SecondFactor {
		if strings.TrimSpace(c.Code) == "" && len(c.Passkey) == 0 {
			if err := d.withdraw(ctx, try); err != nil {
				return SignedIn{}, err
			}
			return SignedIn{}, ErrCodeNeeded
		}
		if p, err = d.second(ctx, s, c); err != nil {
			return SignedIn{}, err
		}
		if p.why != "" {
			return SignedIn{}, d.failed(ctx, s.account, c, failedAttempt{p.why, try})
		}
	}
	if stale {
		if p.rehashed, err = d.hash(c.Password); err != nil {
			return SignedIn{}, err
		}
	}
	in, err := d.begin(ctx, s, c, p)
	if err != nil {
		return SignedIn{}, fmt.Errorf("sign in %q: %w", s.account.ID, err)
	}
	if in.Token == "" { // somebody else used the code in the meantime
		return SignedIn{}, d.failed(ctx, s.account, c, failedAttempt{UsedCode, try})
	}
	return in, d.succeed(ctx, try)
}

func secretsOf(ctx context.Context, r store.Reader, login string) (secrets, error) {
	var s secrets
	a, err := scanAccount(r.QueryRow(ctx, `SELECT `+accountColumns+` FROM people_account a WHERE a.login = $1`, normalLogin(login)))
	if problem.KindOf(err) == problem.NotFound {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	s.account = a
	if s.password, err = storedPassword(ctx, r, a.ID); err != nil {
		return s, err
	}
	if s.totp, err = totpOf(ctx, r, a.ID); err != nil {
		return s, err
	}
	s.recovery, err = recoveryOf(ctx, r, a.ID)
	return s, err
}

func (s secrets) failure(matched bool) Failure {
	switch {
	case s.account.ID == "":
		return UnknownLogin
	case s.password == "":
		return NoPassword
	case !matched:
		return WrongPassword
	case s.account.State != Active:
		return IsDisabled
	}
	return ""
}

type failedAttempt struct {
	why Failure
	try attempt
}

// failed records a failure, and the locks that it brought, and returns the answer.
func (d *Directory) failed(ctx context.Context, a Account, c Credentials, f failedAttempt) error {
	subject := a.ID
	if subject == "" {
		subject = "unknown"
	}
	ctx = acting(ctx)
	err := d.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.Record(ctx, store.Event{Kind: KindSignInFailed, Subject: subject,
			Body: signInFailedBody{Reason: f.why, Address: c.Address, Agent: c.Agent}}); err != nil {
			return err
		}
		for _, l := range f.try.locks {
			if _, err := tx.Record(ctx, store.Event{Kind: KindSignInLocked, Subject: subject, Body: l}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("record failed sign-in: %w", err)
	}
	return errSignIn
}

// begin stores a session and uses up the code. The token is empty when the code was used in the meantime.
func (d *Directory) begin(ctx context.Context, s secrets, c Credentials, p proof) (SignedIn, error) {
	token, hash, err := newToken("")
	if err != nil {
		return SignedIn{}, err
	}
	sid, err := id.New("ses")
	if err != nil {
		return SignedIn{}, err
	}
	limits := d.Limits.orDefault()
	ctx = self(ctx, s.account, KindSignedIn)
	in := SignedIn{Token: token}
	err = d.DB.Update(ctx, func(tx *store.Tx) error {
		// The account may have changed while the hash was computed.
		now, err := storedPassword(ctx, tx, s.account.ID)
		if err != nil {
			return err
		}
		a, err := accountByID(ctx, tx, s.account.ID)
		if err != nil {
			return err
		}
		if a.State != Active || now != s.password {
			return errSignIn
		}
		fresh, err := p.use(ctx, tx, a.ID)
		if err != nil || !fresh {
			in.Token = ""
			return err
		}
		if p.rehashed != "" {
			if err := setPassword(ctx, tx, a.ID, p.rehashed); err != nil {
				return err
			}
		}
		in.Session = Session{ID: sid, Account: a.ID, Login: a.Login, Name: a.Name, Created: tx.Now, Seen: tx.Now,
			Expires: tx.Now.Add(limits.Absolute), Idle: tx.Now.Add(limits.Idle), Address: c.Address, Agent: c.Agent, SecondFactor: p.second()}
		if err := insertSession(ctx, tx, in.Session, hash); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE people_account SET signed_in = $1 WHERE id = $2`, store.Micros(tx.Now), a.ID); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindSignedIn, Subject: a.ID, Body: signedInBody{Session: sid, Address: c.Address, Agent: c.Agent, Factor: p.factor}})
		return err
	})
	if err != nil {
		return SignedIn{}, err
	}
	return in, nil
}

// Enter begins a session of somebody who proved to an identity provider who they are. It answers like [Directory.SignIn]
// when the account is not active.
func (d *Directory) Enter(ctx context.Context, account string, c Credentials, factor string) (SignedIn, error) {
	c.Address, c.Agent = printable(c.Address, 64), printable(c.Agent, 300)
	var s secrets
	err := d.DB.View(ctx, func(r store.Reader) (err error) {
		if s.account, err = accountByID(ctx, r, account); err != nil {
			return err
		}
		s.password, err = storedPassword(ctx, r, account)
		return err
	})
	if err != nil {
		return SignedIn{}, fmt.Errorf("enter: %w", err)
	}
	return d.begin(ctx, s, c, proof{factor: factor})
}

// Refuse records that somebody whom a provider knows was not let in.
func (d *Directory) Refuse(ctx context.Context, why Failure, c Credentials) error {
	err := d.failed(ctx, Account{}, c, failedAttempt{why: why})
	if errors.Is(err, errSignIn) {
		return nil
	}
	return err
}

// printable keeps what a page can show of text that a stranger sent, up to n bytes.
func printable(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	return shorten(s, n)
}

// confirm checks the actor's own password before a change to how they sign in, with the same lock as signing in: a
// stolen session must not be a place to guess. It returns the account and its stored password.
func (d *Directory) confirm(ctx context.Context, shown string) (Account, error) {
	account, err := ownID(ctx)
	if err != nil {
		return Account{}, err
	}
	var a Account
	var stored string
	err = d.DB.View(ctx, func(r store.Reader) error {
		var err error
		if a, err = accountByID(ctx, r, account); err != nil {
			return err
		}
		stored, err = storedPassword(ctx, r, account)
		return err
	})
	if err != nil {
		return a, fmt.Errorf("confirm password: %w", err)
	}
	try, err := d.count(ctx, a.Login, "")
	if err != nil {
		return a, err
	}
	ok, _, err := d.matches(stored, shown)
	if err != nil {
		return a, fmt.Errorf("confirm password: %w", err)
	}
	if !ok || len(shown) > 4*password.Most {
		if err := d.failed(ctx, a, Credentials{}, failedAttempt{WrongConfirm, try}); problem.KindOf(err) != problem.Forbidden {
			return a, err
		}
		var l problem.List
		l.Add("current_password", "is wrong")
		return a, l.Err("the current password is wrong")
	}
	return a, d.succeed(ctx, try)
}

// ChangePassword sets the actor's own password and ends the actor's other sessions; session is the id of the one to keep.
// Invalid when the current password is wrong or the new one is refused.
func (d *Directory) ChangePassword(ctx context.Context, current, password, session string) error {
	a, err := d.confirm(ctx, current)
	if err != nil {
		return err
	}
	stored, err := d.newPassword(password, a)
	if err != nil {
		return err
	}
	return d.replacePassword(ctx, a, stored, passwordChange{KindSelfPasswordChanged, "changed", session})
}

// SetPassword sets the password of another account and ends its sessions: for the command line, and for accounts of
// machines; people get a link. The actor must hold all that the account holds.
func (d *Directory) SetPassword(ctx context.Context, account, password string) error {
	if _, err := store.ScopeOf(ctx, KindPasswordChanged); err != nil {
		return err
	}
	var a Account
	err := d.DB.View(ctx, func(r store.Reader) error {
		var err error
		a, err = accountByID(ctx, r, account)
		return err
	})
	if err != nil {
		return fmt.Errorf("set password of %q: %w", account, err)
	}
	stored, err := d.newPassword(password, a)
	if err != nil {
		return err
	}
	return d.replacePassword(ctx, a, stored, passwordChange{KindPasswordChanged, "set", ""})
}

type passwordChange struct {
	kind, how, keep string
}

func (d *Directory) replacePassword(ctx context.Context, a Account, stored string, c passwordChange) error {
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		if c.kind == KindPasswordChanged {
			if err := outranks(ctx, tx, a.ID); err != nil {
				return err
			}
		}
		if err := setPassword(ctx, tx, a.ID, stored); err != nil {
			return err
		}
		if err := dropLinks(ctx, tx, a.ID); err != nil {
			return err
		}
		n, err := endSessions(ctx, tx, a.ID, c.keep)
		if err != nil {
			return err
		}
		seq, err := tx.Record(ctx, store.Event{Kind: c.kind, Subject: a.ID, Body: passwordBody{Login: a.Login, How: c.how, SessionsEnded: n}})
		if err != nil {
			return err
		}
		return noteReset(ctx, tx, a.ID, reset{"password", seq})
	})
}
