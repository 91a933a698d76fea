package people

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Cost is the work of one argon2id hash (RFC 9106). The zero value is [DefaultCost]; a lower one is for tests only.
type Cost struct {
	Memory  uint32 // KiB
	Passes  uint32
	Threads uint8
}

// DefaultCost is the first choice of the OWASP Password Storage Cheat Sheet: 46 MiB, one pass, one lane.
func DefaultCost() Cost { return Cost{Memory: 46 * 1024, Passes: 1, Threads: 1} }

// Bounds of what a stored hash may ask for, so that a tampered row cannot exhaust the machine.
const (
	maxMemory = 1 << 20 // KiB
	maxPasses = 64
	saltSize  = 16
	keySize   = 32
)

func (c Cost) orDefault() Cost {
	if c == (Cost{}) {
		return DefaultCost()
	}
	return c
}

func (c Cost) key(secret string, salt []byte) []byte {
	return argon2.IDKey([]byte(secret), salt, c.Passes, c.Memory, c.Threads, keySize)
}

// encode writes a hash in the PHC string format: $argon2id$v=19$m=…,t=…,p=…$salt$key.
func encode(c Cost, salt, key []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.Memory, c.Passes, c.Threads,
		b64.EncodeToString(salt), b64.EncodeToString(key))
}

// decode reads what encode wrote. The text is a secret: no error holds it.
func decode(s string) (c Cost, salt, key []byte, err error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, fmt.Errorf("stored password hash has another format")
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.Memory, &c.Passes, &c.Threads); err != nil {
		return c, nil, nil, fmt.Errorf("stored password hash has unreadable parameters")
	}
	b64 := base64.RawStdEncoding.Strict()
	salt, saltErr := b64.DecodeString(parts[4])
	key, keyErr := b64.DecodeString(parts[5])
	if saltErr != nil || keyErr != nil || len(salt) < 8 || len(key) != keySize {
		return c, nil, nil, fmt.Errorf("stored password hash is damaged")
	}
	if c.Memory == 0 || c.Memory > maxMemory || c.Passes == 0 || c.Passes > maxPasses || c.Threads == 0 {
		return c, nil, nil, fmt.Errorf("stored password hash asks for unreasonable work")
	}
	return c, salt, key, nil
}

// hash makes the stored form of a password. It takes tens of milliseconds: never call it inside of store.Update.
func (d *Directory) hash(password string) (string, error) {
	salt := make([]byte, saltSize)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	c := d.Cost.orDefault()
	defer d.slot()()
	return encode(c, salt, c.key(normalise(password), salt)), nil
}

// matches compares a password with its stored form. Without a stored form it does the same work and says no, so that an
// unknown login cannot be told from a known one by time. stale reports a hash of another cost than today's.
func (d *Directory) matches(stored, password string) (ok, stale bool, err error) {
	now := d.Cost.orDefault()
	defer d.slot()()
	if stored == "" {
		now.key(normalise(password), make([]byte, saltSize)) // only for its time
		return false, false, nil
	}
	c, salt, key, err := decode(stored)
	if err != nil {
		return false, false, err
	}
	ok = subtle.ConstantTimeCompare(key, c.key(normalise(password), salt)) == 1
	return ok, ok && c != now, nil
}

// slot waits for a turn to hash and returns what gives it back: each hash holds its memory, and a flood of attempts must
// not take all there is.
func (d *Directory) slot() func() {
	d.once.Do(func() { d.slots = make(chan struct{}, 4) })
	d.slots <- struct{}{}
	return func() { <-d.slots }
}
