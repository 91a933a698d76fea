package press_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"triward/internal/blob"
	"triward/internal/document"
	"triward/internal/document/distribution"
	"triward/internal/document/documenttest"
	"triward/internal/document/press"
	"triward/internal/document/rendition"
	"triward/internal/document/upkeep"
	"triward/internal/problem"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

const text = `---
id: SOP-14
title: Event response
level: procedure
for: [manufacturer]
owner_role: psirt_lead
review_months: 12
approvals: {approve: [quality]}
retention: P10Y
steps:
  - {id: receive, do: "Write down what was reported.", role: psirt_lead, record: note}
---

We answer.
`

func each(t *testing.T, fn func(t *testing.T, p press.Press, c *testdb.Clock)) {
	t.Helper()
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		blobs, err := blob.Open(context.Background(), "dir:"+t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		s := signaturetest.New(t, db)
		pem, err := rendition.NewSealer("hospital.example", db.Now())
		if err != nil {
			t.Fatal(err)
		}
		k, err := rendition.ReadSealer(pem)
		if err != nil {
			t.Fatal(err)
		}
		k.Stamp = s.Stamp.Stamp
		l := document.Library{DB: db, Signer: s.Signer, Blobs: blobs, URL: "https://triward.example"}
		fn(t, press.Press{Desk: upkeep.Desk{Library: l}, Sealer: k}, c) // no browser: what is sealed is the same
	})
}

// DT-07: one seal after the last signature, on files that no signature can follow.
func TestFilesOfApprovedRevisionsAreSealed(t *testing.T) {
	each(t, func(t *testing.T, p press.Press, _ *testdb.Clock) {
		ctx := testdb.System()
		rid, err := p.Create(ctx, document.New{Content: document.Authored, Text: document.Text{Source: strings.Replace(text, "SOP-14", "SOP-15", 1), Reason: "test"}})
		if err != nil {
			t.Fatal(err)
		}
		draft, err := p.PDF(ctx, rid)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(draft.Content, []byte("/ByteRange")) {
			t.Error("a draft is sealed")
		}
		v := documenttest.Effective(t, p.DB, text)
		f, err := p.PDF(ctx, v.ID)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name != "SOP-14 1.0.pdf" || f.Note != rendition.NotePlain {
			t.Errorf("file %q, note %q", f.Name, f.Note)
		}
		if _, err := rendition.CheckSeal(f.Content); err != nil {
			t.Errorf("the seal: %v", err)
		}
		changed := bytes.Clone(f.Content)
		changed[len(changed)/3] ^= 1
		if _, err := rendition.CheckSeal(changed); err == nil {
			t.Error("a changed bit passes")
		}
		if _, err := rendition.Seal(f.Content, p.Sealer, p.DB.Now()); problem.KindOf(err) != problem.Conflict {
			t.Errorf("a second seal: %v", err)
		}
		d, err := p.DOCX(ctx, v.ID)
		if err != nil || !bytes.HasPrefix(d.Content, []byte("PK")) || d.Name != "SOP-14 1.0.docx" {
			t.Errorf("%q, %v", d.Name, err)
		}
	})
}

// P11-03: the record copy is made once and stays as it is, whatever becomes of its revision.
func TestRecordCopyIsMadeOnce(t *testing.T) {
	each(t, func(t *testing.T, p press.Press, clock *testdb.Clock) {
		ctx := testdb.System()
		v := documenttest.Effective(t, p.DB, text)
		err := p.DB.View(ctx, func(r store.Reader) error { _, err := press.Record(ctx, r, v.ID); return err })
		if problem.KindOf(err) != problem.NotFound {
			t.Fatalf("before it is made: %v", err)
		}
		if err := p.Keep(ctx); err != nil {
			t.Fatal(err)
		}
		first, err := p.RecordFile(ctx, v.ID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := rendition.CheckSeal(first.Content); err != nil {
			t.Error(err)
		}
		clock.Advance(time.Hour)
		documenttest.Effective(t, p.DB, strings.Replace(text, "We answer.", "We answer at once.", 1))
		if err := p.Keep(ctx); err != nil {
			t.Fatal(err)
		}
		again, err := p.RecordFile(ctx, v.ID)
		if err != nil || !bytes.Equal(first.Content, again.Content) {
			t.Errorf("the record copy changed: %v", err)
		}
		var entries []store.Entry
		if err := p.DB.View(ctx, func(r store.Reader) (err error) {
			entries, err = store.Journal(ctx, r, store.JournalQuery{Kinds: []string{document.KindRecordKept}, Limit: 10})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if len(entries) != 2 {
			t.Errorf("%d record copies in the journal, want one for each revision", len(entries))
		}
	})
}

// PRD-14: a numbered copy says its number and holder, and a recalled one is not printed again.
func TestNumberedCopy(t *testing.T) {
	each(t, func(t *testing.T, p press.Press, _ *testdb.Clock) {
		ctx := testdb.System()
		v := documenttest.Effective(t, p.DB, text)
		desk := distribution.Desk{DB: p.DB}
		c, err := desk.IssueCopy(ctx, v.ID, distribution.Copy{Holder: "Ward 3", Reason: "no screen at the bedside", Expires: p.DB.Now().Add(48 * time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		f, err := p.Copy(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := rendition.CheckSeal(f.Content); err != nil {
			t.Error(err)
		}
		if err := desk.RecallCopy(ctx, c.ID, "a new revision comes"); err != nil {
			t.Fatal(err)
		}
		var all []distribution.Copy
		if err := p.DB.View(ctx, func(r store.Reader) (err error) { all, err = distribution.Copies(ctx, r, v.Document); return err }); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Copy(ctx, all[0]); problem.KindOf(err) != problem.Conflict {
			t.Errorf("a recalled copy: %v", err)
		}
	})
}
