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
	Outside   string            // who has it, outside of the organisation: of a release
	As        incident.Audience // whom they belong to: of a release
	Reason    string
	Authority string // who authorised it
	Place     string
	Witness   string
	Seal      string // number of the seal afterwards; "" keeps it
}

// compared runs fn in a transaction with the hash of an item as it is now, and notes in the entry whether it is what it was
// sealed with. One that is not makes the item broken.
func (v Vault) compared(ctx context.Context, item, kind string, fn func(tx *store.Tx, s step) (Entry, error)) error {
	i, ps, err := v.read(ctx, item)
	if err != nil {
		return err
	}
	found := ""
	if i.SHA256 != "" && i.State != Destroyed {
		if found, err = v.digest(ctx, ps); err != nil {
			return fmt.Errorf("hash %s: %w", i.Exhibit, err)
		}
	}
	return v.do(ctx, item, kind, func(tx *store.Tx, s step) (Entry, error) {
		e, err := fn(tx, s)
		if err != nil || s.item.SHA256 == "" {
			return e, err
		}
		s.item.Verified = tx.Now
		e.HashBefore, e.HashAfter, e.Match = s.item.SHA256, found, "yes"
		if found != s.item.SHA256 {
			e.Match = "no"
			if s.item.State != Broken {
				s.item.broke, s.item.State = s.item.State, Broken
			}
		}
		return e, nil
	})
}

// mustBe refuses an item in another state.
func (i Item) mustBe(states ...State) error {
	if slices.Contains(states, i.State) {
		return nil
	}
	if i.State == Broken {
		return problem.New(problem.Conflict, "the integrity of %s is broken: accept that with a reason first", i.Exhibit)
	}
	return problem.New(problem.Conflict, "%s is %s", i.Exhibit, strings.ReplaceAll(string(i.State), "_", " "))
}

func (h Hand) check(l *problem.List) {
	if strings.TrimSpace(h.Reason) == "" {
		l.Add("reason", "is required")
	}
	if strings.TrimSpace(h.Authority) == "" {
		l.Add("authority", "is required: who authorised it")
	}
	for _, f := range []struct{ path, text string }{{"reason", h.Reason}, {"authority", h.Authority}, {"place", h.Place}, {"witness", h.Witness}, {"seal", h.Seal}, {"outside", h.Outside}} {
		if len(f.text) > maxText {
			l.Add(f.path, "is too long")
		}
	}
}

func (h Hand) entry(a Action, i *Item) Entry {
	if h.Seal != "" {
		i.Seal = strings.TrimSpace(h.Seal)
	}
	if h.Place != "" {
		i.Place = strings.TrimSpace(h.Place)
	}
	return Entry{Action: a, Reason: strings.TrimSpace(h.Reason), Authority: strings.TrimSpace(h.Authority), Place: i.Place, Witness: strings.TrimSpace(h.Witness), Seal: i.Seal}
}

// Transfer hands a sealed item to a person of the organisation, who has to receive it. Its content is hashed before.
func (v Vault) Transfer(ctx context.Context, item string, h Hand) error {
	return v.compared(ctx, item, KindTransferred, func(tx *store.Tx, s step) (Entry, error) {
		if err := s.item.mustBe(Sealed, CheckedOut); err != nil {
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
		e := h.entry(Transferred, s.item)
		e.From, e.To = s.item.HolderName, to.Name
		s.item.Holder, s.item.HolderName, s.item.State = to.ID, to.Name, CheckedOut
		return e, nil
	})
}

// Receive is the holder's word that they have it. Its content is hashed after the transfer.
func (v Vault) Receive(ctx context.Context, item string, place string) error {
	return v.compared(ctx, item, KindTransferred, func(_ *store.Tx, s step) (Entry, error) {
		if err := s.item.mustBe(CheckedOut); err != nil {
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

// TakeBack puts an item back under seal with the actor.
func (v Vault) TakeBack(ctx context.Context, item string, h Hand) error {
	return v.compared(ctx, item, KindTransferred, func(_ *store.Tx, s step) (Entry, error) {
		if err := s.item.mustBe(CheckedOut); err != nil {
			return Entry{}, err
		}
		e := h.entry(Returned, s.item)
		e.From, e.To = s.item.HolderName, s.me.Name
		s.item.Holder, s.item.HolderName, s.item.State = s.me.ID, s.me.Name, Sealed
		return e, nil
	})
}

// Release gives an item out of the organisation: back to its owner, or to the manufacturer with a receipt. Forbidden where
// its marking does not let them have it.
func (v Vault) Release(ctx context.Context, item string, h Hand) error {
	return v.compared(ctx, item, KindTransferred, func(_ *store.Tx, s step) (Entry, error) {
		if err := s.item.mustBe(Sealed); err != nil {
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
		e := h.entry(WasReleased, s.item)
		e.From, e.To = s.item.HolderName, strings.TrimSpace(h.Outside)
		s.item.HolderName, s.item.Holder, s.item.State = e.To, "", Released
		return e, nil
	})
}

// Open reads the content of an item. That it is read, by whom and why is an entry before the first byte.
func (v Vault) Open(ctx context.Context, item, reason string) (Item, io.ReadCloser, error) {
	var out Item
	err := v.do(ctx, item, KindAccessed, func(_ *store.Tx, s step) (Entry, error) {
		if s.item.Kind == Thing || s.item.SHA256 == "" || s.item.State == Destroyed {
			return Entry{}, problem.New(problem.Conflict, "%s has no content to read", s.item.Exhibit)
		}
		if strings.TrimSpace(reason) == "" {
			return Entry{}, because()
		}
		out = *s.item
		return Entry{Action: Accessed, Reason: strings.TrimSpace(reason)}, nil
	})
	if err != nil {
		return out, nil, err
	}
	_, ps, err := v.read(ctx, item)
	if err != nil {
		return out, nil, err
	}
	return out, &reader{ctx: ctx, v: v, ps: ps}, nil
}

func because() error {
	var l problem.List
	l.Add("reason", "is required")
	return l.Err("say why")
}

// Work records that an item was copied, analysed or exported.
func (v Vault) Work(ctx context.Context, item string, a Action, reason string) error {
	return v.do(ctx, item, KindWorked, func(_ *store.Tx, s step) (Entry, error) {
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
		if s.item.SHA256 == "" || s.item.State == Destroyed {
			return Entry{}, problem.New(problem.Conflict, "%s has no content to verify", s.item.Exhibit)
		}
		return Entry{Action: Verified}, nil
	})
}

// Accept lets work go on with an item whose integrity broke. The entry stays, and so does what it says.
func (v Vault) Accept(ctx context.Context, item, reason string) error {
	return v.do(ctx, item, KindAccepted, func(_ *store.Tx, s step) (Entry, error) {
		if s.item.State != Broken {
			return Entry{}, problem.New(problem.Conflict, "the integrity of %s is not broken", s.item.Exhibit)
		}
		if strings.TrimSpace(reason) == "" {
			return Entry{}, because()
		}
		s.item.State, s.item.broke = s.item.broke, ""
		return Entry{Action: Accepted, Reason: strings.TrimSpace(reason)}, nil
	})
}

// Hold keeps an item from being destroyed, for a case at law.
func (v Vault) Hold(ctx context.Context, item, reason string) error {
	return v.hold(ctx, item, HeldBy, reason)
}

// EndHold ends a legal hold.
func (v Vault) EndHold(ctx context.Context, item, reason string) error {
	return v.hold(ctx, item, Unheld, reason)
}

func (v Vault) hold(ctx context.Context, item string, a Action, reason string) error {
	return v.do(ctx, item, KindHeld, func(_ *store.Tx, s step) (Entry, error) {
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

// Destroy asks to destroy an item, or destroys it when somebody else asked before. A hold and the retention forbid it.
func (v Vault) Destroy(ctx context.Context, item, reason string) error {
	gone := false
	err := v.do(ctx, item, KindDestroyed, func(tx *store.Tx, s step) (Entry, error) {
		i := s.item
		switch {
		case i.State == Destroyed:
			return Entry{}, problem.New(problem.Conflict, "%s is destroyed", i.Exhibit)
		case i.Hold:
			return Entry{}, problem.New(problem.Conflict, "%s is under a legal hold", i.Exhibit)
		case tx.Now.Before(i.RetainUntil):
			return Entry{}, problem.New(problem.Conflict, "%s is kept until %s", i.Exhibit, i.RetainUntil.UTC().Format(time.DateOnly))
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

// Tick hashes again what was not hashed for [VerifyEvery], the longest ago first, and gives how many. What cannot be read now
// is tried again.
func (v Vault) Tick(ctx context.Context) (int, error) {
	var ids, gone []string
	err := v.DB.View(ctx, func(r store.Reader) error {
		var err error
		gone, err = store.All(ctx, r, store.Value[string], `SELECT DISTINCT i.id FROM evidence_item i JOIN evidence_part p ON p.item = i.id WHERE i.state = 'destroyed' ORDER BY i.id LIMIT 20`)
		if err != nil {
			return err
		}
		ids, err = store.All(ctx, r, store.Value[string], `SELECT id FROM evidence_item WHERE sha256 <> '' AND state IN ('sealed', 'checked_out') AND verified < $1 ORDER BY verified, id LIMIT 20`,
			store.Micros(v.DB.Now().Add(-VerifyEvery)))
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, item := range gone {
		if err := v.sweep(ctx, item); err != nil {
			return 0, err
		}
	}
	for n, item := range ids {
		if err := v.Verify(ctx, item); err != nil {
			return n, err
		}
	}
	return len(ids), nil
}

func (v Vault) rewrap(ctx context.Context, item string, p part) error {
	sealed := v.Keys.seal(v.content(ctx, []part{p}))
	d, _, err := v.Blobs.Put(ctx, sealed, 2*MaxPart)
	if err := errors.Join(err, sealed.Close()); err != nil {
		return err
	}
	err = v.DB.Update(ctx, func(tx *store.Tx) error {
		i, f, err := one(ctx, tx, item)
		if err != nil {
			return err
		}
		if err := putPart(ctx, tx, item, part{p.begins, p.size, string(d)}); err != nil {
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
