package ledger

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"

	"triward/internal/problem"
	"triward/internal/store"
)

// Ledger is the tree over the journal of one database, signed with one key.
type Ledger struct {
	DB  *store.DB
	Key *Key
}

// followerName is the name under which the tree follows the journal; its position is the size of the tree.
const followerName = "ledger"

var hasher = rfc6962.DefaultHasher

// Follower grows the tree with the journal. It is to run wherever proofs are asked for.
func Follower() store.Follower { return store.Follower{Name: followerName, Derive: grow} }

// grow appends entries, which follow each other without gaps because the follower wants all kinds.
func grow(ctx context.Context, b *store.Bulk, entries []store.Entry) error {
	tree, err := treeAt(ctx, b, uint64(entries[0].Seq-1))
	if err != nil {
		return err
	}
	var rows [][]any
	visit := func(id compact.NodeID, hash []byte) {
		rows = append(rows, []any{int64(id.Level), int64(id.Index), hash})
	}
	for _, e := range entries {
		if uint64(e.Seq) != tree.End()+1 {
			return fmt.Errorf("grow ledger: entry %d comes after entry %d", e.Seq, tree.End())
		}
		if err := tree.Append(hasher.HashLeaf(e.Encode()), visit); err != nil {
			return fmt.Errorf("grow ledger: %w", err)
		}
	}
	_, err = b.Load(ctx, "ledger_node", []string{"level", "pos", "hash"}, func(yield func([]any) bool) {
		for _, r := range rows {
			if !yield(r) {
				return
			}
		}
	})
	if err != nil {
		return fmt.Errorf("grow ledger: %w", err)
	}
	return nil
}

// Rebuild makes the nodes again from the journal.
func Rebuild(ctx context.Context, db *store.DB) error {
	err := db.Bulk(ctx, func(b *store.Bulk) error {
		if _, err := b.Exec(ctx, `DELETE FROM ledger_node`); err != nil {
			return err
		}
		return b.Restart(ctx, followerName)
	})
	if err == nil {
		err = db.CatchUp(ctx, Follower())
	}
	if err != nil {
		return fmt.Errorf("rebuild ledger: %w", err)
	}
	return nil
}

func treeAt(ctx context.Context, r store.Reader, size uint64) (*compact.Range, error) {
	f := compact.RangeFactory{Hash: hasher.HashChildren}
	hashes, err := nodes(ctx, r, compact.RangeNodes(0, size, nil))
	if err != nil {
		return nil, err
	}
	return f.NewRange(0, size, hashes)
}

// nodes reads the hashes of complete subtrees.
func nodes(ctx context.Context, r store.Reader, ids []compact.NodeID) ([][]byte, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	marks := make([]string, len(ids))
	var args []any
	for i, id := range ids {
		marks[i] = fmt.Sprintf("(level = $%d AND pos = $%d)", len(args)+1, len(args)+2)
		args = append(args, int64(id.Level), int64(id.Index))
	}
	type node struct {
		level, pos int64
		hash       []byte
	}
	found, err := store.All(ctx, r, func(s store.Scanner) (n node, err error) { return n, s.Scan(&n.level, &n.pos, &n.hash) },
		`SELECT level, pos, hash FROM ledger_node WHERE `+strings.Join(marks, " OR "), args...)
	if err != nil {
		return nil, err
	}
	byID := make(map[compact.NodeID][]byte, len(found))
	for _, n := range found {
		byID[compact.NewNodeID(uint(n.level), uint64(n.pos))] = n.hash
	}
	out := make([][]byte, len(ids))
	for i, id := range ids {
		if out[i] = byID[id]; out[i] == nil {
			return nil, fmt.Errorf("ledger node %d at level %d is missing: rebuild the derived tables", id.Index, id.Level)
		}
	}
	return out, nil
}

// Head is the size of the tree and its root.
type Head struct {
	Size uint64
	Root []byte
}

// ReadHead reads the tree as far as it has grown; it may be behind the journal by a moment.
func ReadHead(ctx context.Context, r store.Reader) (Head, error) {
	size, err := store.Position(ctx, r, followerName)
	if err != nil {
		return Head{}, err
	}
	tree, err := treeAt(ctx, r, uint64(size))
	if err != nil {
		return Head{}, err
	}
	root, err := tree.GetRootHash(nil)
	if size == 0 {
		root = hasher.EmptyRoot()
	}
	return Head{uint64(size), root}, err
}

// Checkpoint lets the tree catch up with the journal and signs it: a C2SP signed note of three lines (origin, size, root
// in base64) and a signature.
func (l Ledger) Checkpoint(ctx context.Context) (string, error) {
	var signed string
	err := l.current(ctx, func(r store.Reader, head Head) (err error) {
		signed, err = l.sign(head)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("sign checkpoint: %w", err)
	}
	return signed, nil
}

// current lets the tree catch up and runs fn on a snapshot in which head is the tree.
func (l Ledger) current(ctx context.Context, fn func(r store.Reader, head Head) error) error {
	if err := l.DB.CatchUp(ctx, Follower()); err != nil {
		return err
	}
	return l.DB.View(ctx, func(r store.Reader) error {
		head, err := ReadHead(ctx, r)
		if err != nil {
			return err
		}
		return fn(r, head)
	})
}

func (l Ledger) sign(h Head) (string, error) {
	c := log.Checkpoint{Origin: l.Key.Origin(), Size: h.Size, Hash: h.Root}
	signed, err := note.Sign(&note.Note{Text: string(c.Marshal())}, l.Key.signer)
	return string(signed), err
}

// Prove proves that an entry is in the journal. NotFound when there is no such entry.
func (l Ledger) Prove(ctx context.Context, entry int64) (Proof, error) {
	p := Proof{Format: ProofFormat, Entry: entry}
	err := l.current(ctx, func(r store.Reader, head Head) error {
		if entry < 1 || uint64(entry) > head.Size {
			return problem.New(problem.NotFound, "the journal has no entry %d; its newest is %d", entry, head.Size)
		}
		entries, err := store.Journal(ctx, r, store.JournalQuery{After: entry - 1, Limit: 1})
		if err != nil {
			return err
		}
		if len(entries) == 0 || entries[0].Seq != entry {
			return problem.New(problem.NotFound, "entry %d is missing from the journal: verify it", entry)
		}
		p.Leaf = entries[0].Encode()
		p.Salt, p.Body, err = store.EntryBody(ctx, r, entry)
		if err != nil && problem.KindOf(err) != problem.NotFound {
			return err
		}
		wanted, err := proof.Inclusion(uint64(entry-1), head.Size)
		if err != nil {
			return err
		}
		if p.Path, err = path(ctx, r, wanted); err != nil {
			return err
		}
		if p.Checkpoint, err = l.sign(head); err != nil {
			return err
		}
		// The tree grew from the entry as it was: an entry altered since proves nothing.
		_, err = VerifyProof(p, l.Key.verifier)
		return err
	})
	if err != nil {
		return Proof{}, fmt.Errorf("prove entry %d: %w", entry, err)
	}
	return p, nil
}

// ProveConsistency proves that the journal of today begins with the entries that an earlier checkpoint of size from
// committed to. Invalid when the journal is shorter.
func (l Ledger) ProveConsistency(ctx context.Context, from uint64) (Consistency, error) {
	c := Consistency{Format: ConsistencyFormat, From: from}
	err := l.current(ctx, func(r store.Reader, head Head) error {
		if from > head.Size {
			return problem.New(problem.Invalid, "the journal has only %d entries", head.Size)
		}
		c.To = head.Size
		if from > 0 {
			wanted, err := proof.Consistency(from, head.Size)
			if err != nil {
				return err
			}
			if c.Path, err = path(ctx, r, wanted); err != nil {
				return err
			}
		}
		var err error
		c.Checkpoint, err = l.sign(head)
		return err
	})
	if err != nil {
		return Consistency{}, fmt.Errorf("prove consistency from %d: %w", from, err)
	}
	return c, nil
}

func path(ctx context.Context, r store.Reader, wanted proof.Nodes) ([][]byte, error) {
	hashes, err := nodes(ctx, r, wanted.IDs)
	if err != nil {
		return nil, err
	}
	return wanted.Rehash(hashes, hasher.HashChildren)
}

// ProveEach proves entries against one checkpoint of the journal's first size entries, whatever was added since. Invalid
// when the journal is shorter or an entry lies behind the checkpoint. The same size gives the same bytes.
func (l Ledger) ProveEach(ctx context.Context, size uint64, entries []int64) (string, []Proof, error) {
	var checkpoint string
	out := make([]Proof, 0, len(entries))
	err := l.current(ctx, func(r store.Reader, head Head) error {
		if size > head.Size {
			return problem.New(problem.Invalid, "the journal has only %d entries", head.Size)
		}
		tree, err := treeAt(ctx, r, size)
		if err != nil {
			return err
		}
		then := Head{Size: size}
		if then.Root, err = tree.GetRootHash(nil); err != nil {
			return err
		}
		if size == 0 {
			then.Root = hasher.EmptyRoot()
		}
		if checkpoint, err = l.sign(then); err != nil {
			return err
		}
		for part := range slices.Chunk(entries, 100) {
			some, err := proofs(ctx, r, part, checkpoint, size)
			if err != nil {
				return err
			}
			out = append(out, some...)
		}
		return nil
	})
	if err != nil {
		return "", nil, fmt.Errorf("prove entries: %w", err)
	}
	return checkpoint, out, nil
}

// proofs proves some entries. Their paths share most of their nodes, which are read once.
func proofs(ctx context.Context, r store.Reader, entries []int64, checkpoint string, size uint64) ([]Proof, error) {
	wanted := make([]proof.Nodes, len(entries))
	at := map[compact.NodeID]int{}
	var ids []compact.NodeID
	for i, n := range entries {
		if n < 1 || uint64(n) > size {
			return nil, problem.New(problem.Invalid, "entry %d lies behind the checkpoint of %d entries", n, size)
		}
		var err error
		if wanted[i], err = proof.Inclusion(uint64(n-1), size); err != nil {
			return nil, err
		}
		for _, id := range wanted[i].IDs {
			if _, ok := at[id]; !ok {
				at[id] = len(ids)
				ids = append(ids, id)
			}
		}
	}
	var hashes [][]byte
	for part := range slices.Chunk(ids, 500) {
		some, err := nodes(ctx, r, part)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, some...)
	}
	out := make([]Proof, len(entries))
	for i, n := range entries {
		p := Proof{Format: ProofFormat, Entry: n, Checkpoint: checkpoint}
		e, err := store.Journal(ctx, r, store.JournalQuery{After: n - 1, Limit: 1})
		if err != nil {
			return nil, err
		}
		if len(e) == 0 || e[0].Seq != n {
			return nil, problem.New(problem.NotFound, "entry %d is missing from the journal: verify it", n)
		}
		p.Leaf = e[0].Encode()
		if p.Salt, p.Body, err = store.EntryBody(ctx, r, n); err != nil && problem.KindOf(err) != problem.NotFound {
			return nil, err
		}
		own := make([][]byte, len(wanted[i].IDs))
		for j, id := range wanted[i].IDs {
			own[j] = hashes[at[id]]
		}
		if p.Path, err = wanted[i].Rehash(own, hasher.HashChildren); err != nil {
			return nil, err
		}
		out[i] = p
	}
	return out, nil
}
