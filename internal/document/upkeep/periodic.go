package upkeep

import (
	"context"
	"time"

	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/id"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/store"
)

// ReviewVerdict is what a periodic review says of a document.
type ReviewVerdict string

// The closed list of verdicts.
const (
	NoChange   ReviewVerdict = "no_change" // still valid, because …
	MustRevise ReviewVerdict = "revise"    // a change request is opened
	MustRetire ReviewVerdict = "retire"    // somebody is to retire it
)

// daysToRetire is when the next review is due after one that says that the document is to be retired.
const daysToRetire = 30

// PeriodicReview is a signed periodic review (ISO 13485 4.2.4 b).
type PeriodicReview struct {
	ID        string
	Document  document.ID
	Revision  document.RevisionID
	Label     string
	Verdict   ReviewVerdict
	Reason    string
	Change    string // the change request that it opened
	Account   string
	Name      string
	Signature string
	At        time.Time
	Due       time.Time // when it was due
	NextDue   time.Time
}

// ReviewAgain signs the periodic review of the effective revision. It needs the function that owns the document, or
// quality. What must be revised gets a change request, whose id is returned.
func (k Desk) ReviewAgain(ctx context.Context, code string, verdict ReviewVerdict, s document.Signing) (string, error) {
	if err := document.Reasoned(s.Reason); err != nil {
		return "", err
	}
	if verdict != NoChange && verdict != MustRevise && verdict != MustRetire {
		return "", problem.New(problem.Invalid, "the verdict must be no_change, revise or retire")
	}
	rid := document.RevisionID("")
	err := k.DB.View(ctx, func(r store.Reader) error {
		v, err := document.Effective(ctx, r, code)
		rid = v.ID
		return err
	})
	if err != nil {
		return "", err
	}
	shown, err := k.Display(ctx, rid)
	if err != nil {
		return "", err
	}
	cid := ""
	err = k.Signed(ctx, s, func(tx *store.Tx, sign document.SignFunc) error {
		d, err := document.ByCode(ctx, tx, code)
		if err != nil {
			return err
		}
		if d.Effective != rid {
			return problem.New(problem.Conflict, "another revision came into force at the same moment")
		}
		v, err := document.RevisionOf(ctx, tx, rid)
		if err != nil {
			return err
		}
		if err := shown.Same(v, s.Displayed); err != nil {
			return err
		}
		who, err := people.Person(ctx, tx, tx.Actor())
		if err != nil {
			return err
		}
		h, err := k.HoldingAny(ctx, tx, who.ID, []source.Function{d.OwnerRole, "quality"})
		if err != nil {
			return err
		}
		sig, err := sign(tx, v.Record(s.Displayed), signature.Review, h)
		if err != nil {
			return err
		}
		if verdict == MustRevise {
			cid, err = k.OpenChangeTx(ctx, tx, document.Change{Title: "Revise " + code + " after its periodic review", Reason: s.Reason, Class: document.MinorChange, Source: "review of " + v.Label,
				Impact: unassessed("the periodic review"), Items: []document.Item{{Code: code}}})
			if err != nil {
				return err
			}
		}
		return putReview(ctx, tx, d, PeriodicReview{Document: d.ID, Revision: v.ID, Label: v.Label, Verdict: verdict, Reason: s.Reason, Change: cid, Account: who.ID,
			Name: who.Name, Signature: sig, Due: d.ReviewDue})
	})
	return cid, err
}

// unassessed is the impact of a change request that something else opened: whoever takes it up has to say it.
func unassessed(by string) document.Impact {
	const text = "not assessed yet: opened by "
	return document.Impact{Documents: text + by, Devices: text + by, Training: text + by, Submissions: text + by, Validation: text + by}
}

func putReview(ctx context.Context, tx *store.Tx, d document.Document, p PeriodicReview) error {
	var err error
	if p.ID, err = id.New("prv"); err != nil {
		return err
	}
	p.NextDue = tx.Now.AddDate(0, max(d.ReviewMonths, 1), 0)
	if p.Verdict == MustRetire {
		p.NextDue = tx.Now.AddDate(0, 0, daysToRetire)
	}
	if d.ReviewMonths == 0 {
		p.NextDue = time.Time{}
	}
	if _, err := tx.Exec(ctx, `INSERT INTO periodic_review (id, document, revision, verdict, reason, change, account, name, signature, at, due, next_due)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, p.ID, string(p.Document), string(p.Revision), string(p.Verdict), p.Reason, p.Change, p.Account, p.Name,
		p.Signature, store.Micros(tx.Now), store.Micros(p.Due), store.Micros(p.NextDue)); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE document SET review_due = $1 WHERE id = $2`, store.Micros(p.NextDue), string(d.ID)); err != nil {
		return err
	}
	_, err = tx.Record(ctx, store.Event{Kind: document.KindReviewedAgain, Subject: string(d.ID), Body: struct {
		document.About
		Verdict   ReviewVerdict `json:"verdict"`
		Due       string        `json:"due,omitempty"`
		NextDue   string        `json:"next_due,omitempty"`
		Change    string        `json:"change,omitempty"`
		Signature string        `json:"signature"`
		Reason    string        `json:"reason"`
	}{document.About{Code: d.Code, Revision: p.Revision, Label: p.Label}, p.Verdict, document.Instant(p.Due), document.Instant(p.NextDue), p.Change, p.Signature, p.Reason}})
	return err
}

// PeriodicReviews reads the periodic reviews of a document, the newest first.
func PeriodicReviews(ctx context.Context, r store.Reader, doc document.ID) ([]PeriodicReview, error) {
	if _, err := document.Get(ctx, r, doc); err != nil {
		return nil, err
	}
	return store.All(ctx, r, func(s store.Scanner) (PeriodicReview, error) {
		var p PeriodicReview
		var at, due, next int64
		err := s.Scan(&p.ID, &p.Document, &p.Revision, &p.Label, &p.Verdict, &p.Reason, &p.Change, &p.Account, &p.Name, &p.Signature, &at, &due, &next)
		p.At, p.Due, p.NextDue = store.Time(at), store.Time(due), store.Time(next)
		return p, err
	}, `SELECT p.id, p.document, p.revision, r.label, p.verdict, p.reason, p.change, p.account, p.name, p.signature, p.at, p.due, p.next_due
		FROM periodic_review p JOIN revision r ON r.id = p.revision WHERE p.document = $1 ORDER BY p.at DESC, p.id DESC`, string(doc))
}
