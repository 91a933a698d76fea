package ledger_test

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"

	"triward/internal/store"
	"triward/internal/testdb"
)

// checkElsewhere is what somebody else's program does with a proof, written only from the documented formats: JSON,
// C2SP signed note, C2SP checkpoint, RFC 6962. It uses nothing of Triward.
func checkElsewhere(text []byte, verifier string) error {
	var p struct {
		Entry      uint64   `json:"entry"`
		Leaf       []byte   `json:"leaf"`
		Salt       []byte   `json:"salt"`
		Body       []byte   `json:"body"`
		Path       [][]byte `json:"path"`
		Checkpoint string   `json:"checkpoint"`
	}
	if err := json.Unmarshal(text, &p); err != nil {
		return err
	}
	v, err := note.NewVerifier(verifier)
	if err != nil {
		return err
	}
	c, _, _, err := log.ParseCheckpoint([]byte(p.Checkpoint), v.Name(), v)
	if err != nil {
		return err
	}
	leaf := rfc6962.DefaultHasher.HashLeaf(p.Leaf)
	if err := proof.VerifyInclusion(rfc6962.DefaultHasher, p.Entry-1, c.Size, leaf, p.Path, c.Hash); err != nil {
		return err
	}
	// The leaf ends with the body's digest and the previous hash, each after its length in 8 bytes.
	digest := p.Leaf[len(p.Leaf)-32-8-32 : len(p.Leaf)-32-8]
	if sum := sha256.Sum256(append(p.Salt, p.Body...)); len(p.Body) > 0 && string(sum[:]) != string(digest) {
		return errors.New("the body is not the entry's")
	}
	return nil
}

func TestProofsVerifyElsewhere(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		l := newLedger(t, db)
		ctx := testdb.System()
		for size := 1; size <= 9; size++ {
			add(t, db, 1)
			for entry := 1; entry <= size; entry++ {
				p, err := l.Prove(ctx, int64(entry))
				if err != nil {
					t.Fatal(err)
				}
				text, err := json.Marshal(p)
				if err != nil {
					t.Fatal(err)
				}
				if err := checkElsewhere(text, l.Key.Verifier()); err != nil {
					t.Errorf("entry %d of %d: %v", entry, size, err)
				}
				p.Body = []byte(fmt.Sprintf(`{"n":%d}`, 100+entry))
				if text, err = json.Marshal(p); err != nil {
					t.Fatal(err)
				}
				if err := checkElsewhere(text, l.Key.Verifier()); err == nil {
					t.Error("another body is accepted")
				}
			}
		}
	})
}
