package people

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"triward/internal/people/passkey"
	"triward/internal/people/passkey/passkeytest"
	"triward/internal/problem"
	"triward/internal/store"
)

const site = "https://triward.example"

// eachRing is each with passkeys, and a person who has one that counts.
func eachRing(t *testing.T, fn func(t *testing.T, h *house, ada string, key *passkeytest.Key)) {
	t.Helper()
	each(t, func(t *testing.T, h *house) {
		var err error
		if h.Passkeys, err = passkey.Open(h.DB, site, "Triward"); err != nil {
			t.Fatal(err)
		}
		ada := h.person(t, "ada", RolePSIRT)
		key := passkeytest.New(t, site)
		ctx := h.as(t, ada)
		h.addPasskey(t, ctx, key)
		h.test(t, ctx, key)
		fn(t, h, ada, key)
	})
}

func (h *house) ask(t *testing.T, ctx context.Context, p passkey.Purpose) []byte {
	t.Helper()
	options, err := h.AskPasskey(ctx, p)
	if err != nil {
		t.Fatal(err)
	}
	return options
}

func (h *house) addPasskey(t *testing.T, ctx context.Context, key *passkeytest.Key) passkey.Passkey {
	t.Helper()
	k, err := h.AddPasskey(ctx, NewPasskey{Name: "Blue key", Password: adaPassword, Response: key.Create(t, h.ask(t, ctx, passkey.Enrol))})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (h *house) test(t *testing.T, ctx context.Context, key *passkeytest.Key) {
	t.Helper()
	if err := h.TestPasskey(ctx, key.Get(t, h.ask(t, ctx, passkey.Test))); err != nil {
		t.Fatal(err)
	}
}

func (h *house) passkeys(t *testing.T, account string) []passkey.Passkey {
	t.Helper()
	var out []passkey.Passkey
	if err := h.DB.View(h.ctx, func(r store.Reader) (err error) {
		out, err = Passkeys(h.ctx, r, account)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// enter signs in with password and the answer that fn makes of the options.
func (h *house) enter(t *testing.T, fn func(options []byte) []byte) (SignedIn, error) {
	t.Helper()
	options, err := h.AskPasskeyToSignIn(context.Background(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	return h.SignIn(context.Background(), Credentials{Login: "ada", Password: adaPassword, Passkey: fn(options), Address: "192.0.2.7"})
}

func TestPasskeyIsASecondFactor(t *testing.T) {
	eachRing(t, func(t *testing.T, h *house, ada string, key *passkeytest.Key) {
		_, err := h.SignIn(context.Background(), Credentials{Login: "ada", Password: adaPassword})
		if !errors.Is(err, ErrCodeNeeded) {
			t.Fatalf("the password alone gives %v", err)
		}
		in, err := h.enter(t, func(o []byte) []byte { return key.Get(t, o) })
		if err != nil || !in.Session.SecondFactor {
			t.Fatalf("sign in with passkey: %v", err)
		}
		t.Run("P11-23 the device verifies its user", func(t *testing.T) {
			key.Unverified = true
			defer func() { key.Unverified = false }()
			_, err := h.enter(t, func(o []byte) []byte { return key.Get(t, o) })
			wantKind(t, err, problem.Forbidden)
		})
		t.Run("another site", func(t *testing.T) {
			key.Origin = "https://triward.example.evil"
			defer func() { key.Origin = site }()
			_, err := h.enter(t, func(o []byte) []byte { return key.Get(t, o) })
			wantKind(t, err, problem.Forbidden)
		})
		t.Run("an answer twice", func(t *testing.T) {
			var answer []byte
			if _, err := h.enter(t, func(o []byte) []byte { answer = key.Get(t, o); return answer }); err != nil {
				t.Fatal(err)
			}
			_, err := h.enter(t, func([]byte) []byte { return answer })
			wantKind(t, err, problem.Forbidden)
		})
		t.Run("an answer to a challenge for something else", func(t *testing.T) {
			_, err := h.enter(t, func([]byte) []byte { return key.Get(t, h.ask(t, h.actor(t, in.Token), passkey.Sign)) })
			wantKind(t, err, problem.Forbidden)
		})
		t.Run("a late answer", func(t *testing.T) {
			_, err := h.enter(t, func(o []byte) []byte { h.clock.Advance(5*time.Minute + time.Second); return key.Get(t, o) })
			wantKind(t, err, problem.Forbidden)
		})
		t.Run("another key", func(t *testing.T) {
			_, err := h.enter(t, func(o []byte) []byte { return passkeytest.New(t, site).Get(t, o) })
			wantKind(t, err, problem.Forbidden)
			h.clock.Advance(time.Hour)
		})
		t.Run("P11-16 a copied key", func(t *testing.T) {
			copied := key.Copy()
			if _, err := h.enter(t, func(o []byte) []byte { return key.Get(t, o) }); err != nil {
				t.Fatal(err)
			}
			_, err := h.enter(t, func(o []byte) []byte { return copied.Get(t, o) })
			wantKind(t, err, problem.Forbidden)
		})
		t.Run("cut at every byte", func(t *testing.T) {
			options, err := h.AskPasskeyToSignIn(context.Background(), "ada")
			if err != nil {
				t.Fatal(err)
			}
			answer := key.Get(t, options)
			for i := range answer {
				if _, err := h.Passkeys.Check(context.Background(), passkey.Owner{Account: ada}, passkey.SignIn, answer[:i]); problem.KindOf(err) != problem.Invalid {
					t.Fatalf("cut at %d: %v", i, err)
				}
			}
		})
		t.Run("no secret in the journal", func(t *testing.T) {
			for _, e := range h.journal(t, passkey.KindAdded, passkey.KindTested) {
				if strings.Contains(string(e.Body), "publicKey") || !strings.Contains(string(e.Body), "Blue key") {
					t.Errorf("body %s", e.Body)
				}
			}
		})
	})
}

func TestPasskeyLife(t *testing.T) {
	eachRing(t, func(t *testing.T, h *house, ada string, key *passkeytest.Key) {
		in, err := h.enter(t, func(o []byte) []byte { return key.Get(t, o) })
		if err != nil {
			t.Fatal(err)
		}
		ctx := h.actor(t, in.Token)
		t.Run("a stolen session adds none", func(t *testing.T) {
			_, err := h.AddPasskey(ctx, NewPasskey{Name: "Theft", Password: "wrong", Response: passkeytest.New(t, site).Create(t, h.ask(t, ctx, passkey.Enrol))})
			wantKind(t, err, problem.Invalid)
		})
		spare := passkeytest.New(t, site)
		added := h.addPasskey(t, ctx, spare)
		t.Run("P11-28 one that was not tested counts for nothing", func(t *testing.T) {
			_, err := h.enter(t, func(o []byte) []byte { return spare.Get(t, o) })
			wantKind(t, err, problem.Forbidden)
			h.test(t, ctx, spare)
			if _, err := h.enter(t, func(o []byte) []byte { return spare.Get(t, o) }); err != nil {
				t.Error(err)
			}
			if e := h.journal(t, passkey.KindTested); len(e) != 2 {
				t.Errorf("%d tests in the journal", len(e))
			}
		})
		t.Run("P11-26 a lost one ends at once, and the spare goes on", func(t *testing.T) {
			wantKind(t, h.RevokePasskey(h.as(t, h.person(t, "bob", "")), added.ID), problem.NotFound)
			lost := h.passkeys(t, ada)[0]
			if err := h.RevokePasskey(ctx, lost.ID); err != nil {
				t.Fatal(err)
			}
			_, err := h.enter(t, func(o []byte) []byte { return key.Get(t, o) })
			wantKind(t, err, problem.Forbidden)
			if _, err := h.enter(t, func(o []byte) []byte { return spare.Get(t, o) }); err != nil {
				t.Error(err)
			}
			if e := h.journal(t, passkey.KindRevoked); len(e) != 1 || e[0].Actor != ada {
				t.Errorf("journal %+v", e)
			}
			wantKind(t, h.RevokePasskey(ctx, lost.ID), problem.NotFound)
		})
		t.Run("P11-26 by an administrator", func(t *testing.T) {
			if err := h.RevokePasskeyOf(h.ctx, ada, added.ID); err != nil {
				t.Fatal(err)
			}
			if e := h.journal(t, passkey.KindRevokedOthers); len(e) != 1 || e[0].Actor != h.root || e[0].Subject != ada {
				t.Errorf("journal %+v", e)
			}
			if _, err := h.SignIn(context.Background(), Credentials{Login: "ada", Password: adaPassword}); err != nil {
				t.Errorf("without a second factor the password must do: %v", err)
			}
		})
	})
}

func TestPasskeysNeedANameAndTLS(t *testing.T) {
	for address, want := range map[string]bool{"https://triward.example": true, "http://localhost:8470": true, "https://triward.example:8443": true,
		"http://triward.example": false, "https://192.0.2.1": false, "https://[2001:db8::1]": false, "": false, "http://127.0.0.1:8470": false} {
		r, err := passkey.Open(nil, address, "Triward")
		if err != nil || (r != nil) != want {
			t.Errorf("%s: %v, %v", address, r != nil, err)
		}
	}
}
