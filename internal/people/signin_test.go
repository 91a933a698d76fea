package people

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/problem"
	"triward/internal/store"
)

func (h *house) try(login, password, address string) error {
	_, err := h.SignIn(context.Background(), Credentials{Login: login, Password: password, Address: address})
	return err
}

func isLocked(err error) bool {
	var l *Locked
	return errors.As(err, &l)
}

func TestFailuresAnswerAlikeAndAreRecorded(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		off := h.person(t, "off", "")
		if err := h.Disable(h.ctx, off, "left"); err != nil {
			t.Fatal(err)
		}
		invited, err := h.CreateAccount(h.ctx, NewAccount{Login: "invited", Name: "In Vited"})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range [][2]string{{"nobody", adaPassword}, {"root", "wrong horse"}, {"off", adaPassword}, {"invited", ""}, {"root", strings.Repeat("x", 5000)}} {
			err := h.try(c[0], c[1], "198.51.100.4")
			wantKind(t, err, problem.Forbidden)
			if err.Error() != errSignIn.Error() {
				t.Errorf("%q answers %q", c[0], err)
			}
		}
		for _, e := range h.journal(t, KindSignInFailed) {
			var b signInFailedBody
			if err := json.Unmarshal(e.Body, &b); err != nil {
				t.Fatal(err)
			}
			got = append(got, e.Subject+" "+string(b.Reason)+" "+b.Address)
		}
		want := []string{"unknown unknown_login 198.51.100.4", h.root + " wrong_password 198.51.100.4", off + " disabled 198.51.100.4",
			invited + " no_password 198.51.100.4", h.root + " wrong_password 198.51.100.4"}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("failures (-want +got):\n%s", d)
		}
	})
}

func TestLoginLockDoublesAndNeverLasts(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for _, login := range []string{"root", "nobody"} { // a lock must not tell who exists
			for range 4 {
				if err := h.try(login, "wrong horse", ""); isLocked(err) {
					t.Fatalf("%s: locked early", login)
				}
			}
			for _, pause := range []time.Duration{30, 60, 120, 240, 480, 900, 900, 900} {
				pause *= time.Second
				if err := h.try(login, "wrong horse", ""); isLocked(err) || problem.KindOf(err) != problem.Forbidden {
					t.Fatalf("%s: error = %v", login, err)
				}
				err := h.try(login, rootPassword, "")
				var l *Locked
				if !errors.As(err, &l) || !strings.Contains(err.Error(), l.Until.Format("15:04:05")) || !l.Until.Equal(h.DB.Now().Add(pause)) {
					t.Fatalf("%s: error = %v, want a lock of %v", login, err, pause)
				}
				wantKind(t, err, problem.Forbidden)
				h.clock.Advance(pause - time.Second)
				if err := h.try(login, rootPassword, ""); !isLocked(err) {
					t.Fatalf("%s: open a second early: %v", login, err)
				}
				h.clock.Advance(time.Second)
			}
		}
		if n := len(h.journal(t, KindSignInLocked)); n != 16 {
			t.Errorf("%d alerts, want 16", n)
		}
		if err := h.try("root", rootPassword, ""); err != nil {
			t.Fatalf("the right password after the lock: %v", err)
		}
		for range 4 { // success forgot the failures
			if err := h.try("root", "wrong horse", ""); isLocked(err) {
				t.Fatal("failures before a success still count")
			}
		}
		h.clock.Advance(25 * time.Hour) // and so does time
		for range 4 {
			if err := h.try("root", "wrong horse", ""); isLocked(err) {
				t.Fatal("failures of yesterday still count")
			}
		}
	})
}

func TestAddressLockSpansLoginsAndSurvivesSuccess(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.Limits.AddressTries = 6
		for i := range 3 {
			for _, a := range []string{"2001:db8:1:2::1", "2001:db8:1:2:ffff::9"} { // one /64 is one customer
				if err := h.try("guess"+string(rune('a'+i)), "wrong horse", a); isLocked(err) {
					t.Fatalf("attempt %d is locked", i)
				}
			}
			if i < 2 { // one account of the attacker's own does not wash away guesses on others
				if err := h.try("root", rootPassword, "2001:db8:1:2::1"); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := h.try("root", rootPassword, "2001:db8:1:2::abcd"); !isLocked(err) {
			t.Errorf("error = %v, want a lock of the address", err)
		}
		for _, other := range []string{"2001:db8:1:3::1", "192.0.2.1", "192.0.2.1:4711", "", "not an address"} {
			if err := h.try("root", rootPassword, other); err != nil {
				t.Errorf("from %q: %v", other, err)
			}
		}
		h.clock.Advance(30 * time.Second)
		if err := h.try("root", rootPassword, "2001:db8:1:2::1"); err != nil {
			t.Error(err)
		}
	})
}

func TestParallelAttemptsCount(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var wg sync.WaitGroup
		var mu sync.Mutex
		looked := 0
		for range 20 {
			wg.Go(func() {
				if err := h.try("root", "wrong horse", ""); !isLocked(err) {
					mu.Lock()
					looked++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if looked != 5 {
			t.Errorf("%d of 20 parallel attempts looked at the password, want 5", looked)
		}
	})
}

func TestUnknownLoginCostsAHash(t *testing.T) {
	d := &Directory{Cost: Cost{Memory: 16 * 1024, Passes: 2, Threads: 1}}
	stored, err := d.hash(adaPassword)
	if err != nil {
		t.Fatal(err)
	}
	best := func(stored string) time.Duration {
		least := time.Hour
		for range 5 {
			start := time.Now()
			if ok, _, err := d.matches(stored, "another password"); ok || err != nil {
				t.Fatalf("matches = %v, %v", ok, err)
			}
			least = min(least, time.Since(start))
		}
		return least
	}
	known, unknown := best(stored), best("")
	if unknown < known/4 || unknown > known*4 {
		t.Errorf("a known login takes %v, an unknown one %v", known, unknown)
	}
}

func TestPasswordIsHashedAgainAtTodaysCost(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.Cost = Cost{Memory: 16, Passes: 2, Threads: 1}
		h.signIn(t, "root")
		var stored string
		if err := h.DB.View(h.ctx, func(r store.Reader) (err error) {
			stored, err = storedPassword(h.ctx, r, h.root)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(stored, "$argon2id$v=19$m=16,t=2,p=1$") {
			t.Errorf("stored hash begins with %.30s", stored)
		}
		h.signIn(t, "root")
	})
}

func TestSecondFactor(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.person(t, "ada", "")
		ctx := h.as(t, ada)
		in := func(c string) error {
			_, err := h.SignIn(context.Background(), Credentials{Login: "ada", Password: adaPassword, Code: c})
			return err
		}
		first, err := h.EnrolTOTP(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := in(""); err != nil {
			t.Errorf("an authenticator that is not confirmed is asked for: %v", err)
		}
		e, err := h.EnrolTOTP(ctx)
		if err != nil || e.Secret == first.Secret || !strings.HasPrefix(e.URL, "otpauth://totp/Triward:ada?") {
			t.Fatalf("second enrolment: %v, %q", err, e.URL)
		}
		_, err = h.ConfirmTOTP(ctx, code(t, first.Secret, h.DB.Now()))
		wantKind(t, err, problem.Invalid)
		codes, err := h.ConfirmTOTP(ctx, code(t, e.Secret, h.DB.Now()))
		if err != nil || len(codes) != 10 {
			t.Fatalf("%d recovery codes, %v", len(codes), err)
		}
		_, err = h.EnrolTOTP(ctx)
		wantKind(t, err, problem.Conflict)

		if err := in(""); !errors.Is(err, ErrCodeNeeded) {
			t.Errorf("error = %v, want ErrCodeNeeded", err)
		}
		for range 10 { // asking for the code is no failure
			if err := in(" "); !errors.Is(err, ErrCodeNeeded) {
				t.Fatal(err)
			}
		}
		if err := in(code(t, e.Secret, h.DB.Now())); err == nil {
			t.Error("the code that confirmed was taken again")
		}
		next := code(t, e.Secret, h.DB.Now().Add(30*time.Second))
		if err := in(next[:3] + " " + next[3:]); err != nil {
			t.Errorf("one step of clock difference: %v", err)
		}
		if err := in(next); err == nil {
			t.Error("a code was taken twice")
		}
		if err := in(code(t, e.Secret, h.DB.Now())); err == nil {
			t.Error("a code of an earlier step was taken")
		}
		h.clock.Advance(time.Minute)
		now := code(t, e.Secret, h.DB.Now())
		if err := in(code(t, e.Secret, h.DB.Now().Add(-time.Minute))); err == nil {
			t.Error("a code two steps old was taken")
		}
		if err := in(now); err != nil {
			t.Errorf("the next code: %v", err)
		}

		if err := in(strings.ToUpper(strings.ReplaceAll(codes[3], "-", " "))); err != nil {
			t.Errorf("recovery code: %v", err)
		}
		if err := in(codes[3]); err == nil {
			t.Error("a recovery code was taken twice")
		}
		if n := h.left(t, ctx, ada); n != 9 {
			t.Errorf("%d recovery codes left, want 9", n)
		}
		again, err := h.RecoveryCodes(ctx, adaPassword)
		if err != nil {
			t.Fatal(err)
		}
		if err := in(codes[4]); err == nil {
			t.Error("a replaced recovery code was taken")
		}
		if err := in(again[0]); err != nil {
			t.Errorf("new recovery code: %v", err)
		}
		wantKind(t, h.DisableTOTP(ctx, "wrong horse"), problem.Invalid)
		if err := h.DisableTOTP(ctx, adaPassword); err != nil {
			t.Fatal(err)
		}
		if err := in(""); err != nil {
			t.Errorf("without authenticator: %v", err)
		}
		_, err = h.RecoveryCodes(ctx, adaPassword)
		wantKind(t, err, problem.Conflict)
		if e, err = h.EnrolTOTP(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := h.ConfirmTOTP(ctx, code(t, e.Secret, h.DB.Now())); err != nil {
			t.Fatal(err)
		}
		if err := h.RemoveTOTP(h.ctx, ada); err != nil { // by an administrator
			t.Fatal(err)
		}
		wantKind(t, h.RemoveTOTP(h.ctx, ada), problem.Conflict)
		if err := in(""); err != nil {
			t.Errorf("without authenticator: %v", err)
		}
		var reasons []string
		for _, e := range h.journal(t, KindSignInFailed) {
			var b signInFailedBody
			if err := json.Unmarshal(e.Body, &b); err != nil {
				t.Fatal(err)
			}
			reasons = append(reasons, string(b.Reason))
		}
		want := "used_code used_code used_code wrong_code wrong_code wrong_code wrong_password_to_confirm"
		if got := strings.Join(reasons, " "); got != want {
			t.Errorf("failures = %s\nwant       %s", got, want)
		}
	})
}

func (h *house) left(t *testing.T, ctx context.Context, account string) int {
	t.Helper()
	var n int
	if err := h.DB.View(ctx, func(r store.Reader) (err error) { n, err = RecoveryLeft(ctx, r, account); return err }); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestWrongCodesLock(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		e, err := h.EnrolTOTP(h.ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.ConfirmTOTP(h.ctx, code(t, e.Secret, h.DB.Now())); err != nil {
			t.Fatal(err)
		}
		h.clock.Advance(time.Hour)
		right := code(t, e.Secret, h.DB.Now())
		wrong := code(t, e.Secret, h.DB.Now().Add(-time.Hour))
		for range 5 {
			if err := h.try("root", rootPassword, ""); !errors.Is(err, ErrCodeNeeded) {
				t.Fatal(err) // and this does not wash the failures away
			}
			if _, err := h.SignIn(context.Background(), Credentials{Login: "root", Password: rootPassword, Code: wrong}); isLocked(err) {
				t.Fatal("locked early")
			}
		}
		_, err = h.SignIn(context.Background(), Credentials{Login: "root", Password: rootPassword, Code: right})
		if !isLocked(err) {
			t.Errorf("error = %v, want a lock", err)
		}
	})
}

func TestChangePassword(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.person(t, "ada", "")
		keep, other := h.signIn(t, "ada"), h.signIn(t, "ada")
		a, s, err := h.Authenticate(context.Background(), keep)
		if err != nil {
			t.Fatal(err)
		}
		ctx := store.WithActor(context.Background(), a)
		wantKind(t, h.ChangePassword(ctx, "wrong horse", "nine candles in a row", s.ID), problem.Invalid)
		wantKind(t, h.ChangePassword(ctx, adaPassword, "short", s.ID), problem.Invalid)
		wantKind(t, h.ChangePassword(ctx, adaPassword, "ada-ada-ada-ada", s.ID), problem.Invalid)
		if err := h.ChangePassword(ctx, adaPassword, "nine candles in a row", s.ID); err != nil {
			t.Fatal(err)
		}
		if _, _, err := h.Authenticate(ctx, keep); err != nil {
			t.Errorf("own session: %v", err)
		}
		_, _, err = h.Authenticate(ctx, other)
		wantKind(t, err, problem.Forbidden)
		wantKind(t, h.try("ada", adaPassword, ""), problem.Forbidden)
		if err := h.try("ada", "nine candles in a row", ""); err != nil {
			t.Error(err)
		}
		for range 4 { // a stolen session is no place to guess
			_ = h.ChangePassword(ctx, "wrong horse", "nine candles in a row", s.ID)
		}
		wantKind(t, h.ChangePassword(ctx, "wrong horse", "nine candles in a row", s.ID), problem.Invalid)
		if err := h.ChangePassword(ctx, "nine candles in a row", "ten lanterns at night", s.ID); !isLocked(err) {
			t.Errorf("error = %v, want a lock", err)
		}
	})
}

func TestPasswordLink(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada, err := h.CreateAccount(h.ctx, NewAccount{Login: "ada", Name: "Ada"})
		if err != nil {
			t.Fatal(err)
		}
		old, err := h.MakeLink(h.ctx, ada)
		if err != nil {
			t.Fatal(err)
		}
		link, err := h.MakeLink(h.ctx, ada)
		if err != nil {
			t.Fatal(err)
		}
		ctx := context.Background()
		wantKind(t, h.UseLink(ctx, old, adaPassword), problem.Forbidden)
		wantKind(t, h.UseLink(ctx, link, "short"), problem.Invalid)
		if a, err := h.LinkAccount(ctx, link); err != nil || a.Login != "ada" {
			t.Errorf("LinkAccount = %v, %v", a, err)
		}
		if err := h.UseLink(ctx, link, adaPassword); err != nil {
			t.Fatal(err)
		}
		wantKind(t, h.UseLink(ctx, link, "another long one here"), problem.Forbidden)
		session := h.signIn(t, "ada")
		late, err := h.MakeLink(h.ctx, ada)
		if err != nil {
			t.Fatal(err)
		}
		h.clock.Advance(24 * time.Hour)
		wantKind(t, h.UseLink(ctx, late, adaPassword), problem.Forbidden)
		reset, err := h.MakeLink(h.ctx, ada)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.UseLink(ctx, reset, "another long one here"); err != nil {
			t.Fatal(err)
		}
		_, _, err = h.Authenticate(ctx, session)
		wantKind(t, err, problem.Forbidden)
		if _, err := h.CompleteSetup(ctx, reset, NewAccount{}); problem.KindOf(err) != problem.Forbidden {
			t.Errorf("a password link set up Triward: %v", err)
		}
		if err := h.Disable(h.ctx, ada, ""); err != nil {
			t.Fatal(err)
		}
		_, err = h.MakeLink(h.ctx, ada)
		wantKind(t, err, problem.Conflict)
	})
}

// The journal and every text that leaves the package are searched for everything that must stay secret.
func TestNoSecretIsRecorded(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada := h.person(t, "ada", RolePSIRT)
		token := h.signIn(t, "ada")
		ctx := h.actor(t, token)
		e, err := h.EnrolTOTP(ctx)
		if err != nil {
			t.Fatal(err)
		}
		codes, err := h.ConfirmTOTP(ctx, code(t, e.Secret, h.DB.Now()))
		if err != nil {
			t.Fatal(err)
		}
		api, _, err := h.CreateToken(ctx, NewToken{Name: "nightly", Expires: h.DB.Now().AddDate(0, 1, 0),
			Scope: []store.Grant{{Kinds: []string{"vuln.read"}, All: true}}})
		if err != nil {
			t.Fatal(err)
		}
		link, err := h.MakeLink(h.ctx, ada)
		if err != nil {
			t.Fatal(err)
		}
		texts := []string{}
		for _, err := range []error{h.UseLink(ctx, link+"x", adaPassword), h.try("ada", rootPassword, ""), h.try("my secret typed as login", "x", ""),
			h.try("ada", adaPassword, ""), h.ChangePassword(ctx, "wrong horse battery", adaPassword, "")} {
			if err == nil {
				t.Fatal("expected a refusal")
			}
			texts = append(texts, err.Error())
		}
		secret := []string{adaPassword, rootPassword, token, e.Secret, api, link, "my secret typed as login", "wrong horse battery", "$argon2id"}
		secret = append(secret, codes...)
		var stored []string
		if err := h.DB.View(ctx, func(r store.Reader) (err error) {
			stored, err = store.All(ctx, r, store.Value[string], `SELECT body FROM journal_body`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if len(stored) < 10 {
			t.Fatalf("only %d bodies", len(stored))
		}
		for _, text := range append(texts, stored...) {
			for _, s := range secret {
				if strings.Contains(text, s) {
					t.Errorf("%q is in %s", s, text)
				}
			}
		}
	})
}

func TestLimitsValidate(t *testing.T) {
	if err := (Limits{}).Validate(); err != nil {
		t.Errorf("defaults: %v", err)
	}
	err := Limits{Idle: 13 * time.Hour, LoginTries: -1, LockMost: time.Second, Forget: -1}.Validate()
	var paths []string
	for _, f := range problem.FaultsOf(err) {
		paths = append(paths, f.Path)
	}
	if d := cmp.Diff([]string{"absolute", "forget", "lock_most", "login_tries"}, paths); d != "" {
		t.Errorf("faults (-want +got):\n%s", d)
	}
}

func TestTextOfStrangersIsCut(t *testing.T) {
	if got := printable("añb\x1b[31m\u202e\xffc", 300); got != "añb[31mc" {
		t.Errorf("printable = %q", got)
	}
	if got := printable("aññ", 4); got != "añ" {
		t.Errorf("printable = %q", got)
	}
}
