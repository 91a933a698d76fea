// Package documenttest puts documents into force in tests of other packages, without the review and the signatures that
// tests of package document are about.
package documenttest

import (
	"context"
	"testing"

	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/store"
)

func system() context.Context {
	return store.WithActor(context.Background(), store.System("test"))
}

// Effective adds a document, or the next revision of it, with a text, and puts it into force now. The revision that was in
// force is superseded.
func Effective(t testing.TB, db *store.DB, text string) document.Revision {
	t.Helper()
	v := Approved(t, db, text)
	Release(t, db, v)
	return read(t, db, v.ID)
}

// Approved adds a document, or the next revision of it, as one that is approved and in training.
func Approved(t testing.TB, db *store.DB, text string) document.Revision {
	t.Helper()
	d, err := source.Parse("test.md", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	l := document.Library{DB: db}
	words := document.Text{Source: text, Reason: "test"}
	rid, err := l.Create(system(), document.New{Content: document.Authored, Text: words})
	if err != nil {
		if rid, err = l.Open(system(), document.Opening{Code: d.Code, Reason: "test", Size: document.Major}); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Save(system(), document.Edit{Revision: rid, Version: 1, Text: words}); err != nil {
			t.Fatal(err)
		}
	}
	return Approve(t, db, rid)
}

// Approve makes a draft one that is approved and in training.
func Approve(t testing.TB, db *store.DB, rid document.RevisionID) document.Revision {
	t.Helper()
	v := read(t, db, rid)
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE revision SET state = $1, approved = $2 WHERE id = $3`, string(document.InTraining), store.Micros(tx.Now), string(rid)); err != nil {
			return err
		}
		return record(ctx, tx, document.KindApproved, v, document.InTraining)
	})
	return read(t, db, rid)
}

// Release puts an approved revision into force.
func Release(t testing.TB, db *store.DB, v document.Revision) {
	t.Helper()
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		now := store.Micros(tx.Now)
		for _, s := range []struct {
			query string
			args  []any
		}{
			{`UPDATE revision SET state = $1 WHERE document = $2 AND state = $3`, []any{string(document.Superseded), string(v.Document), string(document.InForce)}},
			{`UPDATE effective_range SET until = $1, ended = $2 WHERE document = $3 AND until = 0`, []any{now, string(document.Superseded), string(v.Document)}},
			{`INSERT INTO effective_range (document, since, until, revision, ended) VALUES ($1, $2, 0, $3, '')`, []any{string(v.Document), now, string(v.ID)}},
			{`UPDATE revision SET state = $1 WHERE id = $2`, []any{string(document.InForce), string(v.ID)}},
			{`UPDATE document SET state = $1, effective = $2, working = '', title = $3 WHERE id = $4`,
				[]any{string(document.InForce), string(v.ID), v.Title, string(v.Document)}},
		} {
			if _, err := tx.Exec(ctx, s.query, s.args...); err != nil {
				return err
			}
		}
		return record(ctx, tx, document.KindEffective, v, document.InForce)
	})
}

// Assign gives a function to an account.
func Assign(t testing.TB, db *store.DB, f source.Function, account string) {
	t.Helper()
	if _, err := (document.Library{DB: db}).Assign(system(), f, account, "test"); err != nil {
		t.Fatal(err)
	}
}

func record(ctx context.Context, tx *store.Tx, kind string, v document.Revision, to document.State) error {
	_, err := tx.Record(ctx, store.Event{Kind: kind, Subject: string(v.Document), Body: document.Moved{
		About: document.About{Code: v.Code, Revision: v.ID, Label: v.Label}, From: v.State, To: to, Hash: v.ContentHash, Reason: "test"}})
	return err
}

func update(t testing.TB, db *store.DB, fn func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	if err := db.Update(system(), func(tx *store.Tx) error { return fn(system(), tx) }); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, db *store.DB, rid document.RevisionID) document.Revision {
	t.Helper()
	var v document.Revision
	if err := db.View(system(), func(r store.Reader) (err error) {
		v, err = document.RevisionOf(system(), r, rid)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return v
}
