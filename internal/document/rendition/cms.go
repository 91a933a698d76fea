package rendition

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"
	"sort"
	"time"

	"triward/internal/problem"
)

// Sealer is the key that seals files, with its certificate.
type Sealer struct {
	Certificate *x509.Certificate
	Chain       []*x509.Certificate // issuers of the certificate, nearest first, with the root; empty when it signed itself
	Key         crypto.Signer       // ECDSA on P-256 or RSA
	// Stamp is a time stamp over data (signature.TimeStamper); nil leaves it out.
	Stamp func(data []byte, at time.Time) ([]byte, error)
}

// NewSealer makes a key for sealing, with a certificate that it signed itself, as PEM: for those who have no certificate from
// elsewhere. Whoever checks a seal gets the certificate by another way than the file.
func NewSealer(name string, from time.Time) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make key of seal: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("make key of seal: %w", err)
	}
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: from.UTC(), NotAfter: from.UTC().AddDate(30, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make certificate of seal: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("write key of seal: %w", err)
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...), nil
}

// ReadSealer reads a key and its certificates from PEM: PRIVATE KEY (PKCS #8), then the certificate, then its issuers.
func ReadSealer(text []byte) (Sealer, error) {
	var k Sealer
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		switch block.Type {
		case "PRIVATE KEY":
			key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
			if err != nil {
				return Sealer{}, problem.New(problem.Invalid, "the key of the seal cannot be read")
			}
			k.Key, _ = key.(crypto.Signer)
		case "CERTIFICATE":
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return Sealer{}, problem.New(problem.Invalid, "a certificate of the seal cannot be read")
			}
			if k.Certificate == nil {
				k.Certificate = c
			} else {
				k.Chain = append(k.Chain, c)
			}
		}
	}
	if k.Key == nil || k.Certificate == nil {
		return Sealer{}, problem.New(problem.Invalid, "the file of the seal must hold a key and its certificate")
	}
	if p, ok := k.Key.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !p.Equal(k.Certificate.PublicKey) {
		return Sealer{}, problem.New(problem.Invalid, "the certificate of the seal is of another key")
	}
	return k, nil
}

func (k Sealer) name() string { return k.Certificate.Subject.CommonName }

// Object identifiers of CMS (RFC 5652), ESS (RFC 5035) and their algorithms.
var (
	oidData         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidTimeInfo     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidContentType  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidDigest       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidCertificate2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidTimeStamp    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 14}
	oidSHA256       = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidECDSASHA256  = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
	oidRSASHA256    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}
)

type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content asn1.RawValue `asn1:"explicit,tag:0"`
}

type signedData struct {
	Version      int
	Digests      []pkix.AlgorithmIdentifier `asn1:"set"`
	Content      encapsulated
	Certificates asn1.RawValue `asn1:"optional,tag:0"`
	Signers      []signerInfo  `asn1:"set"`
}

type encapsulated struct {
	Type    asn1.ObjectIdentifier
	Content asn1.RawValue `asn1:"optional,explicit,tag:0"`
}

type signerInfo struct {
	Version       int
	ID            issuerSerial
	Digest        pkix.AlgorithmIdentifier
	SignedAttrs   asn1.RawValue `asn1:"tag:0"`
	Algorithm     pkix.AlgorithmIdentifier
	Signature     []byte
	UnsignedAttrs asn1.RawValue `asn1:"optional,tag:1"`
}

type issuerSerial struct {
	Issuer asn1.RawValue
	Serial *big.Int
}

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values asn1.RawValue // SET OF
}

// essCertificate names the certificate of the signer by its digest (RFC 5035 4, ESSCertIDv2; SHA-256 is its default).
type essCertificate struct {
	Hash []byte
}

type signingCertificate struct {
	Certificates []essCertificate
}

// sign makes the CAdES signature over the digest of a file. The time of signing stands in the file, not here (ETSI EN 319
// 142-1 6.3), and for certain in the time stamp.
func (k Sealer) sign(digest []byte, at time.Time) ([]byte, error) {
	attrs, err := signedAttributes(digest, k.Certificate)
	if err != nil {
		return nil, err
	}
	algorithm := pkix.AlgorithmIdentifier{Algorithm: oidECDSASHA256}
	switch k.Key.Public().(type) {
	case *ecdsa.PublicKey:
	case *rsa.PublicKey:
		algorithm = pkix.AlgorithmIdentifier{Algorithm: oidRSASHA256, Parameters: asn1.NullRawValue}
	default:
		return nil, fmt.Errorf("a key of the kind %T cannot seal", k.Key.Public())
	}
	sum := sha256.Sum256(attrs)
	signature, err := k.Key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	var token []byte
	if k.Stamp != nil {
		if token, err = k.Stamp(signature, at); err != nil {
			return nil, err
		}
	}
	return marshalSeal(seal{certificates: append([]*x509.Certificate{k.Certificate}, k.Chain...), attrs: attrs, algorithm: algorithm, signature: signature, token: token})
}

// seal is what a CAdES signature is made of. Its bytes follow from it: who reads a seal writes it again and compares.
type seal struct {
	certificates []*x509.Certificate // of the signer first
	attrs        []byte              // DER of the signed attributes, as a SET
	algorithm    pkix.AlgorithmIdentifier
	signature    []byte
	token        []byte
}

func marshalSeal(s seal) ([]byte, error) {
	info := signerInfo{Version: 1, ID: issuerSerial{asn1.RawValue{FullBytes: s.certificates[0].RawIssuer}, s.certificates[0].SerialNumber},
		Digest: pkix.AlgorithmIdentifier{Algorithm: oidSHA256}, SignedAttrs: retag(s.attrs, 0), Algorithm: s.algorithm, Signature: s.signature}
	if s.token != nil {
		set, err := attributes(attributeValue{oidTimeStamp, s.token})
		if err != nil {
			return nil, err
		}
		info.UnsignedAttrs = retag(set, 1)
	}
	var certificates []byte
	for _, c := range s.certificates {
		certificates = append(certificates, c.Raw...)
	}
	data, err := asn1.Marshal(signedData{Version: 1, Digests: []pkix.AlgorithmIdentifier{{Algorithm: oidSHA256}}, Content: encapsulated{Type: oidData},
		Certificates: asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: certificates}, Signers: []signerInfo{info}})
	if err != nil {
		return nil, fmt.Errorf("write signature: %w", err)
	}
	return asn1.Marshal(contentInfo{oidSignedData, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: data}})
}

// signedAttributes are content type, digest and certificate, as the SET OF that is signed (RFC 5652 5.4).
func signedAttributes(digest []byte, certificate *x509.Certificate) ([]byte, error) {
	kind, err := asn1.Marshal(oidData)
	if err != nil {
		return nil, err
	}
	octets, err := asn1.Marshal(digest)
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(certificate.Raw)
	by, err := asn1.Marshal(signingCertificate{[]essCertificate{{hash[:]}}})
	if err != nil {
		return nil, err
	}
	return attributes(attributeValue{oidContentType, kind}, attributeValue{oidDigest, octets}, attributeValue{oidCertificate2, by})
}

type attributeValue struct {
	oid   asn1.ObjectIdentifier
	value []byte
}

// attributes writes a SET OF in the order that DER asks for (X.690 11.6).
func attributes(all ...attributeValue) ([]byte, error) {
	var parts [][]byte
	for _, a := range all {
		der, err := asn1.Marshal(attribute{a.oid, asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: a.value}})
		if err != nil {
			return nil, fmt.Errorf("write attribute: %w", err)
		}
		parts = append(parts, der)
	}
	sort.Slice(parts, func(i, k int) bool { return bytes.Compare(parts[i], parts[k]) < 0 })
	return asn1.Marshal(asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: bytes.Join(parts, nil)})
}

// retag gives a SET the tag that it has within a signer's information.
func retag(set []byte, tag int) asn1.RawValue {
	var v asn1.RawValue
	if _, err := asn1.Unmarshal(set, &v); err != nil {
		return asn1.RawValue{}
	}
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, IsCompound: true, Bytes: v.Bytes}
}
