package signature

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"

	"github.com/digitorus/pkcs7"
	"github.com/digitorus/timestamp"

	"triward/internal/ledger"
	"triward/internal/problem"
)

// TimeStamper says by its own key when something was there.
type TimeStamper interface {
	// Stamp is an RFC 3161 token (DER) over data at an instant, to the second. It takes no network.
	Stamp(data []byte, at time.Time) ([]byte, error)
}

// Authority is the built-in time-stamp authority: a key and a certificate that it signed itself. It works without a
// network; whoever checks its tokens gets the certificate by another way than the tokens.
type Authority struct {
	key         *ecdsa.PrivateKey
	certificate *x509.Certificate
}

// policy of the built-in authority: the arc for examples of joint-iso-itu-t, because none is registered for it.
var stampPolicy = asn1.ObjectIdentifier{2, 999, 1}

// The certificate has no end that matters: it is trusted because somebody handed it over, and a token must be readable as
// long as the record.
var (
	authorityFrom  = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	authorityUntil = time.Date(2149, 12, 31, 23, 59, 59, 0, time.UTC)
)

// OpenAuthority reads key and certificate from a PEM file, or makes them for an authority of a name when there is no file.
// A file that others may read is refused (Forbidden).
func OpenAuthority(path, name string) (*Authority, error) {
	text, err := ledger.KeyFile(path, func() ([]byte, error) { return newAuthority(name) })
	if err != nil {
		return nil, fmt.Errorf("open time-stamp key: %w", err)
	}
	a, err := parseAuthority(text)
	if err != nil {
		return nil, fmt.Errorf("open time-stamp key %s: %w", path, err)
	}
	return a, nil
}

// newAuthority makes a key and its certificate (RFC 3161 2.3: the extended use is time stamping alone, and critical).
func newAuthority(name string) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	use, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: "Time stamps of " + name}, NotBefore: authorityFrom, NotAfter: authorityUntil,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: use}}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...), nil
}

func parseAuthority(text []byte) (*Authority, error) {
	a := &Authority{}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		switch block.Type {
		case "PRIVATE KEY":
			key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
			if err != nil {
				return nil, problem.New(problem.Invalid, "the private key cannot be read")
			}
			a.key, _ = key.(*ecdsa.PrivateKey)
		case "CERTIFICATE":
			var err error
			if a.certificate, err = x509.ParseCertificate(block.Bytes); err != nil {
				return nil, problem.New(problem.Invalid, "the certificate cannot be read")
			}
		}
	}
	if a.key == nil || a.certificate == nil || !a.key.PublicKey.Equal(a.certificate.PublicKey) {
		return nil, problem.New(problem.Invalid, "the file must hold an ECDSA key and its certificate")
	}
	return a, nil
}

// Certificate is what checks the authority's tokens, in PEM.
func (a *Authority) Certificate() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw}))
}

// Stamp implements [TimeStamper].
func (a *Authority) Stamp(data []byte, at time.Time) ([]byte, error) {
	sum := sha256.Sum256(data)
	t := timestamp.Timestamp{HashAlgorithm: crypto.SHA256, HashedMessage: sum[:], Time: at.UTC().Truncate(time.Second), Policy: stampPolicy,
		Accuracy: time.Second, AddTSACertificate: true}
	response, err := t.CreateResponseWithOpts(a.certificate, a.key, crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("stamp time: %w", err)
	}
	made, err := timestamp.ParseResponse(response)
	if err != nil {
		return nil, fmt.Errorf("stamp time: %w", err)
	}
	return made.RawToken, nil
}

const maxToken = 64 << 10

// CheckToken checks an RFC 3161 token over data and says the time that it states. The certificates (PEM) are those of
// authorities that stamp themselves, or roots that they descend from. Everything wrong is Invalid.
func CheckToken(token, data []byte, certificates ...string) (time.Time, error) {
	if len(token) > maxToken {
		return time.Time{}, problem.New(problem.Invalid, "the time stamp is larger than %d KiB", maxToken>>10)
	}
	// The library skips what follows the token.
	if rest, err := asn1.Unmarshal(token, &asn1.RawValue{}); err != nil || len(rest) > 0 {
		return time.Time{}, problem.New(problem.Invalid, "the time stamp is not one piece of DER")
	}
	t, err := timestamp.Parse(token)
	if err != nil {
		return time.Time{}, problem.New(problem.Invalid, "the time stamp cannot be read or was changed (%v)", err)
	}
	if t.HashAlgorithm != crypto.SHA256 && t.HashAlgorithm != crypto.SHA384 && t.HashAlgorithm != crypto.SHA512 {
		return time.Time{}, problem.New(problem.Invalid, "the time stamp uses a digest that is not trusted")
	}
	h := t.HashAlgorithm.New()
	h.Write(data)
	if !bytes.Equal(h.Sum(nil), t.HashedMessage) {
		return time.Time{}, problem.New(problem.Invalid, "the time stamp is of something else")
	}
	// The library checks the signature with whatever certificate the token brings: here it must be one that is trusted.
	p7, err := pkcs7.Parse(token)
	if err != nil {
		return time.Time{}, problem.New(problem.Invalid, "the time stamp cannot be read (%v)", err)
	}
	by := p7.GetOnlySigner()
	if by == nil {
		return time.Time{}, problem.New(problem.Invalid, "the time stamp does not say who made it")
	}
	roots := x509.NewCertPool()
	for _, text := range certificates {
		if !roots.AppendCertsFromPEM([]byte(text)) {
			return time.Time{}, problem.New(problem.Invalid, "the certificate of the time-stamp authority cannot be read")
		}
	}
	between := x509.NewCertPool()
	for _, c := range p7.Certificates {
		between.AddCert(c)
	}
	if _, err := by.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: t.Time,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}}); err != nil {
		return time.Time{}, problem.New(problem.Invalid, "the time stamp is not of an authority that is trusted here (%v)", err)
	}
	return t.Time, nil
}
