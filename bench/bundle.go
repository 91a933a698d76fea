package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"triward/internal/assurance"
	"triward/internal/assurance/bundle"
	"triward/internal/blob"
	"triward/internal/content"
	"triward/internal/document"
	"triward/internal/ledger"
	"triward/internal/people"
	"triward/internal/store"
)

// bundle builds the answer to an inquiry over 500 records, seeded documents among them, and checks it.
func (b *bench) bundle() error {
	const records = 500
	db, err := store.Open(b.ctx, "sqlite:"+filepath.Join(b.dir, "inquiry.db"), store.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	blobs, err := blob.Open(b.ctx, "dir:"+filepath.Join(b.dir, "inquiry-blobs"))
	if err != nil {
		return err
	}
	key, err := ledger.OpenKey(filepath.Join(b.dir, "inquiry.key"), "bench.example/triward")
	if err != nil {
		return err
	}
	library := document.Library{DB: db, Blobs: blobs}
	s := assurance.Inquiries{DB: db, Library: library, Builder: assurance.Builder{Ledger: ledger.Ledger{DB: db, Key: key}, Blobs: blobs}}
	inquiry, err := s.Open(b.ctx, assurance.Inquiry{Title: "Bench", Authority: "Bench"}, "Everything")
	if err != nil {
		return err
	}
	bindings, err := b.documents(db, library)
	if err != nil {
		return err
	}
	for n := len(bindings); n < records; n++ {
		id := fmt.Sprintf("usr_bench%04d", n)
		err := db.Update(b.ctx, func(tx *store.Tx) error {
			for _, kind := range []string{people.KindAccountCreated, people.KindSignedIn, people.KindSignedIn} {
				if _, err := tx.Record(b.ctx, store.Event{Kind: kind, Subject: id, Body: map[string]string{"name": "Person " + id}}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		bindings = append(bindings, assurance.Binding{Line: 1, Kind: assurance.BoundRecord, Target: "accounts/" + id})
	}
	for _, x := range bindings {
		if _, err := s.Bind(b.ctx, inquiry, x); err != nil {
			return err
		}
	}
	start := time.Now()
	built, err := s.Build(b.ctx, inquiry)
	if err != nil {
		return err
	}
	b.note(row{figure: fmt.Sprintf("bundle of %d records and %d files, built and checked", records, built.Files),
		value: time.Since(start).Seconds(), unit: "s", peer: "target < 30 s", than: 30})
	_, archive, err := s.Take(b.ctx, inquiry, built.ID)
	if err != nil {
		return err
	}
	start = time.Now()
	if r := bundle.Verify(b.ctx, archive, key.Verifier()); !r.OK() {
		return fmt.Errorf("the bundle does not verify: %s", r.Faults[0])
	}
	b.note(row{figure: "the same bundle checked offline", value: time.Since(start).Seconds(), unit: "s"})
	return nil
}

// documents adds the seeded documents, each bound by the revision that was made.
func (b *bench) documents(db *store.DB, library document.Library) ([]assurance.Binding, error) {
	files, err := content.Documents()
	if err != nil {
		return nil, err
	}
	var out []assurance.Binding
	for _, f := range files {
		if _, err := library.Create(b.ctx, document.New{Content: document.Authored, Text: document.Text{Source: string(f.Text), Reason: "bench"}}); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		code := strings.TrimSuffix(f.Name, ".md")
		err := db.View(b.ctx, func(r store.Reader) error {
			d, err := document.ByCode(b.ctx, r, code)
			out = append(out, assurance.Binding{Line: 1, Kind: assurance.BoundDocument, Target: code, Revision: string(d.Newest)})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
