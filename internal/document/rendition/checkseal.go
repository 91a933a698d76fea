package rendition

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"regexp"
	"strconv"
	"time"

	"github.com/digitorus/timestamp"

	"triward/internal/problem"
)

// SealReport is what a seal says about a file that nobody changed since. Whether its keys are to be trusted is for the reader
// to decide: compare the certificates with those that were handed over by another way.
type SealReport struct {
	Signer      string // common name in the certificate
	Certificate *x509.Certificate
	Stamped     bool
	At          time.Time // from the time stamp
	Stamper     *x509.Certificate
	Token       []byte // RFC 3161, over Signature
	Signature   []byte
}

// A sealed file has one signature, written by Seal, right where its range says.
var byteRange = regexp.MustCompile(`/ByteRange \[0 ([0-9]{10}) ([0-9]{10}) ([0-9]{10})\]\n/Contents $`)

func broken(format string, args ...any) error {
	return problem.New(problem.Invalid, format, args...)
}

// CheckSeal checks the seal of a file, offline. Its error says what was changed: a bit anywhere in the file, bytes added
// behind it, the signature, its certificate or its time stamp.
func CheckSeal(pdf []byte) (SealReport, error) {
	at := bytes.Index(pdf, []byte("/ByteRange "))
	if at < 0 {
		return SealReport{}, broken("the file holds no seal")
	}
	if bytes.Count(pdf, []byte("/ByteRange")) != 1 {
		return SealReport{}, broken("the file holds more than one signature: a seal is the only one")
	}
	gap := bytes.IndexByte(pdf[at:], '<') + at
	m := byteRange.FindSubmatch(pdf[at:max(at, gap)])
	if gap < at || m == nil {
		return SealReport{}, broken("the range of the seal was changed")
	}
	var n [3]int
	for i := range n {
		n[i], _ = strconv.Atoi(string(m[i+1])) // ten digits always fit
	}
	end := gap + 2*sealRoom + 2
	switch {
	case n[0] != gap || n[1] != end:
		return SealReport{}, broken("the range of the seal was changed")
	case end+n[2] < len(pdf):
		return SealReport{}, broken("%d bytes were added behind the sealed file", len(pdf)-end-n[2])
	case end+n[2] > len(pdf) || pdf[end-1] != '>':
		return SealReport{}, broken("the sealed file was cut")
	}
	digest := sha256.New()
	digest.Write(pdf[:gap])
	digest.Write(pdf[end:])
	der, err := unhex(pdf[gap+1 : end-1])
	if err != nil {
		return SealReport{}, err
	}
	s, err := readSeal(der)
	if err != nil {
		return SealReport{}, err
	}
	return s.check(digest.Sum(nil))
}

// unhex reads the signature and checks that nothing is hidden behind it.
func unhex(text []byte) ([]byte, error) {
	der := make([]byte, len(text)/2)
	if _, err := hex.Decode(der, text); err != nil || hex.EncodeToString(der) != string(text) {
		return nil, broken("the signature of the seal was changed")
	}
	var all asn1.RawValue
	rest, err := asn1.Unmarshal(der, &all)
	if err != nil || len(bytes.Trim(rest, "\x00")) > 0 {
		return nil, broken("the signature of the seal was changed")
	}
	return all.FullBytes, nil
}

// readSeal takes a signature apart and writes it again: whatever is not as Seal writes it was changed.
func readSeal(der []byte) (seal, error) {
	changed := broken("the signature of the seal was changed")
	data, err := readSigned(der)
	if err != nil || len(data.Signers) != 1 {
		return seal{}, changed
	}
	info := data.Signers[0]
	s := seal{algorithm: info.Algorithm, signature: info.Signature}
	if s.certificates, err = x509.ParseCertificates(data.Certificates.Bytes); err != nil || len(s.certificates) == 0 {
		return seal{}, broken("the certificate of the seal was changed")
	}
	if s.attrs, err = asn1.Marshal(asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: info.SignedAttrs.Bytes}); err != nil {
		return seal{}, changed
	}
	if len(info.UnsignedAttrs.FullBytes) > 0 {
		var a attribute
		if _, err := asn1.Unmarshal(info.UnsignedAttrs.Bytes, &a); err != nil {
			return seal{}, broken("the time stamp of the seal was changed")
		}
		s.token = a.Values.Bytes
	}
	again, err := marshalSeal(s)
	if err != nil || !bytes.Equal(again, der) {
		return seal{}, changed
	}
	return s, nil
}

func readSigned(der []byte) (signedData, error) {
	var outer contentInfo
	if rest, err := asn1.Unmarshal(der, &outer); err != nil || len(rest) > 0 || !outer.Type.Equal(oidSignedData) {
		return signedData{}, broken("not a signature")
	}
	var data signedData
	if rest, err := asn1.Unmarshal(outer.Content.Bytes, &data); err != nil || len(rest) > 0 {
		return signedData{}, broken("not a signature")
	}
	return data, nil
}

func (s seal) check(digest []byte) (SealReport, error) {
	by := s.certificates[0]
	want, err := signedAttributes(digest, by)
	if err != nil {
		return SealReport{}, err
	}
	if err := by.CheckSignature(algorithmOf(s.algorithm), s.attrs, s.signature); err != nil {
		return SealReport{}, broken("the signature of the seal was changed, or another key made it")
	}
	if !bytes.Equal(want, s.attrs) {
		if bytes.Contains(s.attrs, digest) {
			return SealReport{}, broken("the certificate of the seal was changed")
		}
		return SealReport{}, broken("the document was changed after it was sealed")
	}
	for i, c := range s.certificates {
		issuer := s.certificates[min(i+1, len(s.certificates)-1)]
		if !bytes.Equal(c.RawIssuer, issuer.RawSubject) || issuer.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) != nil {
			return SealReport{}, broken("the certificates of the seal do not lead to each other")
		}
	}
	r := SealReport{Signer: by.Subject.CommonName, Certificate: by, Token: s.token, Signature: s.signature}
	if s.token != nil {
		if r.At, r.Stamper, err = checkStamp(s.token, s.signature); err != nil {
			return SealReport{}, err
		}
		r.Stamped = true
	}
	return r, nil
}

func algorithmOf(a pkix.AlgorithmIdentifier) x509.SignatureAlgorithm {
	switch {
	case a.Algorithm.Equal(oidECDSASHA256):
		return x509.ECDSAWithSHA256
	case a.Algorithm.Equal(oidRSASHA256):
		return x509.SHA256WithRSA
	}
	return x509.UnknownSignatureAlgorithm
}

// checkStamp checks a time stamp over a signature. What the stamp's own signature does not cover must be in the one form
// that it can have: nothing in it is free.
func checkStamp(token, signature []byte) (time.Time, *x509.Certificate, error) {
	changed := broken("the time stamp of the seal was changed")
	t, err := timestamp.Parse(token) // checks its signature
	if err != nil {
		return time.Time{}, nil, changed
	}
	sum := sha256.Sum256(signature)
	if !bytes.Equal(t.HashedMessage, sum[:]) {
		return time.Time{}, nil, broken("the time stamp is of another seal")
	}
	data, err := readSigned(token)
	if err != nil || len(data.Signers) != 1 || len(data.Digests) != 1 {
		return time.Time{}, nil, changed
	}
	certificates, err := x509.ParseCertificates(data.Certificates.Bytes)
	if err != nil {
		return time.Time{}, nil, changed
	}
	info := data.Signers[0]
	var by *x509.Certificate
	for _, c := range certificates {
		if bytes.Equal(c.RawIssuer, info.ID.Issuer.FullBytes) && c.SerialNumber.Cmp(info.ID.Serial) == 0 {
			by = c
		}
	}
	attrs, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: info.SignedAttrs.Bytes})
	if by == nil || err != nil || by.CheckSignature(stampAlgorithm(info), attrs, info.Signature) != nil || !namesCertificate(info.SignedAttrs.Bytes, by) || !plainToken(token, data) {
		return time.Time{}, nil, changed
	}
	return t.Time, by, nil
}

// stampAlgorithm is how a time stamp is signed: the name of a signature, or of a key with that of the digest (RFC 5754 3).
func stampAlgorithm(info signerInfo) x509.SignatureAlgorithm {
	name, digest := info.Algorithm.Algorithm.String(), info.Digest.Algorithm.String()
	const sha2, ecdsa, rsa = "2.16.840.1.101.3.4.2.", "1.2.840.10045.4.3.", "1.2.840.113549.1.1."
	switch {
	case name == ecdsa+"2" && digest == sha2+"1":
		return x509.ECDSAWithSHA256
	case name == ecdsa+"3" && digest == sha2+"2":
		return x509.ECDSAWithSHA384
	case name == ecdsa+"4" && digest == sha2+"3":
		return x509.ECDSAWithSHA512
	case (name == rsa+"11" || name == rsa+"1") && digest == sha2+"1":
		return x509.SHA256WithRSA
	case (name == rsa+"12" || name == rsa+"1") && digest == sha2+"2":
		return x509.SHA384WithRSA
	case (name == rsa+"13" || name == rsa+"1") && digest == sha2+"3":
		return x509.SHA512WithRSA
	}
	return x509.UnknownSignatureAlgorithm
}

// namesCertificate tells whether signed attributes hold the digest of a certificate (RFC 5816 2.2).
func namesCertificate(attrs []byte, c *x509.Certificate) bool {
	sum := sha256.Sum256(c.Raw)
	for len(attrs) > 0 {
		var a attribute
		rest, err := asn1.Unmarshal(attrs, &a)
		if err != nil {
			return false
		}
		if a.Type.Equal(oidCertificate2) && bytes.Contains(a.Values.Bytes, sum[:]) {
			return true
		}
		attrs = rest
	}
	return false
}

// plainToken tells whether the parts of a token that no signature covers are as RFC 5652 5.1 and 5.3 ask for.
func plainToken(token []byte, data signedData) bool {
	info := data.Signers[0]
	fixed := data.Version == 3 && info.Version == 1 && data.Content.Type.Equal(oidTimeInfo) && data.Digests[0].Algorithm.Equal(info.Digest.Algorithm) &&
		noParameters(data.Digests[0]) && noParameters(info.Digest) && noParameters(info.Algorithm) && len(info.UnsignedAttrs.FullBytes) == 0 &&
		tagged(data.Certificates, 0) && tagged(info.SignedAttrs, 0) && tagged(data.Content.Content, 0)
	var content []byte
	if rest, err := asn1.Unmarshal(data.Content.Content.Bytes, &content); err != nil || len(rest) > 0 || !fixed {
		return false
	}
	inner, err := asn1.Marshal(data)
	if err != nil {
		return false
	}
	again, err := asn1.Marshal(contentInfo{oidSignedData, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: inner}})
	return err == nil && bytes.Equal(again, token)
}

func noParameters(a pkix.AlgorithmIdentifier) bool {
	return len(a.Parameters.FullBytes) == 0 || bytes.Equal(a.Parameters.FullBytes, asn1.NullBytes)
}

func tagged(v asn1.RawValue, tag int) bool {
	return v.Class == asn1.ClassContextSpecific && v.Tag == tag && v.IsCompound
}
