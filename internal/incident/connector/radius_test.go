package connector

import (
	"crypto/md5"
	"testing"
)

// Every byte of an answer counts, and no answer that is cut is taken.
func TestRadiusAnswersAreTakenWhole(t *testing.T) {
	secret := []byte("a shared secret")
	req, err := packet(coaRequest, 7, []byte{31, 3, 'x'}, secret)
	if err != nil {
		t.Fatal(err)
	}
	got := signedAnswer(req, []byte{101, 6, 0, 0, 1, 247, messageAuthenticator, 18, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, secret)
	if code, cause, err := answered(got, req, secret); err != nil || code != coaNAK || cause != 503 {
		t.Fatalf("code %d, cause %d, %v", code, cause, err)
	}
	for n := range got {
		if _, _, err := answered(got[:n], req, secret); err == nil {
			t.Errorf("taken with %d of %d bytes", n, len(got))
		}
		bad := append([]byte(nil), got...)
		bad[n] ^= 1
		if _, _, err := answered(bad, req, secret); err == nil {
			t.Errorf("taken with byte %d changed", n)
		}
	}
}

func signedAnswer(req, attributes, secret []byte) []byte {
	out := append([]byte{coaNAK, req[1], 0, byte(20 + len(attributes))}, req[4:20]...)
	out = append(out, attributes...)
	copy(out[len(out)-16:], keyed(out, secret))
	sum := md5.Sum(append(append([]byte(nil), out...), secret...))
	copy(out[4:], sum[:])
	return out
}

func FuzzAnswered(f *testing.F) {
	secret := []byte("a shared secret")
	req, err := packet(coaRequest, 7, []byte{31, 3, 'x'}, secret)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(signedAnswer(req, []byte{messageAuthenticator, 18, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, secret), req)
	f.Fuzz(func(_ *testing.T, got, request []byte) {
		if len(request) >= 20 {
			answered(got, request, secret) // it must only not panic
		}
	})
}
