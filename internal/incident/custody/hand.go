package custody

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"triward/internal/blob"
	"triward/internal/incident"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// Hand is how an item changes hands.
type Hand struct {
	To        string            // account; of a transfer
	Outside   string            // who has it, outside of the organisation: of a release; who confirms it: of a receipt
	As        incident.Audience // whom they belong to: of a release
	Reason    string
	Authority string // who authorised it
	Place     string
	Witness   string
	Seal      string    // number of the seal afterwards; "" keeps it
	Receipt   string    // number of the receipt
	On        time.Time // when the receipt was given
	SHA256    string    // of what the receiver has, as they say, or of what came back; "" when nobody hashed it
}

// errMoved says that content was looked at while it was being encrypted anew.
var errMoved = errors.New("the content is being encrypted anew")

// compared runs fn in a transaction with the hash of an item as it is now, and notes in the entry whether it is what it was
// sealed with, and so is the hash that fn gives with the entry. One that is not makes the item broken.
func (v Vault) compared(ctx context.Context, item, kind string, fn func(tx *store.Tx, s step) (Entry, error)) error {
	var err error
	for range 10 {
		if err = v.compareOnce(ctx, item, kind, fn); !errors.Is(err, errMoved) {
			return err
		}
	}
	return problem.New(problem.Unavailable, "%v: try again", err)
}

// compareOnce gives errMoved when the item was sealed, or a part of its content was encrypted anew and the old one removed,
// while it was hashed: then the hash says nothing.
func (v Vault) compareOnce(ctx context.Context, item, kind string, fn func(tx *store.Tx, s step) (Entry, error)) error {
	i, ps, err := v.read(ctx, item)
	if err != nil {
		return err
	}
	found := ""
	if i.SHA256 != "" && i.State != Destroyed {
		if found, err = v.digest(ctx, i.ID, ps); err != nil {
			return fmt.Errorf("hash %s: %w", i.Exhibit, err)
		}
	}
	return v.do(ctx, item, kind, func(tx *store.Tx, s step) (Entry, error) {
		e, err := fn(tx, s)
		if err != nil || s.item.SHA256 == "" {
			return e, err
		}
		if found != s.item.SHA256 {
			now, err := parts(ctx, tx, item)
			if err != nil {
				return e, err
			}
			if i.SHA256 != s.item.SHA256 || !slices.Equal(now, ps) {
				return e, errMoved
			}
		}
		s.item.Verified = tx.Now
		if e.HashAfter == "" || found != s.item.SHA256 {
			e.HashAfter = found
		}
		e.HashBefore, e.Match = s.item.SHA256, "yes"
		if e.HashAfter != s.item.SHA256 {
			e.Match = "no"
			if s.item.State != Broken {
				s.item.broke, s.item.State = s.item.State, Broken
			}
		}
		return e, nil
	})
}

func (h Hand) check(l *problem.List) {
	if strings.TrimSpace(h.Reason) == "" {
		l.Add("reason", "is required")
	}
	if strings.TrimSpace(h.Authority) == "" {
		l.Add("authority", "is required: who authorised it")
	}
	h.sizes(l)
}

// sizes refuses what is too long, and a hash that is none.
func (h Hand) sizes(l *problem.List) {
	for _, f := range []struct{ path, text string }{{"reason", h.Reason}, {"authority", h.Authority}, {"place", h.Place}, {"witness", h.Witness}, {"seal", h.Seal}, {"outside", h.Outside}, {"receipt", h.Receipt}} {
		checkText(l, f.path, f.text)
	}
	checkHash(l, "sha256", plainHash(h.SHA256))
}

func (h Hand) entry(a Action, i *Item) Entry {
	if h.Seal != "" {
		i.Seal = strings.TrimSpace(h.Seal)
	}
	if h.Place != "" {
		i.Place = strings.TrimSpace(h.Place)
	}
	return Entry{Action: a, Reason: strings.TrimSpace(h.Reason), Authority: strings.TrimSpace(h.Authority), Place: i.Place, Witness: strings.TrimSpace(h.Witness), Seal: i.Seal, Receipt: strings.TrimSpace(h.Receipt),
		On: h.On, HashAfter: plainHash(h.SHA256)}
}

// Transfer hands a sealed item to a person of the organisation, who has to receive it. Its content is hashed before.
func (v Vault) Transfer(ctx context.Context, item string, h Hand) error {
	return v.compared(ctx, item, KindTransferred, func(tx *store.Tx, s step) (Entry, error) {
		if err := s.item.must(OpTransfer); err != nil {
			return Entry{}, err
		}
		var l problem.List
		h.check(&l)
		to, err := people.ActiveName(ctx, tx, h.To)
		if err != nil {
			l.Add("to", "must be somebody with an account")
		}
		if to.ID == s.item.Holder {
			l.Add("to", "has it already")
		}
		if err := l.Err("the transfer is not complete"); err != nil {
			return Entry{}, err
		}
		h.Receipt, h.On, h.SHA256 = "", time.Time{}, ""
		e := h.entry(Transferred, s.item)
		e.From, e.To = s.item.HolderName, to.Name
		s.item.Holder, s.item.HolderName, s.item.State = to.ID, to.Name, CheckedOut
		return e, nil
	})
}

// Receive is the holder's word that they have it. Its content is hashed after the transfer.
func (v Vault) Receive(ctx context.Context, item string, place string) error {
	return v.compared(ctx, item, KindTransferred, func(_ *store.Tx, s step) (Entry, error) {
		if err := s.item.must(OpReceive); err != nil {
			return Entry{}, err
		}
		if s.item.Holder != s.me.ID {
			return Entry{}, problem.New(problem.Forbidden, "%s was handed to %s", s.item.Exhibit, s.item.HolderName)
		}
		e := Hand{Place: place}.entry(Received, s.item)
		e.To = s.me.Name
		return e, nil
	})
}

// TakeBack puts an item back under seal with the actor, from a colleague or from whom it was released to. Content that comes
// back from outside is hashed there, and compared.
func (v Vault) TakeBack(ctx context.Context, item string, h Hand) error {
	return v.compared(ctx, item, KindTransferred, func(tx *store.Tx, s step) (Entry, error) {
		if err := s.item.must(OpTakeBack); err != nil {
			return Entry{}, err
		}
		var l problem.List
		h.sizes(&l)
		h.hash(&l, *s.item)
		h.past(&l, tx.Now)
		if s.item.State == Released && s.item.SHA256 != "" && h.SHA256 == "" {
			l.Add("sha256", "is required: hash what came back")
		}
		if err := l.Err("the return is not complete"); err != nil {
			return Entry{}, err
		}
		e := h.entry(Returned, s.item)
		e.From, e.To = s.item.HolderName, s.me.Name
		s.item.Holder, s.item.HolderName, s.item.Receipt, s.item.State = s.me.ID, s.me.Name, "", Sealed
		return e, nil
	})
}

// Confirm records the receipt of whom an item was released to: who signed it, when, its number, and the hash that they found.
func (v Vault) Confirm(ctx context.Context, item string, h Hand) error {
	return v.compared(ctx, item, KindTransferred, func(tx *store.Tx, s step) (Entry, error) {
		if err := s.item.must(OpReceipt); err != nil {
			return Entry{}, err
		}
		var l problem.List
		h.sizes(&l)
		h.hash(&l, *s.item)
		h.past(&l, tx.Now)
		for _, f := range []struct{ path, text string }{{"outside", h.Outside}, {"receipt", h.Receipt}} {
			if strings.TrimSpace(f.text) == "" {
				l.Add(f.path, "is required")
			}
		}
		if h.On.IsZero() {
			l.Add("on", "is required: when they received it")
		}
		if err := l.Err("the receipt is not complete"); err != nil {
			return Entry{}, err
		}
		e := h.entry(Receipted, s.item)
		e.To, s.item.Receipt = strings.TrimSpace(h.Outside), e.Receipt
		return e, nil
	})
}

// hash refuses a hash of what has none.
func (h Hand) hash(l *problem.List, i Item) {
	if h.SHA256 != "" && i.SHA256 == "" {
		l.Add("sha256", "%s has no hash", i.Exhibit)
	}
}

func (h Hand) past(l *problem.List, now time.Time) {
	if h.On.After(now.Add(time.Minute)) {
		l.Add("on", "lies in the future")
	}
}

// Release gives an item out of the organisation: back to its owner, or to the manufacturer with a receipt. Forbidden where
// its marking does not let them have it.
func (v Vault) Release(ctx context.Context, item string, h Hand) error {
	return v.compared(ctx, item, KindTransferred, func(_ *store.Tx, s step) (Entry, error) {
		if err := s.item.must(OpRelease); err != nil {
			return Entry{}, err
		}
		var l problem.List
		h.check(&l)
		if strings.TrimSpace(h.Outside) == "" {
			l.Add("outside", "is required: who receives it")
		}
		checkAudience(&l, h.As)
		if err := l.Err("the release is not complete"); err != nil {
			return Entry{}, err
		}
		if err := s.item.marking(s.file).Share(s.item.Exhibit, h.As); err != nil {
			return Entry{}, err
		}
		h.Receipt, h.On, h.SHA256 = "", time.Time{}, "" // they come with the receipt
		e := h.entry(WasReleased, s.item)
		e.From, e.To = s.item.HolderName, strings.TrimSpace(h.Outside)
		s.item.HolderName, s.item.Holder, s.item.Receipt, s.item.State = e.To, "", "", Released
		return e, nil
	})
}

// Open reads the content of an item. That it is read, by whom and why is an entry before the first byte.
func (v Vault) Open(ctx context.Context, item, reason string) (Item, io.ReadCloser, error) {
	return v.OpenSpan(ctx, item, reason, Span{})
}

func because() error {
	var l problem.List
	l.Add("reason", "is required")
	return l.Err("say why")
}

// Work records that an item was copied, analysed or exported.
func (v Vault) Work(ctx context.Context, item string, a Action, reason string) error {
	return v.do(ctx, item, KindWorked, func(_ *store.Tx, s step) (Entry, error) {
		if err := s.item.must(OpWork); err != nil {
			return Entry{}, err
		}
		if !slices.Contains([]Action{Copied, Analysed, Exported}, a) {
			return Entry{}, problem.New(problem.Invalid, "%q is not work on evidence", a)
		}
		if strings.TrimSpace(reason) == "" {
			return Entry{}, because()
		}
		return Entry{Action: a, Reason: strings.TrimSpace(reason)}, nil
	})
}

// Verify hashes an item again. A hash that differs breaks its integrity.
func (v Vault) Verify(ctx context.Context, item string) error {
	return v.compared(ctx, item, KindVerified, func(_ *store.Tx, s step) (Entry, error) {
		if err := s.item.must(OpVerify); err != nil {
			return Entry{}, err
		}
		return Entry{Action: Verified}, nil
	})
}

// Accept lets work go on with an item whose integrity broke. The entry stays, and so does what it says.
func (v Vault) Accept(ctx context.Context, item, reason string) error {
	return v.do(ctx, item, KindAccepted, func(_ *store.Tx, s step) (Entry, error) {
		if err := s.item.must(OpAccept); err != nil {
			return Entry{}, err
		}
		if strings.TrimSpace(reason) == "" {
			return Entry{}, because()
		}
		s.item.State, s.item.broke = s.item.broke, ""
		return Entry{Action: Accepted, Reason: strings.TrimSpace(reason)}, nil
	})
}

// Hold keeps an item from being destroyed, for a case at law, whatever holds for its incident.
func (v Vault) Hold(ctx context.Context, item, reason string) error {
	return v.hold(ctx, item, HeldBy, reason)
}

// EndHold ends a legal hold of the item itself.
func (v Vault) EndHold(ctx context.Context, item, reason string) error {
	return v.hold(ctx, item, Unheld, reason)
}

func (v Vault) hold(ctx context.Context, item string, a Action, reason string) error {
	return v.do(ctx, item, KindHeld, func(_ *store.Tx, s step) (Entry, error) {
		if err := s.item.must(map[Action]Operation{HeldBy: OpHold, Unheld: OpEndHold}[a]); err != nil {
			return Entry{}, err
		}
		if strings.TrimSpace(reason) == "" {
			return Entry{}, because()
		}
		if s.item.Hold == (a == HeldBy) {
			return Entry{}, problem.New(problem.Conflict, "that is so already")
		}
		s.item.Hold, s.item.Destroyer, s.item.DestroyerBy = a == HeldBy, "", ""
		return Entry{Action: a, Reason: strings.TrimSpace(reason)}, nil
	})
}

// Destroy asks to destroy an item, or destroys it when somebody else asked before. A hold, the retention, and an incident that
// is not over forbid it, see [Item.Kept].
func (v Vault) Destroy(ctx context.Context, item, reason string) error {
	gone := false
	err := v.do(ctx, item, KindDestroyed, func(tx *store.Tx, s step) (Entry, error) {
		i := s.item
		if err := i.must(OpDestroy); err != nil {
			return Entry{}, err
		}
		if err := i.Kept(tx.Now); err != nil {
			return Entry{}, err
		}
		switch {
		case strings.TrimSpace(reason) == "":
			return Entry{}, because()
		case i.Destroyer == "":
			i.Destroyer, i.DestroyerBy = s.me.ID, s.me.Name
			return Entry{Action: AskedEnd, Reason: strings.TrimSpace(reason)}, nil
		case i.Destroyer == s.me.ID:
			return Entry{}, problem.New(problem.Conflict, "you asked for it; somebody else has to agree")
		}
		i.State, gone = Destroyed, true
		return Entry{Action: DidDestroy, Reason: strings.TrimSpace(reason), Witness: i.DestroyerBy, HashBefore: i.SHA256}, nil
	})
	if err != nil || !gone {
		return err
	}
	return v.sweep(ctx, item)
}

// sweep removes the content of a destroyed item from the blob store. Cut short, the next Tick does it.
func (v Vault) sweep(ctx context.Context, item string) error {
	i, ps, err := v.read(ctx, item)
	if err != nil {
		return err
	}
	if i.State != Destroyed {
		return problem.New(problem.Conflict, "%s is not destroyed", i.Exhibit)
	}
	for _, p := range ps {
		if err := v.Blobs.Delete(ctx, blob.Digest(p.blob)); err != nil {
			return err
		}
	}
	return v.DB.Update(ctx, func(tx *store.Tx) error {
		_, f, err := one(ctx, tx, item)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM evidence_part WHERE item = $1`, item); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindContent, Subject: item, Site: f.Site, Product: f.Product, Body: map[string]any{"exhibit": i.Exhibit, "removed": len(ps)}})
		return err
	})
}

// VerifyEvery is how often sealed evidence is hashed again.
const VerifyEvery = 30 * 24 * time.Hour

// tickMost is how many items one Tick hashes at most.
const tickMost = 20

// Tick hashes again what was not hashed for [VerifyEvery], the longest ago first, and gives how many. What cannot be read now
// is tried again the next time, and keeps nothing else from being hashed.
func (v Vault) Tick(ctx context.Context) (int, error) {
	var ids, gone []string
	err := v.DB.View(ctx, func(r store.Reader) error {
		var err error
		gone, err = store.All(ctx, r, store.Value[string], `SELECT DISTINCT i.id FROM evidence_item i JOIN evidence_part p ON p.item = i.id WHERE i.state = 'destroyed' ORDER BY i.id`)
		if err != nil {
			return err
		}
		ids, err = store.All(ctx, r, store.Value[string], `SELECT id FROM evidence_item WHERE sha256 <> '' AND state IN ('sealed', 'checked_out', 'released') AND verified < $1 ORDER BY verified, id`,
			store.Micros(v.DB.Now().Add(-VerifyEvery)))
		return err
	})
	if err != nil {
		return 0, err
	}
	var faults []error
	for _, item := range gone {
		if err := v.sweep(ctx, item); err != nil {
			faults = append(faults, fmt.Errorf("remove the content of %s: %w", item, err))
		}
	}
	done := 0
	for _, item := range ids {
		if done == tickMost || ctx.Err() != nil {
			break
		}
		if err := v.Verify(ctx, item); err != nil {
			faults = append(faults, fmt.Errorf("hash %s again: %w", item, err))
			continue
		}
		done++
	}
	return done, errors.Join(append(faults, ctx.Err())...)
}

func (v Vault) rewrap(ctx context.Context, item string, p part) error {
	key := v.Keys.name()
	sealed := v.Keys.seal(v.content(ctx, item, []part{p}))
	d, _, err := v.Blobs.Put(ctx, sealed, 2*MaxPart)
	if err := errors.Join(err, sealed.Close()); err != nil {
		return err
	}
	err = v.DB.Update(ctx, func(tx *store.Tx) error {
		i, f, err := one(ctx, tx, item)
		if err != nil {
			return err
		}
		if err := putPart(ctx, tx, item, part{p.begins, p.size, string(d), key}); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindContent, Subject: item, Site: f.Site, Product: f.Product, Body: map[string]any{"exhibit": i.Exhibit, "begins": p.begins, "size": p.size, "rewrapped": true}})
		return err
	})
	if err != nil {
		return err
	}
	return v.Blobs.Delete(ctx, blob.Digest(p.blob))
}
