package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"golang.org/x/mod/sumdb/note"

	"triward/internal/problem"
	"triward/internal/store"
)

// The formats of proofs.
const (
	ProofFormat       = "triward-journal-proof/1"
	ConsistencyFormat = "triward-journal-consistency/1"
)

// Proof shows offline that an entry is in the journal. As JSON, bytes are base64.
type Proof struct {
	Format     string   `json:"format"`
	Entry      int64    `json:"entry"`          // number in the journal; the leaf's index is one less
	Leaf       []byte   `json:"leaf"`           // the entry's encoding (store.Entry.Encode)
	Salt       []byte   `json:"salt,omitempty"` // with Body: the leaf holds SHA-256(salt, body)
	Body       []byte   `json:"body,omitempty"` // JSON; absent when it was erased
	Path       [][]byte `json:"path"`           // inclusion proof (RFC 6962 2.1.1), from the leaf up
	Checkpoint string   `json:"checkpoint"`     // signed note
}

// Consistency shows offline that one checkpoint's journal begins with that of an earlier one.
type Consistency struct {
	Format     string   `json:"format"`
	From       uint64   `json:"from"`
	To         uint64   `json:"to"`
	Path       [][]byte `json:"path"`       // consistency proof (RFC 6962 2.1.2)
	Checkpoint string   `json:"checkpoint"` // signed note of size To
}

// maxProof bounds the text of a proof: an entry with its body and 64 hashes.
const maxProof = 64 << 20

// ParseProof reads a proof from its JSON.
func ParseProof(text []byte) (Proof, error) {
	var p Proof
	if len(text) > maxProof {
		return p, problem.New(problem.Invalid, "a proof is not larger than %d bytes", maxProof)
	}
	if err := json.Unmarshal(text, &p); err != nil {
		return Proof{}, problem.New(problem.Invalid, "this is not a proof: %v", err)
	}
	if p.Format != ProofFormat {
		return Proof{}, problem.New(problem.Invalid, "the proof has the format %q; this program reads %q", p.Format, ProofFormat)
	}
	return p, nil
}

// OpenCheckpoint checks the signature of a checkpoint with a verifier key (text, from [Key.Verifier]) and reads it.
func OpenCheckpoint(signed, verifier string) (Head, error) {
	v, err := note.NewVerifier(verifier)
	if err != nil {
		return Head{}, problem.New(problem.Invalid, "this is not a verifier key of a signed note")
	}
	c, _, _, err := log.ParseCheckpoint([]byte(signed), v.Name(), v)
	if err != nil {
		return Head{}, problem.New(problem.Invalid, "the checkpoint is not one of %q signed with this key (%v)", v.Name(), err)
	}
	return Head{c.Size, c.Hash}, nil
}

// VerifyProof checks a proof offline and returns the entry that it proves, with its body where the proof holds it.
// Everything wrong with a proof is Invalid.
func VerifyProof(p Proof, verifier string) (store.Entry, error) {
	head, err := OpenCheckpoint(p.Checkpoint, verifier)
	if err != nil {
		return store.Entry{}, err
	}
	e, err := store.DecodeEntry(p.Leaf)
	if err != nil {
		return store.Entry{}, err
	}
	if p.Entry < 1 || e.Seq != p.Entry {
		return store.Entry{}, problem.New(problem.Invalid, "the proof is of entry %d, its leaf of entry %d", p.Entry, e.Seq)
	}
	if err := proof.VerifyInclusion(hasher, uint64(p.Entry-1), head.Size, hasher.HashLeaf(p.Leaf), p.Path, head.Root); err != nil {
		return store.Entry{}, problem.New(problem.Invalid, "entry %d is not in the journal of %d entries (%v)", p.Entry, head.Size, err)
	}
	if len(p.Body) > 0 || len(p.Salt) > 0 {
		if !bytes.Equal(store.HashBody(p.Salt, p.Body), e.BodyHash) {
			return store.Entry{}, problem.New(problem.Invalid, "the body is not that of entry %d", p.Entry)
		}
		e.Body = p.Body
	}
	return e, nil
}

// VerifyConsistency checks offline that the journal of c's checkpoint begins with that of an earlier checkpoint.
func VerifyConsistency(earlier string, c Consistency, verifier string) error {
	from, err := OpenCheckpoint(earlier, verifier)
	if err != nil {
		return err
	}
	to, err := OpenCheckpoint(c.Checkpoint, verifier)
	if err != nil {
		return err
	}
	if c.Format != ConsistencyFormat || c.From != from.Size || c.To != to.Size {
		return problem.New(problem.Invalid, "the proof is not from %d to %d entries", from.Size, to.Size)
	}
	if from.Size == 0 && len(c.Path) == 0 {
		return nil // every journal begins with the empty one
	}
	if err := proof.VerifyConsistency(hasher, from.Size, to.Size, c.Path, from.Root, to.Root); err != nil {
		return problem.New(problem.Invalid, "the journal of %d entries was changed since (%v)", from.Size, err)
	}
	return nil
}

// Audit recomputes chain, bodies and tree from the journal's entries alone and compares the tree with checkpoints that
// were kept elsewhere, which also shows that newest entries were cut off. r is a database; see [Auditor] for a backup.
func Audit(ctx context.Context, r store.Reader, verifier string, checkpoints ...string) (store.Verification, error) {
	a, err := NewAuditor(verifier, checkpoints...)
	if err != nil {
		return store.Verification{}, err
	}
	v, err := store.Verify(ctx, r, a.Visit)
	if err != nil {
		return v, err
	}
	return v, a.Done()
}

// Auditor compares the entries that it visits with checkpoints.
type Auditor struct {
	want map[uint64][]byte
	tree *compact.Range
}

// NewAuditor checks the signatures of checkpoints. Two of one size with different roots are Invalid: the log was forked.
func NewAuditor(verifier string, checkpoints ...string) (*Auditor, error) {
	f := compact.RangeFactory{Hash: hasher.HashChildren}
	a := &Auditor{want: map[uint64][]byte{}, tree: f.NewEmptyRange(0)}
	for _, c := range checkpoints {
		h, err := OpenCheckpoint(c, verifier)
		if err != nil {
			return nil, err
		}
		if old, ok := a.want[h.Size]; ok && !bytes.Equal(old, h.Root) {
			return nil, problem.New(problem.Invalid, "two checkpoints of %d entries have different roots: one of two journals was shown to somebody else", h.Size)
		}
		a.want[h.Size] = h.Root
	}
	return a, nil
}

// Visit takes the next entry; for store.Verify and store.VerifyBackup.
func (a *Auditor) Visit(e store.Entry) error {
	if err := a.tree.Append(hasher.HashLeaf(e.Encode()), nil); err != nil {
		return err
	}
	want, ok := a.want[a.tree.End()]
	if !ok {
		return nil
	}
	root, err := a.tree.GetRootHash(nil)
	if err != nil {
		return err
	}
	if !bytes.Equal(root, want) {
		return problem.New(problem.Invalid, "the first %d entries are not those that the checkpoint was signed for", a.tree.End())
	}
	return nil
}

// Done refuses when a checkpoint was larger than what was visited: entries were cut off.
func (a *Auditor) Done() error {
	for size := range a.want {
		if size > a.tree.End() {
			return problem.New(problem.Invalid, "a checkpoint of %d entries was signed, the journal has only %d: the newest were cut off", size, a.tree.End())
		}
	}
	return nil
}

// String is a short form for people.
func (h Head) String() string { return fmt.Sprintf("%d entries, root %x", h.Size, h.Root) }
