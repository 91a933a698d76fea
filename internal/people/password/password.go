package password

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Cost is the work of one argon2id hash (RFC 9106). The zero value is [Default]; a lower one is for tests only.
type Cost struct {
	Memory  uint32 // KiB
	Passes  uint32
	Threads uint8
}

// Default is the first choice of the OWASP Password Storage Cheat Sheet: 46 MiB, one pass, one lane.
func Default() Cost { return Cost{Memory: 46 * 1024, Passes: 1, Threads: 1} }

// Bounds of what a stored hash may ask for, so that a tampered row cannot exhaust the machine.
const (
	maxMemory = 1 << 20 // KiB
	maxPasses = 64
	keySize   = 32

	SaltSize = 16 // bytes
)

func (c Cost) orDefault() Cost {
	if c == (Cost{}) {
		return Default()
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

// Hash makes the stored form of a password. It takes tens of milliseconds and the memory of c.
func (c Cost) Hash(password string) (string, error) {
	salt := make([]byte, SaltSize)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	c = c.orDefault()
	return encode(c, salt, c.key(normalise(password), salt)), nil
}

// Matches compares a password with its stored form. Without a stored form it does the same work and says no, so that an
// unknown login cannot be told from a known one by time. stale reports a hash of another cost than c.
func (c Cost) Matches(stored, password string) (ok, stale bool, err error) {
	c = c.orDefault()
	if stored == "" {
		c.key(normalise(password), make([]byte, SaltSize)) // only for its time
		return false, false, nil
	}
	was, salt, key, err := decode(stored)
	if err != nil {
		return false, false, err
	}
	ok = subtle.ConstantTimeCompare(key, was.key(normalise(password), salt)) == 1
	return ok, ok && was != c, nil
}

// Key is the slow hash of a secret that is random already, with a salt of its own.
func (c Cost) Key(secret string, salt []byte) []byte { return c.orDefault().key(secret, salt) }
