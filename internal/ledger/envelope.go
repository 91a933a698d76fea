package ledger

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"triward/internal/problem"
)

// maxEnvelope bounds an envelope, as bytes of JSON.
const maxEnvelope = 256 << 10

// Seal signs a payload of a media type: a DSSE envelope as JSON. What is signed begins with "DSSEv1", which no checkpoint
// does, so that one key can serve both.
func (k *Key) Seal(ctx context.Context, mediaType string, payload []byte) ([]byte, error) {
	s, err := dsse.NewEnvelopeSigner(sealer{verifier{k.verifier, k.public()}, k.private})
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	e, err := s.SignPayload(ctx, mediaType, payload)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return json.Marshal(e)
}

func (k *Key) public() ed25519.PublicKey {
	p, _ := k.private.Public().(ed25519.PublicKey)
	return p
}

// Sealed is an envelope that was checked.
type Sealed struct {
	Payload   []byte
	Signature []byte // of the key that it was checked with
}

// OpenEnvelope checks an envelope of a media type with verifier keys (text, from [Key.Verifier]), one of which must have
// signed it. Everything wrong is Invalid.
func OpenEnvelope(ctx context.Context, envelope []byte, mediaType string, verifiers ...string) (Sealed, error) {
	if len(envelope) > maxEnvelope {
		return Sealed{}, problem.New(problem.Invalid, "the envelope is larger than %d KiB", maxEnvelope>>10)
	}
	var e dsse.Envelope
	d := json.NewDecoder(bytes.NewReader(envelope))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil || d.More() || len(e.Signatures) == 0 || len(e.Signatures) > 10 {
		return Sealed{}, problem.New(problem.Invalid, "this is not a signed envelope")
	}
	if e.PayloadType != mediaType {
		return Sealed{}, problem.New(problem.Invalid, "the envelope holds %q, not %q", e.PayloadType, mediaType)
	}
	var keys []dsse.Verifier
	for _, text := range verifiers {
		p, err := publicKey(text)
		if err != nil {
			return Sealed{}, err
		}
		keys = append(keys, verifier{text, p})
	}
	v, err := dsse.NewEnvelopeVerifier(keys...)
	if err != nil {
		return Sealed{}, problem.New(problem.Invalid, "give the key that the envelope is to be checked with")
	}
	by, payload, err := v.VerifyAndDecode(ctx, &e)
	if err != nil || len(by) == 0 {
		return Sealed{}, problem.New(problem.Invalid, "the envelope was changed, or another key signed it")
	}
	sig, err := base64.StdEncoding.DecodeString(by[0].Sig.Sig)
	if err != nil {
		return Sealed{}, problem.New(problem.Invalid, "the signature of the envelope is not in base64")
	}
	return Sealed{Payload: payload, Signature: sig}, nil
}

// publicKey reads the key in the text of a verifier: name+hash+base64(algorithm byte, key).
func publicKey(text string) (ed25519.PublicKey, error) {
	parts := strings.SplitN(text, "+", 3)
	if len(parts) == 3 {
		raw, err := base64.StdEncoding.DecodeString(parts[2])
		if err == nil && len(raw) == 1+ed25519.PublicKeySize && raw[0] == 1 {
			return raw[1:], nil
		}
	}
	return nil, problem.New(problem.Invalid, "this is not a verifier key of a signed note")
}

// verifier is a public key as package dsse wants it; its id is the name and hash in its text.
type verifier struct {
	text string
	key  ed25519.PublicKey
}

func (v verifier) KeyID() (string, error) {
	name, rest, _ := strings.Cut(v.text, "+")
	hash, _, _ := strings.Cut(rest, "+")
	return name + "+" + hash, nil
}

func (v verifier) Public() crypto.PublicKey { return v.key }

func (v verifier) Verify(_ context.Context, message, sig []byte) error {
	if !ed25519.Verify(v.key, message, sig) {
		return errors.New("signature does not match")
	}
	return nil
}

type sealer struct {
	verifier
	private ed25519.PrivateKey
}

func (s sealer) Sign(_ context.Context, message []byte) ([]byte, error) {
	return ed25519.Sign(s.private, message), nil
}
