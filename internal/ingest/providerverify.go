package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"net/url"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"triward/internal/problem"
)

// key reads an OpenPGP key that the metadata names and keeps it when its fingerprint is the one that the metadata tells.
func (l *lister) key(ctx context.Context, base *url.URL, address, fingerprint string) error {
	u, err := base.Parse(address)
	if err != nil {
		return problem.New(problem.Invalid, "%q is not an address", address)
	}
	body, err := l.p.read(ctx, u.String(), maxKey)
	if err != nil {
		return err
	}
	ring, err := openpgp.ReadArmoredKeyRing(bytes.NewReader(body))
	if err != nil {
		if ring, err = openpgp.ReadKeyRing(bytes.NewReader(body)); err != nil {
			return problem.New(problem.Invalid, "is not an OpenPGP public key: %v", err)
		}
	}
	want := strings.ToLower(strings.ReplaceAll(fingerprint, " ", ""))
	for _, e := range ring {
		if want != "" && hex.EncodeToString(e.PrimaryKey.Fingerprint) == want {
			l.out.keys = append(l.out.keys, e)
			return nil
		}
	}
	return problem.New(problem.Invalid, "no key in the file has the fingerprint %q that the metadata tells", fingerprint)
}

// verify checks the side files of a document (CSAF 2.0 7.1.18 to 7.1.20). A file that is not there is Missing; one that
// cannot be fetched for another reason is an error, because it must not pass as missing.
func (p *Provider) verify(ctx context.Context, keys openpgp.EntityList, d *Document) error {
	sum256, sum512 := sha256.Sum256(d.Body), sha512.Sum512(d.Body)
	for _, side := range [...]struct {
		address string
		sum     []byte
	}{{d.SHA512URL, sum512[:]}, {d.SHA256URL, sum256[:]}} {
		content, err := p.side(ctx, side.address)
		switch {
		case err != nil:
			return err
		case content == nil:
			continue
		}
		fields := strings.Fields(string(content))
		if len(fields) == 0 || !strings.EqualFold(fields[0], hex.EncodeToString(side.sum)) {
			d.Hash = Failed
			return problem.New(problem.Invalid, "content does not have the hash of %q", side.address)
		}
		d.Hash = Verified
	}
	content, err := p.side(ctx, d.SignatureURL)
	if err != nil || content == nil {
		return err
	}
	return p.signature(keys, content, d)
}

// side is the content of a side file, nil when there is none.
func (p *Provider) side(ctx context.Context, address string) ([]byte, error) {
	if address == "" {
		return nil, nil
	}
	content, err := p.read(ctx, address, maxSide)
	if problem.KindOf(err) == problem.NotFound {
		return nil, nil
	}
	if err == nil && content == nil {
		content = []byte{} // empty is not missing
	}
	return content, err
}

func (p *Provider) signature(keys openpgp.EntityList, armored []byte, d *Document) error {
	if len(keys) == 0 {
		d.Signature = NoKey
		return nil
	}
	signer, err := openpgp.CheckArmoredDetachedSignature(keys, bytes.NewReader(d.Body), bytes.NewReader(armored), &packet.Config{Time: p.Now})
	switch {
	case err == nil:
		d.Signature, d.Signer = Verified, hex.EncodeToString(signer.PrimaryKey.Fingerprint)
		return nil
	case errors.Is(err, pgperrors.ErrUnknownIssuer):
		d.Signature = NoKey
		return problem.New(problem.Invalid, "signature %q is by a key that is not the provider's", d.SignatureURL)
	}
	d.Signature = Failed
	return problem.New(problem.Invalid, "signature %q does not hold: %v", d.SignatureURL, err)
}
