package procedure

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"triward/internal/problem"
	"triward/internal/store"
)

func mayRead(ctx context.Context, r Run) error {
	s, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return err
	}
	if !s.Covers(r.Site, r.Product) {
		return problem.New(problem.Forbidden, "your role does not cover this run")
	}
	return nil
}

const runColumns = `id, document, code, revision, label, title, content, subject, site, product, reason, exercise, signed, state, since, started,
	starter, starter_name, lead, lead_name, paused, ended, outcome, signature`

func scanRun(s store.Scanner) (Run, error) {
	var r Run
	var since, started, paused, ended int64
	err := s.Scan(&r.ID, &r.Document, &r.Code, &r.Revision, &r.Label, &r.Title, &r.Content, &r.Subject, &r.Site, &r.Product, &r.Reason, &r.Exercise, &r.Signed,
		&r.State, &since, &started, &r.Starter, &r.StarterName, &r.Lead, &r.LeadName, &paused, &ended, &r.Outcome, &r.Signature)
	r.Since, r.Started, r.Paused, r.Ended = store.Time(since), store.Time(started), store.Time(paused), store.Time(ended)
	return r, err
}

// run reads a run with its steps and items.
func run(ctx context.Context, r store.Reader, id string) (Run, error) {
	x, err := scanRun(r.QueryRow(ctx, `SELECT `+runColumns+` FROM run WHERE id = $1`, id))
	if err != nil {
		return x, fmt.Errorf("read run %q: %w", id, err)
	}
	if x.Steps, err = store.All(ctx, r, scanStep, `SELECT `+stepColumns+` FROM run_step WHERE run = $1 ORDER BY position`, id); err != nil {
		return x, err
	}
	x.Items, err = store.All(ctx, r, scanItem, `SELECT id, step, text, digest, name, size, actor, actor_name, at FROM run_item WHERE run = $1 ORDER BY at, id`, id)
	return x, err
}

const stepColumns = `id, revision, act, role, record, evidence, after, condition, target, span, days, counts_from, due, extra, gone, wrong, state, actor, actor_name, at,
	value, note, instead, reason, signature`

func scanStep(s store.Scanner) (Step, error) {
	var x Step
	var after string
	var due, at int64
	if err := s.Scan(&x.ID, &x.Revision, &x.Do, &x.Role, &x.Record, &x.Evidence, &after, &x.When, &x.Target, &x.Within.Within, &x.Within.Days, &x.From, &due, &x.Extra, &x.Gone, &x.Wrong,
		&x.State, &x.Actor, &x.ActorName, &at, &x.Value, &x.Note, &x.Instead, &x.Reason, &x.Signature); err != nil {
		return x, err
	}
	x.Due, x.At = store.Time(due), store.Time(at)
	if after != "" {
		x.After = strings.Split(after, " ")
	}
	return x, nil
}

func scanItem(s store.Scanner) (Item, error) {
	var i Item
	var at int64
	err := s.Scan(&i.ID, &i.Step, &i.Text, &i.File.Digest, &i.File.Name, &i.File.Size, &i.Actor, &i.ActorName, &at)
	i.At = store.Time(at)
	return i, err
}

func insertRun(ctx context.Context, tx *store.Tx, r Run) error {
	_, err := tx.Exec(ctx, `INSERT INTO run (`+runColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)`,
		r.ID, r.Document, r.Code, r.Revision, r.Label, r.Title, r.Content, r.Subject, r.Site, r.Product, r.Reason, r.Exercise, r.Signed,
		string(r.State), store.Micros(r.Since), store.Micros(r.Started), r.Starter, r.StarterName, r.Lead, r.LeadName,
		store.Micros(r.Paused), store.Micros(r.Ended), r.Outcome, r.Signature)
	if err != nil {
		return err
	}
	return putSteps(ctx, tx, r)
}

// putRun keeps what can change of a run itself.
func putRun(ctx context.Context, tx *store.Tx, r Run) error {
	_, err := tx.Exec(ctx, `UPDATE run SET revision = $1, label = $2, title = $3, content = $4, signed = $5, state = $6, lead = $7, lead_name = $8,
		paused = $9, ended = $10, outcome = $11, signature = $12 WHERE id = $13`,
		r.Revision, r.Label, r.Title, r.Content, r.Signed, string(r.State), r.Lead, r.LeadName, store.Micros(r.Paused), store.Micros(r.Ended),
		r.Outcome, r.Signature, r.ID)
	return err
}

// putSteps keeps every step with its place.
func putSteps(ctx context.Context, tx *store.Tx, r Run) error {
	for i, s := range r.Steps {
		_, err := tx.Exec(ctx, `INSERT INTO run_step (run, position, `+stepColumns+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)
			ON CONFLICT (run, id) DO UPDATE SET position = excluded.position, revision = excluded.revision, act = excluded.act, role = excluded.role,
				record = excluded.record, evidence = excluded.evidence, after = excluded.after, condition = excluded.condition, target = excluded.target,
				span = excluded.span, days = excluded.days, counts_from = excluded.counts_from, due = excluded.due, extra = excluded.extra, gone = excluded.gone, wrong = excluded.wrong,
				state = excluded.state, actor = excluded.actor, actor_name = excluded.actor_name, at = excluded.at, value = excluded.value,
				note = excluded.note, instead = excluded.instead, reason = excluded.reason, signature = excluded.signature`,
			r.ID, i, s.ID, s.Revision, s.Do, string(s.Role), string(s.Record), string(s.Evidence), strings.Join(s.After, " "), s.When, s.Target, string(s.Within.Within), string(s.Within.Days), s.From, store.Micros(s.Due),
			s.Extra, s.Gone, s.Wrong, string(s.State), s.Actor, s.ActorName, store.Micros(s.At), s.Value, s.Note, s.Instead, s.Reason, s.Signature)
		if err != nil {
			return err
		}
	}
	return nil
}

func insertItem(ctx context.Context, tx *store.Tx, run string, i Item) error {
	_, err := tx.Exec(ctx, `INSERT INTO run_item (id, run, step, text, digest, name, size, actor, actor_name, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		i.ID, run, i.Step, i.Text, i.File.Digest, i.File.Name, i.File.Size, i.Actor, i.ActorName, store.Micros(i.At))
	return err
}

const defeatColumns = `d.id, d.run, d.step, d.code, d.revision, d.wrong, d.instead, d.danger, d.reliance, d.actor, d.actor_name, d.at, d.change`

func insertDefeat(ctx context.Context, tx *store.Tx, d Defeat) error {
	reliance, err := json.Marshal(d.Reliance)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO defeat (id, run, step, code, revision, wrong, instead, danger, reliance, actor, actor_name, at, change)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		d.ID, d.Run, d.Step, d.Code, d.Revision, d.Wrong, d.Instead, d.Danger, string(reliance), d.Actor, d.ActorName, store.Micros(d.At), d.Change)
	return err
}

func putDefeatChange(ctx context.Context, tx *store.Tx, defeat, change string) error {
	_, err := tx.Exec(ctx, `UPDATE defeat SET change = $1 WHERE id = $2`, change, defeat)
	return err
}

func scanDefeat(s store.Scanner) (Defeat, error) {
	var d Defeat
	var reliance string
	var at int64
	if err := s.Scan(&d.ID, &d.Run, &d.Step, &d.Code, &d.Revision, &d.Wrong, &d.Instead, &d.Danger, &reliance, &d.Actor, &d.ActorName, &at, &d.Change); err != nil {
		return d, err
	}
	d.At = store.Time(at)
	return d, json.Unmarshal([]byte(reliance), &d.Reliance)
}
