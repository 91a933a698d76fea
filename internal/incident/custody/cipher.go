package custody

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"

	"triward/internal/ledger"
	"triward/internal/problem"
)

// Keys encrypt evidence at rest with age (age-encryption.org/v1): the newest key for what comes in, every key for what is
// read. To rotate, put a new line below the others and let Vault.Rewrap run.
type Keys struct {
	all []*age.X25519Identity
}

// OpenKeys reads the file of keys, one a line, the newest last, or makes it with one key (mode 0600).
func OpenKeys(path string) (*Keys, error) {
	text, err := ledger.KeyFile(path, func() ([]byte, error) {
		k, err := age.GenerateX25519Identity()
		if err != nil {
			return nil, err
		}
		return []byte("# Keys of evidence at rest, the newest last. Without them no evidence can be read.\n" + k.String() + "\n"), nil
	})
	if err != nil {
		return nil, fmt.Errorf("open keys of evidence: %w", err)
	}
	found, err := age.ParseIdentities(bytes.NewReader(text))
	if err != nil {
		return nil, problem.New(problem.Invalid, "the file of keys of evidence is not readable: %v", err)
	}
	k := &Keys{}
	for _, id := range found {
		x, ok := id.(*age.X25519Identity)
		if !ok {
			return nil, problem.New(problem.Invalid, "the file of keys of evidence holds a key of another kind")
		}
		k.all = append(k.all, x)
	}
	if len(k.all) == 0 {
		return nil, problem.New(problem.Invalid, "the file of keys of evidence holds no key")
	}
	return k, nil
}

// seal gives the encrypted form of what r holds, in a pipe that somebody must read to its end or close.
func (k *Keys) seal(r io.Reader) io.ReadCloser {
	out, in := io.Pipe()
	go func() {
		w, err := age.Encrypt(in, k.all[len(k.all)-1].Recipient())
		if err == nil {
			_, err = io.Copy(w, r)
		}
		if err == nil {
			err = w.Close()
		}
		in.CloseWithError(err)
	}()
	return out
}

// name is the public key of the newest key: what now comes in is encrypted for it.
func (k *Keys) name() string { return k.all[len(k.all)-1].Recipient().String() }

// open gives the content of an encrypted form.
func (k *Keys) open(r io.Reader) (io.Reader, error) {
	all := make([]age.Identity, len(k.all))
	for i, x := range k.all {
		all[i] = x
	}
	plain, err := age.Decrypt(r, all...)
	var none *age.NoIdentityMatchError
	if errors.As(err, &none) {
		return nil, problem.New(problem.Unavailable, "the key of this evidence is not in the file of keys")
	}
	if err != nil {
		return nil, errDamaged
	}
	return plain, nil
}

// errDamaged is content that does not decrypt: somebody changed it.
var errDamaged = errors.New("the stored content is damaged")
