package procedure

import (
	"context"
	"fmt"
	"strings"
	"time"

	"triward/internal/document"
	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/store"
)

// Defeat says that a step of a document proved wrong.
type Defeat struct {
	ID        string // dft_…
	Run       string
	Step      string
	Code      string
	Revision  string
	Wrong     string // what is wrong with it
	Instead   string // what to do instead; "" when nobody knows yet
	Danger    string // what happens to who follows it; "" when nothing is known
	Reliance  []Reliance
	Actor     string
	ActorName string
	At        time.Time
	Change    string // chg_… that was opened for it
}

// Reliance is one thing that relies on a step or on its document.
type Reliance struct {
	Kind  RelianceKind `json:"kind"`
	ID    string       `json:"id"`             // of the record
	Code  string       `json:"code,omitempty"` // as people call it
	Title string       `json:"title"`
	Why   string       `json:"why"` // how it relies
}

// RelianceKind is what relies.
type RelianceKind string

// The closed list of what relies on a step.
const (
	OnDocument RelianceKind = "document"
	OnTraining RelianceKind = "training"
	OnClause   RelianceKind = "clause"
	OnEvidence RelianceKind = "evidence"
	OnRun      RelianceKind = "run"
	OnRisk     RelianceKind = "risk"
	OnIncident RelianceKind = "incident"
)

// Relier finds what relies on a step (of a document by its code). It may be called inside of an Update: it only reads.
type Relier func(ctx context.Context, r store.Reader, code, step string) ([]Reliance, error)

// Validate returns all faults.
func (d Defeat) Validate() error {
	var l problem.List
	if strings.TrimSpace(d.Wrong) == "" {
		l.Add("wrong", "is required: say what is wrong with the step")
	}
	for _, f := range []struct{ path, text string }{{"wrong", d.Wrong}, {"instead", d.Instead}, {"danger", d.Danger}} {
		checkText(&l, f.path, f.text)
	}
	return l.Err("the step cannot be marked as wrong")
}

// Reliance finds everything that relies on a step: documents that refer to its document, runs that are open, and what the
// other reliers know. Step "" asks for the document as a whole.
func (x Runs) Reliance(ctx context.Context, r store.Reader, code, step string) ([]Reliance, error) {
	var out []Reliance
	users, err := document.UsedBy(ctx, r, code)
	if err != nil {
		return nil, fmt.Errorf("find documents that rely on %s: %w", code, err)
	}
	for _, u := range users {
		out = append(out, Reliance{OnDocument, string(u.Revision), u.Code, u.Title, useWords[u.How]})
	}
	q := Query{Code: code, Open: true, Limit: 500}
	for {
		p, err := List(ctx, r, q)
		if err != nil {
			return nil, fmt.Errorf("find runs of %s: %w", code, err)
		}
		for _, u := range p.Items {
			out = append(out, Reliance{OnRun, u.ID, u.Code + " " + u.Label, u.Subject, "is " + string(u.State)})
		}
		if q.After = p.Next; q.After == "" {
			break
		}
	}
	for _, find := range x.Reliers {
		more, err := find(ctx, r, code, step)
		if err != nil {
			return nil, fmt.Errorf("find what relies on %s: %w", code, err)
		}
		out = append(out, more...)
	}
	return out, nil
}

// useWords say how a document relies on another one.
var useWords = map[string]string{"parent": "stands below it", "reference": "refers to it", "target": "takes a time from it", "text": "refers to it in its text"}

// Defeat marks a step of a run as wrong: also one that is settled, also after the run ended. What relies on it is found and
// kept in the same transaction. It returns what was recorded.
func (x Runs) Defeat(ctx context.Context, rid string, d Defeat) (Defeat, error) {
	err := x.DB.Update(ctx, func(tx *store.Tx) (err error) {
		d, err = x.DefeatTx(ctx, tx, rid, d)
		return err
	})
	return d, err
}

// DefeatTx is [Runs.Defeat] within a transaction.
func (x Runs) DefeatTx(ctx context.Context, tx *store.Tx, rid string, d Defeat) (Defeat, error) {
	if err := d.Validate(); err != nil {
		return d, err
	}
	err := changeTx(ctx, tx, rid, func(tx *store.Tx, r *Run, w who) error {
		s, err := r.defeat(d, w)
		if err != nil {
			return err
		}
		if d.ID, err = id.New("dft"); err != nil {
			return err
		}
		d.Run, d.Code, d.Revision, d.Actor, d.ActorName, d.At = r.ID, r.Code, s.Revision, w.account, w.name, w.at
		d.Wrong, d.Instead, d.Danger = strings.TrimSpace(d.Wrong), strings.TrimSpace(d.Instead), strings.TrimSpace(d.Danger)
		if d.Reliance, err = x.Reliance(ctx, tx, r.Code, s.ID); err != nil {
			return err
		}
		if err := insertDefeat(ctx, tx, d); err != nil {
			return err
		}
		if err := putSteps(ctx, tx, *r); err != nil {
			return err
		}
		return r.record(ctx, tx, KindStepDefeated, DefeatedBody{Defeat: d.ID, Code: r.Code, Document: r.Document, Revision: s.Revision, Label: r.Label, Step: s.ID, Do: s.Do,
			Wrong: d.Wrong, Instead: d.Instead, Danger: d.Danger, Exercise: r.Exercise, Reliance: d.Reliance})
	})
	return d, err
}

// Defeats reads the steps of a document that proved wrong, the newest first; code "" reads those of all.
func Defeats(ctx context.Context, r store.Reader, code string) ([]Defeat, error) {
	return defeats(ctx, r, "d.code", code)
}

// DefeatsOf reads the steps that proved wrong in a run.
func DefeatsOf(ctx context.Context, r store.Reader, rid string) ([]Defeat, error) {
	return defeats(ctx, r, "d.run", rid)
}

func defeats(ctx context.Context, r store.Reader, column, value string) ([]Defeat, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return nil, err
	}
	var w store.Where
	w.Scope(scope, "r.site", "r.product")
	if value != "" {
		w.And(column+" = ?", value)
	}
	return store.All(ctx, r, scanDefeat, `SELECT `+defeatColumns+` FROM defeat d JOIN run r ON r.id = d.run`+w.SQL()+` ORDER BY d.at DESC, d.id DESC`+w.Limit(500), w.Args()...)
}
