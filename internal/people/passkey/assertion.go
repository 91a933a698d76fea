package passkey

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"

	"triward/internal/problem"
)

// Assertion is the signature of a passkey over a subject: a digest that its challenge commits to. With it, that its owner
// signed is checked without this program (W3C WebAuthn 7.2).
type Assertion struct {
	PublicKey     string `json:"public_key"`         // COSE, RFC 9052; base64url like the rest
	Nonce         string `json:"nonce"`              // hexadecimal
	Authenticator string `json:"authenticator_data"` // says that the user was verified
	Client        string `json:"client_data"`        // JSON of the browser, with the challenge
	Signature     string `json:"signature"`
}

const challengeDomain = "triward passkey assertion v1\n"

// challengeOf commits to a subject: the nonce makes each challenge fresh.
func challengeOf(nonce, subject []byte) []byte {
	h := sha256.New()
	h.Write([]byte(challengeDomain))
	h.Write(nonce)
	h.Write(subject)
	return h.Sum(nil)
}

// subject is what a challenge commits to; empty parts where it commits to nothing.
type subject struct{ nonce, digest []byte }

// newSubject is a fresh commitment to a digest.
func newSubject(digest []byte) (subject, error) {
	s := subject{nonce: make([]byte, sha256.Size), digest: digest}
	_, err := rand.Read(s.nonce)
	return s, err
}

// AskToSign makes a challenge for signing that commits to a digest (SHA-256), and returns the options for the browser. The
// answer then holds an [Assertion] over it.
func (k *Ring) AskToSign(ctx context.Context, o Owner, digest []byte) ([]byte, error) {
	if len(digest) != sha256.Size {
		return nil, problem.New(problem.Invalid, "what is to be signed is not named by its digest")
	}
	s, err := newSubject(digest)
	if err != nil {
		return nil, fmt.Errorf("ask for passkey: %w", err)
	}
	return k.ask(ctx, o, Sign, s)
}

// options are those of the library for a challenge that commits to a subject.
func (s subject) options() []webauthn.LoginOption {
	if s.digest == nil {
		return nil
	}
	return []webauthn.LoginOption{webauthn.WithChallenge(challengeOf(s.nonce, s.digest))}
}

// CheckAssertion checks offline that the owner of the public key signed a digest: challenge, that the device verified its
// user, and signature. Invalid when anything is wrong.
func CheckAssertion(a Assertion, digest []byte) error {
	wrong := problem.New(problem.Invalid, "the passkey's own signature does not hold")
	var parts [4][]byte
	for i, text := range []string{a.PublicKey, a.Authenticator, a.Client, a.Signature} {
		var err error
		if parts[i], err = base64.RawURLEncoding.DecodeString(text); err != nil || len(parts[i]) > maxResponse {
			return wrong
		}
	}
	nonce, err := hex.DecodeString(a.Nonce)
	if err != nil || len(nonce) != sha256.Size {
		return wrong
	}
	var client struct {
		Type      string `json:"type"`
		Challenge string `json:"challenge"`
	}
	if json.Unmarshal(parts[2], &client) != nil || client.Type != "webauthn.get" {
		return wrong
	}
	challenge, err := base64.RawURLEncoding.DecodeString(client.Challenge)
	if err != nil || !bytes.Equal(challenge, challengeOf(nonce, digest)) {
		return problem.New(problem.Invalid, "the passkey signed something else")
	}
	const present, verified = 0x01, 0x04 // flags behind the 32 bytes of the site
	if len(parts[1]) < 37 || parts[1][32]&present == 0 || parts[1][32]&verified == 0 {
		return problem.New(problem.Invalid, "the passkey did not verify its user")
	}
	key, err := webauthncose.ParsePublicKey(parts[0])
	if err != nil {
		return wrong
	}
	sum := sha256.Sum256(parts[2])
	if ok, err := webauthncose.VerifySignature(key, append(bytes.Clone(parts[1]), sum[:]...), parts[3]); err != nil || !ok {
		return wrong
	}
	return nil
}
