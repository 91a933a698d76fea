package ingest

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/digitorus/timestamp"

	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

// outside is an authority of others: it answers requests over HTTP with a key of its own.
type outside struct {
	key         crypto.Signer
	certificate *x509.Certificate
	text        string
	down        bool
	replay      []byte // an old answer to send again
	last        []byte
}

func newOutside(t *testing.T) *outside {
	t.Helper()
	path := filepath.Join(t.TempDir(), "outside.pem")
	a, err := signature.OpenAuthority(path, "outside.example")
	if err != nil {
		t.Fatal(err)
	}
	o := &outside{text: a.Certificate()}
	rest, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for block, rest := pem.Decode(rest); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			o.certificate, err = x509.ParseCertificate(block.Bytes)
		} else {
			var key any
			key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
			o.key, _ = key.(crypto.Signer)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return o
}

func (o *outside) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || o.down {
		http.Error(w, "closed", http.StatusServiceUnavailable)
		return
	}
	q, err := timestamp.ParseRequest(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer := timestamp.Timestamp{HashAlgorithm: q.HashAlgorithm, HashedMessage: q.HashedMessage, Time: time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC),
		Nonce: q.Nonce, Policy: []int{2, 999, 2}, AddTSACertificate: true}
	o.last, err = answer.CreateResponseWithOpts(o.certificate, o.key, crypto.SHA256)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if o.replay != nil {
		o.last = o.replay
	}
	if _, err := w.Write(o.last); err != nil {
		return
	}
}

func TestDT12AuthorityOutsideIsAskedWhenItCanBeReached(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		o := newOutside(t)
		o.down = true
		srv := httptest.NewServer(o)
		defer srv.Close()
		s := signaturetest.New(t, db)
		stamps := Stamps{Signer: s.Signer, Authority: signature.Outside{Name: srv.URL, Certificates: []string{o.text}}, HTTP: srv.Client()}
		ctx := store.WithActor(context.Background(), store.System("stamps"))
		// Signing does not wait for it.
		ann := s.Person(t, "ann", "Ann Author")
		waiting := func() int {
			t.Helper()
			var all []signature.Pending
			if err := db.View(ctx, func(r store.Reader) (err error) {
				all, err = s.Unstamped(ctx, r, stamps.Authority, 10)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return len(all)
		}
		if err := stamps.Run(ctx); problem.KindOf(err) != problem.Unavailable || waiting() != 1 {
			t.Fatalf("while it is down: %v, %d wait", err, waiting())
		}
		o.down = false
		t.Run("one that is not trusted", func(t *testing.T) {
			other := stamps
			other.Authority.Certificates = s.Keys().Authorities
			if err := other.Run(ctx); problem.KindOf(err) != problem.Invalid || waiting() != 1 {
				t.Errorf("%v, %d wait", err, waiting())
			}
		})
		t.Run("an old answer", func(t *testing.T) {
			o.replay = o.last
			if err := stamps.Run(ctx); problem.KindOf(err) != problem.Invalid || waiting() != 1 {
				t.Errorf("%v, %d wait", err, waiting())
			}
			o.replay = nil
		})
		for range 2 {
			if err := stamps.Run(ctx); err != nil || waiting() != 0 {
				t.Fatalf("%v, %d wait", err, waiting())
			}
		}
		var id string
		if err := db.View(ctx, func(r store.Reader) error {
			all, err := signature.By(ctx, r, ann, 1)
			id = all[0].ID
			return err
		}); err != nil {
			t.Fatal(err)
		}
		file, err := s.Export(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		e, err := signature.ReadExport(file)
		if err != nil || len(e.Stamps) != 1 || e.Stamps[0].Authority != srv.URL {
			t.Fatalf("exported stamps %+v, %v", e.Stamps, err)
		}
		if _, err := e.Check(s.Keys()); err != nil {
			t.Error(err)
		}
		e.Stamps[0].Token[len(e.Stamps[0].Token)-1] ^= 1
		if _, err := e.Check(s.Keys()); problem.KindOf(err) != problem.Invalid {
			t.Errorf("a changed stamp: %v", err)
		}
	})
}
