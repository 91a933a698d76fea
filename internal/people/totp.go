package people

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"triward/internal/people/passkey"
	"triward/internal/people/password"
	"triward/internal/problem"
	"triward/internal/store"
)

// RFC 6238 with what every authenticator app understands: SHA-1, 6 digits, steps of 30 seconds, and one step of clock
// difference either way (5.2).
const totpPeriod = 30

// totpRow is a stored authenticator; confirmed is false while it is being enrolled or when there is none.
type totpRow struct {
	secret    string // base32; "" when there is none
	confirmed bool
	lastStep  int64 // the newest step whose code was used: it and earlier ones are refused (RFC 6238 5.2)
}

func totpOf(ctx context.Context, r store.Reader, account string) (totpRow, error) {
	var t totpRow
	var confirmed int64
	err := r.QueryRow(ctx, `SELECT secret, confirmed, last_step FROM people_totp WHERE account = $1`, account).Scan(&t.secret, &confirmed, &t.lastStep)
	if problem.KindOf(err) == problem.NotFound {
		return totpRow{}, nil
	}
	t.confirmed = confirmed > 0
	return t, err
}

// step is the time step that a code is for, among the one at now and its neighbours; 0 when it is for none.
func (t totpRow) step(code string, now time.Time) (int64, error) {
	var found int64
	for _, skew := range []int64{-1, 0, 1} {
		at := now.Add(time.Duration(skew) * totpPeriod * time.Second)
		want, err := totp.GenerateCodeCustom(t.secret, at, totp.ValidateOpts{Period: totpPeriod, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			return 0, fmt.Errorf("stored authenticator secret is damaged")
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			found = at.Unix() / totpPeriod
		}
	}
	return found, nil
}

// proof is how somebody proved who they are, and what has to be used up for it.
type proof struct {
	factor   string  // "password", "totp", "recovery_code", "passkey", or a provider's
	why      Failure // "" when it holds
	step     int64   // TOTP step
	recovery []byte  // stored hash of the recovery code
	passkey  passkey.Answer
	rehashed string // the password hashed at today's cost; "" to keep the stored one
}

// secondFactor checks a code: six digits are the authenticator's, anything else is a recovery code.
func (d *Directory) secondFactor(s secrets, code string) (proof, error) {
	if six := strings.ReplaceAll(strings.TrimSpace(code), " ", ""); isDigits(six, 6) {
		p := proof{factor: "totp"}
		var err error
		if p.step, err = s.totp.step(six, d.DB.Now()); err != nil {
			return p, fmt.Errorf("check code of %q: %w", s.account.ID, err)
		}
		switch {
		case p.step == 0:
			p.why = WrongCode
		case p.step <= s.totp.lastStep:
			p.why = UsedCode
		}
		return p, nil
	}
	p := proof{factor: "recovery_code", recovery: d.findRecovery(s.recovery, code)}
	if p.recovery == nil {
		p.why = WrongCode
	}
	return p, nil
}

// second reports whether two factors were shown.
func (p proof) second() bool {
	return p.factor == "totp" || p.factor == "recovery_code" || p.factor == "passkey"
}

func isDigits(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789") == ""
}

// use uses the code up; false when somebody else did it first.
func (p proof) use(ctx context.Context, tx *store.Tx, account string) (bool, error) {
	var n int64
	var err error
	switch p.factor {
	case "totp":
		n, err = tx.Exec(ctx, `UPDATE people_totp SET last_step = $1 WHERE account = $2 AND confirmed > 0 AND last_step < $1`, p.step, account)
	case "recovery_code":
		n, err = tx.Exec(ctx, `UPDATE people_recovery SET used = $1 WHERE account = $2 AND hash = $3 AND used = 0`, store.Micros(tx.Now), account, p.recovery)
	case "passkey":
		return p.passkey.Use(ctx, tx)
	case "password":
		// A second factor that was confirmed while the password was checked counts already.
		a, err := accountByID(ctx, tx, account)
		return !a.SecondFactor, err
	default: // the provider asked for what it wants
		return true, nil
	}
	return n == 1, err
}

// Enrolment is an authenticator to be confirmed: shown once, as text and as the content of a QR code.
type Enrolment struct {
	Secret string // base32
	URL    string // otpauth://totp/…
}

// EnrolTOTP makes an authenticator secret for the actor's own account. It counts only after ConfirmTOTP; calling it again
// before gives a new one. Conflict when there is a confirmed one.
func (d *Directory) EnrolTOTP(ctx context.Context) (Enrolment, error) {
	account, err := ownID(ctx)
	if err != nil {
		return Enrolment{}, err
	}
	var e Enrolment
	err = d.DB.Update(ctx, func(tx *store.Tx) error {
		a, err := accountByID(ctx, tx, account)
		if err != nil {
			return err
		}
		if a.TOTP {
			return problem.New(problem.Conflict, "you have an authenticator; remove it first")
		}
		key, err := totp.Generate(totp.GenerateOpts{Issuer: orElse(d.Issuer, "Triward"), AccountName: a.Login, Period: totpPeriod,
			SecretSize: 20, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			return err
		}
		e = Enrolment{Secret: key.Secret(), URL: key.URL()}
		if _, err := tx.Exec(ctx, `INSERT INTO people_totp (account, secret, confirmed, last_step) VALUES ($1, $2, 0, 0)
			ON CONFLICT (account) DO UPDATE SET secret = excluded.secret, confirmed = 0, last_step = 0`, account, e.Secret); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindSelfTOTPChanged, Subject: account, Body: totpBody{Login: a.Login, Change: "enrolling"}})
		return err
	})
	if err != nil {
		return Enrolment{}, fmt.Errorf("enrol authenticator: %w", err)
	}
	return e, nil
}

// ConfirmTOTP makes the enrolled authenticator count, given its current code, and returns the first recovery codes, which
// are not shown again. Invalid when the code is wrong.
func (d *Directory) ConfirmTOTP(ctx context.Context, code string) ([]string, error) {
	account, err := ownID(ctx)
	if err != nil {
		return nil, err
	}
	codes, set, err := d.newRecovery()
	if err != nil {
		return nil, err
	}
	err = d.DB.Update(ctx, func(tx *store.Tx) error {
		a, err := accountByID(ctx, tx, account)
		if err != nil {
			return err
		}
		t, err := totpOf(ctx, tx, account)
		if err != nil {
			return err
		}
		if t.secret == "" || t.confirmed {
			return problem.New(problem.Conflict, "there is no authenticator to confirm")
		}
		step, err := t.step(strings.ReplaceAll(strings.TrimSpace(code), " ", ""), tx.Now)
		if err != nil {
			return err
		}
		if step == 0 {
			var l problem.List
			l.Add("code", "is not the one that the authenticator shows now; check the clock of your phone")
			return l.Err("the code is wrong")
		}
		if _, err := tx.Exec(ctx, `UPDATE people_totp SET confirmed = $1, last_step = $2 WHERE account = $3`, store.Micros(tx.Now), step, account); err != nil {
			return err
		}
		if _, err := tx.Record(ctx, store.Event{Kind: KindSelfTOTPChanged, Subject: account, Body: totpBody{Login: a.Login, Change: "confirmed"}}); err != nil {
			return err
		}
		return set.replace(ctx, tx, a)
	})
	if err != nil {
		return nil, fmt.Errorf("confirm authenticator: %w", err)
	}
	return codes, nil
}

// DisableTOTP removes the actor's own authenticator and recovery codes, given the password.
func (d *Directory) DisableTOTP(ctx context.Context, shown string) error {
	a, err := d.confirm(ctx, shown)
	if err != nil {
		return err
	}
	return d.DB.Update(ctx, func(tx *store.Tx) error { return removeTOTP(ctx, tx, a, KindSelfTOTPChanged) })
}

// RemoveTOTP removes the authenticator and recovery codes of somebody who lost both. The actor must hold all that the
// account holds.
func (d *Directory) RemoveTOTP(ctx context.Context, account string) error {
	return d.changeOther(ctx, account, func(tx *store.Tx, a Account) error { return removeTOTP(ctx, tx, a, KindTOTPChanged) })
}

func removeTOTP(ctx context.Context, tx *store.Tx, a Account, kind string) error {
	n, err := tx.Exec(ctx, `DELETE FROM people_totp WHERE account = $1`, a.ID)
	if err != nil {
		return err
	}
	if n == 0 {
		return problem.New(problem.Conflict, "there is no authenticator")
	}
	if _, err := tx.Exec(ctx, `DELETE FROM people_recovery WHERE account = $1`, a.ID); err != nil {
		return err
	}
	seq, err := tx.Record(ctx, store.Event{Kind: kind, Subject: a.ID, Body: totpBody{Login: a.Login, Change: "removed"}})
	if err != nil {
		return err
	}
	return noteReset(ctx, tx, a.ID, reset{"totp", seq})
}

// Recovery codes have 50 random bits, which a person can type. SP 800-63B 5.1.2.2 asks for a salted slow hash below 112
// bits; the ten of a set share one salt, so that checking one costs one hash.
const (
	recoveryCodes  = 10
	recoveryLetter = "0123456789abcdefghjkmnpqrstvwxyz"
)

type recoverySet struct {
	salt   []byte
	hashes [][]byte // unused ones
}

func (d *Directory) newRecovery() ([]string, recoverySet, error) {
	random := make([]byte, password.SaltSize+10*recoveryCodes)
	if _, err := rand.Read(random); err != nil {
		return nil, recoverySet{}, fmt.Errorf("make recovery codes: %w", err)
	}
	set := recoverySet{salt: random[:password.SaltSize]}
	var codes []string
	for i := range recoveryCodes {
		var b strings.Builder
		for _, r := range random[password.SaltSize+10*i : password.SaltSize+10*i+10] {
			b.WriteByte(recoveryLetter[r%32])
		}
		set.hashes = append(set.hashes, d.recoveryHash(b.String(), set.salt))
		codes = append(codes, b.String()[:5]+"-"+b.String()[5:])
	}
	return codes, set, nil
}

func (d *Directory) recoveryHash(code string, salt []byte) []byte {
	defer d.slot()()
	return d.Cost.Key(code, salt)
}

func recoveryOf(ctx context.Context, r store.Reader, account string) (recoverySet, error) {
	var set recoverySet
	_, err := store.All(ctx, r, func(s store.Scanner) (struct{}, error) {
		var hash []byte
		err := s.Scan(&hash, &set.salt)
		set.hashes = append(set.hashes, hash)
		return struct{}{}, err
	}, `SELECT hash, salt FROM people_recovery WHERE account = $1 AND used = 0`, account)
	return set, err
}

// findRecovery is the stored hash of a code that is still unused; nil for none.
func (d *Directory) findRecovery(set recoverySet, code string) []byte {
	code = strings.NewReplacer("-", "", " ", "", "o", "0", "i", "1", "l", "1").Replace(strings.ToLower(strings.TrimSpace(code)))
	if len(code) != 10 || len(set.hashes) == 0 {
		return nil
	}
	key := d.recoveryHash(code, set.salt)
	var found []byte
	for _, h := range set.hashes {
		if subtle.ConstantTimeCompare(h, key) == 1 {
			found = h
		}
	}
	return found
}

func (s recoverySet) replace(ctx context.Context, tx *store.Tx, a Account) error {
	if _, err := tx.Exec(ctx, `DELETE FROM people_recovery WHERE account = $1`, a.ID); err != nil {
		return err
	}
	for _, h := range s.hashes {
		if _, err := tx.Exec(ctx, `INSERT INTO people_recovery (account, hash, salt, used) VALUES ($1, $2, $3, 0)`, a.ID, h, s.salt); err != nil {
			return err
		}
	}
	_, err := tx.Record(ctx, store.Event{Kind: KindSelfRecoveryMade, Subject: a.ID, Body: recoveryBody{Login: a.Login, Codes: len(s.hashes)}})
	return err
}

// RecoveryCodes replaces the actor's own recovery codes, given the password, and returns the new ones, which are not shown
// again. Conflict without an authenticator.
func (d *Directory) RecoveryCodes(ctx context.Context, shown string) ([]string, error) {
	a, err := d.confirm(ctx, shown)
	if err != nil {
		return nil, err
	}
	if !a.SecondFactor {
		return nil, problem.New(problem.Conflict, "recovery codes stand in for an authenticator or passkey; set one up first")
	}
	codes, set, err := d.newRecovery()
	if err != nil {
		return nil, err
	}
	if err := d.DB.Update(ctx, func(tx *store.Tx) error { return set.replace(ctx, tx, a) }); err != nil {
		return nil, fmt.Errorf("make recovery codes: %w", err)
	}
	return codes, nil
}

// RecoveryLeft is how many recovery codes of an account are unused: one's own, or anybody's with people.read.
func RecoveryLeft(ctx context.Context, r store.Reader, account string) (int, error) {
	if err := mayRead(ctx, account); err != nil {
		return 0, err
	}
	var n int
	err := r.QueryRow(ctx, `SELECT count(*) FROM people_recovery WHERE account = $1 AND used = 0`, account).Scan(&n)
	return n, err
}
