package document

import (
	"context"
	"time"

	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/store"
)

// Caution stands as a banner on the effective revision of a document until it is lifted.
type Caution struct {
	ID         string
	Document   ID
	Revision   RevisionID // that was effective when it was put
	Step       string     // id of the step, "" for the whole
	Text       string
	Source     string // what showed it: "run_…"
	Account    string
	Name       string
	At         time.Time
	Lifted     time.Time
	LiftReason string
}

// Caution puts a caution on a document within the transaction of what showed that it is needed, and returns its id.
func (l Library) Caution(ctx context.Context, tx *store.Tx, code string, c Caution) (string, error) {
	var f problem.List
	Need(&f, "text", c.Text, MaxText)
	Clean(&f, "step", c.Step, 100)
	if err := f.Err("the caution is not valid"); err != nil {
		return "", err
	}
	d, err := documentBy(ctx, tx, "code", code)
	if err != nil {
		return "", err
	}
	who, err := Acting(ctx, tx)
	if err != nil {
		return "", err
	}
	if c.ID, err = id.New("ctn"); err != nil {
		return "", err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO caution (id, document, revision, step, text, source, author, author_name, at, lifted, lift_reason)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, '')`, c.ID, string(d.ID), string(d.Effective), c.Step, c.Text, c.Source, who.ID, who.Name,
		store.Micros(tx.Now)); err != nil {
		return "", err
	}
	_, err = tx.Record(ctx, store.Event{Kind: KindCautioned, Subject: string(d.ID), Body: Cautioned{About{Code: code, Revision: d.Effective}, c.ID, c.Step, c.Text, c.Source, ""}})
	return c.ID, err
}

// Cautioned is the body of [KindCautioned] and [KindCautionLifted].
type Cautioned struct {
	About
	ID     string `json:"id"`
	Step   string `json:"step,omitempty"`
	Text   string `json:"text,omitempty"`
	Source string `json:"source,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// LiftCaution takes a caution from its document.
func (l Library) LiftCaution(ctx context.Context, caution, reason string) error {
	if err := Reasoned(reason); err != nil {
		return err
	}
	return l.DB.Update(ctx, func(tx *store.Tx) error {
		all, err := cautions(ctx, tx, ` WHERE id = $1 AND lifted = 0`, caution)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return problem.New(problem.NotFound, "there is no such caution that stands")
		}
		d, err := documentBy(ctx, tx, "id", string(all[0].Document))
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE caution SET lifted = $1, lift_reason = $2 WHERE id = $3`, store.Micros(tx.Now), reason, caution); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindCautionLifted, Subject: string(d.ID), Body: Cautioned{About: About{Code: d.Code}, ID: caution, Reason: reason}})
		return err
	})
}

func cautions(ctx context.Context, r store.Reader, where string, args ...any) ([]Caution, error) {
	return store.All(ctx, r, func(s store.Scanner) (Caution, error) {
		var c Caution
		var at, lifted int64
		err := s.Scan(&c.ID, &c.Document, &c.Revision, &c.Step, &c.Text, &c.Source, &c.Account, &c.Name, &at, &lifted, &c.LiftReason)
		c.At, c.Lifted = store.Time(at), store.Time(lifted)
		return c, err
	}, `SELECT id, document, revision, step, text, source, author, author_name, at, lifted, lift_reason FROM caution`+where+` ORDER BY at DESC, id DESC`, args...)
}

// Cautions reads every caution of a document, the newest first.
func Cautions(ctx context.Context, r store.Reader, doc ID) ([]Caution, error) {
	if _, err := Get(ctx, r, doc); err != nil {
		return nil, err
	}
	return cautions(ctx, r, ` WHERE document = $1`, string(doc))
}
