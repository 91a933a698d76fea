package validation

import (
	"context"
	"fmt"
	"strings"

	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/store"
)

// Signing is what somebody says about a report, and shows.
type Signing struct {
	Report  string
	Verdict Verdict
	Reason  string // required to refuse, and where a check did not pass
	Factors signature.Factors
}

// Meaning is what a signature under a verdict means (21 CFR 11.50).
func (v Verdict) Meaning() signature.Meaning {
	switch v {
	case Approved:
		return signature.Release
	case Verified:
		return signature.Verification
	}
	return signature.Review
}

func (v Verdict) kind() string {
	switch v {
	case Approved:
		return KindApproved
	case Verified:
		return KindVerified
	}
	return KindRefused
}

// Sign signs a verdict on a report. Conflict when it was decided, when a newer report is there, or when nobody verified what
// is to be approved; Forbidden to approve what oneself verified.
func (d Desk) Sign(ctx context.Context, s Signing) error {
	s.Reason = strings.TrimSpace(s.Reason)
	var l problem.List
	if s.Verdict != Verified && s.Verdict != Approved && s.Verdict != Refused {
		l.Add("verdict", "must be verified, approved or refused")
	}
	if len(s.Reason) > maxReason {
		l.Add("reason", "is longer than %d characters", maxReason)
	}
	if s.Verdict == Refused && s.Reason == "" {
		l.Add("reason", "say why the report is refused")
	}
	if err := l.Err("the report cannot be signed"); err != nil {
		return err
	}
	proof, err := d.Signer.Verify(ctx, s.Factors)
	if err != nil {
		return err
	}
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		k, err := byID(ctx, tx, s.Report)
		if err != nil {
			return err
		}
		if err := k.maySign(ctx, tx, s); err != nil {
			return err
		}
		rec := signature.Record{Kind: "validation_report", ID: k.ID, Title: k.Title(), Content: k.SHA256, Displayed: k.SHA256}
		sig, err := d.Signer.SignTx(ctx, tx, proof, rec, signature.Act{Meaning: s.Verdict.Meaning(), Reason: s.Reason})
		if err != nil {
			return err
		}
		if err := insertDecision(ctx, tx, k.ID, Decision{s.Verdict, s.Reason, sig.Signer, sig.Name, sig.ID, tx.Now}); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: s.Verdict.kind(), Subject: k.ID, Body: Signed{k.Number, k.SHA256, s.Reason, sig.ID}})
		return err
	})
}

// Title is what a report is called.
func (r Report) Title() string { return fmt.Sprintf("Validation report %d", r.Number) }

func (k Kept) maySign(ctx context.Context, tx *store.Tx, s Signing) error {
	if v := k.Verdict(); v == Approved || v == Refused {
		return problem.New(problem.Conflict, "the report is %s already", v)
	}
	newest, err := nextNumber(ctx, tx)
	if err != nil {
		return err
	}
	if k.Number != newest-1 {
		return problem.New(problem.Conflict, "report %d is newer; sign that one", newest-1)
	}
	verified, done := k.decided(Verified)
	switch {
	case s.Verdict == Verified && done:
		return problem.New(problem.Conflict, "%s verified this report already", verified.Name)
	case s.Verdict == Approved && !done:
		return problem.New(problem.Conflict, "somebody must verify the report first")
	case s.Verdict == Approved && verified.Account == tx.Actor().ID:
		return problem.New(problem.Forbidden, "who verified a report does not release it; somebody else must")
	case s.Verdict == Approved && s.Reason == "" && k.Count(Passed) < len(k.Checks):
		var l problem.List
		l.Add("reason", "say why the installation may be used although %d of %d checks did not pass", len(k.Checks)-k.Count(Passed), len(k.Checks))
		return l.Err("the report cannot be signed")
	}
	return nil
}
