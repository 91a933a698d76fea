package ingest

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"math/big"
	"net/http"

	"github.com/digitorus/timestamp"

	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/store"
)

// Stamps asks a time-stamp authority outside (RFC 3161) about signatures that it has not stamped yet. Signing never waits
// for it: the built-in authority has stamped them already.
type Stamps struct {
	Signer    *signature.Signer
	Authority signature.Outside
	HTTP      *http.Client
}

const (
	stampsAtOnce  = 50
	maxStampReply = 64 << 10
)

// Run stamps what waits. Without the authority it fails, and what waits goes on waiting.
func (s Stamps) Run(ctx context.Context) error {
	var all []signature.Pending
	err := s.Signer.DB.View(ctx, func(r store.Reader) (err error) {
		all, err = s.Signer.Unstamped(ctx, r, s.Authority, stampsAtOnce)
		return err
	})
	if err != nil {
		return err
	}
	for _, p := range all {
		token, err := s.ask(ctx, p.Data)
		if err != nil {
			return fmt.Errorf("ask %s to stamp %q: %w", s.Authority.Name, p.Signature, err)
		}
		if err := s.Signer.AddStamp(ctx, s.Authority, p, token); err != nil {
			return err
		}
	}
	return nil
}

// ask sends a request (RFC 3161 3.4) and reads the token of the answer, which must be for this request.
func (s Stamps) ask(ctx context.Context, data []byte) ([]byte, error) {
	sum := sha256.Sum256(data)
	nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 64))
	if err != nil {
		return nil, err
	}
	query, err := (&timestamp.Request{HashAlgorithm: crypto.SHA256, HashedMessage: sum[:], Certificates: true, Nonce: nonce}).Marshal()
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Authority.Name, bytes.NewReader(query))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/timestamp-query")
	resp, err := s.HTTP.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", problem.New(problem.Unavailable, "the time-stamp authority does not answer"), err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxStampReply+1))
	switch {
	case err != nil:
		return nil, err
	case resp.StatusCode != http.StatusOK:
		return nil, problem.New(problem.Unavailable, "the time-stamp authority answers %s", resp.Status)
	case len(body) > maxStampReply:
		return nil, problem.New(problem.Invalid, "the answer of the time-stamp authority is larger than %d KiB", maxStampReply>>10)
	}
	t, err := timestamp.ParseResponse(body)
	if err != nil {
		return nil, problem.New(problem.Invalid, "the answer of the time-stamp authority cannot be read (%v)", err)
	}
	if t.Nonce == nil || t.Nonce.Cmp(nonce) != 0 {
		return nil, problem.New(problem.Invalid, "the time-stamp authority answers another request")
	}
	return t.RawToken, nil
}
