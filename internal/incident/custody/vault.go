package custody

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"time"

	"github.com/gowebpki/jcs"

	"triward/internal/blob"
	"triward/internal/id"
	"triward/internal/incident"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// Vault keeps evidence.
type Vault struct {
	DB    *store.DB
	Blobs *blob.Store
	Keys  *Keys
}

// MaxPart is the largest stretch of content that is taken at once, in bytes.
const MaxPart = 64 << 20

// MaxSize is the largest item, in bytes.
const MaxSize = 1 << 40

// Register describes a new item. Its content comes by Append, unless it is a thing.
func (v Vault) Register(ctx context.Context, i Item) (string, error) {
	var err error
	if i.ID, err = id.New("evd"); err != nil {
		return "", err
	}
	return i.ID, v.DB.Update(ctx, func(tx *store.Tx) error {
		if err := i.Validate(); err != nil {
			return err
		}
		f, err := mayRead(ctx, tx, i.Incident)
		if err != nil {
			return err
		}
		if i.Parent != "" {
			p, _, err := one(ctx, tx, i.Parent)
			if err != nil || p.Incident != f.ID {
				return problem.New(problem.Invalid, "the item that it was made from is not evidence of %s", f.Number)
			}
		}
		n, err := store.Value[int](tx.QueryRow(ctx, `SELECT count(*) FROM evidence_item WHERE incident = $1`, f.ID))
		if err != nil {
			return err
		}
		me, err := people.Person(ctx, tx, tx.Actor())
		if err != nil {
			return err
		}
		i.Incident, i.Exhibit, i.State, i.Holder, i.HolderName = f.ID, fmt.Sprintf("%s/%d", f.Number, n+1), Registered, me.ID, me.Name
		i.Size, i.SHA256, i.progress, i.Hold, i.Verified, i.Entries, i.Head = 0, "", "", f.Legal == incident.LegalHold, time.Time{}, 0, ""
		i.RetainUntil = f.RetainUntil
		if err := put(ctx, tx, i); err != nil { // its entries point at it
			return err
		}
		return link(ctx, tx, step{&i, f, me, KindRegistered}, Entry{Action: Collected, Reason: i.Description, Authority: i.Authority, Place: i.Place, Seal: i.Seal})
	})
}

// step is what an entry is written in.
type step struct {
	item *Item
	file incident.Incident
	me   people.Name
	kind string
}

// link adds an entry to the chain of an item, and keeps the item as it is after it.
func link(ctx context.Context, tx *store.Tx, s step, e Entry) error {
	i := s.item
	e.Item, e.Seq, e.At, e.Actor, e.ActorName, e.State, e.Prev = i.ID, i.Entries+1, tx.Now, s.me.ID, s.me.Name, i.State, i.Head
	text, hashed, err := e.canonical()
	if err != nil {
		return err
	}
	e.Hash = hashed
	if err := insertEntry(ctx, tx, e, text); err != nil {
		return fmt.Errorf("add to the custody of %s: %w", i.Exhibit, err)
	}
	i.Entries, i.Head, i.Changed = e.Seq, e.Hash, tx.Now
	if err := put(ctx, tx, *i); err != nil {
		return err
	}
	_, err = tx.Record(ctx, store.Event{Kind: s.kind, Subject: i.ID, Site: s.file.Site, Product: s.file.Product, Body: Body{e, e.Hash, i.Exhibit, i.Incident}})
	return err
}

// canonical is the entry in canonical JSON (RFC 8785) and the SHA-256 of that.
func (e Entry) canonical() (text, hashed string, err error) {
	raw, err := json.Marshal(e)
	if err != nil {
		return "", "", err
	}
	b, err := jcs.Transform(raw)
	if err != nil {
		return "", "", err
	}
	sum := sha256.Sum256(b)
	return string(b), hex.EncodeToString(sum[:]), nil
}

// CheckChain recomputes a chain. It names the first entry that is wrong; nil when none is.
func CheckChain(all []Entry) error {
	prev := ""
	for n, e := range all {
		_, want, err := e.canonical()
		if err != nil {
			return err
		}
		if e.Seq != n+1 || e.Prev != prev || e.Hash != want {
			return problem.New(problem.Conflict, "entry %d of the chain of custody does not follow from the one before it", n+1)
		}
		prev = e.Hash
	}
	return nil
}

// do changes an item in one transaction; fn gives the entry.
func (v Vault) do(ctx context.Context, item, kind string, fn func(tx *store.Tx, s step) (Entry, error)) error {
	return v.DB.Update(ctx, func(tx *store.Tx) error {
		i, f, err := one(ctx, tx, item)
		if err != nil {
			return err
		}
		me, err := people.Person(ctx, tx, tx.Actor())
		if err != nil {
			return err
		}
		s := step{&i, f, me, kind}
		e, err := fn(tx, s)
		if err != nil {
			return err
		}
		return link(ctx, tx, s, e)
	})
}

// read reads an item outside of a transaction.
func (v Vault) read(ctx context.Context, item string) (i Item, ps []part, err error) {
	err = v.DB.View(ctx, func(r store.Reader) error {
		if i, _, err = one(ctx, r, item); err != nil {
			return err
		}
		ps, err = parts(ctx, r, item)
		return err
	})
	return i, ps, err
}

// resume is the hash of what came in so far.
func (i Item) resume() (hash.Hash, error) {
	h := sha256.New()
	if i.progress == "" {
		return h, nil
	}
	state, err := hex.DecodeString(i.progress)
	if err != nil {
		return nil, err
	}
	return h, h.(encoding.BinaryUnmarshaler).UnmarshalBinary(state)
}

// Append takes the next stretch of an item's content, which begins at an offset: the size of what was acknowledged before.
// It reads at most MaxPart bytes of r and gives the size afterwards. Conflict: the content does not go on there; the message
// says where it does. What was not acknowledged is sent again.
func (v Vault) Append(ctx context.Context, item string, begins int64, r io.Reader) (int64, error) {
	i, _, err := v.read(ctx, item)
	if err != nil {
		return 0, err
	}
	if err := i.takes(begins); err != nil {
		return i.Size, err
	}
	h, err := i.resume()
	if err != nil {
		return i.Size, fmt.Errorf("go on with the content of %s: %w", i.Exhibit, err)
	}
	count := &counter{}
	sealed := v.Keys.seal(io.TeeReader(io.LimitReader(r, MaxPart), io.MultiWriter(h, count)))
	d, _, err := v.Blobs.Put(ctx, sealed, 2*MaxPart)
	if err := errors.Join(err, sealed.Close()); err != nil {
		return i.Size, err
	}
	state, err := h.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		return i.Size, err
	}
	size := i.Size
	err = v.DB.Update(ctx, func(tx *store.Tx) error {
		i, f, err := one(ctx, tx, item)
		if err != nil {
			return err
		}
		if err := i.takes(begins); err != nil {
			return err
		}
		if count.n == 0 {
			return problem.New(problem.Invalid, "nothing was sent")
		}
		i.Size, i.progress, i.Changed = begins+count.n, hex.EncodeToString(state), tx.Now
		if err := putPart(ctx, tx, i.ID, part{begins, count.n, string(d)}); err != nil {
			return err
		}
		if err := put(ctx, tx, i); err != nil {
			return err
		}
		size = i.Size
		_, err = tx.Record(ctx, store.Event{Kind: KindContent, Subject: i.ID, Site: f.Site, Product: f.Product, Body: map[string]any{"exhibit": i.Exhibit, "begins": begins, "size": count.n}})
		return err
	})
	if err != nil {
		return size, errors.Join(err, v.Blobs.Delete(ctx, d))
	}
	return size, nil
}

// takes says why content cannot come in at an offset; nil when it can.
func (i Item) takes(begins int64) error {
	switch {
	case i.Kind == Thing:
		return problem.New(problem.Conflict, "%s is a thing: it has a seal and no content", i.Exhibit)
	case i.State != Registered:
		return problem.New(problem.Conflict, "%s is %s: its content does not change any more", i.Exhibit, i.State)
	case begins != i.Size:
		return problem.New(problem.Conflict, "the content of %s goes on at byte %d", i.Exhibit, i.Size)
	case begins >= MaxSize:
		return problem.New(problem.Invalid, "evidence has at most %d bytes", int64(MaxSize))
	}
	return nil
}

type counter struct{ n int64 }

func (c *counter) Write(b []byte) (int, error) {
	c.n += int64(len(b))
	return len(b), nil
}

// Take registers an item whose content is at hand, takes it in and seals it. What fails on the way leaves an item without a
// seal, which says so.
func (v Vault) Take(ctx context.Context, i Item, content io.Reader) (string, error) {
	item, err := v.Register(ctx, i)
	if err != nil {
		return "", err
	}
	in := bufio.NewReader(content)
	for at := int64(0); ; {
		if _, err := in.Peek(1); errors.Is(err, io.EOF) {
			return item, v.Seal(ctx, item, "", "")
		}
		if at, err = v.Append(ctx, item, at, in); err != nil {
			return item, err
		}
	}
}

// Seal fixes the content of an item, and the number of the seal of a thing.
func (v Vault) Seal(ctx context.Context, item, number, place string) error {
	return v.do(ctx, item, KindSealed, func(_ *store.Tx, s step) (Entry, error) {
		i := s.item
		if i.State != Registered {
			return Entry{}, problem.New(problem.Conflict, "%s is %s", i.Exhibit, i.State)
		}
		if i.Kind != Thing && i.Size == 0 {
			return Entry{}, problem.New(problem.Conflict, "%s has no content yet", i.Exhibit)
		}
		if number = strings.TrimSpace(number); number != "" {
			i.Seal = number
		}
		if place = strings.TrimSpace(place); place != "" {
			i.Place = place
		}
		if i.Kind != Thing {
			h, err := i.resume()
			if err != nil {
				return Entry{}, err
			}
			i.SHA256 = hex.EncodeToString(h.Sum(nil))
		}
		i.State = Sealed
		return Entry{Action: DidSeal, HashAfter: i.SHA256, Seal: i.Seal, Place: i.Place}, nil
	})
}

// digest is the SHA-256 of an item's content as it lies now. Content that is gone or does not decrypt has none; only a place
// that cannot be reached, or a key that is missing, is an error.
func (v Vault) digest(ctx context.Context, ps []part) (string, error) {
	h := sha256.New()
	_, err := io.Copy(h, v.content(ctx, ps))
	switch {
	case err == nil:
		return hex.EncodeToString(h.Sum(nil)), nil
	case ctx.Err() != nil, problem.KindOf(err) == problem.Unavailable:
		return "", err
	}
	return "damaged", nil
}

// content reads the parts of an item one after another.
func (v Vault) content(ctx context.Context, ps []part) io.Reader {
	return &reader{ctx: ctx, v: v, ps: ps}
}

type reader struct {
	ctx  context.Context
	v    Vault
	ps   []part
	blob io.ReadCloser
	now  io.Reader
}

func (r *reader) Read(b []byte) (int, error) {
	for {
		if r.now == nil {
			if len(r.ps) == 0 {
				return 0, io.EOF
			}
			var err error
			if r.blob, err = r.v.Blobs.Get(r.ctx, blob.Digest(r.ps[0].blob)); err != nil {
				return 0, err
			}
			if r.now, err = r.v.Keys.open(r.blob); err != nil {
				return 0, errors.Join(err, r.Close())
			}
			r.ps = r.ps[1:]
		}
		n, err := r.now.Read(b)
		if !errors.Is(err, io.EOF) {
			return n, err
		}
		r.now = nil
		if err := r.blob.Close(); err != nil || n > 0 {
			return n, err
		}
	}
}

// Close ends the reading.
func (r *reader) Close() error {
	if r.now == nil {
		return nil
	}
	r.now, r.ps = nil, nil
	return r.blob.Close()
}
