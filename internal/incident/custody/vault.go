package custody

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/gowebpki/jcs"

	"triward/internal/blob"
	"triward/internal/device"
	"triward/internal/id"
	"triward/internal/incident"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// Vault keeps evidence.
type Vault struct {
	DB    *store.DB
	Blobs Blobs
	Keys  *Keys
}

// Blobs is where its content lies: a [blob.Store].
type Blobs interface {
	Put(ctx context.Context, r io.Reader, limit int64) (blob.Digest, int64, error)
	Get(ctx context.Context, d blob.Digest) (io.ReadCloser, error)
	Delete(ctx context.Context, d blob.Digest) error
	Walk(ctx context.Context) iter.Seq2[blob.Digest, error]
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
		i.Expected = plainHash(i.Expected)
		if err := i.Validate(); err != nil {
			return err
		}
		if i.Began.After(tx.Now.Add(time.Minute)) {
			var l problem.List
			l.Add("began", "lies in the future")
			return l.Err("the evidence is not complete")
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
		if err := i.freeze(ctx, tx, f); err != nil {
			return err
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
		i.Size, i.SHA256, i.SHA512, i.progress, i.Receipt, i.Hold, i.Verified, i.Entries, i.Head = 0, "", "", "", "", false, time.Time{}, 0, ""
		if err := put(ctx, tx, i); err != nil { // its entries point at it
			return err
		}
		e := Entry{Action: Collected, Reason: i.Description, Authority: i.Authority, Place: i.Place, Seal: i.Seal, HashAfter: i.Expected}
		if i.Details != (Details{}) {
			e.Details = &i.Details
		}
		return link(ctx, tx, step{&i, f, me, KindRegistered}, e)
	})
}

// freeze copies what the record of its device says of it, which may change later.
func (i *Item) freeze(ctx context.Context, r store.Reader, f incident.Incident) error {
	for _, text := range i.fields() {
		*text = strings.TrimSpace(*text)
	}
	if i.Device == "" {
		return nil
	}
	file, err := incident.Get(ctx, r, f.ID)
	if err != nil {
		return err
	}
	in := slices.ContainsFunc(file.Devices, func(d incident.Involved) bool { return d.ID == i.Device })
	if !in { // another device of the fleet, which the actor may see
		if _, err := device.Get(ctx, r, device.ID(i.Device)); err != nil {
			return problem.About(err, "the device that it came from")
		}
	}
	known, err := device.Briefs(ctx, r, []string{i.Device})
	if err != nil || len(known) == 0 { // a system, or a record that stands for no device any more
		return err
	}
	d := known[0]
	i.Model, i.Serial, i.UDI, i.Location = d.ModelName, d.Serial, d.UDI, strings.Join(slices.DeleteFunc([]string{d.SiteName, d.Ward}, func(s string) bool { return s == "" }), ", ")
	return nil
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
	_, err = tx.Record(ctx, store.Event{Kind: s.kind, Subject: i.ID, Site: s.file.Site, Product: s.file.Product, Body: Body{e, e.Hash, i.Exhibit, i.Incident, i.TLP}})
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
		was := i.State
		s := step{&i, f, me, kind}
		e, err := fn(tx, s)
		if err != nil {
			return err
		}
		if i.State != was { // who asked to destroy it asked that of another state
			i.Destroyer, i.DestroyerBy = "", ""
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

// digest is the SHA-256 of an item's content as it lies now. Content that is gone or does not decrypt has none; only a place
// that cannot be reached, or a key that is missing, is an error.
func (v Vault) digest(ctx context.Context, item string, ps []part) (string, error) {
	h := sha256.New()
	r := v.content(ctx, item, ps)
	_, err := io.Copy(h, r)
	if cerr := r.Close(); err == nil {
		err = cerr
	}
	switch {
	case err == nil:
		return sumOf(h), nil
	case ctx.Err() != nil, problem.KindOf(err) == problem.Unavailable:
		return "", err
	}
	return "damaged", nil
}

// content reads the parts of an item one after another.
func (v Vault) content(ctx context.Context, item string, ps []part) io.ReadCloser {
	return &reader{ctx: ctx, v: v, item: item, ps: ps}
}

type reader struct {
	ctx  context.Context
	v    Vault
	item string
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
			if r.blob, err = r.get(r.ps[0]); err != nil {
				return 0, err
			}
			if r.now, err = r.v.Keys.open(r.blob); err != nil {
				return 0, errors.Join(err, r.blob.Close())
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

// get opens a part. One that was encrypted anew since it was listed lies elsewhere now.
func (r *reader) get(p part) (io.ReadCloser, error) {
	for {
		in, err := r.v.Blobs.Get(r.ctx, blob.Digest(p.blob))
		if problem.KindOf(err) != problem.NotFound {
			return in, err
		}
		var now part
		if verr := r.v.DB.View(r.ctx, func(tx store.Reader) error {
			var err error
			now, err = scanPart(tx.QueryRow(r.ctx, `SELECT `+partColumns+` FROM evidence_part WHERE item = $1 AND begins = $2`, r.item, p.begins))
			return err
		}); verr != nil && problem.KindOf(verr) != problem.NotFound {
			return nil, verr
		}
		if now.blob == "" || now.blob == p.blob {
			return nil, err
		}
		p = now
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
