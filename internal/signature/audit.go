package signature

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// KindClockMoved is the alarm that the clock of the machine was moved: statements say when they were signed (EU GMP Annex
// 11, draft of 2025: the source of time is watched).
const KindClockMoved = "system.clock_moved"

// KindDamaged is the alarm that a stored signature does not prove what it says any more; its subject is the record.
const KindDamaged = "system.signature_damaged"

// Fault is a stored signature that does not hold.
type Fault struct {
	Signature string `json:"signature"`
	Record    string `json:"record"`
	Entry     int64  `json:"entry"`
	Reason    string `json:"reason"`
}

const auditPage = 200

// Audit checks each signature of the journal against the stored ones, the keys and the signature before it on the same
// record (21 CFR 11.10(a)). It returns every fault, by entry.
func Audit(ctx context.Context, r store.Reader, keys Keys) ([]Fault, error) {
	a := audit{keys: keys, newest: map[string]string{}}
	q := store.JournalQuery{Kinds: []string{people.KindSelfSigned}, Limit: auditPage}
	for {
		entries, err := store.Journal(ctx, r, q)
		if err != nil {
			return nil, fmt.Errorf("audit signatures: %w", err)
		}
		for _, e := range entries {
			if err := a.entry(ctx, r, e); err != nil {
				return nil, fmt.Errorf("audit signature of entry %d: %w", e.Seq, err)
			}
		}
		if len(entries) < auditPage {
			break
		}
		q.After = entries[len(entries)-1].Seq
	}
	stray, err := store.All(ctx, r, func(s store.Scanner) (Fault, error) {
		f := Fault{Reason: "the journal has no such signature"}
		return f, s.Scan(&f.Signature, &f.Record, &f.Entry)
	}, `SELECT s.id, s.record, s.seq FROM signature s WHERE NOT EXISTS (SELECT 1 FROM journal j WHERE j.seq = s.seq AND j.kind = $1) ORDER BY s.seq`, people.KindSelfSigned)
	return append(a.faults, stray...), err
}

type audit struct {
	keys   Keys
	newest map[string]string // digest of the newest statement, by record
	faults []Fault
}

// entry checks the signature that an entry of the journal is about.
func (a *audit) entry(ctx context.Context, r store.Reader, e store.Entry) error {
	fault := Fault{Record: e.Subject, Entry: e.Seq}
	var body signedBody
	if err := json.Unmarshal(e.Body, &body); err != nil {
		fault.Reason = "the journal does not say any more what was signed"
		a.faults = append(a.faults, fault)
		return nil //nolint:nilerr // it is a fault that was found, not one of looking
	}
	fault.Signature = body.Signature
	var row indexed
	err := r.QueryRow(ctx, `SELECT record, document, meaning, account, at, digest FROM signature WHERE seq = $1`, e.Seq).
		Scan(&row.record, &row.document, &row.meaning, &row.account, &row.at, &row.digest)
	var sig Signature
	if err == nil {
		sig, err = scan(r.QueryRow(ctx, `SELECT `+columns+` FROM signature WHERE seq = $1`, e.Seq))
	}
	switch {
	case problem.KindOf(err) == problem.NotFound:
		fault.Reason = "it is missing"
	case problem.KindOf(err) == problem.Invalid:
		fault.Reason = problem.Text(err)
	case err != nil:
		return err
	case row != sig.indexed():
		fault.Reason = "the columns that find it do not say what its statement says"
	case sig.Previous != a.newest[sig.Record.ID]:
		fault.Reason = "a signature before it on the same record is missing or another one"
	default:
		if err := sig.fits(e, body); err != nil {
			fault.Reason = problem.Text(err)
		} else if err := Check(sig, sig.Record, a.keys); err != nil {
			fault.Reason = problem.Text(err)
		}
	}
	a.newest[e.Subject] = body.Statement
	if fault.Reason != "" {
		a.faults = append(a.faults, fault)
	}
	return nil
}

// indexed are the columns that repeat what the statement says.
type indexed struct {
	record, document, meaning, account string
	at                                 int64
	digest                             string
}

func (s Signature) indexed() indexed {
	return indexed{s.Record.ID, s.Record.Document, string(s.Act.Meaning), s.Signer, store.Micros(s.At), s.Digest}
}

// Watch audits the signatures and raises an alarm, once, for each that does not hold. The program calls it some times a day.
func (s *Signer) Watch(ctx context.Context) error {
	var faults []Fault
	err := s.DB.View(ctx, func(r store.Reader) error {
		all, err := Audit(ctx, r, s.Keys())
		if err != nil {
			return err
		}
		for _, f := range all {
			known, err := store.Journal(ctx, r, store.JournalQuery{Kinds: []string{KindDamaged}, Subject: f.Record, Limit: 1000})
			if err != nil {
				return err
			}
			if !said(known, f) {
				faults = append(faults, f)
			}
		}
		return nil
	})
	if err != nil || len(faults) == 0 {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		for _, f := range faults {
			if _, err := tx.Record(ctx, store.Event{Kind: KindDamaged, Subject: f.Record, Body: f}); err != nil {
				return err
			}
		}
		return nil
	})
}

func said(entries []store.Entry, f Fault) bool {
	for _, e := range entries {
		if strings.Contains(string(e.Body), fmt.Sprintf(`"entry":%d,`, f.Entry)) {
			return true
		}
	}
	return false
}
