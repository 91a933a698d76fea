package press

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"triward/internal/blob"
	"triward/internal/document"
	"triward/internal/document/distribution"
	"triward/internal/document/rendition"
	"triward/internal/document/upkeep"
	"triward/internal/problem"
	"triward/internal/store"
)

// Press makes files.
type Press struct {
	upkeep.Desk
	Printer rendition.Printer
	Sealer  rendition.Sealer
}

// File is a finished file.
type File struct {
	Name    string // "SOP-14 2.0.pdf"
	Type    string // media type
	Content []byte
	Note    rendition.Note
}

// approved reports whether no signature can be added to a revision any more.
func approved(s document.State) bool {
	switch s {
	case document.InTraining, document.InForce, document.Superseded, document.Retired, document.Withdrawn:
		return true
	}
	return false
}

func (p Press) revision(ctx context.Context, rid document.RevisionID) (v document.Revision, err error) {
	err = p.DB.View(ctx, func(r store.Reader) (err error) {
		v, err = document.RevisionOf(ctx, r, rid)
		return err
	})
	return v, err
}

// PDF prints a revision as it is now, sealed when it is approved.
func (p Press) PDF(ctx context.Context, rid document.RevisionID) (File, error) {
	s, err := p.Sheet(ctx, rid)
	if err != nil {
		return File{}, err
	}
	return p.print(ctx, rid, s)
}

// Copy prints a numbered copy: its number, holder and end stand on it. Conflict when it was recalled.
func (p Press) Copy(ctx context.Context, c distribution.Copy) (File, error) {
	if !c.Recalled.IsZero() {
		return File{}, problem.New(problem.Conflict, "the copy was recalled")
	}
	s, err := p.Sheet(ctx, c.Revision)
	if err != nil {
		return File{}, err
	}
	words := fmt.Sprintf("Controlled copy %d for %s", c.Number, c.Holder)
	if c.Place != "" {
		words += ", " + c.Place
	}
	if !c.Expires.IsZero() {
		words += ", until " + c.Expires.Format(time.DateOnly)
	}
	s.Banner = joined(words+".", s.Banner)
	return p.print(ctx, c.Revision, s)
}

func joined(a, b string) string {
	if b == "" {
		return a
	}
	return a + " " + b
}

func (p Press) print(ctx context.Context, rid document.RevisionID, s rendition.Sheet) (File, error) {
	v, err := p.revision(ctx, rid)
	if err != nil {
		return File{}, err
	}
	pdf, note, err := p.Printer.PDF(ctx, s)
	if err == nil && approved(v.State) {
		pdf, err = rendition.Seal(pdf, p.Sealer, p.DB.Now())
	}
	return File{Name: v.Code + " " + v.Label + ".pdf", Type: "application/pdf", Content: pdf, Note: note}, err
}

// DOCX writes a revision as it is now for those who work with word processors.
func (p Press) DOCX(ctx context.Context, rid document.RevisionID) (File, error) {
	v, err := p.revision(ctx, rid)
	if err != nil {
		return File{}, err
	}
	s, err := p.Sheet(ctx, rid)
	if err != nil {
		return File{}, err
	}
	text, err := rendition.DOCX(s)
	return File{Name: v.Code + " " + v.Label + ".docx", Type: "application/vnd.openxmlformats-officedocument.wordprocessingml.document", Content: text}, err
}

// Kept is the record copy of a revision.
type Kept struct {
	Digest blob.Digest
	Size   int64
	Note   rendition.Note
	At     time.Time
}

// Record reads about the record copy of a revision; NotFound while there is none.
func Record(ctx context.Context, r store.Reader, rid document.RevisionID) (Kept, error) {
	if _, err := document.RevisionOf(ctx, r, rid); err != nil {
		return Kept{}, err
	}
	var k Kept
	var at int64
	err := r.QueryRow(ctx, `SELECT digest, size, note, at FROM record_copy WHERE revision = $1`, string(rid)).Scan(&k.Digest, &k.Size, &k.Note, &at)
	if problem.KindOf(err) == problem.NotFound {
		return k, problem.New(problem.NotFound, "the record copy is not made yet")
	}
	k.At = store.Time(at)
	return k, err
}

// RecordFile reads the record copy of a revision.
func (p Press) RecordFile(ctx context.Context, rid document.RevisionID) (File, error) {
	v, err := p.revision(ctx, rid)
	if err != nil {
		return File{}, err
	}
	var k Kept
	err = p.DB.View(ctx, func(r store.Reader) (err error) {
		k, err = Record(ctx, r, rid)
		return err
	})
	if err != nil {
		return File{}, err
	}
	r, err := p.Blobs.Get(ctx, k.Digest)
	if err != nil {
		return File{}, err
	}
	defer r.Close()
	text, err := io.ReadAll(io.LimitReader(r, k.Size))
	return File{Name: v.Code + " " + v.Label + " record.pdf", Type: "application/pdf", Content: text, Note: k.Note}, err
}

// Keep makes the record copies of revisions that are approved and have none. It goes on after one that fails, and returns
// the first fault.
func (p Press) Keep(ctx context.Context) error {
	var todo []document.RevisionID
	err := p.DB.View(ctx, func(r store.Reader) (err error) {
		todo, err = store.All(ctx, r, store.Value[document.RevisionID], `SELECT r.id FROM revision r WHERE r.approved > 0
			AND NOT EXISTS (SELECT 1 FROM record_copy c WHERE c.revision = r.id) ORDER BY r.approved, r.id LIMIT 20`)
		return err
	})
	for _, rid := range todo {
		if kerr := p.keep(ctx, rid); kerr != nil && err == nil {
			err = fmt.Errorf("make record copy of %s: %w", rid, kerr)
		}
	}
	return err
}

// keep makes one record copy: the revision as it was approved, whatever became of it since.
func (p Press) keep(ctx context.Context, rid document.RevisionID) error {
	s, err := p.Sheet(ctx, rid)
	if err != nil {
		return err
	}
	s.State, s.Watermark, s.Banner, s.EffectiveDate = "approved", "", "", ""
	f, err := p.print(ctx, rid, s)
	if err != nil {
		return err
	}
	d, n, err := p.Blobs.Put(ctx, bytes.NewReader(f.Content), int64(len(f.Content)))
	if err != nil {
		return err
	}
	return p.DB.Update(ctx, func(tx *store.Tx) error {
		v, err := document.RevisionOf(ctx, tx, rid)
		if err != nil {
			return err
		}
		added, err := tx.Exec(ctx, `INSERT INTO record_copy (revision, digest, size, note, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (revision) DO NOTHING`,
			string(rid), string(d), n, string(f.Note), store.Micros(tx.Now))
		if err != nil || added == 0 { // another process was first
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: document.KindRecordKept, Subject: string(v.Document), Body: struct {
			document.About
			Digest string `json:"sha256"`
			Size   string `json:"size"`
			Note   string `json:"note,omitempty"`
		}{document.AboutOf(v), string(d), strconv.FormatInt(n, 10), string(f.Note)}})
		return err
	})
}
