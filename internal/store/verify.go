package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"iter"
	"math"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"

	"triward/internal/problem"
)

// Verification is what the journal proved to be.
type Verification struct {
	Entries int64  // number of entries, which is also the number of the newest
	Erased  int64  // entries whose body was erased by law
	Head    []byte // hash of the newest entry; 32 zero bytes for an empty journal
	Root    []byte // root of the Merkle tree over all entries (RFC 6962 2.1)
}

// FaultKind is what is wrong with an entry.
type FaultKind string

// The closed list of faults.
const (
	FaultMissing   FaultKind = "missing"        // the number is not there
	FaultNumber    FaultKind = "wrong_number"   // a number that the journal never gave
	FaultField     FaultKind = "field_altered"  // the entry's fields do not have its hash
	FaultPrevious  FaultKind = "wrong_previous" // the entry follows another entry than the one before it
	FaultBody      FaultKind = "body_altered"   // the body does not have the digest that the entry commits to
	FaultNoBody    FaultKind = "body_missing"   // the body is gone and no later entry says that it was erased
	FaultStrayBody FaultKind = "stray_body"     // a body without an entry
	FaultHead      FaultKind = "head_mismatch"  // the head names another newest entry
)

// JournalFault is the first thing wrong with a journal. It is an error.
type JournalFault struct {
	Seq    int64     `json:"entry"` // number of the first bad entry
	Kind   FaultKind `json:"fault"`
	Detail string    `json:"detail"`
}

func (f *JournalFault) Error() string {
	return fmt.Sprintf("journal entry %d: %s (%s)", f.Seq, f.Detail, f.Kind)
}

// Verify recomputes the chain, the digest of every body and the root of the tree, in the order of the entries. The error
// is a [*JournalFault] that names the first bad entry, or a failure to read. What it returns then covers the entries
// before the bad one. visit, when it is not nil, sees each good entry; its error ends the work.
//
// A chain cannot show that its newest entries were cut off together with a rewritten head: compare with a checkpoint
// kept elsewhere (ledger.Audit).
func Verify(ctx context.Context, r Reader, visit func(Entry) error) (Verification, error) {
	seq, hash, err := JournalHead(ctx, r)
	if problem.KindOf(err) == problem.NotFound {
		err = &JournalFault{0, FaultHead, "the head is missing"}
	}
	if err != nil {
		return Verification{}, fmt.Errorf("verify journal: %w", err)
	}
	erased, err := erasures(ctx, r)
	if err != nil {
		return Verification{}, fmt.Errorf("verify journal: %w", err)
	}
	c := newChain(erased, visit)
	if err := c.run(links(ctx, r), link{Entry: Entry{Seq: seq, Hash: hash}}); err != nil {
		return c.done, fmt.Errorf("verify journal: %w", err)
	}
	stray, err := All(ctx, r, Value[int64], `SELECT b.seq FROM journal_body b LEFT JOIN journal j ON j.seq = b.seq
		WHERE j.seq IS NULL ORDER BY b.seq LIMIT 1`)
	if err != nil {
		return c.done, fmt.Errorf("verify journal: %w", err)
	}
	if len(stray) > 0 {
		return c.done, fmt.Errorf("verify journal: %w", &JournalFault{stray[0], FaultStrayBody, "there is a body but no entry"})
	}
	return c.done, nil
}

// link is an entry as it is stored, with its body.
type link struct {
	Entry
	salt    []byte
	body    []byte
	hasBody bool
}

const linkBatch = 500

// links reads the journal in the order of its numbers.
func links(ctx context.Context, r Reader) iter.Seq2[link, error] {
	return func(yield func(link, error) bool) {
		after := int64(math.MinInt64)
		for {
			batch, err := All(ctx, r, scanLink, `SELECT `+entryColumns+`, b.seq IS NOT NULL, b.salt
				FROM journal j LEFT JOIN journal_body b ON b.seq = j.seq WHERE j.seq > $1 ORDER BY j.seq LIMIT $2`, after, linkBatch)
			if err != nil {
				yield(link{}, err)
				return
			}
			for _, l := range batch {
				after = l.Seq
				if !yield(l, nil) {
					return
				}
			}
			if len(batch) < linkBatch {
				return
			}
		}
	}
}

func scanLink(s Scanner) (link, error) {
	var l link
	var at int64
	var body string
	err := s.Scan(&l.Seq, &at, &l.Actor, &l.ActorName, &l.Kind, &l.Subject, &l.Site, &l.Product, &l.BodyHash, &l.Prev, &l.Hash,
		&body, &l.hasBody, &l.salt)
	l.At = Time(at)
	l.body = []byte(body)
	if l.hasBody {
		l.Body = l.body
	}
	return l, err
}

// erasures maps the number of each erased entry to the number of the entry that says so.
func erasures(ctx context.Context, r Reader) (map[string]int64, error) {
	type erasure struct {
		subject string
		seq     int64
	}
	list, err := All(ctx, r, func(s Scanner) (e erasure, err error) { return e, s.Scan(&e.subject, &e.seq) },
		`SELECT subject, seq FROM journal WHERE kind = $1`, KindErased)
	out := make(map[string]int64, len(list))
	for _, e := range list {
		out[e.subject] = max(out[e.subject], e.seq)
	}
	return out, err
}

// chain checks entries one after the other.
type chain struct {
	erased map[string]int64
	visit  func(Entry) error
	tree   *compact.Range
	done   Verification
}

func newChain(erased map[string]int64, visit func(Entry) error) *chain {
	f := compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	return &chain{erased: erased, visit: visit, tree: f.NewEmptyRange(0),
		done: Verification{Head: make([]byte, sha256.Size), Root: rfc6962.DefaultHasher.EmptyRoot()}}
}

// run checks all links against each other and against the head, which is given as a link of its number and hash.
func (c *chain) run(all iter.Seq2[link, error], head link) error {
	fault := c.walk(all, head)
	if c.done.Entries > 0 {
		root, err := c.tree.GetRootHash(nil)
		if err != nil {
			return err
		}
		c.done.Root = root
	}
	if fault != nil {
		return fault
	}
	switch {
	case head.Seq > c.done.Entries:
		return &JournalFault{c.done.Entries + 1, FaultMissing, fmt.Sprintf("the entry is missing; the head says that there are %d", head.Seq)}
	case head.Seq < c.done.Entries:
		return &JournalFault{max(head.Seq, 0) + 1, FaultHead, fmt.Sprintf("the head says that entry %d is the newest", head.Seq)}
	case !bytes.Equal(head.Hash, c.done.Head):
		return &JournalFault{head.Seq, FaultHead, "the head has another hash for the newest entry"}
	}
	return nil
}

func (c *chain) walk(all iter.Seq2[link, error], head link) error {
	next, stop := iter.Pull2(all)
	defer stop()
	cur, err, ok := next()
	for ok {
		if err != nil {
			return err
		}
		following, nextErr, more := next()
		if nextErr != nil {
			return nextErr
		}
		// What the next entry (or the head) says this entry's hash is tells an altered hash from altered fields.
		said := head.Hash
		if more {
			said = following.Prev
		}
		if f := c.check(cur, said); f != nil {
			return f
		}
		if err := c.accept(cur); err != nil {
			return err
		}
		cur, ok = following, more
	}
	return nil
}

func (c *chain) check(l link, said []byte) *JournalFault {
	want := c.done.Entries + 1
	fault := func(kind FaultKind, detail string) *JournalFault { return &JournalFault{want, kind, detail} }
	switch {
	case l.Seq > want:
		return fault(FaultMissing, fmt.Sprintf("the entry is missing; the next one there is has number %d", l.Seq))
	case l.Seq < want:
		return &JournalFault{l.Seq, FaultNumber, fmt.Sprintf("the number stands where entry %d belongs", want)}
	}
	if sum := hashOf(l.Entry); !bytes.Equal(sum, l.Hash) {
		if bytes.Equal(sum, said) {
			return fault(FaultField, "the field hash was altered")
		}
		return fault(FaultField, c.altered(l))
	}
	if !bytes.Equal(l.Prev, c.done.Head) {
		return fault(FaultPrevious, "the entry was made to follow another entry than the one before it")
	}
	switch by := c.erased[fmt.Sprint(l.Seq)]; {
	case l.hasBody && !bytes.Equal(HashBody(l.salt, l.body), l.BodyHash):
		return fault(FaultBody, "the body or its salt was altered")
	case !l.hasBody && by <= l.Seq:
		return fault(FaultNoBody, "the body is missing and no later entry says that it was erased")
	}
	return nil
}

// altered says which field of an entry does not belong to its hash, where one replacement makes the hash right again.
func (c *chain) altered(l link) string {
	prev := l.Entry
	prev.Prev = c.done.Head
	body := l.Entry
	body.BodyHash = HashBody(l.salt, l.body)
	switch {
	case bytes.Equal(hashOf(prev), l.Hash):
		return "the field prev was altered"
	case l.hasBody && bytes.Equal(hashOf(body), l.Hash):
		return "the field body_hash was altered"
	}
	return "one of the fields at, actor, actor_name, kind, subject, site, product was altered, or several"
}

func (c *chain) accept(l link) error {
	if c.visit != nil {
		if err := c.visit(l.Entry); err != nil {
			return err
		}
	}
	if !l.hasBody {
		c.done.Erased++
	}
	c.done.Entries, c.done.Head = l.Seq, l.Hash
	return c.tree.Append(rfc6962.DefaultHasher.HashLeaf(l.Encode()), nil)
}

func hashOf(e Entry) []byte {
	sum := sha256.Sum256(e.Encode())
	return sum[:]
}
