package ledger

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"triward/internal/problem"
)

// Key signs checkpoints (Ed25519, as C2SP signed notes have it) and envelopes.
type Key struct {
	signer   note.Signer
	verifier string
	private  ed25519.PrivateKey
}

// Origin is the name of the log that the key signs for; the first line of each of its checkpoints.
func (k *Key) Origin() string { return k.signer.Name() }

// Verifier is the public key as text ("name+hash+base64"), for those who check proofs. Give it to them by another way
// than the proofs.
func (k *Key) Verifier() string { return k.verifier }

// OpenKey reads the signing key from a file, or makes one for a log of the name origin when there is no file. The file
// is readable by its owner only; one that others may read is refused (Forbidden). The name in an existing file stands:
// origin only names a new log.
func OpenKey(path, origin string) (*Key, error) {
	text, err := KeyFile(path, func() ([]byte, error) {
		secret, _, err := note.GenerateKey(rand.Reader, origin)
		if err != nil {
			return nil, problem.New(problem.Invalid, "the name %q of the ledger must not be empty or hold spaces or +", origin)
		}
		return []byte(secret + "\n"), nil
	})
	if err != nil {
		return nil, fmt.Errorf("open ledger key: %w", err)
	}
	k, err := parseKey(string(text))
	if err != nil {
		return nil, fmt.Errorf("open ledger key %s: %w", path, err)
	}
	return k, nil
}

func parseKey(text string) (*Key, error) {
	text = strings.TrimSpace(text)
	signer, err := note.NewSigner(text)
	if err != nil {
		return nil, problem.New(problem.Invalid, "the file holds no signing key of a signed note")
	}
	// PRIVATE+KEY+name+hash+base64(algorithm byte, seed); the base64 text may hold a + itself.
	const prefix, hash = "PRIVATE+KEY+", "+00000000+"
	raw, err := base64.StdEncoding.DecodeString(text[len(prefix)+len(signer.Name())+len(hash):])
	if err != nil || len(raw) != 1+ed25519.SeedSize {
		return nil, problem.New(problem.Invalid, "the file holds no Ed25519 signing key")
	}
	private := ed25519.NewKeyFromSeed(raw[1:])
	public, _ := private.Public().(ed25519.PublicKey)
	verifier, err := note.NewEd25519VerifierKey(signer.Name(), public)
	if err != nil {
		return nil, err
	}
	return &Key{signer: signer, verifier: verifier, private: private}, nil
}
