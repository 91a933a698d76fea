package upkeep

import (
	"context"
	"strings"
	"time"

	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/id"
	"triward/internal/people"
	"triward/internal/store"
)

// Hold is a legal hold: the document stays whatever the rules say.
type Hold struct {
	ID            string
	Reason        string
	Account       string
	At            time.Time
	Released      time.Time
	ReleaseReason string
}

// PutHold puts a document on legal hold and returns the id of the hold.
func (k Desk) PutHold(ctx context.Context, code, reason string) (string, error) {
	if err := document.Reasoned(reason); err != nil {
		return "", err
	}
	hid, err := id.New("hld")
	if err != nil {
		return "", err
	}
	return hid, k.DB.Update(ctx, func(tx *store.Tx) error {
		d, err := document.ByCode(ctx, tx, code)
		if err != nil {
			return err
		}
		who, err := people.Person(ctx, tx, tx.Actor())
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO legal_hold (id, document, reason, author, at, released, release_reason) VALUES ($1, $2, $3, $4, $5, 0, '')`, hid, string(d.ID), reason,
			who.ID, store.Micros(tx.Now)); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: document.KindHeld, Subject: string(d.ID), Body: Held{document.About{Code: code}, hid, reason}})
		return err
	})
}

// Held is the body of [document.KindHeld] and [document.KindHoldReleased].
type Held struct {
	document.About
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

// ReleaseHold ends a legal hold.
func (k Desk) ReleaseHold(ctx context.Context, hold, reason string) error {
	if err := document.Reasoned(reason); err != nil {
		return err
	}
	return k.DB.Update(ctx, func(tx *store.Tx) error {
		var doc document.ID
		if err := tx.QueryRow(ctx, `SELECT document FROM legal_hold WHERE id = $1 AND released = 0`, hold).Scan(&doc); err != nil {
			return err
		}
		d, err := document.Get(ctx, tx, doc)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE legal_hold SET released = $1, release_reason = $2 WHERE id = $3`, store.Micros(tx.Now), reason, hold); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: document.KindHoldReleased, Subject: string(doc), Body: Held{document.About{Code: d.Code}, hold, reason}})
		return err
	})
}

func holds(ctx context.Context, r store.Reader, doc document.ID) ([]Hold, error) {
	return allHolds(ctx, r, ` AND released = 0`, doc)
}

func allHolds(ctx context.Context, r store.Reader, where string, doc document.ID) ([]Hold, error) {
	return store.All(ctx, r, func(s store.Scanner) (Hold, error) {
		var h Hold
		var at, released int64
		err := s.Scan(&h.ID, &h.Reason, &h.Account, &at, &released, &h.ReleaseReason)
		h.At, h.Released = store.Time(at), store.Time(released)
		return h, err
	}, `SELECT id, reason, author, at, released, release_reason FROM legal_hold WHERE document = $1`+where+` ORDER BY at, id`, string(doc))
}

// Holds reads every legal hold of a document, released ones too.
func Holds(ctx context.Context, r store.Reader, doc document.ID) ([]Hold, error) {
	if _, err := document.Get(ctx, r, doc); err != nil {
		return nil, err
	}
	return allHolds(ctx, r, "", doc)
}

// Keeping is how long a revision must be kept. Forever says that a term without a known end counts.
type Keeping struct {
	Until   time.Time
	Forever bool
	Why     []string // each rule that counts, in words
}

// Floors under every rule: HIPAA documentation (45 CFR 164.316(b)(2)(i)), and ISO 13485 4.2.5.
const (
	yearsHIPAA = 6
	yearsISO   = 2
)

// KeepUntil is how long a revision must be kept: the longest of the document's own rule, the lifetime of the devices whose
// file it belongs to, the least that applies to all, and legal holds (ISO 13485 4.2.4, 4.2.5). It is counted from when the
// revision left force, for one in force from now. What is not known lasts for ever. Nothing is ever deleted by it.
func (k Desk) KeepUntil(ctx context.Context, r store.Reader, rid document.RevisionID) (Keeping, error) {
	v, err := document.RevisionOf(ctx, r, rid)
	if err != nil {
		return Keeping{}, err
	}
	d, err := v.Parsed()
	if err != nil {
		return Keeping{}, err
	}
	from := v.Until
	if from.IsZero() {
		from = k.DB.Now()
	}
	out := Keeping{Until: from.AddDate(yearsHIPAA, 0, 0), Why: []string{"6 years, the least for all documents (45 CFR 164.316)"}}
	lifetime := false
	rule := strings.NewReplacer("max(", "", ")", "").Replace(d.Retention)
	for term := range strings.SplitSeq(rule, ",") {
		term = strings.TrimSpace(term)
		if term == "device_lifetime" {
			lifetime = true
			continue
		}
		if end := source.Duration(term).After(from); end.After(out.Until) {
			out.Until = end
		}
		out.Why = append(out.Why, source.Duration(term).Words()+", its own rule")
	}
	products, err := document.ProductsOf(ctx, r, v.Document)
	if err != nil {
		return Keeping{}, err
	}
	if lifetime && len(products) == 0 {
		out.Forever, out.Why = true, append(out.Why, "the lifetime of devices, of no model in particular")
	}
	for _, p := range products {
		end := time.Time{}
		if k.LifetimeEnd != nil {
			if end, err = k.LifetimeEnd(ctx, r, p); err != nil {
				return Keeping{}, err
			}
		}
		if end.IsZero() {
			out.Forever, out.Why = true, append(out.Why, "the lifetime of model "+p+", whose end is not known")
			continue
		}
		if end = end.AddDate(yearsISO, 0, 0); end.After(out.Until) {
			out.Until = end
		}
		out.Why = append(out.Why, "the lifetime of model "+p+" and 2 years (ISO 13485 4.2.5)")
	}
	held, err := holds(ctx, r, v.Document)
	for _, h := range held {
		out.Forever, out.Why = true, append(out.Why, "legal hold: "+h.Reason)
	}
	return out, err
}
