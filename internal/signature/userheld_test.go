package signature_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"triward/internal/ledger"
	"triward/internal/people"
	"triward/internal/people/passkey"
	"triward/internal/people/passkey/passkeytest"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

// The signer's own key signs too: 21 CFR 11.200(a)(3) in its strongest reading.
func TestP11_22UserHeldSignature(t *testing.T) {
	each(t, func(t *testing.T, s *signaturetest.Signer, c *testdb.Clock) {
		var err error
		if s.People.Passkeys, err = passkey.Open(s.DB, "https://triward.example", "Triward"); err != nil {
			t.Fatal(err)
		}
		ann := s.Person(t, "ann", "Ann Author")
		ctx, key := s.As(ann), passkeytest.New(t, "https://triward.example")
		options := func(o []byte, err error) []byte {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			return o
		}
		if _, err := s.People.AddPasskey(ctx, people.NewPasskey{Name: "Key", Password: s.Factors(t, ann).Password, Response: key.Create(t, options(s.People.AskPasskey(ctx, passkey.Enrol)))}); err != nil {
			t.Fatal(err)
		}
		if err := s.People.TestPasskey(ctx, key.Get(t, options(s.People.AskPasskey(ctx, passkey.Test)))); err != nil {
			t.Fatal(err)
		}
		s.Policy.Always = true
		signWith := func(intent []byte) (signature.Signature, error) {
			t.Helper()
			c.Advance(time.Minute)
			f := s.Factors(t, ann)
			f.Code, f.Passkey = "", key.Get(t, options(s.People.AskPasskeyToSign(ctx, intent)))
			return sign(t, s, ann, f)
		}
		intent := signature.Intent(ann, signature.Approval, record.Displayed)
		sig, err := signWith(intent)
		if err != nil || sig.Assertion == nil {
			t.Fatalf("signed: %v, %v", sig.Assertion, err)
		}
		t.Run("P11-22 it is kept with the statement and checked offline", func(t *testing.T) {
			var kept signature.Signature
			view(t, s, func(ctx context.Context, r store.Reader) (err error) {
				kept, err = signature.Get(ctx, r, sig.ID)
				return err
			})
			if kept.Assertion == nil || *kept.Assertion != *sig.Assertion {
				t.Fatalf("kept: %+v", kept.Assertion)
			}
			if err := signature.Check(kept, record, s.Keys()); err != nil {
				t.Error(err)
			}
			if err := passkey.CheckAssertion(*kept.Assertion, intent); err != nil {
				t.Error(err)
			}
		})
		t.Run("P11-22 a passkey that was asked about something else does not sign", func(t *testing.T) {
			for name, other := range map[string][]byte{
				"other bytes displayed": signature.Intent(ann, signature.Approval, sum("another page")),
				"another meaning":       signature.Intent(ann, signature.Review, record.Displayed),
				"somebody else":         signature.Intent("usr_other", signature.Approval, record.Displayed),
			} {
				if _, err := signWith(other); problem.KindOf(err) != problem.Invalid || !strings.Contains(err.Error(), "something else") {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
		t.Run("P11-22 who holds every key of the server cannot move it", func(t *testing.T) {
			for name, change := range map[string][2]string{
				"another meaning": {`"meaning":"approval"`, `"meaning":"review"`},
				"another page":    {record.Displayed, sum("another page")},
				"another person":  {ann, "usr_" + strings.Repeat("x", len(ann)-4)},
			} {
				forged := sig
				forged.Statement = bytes.ReplaceAll(sig.Statement, []byte(change[0]), []byte(change[1]))
				if bytes.Equal(forged.Statement, sig.Statement) {
					t.Fatalf("%s: nothing was changed", name)
				}
				if forged.Envelope, err = s.Key.Seal(ctx, signature.MediaType, forged.Statement); err != nil {
					t.Fatal(err)
				}
				sealed, err := ledger.OpenEnvelope(ctx, forged.Envelope, signature.MediaType, s.Key.Verifier())
				if err != nil {
					t.Fatal(err)
				}
				if forged.Token, err = s.Stamp.Stamp(sealed.Signature, sig.At); err != nil {
					t.Fatal(err)
				}
				if err := signature.Check(forged, record, s.Keys()); problem.KindOf(err) != problem.Invalid || !strings.Contains(err.Error(), "the passkey signed something else") {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
		t.Run("P11-22 one letter changed is noticed", func(t *testing.T) {
			for name, at := range map[string]func(a *passkey.Assertion) *string{
				"key": func(a *passkey.Assertion) *string { return &a.PublicKey }, "nonce": func(a *passkey.Assertion) *string { return &a.Nonce },
				"authenticator": func(a *passkey.Assertion) *string { return &a.Authenticator }, "client": func(a *passkey.Assertion) *string { return &a.Client },
				"signature": func(a *passkey.Assertion) *string { return &a.Signature },
			} {
				whole := *at(sig.Assertion)
				for i := range whole[:len(whole)-1] { // the last letter of base64 has bits that say nothing
					a := *sig.Assertion
					letter := "A"
					if whole[i] == 'A' {
						letter = "B"
					}
					*at(&a) = whole[:i] + letter + whole[i+1:]
					if err := passkey.CheckAssertion(a, intent); problem.KindOf(err) != problem.Invalid && !(name == "nonce" && strings.EqualFold(*at(&a), whole)) {
						t.Errorf("%s, letter %d: %v", name, i, err)
					}
				}
			}
		})
	})
}
