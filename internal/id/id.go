package id

import (
	"encoding/base32"
	"fmt"
	"strings"

	"github.com/google/uuid"
)

var crockford = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// length of the encoded part: 128 bits in groups of 5.
const encoded = 26

// New returns a fresh identifier of the kind that prefix names. It fails only when the system has no randomness.
func New(prefix string) (string, error) {
	u, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("make id %q: %w", prefix, err)
	}
	return prefix + "_" + crockford.EncodeToString(u[:]), nil
}

// Valid reports whether s is an identifier of the kind that prefix names.
func Valid(prefix, s string) bool {
	rest, ok := strings.CutPrefix(s, prefix+"_")
	if !ok || len(rest) != encoded {
		return false
	}
	_, err := crockford.DecodeString(rest)
	return err == nil
}
