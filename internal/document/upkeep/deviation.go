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

// DeviationKind is whether something already was, or is allowed to be, otherwise than a document says.
type DeviationKind string

// The closed list of kinds.
const (
	DeviationRecorded DeviationKind = "deviation" // it happened
	Waiver            DeviationKind = "waiver"    // it may be done for a time
)

// Deviation is a deviation or waiver from a document: for a time, with its risk assessed, signed (PRD-19).
type Deviation struct {
	ID        string
	Document  document.ID
	Code      string
	Step      string // id of the step, "" for the whole document
	Kind      DeviationKind
	Text      string // what is done otherwise
	Reason    string
	Risk      string // what can follow, and what is done about it
	Since     time.Time
	Until     time.Time
	Account   string
	Name      string
	Signature string
	At        time.Time
	Ended     time.Time
	EndReason string
}

// Active reports whether it holds at an instant.
func (d Deviation) Active(at time.Time) bool {
	return !d.Since.After(at) && d.Until.After(at) && (d.Ended.IsZero() || d.Ended.After(at))
}

// longestDeviation bounds a waiver: what lasts longer is a revision of the document.
const longestDeviation = 366 * 24 * time.Hour

// GrantDeviation signs a deviation or waiver and returns its id. It needs quality or the function that owns the document.
func (k Desk) GrantDeviation(ctx context.Context, d Deviation, s document.Signing) (string, error) {
	var f problem.List
	document.Need(&f, "text", d.Text, document.MaxText)
	document.Need(&f, "reason", s.Reason, document.MaxReason)
	document.Need(&f, "risk", d.Risk, document.MaxText)
	if d.Kind != DeviationRecorded && d.Kind != Waiver {
		f.Add("kind", "must be deviation or waiver")
	}
	if d.Until.IsZero() {
		f.Add("until", "is required: a deviation ends")
	}
	if err := f.Err("the deviation is not valid"); err != nil {
		return "", err
	}
	err := k.Signed(ctx, s, func(tx *store.Tx, sign document.SignFunc) error {
		doc, err := document.ByCode(ctx, tx, d.Code)
		if err != nil {
			return err
		}
		if d.Since.IsZero() {
			d.Since = tx.Now
		}
		if !d.Until.After(d.Since) || !d.Until.After(tx.Now) || d.Until.Sub(d.Since) > longestDeviation {
			return problem.New(problem.Invalid, "it must end in the future, at most a year after it begins")
		}
		if doc.Effective == "" {
			return problem.New(problem.Conflict, "%s is not in force; nobody can deviate from it", d.Code)
		}
		v, err := document.RevisionOf(ctx, tx, doc.Effective)
		if err != nil {
			return err
		}
		parsed, err := v.Parsed()
		if err != nil {
			return err
		}
		if _, ok := parsed.Step(d.Step); d.Step != "" && !ok {
			return problem.New(problem.Invalid, "%s has no step %q", d.Code, d.Step)
		}
		who, err := people.Person(ctx, tx, tx.Actor())
		if err != nil {
			return err
		}
		h, err := k.HoldingAny(ctx, tx, who.ID, []source.Function{"quality", doc.OwnerRole})
		if err != nil {
			return err
		}
		if d.ID, err = id.New("dvn"); err != nil {
			return err
		}
		d.Document, d.Reason = doc.ID, s.Reason
		if d.Signature, err = sign(tx, d.record(v), signature.Approval, h); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO deviation (id, document, step, kind, text, reason, risk, since, until, account, name, signature, at, ended, end_reason)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, '')`, d.ID, string(doc.ID), d.Step, string(d.Kind), d.Text, d.Reason, d.Risk,
			store.Micros(d.Since), store.Micros(d.Until), who.ID, who.Name, d.Signature, store.Micros(tx.Now)); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: document.KindDeviationGranted, Subject: string(doc.ID), Body: DeviationNoted{document.AboutOf(v), d.ID, d.Kind, d.Step, d.Text, d.Risk,
			document.Instant(d.Until), d.Signature, d.Reason}})
		return err
	})
	return d.ID, err
}

// record is a deviation as it is signed: its content is everything that it says.
func (d Deviation) record(v document.Revision) signature.Record {
	sum := document.HexSum(canonical(d.ID, d.Code, d.Step, string(d.Kind), d.Text, d.Reason, d.Risk, document.Instant(d.Since), document.Instant(d.Until)))
	return signature.Record{Kind: "deviation", ID: d.ID, Document: d.Code, Revision: v.Label, Title: v.Title, Content: sum, Displayed: sum}
}

// canonical joins the parts of a record, each after its length, so that no two lists of parts give the same bytes.
func canonical(parts ...string) []byte {
	var b []byte
	for _, p := range parts {
		b = append(b, byte(len(p)>>24), byte(len(p)>>16), byte(len(p)>>8), byte(len(p)))
		b = append(b, p...)
	}
	return b
}

// DeviationNoted is the body of [document.KindDeviationGranted] and [document.KindDeviationEnded].
type DeviationNoted struct {
	document.About
	ID        string        `json:"id"`
	Kind      DeviationKind `json:"kind,omitempty"`
	Step      string        `json:"step,omitempty"`
	Text      string        `json:"text,omitempty"`
	Risk      string        `json:"risk,omitempty"`
	Until     string        `json:"until,omitempty"`
	Signature string        `json:"signature,omitempty"`
	Reason    string        `json:"reason"`
}

// EndDeviation ends a deviation before its time.
func (k Desk) EndDeviation(ctx context.Context, deviation, reason string) error {
	if err := document.Reasoned(reason); err != nil {
		return err
	}
	return k.DB.Update(ctx, func(tx *store.Tx) error {
		all, err := deviations(ctx, tx, ` WHERE v.id = $1`, deviation)
		if err != nil {
			return err
		}
		if len(all) == 0 || !all[0].Active(tx.Now) {
			return problem.New(problem.NotFound, "there is no such deviation that lasts")
		}
		if _, err := tx.Exec(ctx, `UPDATE deviation SET ended = $1, end_reason = $2 WHERE id = $3`, store.Micros(tx.Now), reason, deviation); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: document.KindDeviationEnded, Subject: string(all[0].Document), Body: DeviationNoted{About: document.About{Code: all[0].Code}, ID: deviation,
			Reason: reason}})
		return err
	})
}

func deviations(ctx context.Context, r store.Reader, where string, args ...any) ([]Deviation, error) {
	return store.All(ctx, r, func(s store.Scanner) (Deviation, error) {
		var d Deviation
		var since, until, at, ended int64
		err := s.Scan(&d.ID, &d.Document, &d.Code, &d.Step, &d.Kind, &d.Text, &d.Reason, &d.Risk, &since, &until, &d.Account, &d.Name, &d.Signature, &at, &ended, &d.EndReason)
		d.Since, d.Until, d.At, d.Ended = store.Time(since), store.Time(until), store.Time(at), store.Time(ended)
		return d, err
	}, `SELECT v.id, v.document, d.code, v.step, v.kind, v.text, v.reason, v.risk, v.since, v.until, v.account, v.name, v.signature, v.at, v.ended, v.end_reason
		FROM deviation v JOIN document d ON d.id = v.document`+where+` ORDER BY v.at DESC, v.id DESC`, args...)
}

// Deviations reads every deviation and waiver of a document, the newest first.
func Deviations(ctx context.Context, r store.Reader, doc document.ID) ([]Deviation, error) {
	if _, err := document.Get(ctx, r, doc); err != nil {
		return nil, err
	}
	return deviations(ctx, r, ` WHERE v.document = $1`, string(doc))
}
