package document

import (
	"context"
	"slices"
	"strings"

	"triward/internal/document/source"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/store"
)

// withdrawers are the functions that may take a document out in an emergency, beside the one that owns it.
var withdrawers = []source.Function{"quality", "cpso", "ciso", "executive", "medical_safety"}

// Withdraw takes an approved or effective revision out in an emergency. It takes the signatures of two different people:
// the first one is kept, the second one does it. It reports whether it is done. No other revision comes into force by it.
func (l Library) Withdraw(ctx context.Context, rid RevisionID, s Signing) (bool, error) {
	if err := Reasoned(s.Reason); err != nil {
		return false, err
	}
	done := false
	err := l.actOn(ctx, rid, s, func(a act) error {
		if err := allowed(a.revision.State, Withdrawn); err != nil {
			return err
		}
		h, err := l.HoldingAny(ctx, a.tx, a.who.ID, append(slices.Clone(withdrawers), a.document.OwnerRole))
		if err != nil {
			return err
		}
		first := slices.IndexFunc(a.decisions, func(x Decision) bool { return x.Counts(Withdrawing) })
		if first >= 0 && slices.Contains([]string{a.who.ID, h.DelegateOf}, a.decisions[first].Account) {
			return problem.New(problem.Forbidden, "a withdrawal takes two different people")
		}
		body, err := a.decide(ctx, Withdrawing, signature.Withdrawal, h)
		if err != nil {
			return err
		}
		if body.Complete = first >= 0; body.Complete {
			if err := takeOut(ctx, a.tx, a.revision, s.Reason); err != nil {
				return err
			}
		}
		done = body.Complete
		return a.record(ctx, KindWithdrawn, body)
	})
	return done && err == nil, err
}

func takeOut(ctx context.Context, tx *store.Tx, v Revision, reason string) error {
	if v.State == InForce {
		if _, _, err := leave(ctx, tx, v.Document, Withdrawn); err != nil {
			return err
		}
	} else if err := setState(ctx, tx, &v, Withdrawn); err != nil {
		return err
	}
	if err := recallOf(ctx, tx, v, "the revision was withdrawn: "+reason); err != nil {
		return err
	}
	return refresh(ctx, tx, v.Document)
}

// Retirement ends a document.
type Retirement struct {
	Code      string
	Successor string // code of what takes its place, "" for nothing
	Signing
}

// Retire ends a document for good: its code is never used again. It needs quality or the function that owns it, a reason,
// and that nothing relies on it any more: re-point what uses it first (PRD-20). A successor must be effective.
func (l Library) Retire(ctx context.Context, o Retirement) error {
	if err := Reasoned(o.Reason); err != nil {
		return err
	}
	return l.Signed(ctx, o.Signing, func(tx *store.Tx, sign SignFunc) error {
		d, err := documentBy(ctx, tx, "code", o.Code)
		if err != nil {
			return err
		}
		if err := retirable(ctx, tx, d, o.Successor); err != nil {
			return err
		}
		who, err := Acting(ctx, tx)
		if err != nil {
			return err
		}
		h, err := l.HoldingAny(ctx, tx, who.ID, []source.Function{"quality", d.OwnerRole})
		if err != nil {
			return err
		}
		last := d.Effective
		if last == "" {
			last = d.Newest
		}
		v, err := revision(ctx, tx, last)
		if err != nil {
			return err
		}
		rec := v.Record(o.Displayed)
		rec.Kind = "retirement"
		sig, err := sign(tx, rec, signature.Withdrawal, h)
		if err != nil {
			return err
		}
		if v.State == InForce {
			if _, _, err := leave(ctx, tx, d.ID, Retired); err != nil {
				return err
			}
			if err := recallOf(ctx, tx, v, "the document was retired"); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `UPDATE document SET retired = $1, retired_reason = $2, successor = $3, review_due = 0 WHERE id = $4`, store.Micros(tx.Now), o.Reason,
			o.Successor, string(d.ID)); err != nil {
			return err
		}
		if err := refresh(ctx, tx, d.ID); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindRetired, Subject: string(d.ID), Body: Gone{AboutOf(v), o.Successor, sig, o.Reason}})
		return err
	})
}

// Gone is the body of [KindRetired].
type Gone struct {
	About
	Successor string `json:"successor,omitempty"`
	Signature string `json:"signature"`
	Reason    string `json:"reason"`
}

func retirable(ctx context.Context, r store.Reader, d Document, successor string) error {
	if !d.Retired.IsZero() {
		return problem.New(problem.Conflict, "%s is retired already", d.Code)
	}
	if d.Working != "" {
		return problem.New(problem.Conflict, "a revision of %s is on its way; reject it first", d.Code)
	}
	var held int
	if err := r.QueryRow(ctx, `SELECT count(*) FROM legal_hold WHERE document = $1 AND released = 0`, string(d.ID)).Scan(&held); err != nil {
		return err
	}
	if held > 0 {
		return problem.New(problem.Conflict, "%s is on legal hold", d.Code)
	}
	users, err := usedBy(ctx, r, d.Code)
	if err != nil {
		return err
	}
	if len(users) > 0 {
		codes := make([]string, 0, len(users))
		for _, u := range users {
			codes = append(codes, u.Code)
		}
		return problem.New(problem.Conflict, "%s is used by %s; point them elsewhere first", d.Code, strings.Join(slices.Compact(codes), ", "))
	}
	if successor == "" {
		return nil
	}
	s, err := documentBy(ctx, r, "code", successor)
	if err == nil && (s.Effective == "" || s.ID == d.ID) {
		return problem.New(problem.Invalid, "the successor %s is not effective", successor)
	}
	return err
}
