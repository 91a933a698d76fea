// Package passkeytest is a security key in software, for tests of what asks for one: it answers challenges as a browser and
// a key together do.
package passkeytest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

// Key is one security key with one credential. Its fields make it misbehave.
type Key struct {
	Origin     string // of the page that asks
	Unverified bool   // does not verify its user
	Stuck      bool   // its counter does not grow

	id      []byte
	private *ecdsa.PrivateKey
	site    string
	user    string
	counter uint32
}

var b64 = base64.RawURLEncoding

// New is a key used on pages of an origin.
func New(t testing.TB, origin string) *Key {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	k := &Key{Origin: origin, private: private, id: make([]byte, 32)}
	if _, err := rand.Read(k.id); err != nil {
		t.Fatal(err)
	}
	return k
}

// Copy is a second key with the same secret: a clone.
func (k *Key) Copy() *Key { c := *k; return &c }

func (k *Key) client(t testing.TB, kind, challenge string) []byte {
	t.Helper()
	return marshal(t, map[string]any{"type": kind, "challenge": challenge, "origin": k.Origin, "crossOrigin": false})
}

// data is the authenticator data (W3C WebAuthn 6.1): flags are user present and verified.
func (k *Key) data(extra byte, more ...byte) []byte {
	site := sha256.Sum256([]byte(k.site))
	flags := byte(0x01) | extra
	if !k.Unverified {
		flags |= 0x04
	}
	if !k.Stuck {
		k.counter++
	}
	out := append(site[:], flags)
	out = binary.BigEndian.AppendUint32(out, k.counter)
	return append(out, more...)
}

// Create answers the options of an enrolment.
func (k *Key) Create(t testing.TB, options []byte) []byte {
	t.Helper()
	var o struct {
		Challenge string
		RP        struct{ ID string }
		User      struct{ ID string }
	}
	unmarshal(t, options, &o)
	k.site, k.user = o.RP.ID, o.User.ID
	public, err := k.private.PublicKey.ECDH()
	if err != nil {
		t.Fatal(err)
	}
	point := public.Bytes() // 0x04, x, y
	key := cborOf(t, map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	attested := append(make([]byte, 16), byte(len(k.id)>>8), byte(len(k.id)))
	attested = append(append(attested, k.id...), key...)
	object := cborOf(t, map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": k.data(0x40, attested...)})
	return k.answer(t, map[string]any{"clientDataJSON": b64.EncodeToString(k.client(t, "webauthn.create", o.Challenge)), "attestationObject": b64.EncodeToString(object)})
}

// Get answers the options of a challenge.
func (k *Key) Get(t testing.TB, options []byte) []byte {
	t.Helper()
	var o struct{ Challenge string }
	unmarshal(t, options, &o)
	data, client := k.data(0), k.client(t, "webauthn.get", o.Challenge)
	sum := sha256.Sum256(client)
	signed := sha256.Sum256(append(append([]byte{}, data...), sum[:]...))
	sig, err := ecdsa.SignASN1(rand.Reader, k.private, signed[:])
	if err != nil {
		t.Fatal(err)
	}
	return k.answer(t, map[string]any{"clientDataJSON": b64.EncodeToString(client), "authenticatorData": b64.EncodeToString(data),
		"signature": b64.EncodeToString(sig), "userHandle": k.user})
}

func (k *Key) answer(t testing.TB, response map[string]any) []byte {
	t.Helper()
	id := b64.EncodeToString(k.id)
	return marshal(t, map[string]any{"id": id, "rawId": id, "type": "public-key", "clientExtensionResults": map[string]any{}, "response": response})
}

func cborOf(t testing.TB, v any) []byte {
	t.Helper()
	mode, err := cbor.CTAP2EncOptions().EncMode()
	if err != nil {
		t.Fatal(err)
	}
	b, err := mode.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func unmarshal(t testing.TB, b []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatalf("options %s: %v", b, err)
	}
}
