package people

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"triward/internal/people/passkey"
	"triward/internal/people/password"
	"triward/internal/problem"
	"triward/internal/store"
)

// Shown is what somebody who is signed in shows again, to confirm an act in their name. Empty parts were not shown.
type Shown struct {
	Password string
	Code     string // of the authenticator; a recovery code does not confirm acts
	Passkey  []byte // answer to a challenge for signing
	Address  string // where it came from, for lock-out and the journal
	Agent    string
}

// Reproof is that somebody proved again who they are. It holds once: Use takes it.
type Reproof struct {
	Account Account
	Methods []string // "password", "totp", "passkey"

	Assertion *passkey.Assertion // of a passkey that was asked to sign something; nil without

	stored string  // the password as it was stored when it was compared; "" when it was not shown
	second []proof // what has to be used up
}

// Reprove checks all that was shown by the actor's own account, with the same lock as signing in. Invalid with the faults
// "password", "code" and "passkey" when one of them is wrong; [*Locked] after too many failures. What was not shown is not
// among the methods: the caller says what is enough. It hashes, so it runs outside of Update.
func (d *Directory) Reprove(ctx context.Context, shown Shown) (Reproof, error) {
	account, err := ownID(ctx)
	if err != nil {
		return Reproof{}, err
	}
	shown.Address, shown.Agent = printable(shown.Address, 64), printable(shown.Agent, 300)
	var s secrets
	err = d.DB.View(ctx, func(r store.Reader) error {
		a, err := accountByID(ctx, r, account)
		if err != nil {
			return err
		}
		s, err = secretsOf(ctx, r, a.Login)
		return err
	})
	if err != nil {
		return Reproof{}, fmt.Errorf("prove again: %w", err)
	}
	try, err := d.count(ctx, s.account.Login, shown.Address)
	if err != nil {
		return Reproof{}, err
	}
	e := examination{d: d, s: s, shown: shown, proof: Reproof{Account: s.account}}
	if err := errors.Join(e.password(), e.code(), e.passkey(ctx)); err != nil {
		return Reproof{}, fmt.Errorf("prove again %q: %w", account, err)
	}
	if e.why != "" {
		c := Credentials{Address: shown.Address, Agent: shown.Agent}
		if err := d.failed(ctx, s.account, c, failedAttempt{e.why, try}); problem.KindOf(err) != problem.Forbidden {
			return Reproof{}, err
		}
		return Reproof{}, e.faults.Err("you did not prove who you are")
	}
	if len(e.proof.Methods) == 0 {
		return e.proof, d.withdraw(ctx, try)
	}
	return e.proof, d.succeed(ctx, try)
}

// examination looks at each part that was shown.
type examination struct {
	d      *Directory
	s      secrets
	shown  Shown
	proof  Reproof
	faults problem.List
	why    Failure // of the first part that is wrong
}

func (e *examination) wrong(part string, why Failure, reason string) {
	e.faults.Add(part, "%s", reason)
	e.why = orElse(e.why, why)
}

func (e *examination) password() error {
	if e.shown.Password == "" {
		return nil
	}
	if len(e.shown.Password) > 4*password.Most {
		e.wrong("password", WrongConfirm, "is wrong")
		return nil
	}
	ok, _, err := e.d.matches(e.s.password, e.shown.Password)
	if err != nil {
		return err
	}
	if !ok {
		e.wrong("password", WrongConfirm, "is wrong")
		return nil
	}
	e.proof.stored = e.s.password
	e.proof.Methods = append(e.proof.Methods, "password")
	return nil
}

func (e *examination) code() error {
	six := strings.ReplaceAll(strings.TrimSpace(e.shown.Code), " ", "")
	if six == "" {
		return nil
	}
	if !e.s.totp.confirmed || !isDigits(six, 6) {
		e.wrong("code", WrongCode, "must be the six digits that your authenticator shows now")
		return nil
	}
	second, err := e.d.secondFactor(e.s, six)
	if err != nil {
		return err
	}
	switch second.why {
	case UsedCode:
		e.wrong("code", UsedCode, "was used already; wait for the next one")
	case WrongCode:
		e.wrong("code", WrongCode, "is not the one that your authenticator shows now")
	default:
		e.proof.second = append(e.proof.second, second)
		e.proof.Methods = append(e.proof.Methods, second.factor)
	}
	return nil
}

func (e *examination) passkey(ctx context.Context) error {
	if len(e.shown.Passkey) == 0 {
		return nil
	}
	second, err := e.d.checkPasskey(ctx, e.s.account, passkey.Sign, e.shown.Passkey)
	if err != nil {
		return err
	}
	if second.why != "" {
		e.wrong("passkey", second.why, "did not answer as it should; try again")
		return nil
	}
	e.proof.second = append(e.proof.second, second)
	e.proof.Methods = append(e.proof.Methods, second.factor)
	e.proof.Assertion = second.passkey.Assertion
	return nil
}

// Use takes the proof in the transaction of the act. Forbidden when the account or its password changed since, Invalid when
// a part was used in the meantime.
func (p Reproof) Use(ctx context.Context, tx *store.Tx) error {
	a, err := accountByID(ctx, tx, p.Account.ID)
	if err != nil {
		return err
	}
	now, err := storedPassword(ctx, tx, a.ID)
	if err != nil {
		return err
	}
	if a.State != Active || p.stored != "" && now != p.stored {
		return errNoSession
	}
	for _, second := range p.second {
		fresh, err := second.use(ctx, tx, a.ID)
		if err != nil {
			return err
		}
		if !fresh {
			var l problem.List
			if second.factor == "passkey" {
				l.Add("passkey", "answered already; ask it again")
			} else {
				l.Add("code", "was used already; wait for the next one")
			}
			return l.Err("you did not prove who you are")
		}
	}
	return nil
}

// Alive reports whether a session goes on: not ended, not idle, its account active.
func (d *Directory) Alive(ctx context.Context, r store.Reader, session string) (bool, error) {
	now, limits := d.DB.Now(), d.Limits.orDefault()
	var alive bool
	err := r.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM people_session s JOIN people_account a ON a.id = s.account
		WHERE s.id = $1 AND s.ended = 0 AND s.expires > $2 AND s.seen > $3 AND a.state = 'active')`,
		session, store.Micros(now), store.Micros(now.Add(-limits.Idle))).Scan(&alive)
	return alive, err
}

// Means are what an account has to prove who it is, for forms that ask for it.
type Means struct {
	Password bool
	TOTP     bool
	TOTPUsed time.Time // when a code was used last
	Passkey  bool
	Reset    []Reset // how others changed them, oldest first
}

// Reset is a change of how somebody signs in that another one made.
type Reset struct {
	What  string // "password", "link", "totp" or "passkey"
	Actor string // who made it
	At    time.Time
	Seq   int64 // entry of the journal
}

// MeansOf reads the means of an account.
func MeansOf(ctx context.Context, r store.Reader, account string) (Means, error) {
	a, err := accountByID(ctx, r, account)
	if err != nil {
		return Means{}, err
	}
	m := Means{Password: a.HasPassword, TOTP: a.TOTP, Passkey: a.Passkey}
	if a.TOTP {
		t, err := totpOf(ctx, r, account)
		if err != nil {
			return m, err
		}
		m.TOTPUsed = time.Unix(t.lastStep*totpPeriod, 0).UTC()
	}
	m.Reset, err = store.All(ctx, r, func(s store.Scanner) (Reset, error) {
		var x Reset
		var at int64
		err := s.Scan(&x.Seq, &x.What, &x.Actor, &at)
		x.At = store.Time(at)
		return x, err
	}, `SELECT seq, what, actor, at FROM people_reset WHERE account = $1 ORDER BY seq`, account)
	return m, err
}

// noteReset records that the actor changed how another person signs in: signing waits until a third one has verified
// anew who the person is (21 CFR 11.200(a)(3)).
func noteReset(ctx context.Context, tx *store.Tx, account string, c reset) error {
	if by := tx.Actor().ID; by == account || strings.HasPrefix(by, "system:") {
		return nil
	}
	_, err := tx.Exec(ctx, `INSERT INTO people_reset (seq, account, what, actor, at) VALUES ($1, $2, $3, $4, $5)`,
		c.seq, account, c.what, tx.Actor().ID, store.Micros(tx.Now))
	return err
}

type reset struct {
	what string
	seq  int64 // entry of the change
}
