package custody

import (
	"bufio"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// digests are the hashes of what came in so far.
type digests struct{ sha256, sha512 hash.Hash } // sha512 is nil where it was not asked for

// resume gives the hashes of what came in so far.
func (i Item) resume() (d digests, err error) {
	d.sha256 = sha256.New()
	if i.WithSHA512 {
		d.sha512 = sha512.New()
	}
	if i.progress == "" {
		return d, nil
	}
	states := strings.Split(i.progress, " ")
	for n, h := range d.all() {
		state, err := hex.DecodeString(states[n])
		if err != nil {
			return d, err
		}
		if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil {
			return d, err
		}
	}
	return d, nil
}

func (d digests) all() []hash.Hash {
	if d.sha512 == nil {
		return []hash.Hash{d.sha256}
	}
	return []hash.Hash{d.sha256, d.sha512}
}

// state is what [Item.resume] goes on with.
func (d digests) state() (string, error) {
	var states []string
	for _, h := range d.all() {
		state, err := h.(encoding.BinaryMarshaler).MarshalBinary()
		if err != nil {
			return "", err
		}
		states = append(states, hex.EncodeToString(state))
	}
	return strings.Join(states, " "), nil
}

// Write hashes on.
func (d digests) Write(b []byte) (int, error) {
	for _, h := range d.all() {
		h.Write(b) // never fails
	}
	return len(b), nil
}

func sumOf(h hash.Hash) string {
	if h == nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Received is the SHA-256 of the bytes that were acknowledged so far, by which who goes on with an upload sees that it is the
// same file; "" when nothing is known of it.
func (i Item) Received() string {
	if i.State != Registered || i.Size == 0 {
		return i.SHA256
	}
	d, err := i.resume()
	if err != nil {
		return ""
	}
	return sumOf(d.sha256)
}

// Coming is what is known of content before it comes in.
type Coming struct {
	File   string // its name; "" leaves what is known
	SHA256 string // taken at collection; "" for none
}

// Announce notes the name of the file that comes in, and the hash that was taken at collection: the seal is refused for
// another content. Conflict: another hash was told before, so it is another file.
func (v Vault) Announce(ctx context.Context, item string, c Coming) error {
	c.File, c.SHA256 = strings.TrimSpace(c.File), plainHash(c.SHA256)
	return v.DB.Update(ctx, func(tx *store.Tx) error {
		i, f, err := one(ctx, tx, item)
		if err != nil {
			return err
		}
		if err := i.must(OpContent); err != nil {
			return err
		}
		was := i
		if i.File == "" {
			i.File = c.File
		}
		if err := i.expect(c.SHA256); err != nil {
			return err
		}
		if len(i.File) > maxTitle {
			return problem.New(problem.Invalid, "the name of the file is longer than %d characters", maxTitle)
		}
		if i.Expected != was.Expected {
			me, err := people.Person(ctx, tx, tx.Actor())
			if err != nil {
				return err
			}
			return link(ctx, tx, step{&i, f, me, KindContent}, Entry{Action: HashTold, HashAfter: i.Expected})
		}
		if i.File == was.File {
			return nil
		}
		i.Changed = tx.Now
		if err := put(ctx, tx, i); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindContent, Subject: i.ID, Site: f.Site, Product: f.Product, Body: map[string]any{"exhibit": i.Exhibit, "named": true}})
		return err
	})
}

// expect notes the hash that was taken at collection, once.
func (i *Item) expect(hash string) error {
	var l problem.List
	checkHash(&l, "expected", hash)
	if hash != "" && i.Kind == Thing {
		l.Add("expected", "a thing has a seal and no hash")
	}
	if err := l.Err("the hash is not one"); err != nil || hash == "" {
		return err
	}
	if i.Expected != "" && i.Expected != hash {
		return problem.New(problem.Conflict, "another SHA-256 of %s was told before (%s): this is another file", i.Exhibit, i.Expected)
	}
	i.Expected = hash
	return nil
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
	key := v.Keys.name()
	sealed := v.Keys.seal(io.TeeReader(io.LimitReader(r, MaxPart), io.MultiWriter(h, count)))
	d, _, err := v.Blobs.Put(ctx, sealed, 2*MaxPart)
	if err := errors.Join(err, sealed.Close()); err != nil {
		return i.Size, err
	}
	state, err := h.state()
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
		i.Size, i.progress, i.Changed = begins+count.n, state, tx.Now
		if err := putPart(ctx, tx, i.ID, part{begins, count.n, string(d), key}); err != nil {
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
	if err := i.must(OpContent); err != nil {
		return err
	}
	if begins != i.Size {
		return problem.New(problem.Conflict, "the content of %s goes on at byte %d", i.Exhibit, i.Size)
	}
	if begins >= MaxSize {
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
			return item, v.Seal(ctx, item, Sealing{})
		}
		if at, err = v.Append(ctx, item, at, in); err != nil {
			return item, err
		}
	}
}

// Sealing is how an item is sealed.
type Sealing struct {
	Number     string // of the seal; "" keeps it
	Place      string // where it lies; "" keeps it
	Expected   string // SHA-256 that was taken at collection, where it was not told before
	Difference string // why the content is another one than was hashed at collection
}

// Seal fixes the content of an item, and the number of the seal of a thing. Content that is not what was hashed at collection
// is refused (Invalid) until somebody says why it differs; then its chain says so.
func (v Vault) Seal(ctx context.Context, item string, how Sealing) error {
	return v.do(ctx, item, KindSealed, func(_ *store.Tx, s step) (Entry, error) {
		i := s.item
		if err := i.must(OpSeal); err != nil {
			return Entry{}, err
		}
		if err := i.expect(plainHash(how.Expected)); err != nil {
			return Entry{}, err
		}
		if number := strings.TrimSpace(how.Number); number != "" {
			i.Seal = number
		}
		if place := strings.TrimSpace(how.Place); place != "" {
			i.Place = place
		}
		e := Entry{Action: DidSeal, Seal: i.Seal, Place: i.Place}
		if i.Kind != Thing {
			if err := i.fix(how.Difference, &e); err != nil {
				return Entry{}, err
			}
		}
		i.State = Sealed
		return e, nil
	})
}

// fix gives an item the hash of what came in.
func (i *Item) fix(difference string, e *Entry) error {
	if i.Size == 0 {
		return problem.New(problem.Conflict, "%s has no content yet", i.Exhibit)
	}
	h, err := i.resume()
	if err != nil {
		return err
	}
	i.SHA256, i.SHA512 = sumOf(h.sha256), sumOf(h.sha512)
	e.HashAfter = i.SHA256
	if i.Expected == "" {
		return nil
	}
	e.HashBefore, e.Match = i.Expected, "yes"
	if i.Differs() {
		e.Match, e.Reason = "no", strings.TrimSpace(difference)
		var l problem.List
		if e.Reason == "" {
			l.Add("difference", "is required: the SHA-256 of the content is %s; at collection it was %s", i.SHA256, i.Expected)
		}
		checkText(&l, "difference", e.Reason)
		return l.Err("the content is not what was collected")
	}
	return nil
}

func checkText(l *problem.List, path, text string) {
	if len(text) > maxText {
		l.Add(path, "is longer than %d characters", maxText)
	}
}
